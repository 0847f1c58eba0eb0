"""The clock of this machine."""

from __future__ import annotations

import time
from datetime import UTC, datetime

_LONGEST_SLEEP = 86_400.0


class SystemClock:
    """Tells the machine's time of day and its monotonic time, and really sleeps."""

    def now(self) -> datetime:
        """See ``Clock``."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """See ``Clock``."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """See ``Clock``. Some systems wake up early, and none takes any number: hence the loop."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, _LONGEST_SLEEP))
