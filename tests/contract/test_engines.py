"""Every engine of ours keeps the contract of the engine port."""

import pytest

from veriport.adapters.engines.polars import PolarsEngine
from veriport.ports.engines import Engine
from veriport.testing.reference import ReferenceEngine
from veriport.testing.suites.engines import EngineSuite


class TestPolarsEngine(EngineSuite):
    complete = True

    @pytest.fixture
    def engine(self) -> Engine:
        return PolarsEngine()


class TestReferenceEngine(EngineSuite):
    complete = True

    @pytest.fixture
    def engine(self) -> Engine:
        return ReferenceEngine()
