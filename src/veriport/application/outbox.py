"""Record a run together with the messages that it owes, all or nothing (D8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from attrs import evolve, frozen
from returns.pipeline import is_successful

from veriport.application.receivers import Receiver
from veriport.domain import codec, outbox_keys
from veriport.domain.checkpoints import ActionResult, ActionStatus, CheckpointResult
from veriport.domain.delivery import Delivery, Event, Lane, Message, Outcome, lane_of
from veriport.domain.records import Absent, AtRevision, Change, Check, Put, Record
from veriport.domain.rules.scalars import plain
from veriport.domain.runs import document_key, record_of
from veriport.ports.blobs import BlobStore
from veriport.ports.clocks import Clock
from veriport.ports.errors import PermanentError, TransientError
from veriport.ports.stores import StateStore


class ClaimLost(PermanentError):
    """What the run was to be recorded under belongs to somebody else by now; nothing was recorded."""


@frozen(kw_only=True)
class Outbox:
    """Keeps runs and what they owe. ``keep_days`` is for how long a run is remembered."""

    store: StateStore
    blobs: BlobStore
    clock: Clock
    keep_days: float = 90.0
    patience_seconds: float = 10.0

    def record(
        self,
        result: CheckpointResult,
        messages: Sequence[Message],
        receivers: Mapping[str, Receiver],
        also: Sequence[Change] = (),
    ) -> tuple[Delivery, ...]:
        """Record the run, its messages and the changes ``also`` in one commit; the messages as recorded.

        The full result goes to the blob store first: a crash in between leaves a document that nothing
        refers to, which is swept. Raises ``TransientError`` when the store could not be reached for
        ``patience_seconds``, and ``ClaimLost`` when a guard of ``also`` does not hold.
        """
        now = self.store.now()
        deliveries = tuple(_delivery(message, receivers[message.receiver], now) for message in messages)
        run = self._run(result, deliveries, receivers, now)
        result = evolve(result, action_results=_with_pending(result, deliveries, receivers))
        self.blobs.put(document_key(result.run_id), result.to_json(indent=None).encode())
        names = {delivery.lane: delivery.receiver for delivery in deliveries}

        def changes() -> list[Change]:
            return [
                run,
                *(queued(delivery, delivery.queued_at, Absent()) for delivery in deliveries),
                *(self.wake(lane, receiver, now) for lane, receiver in names.items()),
                *also,
            ]

        self.commit(run.key, changes, theirs={change.key for change in also})
        return deliveries

    def commit(self, first: str, changes: Callable[[], Sequence[Change]], theirs: Iterable[str] = ()) -> None:
        """Commit what ``changes`` makes of the store as it is, again after each conflict.

        ``first`` is a key that only this commit makes: finding it means that an earlier try, whose answer
        was lost, succeeded. ``theirs`` are keys whose conflicts are final.
        """
        give_up = self.clock.monotonic() + self.patience_seconds
        wait = 0.01
        while True:
            try:
                done = self.store.commit(changes())
                if is_successful(done) or done.failure().key == first:
                    return
                if done.failure().key in theirs:
                    raise ClaimLost(str(done.failure()))
            except TransientError:
                if self.clock.monotonic() >= give_up:
                    raise
            self.clock.sleep(wait)
            wait = min(2 * wait, 1.0)

    def wake(self, lane: str, receiver: str, now: datetime) -> Change:
        """What makes sure, committed with a new message, that somebody will see it.

        A lane that is asleep becomes due. One that is not, or was just claimed, will look once more before it
        falls asleep, as long as it did not fall asleep meanwhile: that is what is checked.
        """
        key = outbox_keys.lane(lane)
        record = self.store.get(key)
        if record is None:
            return lane_put(lane, Lane(receiver=receiver), now, Absent())
        found = read_lane(record)
        if found.asleep and not record.just_claimed:  # else whoever claimed it would lose it
            woken = evolve(found, asleep=False, held=False)
            return lane_put(lane, woken, now, AtRevision(record.revision))
        return Check(key=key, guard=AtRevision(record.revision))

    def _run(
        self,
        result: CheckpointResult,
        deliveries: Iterable[Delivery],
        receivers: Mapping[str, Receiver],
        now: datetime,
    ) -> Put:
        owed = tuple((delivery.id, receivers[delivery.receiver].name) for delivery in deliveries)
        return Put(
            key=outbox_keys.run(result.run_id),
            value=codec.to_record("run", record_of(result, owed)),
            guard=Absent(),
            expires_at=now + timedelta(days=self.keep_days),
        )


STILL_TO_BE_DELIVERED = "still to be delivered, by 'veriport worker' or the next run"


def _with_pending(
    result: CheckpointResult, deliveries: Iterable[Delivery], receivers: Mapping[str, Receiver]
) -> tuple[ActionResult, ...]:
    """The actions of a run with those that are owed, in their places where they have one."""
    owed = {
        receiver.name: ActionResult(
            action_name=receiver.name,
            action_type=receiver.kind,
            status=ActionStatus.PENDING,
            message=STILL_TO_BE_DELIVERED,
        )
        for receiver in (receivers[delivery.receiver] for delivery in deliveries)
    }
    placed = [owed.pop(action.action_name, action) for action in result.action_results]
    return (*placed, *owed.values())


def _delivery(message: Message, receiver: Receiver, now: datetime) -> Delivery:
    return Delivery(
        id=message.id,
        receiver=message.receiver,
        lane=lane_of(message.receiver, message.run_id, receiver.lanes),
        run_id=message.run_id,
        checkpoint=message.checkpoint,
        status=message.status,
        occurred_at=message.occurred_at,
        body=document_key(message.run_id),
        queued_at=now,
        deadline=now + timedelta(seconds=receiver.deadline_seconds),
    )


def queued(delivery: Delivery, not_before: datetime, guard: Absent | AtRevision | None = None) -> Put:
    """The change that keeps a message in its lane, to be sent at that time at the earliest."""
    key = outbox_keys.message(delivery.lane, not_before, delivery.id)
    return Put(key=key, value=codec.to_record("message", delivery), guard=guard)


def outcome_put(
    done: Delivery,
    event: Event,
    now: datetime,
    kept_until: datetime,
    *,
    begun_at: datetime | None = None,
    details: Mapping[str, object] | None = None,
) -> Put:
    """The change that keeps what a message came to. ``details`` are the receiver's."""
    outcome = Outcome(
        id=done.id,
        receiver=done.receiver,
        run_id=done.run_id,
        state=done.state,
        event=event,
        attempts=done.attempts,
        ambiguous=done.ambiguous,
        at=now,
        begun_at=begun_at,
        reason=done.reason[:_LONGEST],
        details={str(key): plain(value) for key, value in (details or {}).items()},
    )
    value = codec.to_record("outcome", outcome)
    if len(value) > _MOST_BYTES:
        value = codec.to_record("outcome", evolve(outcome, details=_LEFT_OUT))
    return Put(key=outbox_keys.outcome(done.run_id, done.id), value=value, expires_at=kept_until)


_LONGEST = 2000  #: characters of a reason
_MOST_BYTES = 16 * 1024  #: of an outcome with its details
_LEFT_OUT = {"left out": "what the receiver said is too long"}


def lane_put(name: str, lane: Lane, due_at: datetime | None, guard: object) -> Put:
    """The change that keeps a lane, due then."""
    return Put(
        key=outbox_keys.lane(name),
        value=codec.to_record("lane", lane),
        guard=guard,  # type: ignore[arg-type]  # one of the guards
        queue=outbox_keys.QUEUE,
        due_at=due_at,
    )


def read_lane(record: Record) -> Lane:
    """The lane of a record. Raises ``DocumentError`` for one of a newer version."""
    return codec.read_record(record.value, "lane", Lane)


def read_delivery(record: Record) -> Delivery:
    """The message of a record. Raises ``DocumentError`` for one of a newer version."""
    return codec.read_record(record.value, "message", Delivery)
