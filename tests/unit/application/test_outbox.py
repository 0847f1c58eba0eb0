"""A run and what it owes are recorded together, through conflicts and lost answers; old documents are swept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from returns.result import Failure, Result

from tests.unit.application.fakes import FakeNotifier
from veriport.adapters.blobs.memory import MemoryBlobStore
from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.stores.memory import MemoryStateStore
from veriport.application.outbox import ClaimLost, Outbox, lane_put, read_delivery, read_lane
from veriport.application.receivers import Receiver
from veriport.application.runs import Runs
from veriport.domain import outbox_keys
from veriport.domain.checkpoints import ActionStatus, CheckpointResult
from veriport.domain.delivery import Delivery, Lane, Message
from veriport.domain.records import AtRevision, Change, Conflict, Put
from veriport.domain.results import Status
from veriport.domain.runs import document_key
from veriport.ports.errors import PermanentError, TransientError

_NOON = datetime(2024, 1, 31, 12, tzinfo=UTC)


class Scripted(MemoryStateStore):
    """Does at each commit what a test says, before or instead of it."""

    def __init__(self, clock: FrozenClock, *steps: Callable[[Scripted, Sequence[Change]], object]) -> None:
        super().__init__(clock)
        self.steps = list(steps)

    def commit(self, changes: Sequence[Change]) -> Result[int, Conflict]:
        """See ``StateStore``."""
        if self.steps:
            said = self.steps.pop(0)(self, changes)
            if isinstance(said, Failure):
                return said
        return super().commit(changes)


def _refused(_: Scripted, __: Sequence[Change]) -> None:
    raise TransientError("the store is down")


def _answer_lost(store: Scripted, changes: Sequence[Change]) -> None:
    MemoryStateStore.commit(store, changes)
    raise TransientError("the answer was lost")


def _fell_asleep(store: Scripted, _: Sequence[Change]) -> None:
    """Somebody else puts the lane to sleep in between."""
    MemoryStateStore.commit(store, [lane_put("a", Lane(receiver="a", asleep=True), None, None)])


def _record(
    store: MemoryStateStore,
    blobs: MemoryBlobStore | None = None,
    also: Sequence[Change] = (),
    *names: str,
    run: str = "20240131T120000Z-1",
) -> tuple[Delivery, ...]:
    clock = FrozenClock(_NOON)
    names = names or ("a", "b")
    receivers = {
        name: Receiver(name=f"action {name}", kind="fake", timeout_seconds=5, open=FakeNotifier)
        for name in names
    }
    result = CheckpointResult(run_id=run, name="orders", run_name="", run_time=_NOON, error="no data")
    messages = [
        Message(
            id=f"{run}:{name}",
            receiver=name,
            run_id=run,
            checkpoint="orders",
            status=Status.ERROR,
            occurred_at=_NOON,
            body={},
        )
        for name in names
    ]
    outbox = Outbox(store=store, blobs=MemoryBlobStore() if blobs is None else blobs, clock=clock)
    return outbox.record(result, messages, receivers, also)


def _everything(store: MemoryStateStore) -> list[str]:
    return [record.key.partition("-")[0] for record in store.scan("")]


_WHOLE = ["outbox/lane/a", "outbox/lane/b", "outbox/message/a/0006103c9e4a1000",
          "outbox/message/b/0006103c9e4a1000", "run/20240131T120000Z"]  # fmt: skip


def test_a_run_its_messages_and_their_lanes_are_one_commit() -> None:
    store = MemoryStateStore(FrozenClock(_NOON))
    deliveries = _record(store)
    assert [delivery.id for delivery in deliveries] == ["20240131T120000Z-1:a", "20240131T120000Z-1:b"]
    assert _everything(store) == _WHOLE
    assert {record.revision for record in store.scan("")} == {1}
    assert [record.key for record in store.claim(outbox_keys.QUEUE, 9, 60)] == [
        "outbox/lane/a",
        "outbox/lane/b",
    ]


@pytest.mark.parametrize(
    "steps",
    [
        [_refused],
        [_refused, _refused],
        [_answer_lost],
        [_refused, _answer_lost],
        [_fell_asleep],
        [_fell_asleep, _answer_lost],
    ],
)
def test_trouble_and_conflicts_leave_one_whole_run(steps: list[Callable[..., None]]) -> None:
    store = Scripted(FrozenClock(_NOON), *steps)
    _record(store)
    assert store.steps == []
    assert _everything(store) == _WHOLE


def test_a_store_that_stays_away_is_given_up_and_nothing_is_half_recorded() -> None:
    store = Scripted(FrozenClock(_NOON), *[_refused] * 1000)
    with pytest.raises(TransientError, match="the store is down"):
        _record(store)
    assert store.scan("") == ()


def test_the_document_is_there_before_the_run_is_recorded() -> None:
    store, blobs = Scripted(FrozenClock(_NOON), *[_refused] * 1000), MemoryBlobStore()
    with pytest.raises(TransientError):
        _record(store, blobs)
    assert list(blobs.keys()) == ["runs/20240131/20240131T120000Z-1.json"]


def test_a_claim_that_is_lost_lets_nothing_happen() -> None:
    store = MemoryStateStore(FrozenClock(_NOON))
    with pytest.raises(ClaimLost):
        _record(store, None, [Put(key="claim", value=b"", guard=AtRevision(1))])
    assert store.scan("") == ()


@pytest.mark.parametrize("asleep", [True, False])
def test_a_lane_that_sleeps_is_woken_and_one_that_does_not_is_left_alone(asleep: bool) -> None:
    clock = FrozenClock(_NOON)
    store = MemoryStateStore(clock)
    later = _NOON + timedelta(hours=1)
    store.commit([lane_put("a", Lane(receiver="a", asleep=asleep), later, None)])
    _record(store, None, (), "a")
    lane = store.get("outbox/lane/a")
    assert lane is not None
    assert lane.due_at == (_NOON if asleep else later)
    assert not read_lane(lane).asleep


def test_a_lane_that_was_just_claimed_is_not_taken_from_its_holder() -> None:
    clock = FrozenClock(_NOON)
    store = MemoryStateStore(clock)
    store.commit([lane_put("a", Lane(receiver="a", asleep=True), _NOON, None)])
    (held,) = store.claim(outbox_keys.QUEUE, 1, 60)
    _record(store, None, (), "a")
    assert store.get("outbox/lane/a") == held


def test_messages_of_a_lane_stand_in_the_order_in_which_they_came() -> None:
    clock = FrozenClock(_NOON)
    store = MemoryStateStore(clock)
    runs = [f"20240131T120000Z-{name}" for name in "cab"]
    for run in runs:
        _record(store, None, (), "a", run=run)
        clock.advance(0.000_001)
    assert [read_delivery(record).run_id for record in store.scan(outbox_keys.messages("a"))] == runs


# --- runs -----------------------------------------------------------------------------------------


def test_a_run_is_read_back_with_what_became_of_its_messages() -> None:
    store, blobs = MemoryStateStore(FrozenClock(_NOON)), MemoryBlobStore()
    _record(store, blobs)
    result = Runs(store=store, blobs=blobs).result("20240131T120000Z-1")
    assert (result.name, result.error) == ("orders", "no data")
    assert [(action.action_name, action.status) for action in result.action_results] == [
        ("action a", ActionStatus.PENDING),
        ("action b", ActionStatus.PENDING),
    ]


def test_a_run_that_is_gone_says_so() -> None:
    with pytest.raises(PermanentError, match="the run r-9 is not remembered any more"):
        Runs(store=MemoryStateStore(FrozenClock(_NOON)), blobs=MemoryBlobStore()).result("r-9")


def test_documents_of_runs_that_are_not_remembered_are_swept_after_a_day() -> None:
    clock, blobs = FrozenClock(_NOON), MemoryBlobStore()
    store = MemoryStateStore(clock)
    _record(store, blobs)
    orphan = document_key("20240131T120000Z-orphan")
    blobs.put(orphan, b"{}")
    blobs.put("runs/notes.txt", b"not ours")
    runs = Runs(store=store, blobs=blobs)
    clock.advance(86_400)
    assert runs.sweep() == 0
    clock.advance(86_400)
    assert runs.sweep() == 1
    assert orphan not in list(blobs.keys())
    clock.advance(90 * 86_400)
    assert store.purge(100) == 1
    assert runs.sweep() == 1
    assert list(blobs.keys()) == ["runs/notes.txt"]


def test_sweeping_counts_days_and_not_digits() -> None:
    clock, blobs = FrozenClock(datetime(2024, 1, 1, 0, 5, tzinfo=UTC)), MemoryBlobStore()
    blobs.put(document_key("20231231T235900Z-just-now"), b"{}")
    assert Runs(store=MemoryStateStore(clock), blobs=blobs).sweep() == 0
