"""The Ibis engine keeps the contract of the engine port on each database that tests can start."""

from __future__ import annotations

from typing import ClassVar

import pytest

from tests.matrix import Asked
from veriport.adapters.engines.ibis import IbisEngine
from veriport.ports.engines import Engine
from veriport.testing.cases import Case
from veriport.testing.matrix import Tables, Verdict
from veriport.testing.suites.engines import EngineSuite


class IbisSuite(EngineSuite):
    """The suite of the port on the tables of a database."""

    #: The column of ``docs/engines.md`` that tells the same.
    column: ClassVar[str]
    asked: Asked

    @pytest.fixture(autouse=True)
    def _asked(self, asked: Asked) -> None:
        self.asked = asked

    @pytest.fixture
    def engine(self) -> Engine:
        return IbisEngine()

    @pytest.fixture
    def tables(self, request: pytest.FixtureRequest) -> Tables:
        found: Tables = request.getfixturevalue(f"{self.column}_tables")
        return found

    def verdict(self, engine: Engine, tables: Tables, case: Case) -> Verdict:
        return self.asked.verdict(self.column, engine, tables, case)


class TestDuckDB(IbisSuite):
    complete = True
    column = "duckdb"


@pytest.mark.server
class TestPostgreSQL(IbisSuite):
    column = "postgresql"


class TestSQLite(IbisSuite):
    column = "sqlite"


@pytest.mark.server
class TestSpark(IbisSuite):
    column = "spark"
