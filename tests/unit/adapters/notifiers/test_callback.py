"""A function of this program as a receiver."""

from __future__ import annotations

from datetime import date

import pytest

from veriport.adapters.notifiers.callback import CallbackNotifier
from veriport.domain.checkpoints import CheckpointResult
from veriport.domain.results import Status
from veriport.ports.notifiers import Receipt
from veriport.testing.suites.notifiers import a_message


def test_it_is_called_with_the_result() -> None:
    calls: list[CheckpointResult] = []
    CallbackNotifier(calls.append).send(a_message(), 5)
    (result,) = calls
    assert (result.name, result.status) == ("orders", Status.FAILURE)
    assert result.to_dict() == a_message().body


@pytest.mark.parametrize(
    ("returned", "receipt"),
    [
        (None, Receipt()),
        ("told", Receipt(message="told")),
        (
            {"rows": 3, "day": date(2024, 1, 31), 1: (2,)},
            Receipt(details={"rows": 3, "day": "2024-01-31", "1": [2]}),
        ),
        (True, Receipt(details={"returned": True})),
        ([1, None], Receipt(details={"returned": [1, None]})),
        (float("nan"), Receipt(details={"returned": "nan"})),
    ],
)
def test_what_it_returns_is_the_receipt(returned: object, receipt: Receipt) -> None:
    assert CallbackNotifier(lambda _: returned).send(a_message(), 5) == receipt


def test_what_it_raises_passes_through() -> None:
    def callback(_: CheckpointResult) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        CallbackNotifier(callback).send(a_message(), 5)
