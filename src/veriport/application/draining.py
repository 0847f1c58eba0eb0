"""Send the messages of one lane, in their order, and record what becomes of them (D9, D10).

A plain loop over ports: "attempt n begins" is committed before each request and its outcome after, the
outcome of one message together with the beginning of the next. Nothing is decided here that is not in
``veriport.domain.delivery``.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta

from attrs import Factory, define, evolve, field, frozen
from returns.pipeline import is_successful

from veriport.application.outbox import lane_put, outcome_put, queued, read_delivery, read_lane
from veriport.application.receivers import Receiver
from veriport.domain import codec, outbox_keys
from veriport.domain.codec import DocumentError
from veriport.domain.delivery import Delivery, Event, Lane, Policy, step
from veriport.domain.errors import ConfigurationError, VeriportError
from veriport.domain.records import AtFence, AtRevision, Change, Check, Delete, Put, Record
from veriport.domain.runs import told
from veriport.ports.blobs import BlobStore
from veriport.ports.clocks import Clock
from veriport.ports.errors import EffectUnknown, PermanentError, TransientError
from veriport.ports.notifiers import Idempotent, Keeps, Notifier, Receipt
from veriport.ports.stores import StateStore
from veriport.ports.telemetry import Telemetry

#: The kinds of message that this version can send; others are kept for one that can.
KINDS = frozenset({"run"})
_PAGE = 64
#: How many messages to a receiver that drops repeats are begun in one commit.
_TOGETHER = 32


class _Lost(Exception):  # it is no error: somebody else has the lane
    """The lane is no longer ours: nothing more may be sent or recorded by us."""


@define
class _Queued:
    """A message in the lane: its record's key and revision, and the message."""

    key: str
    revision: int
    delivery: Delivery


@define
class _Hold:
    """A lane that is ours, until when by our monotonic clock, and what is not yet committed.

    ``settled`` holds the changes of each message whose outcome is known; ``changed`` says whether the
    lane itself is to be written.
    """

    name: str
    lane: Lane
    fence: int
    ends: float
    offset: datetime
    page: deque[_Queued] = Factory(deque)
    settled: list[list[Change]] = Factory(list)
    after: str = ""
    changed: bool = False
    notifier: Notifier | None = None
    kept: ExitStack = Factory(ExitStack)
    _together: int | None = None

    def open(self, receiver: Receiver) -> Notifier:
        """The receiver's notifier, made when it is first asked for; what that raises is raised again.

        What it keeps open between messages is closed with ``kept``.
        """
        if self.notifier is None:
            made = receiver.open()
            self.notifier = self.kept.enter_context(made.keep()) if isinstance(made, Keeps) else made
        return self.notifier

    def together(self, receiver: Receiver) -> int:
        """How many messages are begun in one commit: several where one may be sent once more without harm."""
        if self._together is None:
            try:
                notifier = self.open(receiver)
            except Exception:  # noqa: BLE001  # it is the outcome of the first message
                return 1
            drops_repeats = isinstance(notifier, Idempotent) and notifier.idempotent
            self._together = _TOGETHER if drops_repeats else 1
        return self._together


