"""Every engine of ours that can split rows keeps the contract of it."""

from __future__ import annotations

import os
from typing import ClassVar

import pytest
from attrs import frozen

from tests.databases import SQLite
from veriport.adapters.engines.ibis import IbisEngine
from veriport.adapters.engines.polars import PolarsEngine
from veriport.domain.datasets import Dataset
from veriport.ports.engines import Engine
from veriport.testing.cases import Case, cases
from veriport.testing.matrix import Tables
from veriport.testing.suites.splits import SplitSuite


class TestPolarsSplits(SplitSuite):
    @pytest.fixture
    def engine(self) -> Engine:
        return PolarsEngine()


@frozen
class _Fewer:
    """The tables of a database, of those cases that make sense to be asked again."""

    tables: Tables
    only: frozenset[str] | None = None

    def lacks(self, case: Case) -> str:
        if self.only is not None and case.name and case.name not in self.only:
            return "few cases are asked here"
        if "" in case.columns:
            return "every column has a name"
        zeros = (value for values in case.columns.values() for value in values if value == 0.0)
        if isinstance(self.tables, SQLite) and any(str(value) == "-0.0" for value in zeros):
            return "SQLite keeps zeros without their sign"
        return self.tables.lacks(case)

    def load(self, case: Case) -> Dataset:
        return self.tables.load(case)

    def refer(self, case: Case) -> object:
        return self.tables.refer(case)


class IbisSplitSuite(SplitSuite):
    """The suite on the tables of a database."""

    numbered = False
    column: ClassVar[str]
    only: ClassVar[frozenset[str] | None] = None

    @pytest.fixture
    def engine(self) -> Engine:
        return IbisEngine()

    @pytest.fixture
    def tables(self, request: pytest.FixtureRequest) -> Tables:
        return _Fewer(request.getfixturevalue(f"{self.column}_tables"), self.only)


class TestDuckDBSplits(IbisSplitSuite):
    numbered = True

    @pytest.fixture
    def tables(self, duckdb_tables: Tables) -> Tables:
        return duckdb_tables


@pytest.mark.server
class TestPostgreSQLSplits(IbisSplitSuite):
    column = "postgresql"


class TestSQLiteSplits(IbisSplitSuite):
    column = "sqlite"


#: One case in twenty, and what takes a way of its own to a file.
_FEW = frozenset(
    case.name
    for place, case in enumerate(cases())
    if place % 20 == 0 or case.name.startswith(("NaN: equals", "durations: in a set", "duplicate: "))
)


@pytest.mark.server
class TestSparkSplits(IbisSplitSuite):
    """A query of Spark takes a tenth of a second; ``VERIPORT_SPARK=all`` asks every case."""

    column = "spark"
    only = None if os.environ.get("VERIPORT_SPARK") == "all" else _FEW
