"""Every engine of ours that can split rows keeps the contract of it."""

import pytest

from veriport.adapters.engines.polars import PolarsEngine
from veriport.ports.engines import Engine
from veriport.testing.suites.splits import SplitSuite


class TestPolarsSplits(SplitSuite):
    @pytest.fixture
    def engine(self) -> Engine:
        return PolarsEngine()
