"""What a person decides about the outbox happens whole, once, and whatever workers do meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from returns.pipeline import is_successful
from returns.result import Result

from tests.unit.application.fakes import FakeNotifier, fails_with
from veriport.adapters.blobs.memory import MemoryBlobStore
from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.stores.memory import MemoryStateStore
from veriport.adapters.telemetry.none import NoTelemetry
from veriport.application.desk import LaneState, Letter, OutboxDesk, oldest_first
from veriport.application.draining import DrainLane
from veriport.application.outbox import Outbox, lane_put, queued, read_lane
from veriport.application.receivers import Receiver
from veriport.application.runs import Runs
from veriport.application.working import Work
from veriport.domain import outbox_keys
from veriport.domain.checkpoints import ActionResult, ActionStatus, CheckpointResult
from veriport.domain.delivery import Delivery, Lane, Message, State
from veriport.domain.errors import ConfigurationError
from veriport.domain.records import Absent, Change, Conflict, Put, Record
from veriport.domain.results import CheckResult, Status
from veriport.ports.errors import PermanentError, TransientError
from veriport.ports.notifiers import Notifier, Receipt

NOON = datetime(2024, 1, 31, 12, tzinfo=UTC)
RUN = "20240131T120000Z-00000001"


class Store(MemoryStateStore):
    """A memory store in which ``between`` happens before the next commits, and which can be in trouble."""

    def __init__(self, clock: FrozenClock) -> None:
        super().__init__(clock)
        self.between: list[Callable[[], object]] = []
        self.lose_answers = 0
        self.away = False

    def commit(self, changes: Sequence[Change]) -> Result[int, Conflict]:
        if self.between:
            self.between.pop()()
        if self.away:
            raise TransientError("away")
        done = super().commit(changes)
        if self.lose_answers and is_successful(done):
            self.lose_answers -= 1
            raise TransientError("the answer was lost")
        return done


class Post:
    """A run of a checkpoint with an outbox over a memory, and a worker to deliver it."""

    def __init__(self, act: Callable[[Message], object] = lambda _: None) -> None:
        self.clock = FrozenClock(NOON)
        self.store = Store(self.clock)
        self.blobs = MemoryBlobStore()
        self.notifier = FakeNotifier(act)
        self.desk = OutboxDesk(
            store=self.store, clock=self.clock, receiver_for={"orders/hook": self.receiver}.get
        )
        self.runs = Runs(store=self.store, blobs=self.blobs)

    @property
    def receiver(self) -> Receiver:
        return Receiver(
            name="hook", kind="fake", timeout_seconds=5, deadline_seconds=3600, open=lambda: self.opened
        )

    @property
    def opened(self) -> Notifier:
        return self.notifier

    def record(self, run_id: str = RUN) -> Delivery:
        result = CheckpointResult(
            run_id=run_id, name="orders", run_name="x", run_time=NOON, check=CheckResult()
        )
        message = Message(
            id=f"{run_id}:hook", receiver="orders/hook", run_id=run_id, checkpoint="orders",
            status=Status.SUCCESS, occurred_at=NOON, body=result.to_dict(),
        )  # fmt: skip
        outbox = Outbox(store=self.store, blobs=self.blobs, clock=self.clock)
        (delivery,) = outbox.record(result, [message], {"orders/hook": self.receiver})
        return delivery

    def work(self) -> Work:
        drain = DrainLane(
            store=self.store, blobs=self.blobs, clock=self.clock, telemetry=NoTelemetry(),
            receiver_for={"orders/hook": self.receiver}.get, chance=lambda: 0.0,
        )  # fmt: skip
        return Work(queues=self.store, drain=drain, clock=self.clock, telemetry=NoTelemetry())

    def letter(self) -> Letter:
        (found,) = self.desk.letters()
        return found

    def action(self, run_id: str = RUN) -> ActionResult:
        (found,) = self.runs.result(run_id).action_results
        return found

    def lane(self) -> tuple[Record, Lane]:
        (record,) = self.store.scan(outbox_keys.LANES)
        return record, read_lane(record)


@pytest.fixture
def refused() -> Post:
    """A message that its receiver refused."""
    post = Post(fails_with(PermanentError("404")))
    post.record()
    post.work().until_idle()
    assert post.letter().dead
    return post


@pytest.fixture
def blocked() -> Post:
    """A message whose receiver is down."""
    post = Post(fails_with(TransientError("refused")))
    post.record()
    post.work().until_idle()
    assert post.letter().status == "waiting"
    return post


def deliver(post: Post) -> None:
    post.notifier = FakeNotifier()
    post.work().until_idle()


class TestRetry:
    def test_a_dead_message_is_sent_after_all(self, refused: Post) -> None:
        assert refused.action().status is ActionStatus.FAILURE
        again = refused.desk.retry(refused.letter()).unwrap()
        assert (again.state, again.attempts, again.failures) == (State.WAITING, 1, 0)
        assert refused.action().status is ActionStatus.PENDING
        deliver(refused)
        assert list(refused.desk.letters()) == []
        assert [message.id for message in refused.notifier.received] == [f"{RUN}:hook"]
        assert refused.action().status is ActionStatus.SUCCESS

    def test_it_has_as_much_time_as_a_new_one(self, refused: Post) -> None:
        refused.clock.advance(2 * 3600)
        refused.desk.retry(refused.letter()).unwrap()
        delivery = refused.letter().delivery
        assert delivery is not None
        assert delivery.deadline == NOON + timedelta(hours=3)

    def test_also_when_nobody_knows_its_receiver_any_more(self, refused: Post) -> None:
        desk = evolve(refused.desk, receiver_for=lambda _: None)
        refused.clock.advance(7200)
        assert desk.retry(refused.letter()).unwrap().deadline == NOON + timedelta(hours=3)

    def test_its_lane_is_made_if_it_is_gone(self, refused: Post) -> None:
        record, _ = refused.lane()
        refused.store._remove(record.key)
        refused.desk.retry(refused.letter()).unwrap()
        deliver(refused)
        assert refused.action().status is ActionStatus.SUCCESS

    def test_a_lane_that_backs_off_does_not_wait(self, refused: Post) -> None:
        record, lane = refused.lane()
        name, later = record.key.removeprefix(outbox_keys.LANES), NOON + timedelta(hours=1)
        refused.store.commit([lane_put(name, evolve(lane, asleep=False, failures=4), later, None)])
        refused.desk.retry(refused.letter()).unwrap()
        deliver(refused)
        assert refused.action().status is ActionStatus.SUCCESS

    def test_a_waiting_message_is_sent_now(self, blocked: Post) -> None:
        assert blocked.desk.lanes()[0].state is LaneState.WAITING
        assert not blocked.work().once()
        blocked.desk.retry(blocked.letter()).unwrap()
        deliver(blocked)
        assert blocked.action().status is ActionStatus.SUCCESS

    def test_one_that_stepped_aside_too(self, blocked: Post) -> None:
        while blocked.letter().not_before == NOON:
            blocked.clock.advance(60)
            blocked.work().until_idle()
        assert (blocked.letter().not_before or NOON) > blocked.clock.now()
        blocked.desk.retry(blocked.letter()).unwrap()
        assert blocked.letter().not_before == blocked.clock.now()
        deliver(blocked)
        assert blocked.action().status is ActionStatus.SUCCESS


class TestWhileOthersWork:
    def test_who_has_just_claimed_the_lane_keeps_it(self, refused: Post) -> None:
        record, lane = refused.lane()
        assert lane.asleep
        refused.store.commit([Put(key=record.key, value=record.value, queue="outbox", due_at=NOON)])
        (claimed,) = refused.store.claim("outbox", 1, 60)
        refused.desk.retry(refused.letter()).unwrap()
        refused.record(f"{RUN}2")  # nor does a run take it away
        assert refused.lane()[0] == claimed
        assert refused.store.claim("outbox", 1, 60) == ()

    def test_a_message_that_is_being_sent_is_left_alone(self, refused: Post) -> None:
        refused.desk.retry(refused.letter()).unwrap()
        told: list[Result[Delivery, str]] = []

        def decide(_: Message) -> Receipt:
            told.extend((refused.desk.retry(refused.letter()), refused.desk.drop(refused.letter())))
            return Receipt()

        refused.notifier = FakeNotifier(decide)
        refused.work().until_idle()
        assert [done.failure() for done in told] == [
            "it is being sent at this moment: try again in a minute"
        ] * 2
        assert refused.action().status is ActionStatus.SUCCESS

    def test_one_whose_sender_died_may_be_dropped(self, refused: Post) -> None:
        refused.desk.retry(refused.letter()).unwrap()
        dying = FakeNotifier(fails_with(KeyboardInterrupt()))
        refused.notifier = dying
        with pytest.raises(KeyboardInterrupt):
            refused.work().until_idle()
        assert refused.letter().status == "sending"
        refused.clock.advance(3600)
        dropped = refused.desk.drop(refused.letter()).unwrap()
        assert (dropped.state, dropped.ambiguous) == (State.DEAD, 1)

    @pytest.mark.parametrize("verb", ["retry", "drop"])
    def test_what_somebody_else_did_meanwhile_is_told(self, refused: Post, verb: str) -> None:
        letter = refused.letter()
        refused.store.between = [lambda: refused.desk.drop(letter).unwrap()]
        done = getattr(refused.desk, verb)(letter)
        assert done.failure() == "it is not there any more: it was delivered, retried or dropped meanwhile"
        assert list(refused.desk.letters()) == []

    def test_two_who_retry_at_once_queue_one_message(self, refused: Post) -> None:
        letter = refused.letter()
        refused.store.between = [lambda: refused.desk.retry(letter).unwrap()]
        assert not is_successful(refused.desk.retry(letter))
        deliver(refused)
        assert len(refused.notifier.received) == 1

    def test_a_lane_that_changed_in_between_is_looked_at_again(self, refused: Post) -> None:
        record, lane = refused.lane()

        def touch() -> None:
            change = lane_put(record.key.removeprefix(outbox_keys.LANES), lane, None, None)
            assert is_successful(refused.store.commit([change]))

        refused.store.between = [touch, touch, touch]
        refused.desk.retry(refused.letter()).unwrap()
        deliver(refused)
        assert refused.action().status is ActionStatus.SUCCESS

    def test_a_lane_that_is_falling_asleep_is_woken(self, refused: Post) -> None:
        letter = refused.letter()
        refused.record(f"{RUN}2")
        refused.notifier = FakeNotifier()

        def retry() -> None:
            lane = refused.lane()[1]
            if lane.asleep and lane.held and not asked:
                asked.append(lane)
                refused.desk.retry(letter).unwrap()

        asked: list[Lane] = []
        refused.store.between = [retry] * 10
        refused.work().until_idle()
        assert len(asked) == 1
        assert list(refused.desk.letters()) == []

    @pytest.mark.parametrize("verb", ["retry", "drop"])
    def test_a_lost_answer_is_no_failure(self, refused: Post, verb: str) -> None:
        refused.store.lose_answers = 1
        assert is_successful(getattr(refused.desk, verb)(refused.letter()))
        deliver(refused)
        assert len(refused.notifier.received) == (1 if verb == "retry" else 0)

    def test_a_store_in_trouble_is_waited_for_only_so_long(self, refused: Post) -> None:
        letter = refused.letter()
        refused.store.away = True
        before = refused.clock.monotonic()
        with pytest.raises(TransientError, match="away"):
            refused.desk.retry(letter)
        assert refused.clock.monotonic() - before == pytest.approx(10, abs=1)


class TestDrop:
    def test_a_dead_one_is_gone_and_its_run_remembers_how_it_ended(self, refused: Post) -> None:
        refused.desk.drop(refused.letter()).unwrap()
        assert list(refused.desk.letters()) == []
        assert (refused.action().status, refused.action().message) == (ActionStatus.FAILURE, "404")

    def test_a_waiting_one_is_given_up(self, blocked: Post) -> None:
        blocked.desk.drop(blocked.letter()).unwrap()
        assert list(blocked.desk.letters()) == []
        assert (blocked.action().status, blocked.action().message) == (ActionStatus.ERROR, "dropped by hand")
        blocked.clock.advance(3600)
        deliver(blocked)
        assert blocked.notifier.received == []


class TestWhatThisVersionDoesNotKnow:
    @pytest.fixture
    def later(self, blocked: Post) -> Post:
        """An outbox in which a newer version left a message of its own and one of a new kind."""
        delivery = blocked.letter().delivery
        assert delivery is not None
        new = queued(evolve(delivery, id="x:new", about="digest"), NOON, Absent())
        foreign = Put(
            key=outbox_keys.message(delivery.lane, NOON, "y"), value=b'{"kind":"message","version":9}'
        )
        dead = Put(key=outbox_keys.dead("z"), value=b"not even JSON")
        assert is_successful(blocked.store.commit([new, foreign, dead]))
        return blocked

    def test_it_is_listed(self, later: Post) -> None:
        listed = {letter.id: (letter.status, letter.lane) for letter in later.desk.letters()}
        lane = later.desk.lanes()[0].name
        assert listed == {
            f"{RUN}:hook": ("waiting", lane),
            "x:new": ("kept", lane),
            outbox_keys.digest("y"): ("kept", lane),
            outbox_keys.digest("z"): ("kept", ""),
        }
        assert [letter.delivery is None for letter in oldest_first(later.desk.letters())] == [
            False,
            False,
            True,
            True,
        ]

    @pytest.mark.parametrize("name", ["x:new", outbox_keys.digest("y"), outbox_keys.digest("z")])
    def test_it_is_kept(self, later: Post, name: str) -> None:
        done = later.desk.retry(later.desk.find(name))
        assert done.failure().startswith("this version leaves it as it is: ")
        assert later.desk.find(name).status == "kept"

    def test_it_can_be_dropped_as_long_as_it_is_what_was_looked_at(self, later: Post) -> None:
        letter = later.desk.find(outbox_keys.digest("z"))
        later.store.commit([Put(key=letter.record.key, value=b"other")])
        assert not is_successful(later.desk.drop_kept(letter))
        later.desk.drop_kept(later.desk.find(outbox_keys.digest("z"))).unwrap()
        assert len(list(later.desk.letters())) == 3

    def test_a_lane_is_listed_too(self, later: Post) -> None:
        later.store.commit([Put(key=outbox_keys.lane("zz"), value=b'{"kind":"lane","version":9}')])
        assert [lane.state for lane in later.desk.lanes()] == [LaneState.WAITING, LaneState.KEPT]


class TestFind:
    @pytest.fixture
    def two(self, blocked: Post) -> Post:
        blocked.record(f"{RUN}0")
        return blocked

    def test_by_what_it_alone_begins_with(self, two: Post) -> None:
        assert two.desk.find(f"{RUN}0").id == f"{RUN}0:hook"

    def test_a_whole_id_is_not_ambiguous(self, blocked: Post) -> None:
        blocked.store.commit([queued(evolve(_read(blocked), id=f"{RUN}:hook2"), NOON, Absent())])
        assert blocked.desk.find(f"{RUN}:hook").id == f"{RUN}:hook"

    def test_an_ambiguous_beginning_names_them(self, two: Post) -> None:
        with pytest.raises(ConfigurationError, match=rf"2 messages have .* '2024': {RUN}:hook, {RUN}0:hook"):
            two.desk.find("2024")

    def test_a_wrong_one_names_the_nearest(self, two: Post) -> None:
        with pytest.raises(ConfigurationError, match=f"there is no message .*; did you mean '{RUN}:hook'"):
            two.desk.find(f"{RUN}:hok")

    @pytest.mark.parametrize("text", ["", "nothing like it"])
    def test_nothing_is_found_for_nothing(self, two: Post, text: str) -> None:
        with pytest.raises(ConfigurationError, match="'veriport outbox list' lists them"):
            two.desk.find(text)


def _read(post: Post) -> Delivery:
    delivery = post.letter().delivery
    assert delivery is not None
    return delivery


class TestLanes:
    def test_each_state(self, blocked: Post) -> None:
        def state() -> LaneState:
            return blocked.desk.lanes()[0].state

        assert state() is LaneState.WAITING
        for _ in range(4):
            blocked.clock.advance(600)
            blocked.work().until_idle()
        assert state() is LaneState.DOWN
        blocked.clock.advance(600)
        assert state() is LaneState.DUE
        blocked.notifier = FakeNotifier(lambda _: seen.append(state()))
        seen: list[LaneState] = []
        blocked.work().until_idle()
        assert (seen, state()) == ([LaneState.AT_WORK], LaneState.IDLE)

    def test_a_message_waits_for_its_lane(self, blocked: Post) -> None:
        blocked.record(f"{RUN}2")
        lane = blocked.desk.lanes()[0]
        assert [blocked.desk.waits(letter) for letter in blocked.desk.letters()] == [
            (lane.due_at, "refused")
        ] * 2
        assert lane.due_at == NOON + timedelta(seconds=2)

    def test_a_dead_one_waits_for_nothing(self, refused: Post) -> None:
        assert refused.desk.waits(refused.letter()) == (None, "404")

    def test_what_stands_in_them(self, refused: Post) -> None:
        refused.record(f"{RUN}2")
        (lane,) = refused.desk.lanes()
        assert (lane.receiver, lane.messages, lane.dead) == ("orders/hook", 1, 1)


ACTS = {
    "take": None,
    "refuse": PermanentError("404"),
    "down": TransientError("away"),
    "break": ValueError("oops"),
}


@given(
    acts=st.lists(st.sampled_from(sorted(ACTS)), max_size=12),
    decisions=st.lists(st.sampled_from(["retry", "drop", ""]), max_size=30),
)
def test_whatever_people_and_workers_do_a_message_is_in_one_place(
    acts: list[str], decisions: list[str]
) -> None:
    script, left = list(acts), list(decisions)
    dropped: set[str] = set()

    def act(_: Message) -> None:
        if script and (error := ACTS[script.pop()]):
            raise error

    post = Post(act)
    names = [f"{RUN}{number}" for number in range(3)]
    for name in names:
        post.record(name)

    def decide() -> None:
        verb = left.pop() if left else ""
        for letter in list(post.desk.letters()) if verb else ():
            if is_successful(getattr(post.desk, verb)(letter)) and verb == "drop":
                dropped.add(letter.id)

    work = post.work()
    for _ in range(8):
        post.store.between = [decide, decide, decide]
        work.until_idle()
        post.store.between.clear()
        decide()
        post.clock.advance(400)
    work.until_idle()
    there = [letter.id for letter in post.desk.letters()]
    assert len(set(there)) == len(there)
    for name in names:
        ended = post.action(name).status is not ActionStatus.PENDING
        assert ended or f"{name}:hook" in there
        assert not (post.action(name).status is ActionStatus.SUCCESS and f"{name}:hook" in there)
        assert f"{name}:hook" not in dropped or f"{name}:hook" not in there
