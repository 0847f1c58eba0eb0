"""One point in time by which an attempt is over."""

from __future__ import annotations

import pytest

from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.notifiers.deadline import Deadline, MachineClock
from veriport.ports.errors import DeadlineExceeded


def test_what_is_left_shrinks_with_monotonic_time() -> None:
    clock = FrozenClock()
    deadline = Deadline(clock, 10, "it")
    clock.advance(4)
    assert deadline.left() == pytest.approx(6)


def test_the_time_of_day_does_not_matter() -> None:
    clock = FrozenClock()
    deadline = Deadline(clock, 10, "it")
    clock.step(3600)
    assert deadline.left() == 10


@pytest.mark.parametrize("passed", [10, 11])
def test_at_its_end_it_raises(passed: float) -> None:
    clock = FrozenClock()
    deadline = Deadline(clock, 10, "the request")
    clock.advance(passed)
    with pytest.raises(DeadlineExceeded, match="the request was not finished in 10 s"):
        deadline.left()


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_it_does_not_start_without_time(seconds: float) -> None:
    with pytest.raises(DeadlineExceeded):
        Deadline(FrozenClock(), seconds, "it")


def test_the_machine_clock_moves() -> None:
    clock = MachineClock()
    before = clock.monotonic()
    clock.sleep(0.001)
    assert clock.monotonic() - before >= 0.001
    assert clock.now().tzinfo is not None
