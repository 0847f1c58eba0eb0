"""A lane is drained in order: what is committed when, and who may go on with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve, field, frozen
from returns.result import Result

from tests.unit.application.fakes import FakeNotifier, fails_with
from veriport.adapters.blobs.memory import MemoryBlobStore
from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.stores.memory import MemoryStateStore
from veriport.adapters.telemetry.memory import MemoryTelemetry
from veriport.application.draining import DrainLane
from veriport.application.outbox import Outbox, queued, read_delivery, read_lane
from veriport.application.receivers import Receiver
from veriport.application.runs import Runs
from veriport.application.working import Work
from veriport.domain import codec, outbox_keys
from veriport.domain.checkpoints import ActionStatus, CheckpointResult
from veriport.domain.delivery import Delivery, Event, Lane, Message, Outcome, Policy, State
from veriport.domain.records import Change, Conflict, Put, Record
from veriport.domain.results import Status
from veriport.ports.errors import DeadlineExceeded, PermanentError, TransientError
from veriport.ports.notifiers import Notifier

_NOON = datetime(2024, 1, 31, 12, tzinfo=UTC)


@frozen
class Dropper(FakeNotifier):
    """A receiver that drops repeats."""

    idempotent: bool = True


@frozen
class Keeper(FakeNotifier):
    """A notifier that keeps something open; ``told`` is what it was asked to do."""

    told: list[str] = field(factory=list)

    @contextmanager
    def keep(self) -> Iterator[Keeper]:
        self.told.append("open")
        yield evolve(self, act=self._told)
        self.told.append("close")

    def _told(self, message: Message) -> object:
        self.told.append(message.run_id)
        return self.act(message)


@frozen(kw_only=True)
class World:
    """A store with runs in it, a receiver ``a``, and a worker."""

    clock: FrozenClock = field(factory=lambda: FrozenClock(_NOON))
    telemetry: MemoryTelemetry = field(factory=MemoryTelemetry)
    blobs: MemoryBlobStore = field(factory=MemoryBlobStore)
    notifier: Notifier = field(factory=FakeNotifier)
    policy: Policy = Policy()
    deadline: float = 86_400.0
    known: list[str] = field(factory=lambda: ["a"])
    store: MemoryStateStore = field()

    @store.default
    def _store(self) -> MemoryStateStore:
        return MemoryStateStore(self.clock)

    def receivers(self) -> dict[str, Receiver]:
        """Everybody who is told of a run."""
        return {
            name: Receiver(
                name=name,
                kind="fake",
                timeout_seconds=10,
                open=lambda: self.notifier,
                deadline_seconds=self.deadline,
            )
            for name in ("a", "b")
        }

    def record(self, *runs: str, receiver: str = "a") -> None:
        """Record runs that owe a message each."""
        outbox = Outbox(store=self.store, blobs=self.blobs, clock=self.clock)
        for run in runs:
            result = CheckpointResult(
                run_id=run, name="orders", run_name=run, run_time=_NOON, error="no data"
            )
            outbox.record(result, [_message(run, receiver)], self.receivers())
            self.clock.advance(0.001)

    def work(self, drain: type[DrainLane] = DrainLane) -> Work:
        """A worker that knows the receivers of ``known``."""
        receivers = {name: receiver for name, receiver in self.receivers().items() if name in self.known}
        lane = drain(
            store=self.store,
            blobs=self.blobs,
            clock=self.clock,
            telemetry=self.telemetry,
            receiver_for=receivers.get,
            chance=lambda: 0.0,
            policy=self.policy,
        )
        return Work(queues=self.store, drain=lane, clock=self.clock, telemetry=self.telemetry)

    @property
    def sent(self) -> list[str]:
        """The runs of which the receiver heard, once for each attempt."""
        assert isinstance(self.notifier, FakeNotifier)
        return [message.run_id for message in self.notifier.received]

    @property
    def waiting(self) -> list[Delivery]:
        """The messages that stand in lanes."""
        return [read_delivery(record) for record in self.store.scan(outbox_keys.MESSAGES)]

    @property
    def outcomes(self) -> list[Outcome]:
        """What became of messages."""
        records = self.store.scan(outbox_keys.OUTCOMES)
        return [codec.read_record(record.value, "outcome", Outcome) for record in records]

    def events(self, name: str) -> list[dict[str, object]]:
        """What was told of that name."""
        return [dict(event.attributes) for event in self.telemetry.events if event.name == name]


def _message(run: str, receiver: str) -> Message:
    return Message(
        id=f"{run}:{receiver}",
        receiver=receiver,
        run_id=run,
        checkpoint="orders",
        status=Status.ERROR,
        occurred_at=_NOON,
        body={},
    )


def test_messages_are_sent_in_the_order_of_their_runs() -> None:
    world = World()
    world.record("r-3", "r-1", "r-2")
    world.work().until_idle()
    assert world.sent == ["r-3", "r-1", "r-2"]
    assert world.waiting == []
    assert {(each.run_id, each.state, each.attempts, each.ambiguous) for each in world.outcomes} == {
        (run, State.DELIVERED, 1, 0) for run in ("r-1", "r-2", "r-3")
    }


def test_the_body_is_the_document_of_the_run() -> None:
    world = World()
    world.record("r-1")
    world.work().until_idle()
    assert isinstance(world.notifier, FakeNotifier)
    (message,) = world.notifier.received
    assert (message.body["run_id"], message.body["error"]) == ("r-1", "no data")


def test_an_attempt_is_committed_before_it_is_made() -> None:
    states: list[State] = []
    world = World(notifier=FakeNotifier(lambda _: states.extend(each.state for each in world.waiting)))
    world.record("r-1", "r-2")
    world.work().until_idle()
    assert states == [State.SENDING, State.WAITING, State.SENDING]


def test_a_receiver_that_drops_repeats_is_sent_several_per_commit() -> None:
    states: list[list[State]] = []
    world = World(notifier=Dropper(lambda _: states.append([each.state for each in world.waiting])))
    world.record("r-1", "r-2", "r-3")
    world.work().until_idle()
    assert states[0] == [State.SENDING] * 3
    assert world.sent == ["r-1", "r-2", "r-3"]


@pytest.mark.parametrize("act", [lambda _: None, fails_with(ValueError("a fault"))])
def test_what_a_notifier_keeps_lasts_for_as_long_as_a_lane_is_worked_on(act: Callable[..., object]) -> None:
    keeper = Keeper(act)
    world = World(notifier=keeper)
    for runs in (("r-1", "r-2"), ("r-3",)):
        world.record(*runs)
        world.work().until_idle()
    assert keeper.told == ["open", "r-1", "r-2", "close", "open", "r-3", "close"]


def test_a_receiver_in_trouble_is_left_alone_for_longer_and_longer() -> None:
    world = World(notifier=FakeNotifier(fails_with(TransientError("busy"))))
    world.record("r-1", "r-2")
    waits = []
    for _ in range(4):
        before = world.clock.now()
        world.work().until_idle()
        (lane,) = world.store.scan(outbox_keys.LANES)
        assert lane.due_at is not None
        waits.append((lane.due_at - before).total_seconds())
        world.clock.advance(waits[-1])
    assert waits == [2, 4, 8, 16]
    assert read_lane(lane).note == "busy"
    assert world.sent == ["r-1", "r-1", "r-1", "r-2"]  # after three failures the next one gets its turn


def test_the_time_that_a_receiver_names_is_waited_for() -> None:
    world = World(notifier=FakeNotifier(fails_with(TransientError("busy", retry_after_seconds=77))))
    world.record("r-1")
    world.work().until_idle()
    world.clock.advance(76)
    assert world.work().once() is False
    world.clock.advance(1)
    assert world.work().once() is True


def test_success_forgets_the_failures_of_the_lane() -> None:
    trouble: list[BaseException] = [TransientError("busy"), TransientError("busy")]
    world = World(notifier=FakeNotifier(lambda _: fails_with(trouble.pop())() if trouble else None))
    world.record("r-1")
    for _ in range(3):
        world.work().until_idle()
        world.clock.advance(10)
    (lane,) = world.store.scan(outbox_keys.LANES)
    assert (read_lane(lane).failures, read_lane(lane).note, read_lane(lane).asleep) == (0, "", True)


def test_a_lost_answer_is_ambiguous_and_repeated() -> None:
    trouble: list[BaseException] = [DeadlineExceeded("late")]
    world = World(notifier=FakeNotifier(lambda _: fails_with(trouble.pop())() if trouble else None))
    world.record("r-1")
    world.work().until_idle()
    world.clock.advance(10)
    world.work().until_idle()
    assert world.sent == ["r-1", "r-1"]
    (outcome,) = world.outcomes
    assert (outcome.state, outcome.attempts, outcome.ambiguous) == (State.DELIVERED, 2, 1)


@pytest.mark.parametrize(
    ("error", "event", "status"),
    [
        (PermanentError("no such channel"), Event.REFUSED, ActionStatus.FAILURE),
        (ValueError("oops"), Event.BROKEN, ActionStatus.ERROR),
    ],
)
def test_what_will_never_be_taken_is_dead_and_the_next_one_is_sent(
    error: BaseException, event: Event, status: ActionStatus
) -> None:
    trouble = [error]
    world = World(notifier=FakeNotifier(lambda _: fails_with(trouble.pop())() if trouble else None))
    world.record("r-1", "r-2")
    world.work().until_idle()
    assert world.sent == ["r-1", "r-2"]
    (dead,) = world.store.scan(outbox_keys.DEAD)
    assert read_delivery(dead).state is State.DEAD
    assert {outcome.run_id: outcome.event for outcome in world.outcomes} == {"r-1": event, "r-2": Event.TAKEN}
    (action,) = Runs(store=world.store, blobs=world.blobs).result("r-1").action_results
    assert action.status is status


def test_what_was_not_delivered_in_time_is_dead_and_says_why() -> None:
    world = World(notifier=FakeNotifier(fails_with(TransientError("busy"))), deadline=60)
    world.record("r-1")
    for _ in range(10):
        world.work().until_idle()
        world.clock.advance(20)
    (outcome,) = world.outcomes
    assert (outcome.event, outcome.reason) == (Event.EXPIRED, "not delivered in time, 3 attempts: busy")


class DiesWhileSending(DrainLane):
    """A process that is killed in the middle of each request."""

    def _attempt(self, *_: object) -> timedelta | None:
        raise KeyboardInterrupt


def test_a_message_that_kills_its_senders_is_set_aside() -> None:
    world = World(policy=Policy(lives=3))
    world.record("r-1", "r-2")
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            world.work(DiesWhileSending).until_idle()
        assert world.work().once() is False  # the lane is leased to the dead
        world.clock.advance(60)
    world.work().until_idle()
    assert world.sent == ["r-2"]
    poisoned = next(outcome for outcome in world.outcomes if outcome.run_id == "r-1")
    assert (poisoned.event, poisoned.attempts, poisoned.ambiguous) == (Event.POISONED, 3, 3)
    assert poisoned.reason == "whoever sent it died, 3 attempts in a row"


def test_a_receiver_that_nobody_here_knows_is_waited_for() -> None:
    world = World(known=["b"])
    world.record("r-1")
    world.record("r-2", receiver="b")
    world.work().until_idle()
    assert world.sent == ["r-2"]
    lane = world.store.get(outbox_keys.lane("a"))
    assert lane is not None
    assert read_lane(lane).note == "waiting for receiver a"
    world.known.append("a")
    world.clock.advance(60)
    world.work().until_idle()
    assert world.sent == ["r-2", "r-1"]


def test_a_kind_of_message_that_is_not_known_is_kept_and_told() -> None:
    world = World()
    world.record("r-1", "r-2")
    first, *_ = world.store.scan(outbox_keys.MESSAGES)
    newer = evolve(read_delivery(first), about="incident")
    world.store.commit([Put(key=first.key, value=queued(newer, _NOON).value)])
    world.work().until_idle()
    assert world.sent == ["r-2"]
    assert [delivery.about for delivery in world.waiting] == ["incident"]
    assert {event["kind"] for event in world.events("outbox.unknown_kind")} == {"incident"}


def test_a_message_of_a_newer_version_is_kept_and_told() -> None:
    world = World()
    world.record("r-1", "r-2")
    first, *_ = world.store.scan(outbox_keys.MESSAGES)
    newer = json.loads(first.value) | {"version": 99}
    world.store.commit([Put(key=first.key, value=json.dumps(newer).encode())])
    world.work().until_idle()
    assert world.sent == ["r-2"]
    assert len(world.store.scan(outbox_keys.MESSAGES)) == 1
    assert "99" in str(world.events("outbox.unreadable")[0]["reason"])


def test_a_message_whose_document_is_gone_is_dead() -> None:
    world = World()
    world.record("r-1")
    for key in list(world.blobs.keys()):
        world.blobs.delete(key)
    world.work().until_idle()
    (outcome,) = world.outcomes
    assert outcome.event is Event.REFUSED
    assert outcome.reason.endswith("is gone")


def test_who_lost_the_lane_records_nothing() -> None:
    """A process freezes in a request for longer than its lease; meanwhile another one delivers."""
    world = World()
    frozen_once: list[str] = []

    def freeze(message: Message) -> None:
        if not frozen_once:
            frozen_once.append(message.id)
            world.clock.advance(100)
            world.work().until_idle()

    object.__setattr__(world.notifier, "act", freeze)
    world.record("r-1", "r-2")
    world.work().until_idle()
    assert world.sent == ["r-1", "r-1", "r-2"]
    assert {(outcome.run_id, outcome.attempts, outcome.ambiguous) for outcome in world.outcomes} == {
        ("r-1", 2, 1),
        ("r-2", 1, 0),
    }
    assert world.events("outbox.lane_lost") == [{"lane": "a"}]


def test_the_lease_is_renewed_while_many_are_sent() -> None:
    world = World()
    object.__setattr__(world.notifier, "act", lambda _: world.clock.advance(9))
    world.record(*(f"r-{number}" for number in range(30)))
    work = evolve(world.work(), slice_seconds=1000)
    work.until_idle()
    assert len(world.sent) == 30
    assert max(outcome.attempts for outcome in world.outcomes) == 1


def test_a_message_that_comes_while_the_lane_falls_asleep_is_seen() -> None:
    world = World()

    class Sleeper(MemoryStateStore):
        """Records a run just after the lane said that it sleeps."""

        def commit(self, changes: Sequence[Change]) -> Result[int, Conflict]:
            """See ``StateStore``."""
            done = super().commit(changes)
            for change in changes:
                if isinstance(change, Put) and change.key.startswith(outbox_keys.LANES):
                    lane = codec.read_record(change.value, "lane", Lane)
                    if lane.asleep and runs:
                        world.record(runs.pop())
            return done

    runs = ["r-2"]
    object.__setattr__(world, "store", Sleeper(world.clock))
    world.record("r-1")
    world.work().until_idle()
    assert world.sent == ["r-1", "r-2"]


def test_a_worker_that_is_told_to_stop_finishes_what_it_sends_and_gives_the_lane_back() -> None:
    world = World()
    stopped: list[bool] = []
    object.__setattr__(world.notifier, "act", lambda _: stopped.append(True))
    world.record("r-1", "r-2")
    world.work()(lambda: bool(stopped))
    assert world.sent == ["r-1"]
    assert [outcome.run_id for outcome in world.outcomes] == ["r-1"]
    world.work().until_idle()  # nobody has to wait for a lease
    assert world.sent == ["r-1", "r-2"]


def test_a_worker_waits_out_trouble_with_the_store() -> None:
    world = World()

    class Shaky(MemoryStateStore):
        """Out of reach three times."""

        def claim(self, queue: str, limit: int, lease_seconds: float) -> tuple[Record, ...]:
            """See ``SupportsQueues``."""
            if trouble:
                raise trouble.pop()
            return super().claim(queue, limit, lease_seconds)

    trouble = [TransientError("state.db cannot be reached")] * 3
    object.__setattr__(world, "store", Shaky(world.clock))
    world.record("r-1")
    world.work()(lambda: bool(world.outcomes))
    assert world.sent == ["r-1"]
    assert [event["reason"] for event in world.events("outbox.trouble")] == ["state.db cannot be reached"] * 3


def test_a_worker_tidies_now_and_then() -> None:
    world, tidied = World(), list[datetime]()
    work = evolve(world.work(), tidy=lambda: tidied.append(world.clock.now()), tidy_seconds=60)
    over = world.clock.monotonic() + 200
    work(lambda: world.clock.monotonic() >= over)
    assert 3 <= len(tidied) <= 4
