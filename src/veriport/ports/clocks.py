"""The clock port."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time. Safe to use from several threads at once."""

    def now(self) -> datetime:
        """The time of day, aware and in UTC. It may step back."""
        ...

    def monotonic(self) -> float:
        """Seconds since some fixed moment; it never steps back. Only differences have a meaning."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return when that much monotonic time has passed; at once for 0 or less."""
        ...
