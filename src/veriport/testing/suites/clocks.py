"""The contract suite of the clock port: subclass ``ClockSuite`` and give it your clock."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta
from itertools import pairwise
from typing import TypeVar

import pytest

from veriport.ports.clocks import Clock

_T = TypeVar("_T")


class ClockSuite:
    """Every sentence of ``veriport.ports.clocks``. Sleeps a few hundredths of a second of the clock."""

    @pytest.fixture
    def clock(self) -> Clock:
        """The clock under test."""
        raise NotImplementedError

    def test_the_time_of_day_is_aware_and_in_utc(self, clock: Clock) -> None:
        assert clock.now().tzinfo is UTC or clock.now().utcoffset() == timedelta(0)

    def test_the_time_of_day_moves_with_monotonic_time(self, clock: Clock) -> None:
        day, moment = clock.now(), clock.monotonic()
        clock.sleep(0.05)
        passed = clock.monotonic() - moment
        assert (clock.now() - day).total_seconds() == pytest.approx(passed, abs=0.04)

    def test_monotonic_time_never_steps_back(self, clock: Clock) -> None:
        moments = [clock.monotonic() for _ in range(1000)]
        assert all(earlier <= later for earlier, later in pairwise(moments))

    @pytest.mark.parametrize("seconds", [0.05, 0.001, 1e-6])
    def test_sleeping_lets_that_much_monotonic_time_pass(self, clock: Clock, seconds: float) -> None:
        before = clock.monotonic()
        clock.sleep(seconds)
        assert clock.monotonic() - before >= seconds * (1 - 1e-9)

    @pytest.mark.parametrize("seconds", [0, 0.0, -0.0, -1, -1e9, float("-inf")])
    def test_sleeping_for_no_time_returns_at_once(self, clock: Clock, seconds: float) -> None:
        before = clock.monotonic()
        clock.sleep(seconds)
        assert clock.monotonic() - before < 1

    def test_several_threads_may_read_and_sleep_at_once(self, clock: Clock) -> None:
        def read(_: int) -> list[float]:
            moments = []
            for _ in range(50):
                moments.append(clock.monotonic())
                clock.sleep(1e-6)
                clock.now()
            return moments

        before = clock.monotonic()
        for moments in _in_threads(read):
            assert moments == sorted(moments)
            assert moments[0] >= before

    def test_a_sleeper_sleeps_long_enough_beside_others(self, clock: Clock) -> None:
        def sleep(_: int) -> float:
            before = clock.monotonic()
            clock.sleep(0.01)
            return clock.monotonic() - before

        assert all(passed >= 0.01 * (1 - 1e-9) for passed in _in_threads(sleep))


def _in_threads(work: Callable[[int], _T]) -> list[_T]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(work, range(8)))
