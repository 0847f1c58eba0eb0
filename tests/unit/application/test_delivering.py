"""Messages carried out at once: each has an outcome of its own, whatever the others do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from tests.unit.application.fakes import FakeNotifier, fails_with
from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.telemetry.memory import MemoryTelemetry
from veriport.application.delivering import DeliverInline, Receiver
from veriport.domain.checkpoints import ActionResult, ActionStatus
from veriport.domain.delivery import Message
from veriport.domain.errors import ConfigurationError
from veriport.domain.results import Status
from veriport.ports.errors import (
    DataError,
    DeadlineExceeded,
    MissingExtra,
    PermanentError,
    TransientError,
)
from veriport.ports.notifiers import Notifier, Receipt

_NOON = datetime(2024, 1, 31, 12, tzinfo=UTC)
_tenant: ContextVar[str] = ContextVar("_tenant", default="nobody")


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """An event that nobody sets until the test is over."""
    event = threading.Event()
    yield event
    event.set()


def _message(receiver: str) -> Message:
    return Message(
        id=f"r-1:{receiver}",
        receiver=receiver,
        run_id="r-1",
        checkpoint="orders",
        status=Status.FAILURE,
        occurred_at=_NOON,
        body={},
    )


def _deliver(
    notifiers: Mapping[str, Notifier],
    *,
    opening: Callable[[Notifier], Notifier] = lambda notifier: notifier,
    timeout: float = 5,
    clock: FrozenClock | None = None,
    telemetry: MemoryTelemetry | None = None,
) -> tuple[ActionResult, ...]:
    deliver = DeliverInline(clock=clock or FrozenClock(), telemetry=telemetry or MemoryTelemetry())
    receivers = {
        name: Receiver(kind="fake", timeout_seconds=timeout, open=partial(opening, notifier))
        for name, notifier in notifiers.items()
    }
    return deliver([_message(name) for name in notifiers], receivers)


def test_what_is_taken_is_a_success_with_its_receipt() -> None:
    notifier = FakeNotifier(lambda _: Receipt(message="kept", details={"path": "x"}))
    (outcome,) = _deliver({"store": notifier})
    assert (outcome.action_name, outcome.action_type) == ("store", "fake")
    assert (outcome.status, outcome.message, outcome.details) == (ActionStatus.SUCCESS, "kept", {"path": "x"})
    assert notifier.received == [_message("store")]


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (PermanentError("refused"), ActionStatus.FAILURE, "refused"),
        (DataError("refused"), ActionStatus.FAILURE, "refused"),
        (TransientError("busy"), ActionStatus.ERROR, "busy"),
        (DeadlineExceeded("late"), ActionStatus.ERROR, "late"),
        (ConfigurationError("the url names no host"), ActionStatus.ERROR, "the url names no host"),
        (
            MissingExtra("this", "aws"),
            ActionStatus.ERROR,
            "this needs an extra: pip install 'veriport[aws]'",
        ),
        (ValueError("oops"), ActionStatus.ERROR, "ValueError: oops"),
        (SystemExit(3), ActionStatus.ERROR, "SystemExit: 3"),
        (KeyboardInterrupt(), ActionStatus.ERROR, "KeyboardInterrupt: "),
    ],
)
def test_whatever_an_action_raises_is_its_outcome(
    error: BaseException, status: ActionStatus, message: str
) -> None:
    failing, fine = FakeNotifier(fails_with(error)), FakeNotifier()
    outcomes = _deliver({"failing": failing, "fine": fine})
    assert [(each.status, each.message) for each in outcomes] == [
        (status, message),
        (ActionStatus.SUCCESS, "taken"),
    ]


def test_an_action_that_cannot_be_made_is_an_error_and_the_others_are_carried_out() -> None:
    broken, fine = FakeNotifier(), FakeNotifier()

    def opening(notifier: Notifier) -> Notifier:
        if notifier is broken:
            raise ConfigurationError("no url")
        return notifier

    outcomes = _deliver({"broken": broken, "fine": fine}, opening=opening)
    assert [(each.status, each.message) for each in outcomes] == [
        (ActionStatus.ERROR, "no url"),
        (ActionStatus.SUCCESS, "taken"),
    ]


class Forgetful:
    """A notifier that breaks its contract: it gives no receipt."""

    def send(self, message: Message, timeout_seconds: float) -> Receipt:
        del message, timeout_seconds
        return None  # type: ignore[return-value]  # wrong on purpose


def test_a_notifier_that_gives_no_receipt_is_an_error() -> None:
    outcomes = _deliver({"bad": Forgetful(), "fine": FakeNotifier()})
    assert [each.status for each in outcomes] == [ActionStatus.ERROR, ActionStatus.SUCCESS]
    assert outcomes[0].message.startswith("AttributeError: ")


def test_an_action_that_hangs_is_abandoned_and_hides_no_other(never: threading.Event) -> None:
    hanging = FakeNotifier(lambda _: never.wait())
    outcomes = _deliver({"hanging": hanging, "fine": FakeNotifier()}, timeout=0.1)
    assert [each.status for each in outcomes] == [ActionStatus.ERROR, ActionStatus.SUCCESS]
    assert outcomes[0].message == (
        "action hanging did not finish in 0.1 s; it was abandoned and may still be running"
    )
    assert outcomes[0].completed_at is not None


def test_actions_that_hang_are_waited_for_together(never: threading.Event) -> None:
    hanging = {str(number): FakeNotifier(lambda _: never.wait()) for number in range(10)}
    began = time.monotonic()
    outcomes = _deliver(hanging, timeout=0.2)
    assert time.monotonic() - began < 1
    assert {each.status for each in outcomes} == {ActionStatus.ERROR}


def test_actions_run_at_the_same_time() -> None:
    all_here = threading.Barrier(3, timeout=5)
    outcomes = _deliver({name: FakeNotifier(lambda _: all_here.wait()) for name in "abc"})
    assert {each.status for each in outcomes} == {ActionStatus.SUCCESS}


def test_outcomes_stand_in_the_order_of_the_messages() -> None:
    second_done = threading.Event()
    slow = FakeNotifier(lambda _: second_done.wait(5))
    fast = FakeNotifier(lambda _: second_done.set())
    assert [each.action_name for each in _deliver({"slow": slow, "fast": fast})] == ["slow", "fast"]


def test_an_action_says_when_it_began_and_ended() -> None:
    clock = FrozenClock(_NOON)
    (outcome,) = _deliver({"slow": FakeNotifier(lambda _: clock.advance(2))}, clock=clock)
    assert (outcome.started_at, outcome.completed_at) == (_NOON, _NOON + timedelta(seconds=2))
    assert outcome.duration_ms == 2000


def test_context_variables_cross_into_actions() -> None:
    seen: list[str] = []
    token = _tenant.set("acme")
    try:
        _deliver({"a": FakeNotifier(lambda _: seen.append(_tenant.get()))})
    finally:
        _tenant.reset(token)
    assert seen == ["acme"]


def test_each_outcome_is_an_event() -> None:
    telemetry = MemoryTelemetry()
    _deliver({"a": FakeNotifier(), "b": FakeNotifier(fails_with(PermanentError("no")))}, telemetry=telemetry)
    assert [(event.name, dict(event.attributes)) for event in telemetry.events] == [
        ("action.finished", {"receiver": "a", "status": "success", "run": "r-1"}),
        ("action.finished", {"receiver": "b", "status": "failure", "run": "r-1"}),
    ]


def test_nothing_to_tell_is_nothing_done() -> None:
    assert _deliver({}) == ()
