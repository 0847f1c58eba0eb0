"""Every clock of ours keeps the contract of the clock port."""

from __future__ import annotations

import pytest

from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.clocks.system import SystemClock
from veriport.ports.clocks import Clock
from veriport.testing.suites.clocks import ClockSuite


class TestSystemClock(ClockSuite):
    @pytest.fixture
    def clock(self) -> Clock:
        return SystemClock()


class TestFrozenClock(ClockSuite):
    @pytest.fixture
    def clock(self) -> Clock:
        return FrozenClock()
