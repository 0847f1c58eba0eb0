"""What is cancelled ends, and no engine is asked again because of it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from tests.unit.adapters.engines.composed.fakes import FRAME, NOT_NULL, Waiting
from veriport import get_engine
from veriport.domain.datasets import Handle
from veriport.domain.rules.reading import read_rules
from veriport.ports.engines import Engine, Request, SupportsCancel
from veriport.ports.errors import TransientError

WRAPPERS: dict[str, Callable[[Engine, Engine], Engine]] = {
    "retried": lambda first, _: get_engine("retried", engine=first),
    "chain": lambda first, second: get_engine("chain", engines=[first, second]),
    "combined": lambda first, second: get_engine("combined", engines=[first, second]),
    "batches of rows": lambda first, _: get_engine("batched", engine=first, rows=2),
    "batches of columns": lambda first, _: get_engine("batched", engine=first, columns=[["name"]]),
    "batches in threads": lambda first, _: get_engine("batched", engine=first, rows=2, running="threads"),
    "cached": lambda first, _: get_engine("cached", engine=first),
    "instrumented": lambda first, _: get_engine("instrumented", engine=first),
    "sampled": lambda first, _: get_engine("sampled", engine=first, first=2),
    "chain of retried": lambda first, second: get_engine(
        "chain", engines=[get_engine("retried", engine=first), second]
    ),
}


@pytest.mark.parametrize("name", WRAPPERS)
def test_a_cancelled_measurement_ends(name: str) -> None:
    first, second = Waiting(), Waiting()
    second.cancelled = first.cancelled
    ended: list[BaseException] = []
    (rule,) = read_rules([NOT_NULL]).unwrap()
    with WRAPPERS[name](first, second).open(Handle(FRAME)) as table:

        def measure() -> None:
            try:
                table.measure(Request(rules=(rule,)))
            except TransientError as error:
                ended.append(error)

        measuring = threading.Thread(target=measure, daemon=True)
        measuring.start()
        assert first.begun.wait(30)
        assert isinstance(table, SupportsCancel)
        table.cancel()
        measuring.join(30)
    assert len(ended) == 1
    together = {"combined": 1, "batches in threads": 2}.get(name, 0)
    assert first.asked <= max(1, together)
    assert second.asked == (1 if name == "combined" else 0)
