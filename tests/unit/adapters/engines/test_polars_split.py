"""Splitting random tables by random rules gives the files that plain Python would write."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import veriport
from veriport.adapters.engines.polars import PolarsEngine
from veriport.domain.datasets import Address, Handle
from veriport.domain.rules.values import NotNull
from veriport.ports.engines import ROW_COLUMN, RULES_COLUMN, Request
from veriport.ports.errors import DataError, TransientError
from veriport.testing.reference import ReferenceEngine

NAN = float("nan")
RULES: Sequence[Mapping[str, object]] = [
    {"column": "a", "type": "not_null"},
    {"column": "a", "type": "unique"},
    {"columns": ["a", "b"], "type": "unique"},
    {"columns": ["c"], "type": "unique"},
    {"type": "duplicate"},
    {"columns": ["b", "c"], "type": "duplicate"},
    {"type": "rows_complete"},
    {"column": "a", "type": "in_range", "min": 1, "max": 3},
    {"column": "c", "type": "positive"},
    {"column": "b", "type": "in_set", "values": ["x", ""]},
    {"column": "b", "type": "regex", "pattern": "^x"},
    {"column": "c", "type": "monotonic"},
    {"column": "a", "type": "monotonic", "direction": "decreasing", "strictly": True},
    {"column": "c", "type": "z_score", "threshold": 1},
    {"column": "a", "type": "iqr", "factor": 0.5},
    {"type": "expression", "expression": "a > 1 OR b = 'y'"},
    {"column": "a", "type": "less_than", "other": "c"},
    {"column": "d", "type": "not_future"},
    {"column": "b", "type": "format", "format": "json"},
    {"column": "a", "type": "referential_integrity", "reference": "known.csv"},
    {"type": "row_count", "min": 2},
    {"column": "a", "type": "aggregate", "of": "max", "max": 2},
]
_CELLS: Mapping[str, st.SearchStrategy[object]] = {
    "a": st.none() | st.integers(0, 4),
    "b": st.none() | st.sampled_from(["", "x", "y", "xy", "1"]),
    "c": st.none() | st.sampled_from([0.0, -0.0, 1.5, NAN, -2.0, 1e9]),
    "d": st.none() | st.sampled_from([date(2024, 1, 1), date(2999, 1, 1)]),
}
_TYPES = {"a": pl.Int64, "b": pl.String, "c": pl.Float64, "d": pl.Date}


@st.composite
def tables(draw: st.DrawFn) -> pl.DataFrame:
    """A few rows, many of them equal."""
    row = st.fixed_dictionaries(dict(_CELLS))
    distinct = draw(st.lists(row, max_size=8))
    rows = draw(st.lists(st.sampled_from(distinct), max_size=20)) if distinct else []
    return pl.DataFrame(rows, schema=_TYPES, orient="row")


@st.composite
def rules(draw: st.DrawFn) -> list[Mapping[str, object]]:
    """Rules with some of their options."""
    options = st.fixed_dictionaries(
        {},
        optional={
            "severity": st.sampled_from(["low", "medium", "high", "critical"]),
            "where": st.sampled_from(["a > 1", "b IS NOT NULL AND c > 0"]),
            "mostly": st.sampled_from([0, 0.5, 0.9]),
            "nulls": st.just("fail"),
        },
    )
    listed = draw(st.lists(st.tuples(st.sampled_from(RULES), options), min_size=1, max_size=6))
    return [_with(*each) for each in listed]


def _with(rule: Mapping[str, object], options: Mapping[str, object]) -> Mapping[str, object]:
    whole = rule["type"] in {"row_count", "aggregate"}
    refused = {"mostly", "nulls"} if whole else set()
    return {**rule, **{key: value for key, value in options.items() if key not in refused}}


@contextmanager
def somewhere() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "known.csv").write_text("a\n1\n2\n", encoding="utf-8")
        yield Path(folder)


def at(folder: Path, listed: list[Mapping[str, object]]) -> list[dict[str, object]]:
    known = str(folder / "known.csv")
    return [{**rule, "reference": known} if "reference" in rule else {**rule} for rule in listed]


@settings(deadline=None, max_examples=settings().max_examples * 3 // 2)
@given(
    tables(), rules(), st.sampled_from([None, "a > 1", "c <= 0 OR b = 'x'"]), st.sampled_from(["low", "high"])
)
def test_the_files_are_those_that_plain_python_would_write(
    table: pl.DataFrame, listed: list[Mapping[str, object]], where: str | None, severity: str
) -> None:
    with somewhere() as folder:
        meant = at(folder, listed)
        told = veriport.check(table, meant, engine=ReferenceEngine(), samples=100, where=where)
        checked = veriport.check(table, [{"type": "expression", "expression": "1 = 0"}],
                                 engine=ReferenceEngine(), samples=100, where=where)  # fmt: skip
        split = veriport.check(table, meant, where=where).split(folder / "out", severity=severity)
        valid, failing = pl.read_parquet(split.valid), pl.read_parquet(split.failing)
    line = veriport.Severity(severity)
    broken: dict[int, list[str]] = {}
    for each in told.rules:
        for sample in each.samples if each.rule.severity.at_least(line) else ():
            if sample.row is not None:
                broken.setdefault(sample.row, []).append(each.rule.id)
    rows = [sample.row for sample in checked.rules[0].samples if sample.row is not None]
    assert dict(failing.select(ROW_COLUMN, RULES_COLUMN).iter_rows()) == broken
    assert repr(failing.drop(ROW_COLUMN, RULES_COLUMN).rows()) == repr(table[sorted(broken)].rows())
    assert repr(valid.rows()) == repr(table[[row for row in rows if row not in broken]].rows())
    assert (split.valid_count, split.failing_count) == (valid.height, failing.height)
    assert valid.schema == table.schema


@pytest.mark.parametrize("dtype", [pl.Int8, pl.UInt64, pl.Int128, pl.Float32, pl.Decimal(10, 2), pl.Binary,
                                   pl.Categorical, pl.Enum(["1", "2"]), pl.Datetime("ns", "Europe/Berlin"),
                                   pl.Datetime("ms"), pl.Duration("us"), pl.Time, pl.Null, pl.List(pl.Int8),
                                   pl.Array(pl.Int8, 2), pl.Struct({"x": pl.List(pl.String)})])  # fmt: skip
def test_types_are_kept(dtype: pl.DataType, tmp_path: Path) -> None:
    table = pl.DataFrame({"n": [1, 2, None], "v": pl.Series([None, None, None], dtype=dtype)})
    split = veriport.check(table, [{"column": "n", "type": "not_null"}]).split(tmp_path)
    assert pl.read_parquet(split.valid).schema == table.schema
    assert pl.read_parquet(split.failing).schema.to_python()[ROW_COLUMN] is int


@pytest.mark.parametrize("many", [62, 63, 64, 130])
def test_many_rules_are_told_apart(many: int, tmp_path: Path) -> None:
    table = pl.DataFrame({"a": range(1, 200)})
    rules = [{"type": "expression", "expression": f"a % {n} > 0", "id": str(n)} for n in range(1, many + 1)]
    split = veriport.check(table, rules).split(tmp_path)
    found = dict(pl.read_parquet(split.failing).select("a", RULES_COLUMN).iter_rows())
    assert found == {a: [str(n) for n in range(1, many + 1) if a % n == 0] for a in range(1, 200)}


def test_a_type_that_no_file_holds_is_an_error_that_names_the_data(tmp_path: Path) -> None:
    result = veriport.check(pl.DataFrame({"v": [object()]}), [{"column": "v", "type": "not_null"}])
    with pytest.raises(DataError, match=r"polars\.DataFrame: .*[Oo]bject"):
        result.split(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_may_be_tried_again() -> None:
    request = Request(rules=(NotNull(column="a", id="a"),))
    data = Handle(pl.DataFrame({"a": range(100_000)}))
    with PolarsEngine().open(data) as table, pytest.raises(TransientError, match="No space left on device"):
        table.split(request, "/dev/full", "/dev/full")


def test_rules_that_only_other_rows_tell_are_told_by_all_of_them(tmp_path: Path) -> None:
    many = 300_000
    path = tmp_path / "many.parquet"
    pl.DataFrame({"n": [*range(many), 7], "m": [*range(many - 1, -1, -1), 10**6]}).write_parquet(path)
    rules = [
        {"column": "n", "type": "unique"},
        {"column": "m", "type": "monotonic", "direction": "decreasing"},
    ]
    split = veriport.check(Address(path=str(path)), rules).split(tmp_path / "out")
    failing = pl.read_parquet(split.failing)
    assert failing.select("n", ROW_COLUMN, RULES_COLUMN).rows() == [
        (7, 7, ["n.unique"]),
        (7, many, ["n.unique", "m.monotonic"]),
    ]
    assert split.valid_count == many - 1
