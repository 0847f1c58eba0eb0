"""Files behind one glob that differ: the error names the file and the column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl
import pytest

from veriport.adapters.engines.polars import PolarsEngine
from veriport.domain.datasets import Address
from veriport.domain.measurements import Measured
from veriport.domain.rules.reading import read_rules
from veriport.ports.engines import Request
from veriport.ports.errors import DataError

FIRST = pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})
WRITE: Mapping[str, Callable[[pl.DataFrame, Path], object]] = {
    "parquet": pl.DataFrame.write_parquet,
    "arrow": pl.DataFrame.write_ipc,
    "csv": pl.DataFrame.write_csv,
    "ndjson": pl.DataFrame.write_ndjson,
}


def measured(folder: Path, kind: str, second: pl.DataFrame, *columns: str) -> Measured:
    for number, frame in enumerate([FIRST, second]):
        WRITE[kind](frame, folder / f"part-{number}.{kind}")
    rules = read_rules([{"type": "not_null", "column": list(columns)}]).unwrap()
    with PolarsEngine().open(Address(path=str(folder / f"*.{kind}"))) as table:
        return table.measure(Request(rules=rules))


@pytest.mark.parametrize(
    ("kind", "second", "message"),
    [
        ("parquet", pl.DataFrame({"a": ["q"], "b": ["x"]}), "column 'a' is string, not int64"),
        ("arrow", pl.DataFrame({"a": ["q"], "b": ["x"]}), "column 'a' is string, not int64"),
        ("ndjson", pl.DataFrame({"a": ["q"], "b": ["x"]}), "column 'a' is string, not int64"),
        ("parquet", pl.DataFrame({"a": [3]}), "column 'b' is missing"),
        ("csv", pl.DataFrame({"a": [3]}), "column 'b' is missing"),
        ("parquet", pl.DataFrame({"a": [3], "b": ["x"], "c": [1]}), "column 'c' is extra"),
        ("csv", pl.DataFrame({"a": [3], "b": ["x"], "c": [1]}), "column 'c' is extra"),
        ("csv", pl.DataFrame({"b": ["x"], "a": [3]}), "its columns stand in another order"),
        ("arrow", pl.DataFrame({"x": [3], "b": ["x"]}), "column 'x' is extra; column 'a' is missing"),
    ],
)
def test_the_error_names_the_file_and_the_column(
    tmp_path: Path, kind: str, second: pl.DataFrame, message: str
) -> None:
    with pytest.raises(DataError) as caught:
        measured(tmp_path, kind, second, "a", "b")
    first, other = tmp_path / f"part-0.{kind}", tmp_path / f"part-1.{kind}"
    assert str(caught.value) == f"{other}: {message} (compared with {first})"


def test_a_column_that_nobody_reads_may_be_missing(tmp_path: Path) -> None:
    assert measured(tmp_path, "parquet", pl.DataFrame({"a": [3]}), "a").row_count == 3


def test_columns_of_parquet_may_stand_in_another_order(tmp_path: Path) -> None:
    found = measured(tmp_path, "parquet", pl.DataFrame({"b": ["x"], "a": [3]}), "a", "b")
    assert found.row_count == 3


def test_texts_after_numbers_in_csv_are_texts(tmp_path: Path) -> None:
    found = measured(tmp_path, "csv", pl.DataFrame({"a": ["q"], "b": ["x"]}), "a", "b")
    assert found.row_count == 3


def test_a_broken_file_among_others_is_named(tmp_path: Path) -> None:
    (tmp_path / "part-2.parquet").write_bytes(b"PAR1" + b"\0" * 40 + b"PAR1")
    with pytest.raises(DataError, match=r"part-2\.parquet"):
        measured(tmp_path, "parquet", FIRST, "a")
