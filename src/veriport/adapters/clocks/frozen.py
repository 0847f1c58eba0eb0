"""A clock that stands still until it is moved: for tests, examples and simulations."""

from __future__ import annotations

import math
import threading
from datetime import UTC, datetime, timedelta

#: When a frozen clock starts unless told otherwise.
START = datetime(2024, 1, 31, 12, tzinfo=UTC)


class FrozenClock:
    """Tells the time that it was given. Sleeping moves it on and takes no time.

    ``start`` is aware; ``ValueError`` if not. Monotonic time starts at 0.
    """

    def __init__(self, start: datetime = START) -> None:
        if start.tzinfo is None:
            raise ValueError(f"a clock starts at an aware time, not at {start.isoformat()}")
        self._day = start.astimezone(UTC)
        self._elapsed = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """See ``Clock``."""
        with self._lock:
            return self._day + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        """See ``Clock``."""
        with self._lock:
            return self._elapsed

    def sleep(self, seconds: float) -> None:
        """See ``Clock``: the time that it would take has passed at once."""
        self.advance(max(0.0, seconds))

    def advance(self, seconds: float) -> None:
        """Let time pass: the time of day and monotonic time move on. ``ValueError`` below 0."""
        if not (math.isfinite(seconds) and seconds >= 0):
            raise ValueError(f"time cannot pass by {seconds} seconds")
        with self._lock:
            self._elapsed += seconds

    def step(self, seconds: float) -> None:
        """Set the time of day ahead or back, as a time server does; monotonic time stays."""
        with self._lock:
            self._day += timedelta(seconds=seconds)
