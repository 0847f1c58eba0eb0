"""Every class of rules on columns that are absent, of another type, all null or without rows.

The tables are compared with the classes, so that a new class needs its lines.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import frozen

from tests.unit.adapters.engines.checking import check
from veriport.adapters.engines.polars import PolarsEngine
from veriport.domain.results import CheckResult, RuleResult, RuleStatus
from veriport.domain.rules.base import Shape
from veriport.domain.rules.vocabulary import CLASSES
from veriport.ports.engines import Engine
from veriport.testing.cases import Case
from veriport.testing.reference import ReferenceEngine

ENGINES = pytest.mark.parametrize(
    "engine", [PolarsEngine(), ReferenceEngine()], ids=lambda engine: engine.name
)

#: Two values of every type.
VALUES: Mapping[str, Sequence[object]] = {
    **dict.fromkeys(("int64", "uint8", "int128"), (1, 2)),
    **dict.fromkeys(("float32", "float64"), (1.0, 2.5)),
    "decimal(10, 2)": (Decimal("1.00"), Decimal("2.50")),
    "boolean": (True, False),
    **dict.fromkeys(("string", "categorical", "enum(a, b)"), ("a", "b")),
    "date": (dt.date(2024, 1, 1), dt.date(2024, 1, 31)),
    "datetime(us)": (dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 31, 12)),
    "datetime(us, UTC)": (dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.datetime(2024, 1, 31, 12, tzinfo=dt.UTC)),
    "time": (dt.time(1), dt.time(12, 30)),
    "duration(us)": (dt.timedelta(seconds=1), dt.timedelta(minutes=2)),
    "binary": (b"a", b"\xff"),
    "list(int64)": ([1], [1, None]),
    "array(int64, 2)": ([1, 2], [3, None]),
    "struct(a: int64)": ({"a": 1}, {"a": None}),
    "null": (None, None),
}  # fmt: skip

NUMBERS = frozenset({"int64", "uint8", "int128", "float32", "float64", "decimal(10, 2)"})
TEXTS = frozenset({"string", "categorical", "enum(a, b)"})
LISTS = frozenset({"list(int64)", "array(int64, 2)"})
LOCAL, ZONED = frozenset({"date", "datetime(us)"}), frozenset({"datetime(us, UTC)"})
CLOCK, SPAN, TRUTH = frozenset({"time"}), frozenset({"duration(us)"}), frozenset({"boolean"})
ALL = frozenset(VALUES)
FLAT = ALL - LISTS - {"struct(a: int64)"}
ORDERED = FLAT - {"boolean", "binary"}

_X, _XY = {"column": "x"}, {"columns": ["x", "y"]}
_DAY, _INSTANT = "2024-01-31", "2024-01-31T12:00Z"


@frozen
class Line:
    """A rule about ``x``, and ``y`` where it needs two, and the types that it has a meaning for.

    ``absent`` is how it ends where the columns are not there, if that is not what ``missing`` says.
    """

    type: str
    rule: Mapping[str, object]
    fits: frozenset[str]
    absent: RuleStatus | None = None

    @property
    def entry(self) -> dict[str, object]:
        """As it is written."""
        return {"type": self.type, **self.rule}


#: Bounds and values of each kind, with the types that have something to compare with them.
BOUNDS: Sequence[tuple[object, frozenset[str]]] = (
    (1, NUMBERS | SPAN),
    ("a", TEXTS),
    (_DAY, TEXTS | LOCAL),
    (_INSTANT, TEXTS | ZONED),
    ("12:30", TEXTS | CLOCK),
)
SETS = ("in_set", "not_in_set", "distinct_set", "mode_in_set")

#: What each class has a meaning for; a column without a type fits all.
LINES: Sequence[Line] = (
    Line("not_null", _X, ALL),
    Line("null", _X, ALL),
    Line("unique", _XY, ALL),
    *(
        Line(word, {**_X, "values": [value]}, fits)
        for word in SETS
        for value, fits in (*BOUNDS, (True, TRUTH))
    ),
    *(Line(word, {**_X, "min": value}, fits) for word in ("in_range", "not_in_range") for value, fits in BOUNDS),
    Line("compare", {**_X, "other": "y", "operator": "<="}, FLAT),
    Line("regex", {**_X, "pattern": "a"}, TEXTS),
    Line("not_regex", {**_X, "pattern": "a"}, TEXTS),
    Line("like", {**_X, "pattern": "a%"}, TEXTS),
    Line("not_like", {**_X, "pattern": "a%"}, TEXTS),
    Line("contains", {**_X, "text": "a"}, TEXTS),
    Line("length", {**_X, "max": 1}, TEXTS | LISTS),
    Line("format", {**_X, "format": "email"}, TEXTS),
    Line("datetime_format", {**_X, "format": "%Y"}, TEXTS),
    Line("json_schema", {**_X, "schema": {}}, TEXTS),
    Line("not_future", _X, LOCAL | ZONED),
    Line("not_past", _X, LOCAL | ZONED),
    Line("monotonic", _X, ORDERED),
    Line("z_score", _X, NUMBERS),
    Line("iqr", _X, NUMBERS),
    Line("expression", {"expression": "x > 0"}, NUMBERS),
    Line("expression", {"expression": "x > 'a'"}, TEXTS),
    Line("expression", {"expression": "x IS NOT NULL"}, ALL),
    Line("duplicate", {}, ALL, RuleStatus.PASSED),
    Line("duplicate", _XY, ALL),
    Line("pair_in_set", {**_XY, "values": [[1, 1]]}, NUMBERS | SPAN),
    Line("rows_complete", {}, ALL, RuleStatus.PASSED),
    Line("rows_complete", _XY, ALL),
    Line("row_sum", {**_XY, "min": 1}, NUMBERS),
    Line("row_unique", _XY, FLAT),
    Line("referential_integrity", {**_XY, "reference": "other"}, FLAT),
    Line("aggregate", {**_X, "of": "min", "min": 1}, NUMBERS | SPAN),
    Line("aggregate", {**_X, "of": "max", "min": _DAY}, TEXTS | LOCAL),
    *(
        Line("aggregate", {**_X, "of": of, "min": 0}, NUMBERS)
        for of in ("sum", "mean", "median", "std", "variance", "skew", "kurtosis")
    ),
    Line("aggregate", {**_X, "of": "quantile", "q": 0.5, "min": 0}, NUMBERS),
    *(Line("aggregate", {**_X, "of": of, "min": 0}, FLAT) for of in ("distinct_count", "distinct_ratio")),
    *(Line("aggregate", {**_X, "of": of, "min": 0}, ALL) for of in ("null_count", "null_ratio")),
    Line("correlation", {**_XY, "min": 0}, NUMBERS),
    Line("row_count", {"min": 1}, ALL, RuleStatus.PASSED),
    Line("row_count_match", {"reference": "other"}, ALL, RuleStatus.PASSED),
    Line("column_exists", _X, ALL, RuleStatus.FAILED),
    Line("dtype", {**_X, "dtype": "integer"}, ALL),
    Line("column_count", {"min": 3}, ALL, RuleStatus.FAILED),
    Line("columns_set", {"columns": ["x"]}, ALL, RuleStatus.FAILED),
    Line("columns_ordered", {"columns": ["x", "y"]}, ALL, RuleStatus.FAILED),
    Line("schema", {"schema": {"x": "integer"}}, ALL, RuleStatus.FAILED),
    Line("freshness", {**_X, "max_age": "1d"}, LOCAL | ZONED),
)  # fmt: skip

ROWS = [line for line in LINES if CLASSES[line.type].shape is Shape.ROWS]


def _table(type_: str, *values: object) -> Case:
    return Case(name="", columns={"x": values, "y": values}, types={"x": type_, "y": type_}, rule={})


def _check(engine: Engine, table: Case, folder: Path, entries: Sequence[Mapping[str, object]]) -> CheckResult:
    """The rules on a table; a reference is the table itself."""
    path = folder / "other.parquet"
    table.frame().write_parquet(path)
    referred = [{**each, "reference": str(path)} if "reference" in each else each for each in entries]
    batch = [Case(name="", columns=table.columns, types=table.types, rule=each) for each in referred]
    return check(engine, *batch)


def _told(result: RuleResult) -> tuple[object, ...]:
    return (
        result.rule.type,
        result.status,
        result.checked_count,
        result.failed_count,
        f"{result.observed:.9g}" if isinstance(result.observed, float) else result.observed,
        [(sample.row, str(sample.values)) for sample in result.samples],
    )


def test_no_class_is_forgotten() -> None:
    assert {line.type for line in LINES} == set(CLASSES) - {"native"}  # which fits what its library says


# ---- another type


@ENGINES
@pytest.mark.parametrize("type_", VALUES)
def test_a_rule_without_a_meaning_for_a_type_is_an_error_that_says_so(
    engine: Engine, type_: str, tmp_path: Path
) -> None:
    table = _table(type_, *VALUES[type_], None)
    results = _check(engine, table, tmp_path, [line.entry for line in LINES]).rules
    for line, result in zip(LINES, results, strict=True):
        fits = type_ in line.fits | {"null"}
        assert (result.status in {RuleStatus.PASSED, RuleStatus.FAILED}) is fits, (line.entry, result.message)
        assert fits or (result.status is RuleStatus.ERROR and result.message), line.entry


@pytest.mark.parametrize("type_", VALUES)
def test_polars_says_what_the_reference_says(type_: str, tmp_path: Path) -> None:
    table = _table(type_, *VALUES[type_], None, VALUES[type_][0])
    fitting = [line.entry for line in LINES if type_ in line.fits]
    mine, right = (
        _check(engine, table, tmp_path, fitting).rules for engine in (PolarsEngine(), ReferenceEngine())
    )
    assert [*map(_told, mine)] == [*map(_told, right)]


# ---- all null, no rows


@pytest.mark.parametrize("type_", VALUES)
@pytest.mark.parametrize("nulls", ["ignore", "fail"])
def test_a_column_of_nulls_is_ignored_or_fails(type_: str, nulls: str, tmp_path: Path) -> None:
    lines = [line for line in ROWS if type_ in line.fits | {"null"}]
    table = _table(type_, None, None, None)
    mine, right = (
        _check(engine, table, tmp_path, [{**line.entry, "nulls": nulls} for line in lines]).rules
        for engine in (PolarsEngine(), ReferenceEngine())
    )
    assert [*map(_told, mine)] == [*map(_told, right)]
    for result in right:
        checked, failed = _LOOKS_AT_NULLS.get(result.rule.type, (3, 3) if nulls == "fail" else (0, 0))
        if getattr(result.rule, "expression", "") == "x IS NOT NULL":  # it is FALSE, not NULL
            checked, failed = 3, 3
        assert (result.checked_count, result.failed_count) == (checked, failed), result.rule


#: Rules about nulls themselves, by what they check and what fails of three rows of them.
_LOOKS_AT_NULLS = {"not_null": (3, 3), "null": (3, 0), "rows_complete": (3, 3), "duplicate": (3, 3)}


@pytest.mark.parametrize("type_", VALUES)
def test_other_rules_see_the_same_in_a_column_of_nulls(type_: str, tmp_path: Path) -> None:
    entries = [line.entry for line in LINES if line not in ROWS and type_ in line.fits | {"null"}]
    table = _table(type_, None, None, None)
    mine, right = (
        _check(engine, table, tmp_path, entries).rules for engine in (PolarsEngine(), ReferenceEngine())
    )
    assert [*map(_told, mine)] == [*map(_told, right)]


@pytest.mark.parametrize("type_", VALUES)
def test_a_table_without_rows(type_: str, tmp_path: Path) -> None:
    lines = [line for line in LINES if type_ in line.fits | {"null"}]
    mine, right = (
        _check(engine, _table(type_), tmp_path, [line.entry for line in lines]).rules
        for engine in (PolarsEngine(), ReferenceEngine())
    )
    assert [*map(_told, mine)] == [*map(_told, right)]
    for line, result in zip(lines, right, strict=True):
        assert (result.checked_count or 0, result.failed_count or 0) == (0, 0)
        assert line not in ROWS or result.status is RuleStatus.PASSED


# ---- absent columns

_MISSING = {"error": RuleStatus.ERROR, "fail": RuleStatus.FAILED, "skip": RuleStatus.NOT_EVALUATED}


@ENGINES
@pytest.mark.parametrize("missing", _MISSING)
def test_an_absent_column_is_what_missing_says(engine: Engine, missing: str, tmp_path: Path) -> None:
    table = Case(name="", columns={"z": [1, 2]}, rule={})
    entries = [{**line.entry, "missing": missing} for line in LINES]
    for line, result in zip(LINES, _check(engine, table, tmp_path, entries).rules, strict=True):
        assert result.status is (line.absent or _MISSING[missing]), (line, result.message)
        assert line.absent or "there is no column 'x'" in result.message
        assert line.absent is not RuleStatus.FAILED or result.message


@ENGINES
@pytest.mark.parametrize("missing", _MISSING)
def test_so_is_an_absent_column_of_where(engine: Engine, missing: str, tmp_path: Path) -> None:
    lines = [line for line in LINES if CLASSES[line.type].shape is not Shape.SCHEMA]
    entries = [{**line.entry, "missing": missing, "where": "nowhere > 0"} for line in lines]
    for result in _check(engine, _table("int64", 1, 2), tmp_path, entries).rules:
        assert result.status is _MISSING[missing], result.message
        assert "there is no column 'nowhere'" in result.message


# ---- references that do not open

_BREAK: Mapping[str, Callable[[Path], object]] = {
    "absent.parquet": lambda _: None,
    "empty.csv": lambda path: path.write_bytes(b""),
    "false.parquet": lambda path: path.write_text("x\n1\n"),
    "cut.parquet": lambda path: path.write_bytes(b"PAR1"),
    "nameless": lambda path: path.write_text("x\n1\n"),
    "folder.csv": lambda path: path.mkdir(),
}


@ENGINES
@pytest.mark.parametrize("rule", [{"type": "referential_integrity", "column": "x"}, {"type": "row_count_match"}],
                         ids=lambda rule: rule["type"])  # fmt: skip
@pytest.mark.parametrize("name", _BREAK)
def test_a_reference_that_does_not_open_is_named_and_keeps_no_other_rule(
    engine: Engine, rule: Mapping[str, object], name: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    _BREAK[name](path)
    sound: Mapping[str, object] = {"type": "not_null", "column": "x"}
    rules: list[Mapping[str, object]] = [sound, {**rule, "reference": str(path)}, {**sound, "column": "y"}]
    before, broken, after = check(
        engine, *(Case(name="", columns={"x": [1, 2], "y": [1, None]}, rule=each) for each in rules)
    ).rules
    assert broken.status is RuleStatus.ERROR
    assert name in broken.message
    assert (before.status, after.status) == (RuleStatus.PASSED, RuleStatus.FAILED)
