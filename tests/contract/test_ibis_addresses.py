"""What an address of a database names, and what is said when it cannot be read; no password is ever said."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb
import ibis
import polars as pl
import psycopg
import pytest

import veriport
from tests.cli import veriport as command
from tests.databases import Postgres, SQLite
from tests.servers.postgres import PASSWORD, USER
from veriport.adapters.engines.ibis import IbisEngine
from veriport.adapters.engines.ibis.databases.addresses import names_in
from veriport.adapters.engines.ibis.dialects import POSTGRES
from veriport.domain.datasets import Address, Handle
from veriport.domain.errors import ConfigurationError
from veriport.domain.rules.reading import read_rules
from veriport.ports.engines import Request
from veriport.ports.errors import DataError, TransientError

FRAME = pl.DataFrame({"id": [1, 2, 3, 4], "name": ["Ann", None, "bob", "Zoë"]})
NOT_NULL = {"column": "name", "type": "not_null"}


@pytest.fixture
def duckdb_file(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA sales")
        connection.execute(
            "CREATE TABLE sales.people AS SELECT * FROM (VALUES (1, 'Ann'), (2, NULL)) t(id, name)"
        )
        connection.execute("CREATE TABLE kinds AS SELECT unnest(['z', 'a'])::ENUM ('z', 'a') AS kind")
    return path


def until(holds: Callable[[], bool]) -> None:
    """Wait for somebody else, but not for ever."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end


def counted(data: object, rule: object = NOT_NULL, **options: object) -> tuple[int, int]:
    (result,) = veriport.check(data, [rule], **options).rules  # type: ignore[arg-type]  # options of check
    return result.checked_count, result.failed_count


@pytest.mark.parametrize(
    ("written", "names"),
    [("t", ("t",)), ("a.t", ("a", "t")), ('"a.b"."t ""x"""', ("a.b", 't "x"')), ('a."B"', ("a", "B"))],
)
def test_a_table_is_named_with_what_it_stands_in(written: str, names: tuple[str, ...]) -> None:
    assert names_in(written) == names


class TestDuckDB:
    def test_a_table_of_a_file(self, duckdb_file: Path) -> None:
        assert counted(f"duckdb://{duckdb_file}?table=sales.people") == (2, 1)

    def test_a_query_may_name_the_table_self(self, duckdb_file: Path) -> None:
        address = {
            "path": f"duckdb://{duckdb_file}?table=sales.people",
            "sql": "SELECT * FROM self WHERE id = 2",
        }
        assert counted(address) == (1, 1)

    def test_a_query_needs_no_table(self, duckdb_file: Path) -> None:
        assert counted({"path": f"duckdb://{duckdb_file}", "sql": "SELECT name FROM sales.people;"}) == (2, 1)

    def test_an_enum_is_in_the_order_of_its_texts(self, duckdb_file: Path) -> None:
        rule = {"column": "kind", "type": "in_range", "max": "b"}
        assert counted(f"duckdb://{duckdb_file}?table=kinds", rule) == (2, 1)

    def test_a_reference_in_the_same_file(self, duckdb_file: Path) -> None:
        address = f"duckdb://{duckdb_file}?table=sales.people"
        rule = {"column": "name", "type": "referential_integrity", "reference": address}
        assert counted(address, rule) == (1, 0)

    def test_relations_and_connections(self) -> None:
        with duckdb.connect() as connection:
            connection.execute("CREATE TABLE people AS SELECT NULL AS name")
            relation = connection.sql("SELECT name FROM people")
            assert counted(relation, engine="ibis") == (1, 1)
            assert counted(connection) == (1, 1)
            connection.execute("CREATE TABLE others (x int)")
            with pytest.raises(ConfigurationError, match="2 tables"):
                counted(connection)

    def test_parquet_and_csv(self, tmp_path: Path) -> None:
        FRAME.write_parquet(tmp_path / "a.parquet")
        FRAME.write_csv(tmp_path / "a.csv")
        assert counted(tmp_path / "a.parquet", engine="ibis") == (4, 1)
        assert counted(tmp_path / "a.csv", engine="ibis") == (4, 1)

    def test_pandas_and_arrow(self) -> None:
        assert counted(FRAME.to_pandas(), engine="ibis") == (4, 1)
        assert counted(FRAME.to_arrow(), engine="ibis") == (4, 1)

    def test_a_query_that_takes_too_long_is_stopped(self, tmp_path: Path) -> None:
        slow = "SELECT count(*) AS name FROM range(100000000) a, range(100000000) b"
        path = tmp_path / "empty.db"
        duckdb.connect(str(path)).close()
        engine = IbisEngine(timeout_seconds=0.3)
        with pytest.raises(TransientError, match=r"more than 0\.3 seconds"):
            counted({"path": f"duckdb://{path}", "sql": slow}, engine=engine)

    def test_a_relation_that_nobody_can_stop_says_so(self) -> None:
        with duckdb.connect() as connection:
            relation = connection.sql("SELECT NULL AS name")
            result = veriport.check(relation, [NOT_NULL], engine=IbisEngine(timeout_seconds=5))
            assert result.rules[0].failed_count == 1
            (note,) = result.notes
            assert note.startswith("timeout_seconds has no effect: nothing stops a query of a relation")
            assert not veriport.check(relation, [NOT_NULL], engine=IbisEngine()).notes

    def test_what_is_not_there_is_told(self, duckdb_file: Path) -> None:
        with pytest.raises(DataError, match=r"no table 'sales\.peple'; did you mean 'people'\?"):
            counted(f"duckdb://{duckdb_file}?table=sales.peple")
        with pytest.raises(DataError, match=r"nowhere\.db\?table=t: there is no such file"):
            counted("duckdb:///nowhere.db?table=t")
        with pytest.raises(ConfigurationError, match="names no table"):
            counted(f"duckdb://{duckdb_file}")


