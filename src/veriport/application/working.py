"""Carry out what is due in the outbox, lane by lane; any number of workers may share a store (D10)."""

from __future__ import annotations

from collections.abc import Callable

from attrs import field, frozen

from veriport.application.draining import DrainLane
from veriport.domain import outbox_keys
from veriport.domain.errors import VeriportError
from veriport.domain.validators import seconds
from veriport.ports.clocks import Clock
from veriport.ports.errors import TransientError
from veriport.ports.stores import SupportsQueues
from veriport.ports.telemetry import Telemetry


@frozen(kw_only=True)
class Work:
    """A loop over the lanes that are due: claim one, send what it holds, give it back.

    ``slice_seconds`` is for how long one lane is worked on while others may wait, ``poll_seconds`` how
    long to wait when nothing is due, with a glance at ``stop`` every ``glance_seconds``. Every
    ``tidy_seconds`` what has expired is removed by ``tidy``.
    """

    queues: SupportsQueues
    drain: DrainLane
    clock: Clock
    telemetry: Telemetry
    tidy: Callable[[], object] = lambda: None
    slice_seconds: float = 10.0
    poll_seconds: float = field(default=1.0, validator=seconds)
    glance_seconds: float = 0.2
    tidy_seconds: float = 60.0

    def __call__(self, stop: Callable[[], bool]) -> None:
        """Work until ``stop`` says so; what is in flight is finished first.

        Trouble with the store is told to telemetry and waited out. Raises ``PermanentError`` for a store
        that cannot be used at all.
        """
        tidied = self.clock.monotonic()
        while not stop():
            try:
                worked = self.once(stop)
                if self.clock.monotonic() - tidied >= self.tidy_seconds:
                    tidied = self.clock.monotonic()
                    self.tidy()
            except TransientError as trouble:
                self.telemetry.event("outbox.trouble", reason=str(trouble))
                worked = False
            if not worked:
                self._rest(stop)

    def _rest(self, stop: Callable[[], bool]) -> None:
        """Wait for something to become due, or for ``stop``."""
        over = self.clock.monotonic() + self.poll_seconds
        while (left := over - self.clock.monotonic()) > 0 and not stop():
            self.clock.sleep(min(left, self.glance_seconds))

    def once(self, stop: Callable[[], bool] = lambda: False) -> bool:
        """Work on the lane that has been due for longest; whether there was one."""
        asked = self.clock.monotonic()
        records = self.queues.claim(outbox_keys.QUEUE, 1, self.drain.policy.lease)
        over = asked + self.slice_seconds
        for record in records:
            try:
                self.drain(record, asked, lambda: stop() or self.clock.monotonic() >= over)
            except TransientError:
                raise
            except VeriportError as trouble:  # such a lane is for a newer version, or a person
                self.telemetry.event("outbox.trouble", lane=record.key, reason=str(trouble))
        return bool(records)

    def until_idle(self, stop: Callable[[], bool] = lambda: False) -> None:
        """Work until nothing is due now, or ``stop`` says so."""
        while not stop() and self.once(stop):
            pass
