"""Record a run, send what it owes as far as there is time, and say what became of each message (D8)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

from attrs import evolve, field, frozen

from veriport.application.deadlines import Task
from veriport.application.draining import DrainLane, said
from veriport.application.outbox import ClaimLost, Outbox, read_lane
from veriport.application.receivers import Receiver
from veriport.application.runs import Runs, ended
from veriport.application.settling import settle_in_lane
from veriport.domain import outbox_keys
from veriport.domain.checkpoints import ActionResult, ActionStatus, CheckpointResult
from veriport.domain.delivery import Delivery, Message, Outcome, Policy
from veriport.domain.records import Change
from veriport.domain.runs import document_key
from veriport.ports.blobs import BlobStore
from veriport.ports.clocks import Clock
from veriport.ports.errors import PortError
from veriport.ports.stores import StateStore, SupportsQueues, forgets
from veriport.ports.telemetry import Telemetry


@frozen(kw_only=True)
class Delivered:
    """What became of each message, in their order, and why the run is not recorded, empty if it is."""

    actions: tuple[ActionResult, ...]
    not_recorded: str = ""


class Deliver(Protocol):
    """The one seam through which messages leave."""

    def __call__(
        self,
        result: CheckpointResult,
        messages: Sequence[Message],
        receivers: Mapping[str, Receiver],
        also: Callable[[], Sequence[Change]] = tuple,
    ) -> Delivered:
        """Record a run and carry out every message; one outcome each, in their order.

        ``receivers`` maps the names that messages have for them. What ``also`` gives is committed with the
        run. Raises ``ClaimLost`` when it cannot be, and nothing for a message or for trouble with the store.
        """
        ...


@frozen(kw_only=True)
class DeliverDurably:
    """Commit first, then send: what is not sent in time stays in the outbox, for a worker or the next run."""

    store: StateStore
    blobs: BlobStore
    clock: Clock
    telemetry: Telemetry
    policy: Policy = Policy()
    keep_days: float = 90.0
    chance: Callable[[], float] = random.random
    outbox: Outbox = field(init=False)
    runs: Runs = field(init=False)

    @outbox.default
    def _outbox(self) -> Outbox:
        return Outbox(store=self.store, blobs=self.blobs, clock=self.clock, keep_days=self.keep_days)

    @runs.default
    def _runs(self) -> Runs:
        return Runs(store=self.store, blobs=self.blobs)

    def __call__(
        self,
        result: CheckpointResult,
        messages: Sequence[Message],
        receivers: Mapping[str, Receiver],
        also: Callable[[], Sequence[Change]] = tuple,
    ) -> Delivered:
        """See ``Deliver``."""
        try:
            deliveries = self.outbox.record(result, messages, receivers, also())
        except ClaimLost:
            raise
        except PortError as trouble:
            self.telemetry.event("run.not_recorded", run=result.run_id, reason=str(trouble))
            why = f"not sent, since the run could not be recorded: {trouble}"
            unsent = (_begun(receivers[message.receiver], ActionStatus.ERROR, why) for message in messages)
            return Delivered(actions=tuple(unsent), not_recorded=str(trouble))
        drain = self._drain(messages, receivers)
        tasks = [self._start(drain, delivery, receivers[delivery.receiver]) for delivery in deliveries]
        finished = tuple(
            self._finish(delivery, receivers[delivery.receiver], task)
            for delivery, task in zip(deliveries, tasks, strict=True)
        )
        self._tidy()
        return Delivered(actions=finished)

    def _drain(self, messages: Iterable[Message], receivers: Mapping[str, Receiver]) -> DrainLane:
        return DrainLane(
            store=self.store,
            blobs=self.blobs,
            clock=self.clock,
            telemetry=self.telemetry,
            receiver_for=receivers.get,
            chance=self.chance,
            policy=self.policy,
            keep_days=self.keep_days,
            bodies={document_key(message.run_id): message.body for message in messages},
        )

    def _start(self, drain: DrainLane, delivery: Delivery, receiver: Receiver) -> Task[Outcome | None]:
        over = self.clock.monotonic() + receiver.timeout_seconds
        settled = partial(self.runs.outcome, delivery.run_id, delivery.id)
        work = partial(settle_in_lane, drain, delivery.lane, settled, over, patient=False)
        return Task(work, name=f"action {receiver.name}")

    def _finish(self, delivery: Delivery, receiver: Receiver, task: Task[Outcome | None]) -> ActionResult:
        begun = _begun(receiver, ActionStatus.PENDING, started_at=delivery.queued_at)
        try:
            outcome = task.result(receiver.timeout_seconds)
            result = self._pending(begun, delivery) if outcome is None else ended(begun, outcome)
        except Exception as trouble:  # noqa: BLE001  # whatever sending came to, the verdict is returned
            result = evolve(begun, message=f"{said(trouble)}; {self._later()}")
        if result.status is ActionStatus.PENDING and forgets(self.store):
            result = evolve(result, status=ActionStatus.ERROR)
        self.telemetry.event(
            "action.finished", receiver=receiver.name, status=result.status.value, run=delivery.run_id
        )
        return result

    def _tidy(self) -> None:
        """Remove a little of what has expired, and now and then look for documents of forgotten runs.

        Where no worker runs, nobody else does.
        """
        try:
            if isinstance(self.store, SupportsQueues):
                self.store.purge(_PURGED)
            if self.chance() < _SWEEPS:
                self.runs.sweep()
        except PortError as trouble:
            self.telemetry.event("outbox.trouble", reason=f"expired records stay for now: {trouble}")

    def _pending(self, begun: ActionResult, delivery: Delivery) -> ActionResult:
        lane = self.store.get(outbox_keys.lane(delivery.lane))
        note = read_lane(lane).note if lane is not None else ""
        due = f"at {lane.due_at:%H:%M:%S} UTC" if lane is not None and lane.due_at is not None else "later"
        why = note or "others are before it"
        return evolve(begun, message=f"{why}; {self._later(due)}")

    def _later(self, when: str = "later") -> str:
        if forgets(self.store):
            return "kept in the memory of this program only, whose next run tries again"
        return f"will be tried again {when} by 'veriport worker' or the next run"


_PURGED = 100  #: records at the end of a run, which leaves fewer
_SWEEPS = 0.01  #: of all runs


def _begun(
    receiver: Receiver, status: ActionStatus, message: str = "", started_at: datetime | None = None
) -> ActionResult:
    return ActionResult(
        action_name=receiver.name,
        action_type=receiver.kind,
        status=status,
        message=message,
        started_at=started_at,
    )
