"""The Ibis engine on DataFrames and tables of a Spark Connect server, with classic Spark in the same process."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ibis
import polars as pl
import pytest

import veriport
from tests.cli import veriport as command
from tests.databases import Spark
from tests.matrix import Asked
from tests.servers.spark import spark_connect_url, spark_server  # noqa: F401  # a fixture
from veriport.adapters.engines.ibis import IbisEngine
from veriport.adapters.engines.ibis.databases.addresses import location_of
from veriport.domain.datasets import Address
from veriport.domain.errors import ConfigurationError
from veriport.domain.results import CheckResult, RuleStatus
from veriport.ports.engines import Engine
from veriport.ports.errors import DataError, TransientError
from veriport.testing.cases import Case, cases
from veriport.testing.matrix import Tables, Verdict
from veriport.testing.suites.engines import EngineSuite

pytestmark = pytest.mark.server

NOT_NULL = {"column": "name", "type": "not_null"}
ENDLESS = "SELECT sum(id % 7) AS name FROM range(1000000000000000)"
#: Seconds in which a server that is gone must be told of; left alone, the client of Spark tries for ten minutes.
SOON = 60


@contextmanager
def session_of(url: str) -> Iterator[Any]:
    """A session as a caller has it, beside which one of classic Spark can be."""
    from pyspark.sql.connect.session import SparkSession  # noqa: PLC0415  # it takes a second

    session = SparkSession.builder.remote(url).create()
    try:
        yield session
    finally:
        session.client.close()  # or the end of Python would wait for its server


@pytest.fixture(scope="session")
def session(spark_connect_url: str) -> Iterator[Any]:  # noqa: F811  # the fixture
    """A session of the server that runs."""
    with session_of(spark_connect_url) as made:
        yield made


@pytest.fixture(scope="session")
def spark_connect_tables(session: object, tmp_path_factory: pytest.TempPathFactory) -> Spark:
    """DataFrames of the session."""
    return Spark(session, tmp_path_factory.mktemp("spark-connect-tables"))


@pytest.fixture(scope="session")
def people(spark_connect_tables: Spark, spark_connect_url: str) -> str:  # noqa: F811  # the fixture
    """The address of a table that every session of the server sees."""
    spark_connect_tables.session.sql("CREATE SCHEMA shop").collect()
    rows = pl.DataFrame({"id": [1, 2, 3], "name": ["Ann", None, "Zoë"]})
    spark_connect_tables.made(rows).write.saveAsTable("shop.people")
    return f"{spark_connect_url}?table=shop.people"


def checked(data: object, rule: object = NOT_NULL, **options: Any) -> CheckResult:  # noqa: ANN401  # those of check
    return veriport.check(data, [rule], **options)


def counted(data: object, rule: object = NOT_NULL, **options: Any) -> tuple[int, int]:  # noqa: ANN401  # those of check
    (result,) = checked(data, rule, **options).rules
    return result.checked_count, result.failed_count


@contextmanager
def soon() -> Iterator[None]:
    """What is done here does not wait for a server that is gone."""
    started = time.monotonic()
    yield
    assert time.monotonic() - started < SOON


class TestSparkConnect(EngineSuite):
    """Connect answers as classic Spark does; one case in twenty asks it, or all if ``VERIPORT_SPARK=all``."""

    @pytest.fixture
    def engine(self) -> Engine:
        return IbisEngine()

    @pytest.fixture
    def tables(self, spark_connect_tables: Spark) -> Tables:
        return spark_connect_tables

    @pytest.fixture(autouse=True)
    def _classic(self, asked: Asked, spark_tables: Spark) -> None:
        self.asked, self.classic = asked, spark_tables

    def verdict(self, engine: Engine, tables: Tables, case: Case) -> Verdict:
        if case.name not in _ASKED and os.environ.get("VERIPORT_SPARK") != "all":
            pytest.skip("one case in twenty runs on Spark Connect")
        said = super().verdict(engine, tables, case)
        assert said == self.asked.verdict("spark", engine, self.classic, case)
        return said


_ASKED = frozenset(
    case.name
    for place, case in enumerate(cases())
    if place % 20 == 0
    or case.name.startswith(("NaN: equals", "zones: are", "durations: in a set", "texts: a null"))
)


class TestFrames:
    def test_a_check_leaves_nothing_in_the_session(self, spark_connect_tables: Spark) -> None:
        session = spark_connect_tables.session
        before = session.client.get_retry_policies()
        data = pl.DataFrame({"name": ["Ann", None]})
        assert counted(spark_connect_tables.made(data)) == (2, 1)
        assert [each.name for each in session.catalog.listTables() if each.isTemporary] == []
        assert session.client.get_retry_policies() == before
        assert session.getTags() == set()

    def test_a_table_of_ibis_over_a_session(self, session: object) -> None:
        table = ibis.pyspark.connect(session).sql("SELECT CAST(NULL AS STRING) AS name")
        assert counted(table) == (1, 1)

    @pytest.mark.parametrize("kind", ["session", "spark"])
    def test_a_query_that_takes_too_long_is_stopped(self, kind: str, request: pytest.FixtureRequest) -> None:
        session = request.getfixturevalue(kind)
        with pytest.raises(TransientError, match=r"more than 1 seconds"):
            counted(session.sql(ENDLESS), engine=IbisEngine(timeout_seconds=1))
        assert session.interruptAll() == []

    def test_a_query_that_is_refused_is_told_in_one_line(self, session: Any) -> None:  # noqa: ANN401  # Spark's own class
        with pytest.raises(DataError, match=r"UNRESOLVED_COLUMN.*`nothing`") as told:
            counted(session.range(3).select("nothing"))
        assert "\n" not in str(told.value)

    def test_a_session_that_was_closed_is_lost(self, spark_connect_url: str) -> None:  # noqa: F811  # the fixture
        with session_of(spark_connect_url) as session:
            frame = session.sql("SELECT 'Ann' AS name")
            assert counted(frame) == (1, 0)
            session.client.release_session()
            with pytest.raises(TransientError, match=r"lost: .*SESSION_CLOSED"):
                counted(frame)
        with pytest.raises(TransientError, match=r"lost: .*NO_ACTIVE_SESSION"):
            counted(frame)


class TestAddresses:
    def test_a_table(self, people: str) -> None:
        result = checked(people)
        assert (result.engine, result.rules[0].failed_count) == ("ibis", 1)

    def test_a_query_may_name_the_table_self(self, people: str) -> None:
        assert counted({"path": people, "sql": "SELECT * FROM self WHERE id > 1;"}) == (2, 1)

    def test_a_query_needs_no_table(self, spark_connect_url: str) -> None:  # noqa: F811  # the fixture
        assert counted({"path": spark_connect_url, "sql": "SELECT 'Ann' AS name"}) == (1, 0)

    def test_a_query_is_in_utc(self, spark_connect_url: str) -> None:  # noqa: F811  # the fixture
        rule = {"column": "zone", "type": "in_set", "values": ["UTC"]}
        assert counted({"path": spark_connect_url, "sql": "SELECT current_timezone() AS zone"}, rule) == (
            1,
            0,
        )

    @pytest.mark.parametrize("named", ["", "?table=shop.people"])
    def test_a_query_can_only_read(self, named: str, people: str, spark_connect_url: str) -> None:  # noqa: F811  # the fixture
        with pytest.raises(DataError, match="PARSE_SYNTAX_ERROR"):
            counted({"path": spark_connect_url + named, "sql": "DROP TABLE shop.people"})
        assert counted(people) == (3, 1)

    def test_a_reference_on_the_same_server(self, people: str) -> None:
        rule = {
            "column": "id",
            "type": "referential_integrity",
            "reference": people,
            "reference_column": "id",
        }
        assert counted(people, rule) == (3, 0)

    def test_a_reference_on_another_server_is_not_evaluated(self, people: str) -> None:
        rule = {"column": "id", "type": "referential_integrity", "reference": "sc://elsewhere?table=people"}
        (result,) = checked(people, rule).rules
        assert result.status is RuleStatus.NOT_EVALUATED

    def test_a_table_that_is_not_there_is_named(self, people: str) -> None:
        with pytest.raises(DataError, match=r"no table 'shop\.peple'; did you mean 'people'\?"):
            counted(people.replace("people", "peple"))
        with pytest.raises(DataError, match=r"no table 'nowhere\.people'"):
            counted(people.replace("shop", "nowhere"))

    def test_sessions_of_the_caller_are_left_alone(self, session: Any, people: str) -> None:  # noqa: ANN401  # Spark's own class
        from pyspark.sql.connect.session import SparkSession  # noqa: PLC0415  # it takes a second

        active = SparkSession.getActiveSession()
        counted(people)
        assert SparkSession.getActiveSession() is active
        assert not session.is_stopped

    def test_the_command_line_chooses_the_engine(self, people: str, tmp_path: Path) -> None:
        done = command("check", people, "--rule", "{column: name, type: not_null}", cwd=tmp_path)
        assert "(ibis, " in done.out
        assert done.code == 1
        lacking = command("check", people.replace("people", "peple"), cwd=tmp_path)
        assert lacking.err.splitlines()[-1].endswith("there is no table 'shop.peple'; did you mean 'people'?")
        assert "Logger" not in lacking.err
        assert lacking.code == 3

    @pytest.mark.parametrize(
        ("address", "url"),
        [
            ("sc://spark:15002?table=t", "sc://spark:15002/"),
            ("sc://spark/?table=t", "sc://spark/"),
            ("sc://spark/;use_ssl=true?table=t", "sc://spark/;use_ssl=true"),
            (
                "sc://spark/;use_ssl=true?table=t&token=a%3Db&user_id=me",
                "sc://spark/;use_ssl=true;token=a%3Db;user_id=me",
            ),
        ],
    )
    def test_parameters_go_to_the_driver(self, address: str, url: str) -> None:
        assert location_of(Address(path=address)).path == url

    def test_an_address_that_is_none_is_told_without_its_token(self) -> None:
        with pytest.raises(ConfigurationError, match="no address of Spark Connect") as told:
            counted("sc://127.0.0.1:1/;token=a=hunter2?table=t")
        assert "hunter2" not in str(told.value)
        with pytest.raises(ConfigurationError, match="no address of Spark Connect"):
            counted("sc://127.0.0.1:port?table=t")


class TestLostServers:
    def test_nobody_listens(self) -> None:
        with pytest.raises(TransientError, match=r"sc://127.0.0.1:1\?table=t: .*Connection refused"), soon():
            counted("sc://127.0.0.1:1?table=t")

    def test_a_server_that_is_killed_in_the_middle_is_told(self, tmp_path: Path) -> None:
        with spark_server(tmp_path) as server, session_of(server.url) as session:
            killed: list[int] = []

            def kill(*, inflight_tasks: int, **_: object) -> None:
                if inflight_tasks and not killed:
                    os.kill(server.pid, signal.SIGKILL)
                    killed.append(server.pid)

            frame = session.sql(ENDLESS)
            session.registerProgressHandler(kill)
            before = session.client.get_retry_policies()
            with pytest.raises(TransientError, match=r"Spark does not answer: .*refused"), soon():
                counted(frame)
            assert killed
            assert session.client.get_retry_policies() == before
