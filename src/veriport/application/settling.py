"""Go on delivering what one run owes, until all of it is settled or there is no more time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from attrs import evolve, frozen

from veriport.application.deadlines import Task
from veriport.application.draining import DrainLane
from veriport.application.outbox import read_lane
from veriport.application.receivers import Receiver
from veriport.application.runs import Runs
from veriport.domain import outbox_keys
from veriport.domain.checkpoints import ActionResult, ActionStatus, CheckpointResult, receiver_name
from veriport.domain.delivery import lane_of
from veriport.ports.errors import DeadlineExceeded, TransientError
from veriport.ports.stores import StateStore

_T = TypeVar("_T")
_PAUSE = 0.05  #: seconds between two looks at a lane


@frozen(kw_only=True)
class Settle:
    """Works on the lanes of a run, all at once."""

    drain: DrainLane
    runs: Runs

    def __call__(
        self, result: CheckpointResult, receivers: Mapping[str, Receiver], seconds: float
    ) -> CheckpointResult:
        """The result, its actions as they stand when all are settled or so many seconds have passed.

        ``receivers`` are those of the run. Trouble with the store is waited out. Raises ``PermanentError``
        for a store that cannot be used at all.
        """
        record = self.runs.record(result.run_id)
        drain = evolve(self.drain, receiver_for=receivers.get)
        over = drain.clock.monotonic() + seconds
        tasks, lanes = [], {}
        for identity, name in record.messages if record else ():
            receiver = receivers.get(receiver_name(result.name, name))
            if receiver is None:
                continue
            lanes[name] = lane = lane_of(receiver_name(result.name, name), result.run_id, receiver.lanes)
            settled = partial(self.runs.outcome, result.run_id, identity)
            work = partial(settle_in_lane, drain, lane, settled, over, patient=True)
            tasks.append(Task(work, name=f"the delivery to {name}"))
        for task in tasks:
            try:
                task.result(seconds)
            except DeadlineExceeded:  # it may still be in flight; its outcome will be recorded
                continue
        renewed = self.runs.renewed(result)
        actions = [
            self._said(action, lanes.get(action.action_name), seconds) for action in renewed.action_results
        ]
        return evolve(renewed, action_results=tuple(actions))

    def _said(self, action: ActionResult, lane: str | None, seconds: float) -> ActionResult:
        """An action that is still pending says why, and what was tried."""
        if action.status is not ActionStatus.PENDING or lane is None:
            return action
        record = self.drain.store.get(outbox_keys.lane(lane))
        note = read_lane(record).note if record else ""
        waited = f"not delivered within {seconds:g} s; 'veriport worker' or the next run goes on"
        return evolve(action, message="; ".join(filter(None, (note, waited))))


def settle_in_lane(
    drain: DrainLane, lane: str, settled: Callable[[], _T | None], over: float, *, patient: bool
) -> _T | None:
    """Work on a lane until ``settled`` says what became of a message or the monotonic time is ``over``.

    The patient wait for a lane that is left alone for now, and for a store in trouble; others give up then,
    which is ``None``, or raise ``TransientError``.
    """
    store, clock, key = drain.store, drain.clock, outbox_keys.lane(lane)
    while (left := over - clock.monotonic()) > 0:
        try:
            if (found := settled()) is not None:
                return found
            asked = clock.monotonic()
            record = store.take(key, drain.policy.lease)
            if record is not None:
                drain(record, asked, lambda: clock.monotonic() >= over)
                continue
            if not patient and _is_left_alone(store, key):
                break
        except TransientError as trouble:
            if not patient:
                raise
            drain.telemetry.event("outbox.trouble", reason=str(trouble))
        clock.sleep(min(_PAUSE, left))
    return settled()


def _is_left_alone(store: StateStore, key: str) -> bool:
    """Whether a lane waits for its time, and is not at work elsewhere."""
    record = store.get(key)
    if record is None or record.just_claimed or read_lane(record).held:
        return False
    return record.due_at is None or record.due_at > store.now()
