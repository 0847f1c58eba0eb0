"""One point in time by which all of an attempt must be over."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from attrs import field, frozen

from veriport.ports.clocks import Clock
from veriport.ports.errors import DeadlineExceeded


@frozen
class Deadline:
    """So many seconds from when it was made, by the monotonic time of ``clock``.

    Raises ``DeadlineExceeded`` when it is made with nothing left. ``what`` begins the error's text.
    """

    clock: Clock
    seconds: float
    what: str
    _end: float = field(init=False)

    @_end.default
    def _started_now(self) -> float:
        return self.clock.monotonic() + self.seconds

    def __attrs_post_init__(self) -> None:
        """Refuse to start without any time."""
        self.left()

    def left(self) -> float:
        """Seconds left, always above 0; raises ``DeadlineExceeded`` when there are none."""
        left = self._end - self.clock.monotonic()
        if not left > 0:
            raise self.exceeded()
        return left

    def exceeded(self) -> DeadlineExceeded:
        """The error for when time ran out."""
        return DeadlineExceeded(f"{self.what} was not finished in {self.seconds:g} s")


class MachineClock:
    """The machine's clock, for a notifier that is given none. An adapter imports no sibling's."""

    now = staticmethod(lambda: datetime.now(UTC))
    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)