@pytest.mark.parametrize(
    "option", [{"separator": ";"}, {"schema": {"id": "string"}}, {"null_values": ["1"]}, {"format": "csv"}]
)
def test_options_of_files_are_refused(duckdb_file: Path, option: Mapping[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=f"'{next(iter(option))}' says how files are read"):
        counted({"path": f"duckdb://{duckdb_file}?table=sales.people", **option})


class TestSQLite:
    def test_a_table_of_a_file(self, tmp_path: Path) -> None:
        assert counted(SQLite(tmp_path / "a.db").written(FRAME)) == (4, 1)

    def test_a_file_of_another_kind_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "a.db").write_text("a,b\n1,2\n" * 9)
        with pytest.raises(DataError, match="no SQLite database"):
            counted(f"sqlite://{tmp_path}/a.db?table=t")

    def test_times_are_read_as_they_are_written(self, tmp_path: Path) -> None:
        with sqlite3.connect(tmp_path / "a.db") as connection:
            connection.execute("CREATE TABLE t (x TIMESTAMP)")
            texts = ["2024-01-01", "2024-01-01T00:00", "2024-01-01 00:00:00.000", "2024-01-01 00:00:01"]
            connection.executemany("INSERT INTO t VALUES (?)", [(text,) for text in texts])
        connection.close()
        rule = {"column": "x", "type": "in_set", "values": ["2024-01-01"]}
        assert counted(f"sqlite:///{tmp_path}/a.db?table=t", rule) == (4, 1)


@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # Ibis calls it
def test_tables_of_ibis() -> None:
    connection = ibis.duckdb.connect()
    table = connection.create_view("people", connection.sql("SELECT 1 AS id, NULL::text AS name"))
    assert counted(table) == (1, 1)
    assert counted(table.filter(table.id > 1)) == (0, 0)
    with pytest.raises(ConfigurationError, match="as_table"):
        counted(table.count())


def test_an_order_numbers_rows_and_lets_an_order_be_checked(tmp_path: Path) -> None:
    address = SQLite(tmp_path / "a.db").written(pl.DataFrame({"at": [3, 1, 2], "x": [5, 9, 1]}))
    engine = IbisEngine(order_by="at")
    result = veriport.check(address, [{"column": "x", "type": "monotonic"}], engine=engine)
    (rule,) = result.rules
    assert [(sample.row, sample.values["x"]) for sample in rule.samples] == [(1, 1)]


