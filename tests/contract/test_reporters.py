"""Every reporter of ours keeps the contract of the reporter port."""

from __future__ import annotations

import pytest

from veriport.adapters.reporters.json import JsonReporter
from veriport.adapters.reporters.table import TableReporter
from veriport.ports.reporters import Reporter
from veriport.testing.suites.reporters import ReporterSuite


class TestJsonReporter(ReporterSuite):
    @pytest.fixture(params=[2, None])
    def reporter(self, request: pytest.FixtureRequest) -> Reporter:
        return JsonReporter(indent=request.param)


class TestTableReporter(ReporterSuite):
    @pytest.fixture
    def reporter(self) -> Reporter:
        return TableReporter()


class TestTableReporterOnATerminal(ReporterSuite):
    colors = True

    @pytest.fixture
    def reporter(self) -> Reporter:
        return TableReporter(width=200, color=True)
