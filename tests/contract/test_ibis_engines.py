"""The Ibis engine keeps the contract of the engine port on each database that tests can start."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.databases import Database, load_or_skip
from veriport.adapters.engines.ibis import IbisEngine
from veriport.domain.datasets import Dataset
from veriport.ports.engines import Engine
from veriport.testing.cases import Case, cases
from veriport.testing.suites.engines import EngineSuite


class IbisSuite(EngineSuite):
    """The suite of the port on the tables of a database."""

    database: Database

    @pytest.fixture
    def engine(self) -> Engine:
        return IbisEngine()

    def load(self, case: Case) -> Dataset:
        return load_or_skip(self.database, case)

    def refer(self, case: Case, folder: Path) -> object:
        del folder
        if lacking := self.database.lacks(case):
            pytest.skip(f"not evaluated: {lacking}")
        return self.database.refer(case)


class TestDuckDB(IbisSuite):
    complete = True

    @pytest.fixture(autouse=True)
    def _database(self, duckdb_tables: Database) -> None:
        self.database = duckdb_tables


@pytest.mark.server
class TestPostgreSQL(IbisSuite):
    @pytest.fixture(autouse=True)
    def _database(self, postgres_tables: Database) -> None:
        self.database = postgres_tables


class TestSQLite(IbisSuite):
    @pytest.fixture(autouse=True)
    def _database(self, sqlite_tables: Database) -> None:
        self.database = sqlite_tables


@pytest.mark.server
class TestSpark(IbisSuite):
    """A query of Spark takes a tenth of a second, so few cases run, unless ``VERIPORT_SPARK=all``."""

    @pytest.fixture(autouse=True)
    def _database(self, spark_tables: Database) -> None:
        self.database = spark_tables

    def load(self, case: Case) -> Dataset:
        if case.name and case.name not in _ON_SPARK and os.environ.get("VERIPORT_SPARK") != "all":
            pytest.skip("one case in twenty runs on Spark")
        return super().load(case)


#: What Spark says in its own way, and of all else one case in twenty.
_ON_SPARK = frozenset(
    case.name
    for place, case in enumerate(cases())
    if place % 20 == 0
    or case.name.startswith(("NaN: equals", "zones: are", "durations: in a set", "texts: a null"))
)
