"""A clock that only moves when it is told to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest

from veriport.adapters.clocks.frozen import START, FrozenClock


def test_it_stands_still() -> None:
    clock = FrozenClock()
    assert (clock.now(), clock.monotonic()) == (START, 0)
    assert (clock.now(), clock.monotonic()) == (START, 0)


def test_it_starts_when_told_and_tells_it_in_utc() -> None:
    clock = FrozenClock(datetime(2024, 5, 1, 14, tzinfo=timezone(timedelta(hours=2))))
    assert clock.now() == datetime(2024, 5, 1, 12, tzinfo=UTC)
    assert clock.now().tzinfo is UTC


def test_it_starts_at_an_aware_time_only() -> None:
    with pytest.raises(ValueError, match="aware"):
        FrozenClock(datetime(2024, 5, 1))  # that is the point


def test_advancing_moves_both_times() -> None:
    clock = FrozenClock()
    clock.advance(90.5)
    assert clock.now() - START == timedelta(seconds=90.5)
    assert clock.monotonic() == 90.5


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_time_does_not_run_back_or_away(seconds: float) -> None:
    with pytest.raises(ValueError, match="cannot pass"):
        FrozenClock().advance(seconds)


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_step_changes_the_time_of_day_alone(seconds: float) -> None:
    clock = FrozenClock()
    clock.advance(5)
    clock.step(seconds)
    assert clock.now() - START == timedelta(seconds=5 + seconds)
    assert clock.monotonic() == 5


def test_no_movement_is_lost_between_threads() -> None:
    clock = FrozenClock()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(clock.advance, [1] * 4000))
    assert clock.monotonic() == 4000