@pytest.mark.server
class TestPostgreSQL:
    def test_the_command_line_chooses_the_engine(self, postgresql_tables: Postgres, tmp_path: Path) -> None:
        address = postgresql_tables.written(FRAME)
        done = command("check", address, "--rule", "{column: name, type: not_null}", cwd=tmp_path)
        assert "(ibis, " in done.out
        assert done.code == 1

    def test_a_query(self, postgresql_tables: Postgres) -> None:
        address = {"path": postgresql_tables.written(FRAME), "sql": "SELECT * FROM self WHERE id > 1"}
        assert counted(address) == (3, 1)

    def test_a_table_that_is_not_there_is_named(self, postgresql_tables: Postgres) -> None:
        with pytest.raises(DataError, match=r"there is no table '.*\.nothing'"):
            counted(postgresql_tables.address("nothing"))

    def test_no_permission_names_the_table(self, postgresql_tables: Postgres) -> None:
        address = postgresql_tables.written(FRAME)
        place = address.partition("@")[2]
        quoted = "open%20sesame%20%2540%20%C3%BC%27"
        with pytest.raises(DataError, match=r"permission denied.*table \d") as told:
            counted(f"postgresql://{USER}:{quoted}@{place}")
        assert PASSWORD not in str(told.value)

    def test_a_wrong_password_is_lasting_and_not_told(self, postgresql_tables: Postgres) -> None:
        place = postgresql_tables.address("t").partition("@")[2]
        with pytest.raises(DataError, match="authentication failed") as told:
            counted(f"postgresql://{USER}:hunter2@{place}")
        assert "hunter2" not in str(told.value)

    def test_case_counts_in_a_text_in_which_it_does_not(self, postgresql_tables: Postgres) -> None:
        postgresql_tables.connection.execute("CREATE EXTENSION IF NOT EXISTS citext")
        address = postgresql_tables.written(pl.DataFrame({"e": ["a@x.org", "A@X.ORG"]}))
        table = address.partition("?table=")[2]
        postgresql_tables.connection.execute(f"ALTER TABLE {table} ALTER COLUMN e TYPE citext")
        rules: list[dict[str, object]] = [
            {"column": "e", "type": "in_set", "values": ["a@x.org"]},
            {"column": "e", "type": "regex", "pattern": "^[a-z@.]+$"},
            {"column": "e", "type": "like", "pattern": "a%"},
            {"type": "expression", "expression": "regexp_like(e, '^[a-z@.]+$')"},
            {"column": "e", "type": "unique"},
        ]
        result = veriport.check(address, rules)
        assert [each.failed_count for each in result.rules] == [1, 1, 1, 1, 0]

    def test_a_server_that_is_down_may_come_back(self) -> None:
        with pytest.raises(TransientError, match="refused") as told:
            counted("postgresql://me:hunter2@127.0.0.1:1/db?table=t")
        assert "hunter2" not in str(told.value)

    def test_a_query_that_takes_too_long_is_stopped_on_the_server(self, postgresql_tables: Postgres) -> None:
        address = {"path": postgresql_tables.written(FRAME), "sql": "SELECT name, pg_sleep(9) FROM self"}
        with pytest.raises(TransientError, match=r"more than 0\.2 seconds"):
            counted(address, engine=IbisEngine(timeout_seconds=0.2))
        assert not self._sleep(postgresql_tables, 9)

    def test_so_is_that_of_a_table_of_ibis(self, postgresql_tables: Postgres) -> None:
        postgresql_tables.written(FRAME)
        with psycopg.connect(postgresql_tables.url) as connection:
            backend = ibis.postgres.from_connection(connection)
            slow = backend.sql(
                "SELECT 1 AS name, pg_sleep(8)::text AS s", schema={"name": "int32", "s": "string"}
            )
            engine = IbisEngine(timeout_seconds=0.2)
            rule = {"column": "s", "type": "not_null"}
            with pytest.raises(TransientError, match=r"more than 0\.2 seconds"):
                counted(slow, rule, engine=engine)
            assert not self._sleep(postgresql_tables, 8)
            assert counted(backend.sql("SELECT 1 AS name", schema={"name": "int32"}), engine=engine) == (1, 0)

    @staticmethod
    def _sleep(tables: Postgres, seconds: int) -> int:
        """How many queries sleep so long on the server."""
        still = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE %s AND state = 'active'"
        with psycopg.connect(tables.url) as connection:
            asked = connection.execute(f"{still} AND pid <> pg_backend_pid()", [f"%pg_sleep({seconds})%"])
            ((found,),) = asked.fetchall()
        return int(found)

    def test_the_query_of_a_program_that_is_killed_ends_on_the_server(
        self, postgresql_tables: Postgres, tmp_path: Path
    ) -> None:
        sql = "SELECT name, pg_sleep(97) FROM self"
        script = "import sys, veriport; veriport.check({'path': sys.argv[1], 'sql': sys.argv[2]}, [{'column': 'name', 'type': 'not_null'}])"
        address = postgresql_tables.written(FRAME)
        running = subprocess.Popen([sys.executable, "-c", script, address, sql], cwd=tmp_path)
        asked = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(97)%' AND state = 'active' AND pid <> pg_backend_pid()"
        with psycopg.connect(postgresql_tables.url, autocommit=True) as connection:
            until(lambda: connection.execute(asked).fetchone() == (1,))
            running.kill()
            running.wait()
            until(lambda: connection.execute(asked).fetchone() == (0,))

    def test_a_value_for_which_python_has_none_is_judged(self, postgresql_tables: Postgres) -> None:
        address = {
            "path": postgresql_tables.written(FRAME),
            "sql": "SELECT id, CASE id WHEN 1 THEN 'infinity'::date ELSE '2024-01-31' END AS day FROM self",
        }
        rules = [
            {"column": "id", "type": "not_null"},
            {"column": "day", "type": "aggregate", "of": "max", "max": "2025-01-01"},
        ]
        first, second = veriport.check(address, rules).rules
        assert (first.status.value, second.status.value) == ("passed", "failed")
        assert second.observed == "infinity"

    @pytest.mark.parametrize(
        ("server", "why"),
        [
            ("guest:S3cr3t%ZZ@127.0.0.1:1/db?table=t", "a % in an address is written as %25"),
            ("guest:S3cr3t@PW/x@127.0.0.1:1/db?table=t", "an @ in a name or a password is written as %40"),
            ("guest:S3cr3t@127.0.0.1:1/db?table=t&foo=PW", "it has no parameter 'foo'"),
            ("guest:S3cr3t@[127.0.0.1:1/db?table=PW", "it is no address of PostgreSQL"),
            ("guest:S3cr3t@127.0.0.1:1/db?table=PW&table=b", "names 2 tables: name one"),
            ("guest:S3cr3t@127.0.0.1:1/db?tabel=PW", "names no table: add ?table=name, or sql; did you mean 'table'?"),
        ],
    )  # fmt: skip
    def test_a_wrong_address_is_refused_and_not_quoted(self, server: str, why: str) -> None:
        with pytest.raises(ConfigurationError, match=re.escape(why)) as told:
            counted(f"postgresql://{server}")
        assert "S3cr3t" not in str(told.value)
        assert "PW" not in str(told.value).replace("=PW", "")

    def test_a_query_may_end_with_a_comment_and_must_name_columns_once(
        self, postgresql_tables: Postgres
    ) -> None:
        path = postgresql_tables.written(FRAME)
        assert counted({"path": path, "sql": "SELECT * FROM self -- all of it"}) == (4, 1)
        with pytest.raises(DataError, match="there are two columns 'name'"):
            counted({"path": path, "sql": "SELECT name, name FROM self"})

    def test_an_order_by_a_column_that_is_not_there_is_refused(self, postgresql_tables: Postgres) -> None:
        with pytest.raises(DataError, match="there is no column 'idd' to order by; did you mean 'id'"):
            counted(postgresql_tables.written(FRAME), engine=IbisEngine(order_by=["idd"]))

    @pytest.mark.parametrize("wrong", ["soon", 0, -1, float("nan"), True])
    def test_a_limit_that_is_no_time_is_refused(self, wrong: object) -> None:
        with pytest.raises(ConfigurationError, match="timeout_seconds must be a number of seconds"):
            IbisEngine(timeout_seconds=wrong)  # type: ignore[arg-type]

    def test_a_lost_connection_may_come_back(self, postgresql_tables: Postgres) -> None:
        rules = read_rules([NOT_NULL]).unwrap()
        with IbisEngine().open(Address(path=postgresql_tables.written(FRAME))) as table:
            stop = (
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'veriport'"
            )
            postgresql_tables.connection.execute(stop)
            with pytest.raises(TransientError):
                table.measure(Request(rules=rules))


def test_texts_are_in_the_order_of_code_points_whatever_the_server_thinks() -> None:
    table = ibis.table({"name": "string"}, name="people")
    highest = POSTGRES.collated(table.name).max()
    assert 'MAX(("t0"."name" COLLATE "C"))' in POSTGRES.sql(table.aggregate(highest=highest))


def test_nothing_is_read_whole() -> None:
    """A table of a million rows is counted, and a sample shown, in a moment."""
    with duckdb.connect() as connection:
        table = connection.sql("SELECT range AS id, nullif(range % 1000, 7) AS name FROM range(1000000)")
        result = IbisEngine().open(Handle(table))
        with result as opened:
            measured = opened.measure(Request(rules=read_rules([NOT_NULL]).unwrap(), samples=2))
    (outcome,) = measured.outcomes
    assert (measured.row_count, len(getattr(outcome, "samples", ()))) == (1_000_000, 2)
