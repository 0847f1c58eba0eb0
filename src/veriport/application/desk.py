"""The outbox as a person sees it: what stands in it, and to send or drop a message after all (D10)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import chain, islice

from attrs import evolve, frozen
from returns.pipeline import is_successful
from returns.result import Failure, Result, Success

from veriport.application.draining import KINDS
from veriport.application.outbox import lane_put, outcome_put, queued, read_delivery, read_lane
from veriport.application.receivers import Receiver
from veriport.domain import outbox_keys
from veriport.domain.codec import DocumentError
from veriport.domain.delivery import Delivery, Event, Lane, Policy, State, step
from veriport.domain.errors import ConfigurationError, shown
from veriport.domain.records import Absent, AtRevision, Change, Check, Delete, Put, Record
from veriport.domain.suggestions import nearest
from veriport.ports.clocks import Clock
from veriport.ports.errors import TransientError
from veriport.ports.stores import StateStore, every


@frozen(kw_only=True)
class Letter:
    """A message that was not delivered, and its record. ``delivery`` is ``None`` where it cannot be read.

    ``id`` is that of the message, or what its key ends with; ``trouble`` says why this version leaves it.
    """

    id: str
    record: Record
    delivery: Delivery | None
    trouble: str = ""

    @property
    def dead(self) -> bool:
        """Whether it was given up."""
        return self.record.key.startswith(outbox_keys.DEAD)

    @property
    def status(self) -> str:
        """``dead``, ``waiting``, ``sending``, or ``kept`` for one that this version leaves as it is."""
        if self.trouble or self.delivery is None:
            return "kept"
        return self.delivery.state.value

    @property
    def lane(self) -> str:
        """The lane in which it stands, or stood."""
        if self.delivery is not None:
            return self.delivery.lane
        return "" if self.dead else self.record.key.removeprefix(outbox_keys.MESSAGES).rpartition("/")[0]

    @property
    def not_before(self) -> datetime | None:
        """When it is sent at the earliest; ``None`` for a dead one."""
        return None if self.dead else outbox_keys.not_before(self.record.key)


class LaneState(StrEnum):
    """What a lane is about."""

    IDLE = "idle"  #: nothing stands in it
    DUE = "due"  #: somebody should work on it now
    AT_WORK = "at work"  #: somebody does
    WAITING = "waiting"  #: for the time to try again
    DOWN = "down"  #: the same, after so many failures in a row that the receiver is taken to be down
    KEPT = "kept"  #: it was written by a newer version


@frozen(kw_only=True)
class LaneView:
    """A lane, and how many messages stand in it and how many of it are dead."""

    name: str
    receiver: str
    state: LaneState
    due_at: datetime | None
    failures: int
    note: str
    messages: int
    dead: int


@frozen(kw_only=True)
class OutboxDesk:
    """Lists what is in the outbox, and carries out what a person decides about it.

    Every decision is one guarded commit, so that it is safe while workers send. It waits for at most
    ``patience_seconds`` for a store in trouble and for others that change the same records.
    """

    store: StateStore
    clock: Clock
    receiver_for: Callable[[str], Receiver | None]
    policy: Policy = Policy()
    keep_days: float = 90.0
    patience_seconds: float = 10.0

    # what there is

    def letters(self) -> Iterator[Letter]:
        """Every message that was not delivered: lane by lane as they are sent, then the dead."""
        prefixes = (outbox_keys.MESSAGES, outbox_keys.DEAD)
        return map(_letter, chain.from_iterable(every(self.store, prefix) for prefix in prefixes))

    def dead(self) -> Iterator[Letter]:
        """Every message that was given up."""
        return map(_letter, every(self.store, outbox_keys.DEAD))

    def lanes(self) -> list[LaneView]:
        """Every lane, in the order of their names."""
        letters = list(self.letters())
        waiting = Counter(letter.lane for letter in letters if not letter.dead)
        dead = Counter(letter.lane for letter in letters if letter.dead)
        now = self.store.now()
        return [self._lane(record, waiting, dead, now) for record in every(self.store, outbox_keys.LANES)]

    def waits(self, letter: Letter) -> tuple[datetime | None, str]:
        """When a message is sent at the earliest, by itself and its lane, and what it waits for.

        ``None`` for a dead one, with why it was given up.
        """
        reason = letter.trouble or (letter.delivery.reason if letter.delivery else "")
        record = None if letter.dead else self.store.get(outbox_keys.lane(letter.lane))
        if record is None or letter.trouble:
            return letter.not_before, reason
        lane = read_lane(record)
        moments = (letter.not_before, None if _held(record, lane) else record.due_at)
        return max((moment for moment in moments if moment is not None), default=None), lane.note or reason

    def find(self, text: str) -> Letter:
        """The message whose id is ``text`` or, alone, begins so. Raises ``ConfigurationError`` otherwise."""
        letters = [letter for letter in self.letters() if text and letter.id.startswith(text)]
        found = [letter for letter in letters if letter.id == text] or letters
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(letter.id for letter in found[:_SHOWN])
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            raise ConfigurationError(
                f"{len(found)} messages have an id that begins with {text!r}: {ids}{more}"
            )
        known = [letter.id for letter in islice(self.letters(), _COMPARED)]
        hint = nearest(text, known).hint or "; 'veriport outbox list' lists them"
        raise ConfigurationError(f"there is no message {shown(text)} in the outbox{hint}")

    # what to do about it

    def retry(self, letter: Letter) -> Result[Delivery, str]:
        """Send a dead message after all, with as much time as a new one, or a waiting one now.

        The outcome of a dead one is forgotten in the same commit, so that its run shows it as pending.
        ``Failure`` says why there is nothing to do.
        """

        def changes(record: Record, delivery: Delivery, now: datetime) -> tuple[list[Change], Delivery] | str:
            if not letter.dead:
                return self._hurried(record, delivery, now)
            again = step(delivery, Event.RETRY, now)
            if not is_successful(again):
                return str(again.failure())
            ready = evolve(again.unwrap(), deadline=now + self._time_for(delivery))
            made: list[Change] = [
                Delete(key=record.key, guard=AtRevision(record.revision)),
                Delete(key=outbox_keys.outcome(delivery.run_id, delivery.id)),
                queued(ready, now, Absent()),
                self._woken(ready, now),
            ]
            return made, ready

        return self._decide(letter, changes)

    def drop(self, letter: Letter) -> Result[Delivery, str]:
        """Forget a message for good; the run shows a waiting one as given up.

        ``Failure`` says why there is nothing to do.
        """

        def changes(record: Record, delivery: Delivery, now: datetime) -> tuple[list[Change], Delivery] | str:
            gone = Delete(key=record.key, guard=AtRevision(record.revision))
            if letter.dead:
                return [gone], delivery
            if delivery.state is State.SENDING and self._at_work(delivery.lane, now):
                return _SENDING
            dropped = step(delivery, Event.DROPPED, now, "dropped by hand").unwrap()
            kept_until = now + timedelta(days=self.keep_days)
            return [gone, outcome_put(dropped, Event.DROPPED, now, kept_until)], dropped

        return self._decide(letter, changes)

    def drop_kept(self, letter: Letter) -> Result[None, str]:
        """Forget a message that cannot be read, as long as it is the one that was looked at."""
        gone = Delete(key=letter.record.key, guard=AtRevision(letter.record.revision))
        done = self.store.commit([gone])
        return Success(None) if is_successful(done) else Failure(_GONE)

    # parts

    def _lane(self, record: Record, waiting: Counter[str], dead: Counter[str], now: datetime) -> LaneView:
        name = record.key.removeprefix(outbox_keys.LANES)
        try:
            lane = read_lane(record)
            state = self._state(record, lane, now)
        except DocumentError as problem:
            lane, state = Lane(receiver="", note=str(problem)), LaneState.KEPT
        return LaneView(
            name=name,
            receiver=lane.receiver,
            state=state,
            due_at=record.due_at,
            failures=lane.failures,
            note=lane.note,
            messages=waiting[name],
            dead=dead[name],
        )

    def _state(self, record: Record, lane: Lane, now: datetime) -> LaneState:
        if record.due_at is None:
            return LaneState.IDLE
        if record.due_at <= now:
            return LaneState.DUE
        if _held(record, lane):
            return LaneState.AT_WORK
        return LaneState.DOWN if lane.failures >= self.policy.breaker else LaneState.WAITING

    def _hurried(
        self, record: Record, delivery: Delivery, now: datetime
    ) -> tuple[list[Change], Delivery] | str:
        """A waiting message is sent now, and its lane does not wait."""
        if delivery.state is State.SENDING and self._at_work(delivery.lane, now):
            return _SENDING
        key = outbox_keys.message(delivery.lane, min(now, outbox_keys.not_before(record.key)), delivery.id)
        if key == record.key:
            return [Check(key=key, guard=AtRevision(record.revision)), self._woken(delivery, now)], delivery
        moved = Put(key=key, value=record.value, guard=Absent())
        gone = Delete(key=record.key, guard=AtRevision(record.revision))
        return [gone, moved, self._woken(delivery, now)], delivery

    def _woken(self, delivery: Delivery, now: datetime) -> Change:
        """What makes the lane of a message due now.

        One that somebody works on is looked through once more before it falls asleep, as long as it is as it
        was: that is what is checked.
        """
        key = outbox_keys.lane(delivery.lane)
        record = self.store.get(key)
        if record is None:
            return lane_put(delivery.lane, Lane(receiver=delivery.receiver), now, Absent())
        lane, guard = read_lane(record), AtRevision(record.revision)
        if _held(record, lane) and record.due_at is not None and record.due_at > now:
            return Check(key=key, guard=guard)
        return lane_put(delivery.lane, evolve(lane, asleep=False, held=False), now, guard)

    def _at_work(self, lane: str, now: datetime) -> bool:
        record = self.store.get(outbox_keys.lane(lane))
        if record is None or record.due_at is None or record.due_at <= now:
            return False
        return _held(record, read_lane(record))

    def _time_for(self, delivery: Delivery) -> timedelta:
        receiver = self.receiver_for(delivery.receiver)
        if receiver is None:
            return delivery.deadline - delivery.queued_at
        return timedelta(seconds=receiver.deadline_seconds)

    def _decide(
        self,
        letter: Letter,
        changes: Callable[[Record, Delivery, datetime], tuple[list[Change], Delivery] | str],
    ) -> Result[Delivery, str]:
        """Commit what ``changes`` makes of the message as it is, again after each conflict.

        A message that is gone after a commit whose answer was lost was changed by that commit.
        """
        give_up = self.clock.monotonic() + self.patience_seconds
        lost: Delivery | None = None
        while True:
            record = self.store.get(letter.record.key)
            if record is None:
                return Failure(_GONE) if lost is None else Success(lost)
            found = _letter(record)
            if found.trouble or found.delivery is None:
                return Failure(f"this version leaves it as it is: {found.trouble}")
            made = changes(record, found.delivery, self.store.now())
            if isinstance(made, str):
                return Failure(made)
            try:
                if is_successful(self.store.commit(made[0])):
                    return Success(made[1])
            except TransientError:
                lost = made[1]
                if self.clock.monotonic() >= give_up:
                    raise
            if self.clock.monotonic() >= give_up:
                return Failure("others change it all the time: try again")
            self.clock.sleep(_PAUSE)


_SHOWN, _COMPARED = 5, 1000
_PAUSE = 0.02
_GONE = "it is not there any more: it was delivered, retried or dropped meanwhile"
_SENDING = "it is being sent at this moment: try again in a minute"


def _held(record: Record, lane: Lane) -> bool:
    """Whether the last who changed the lane works on it: it was just claimed, or written by its holder."""
    return record.just_claimed or (lane.held and not lane.asleep)


def _letter(record: Record) -> Letter:
    try:
        delivery = read_delivery(record)
    except DocumentError as problem:
        return Letter(id=_end(record), record=record, delivery=None, trouble=str(problem))
    known = delivery.about in KINDS
    trouble = "" if known else f"it is about a {delivery.about!r}, which this version does not send"
    return Letter(id=delivery.id, record=record, delivery=delivery, trouble=trouble)


def _end(record: Record) -> str:
    """The name of a message that its key ends with."""
    return record.key.rpartition("/")[2].rpartition("-")[2]


def oldest_first(letters: Iterable[Letter]) -> list[Letter]:
    """Letters by the time at which they were queued; what cannot be read comes last."""
    return sorted(letters, key=lambda each: each.delivery.queued_at if each.delivery else _LAST)


_LAST = datetime.max.replace(tzinfo=UTC)
