"""What splitting a table in a database promises beyond the contract: types, order, doors, trouble."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import ibis
import polars as pl
import psycopg
import pyarrow as pa
import pytest
from attrs import define, evolve, frozen
from ibis.expr import types as ir

import veriport
from tests.cli import veriport as command
from tests.databases import Postgres
from veriport.adapters.clocks.system import SystemClock
from veriport.adapters.engines.composed.retried import RetriedEngine
from veriport.adapters.engines.ibis import IbisEngine
from veriport.adapters.engines.ibis.databases.opening import open_source
from veriport.adapters.engines.ibis.databases.tables_of_ibis import IbisRunner
from veriport.adapters.engines.ibis.dialects import DUCKDB, Dialect
from veriport.adapters.engines.ibis.sources import Runner
from veriport.adapters.engines.ibis.splits.arrow import Shape
from veriport.adapters.engines.ibis.tables import IbisTable
from veriport.adapters.folders.local import LocalFolder
from veriport.domain.datasets import Address, Handle
from veriport.domain.rules.reading import read_rules
from veriport.domain.splits import FAILING, VALID, SplitError
from veriport.ports.engines import ROW_COLUMN, RULES_COLUMN, Divided, Request
from veriport.ports.errors import DataError, TransientError

# ---- types


@frozen
class Told:
    """The two files of a split."""

    valid: pl.DataFrame
    failing: pl.DataFrame

    @property
    def rules(self) -> list[list[str]]:
        return self.failing[RULES_COLUMN].to_list()


def apart(data: object, rules: Sequence[Mapping[str, object]], folder: Path, **options: Any) -> Told:  # noqa: ANN401  # any option
    split = veriport.check(data, [*rules], **{"engine": "ibis", **options}).split(folder)
    return Told(pl.read_parquet(split.valid), pl.read_parquet(split.failing))


def made(postgresql_tables: Postgres, name: str, query: str) -> str:
    """The address of a table with the rows of a query."""
    postgresql_tables.connection.execute(f'CREATE TABLE "{postgresql_tables.schema}"."{name}" AS {query}')
    return str(postgresql_tables.address(name))


_DUCK: Mapping[str, tuple[str, pl.DataType, object]] = {
    "tiny": ("1::TINYINT", pl.Int8(), 1), "wide": ("2::UBIGINT", pl.UInt64(), 2),
    "huge": ("-3::HUGEINT", pl.Decimal(38, 0), -3), "single": ("0.5::FLOAT", pl.Float32(), 0.5),
    "exact": ("1.50::DECIMAL(9, 2)", pl.Decimal(9, 2), 1.5), "text": ("'é'", pl.String(), "é"),
    "kind": ("'a'::ENUM('a', 'b')", pl.String(), "a"), "yes": ("true", pl.Boolean(), True),
    "day": ("DATE '2024-01-31'", pl.Date(), dt.date(2024, 1, 31)),
    "time": ("TIME '12:00:00.5'", pl.Time(), dt.time(12, 0, 0, 500_000)),
    "milli": ("TIMESTAMP_MS '2024-01-31 12:00:00.5'", pl.Datetime("ms"), dt.datetime(2024, 1, 31, 12, 0, 0, 500_000)),
    "nano": ("TIMESTAMP_NS '2024-01-31 12:00:00.5'", pl.Datetime("ns"), dt.datetime(2024, 1, 31, 12, 0, 0, 500_000)),
    "zoned": ("TIMESTAMPTZ '2024-01-31 12:00:00+02'", pl.Datetime("us", "UTC"), dt.datetime(2024, 1, 31, 10, tzinfo=dt.UTC)),
    "span": ("INTERVAL 90 SECOND", pl.Duration("us"), dt.timedelta(seconds=90)),
    "bytes": ("'\\xFF'::BLOB", pl.Binary(), b"\xff"), "list": ("[1, NULL]", pl.List(pl.Int32), [1, None]),
    "struct": ("{'x': 1, 'y': ['a']}", pl.Struct({"x": pl.Int32, "y": pl.List(pl.String)}), {"x": 1, "y": ["a"]}),
    "uuid": ("'0d3c2b3e-4ce5-4b9b-9d0c-1f0f6f0b8f0a'::UUID", pl.String(), "0d3c2b3e-4ce5-4b9b-9d0c-1f0f6f0b8f0a"),
    "months": ("INTERVAL 13 MONTH", pl.String(), "1 year 1 month"),
    "clock": ("'12:00:00+02'::TIMETZ", pl.String(), "12:00:00+02"),
    "json": ("'{\"a\": 1}'::JSON", pl.String(), '{"a": 1}'),
}  # fmt: skip
_POSTGRES: Mapping[str, tuple[str, pl.DataType, object]] = {
    "small": ("1::smallint", pl.Int16(), 1), "exact": ("1.50::numeric(9, 2)", pl.Decimal(9, 2), 1.5),
    "loose": ("1.125::numeric", pl.Decimal(38, 3), 1.125), "single": ("0.5::real", pl.Float32(), 0.5),
    "text": ("'é'::varchar(9)", pl.String(), "é"), "fixed": ("'a'::char(3)", pl.String(), "a  "),
    "yes": ("true", pl.Boolean(), True), "day": ("DATE '2024-01-31'", pl.Date(), dt.date(2024, 1, 31)),
    "time": ("TIME '12:00:00.5'", pl.Time(), dt.time(12, 0, 0, 500_000)),
    "plain": ("TIMESTAMP '2024-01-31 12:00:00.5'", pl.Datetime("us"), dt.datetime(2024, 1, 31, 12, 0, 0, 500_000)),
    "milli": ("'2024-01-31 12:00:00.5'::timestamp(3)", pl.Datetime("ms"), dt.datetime(2024, 1, 31, 12, 0, 0, 500_000)),
    "zoned": ("TIMESTAMPTZ '2024-01-31 12:00:00+02'", pl.Datetime("us", "UTC"), dt.datetime(2024, 1, 31, 10, tzinfo=dt.UTC)),
    "span": ("INTERVAL '90 seconds'", pl.Duration("us"), dt.timedelta(seconds=90)),
    "bytes": ("'\\xff'::bytea", pl.Binary(), b"\xff"), "list": ("ARRAY[1, NULL]", pl.List(pl.Int32), [1, None]),
    "uuid": ("'0d3c2b3e-4ce5-4b9b-9d0c-1f0f6f0b8f0a'::uuid", pl.String(), "0d3c2b3e-4ce5-4b9b-9d0c-1f0f6f0b8f0a"),
    "json": ("'{\"a\": 1}'::jsonb", pl.String(), '{"a": 1}'), "place": ("'10.0.0.1'::inet", pl.String(), "10.0.0.1/32"),
    "months": ("INTERVAL '13 months'", pl.String(), "1 year 1 mon"), "schema": ("'public'::regnamespace", pl.String(), "public"),
    "clock": ("'12:00:00+02'::timetz", pl.String(), "12:00:00+02"),
    "money": ("'1.50'::money", pl.String(), "$1.50"),
}  # fmt: skip
_ONE = [{"column": "n", "type": "not_null"}]


def selected(columns: Mapping[str, tuple[str, pl.DataType, object]]) -> str:
    """A row of values."""
    values = ", ".join(f'{sql} AS "{name}"' for name, (sql, _, _) in columns.items())
    return f"SELECT 1 AS n, {values}"


class TestTypes:
    def test_of_duckdb(self, tmp_path: Path) -> None:
        with duckdb.connect(tmp_path / "types.db") as database:
            database.execute(f"CREATE TABLE t AS {selected(_DUCK)}")
            database.execute("INSERT INTO t (n) VALUES (NULL)")
        told = apart(f"duckdb://{tmp_path}/types.db?table=t", _ONE, tmp_path / "out")
        assert dict(told.valid.drop("n").schema) == {name: dtype for name, (_, dtype, _) in _DUCK.items()}
        assert told.valid.drop("n").row(0) == tuple(value for _, _, value in _DUCK.values())
        assert set(told.failing.drop(RULES_COLUMN).row(0)) == {None}

    @pytest.mark.server
    def test_of_postgresql(self, postgresql_tables: Postgres, tmp_path: Path) -> None:
        address = made(postgresql_tables, "types", selected(_POSTGRES))
        postgresql_tables.connection.execute(
            f'INSERT INTO "{postgresql_tables.schema}".types (n) VALUES (NULL)'  # noqa: S608  # names of ours
        )
        told = apart(address, _ONE, tmp_path)
        assert dict(told.valid.drop("n").schema) == {name: dtype for name, (_, dtype, _) in _POSTGRES.items()}
        assert told.valid.drop("n").row(0) == tuple(value for _, _, value in _POSTGRES.values())
        assert set(told.failing.drop(RULES_COLUMN).row(0)) == {None}

    @pytest.mark.server
    @pytest.mark.parametrize(
        ("value", "message"),
        [
            ("repeat('9', 40)::numeric", "column 'v' does not fit"),
            ("'NaN'::numeric", "column 'v' does not fit"),
            ("'infinity'::date", "date too large"),
            ("ARRAY[ARRAY[1]]", "column 'v' does not fit"),
        ],
    )
    def test_what_no_file_can_hold_is_an_error(
        self, postgresql_tables: Postgres, value: str, message: str, tmp_path: Path
    ) -> None:
        address = made(postgresql_tables, f"odd {value}", f"SELECT 1 AS n, {value} AS v")
        with pytest.raises(DataError, match=message):
            apart(address, _ONE, tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_what_a_column_of_sqlite_should_not_hold_is_an_error(self, tmp_path: Path) -> None:
        with sqlite3.connect(tmp_path / "a.db") as database:
            database.execute("CREATE TABLE t (n INTEGER, day DATE)")
            database.execute("INSERT INTO t VALUES (1, '2024-01-31'), (2, 'soon')")
        database.close()
        with pytest.raises(DataError, match=r"column 'day' does not fit date32.*soon"):
            apart(f"sqlite:///{tmp_path}/a.db?table=t", _ONE, tmp_path / "out")


# ---- order and size


@pytest.fixture
def numbers(tmp_path: Path) -> str:
    """Rows of which the first column is their order, and the second falls twice."""
    with duckdb.connect(tmp_path / "numbers.db") as database:
        database.execute(
            "CREATE TABLE t AS SELECT * FROM (VALUES (3, 1), (1, 5), (2, NULL), (0, 7)) AS v(n, a)"
        )
    return f"duckdb://{tmp_path}/numbers.db?table=t"


class TestOrder:
    RULE: Mapping[str, object] = {"column": "a", "type": "monotonic", "nulls": "fail"}

    def test_named_columns_give_rows_numbers(self, numbers: str, tmp_path: Path) -> None:
        told = apart(numbers, [{**self.RULE}], tmp_path / "out", engine=IbisEngine(order_by=["n"]))
        assert told.failing.rows() == [
            (1, 5, 1, ["a.monotonic"]),
            (2, None, 2, ["a.monotonic"]),
            (3, 1, 3, ["a.monotonic"]),
        ]
        assert told.valid.rows() == [(0, 7)]

    def test_and_say_which_are_the_first(self, numbers: str, tmp_path: Path) -> None:
        checkpoint = veriport.Checkpoint(
            "x", numbers, [{**self.RULE}], where="n > 0", sample_size=3, engine=IbisEngine(order_by=["n"])
        )
        result = checkpoint.run().check
        assert result is not None
        split = result.split(tmp_path / "out")
        assert pl.read_parquet(split.valid).rows() == [(1, 5)]
        assert pl.read_parquet(split.failing)[ROW_COLUMN].to_list() == [2]

    def test_without_order_a_rule_about_it_lets_no_row_pass(self, numbers: str, tmp_path: Path) -> None:
        with pytest.raises(SplitError, match=r"cannot be split: a\.monotonic: .*name a column with order_by"):
            apart(numbers, [{**self.RULE}], tmp_path / "out")

    @pytest.mark.parametrize("many", [63, 64, 130])
    def test_many_rules_are_told_apart(self, many: int, tmp_path: Path) -> None:
        rules = [
            {"type": "expression", "expression": f"a % {n} > 0", "id": str(n)} for n in range(1, many + 1)
        ]
        told = apart(pl.DataFrame({"a": range(1, 200)}), rules, tmp_path)
        found = dict(told.failing.select("a", RULES_COLUMN).iter_rows())
        assert found == {a: [str(n) for n in range(1, many + 1) if a % n == 0] for a in range(1, 200)}

    def test_more_rows_than_a_batch_and_a_group_hold(self, tmp_path: Path) -> None:
        with duckdb.connect(tmp_path / "many.db") as database:
            database.execute(
                "CREATE TABLE t AS SELECT i AS a, 'x' || (i // 2 * 2) AS b FROM range(600_001) AS r(i)"
            )
        rules = [{"column": "b", "type": "unique"}, {"column": "b", "type": "format", "format": "json"}]
        told = apart(
            f"duckdb://{tmp_path}/many.db?table=t",
            [rules[0], {**rules[1], "where": "a < 20000"}],
            tmp_path / "out",
        )
        assert told.valid["a"].to_list() == [600_000]
        assert sorted(told.failing["a"]) == list(range(600_000))
        assert sum("b.format" in each for each in told.rules) == 20_000


# ---- where rows come from


FAMILY = "SELECT * FROM (VALUES (1, NULL), (2, 1), (3, 9), (NULL, 2)) AS v(id, parent)"


class TestDoors:
    def test_a_table_may_refer_to_itself(self, tmp_path: Path) -> None:
        with duckdb.connect(tmp_path / "a.db") as database:
            database.execute(f"CREATE TABLE t AS {FAMILY}")
        address = f"duckdb://{tmp_path}/a.db?table=t"
        rule = {
            "column": "parent",
            "type": "referential_integrity",
            "reference": address,
            "reference_columns": ["id"],
        }
        told = apart(
            address, [{**rule, "nulls": "fail"}, {"column": "id", "type": "unique"}], tmp_path / "out"
        )
        assert sorted(told.failing["id"]) == [1, 3]
        told = apart(address, [rule], tmp_path / "again", where="id > 1 OR id IS NULL")
        assert told.failing["id"].to_list() == [3]

    @pytest.mark.parametrize("kind", ["relation", "connection", "table", "memtable", "sqlite"])
    def test_what_a_caller_holds_can_be_split(self, kind: str, tmp_path: Path) -> None:
        connection = duckdb.connect()
        connection.execute(f"CREATE TABLE t AS {FAMILY}")
        lent = ibis.duckdb.from_connection(connection)
        other = ibis.sqlite.connect(tmp_path / "a.db")
        other.con.execute("CREATE TABLE t (id BIGINT, parent BIGINT)")
        other.con.execute(f"INSERT INTO t {FAMILY.replace(' AS v(id, parent)', '')}")
        held: Mapping[str, object] = {
            "relation": connection.table("t"),
            "connection": connection,
            "table": lent.table("t").filter(ibis._.id.isnull() | (ibis._.id < 9)),
            "memtable": ibis.memtable(pl.DataFrame({"id": [1, 2, 3, None], "parent": [None, 1, 9, 2]})),
            "sqlite": other.table("t"),
        }
        told = apart(
            held[kind],
            [{"column": "id", "type": "not_null"}, {"column": "parent", "type": "unique"}],
            tmp_path / "out",
        )
        assert sorted(told.valid["id"]) == [1, 2, 3]
        assert told.failing.select("parent", ROW_COLUMN, RULES_COLUMN).rows() == [(2, None, ["id.not_null"])]
        other.disconnect()
        connection.close()

    def test_a_frame_of_the_caller_stays_as_it_is(self, tmp_path: Path) -> None:
        frame = pl.DataFrame({"n": [1, None]})
        apart(frame, _ONE, tmp_path)
        assert frame.columns == ["n"]

    def test_a_database_without_a_way_of_its_own_gives_its_rows_by_ibis(self, tmp_path: Path) -> None:
        lent = ibis.duckdb.connect()
        lent.con.execute(f"CREATE TABLE t AS {FAMILY}")
        with open_source(Handle(lent.table("t")), None) as source:
            table = IbisTable(evolve(source, runner=IbisRunner(lent, DUCKDB)))
            divided = table.split(Request(), str(tmp_path / "valid"), str(tmp_path / "failing"))
        assert divided == Divided(valid=4, failing=0)
        assert pl.read_parquet(tmp_path / "valid").rows() == [(1, None), (2, 1), (3, 9), (None, 2)]

    @pytest.mark.server
    @pytest.mark.parametrize("own", [True, False])
    def test_a_connection_to_postgresql_is_given_back(
        self, postgresql_tables: Postgres, own: bool, tmp_path: Path
    ) -> None:
        made(postgresql_tables, f"lent {own}", FAMILY)
        with psycopg.connect(postgresql_tables.url, autocommit=own) as connection:
            table = ibis.postgres.from_connection(connection).table(
                f"lent {own}", database=postgresql_tables.schema
            )
            told = apart(table, [{"column": "id", "type": "not_null"}], tmp_path)
            assert told.rules == [["id.not_null"]]
            assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE

    def test_a_wrapper_splits_as_its_engine_does(self, numbers: str, tmp_path: Path) -> None:
        told = apart(
            numbers,
            [{"column": "a", "type": "not_null"}],
            tmp_path / "out",
            engine=RetriedEngine(IbisEngine(), clock=SystemClock()),
        )
        assert told.rules == [["a.not_null"]]

    def test_from_the_command_line(self, numbers: str, tmp_path: Path) -> None:
        done = command(
            "check", numbers, "--rule", "{column: a, type: not_null}", "--quarantine", "out", cwd=tmp_path
        )
        assert done.code == 1
        assert done.err == "veriport: wrote 3 rows to out/valid.parquet and 1 row to out/failing.parquet\n"

    @pytest.mark.server
    def test_from_the_command_line_of_postgresql(self, postgresql_tables: Postgres, tmp_path: Path) -> None:
        address = made(postgresql_tables, "commanded", FAMILY)
        done = command(
            "check", address, "--rule", "{column: id, type: not_null}", "--quarantine", "out", cwd=tmp_path
        )
        assert done.err == "veriport: wrote 3 rows to out/valid.parquet and 1 row to out/failing.parquet\n"


# ---- trouble


def torn(address: Address, folder: Path, engine: IbisEngine | None = None) -> None:
    """Split without a check before, which would have met the trouble."""
    with (
        LocalFolder().place(str(folder), (FAILING, VALID)) as (failing, valid),
        (engine or IbisEngine()).open(address) as table,
    ):
        table.split(Request(), valid, failing)


class TestTrouble:
    @pytest.mark.server
    def test_a_connection_that_is_lost_half_way_leaves_nothing(
        self, postgresql_tables: Postgres, tmp_path: Path
    ) -> None:
        made(postgresql_tables, "torn", "SELECT * FROM generate_series(1, 50000) AS n")
        ends = "SELECT n, CASE WHEN n = 25000 THEN pg_terminate_backend(pg_backend_pid()) END AS x FROM self"
        with pytest.raises(TransientError, match="terminating connection"):
            torn(Address(path=postgresql_tables.address("torn"), sql=ends), tmp_path)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.server
    def test_a_row_that_cannot_be_made_half_way_leaves_nothing(
        self, postgresql_tables: Postgres, tmp_path: Path
    ) -> None:
        made(postgresql_tables, "odd", "SELECT * FROM generate_series(1, 50000) AS n")
        with pytest.raises(DataError, match="division by zero"):
            torn(
                Address(path=postgresql_tables.address("odd"), sql="SELECT 1 / (n - 25000) AS x FROM self"),
                tmp_path,
            )
        assert list(tmp_path.iterdir()) == []

    def test_nor_does_one_of_duckdb(self, numbers: str, tmp_path: Path) -> None:
        odd = "SELECT CASE WHEN n = 400000 THEN 'x' ELSE '1' END::INTEGER AS x FROM range(500000) AS r(n)"
        told = "Could not convert string 'x'|does not say why"  # it is the last that DuckDB may say, too
        with pytest.raises((DataError, TransientError), match=told):
            torn(Address(path=numbers, sql=odd), tmp_path / "out")
        assert list((tmp_path / "out").iterdir()) == []

    @pytest.mark.parametrize("kind", ["duckdb", "sqlite"])
    def test_a_query_that_takes_too_long_may_be_tried_again(
        self, kind: str, numbers: str, tmp_path: Path
    ) -> None:
        sqlite3.connect(tmp_path / "a.db").execute("CREATE TABLE t (n)").connection.close()
        slow = {
            "duckdb": Address(
                path=numbers, sql="SELECT count(*) AS n FROM range(10000000) AS a, range(10000000) AS b"
            ),
            "sqlite": Address(
                path=f"sqlite:///{tmp_path}/a.db?table=t",
                sql="WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c) SELECT count(*) AS n FROM c",
            ),
        }
        with pytest.raises(TransientError, match=r"took more than 0\.2 seconds"):
            torn(slow[kind], tmp_path / "out", IbisEngine(timeout_seconds=0.2))

    def test_it_can_be_stopped(self, numbers: str, tmp_path: Path) -> None:
        endless = Address(
            path=numbers, sql="SELECT a.range AS n FROM range(10000000) AS a, range(10000000) AS b"
        )
        with IbisEngine().open(endless) as table, ThreadPoolExecutor(1) as threads:
            splitting = threads.submit(
                table.split, Request(), str(tmp_path / "valid"), str(tmp_path / "failing")
            )
            while not splitting.done():
                table.cancel()
            with pytest.raises(TransientError, match="it was stopped"):
                splitting.result()

    def test_a_full_disk_may_be_tried_again(self) -> None:
        data = Handle(pl.DataFrame({"a": range(100_000)}))
        with IbisEngine().open(data) as table, pytest.raises(TransientError, match="No space left on device"):
            table.split(Request(), "/dev/full", "/dev/full")

    def test_a_table_that_has_changed_is_refused(self, tmp_path: Path) -> None:
        with sqlite3.connect(tmp_path / "a.db") as database:
            database.execute("CREATE TABLE t AS SELECT 1 AS n UNION ALL SELECT NULL")
        result = veriport.check(f"sqlite:///{tmp_path}/a.db?table=t", _ONE)
        with database:
            database.execute("INSERT INTO t VALUES (2)")
        database.close()
        with pytest.raises(SplitError, match="there are 3 rows and were 2 when it was checked"):
            result.split(tmp_path / "out")
        assert list((tmp_path / "out").iterdir()) == []

    @pytest.mark.server
    def test_postgresql_shows_one_state_of_a_table(self, postgresql_tables: Postgres, tmp_path: Path) -> None:
        address = Address(
            path=made(
                postgresql_tables, "steady", "SELECT (n % 3)::float8 AS x FROM generate_series(1, 99) AS n"
            )
        )
        rules = read_rules([{"column": "x", "type": "z_score", "threshold": 3}]).unwrap()
        with open_source(address, None) as source:
            meddled = Meddled(
                source.runner,
                postgresql_tables.connection,
                f'INSERT INTO "{postgresql_tables.schema}".steady VALUES (1000)',  # noqa: S608  # names of ours
            )
            table = IbisTable(evolve(source, runner=meddled))
            divided = table.split(Request(rules=rules), str(tmp_path / "valid"), str(tmp_path / "failing"))
        assert divided == Divided(valid=99, failing=0, broken=(0,))
        assert meddled.times > 1


@define
class Meddled:
    """A runner before each of whose queries but the first somebody else changes the table."""

    runner: Runner
    other: Any
    change: str
    times: int = 0

    @property
    def dialect(self) -> Dialect:
        return self.runner.dialect

    def rows(self, query: ir.Table) -> list[tuple[object, ...]]:
        self._meddle()
        return self.runner.rows(query)

    def batches(self, query: ir.Table, shape: Shape) -> Iterator[pa.RecordBatch]:
        self._meddle()
        return self.runner.batches(query, shape)

    def cancel(self) -> None:
        self.runner.cancel()

    def _meddle(self) -> None:
        if self.times:
            self.other.execute(self.change)
        self.times += 1