@frozen(kw_only=True)
class DrainLane:
    """Sends what stands in a lane. ``chance`` gives a number from 0 to 1."""

    store: StateStore
    blobs: BlobStore
    clock: Clock
    telemetry: Telemetry
    receiver_for: Callable[[str], Receiver | None]
    chance: Callable[[], float]
    policy: Policy = Policy()
    keep_days: float = 90.0
    bodies: Mapping[str, Mapping[str, object]] = field(factory=dict, hash=False)

    def __call__(self, record: Record, asked_at: float, stop: Callable[[], bool] = lambda: False) -> int:
        """Send until nothing is due, the receiver is in trouble or ``stop`` says so; how many were tried.

        ``record`` is the lane as it was claimed for ``policy.lease`` seconds, ``asked_at`` the monotonic time
        before it was. The lane is given back on every way out but a crash or an unreachable store, after
        which its lease lapses. Raises ``PortError`` for trouble with the store.
        """
        name = record.key.removeprefix(outbox_keys.LANES)
        lease = timedelta(seconds=self.policy.lease)
        hold = _Hold(
            name=name,
            lane=evolve(read_lane(record), asleep=False, held=True),
            fence=record.fence,
            ends=asked_at + self.policy.lease,
            offset=(record.due_at or self.store.now()) - lease - timedelta(seconds=asked_at),
        )
        try:
            with hold.kept:
                return self._drain(hold, stop)
        except _Lost:
            self.telemetry.event("outbox.lane_lost", lane=name)
            return 0

    def _drain(self, hold: _Hold, stop: Callable[[], bool]) -> int:
        receiver = self.receiver_for(hold.lane.receiver)
        if receiver is None:
            self.telemetry.event("outbox.no_receiver", lane=hold.name, receiver=hold.lane.receiver)
            self._sleep(
                hold, f"waiting for receiver {hold.lane.receiver}", timedelta(seconds=self.policy.lease)
            )
            return 0
        tried = 0
        blocked: timedelta | None = None
        while blocked is None and not stop():
            ready = self._ready(hold, receiver)
            if not ready:
                self._sleep(hold, hold.lane.note)
                return tried
            begun = self._begin(hold, ready, receiver)
            blocked = self._attempt_all(hold, begun, receiver)
            tried += len(begun)
        self._give_back(hold, blocked or timedelta())
        return tried

    # what is next

    def _ready(self, hold: _Hold, receiver: Receiver) -> list[_Queued]:
        """The next messages that are due and not to be given up, as many as are begun together."""
        many = hold.together(receiver)
        ready: list[_Queued] = []
        while len(ready) < many and (hold.page or not ready):
            queued_next = self._next(hold)
            if queued_next is None:
                break
            end = self.policy.end_of(queued_next.delivery, self._now(hold))
            if end is None:
                ready.append(queued_next)
            else:
                hold.settled.append(self._dead(hold, queued_next, *end))
        return ready

    def _next(self, hold: _Hold) -> _Queued | None:
        if not hold.page:
            self._flush(hold)
            hold.page.extend(self._read(hold))
        if not hold.page:
            return None
        first = hold.page[0]
        if outbox_keys.not_before(first.key) > self._now(hold):
            return None
        return hold.page.popleft()

    def _read(self, hold: _Hold) -> Iterator[_Queued]:
        """A page of messages that we can read; others stay where they are and are reported."""
        prefix = outbox_keys.messages(hold.name)
        while records := self.store.scan(prefix, after=hold.after, limit=_PAGE):
            found = [self._readable(record) for record in records]
            known = [each for each in found if each is not None]
            if known:
                yield from known
                return
            hold.after = records[-1].key

    def _readable(self, record: Record) -> _Queued | None:
        try:
            delivery = read_delivery(record)
        except DocumentError as problem:
            self.telemetry.event("outbox.unreadable", key=record.key, reason=str(problem))
            return None
        if delivery.about not in KINDS:
            self.telemetry.event("outbox.unknown_kind", key=record.key, kind=delivery.about)
            return None
        return _Queued(record.key, record.revision, delivery)

    # one attempt

    def _begin(self, hold: _Hold, ready: Sequence[_Queued], receiver: Receiver) -> list[_Queued]:
        """Commit that attempts begin, with the outcomes of those before; the lane is ours for long enough."""
        now = self._now(hold)
        begun = [_after(each, Event.BEGIN, now) for each in ready]
        puts = [_kept(each) for each in begun]
        if self._left(hold) < receiver.timeout_seconds:
            self._renew(hold, receiver)
        revision = self._commit(hold, puts)
        if revision is None:
            hold.page.clear()
            return []
        return [_Queued(each.key, revision, each.delivery) for each in begun]

    def _attempt_all(self, hold: _Hold, begun: Sequence[_Queued], receiver: Receiver) -> timedelta | None:
        """Send one after the other; how long to leave the receiver alone once one fails."""
        blocked: timedelta | None = None
        for each in begun:
            if blocked is not None or self._left(hold) < receiver.timeout_seconds:
                hold.settled.append([_kept(_after(each, Event.UNSENT, self._now(hold)))])
            else:
                blocked = self._attempt(hold, each, receiver)
        return blocked

    def _attempt(self, hold: _Hold, each: _Queued, receiver: Receiver) -> timedelta | None:
        try:
            message = each.delivery.message(self._body(each.delivery))
            receipt = _receipt(hold.open(receiver).send(message, receiver.timeout_seconds))
        except ConfigurationError as error:
            return self._failed(hold, each, Event.FAILED, str(error))
        except TransientError as error:
            event = Event.UNKNOWN if isinstance(error, EffectUnknown) else Event.FAILED
            return self._failed(hold, each, event, str(error), error.retry_after_seconds)
        except PermanentError as error:
            self._settle(hold, each, Event.REFUSED, str(error))
        except (Exception, SystemExit) as error:  # noqa: BLE001  # foreign code: whatever it does is its outcome
            self._settle(hold, each, Event.BROKEN, said(error))
        else:
            self._settle(hold, each, Event.TAKEN, receipt.message, receipt)
        return None

    def _body(self, delivery: Delivery) -> Mapping[str, object]:
        known = self.bodies.get(delivery.body)
        if known is not None:
            return known
        body = self.blobs.get(delivery.body)
        if body is None:
            raise PermanentError(f"its document {delivery.body} is gone")
        return told(json.loads(body))

    # what it came to

    def _settle(
        self, hold: _Hold, each: _Queued, event: Event, reason: str, receipt: Receipt | None = None
    ) -> None:
        """The receiver answered: the lane works."""
        if hold.lane.failures or hold.lane.note:
            hold.lane, hold.changed = evolve(hold.lane, failures=0, note=""), True
        now = self._now(hold)
        if event is not Event.TAKEN:
            hold.settled.append(self._dead(hold, each, event, reason))
            return
        done = step(each.delivery, event, now, reason).unwrap()
        details = {} if receipt is None else receipt.details
        hold.settled.append([_gone(each), self._outcome(done, event, now, each.delivery.begun_at, details)])
        self._tell("outbox.delivered", done)

    def _dead(self, hold: _Hold, each: _Queued, event: Event, reason: str) -> list[Change]:
        now = self._now(hold)
        done = step(each.delivery, event, now, reason).unwrap()
        self._tell("outbox.dead", done, reason=reason)
        kept = Put(key=outbox_keys.dead(done.id), value=codec.to_record("message", done))
        return [_gone(each), kept, self._outcome(done, event, now, each.delivery.begun_at)]

    def _failed(
        self, hold: _Hold, each: _Queued, event: Event, reason: str, retry_after: float | None = None
    ) -> timedelta:
        """The receiver is in trouble: it is left alone for a while, and the message waits or steps aside."""
        now = self._now(hold)
        done = step(each.delivery, event, now, reason).unwrap()
        hold.lane = evolve(hold.lane, failures=hold.lane.failures + 1, note=reason)
        hold.changed = True
        wait = self.policy.wait(hold.lane.failures, self.chance(), retry_after)
        aside = done.failures >= self.policy.patience
        later = now + self.policy.wait(done.failures, self.chance(), retry_after)
        kept = queued(done, later) if aside else _kept(evolve(each, delivery=done))
        hold.settled.append([*([_gone(each)] if aside else ()), kept])
        self._tell("outbox.failed", done, reason=reason)
        return wait

    def _outcome(
        self,
        done: Delivery,
        event: Event,
        now: datetime,
        begun_at: datetime | None,
        details: Mapping[str, object] | None = None,
    ) -> Put:
        kept_until = now + timedelta(days=self.keep_days)
        return outcome_put(done, event, now, kept_until, begun_at=begun_at, details=details)

    def _tell(self, name: str, delivery: Delivery, **more: str) -> None:
        self.telemetry.event(
            name,
            receiver=delivery.receiver,
            run=delivery.run_id,
            attempts=delivery.attempts,
            ambiguous=delivery.ambiguous,
            **more,
        )

    # the lane

    def _sleep(self, hold: _Hold, note: str, nap: timedelta = timedelta()) -> None:
        """Fall asleep until the next message is due, or for ``nap`` where that is longer.

        First the lane says that it sleeps, then it looks once more: who adds a message in between sees it
        asleep and wakes it, which the last change then notices.
        """
        hold.lane, hold.changed = evolve(hold.lane, asleep=True, note=note), True
        revision = self._commit(hold, ())
        while revision is None:  # a person changed a message; what is settled was committed
            hold.changed = True
            revision = self._commit(hold, ())
        due, now = self._next_due(hold), self._now(hold)
        due = due if due is None else max(due, now + nap)
        lane = evolve(hold.lane, held=False, asleep=due is None or due > now)
        self.store.commit([lane_put(hold.name, lane, due, AtRevision(revision))])

    def _next_due(self, hold: _Hold) -> datetime | None:
        """When there is something to do; what we cannot read waits for one who can."""
        for first in self._read(hold):
            return outbox_keys.not_before(first.key)
        if self.store.scan(outbox_keys.messages(hold.name), limit=1):
            return self._now(hold) + timedelta(seconds=self.policy.lease)
        return None

    def _give_back(self, hold: _Hold, blocked: timedelta) -> None:
        hold.lane = evolve(hold.lane, held=False)
        self._commit(hold, (), due_at=self._now(hold) + blocked)

    def _renew(self, hold: _Hold, receiver: Receiver) -> None:
        """Hold the lane for long enough."""
        lease = max(self.policy.lease, receiver.timeout_seconds + 2 * self.policy.margin)
        asked = self.clock.monotonic()
        self._commit(hold, (), due_at=self._now(hold) + timedelta(seconds=lease))
        hold.ends = asked + lease

    def _left(self, hold: _Hold) -> float:
        """Seconds in which an attempt may run."""
        return hold.ends - self.policy.margin - self.clock.monotonic()

    def _now(self, hold: _Hold) -> datetime:
        """The store's time, by what it was at the claim and what passed since."""
        return hold.offset + timedelta(seconds=self.clock.monotonic())

    def _lease_end(self, hold: _Hold) -> datetime:
        return hold.offset + timedelta(seconds=hold.ends)

    # commits

    def _flush(self, hold: _Hold) -> None:
        if hold.settled:
            self._commit(hold, ())

    def _commit(self, hold: _Hold, changes: Sequence[Change], due_at: datetime | None = None) -> int | None:
        """Commit what is settled and ``changes``, as long as the lane is ours; the revision.

        ``None`` when somebody changed a message meanwhile: then what is settled was committed where it
        could be, and ``changes`` were not. Raises ``_Lost`` when the lane is not ours any more.
        """
        lane: Change = Check(key=outbox_keys.lane(hold.name), guard=AtFence(hold.fence))
        if due_at is not None or hold.changed:
            lane = lane_put(hold.name, hold.lane, due_at or self._lease_end(hold), AtFence(hold.fence))
        settled = [change for group in hold.settled for change in group]
        revision = self._try(hold, [lane, *settled, *changes])
        if revision is None:
            self._one_by_one(hold, lane)
        hold.settled.clear()
        hold.changed = False
        return revision

    def _one_by_one(self, hold: _Hold, lane: Change) -> None:
        """Commit each outcome by itself; one whose message was changed by a person is theirs."""
        for group in ([lane], *hold.settled):
            with_lane = group if group[0] is lane else [_check(hold), *group]
            self._try(hold, with_lane)

    def _try(self, hold: _Hold, changes: Sequence[Change]) -> int | None:
        """Commit, again while the store is in trouble and the lane is ours; ``None`` for a conflict."""
        wait = 0.05
        while True:
            try:
                done = self.store.commit(changes)
            except TransientError:
                if self.clock.monotonic() + wait >= hold.ends:
                    raise
                self.clock.sleep(wait)
                wait = min(2 * wait, 2.0)
                continue
            if is_successful(done):
                return done.unwrap()
            if done.failure().key == outbox_keys.lane(hold.name):
                raise _Lost
            return None


def _check(hold: _Hold) -> Check:
    return Check(key=outbox_keys.lane(hold.name), guard=AtFence(hold.fence))


def _kept(each: _Queued) -> Put:
    value = codec.to_record("message", each.delivery)
    return Put(key=each.key, value=value, guard=AtRevision(each.revision))


def _gone(each: _Queued) -> Delete:
    return Delete(key=each.key, guard=AtRevision(each.revision))


def _after(each: _Queued, event: Event, now: datetime) -> _Queued:
    return _Queued(each.key, each.revision, step(each.delivery, event, now).unwrap())


def _receipt(given: object) -> Receipt:
    if not isinstance(given, Receipt):
        raise TypeError(f"the notifier gave back {type(given).__name__} and not a Receipt")
    return given


def said(error: BaseException) -> str:
    """What an exception says; one that is not ours has its type before it."""
    return str(error) if isinstance(error, VeriportError) else f"{type(error).__name__}: {error}"
