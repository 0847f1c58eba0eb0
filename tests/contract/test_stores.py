"""Every state store of ours keeps the contract of the state store port."""

from __future__ import annotations

import pytest

from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.stores.memory import MemoryStateStore
from veriport.ports.clocks import Clock
from veriport.ports.stores import StateStore
from veriport.testing.suites.stores import StateStoreSuite


class TestMemoryStateStore(StateStoreSuite):
    @pytest.fixture
    def clock(self) -> Clock:
        return FrozenClock()

    @pytest.fixture
    def store(self, clock: Clock) -> StateStore:
        return MemoryStateStore(clock)
