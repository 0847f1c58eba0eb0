"""The machine's clock tells the machine's time."""

from __future__ import annotations

import time

import pytest

from veriport.adapters.clocks.system import SystemClock


def test_the_time_of_day_is_that_of_the_machine() -> None:
    assert SystemClock().now().timestamp() == pytest.approx(time.time(), abs=1)


def test_monotonic_time_is_that_of_the_machine() -> None:
    before = time.monotonic()
    assert before <= SystemClock().monotonic() <= time.monotonic()
