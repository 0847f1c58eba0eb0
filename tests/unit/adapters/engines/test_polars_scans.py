"""How often the data is read: what is told, and what data says that counts it."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from polars.io.plugins import register_io_source

import veriport
from veriport.adapters.engines.polars import PolarsEngine
from veriport.domain.datasets import dataset_of
from veriport.domain.rules.reading import read_rules
from veriport.ports.engines import Request

TABLE = pl.DataFrame({"a": [1, 2, 2, 4], "b": ["x", "y", None, "x"], "c": [1.0, 2.0, 3.0, 4.0]})
FOLDS: list[dict[str, object]] = [
    {"column": "c", "type": "not_null"},
    {"column": "a", "type": "in_range", "min": 0},
    {"column": "b", "type": "length", "max": 3},
    {"column": "c", "type": "z_score", "threshold": 3},
    {"type": "expression", "expression": "a > 0 OR c < 0"},
    {"column": "a", "type": "aggregate", "of": "mean", "min": 0},
    {"type": "row_count", "min": 1},
]
GROUPS: list[dict[str, object]] = [
    {"column": "c", "type": "unique"},
    {"columns": ["a", "b"], "type": "unique"},
    {"type": "duplicate"},
    {"column": "c", "type": "monotonic"},
    {"column": "b", "type": "distinct_set", "values": ["x", "y"]},
    {"column": "b", "type": "mode_in_set", "values": ["x"]},
]
FAILING: list[dict[str, object]] = [
    {"column": "a", "type": "unique"},
    {"column": "b", "type": "not_null"},
    {"column": "c", "type": "in_range", "max": 1},
]


class Counted:
    """A lazy frame that counts how often it is read."""

    def __init__(self) -> None:
        self.reads = 0
        self.frame = register_io_source(self._read, schema=TABLE.schema)

    def _read(
        self, columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        self.reads += 1
        frame = TABLE if rows is None else TABLE.head(rows)
        frame = frame if predicate is None else frame.filter(predicate)
        yield frame if columns is None else frame.select(columns)


def scans(data: object, rules: object = None, **options: object) -> int | None:
    return veriport.check(data, rules, **options).scans  # type: ignore[arg-type]  # any option


def parquet(folder: Path) -> Path:
    TABLE.write_parquet(folder / "data.parquet")
    return folder / "data.parquet"


@pytest.mark.parametrize("count", [1, 3, 7, 70])
def test_rules_that_fold_cost_one_scan_when_all_pass(count: int) -> None:
    counted = Counted()
    rules = [{**FOLDS[number % len(FOLDS)], "id": str(number)} for number in range(count)]
    result = veriport.check(counted.frame, rules)
    assert (result.ok, len(result.rules), result.scans, counted.reads) == (True, count, 1, 1)


@pytest.mark.parametrize("where", [None, "a > 0"])
def test_rules_of_every_kind_do(where: str | None) -> None:
    counted = Counted()
    result = veriport.check(counted.frame, [*FOLDS, *GROUPS], where=where)
    assert (result.ok, result.scans, counted.reads) == (True, 1, 1)


@pytest.mark.parametrize("where", [None, "a > 0"])
@pytest.mark.parametrize("rules", [FAILING[2:], FAILING, [*FOLDS, *GROUPS, *FAILING]])
def test_they_cost_two_when_some_fail(rules: list[dict[str, object]], where: str | None) -> None:
    counted = Counted()
    result = veriport.check(counted.frame, rules, where=where)
    assert (result.ok, result.scans, counted.reads) == (False, 2, 2)


def test_and_one_when_no_rows_are_shown() -> None:
    counted = Counted()
    result = veriport.check(counted.frame, FAILING[1:], samples=0)
    assert (result.ok, result.scans, counted.reads) == (False, 1, 1)


def test_a_check_without_rules_costs_one() -> None:
    counted = Counted()
    assert (scans(counted.frame), counted.reads) == (1, 1)


def test_rules_about_the_schema_are_not_asked_of_the_rows(tmp_path: Path) -> None:
    assert scans(parquet(tmp_path), [{"column": "a", "type": "column_exists"}, *FOLDS]) == 1


@pytest.mark.parametrize(
    ("name", "content", "opening"),
    [
        ("typed.csv", "a,b\n1,x\n2,y\n", 1),
        ("texts.csv", "a,b\nx,x\ny,y\n", 0),
        ("lines.ndjson", '{"a": 1}\n{"a": 2}\n', 1),
    ],
)
def test_what_it_takes_to_find_the_types_is_counted(
    tmp_path: Path, name: str, content: str, opening: int
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert scans(tmp_path / name, [{"column": "a", "type": "not_null"}]) == opening + 1


def test_so_is_decoding(tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes("a\né\n".encode("latin-1"))
    data = {"path": str(tmp_path / "latin.csv"), "encoding": "latin-1"}
    assert scans(data, [{"column": "a", "type": "not_null"}]) == 2


def test_what_cannot_be_read_is_not_tried_for_ever() -> None:
    counted = Counted()
    broken = counted.frame.with_columns(pl.col("b").str.to_integer())
    with pytest.raises(veriport.DataError):
        veriport.check(broken, [*FOLDS, {"column": "b", "type": "not_null"}])
    assert counted.reads == 2


@pytest.mark.parametrize("where", [None, "a > 0"])
@pytest.mark.parametrize(("rules", "reads"), [(FAILING[1:], 2), (FAILING, 3), ([*FOLDS, *GROUPS], 3)])
def test_a_split_reads_for_each_file_and_once_more_where_other_rows_matter(
    rules: list[dict[str, object]], reads: int, where: str | None, tmp_path: Path
) -> None:
    counted = Counted()
    result = veriport.check(counted.frame, rules, where=where)
    before = counted.reads
    result.split(tmp_path)
    assert counted.reads - before == reads


def test_the_other_data_set_of_a_rule_is_not_counted(tmp_path: Path) -> None:
    rule = {"column": "a", "type": "referential_integrity", "reference": str(parquet(tmp_path))}
    assert scans(TABLE, [rule]) == 1
    assert scans(TABLE, [{"type": "row_count_match", "reference": str(parquet(tmp_path))}]) == 1


def test_bytes_are_those_of_the_files(tmp_path: Path) -> None:
    path = parquet(tmp_path)
    (tmp_path / "more.parquet").write_bytes(path.read_bytes())
    size = path.stat().st_size
    assert veriport.check(path).bytes_read == size
    assert veriport.check(str(tmp_path / "*.parquet")).bytes_read == 2 * size
    assert veriport.check({"path": str(tmp_path), "format": "parquet"}).bytes_read == 2 * size


def test_bytes_of_a_compressed_file_are_those_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "data.csv.gz"
    path.write_bytes(gzip.compress(b"a\n" + b"1\n" * 10_000))
    assert veriport.check(path).bytes_read == path.stat().st_size < 1000


@pytest.mark.parametrize("data", [TABLE, TABLE.lazy(), TABLE.to_arrow()])
def test_bytes_of_a_frame_are_not_known(data: object) -> None:
    assert veriport.check(data).bytes_read is None


def test_measuring_again_counts_anew(tmp_path: Path) -> None:
    rules = read_rules(FAILING).unwrap()
    with PolarsEngine().open(dataset_of(parquet(tmp_path))) as table:
        counted = [table.measure(Request(rules=rules)).scans for _ in range(2)]
    assert counted == [2, 2]
