"""What a run owes is recorded, then sent: each message has an outcome of its own, whatever the others do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from returns.result import Result

from tests.unit.application.fakes import FakeNotifier, fails_with
from veriport.adapters.blobs.memory import MemoryBlobStore
from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.stores.memory import MemoryStateStore
from veriport.adapters.telemetry.memory import MemoryTelemetry
from veriport.application.delivering import DeliverDurably
from veriport.application.outbox import ClaimLost
from veriport.application.receivers import Receiver
from veriport.domain.checkpoints import ActionResult, ActionStatus, CheckpointResult
from veriport.domain.delivery import Message
from veriport.domain.errors import ConfigurationError, VeriportError
from veriport.domain.records import Absent, AtRevision, Change, Conflict, Put
from veriport.domain.results import Status
from veriport.ports.errors import (
    DataError,
    DeadlineExceeded,
    MissingExtra,
    PermanentError,
    TransientError,
)
from veriport.ports.notifiers import Notifier, Receipt
from veriport.ports.stores import StateStore

_NOON = datetime(2024, 1, 31, 12, tzinfo=UTC)
_FORGOTTEN = "kept in the memory of this program only, whose next run tries again"
_tenant: ContextVar[str] = ContextVar("_tenant", default="nobody")


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """An event that nobody sets until the test is over."""
    event = threading.Event()
    yield event
    event.set()


def _message(receiver: str, run: str) -> Message:
    return Message(
        id=f"{run}:{receiver}",
        receiver=receiver,
        run_id=run,
        checkpoint="orders",
        status=Status.FAILURE,
        occurred_at=_NOON,
        body=_result(run).to_dict(),
    )


class Kept(MemoryStateStore):
    """A store of which a test says that it outlives the program."""

    volatile = False


def _result(run: str) -> CheckpointResult:
    return CheckpointResult(run_id=run, name="orders", run_name="r", run_time=_NOON)


def _deliver(
    notifiers: Mapping[str, Notifier],
    *,
    opening: Callable[[Notifier], Notifier] = lambda notifier: notifier,
    timeout: float = 5,
    clock: FrozenClock | None = None,
    telemetry: MemoryTelemetry | None = None,
    store: StateStore | None = None,
    also: Callable[[], Sequence[Change]] = tuple,
    run: str = "r-1",
    blobs: MemoryBlobStore | None = None,
) -> tuple[ActionResult, ...]:
    clock = clock or FrozenClock(_NOON)
    deliver = DeliverDurably(
        store=store or MemoryStateStore(clock),
        blobs=blobs or MemoryBlobStore(),
        clock=clock,
        telemetry=telemetry or MemoryTelemetry(),
        chance=lambda: 0.0,
    )
    receivers = {
        name: Receiver(name=name, kind="fake", timeout_seconds=timeout, open=partial(opening, notifier))
        for name, notifier in notifiers.items()
    }
    return deliver(_result(run), [_message(name, run) for name in notifiers], receivers, also).actions


def test_what_is_taken_is_a_success_with_its_receipt() -> None:
    notifier = FakeNotifier(lambda _: Receipt(message="kept", details={"path": "x"}))
    (outcome,) = _deliver({"store": notifier})
    assert (outcome.action_name, outcome.action_type) == ("store", "fake")
    assert (outcome.status, outcome.message, outcome.details) == (ActionStatus.SUCCESS, "kept", {"path": "x"})
    (message,) = notifier.received
    assert (message.id, message.run_id, message.status) == ("r-1:store", "r-1", Status.FAILURE)
    assert message.body["run_id"] == "r-1"


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (PermanentError("refused"), ActionStatus.FAILURE, "refused"),
        (DataError("refused"), ActionStatus.FAILURE, "refused"),
        (ValueError("oops"), ActionStatus.ERROR, "ValueError: oops"),
        (SystemExit(3), ActionStatus.ERROR, "SystemExit: 3"),
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


@pytest.mark.parametrize(
    "error",
    [
        TransientError("busy"),
        DeadlineExceeded("late"),
        ConfigurationError("the url names no host"),
        MissingExtra("this", "aws"),
    ],
)
def test_what_may_succeed_later_waits_for_the_next_attempt(error: VeriportError) -> None:
    clock = FrozenClock(_NOON)
    failing, fine = FakeNotifier(fails_with(error)), FakeNotifier()
    outcomes = _deliver({"failing": failing, "fine": fine}, clock=clock, store=Kept(clock))
    again = "will be tried again at 12:00:02 UTC by 'veriport worker' or the next run"
    assert [(each.status, each.message) for each in outcomes] == [
        (ActionStatus.PENDING, f"{error}; {again}"),
        (ActionStatus.SUCCESS, "taken"),
    ]


def test_a_store_that_forgets_makes_what_waits_an_error() -> None:
    (outcome,) = _deliver({"failing": FakeNotifier(fails_with(TransientError("busy")))})
    assert (outcome.status, outcome.message) == (
        ActionStatus.ERROR,
        f"busy; {_FORGOTTEN}",
    )


def test_the_next_run_sends_what_the_last_one_could_not() -> None:
    clock = FrozenClock(_NOON)
    store, blobs = Kept(clock), MemoryBlobStore()
    trouble: list[BaseException] = [TransientError("busy")]
    receiver = FakeNotifier(lambda _: fails_with(trouble.pop())() if trouble else None)
    assert _deliver({"a": receiver}, clock=clock, store=store, blobs=blobs)[0].status is ActionStatus.PENDING
    clock.advance(60)
    (outcome,) = _deliver({"a": receiver}, clock=clock, store=store, blobs=blobs, run="r-2")
    assert outcome.status is ActionStatus.SUCCESS
    assert [message.id for message in receiver.received] == ["r-1:a", "r-1:a", "r-2:a"]


class Unreachable(MemoryStateStore):
    """A store that nobody reaches."""

    def commit(self, changes: Sequence[Change]) -> Result[int, Conflict]:
        """See ``StateStore``."""
        del changes
        raise TransientError("state.db cannot be reached")


def test_a_run_that_cannot_be_recorded_says_so_and_sends_nothing() -> None:
    clock, telemetry, receiver = FrozenClock(_NOON), MemoryTelemetry(), FakeNotifier()
    (outcome,) = _deliver({"a": receiver}, clock=clock, telemetry=telemetry, store=Unreachable(clock))
    assert (outcome.status, outcome.message) == (
        ActionStatus.ERROR,
        "not sent, since the run could not be recorded: state.db cannot be reached",
    )
    assert receiver.received == []
    assert [event.name for event in telemetry.events] == ["run.not_recorded"]


def test_what_is_committed_with_the_run_must_hold_or_nothing_happens() -> None:
    clock, receiver = FrozenClock(_NOON), FakeNotifier()
    store = Kept(clock)
    with pytest.raises(ClaimLost, match="claim was changed by somebody else"):
        _deliver(
            {"a": receiver}, store=store, also=lambda: [Put(key="claim", value=b"", guard=AtRevision(7))]
        )
    assert store.scan("") == ()
    _deliver({"a": receiver}, store=store, also=lambda: [Put(key="claim", value=b"mine", guard=Absent())])
    assert len(receiver.received) == 1
    assert store.get("claim") is not None


def test_an_action_that_cannot_be_made_is_an_error_and_the_others_are_carried_out() -> None:
    broken, fine = FakeNotifier(), FakeNotifier()

    def opening(notifier: Notifier) -> Notifier:
        if notifier is broken:
            raise ConfigurationError("no url")
        return notifier

    outcomes = _deliver({"broken": broken, "fine": fine}, opening=opening)
    assert [(each.status, each.message) for each in outcomes] == [
        (ActionStatus.ERROR, f"no url; {_FORGOTTEN}"),
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
    assert outcomes[0].message == "TypeError: the notifier gave back NoneType and not a Receipt"


def test_an_action_that_hangs_is_abandoned_and_hides_no_other(never: threading.Event) -> None:
    hanging = FakeNotifier(lambda _: never.wait())
    outcomes = _deliver({"hanging": hanging, "fine": FakeNotifier()}, timeout=0.1)
    assert [each.status for each in outcomes] == [ActionStatus.ERROR, ActionStatus.SUCCESS]
    assert outcomes[0].message == (
        f"action hanging did not finish in 0.1 s; it was abandoned and may still be running; {_FORGOTTEN}"
    )


def test_actions_that_hang_are_waited_for_together(never: threading.Event) -> None:
    hanging = {str(number): FakeNotifier(lambda _: never.wait()) for number in range(50)}
    began = time.monotonic()
    outcomes = _deliver(hanging, timeout=0.2)
    assert time.monotonic() - began < 5
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
    finished = [event for event in telemetry.events if event.name == "action.finished"]
    assert [(event.name, dict(event.attributes)) for event in finished] == [
        ("action.finished", {"receiver": "a", "status": "success", "run": "r-1"}),
        ("action.finished", {"receiver": "b", "status": "failure", "run": "r-1"}),
    ]


def test_nothing_to_tell_is_nothing_done() -> None:
    assert _deliver({}) == ()


def test_a_run_removes_a_little_of_what_has_expired() -> None:
    clock = FrozenClock(_NOON)
    store = Kept(clock)
    store.commit([Put(key="old", value=b"", expires_at=_NOON)])
    _deliver({"a": FakeNotifier()}, clock=clock, store=store)
    assert store.purge(10) == 0
