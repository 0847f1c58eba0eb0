"""When an engine that fails again and again is left alone, and when it is tried again.

Everything is pure: time is an argument, in seconds of a clock that never steps back.
"""

from __future__ import annotations

from enum import StrEnum

from attrs import evolve, frozen


class Circuit(StrEnum):
    """Whether an engine is asked."""

    CLOSED = "closed"  #: it is
    OPEN = "open"  #: it is left alone
    HALF_OPEN = "half_open"  #: one call finds out whether it is back


@frozen(kw_only=True)
class Breaker:
    """``threshold`` failures in a row open it; ``rest_seconds`` later one call may find out, and no other."""

    threshold: int = 5
    rest_seconds: float = 30.0
    failures: int = 0
    opened_at: float | None = None
    trying: bool = False

    def state(self, now: float) -> Circuit:
        """Whether the engine is asked now."""
        if self.opened_at is None:
            return Circuit.CLOSED
        rested = now - self.opened_at >= self.rest_seconds
        return Circuit.HALF_OPEN if rested and not self.trying else Circuit.OPEN

    def begun(self, now: float) -> Breaker:
        """After a call has begun that was let through."""
        return evolve(self, trying=self.state(now) is Circuit.HALF_OPEN)

    def answered(self) -> Breaker:
        """After the engine has answered."""
        return evolve(self, failures=0, opened_at=None, trying=False)

    def failed(self, now: float) -> Breaker:
        """After a failure that a later call might not have."""
        failures = self.failures + 1
        opens = failures >= self.threshold or self.opened_at is not None
        return evolve(self, failures=failures, opened_at=now if opens else None, trying=False)

    def patience(self, now: float) -> float:
        """Seconds until a call may find out, 0 where one may now."""
        return 0.0 if self.opened_at is None else max(0.0, self.opened_at + self.rest_seconds - now)
