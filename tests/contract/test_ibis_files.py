"""A file has the same rows, columns and errors for the Ibis engine as for the Polars engine."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import veriport
from veriport.domain.errors import ConfigurationError
from veriport.domain.results import RuleStatus
from veriport.ports.errors import DataError


def told(data: object, engine: str, *rules: object) -> Any:  # noqa: ANN401  # two kinds of answer
    """What an engine makes of data: columns, counts and failing values, or what it raises."""
    try:
        result = veriport.check(data, list(rules) or None, engine=engine, samples=100)
    except (ConfigurationError, DataError) as error:
        return type(error), str(error)
    outcomes = [
        (each.status, each.checked_count, each.failed_count, [dict(sample.values) for sample in each.samples])
        for each in result.rules
    ]
    return result.row_count, result.columns, outcomes


def assert_same(data: object, *rules: object) -> Any:  # noqa: ANN401  # two kinds of answer
    """Both engines make the same of data."""
    expected = told(data, "polars", *rules)
    assert told(data, "ibis", *rules) == expected
    return expected


CSV = {
    "a row with too many fields": "a,b\n1,2\n3,4,5\n",
    "a quote that is not closed": 'a,b\n1,"2\n3,4\n',
    "a row that begins with #": "a,b\n#2,b\n1,c\n",
    "an empty line": "a,b\n1,2\n\n3,4\n",
    "an empty text": 'a,b\n"",1\n,2\n',
    "a hexadecimal number": "a\n0x1F\n",
    "a blank before a number": "a\n 2\n",
    "letters for truths": "a\nt\nf\n",
    "a day in another order": "a\n31/01/2024\n",
    "blanks in the header": " a ,b\n1,2\n",
    "names that differ in case": "a,A\n1,x\n",
    "two columns of one name": "a,a\n1,2\n",
    "nothing but nulls": "a,b\n,1\n,2\n",
    "an instant": "a\n2024-01-31T10:00:00+01:00\n",
    "no rows": "a,b\n",
    "nothing at all": "",
}


@pytest.mark.parametrize("what", CSV)
def test_a_csv_file_has_the_same_rows_and_columns(tmp_path: Path, what: str) -> None:
    (tmp_path / "a.csv").write_text(CSV[what])
    assert_same(str(tmp_path / "a.csv"))


TEXTS = [
    "1", "2.5", "x", " 2", "1_0", "0x1F", "", '""', "1.", "+1", ".5", "1e5", "inf", "-Infinity", "NaN", "-nan",
    "007", "1e400", "+.5e-3", "Inf", "1\t", "1e", ".", "-", "9007199254740993", "0.1", "１",
]  # fmt: skip


@pytest.mark.parametrize(
    "rule",
    [
        {"column": "a", "type": "in_range", "min": 1},
        {"column": "a", "type": "in_range", "max": 2.5},
        {"column": "a", "type": "in_range", "min": "1"},
        {"column": "a", "type": "not_in_range", "min": 1, "max": 3},
        {"column": "a", "type": "in_set", "values": [1, 0.1, 7]},
        {"column": "a", "type": "in_set", "values": ["1", "x"]},
        {"column": "a", "type": "not_in_set", "values": [1, 9007199254740993]},
        {"columns": ["a", "b"], "type": "pair_in_set", "values": [[1, 0], [2.5, 1], [2, 3]]},
        {"column": "a", "type": "in_range", "min": 1, "nulls": "fail"},
    ],
)
def test_texts_without_a_type_are_read_as_the_same_numbers(tmp_path: Path, rule: object) -> None:
    rows = "".join(f"{text},{number}\n" for number, text in enumerate(TEXTS))
    (tmp_path / "a.csv").write_text(f"a,b\n{rows}")
    _, _, ((status, *_),) = assert_same(str(tmp_path / "a.csv"), rule)
    assert status is RuleStatus.FAILED


def test_what_an_address_says_of_a_csv_file_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("a;b\nJörg;1\nn/a;2\n".encode("latin-1"))
    address = {"path": str(path), "separator": ";", "encoding": "latin-1", "null_values": ["n/a"]}
    assert_same(address, {"column": "a", "type": "not_null"})
    assert_same({**address, "schema": {"b": "string"}})
    assert_same({**address, "schema": {"a": "integer"}})
    assert_same({**address, "sql": "SELECT b AS n, a FROM self WHERE b > 1"}, {"column": "n", "type": "null"})


def test_a_query_reads_texts_without_a_type_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\nx\n")
    address = {"path": str(tmp_path / "a.csv"), "sql": "SELECT a FROM self"}
    assert_same(address, {"column": "a", "type": "in_range", "min": 1})


def test_a_query_sees_parquet_files_as_they_are(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1, 2], "b": ["x", None]}).write_parquet(tmp_path / "a.parquet")
    address = {"path": str(tmp_path / "a.parquet"), "sql": "SELECT b, a AS n FROM self WHERE a > 1;"}
    assert_same(address, {"column": "b", "type": "not_null"})


def test_failing_rows_of_a_csv_file_are_written_apart(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n007,1\n,2\nx,3\n")
    rules = [{"column": "a", "type": "in_range", "max": 7}]
    veriport.check(str(tmp_path / "a.csv"), rules, engine="ibis").split(tmp_path / "apart")
    assert pl.read_parquet(tmp_path / "apart" / "failing.parquet")["a"].to_list() == ["x"]
    assert pl.read_parquet(tmp_path / "apart" / "valid.parquet")["a"].to_list() == ["007", None]


def test_ndjson_keeps_texts_as_texts(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text(
        '{"d":"2024-01-31","n":1,"s":{"x":[1]}}\n{"d":null,"n":2.5,"s":null}\n'
    )
    assert_same(str(tmp_path / "a.ndjson"))
    (tmp_path / "b.ndjson").write_text('{"d":1}\nx\n')
    assert_same(str(tmp_path / "b.ndjson"))


@pytest.mark.parametrize("in_database", [False, True])
def test_a_reference_is_read_the_same_way(tmp_path: Path, in_database: bool) -> None:
    (tmp_path / "a.csv").write_text("a\n007\n1\n")
    (tmp_path / "b.csv").write_text("a\n007\n 1\n")
    rule = {
        "column": "a",
        "type": "referential_integrity",
        "reference": str(tmp_path / "b.csv"),
    }
    if not in_database:
        assert_same(str(tmp_path / "a.csv"), rule)
        return
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT unnest(['007', '1']) AS a")
        (result,) = veriport.check(connection, [rule]).rules
        assert (result.checked_count, result.failed_count) == (2, 1)
        left = connection.execute("SELECT count(*) FROM duckdb_views() WHERE NOT internal").fetchone()
        assert left == (0,)  # nothing of ours stays with the caller


def test_a_reference_that_cannot_be_read_concerns_its_rule_alone(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    (tmp_path / "b.dat").write_text("a\n1\n")
    rule = {"column": "a", "type": "referential_integrity", "reference": str(tmp_path / "b.dat")}
    (result,) = veriport.check(str(tmp_path / "a.csv"), [rule], engine="ibis").rules
    assert (result.status, "its name does not tell the format" in result.message) == (RuleStatus.ERROR, True)


@pytest.mark.parametrize(
    "second",
    [
        pl.DataFrame({"a": [3.5], "b": ["x"]}),
        pl.DataFrame({"a": [3]}),
        pl.DataFrame({"a": [3], "b": ["x"], "c": [1]}),
    ],
)
def test_unlike_parquet_files_are_refused(tmp_path: Path, second: pl.DataFrame) -> None:
    pl.DataFrame({"a": [1, 3], "b": ["x", "y"]}).write_parquet(tmp_path / "p1.parquet")
    second.write_parquet(tmp_path / "p2.parquet")
    kind, _ = assert_same(str(tmp_path / "p*.parquet"), {"column": ["a", "b"], "type": "not_null"})
    assert kind is DataError


def test_columns_of_parquet_files_stand_in_any_order(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1], "b": ["x"]}).write_parquet(tmp_path / "p1.parquet")
    pl.DataFrame({"b": ["y"], "a": [2]}).write_parquet(tmp_path / "p2.parquet")
    rows, *_ = assert_same(str(tmp_path / "p*.parquet"), {"column": "a", "type": "in_range", "max": 1})
    assert rows == 2


@pytest.mark.parametrize(
    "glob", ["**/x?.parquet", "**/*.parquet", "k=*/x[12].parquet", "k=1/*1.parquet", "k=1/z*.parquet"]
)
def test_a_glob_means_the_same_and_folders_add_no_column(tmp_path: Path, glob: str) -> None:
    (tmp_path / "k=1").mkdir()
    for number in (1, 2):
        pl.DataFrame({"a": [number]}).write_parquet(tmp_path / "k=1" / f"x{number}.parquet")
    pl.DataFrame({"a": [3]}).write_parquet(tmp_path / ".x4.parquet")
    assert_same(str(tmp_path / glob))


@pytest.mark.parametrize("kind", ["parquet", "arrow", "csv", "ndjson"])
def test_a_file_of_that_very_name_is_no_glob(tmp_path: Path, kind: str) -> None:
    for name, values in {"d[1]": [1, 2, 3], "d1": [4]}.items():
        frame, path = pl.DataFrame({"a": values}), tmp_path / f"{name}.{kind}"
        getattr(frame, {"arrow": "write_ipc"}.get(kind, f"write_{kind}"))(path)
    rows, *_ = assert_same(str(tmp_path / f"d[1].{kind}"))
    assert rows == 3
    rows, *_ = assert_same(str(tmp_path / f"d*.{kind}"))
    assert rows == 4


def test_a_parquet_file_has_columns_of_the_same_types(tmp_path: Path) -> None:
    columns = {
        "c": pl.Series(["x"], dtype=pl.Categorical),
        "n": [None],
        "t": [dt.time(1)],
        "z": [dt.datetime(2024, 1, 1, tzinfo=dt.UTC)],
        "ns": pl.Series([dt.datetime(2024, 1, 1)], dtype=pl.Datetime("ns")),
        "u": pl.Series([1], dtype=pl.UInt64),
    }
    pl.DataFrame(columns).write_parquet(tmp_path / "a.parquet")
    assert_same(str(tmp_path / "a.parquet"))
    pl.DataFrame({**columns, "N": [1], "d": [dt.timedelta(1)]}).write_parquet(tmp_path / "b.parquet")
    assert_same(str(tmp_path / "b.parquet"))  # to DuckDB a span is a number, and N another name for n


def test_decimals_that_nobody_has_digits_for_are_refused(tmp_path: Path) -> None:
    wide = pa.array([Decimal("1.5")], pa.decimal256(60, 2))
    pq.write_table(pa.table({"d": wide}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"column 'd' is decimal\(60, 2\), which has more than 38 digits"):
        veriport.check(str(tmp_path / "a.parquet"), engine="ibis")


def test_a_missing_file_and_an_unknown_format_are_told_the_same_way(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("a\n1\n")
    (tmp_path / "orders.dat").write_text("a\n1\n")
    pl.DataFrame({"a": [1]}).write_ipc(tmp_path / "a.parquet")
    for name in ("order.csv", "orders.dat", "a.parquet", "z*.csv"):
        kind, _ = assert_same(str(tmp_path / name))
        assert kind in {ConfigurationError, DataError}
