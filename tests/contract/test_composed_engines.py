"""Engines made of engines keep the contract of the engine port."""

from __future__ import annotations

import pytest

from veriport.adapters.engines.composed.chain import EngineChain
from veriport.adapters.engines.polars import PolarsEngine
from veriport.ports.engines import Engine
from veriport.testing.suites.engines import EngineSuite


class TestChain(EngineSuite):
    complete = True

    @pytest.fixture
    def engine(self) -> Engine:
        return EngineChain(engines=[PolarsEngine()])
