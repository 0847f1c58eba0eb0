"""Go on delivering what one run owes, until all of it is settled or there is no more time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from attrs import evolve, frozen

from veriport.application.deadlines import Task
from veriport.application.draining import DrainLane
from veriport.application.outbox import read_lane
from veriport.application.receivers import Receiver
from veriport.application.runs import Runs
from veriport.domain import outbox_keys
from veriport.domain.checkpoints import ActionResult, ActionStatus, CheckpointResult, receiver_name
from veriport.domain.delivery import lane_of
from veriport.ports.errors import DeadlineExceeded, PermanentError, TransientError

_PAUSE = 0.1  #: seconds between two looks at a lane


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
            tasks.append(Task(partial(_work, drain, lane, settled, over), name=f"the delivery to {name}"))
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


def _work(drain: DrainLane, lane: str, settled: Callable[[], object], over: float) -> None:
    """Work on a lane until a message is settled or time is over."""
    clock, key = drain.clock, outbox_keys.lane(lane)
    while clock.monotonic() < over:
        try:
            if settled():
                return
            asked = clock.monotonic()
            record = drain.store.take(key, drain.policy.lease)
            if record is not None:
                drain(record, asked, lambda: clock.monotonic() >= over)
                continue
        except PermanentError:
            raise
        except TransientError as trouble:
            drain.telemetry.event("outbox.trouble", reason=str(trouble))
        clock.sleep(min(_PAUSE, max(0.0, over - clock.monotonic())))
