"""Remove what has expired, now and then (D7)."""

from __future__ import annotations

import threading

from attrs import define, field

from veriport.application.runs import Runs
from veriport.domain.errors import VeriportError
from veriport.ports.clocks import Clock
from veriport.ports.stores import SupportsQueues
from veriport.ports.telemetry import Telemetry

_PAGE = 1000


@define(kw_only=True, eq=False)
class Tidy:
    """Purges the store at most every ``purge_seconds`` and sweeps documents of runs every ``sweep_seconds``.

    Anybody may call it at any time: of several threads, one does it. Trouble is told to telemetry and
    never raised; the next call tries again.
    """

    queues: SupportsQueues
    runs: Runs
    clock: Clock
    telemetry: Telemetry
    purge_seconds: float = 60.0
    sweep_seconds: float = 3600.0
    _purged: float | None = field(default=None, init=False)
    _swept: float | None = field(default=None, init=False)
    _busy: threading.Lock = field(factory=threading.Lock, init=False)

    def __call__(self) -> None:
        """Tidy what is due to be tidied."""
        if not self._busy.acquire(blocking=False):
            return
        try:
            self._tidy(self.clock.monotonic())
        except VeriportError as trouble:
            self.telemetry.event("outbox.trouble", reason=f"expired records stay for now: {trouble}")
        finally:
            self._busy.release()

    def _tidy(self, now: float) -> None:
        if self._purged is None or now - self._purged >= self.purge_seconds:
            while self.queues.purge(_PAGE) == _PAGE:
                pass
            self._purged = now
        if self._swept is None or now - self._swept >= self.sweep_seconds:
            self.runs.sweep()
            self._swept = now
