"""Ten thousand columns, and patterns of a hundred thousand characters: an answer in good time, or a refusal."""

from __future__ import annotations

import time
from collections.abc import Mapping

import polars as pl
import pytest

import veriport
from veriport.domain.results import RuleStatus

WIDE = 10_000
LONG = 100_000
PATIENCE_SECONDS = 60  #: a busy machine takes ten times as long as a quiet one

_NAMES = [f"c{n:05}" for n in range(WIDE)]
_HALF = WIDE // 2


@pytest.fixture(scope="module")
def wide() -> pl.DataFrame:
    """Half of the columns whole numbers, half texts; a row repeated, a null in the last."""
    numbers = {name: [1, 2, 2] for name in _NAMES[:_HALF]}
    texts = {name: ["a", "b", "b"] for name in _NAMES[_HALF:-1]}
    return pl.DataFrame({**numbers, **texts, _NAMES[-1]: ["a", None, None]})


#: Each rule that is about all of the columns, what is observed, how many rows it checks and how many fail.
_SCHEMA = {name: "integer" if place < _HALF else "string" for place, name in enumerate(_NAMES)}
ABOUT_ALL: Mapping[str, tuple[Mapping[str, object], RuleStatus, object, int, int]] = {
    "column_count": ({"type": "column_count", "min": WIDE, "max": WIDE}, RuleStatus.PASSED, WIDE, 0, 0),
    "too few": ({"type": "column_count", "min": WIDE + 1}, RuleStatus.FAILED, WIDE, 0, 0),
    "columns_set": ({"type": "columns_set", "columns": _NAMES[::-1]}, RuleStatus.PASSED, None, 0, 0),
    "one missing": ({"type": "columns_set", "columns": [*_NAMES, "x"]}, RuleStatus.FAILED, "missing x", 0, 0),
    "one extra": ({"type": "columns_set", "columns": _NAMES[1:]}, RuleStatus.FAILED, "extra c00000", 0, 0),
    "columns_ordered": ({"type": "columns_ordered", "columns": _NAMES}, RuleStatus.PASSED, ", ".join(_NAMES), 0, 0),
    "another order": ({"type": "columns_ordered", "columns": _NAMES[::-1]}, RuleStatus.FAILED, ", ".join(_NAMES), 0, 0),
    "schema": ({"type": "schema", "schema": _SCHEMA, "exact": True}, RuleStatus.PASSED, None, 0, 0),
    "one type": ({"type": "schema", "schema": {**_SCHEMA, "c00000": "string"}}, RuleStatus.FAILED, "c00000 is int64", 0, 0),
    "column_exists": ({"type": "column_exists", "column": _NAMES[-1]}, RuleStatus.PASSED, "string", 0, 0),
    "dtype": ({"type": "dtype", "column": _NAMES[-1], "dtype": "string"}, RuleStatus.PASSED, "string", 0, 0),
    "rows_complete": ({"type": "rows_complete"}, RuleStatus.FAILED, None, 3, 2),
    "duplicate": ({"type": "duplicate"}, RuleStatus.FAILED, None, 3, 2),
    "row_count": ({"type": "row_count", "min": 3, "max": 3}, RuleStatus.PASSED, 3, 3, 0),
    "expression": ({"type": "expression", "expression": f"{_NAMES[0]} < 3"}, RuleStatus.PASSED, None, 3, 0),
}  # fmt: skip


def test_rules_about_ten_thousand_columns(wide: pl.DataFrame) -> None:
    began = time.monotonic()
    results = veriport.check(wide, [rule for rule, *_ in ABOUT_ALL.values()]).rules
    assert time.monotonic() - began < PATIENCE_SECONDS
    for (name, (_, status, observed, checked, failed)), result in zip(
        ABOUT_ALL.items(), results, strict=True
    ):
        assert (result.status, result.observed) == (status, observed), name
        assert (result.checked_count or 0, result.failed_count or 0) == (checked, failed), name


def test_a_rule_for_each_of_ten_thousand_columns(wide: pl.DataFrame) -> None:
    began = time.monotonic()
    result = veriport.check(wide, [{"column": _NAMES, "type": "not_null"}])
    assert time.monotonic() - began < PATIENCE_SECONDS
    assert (len(result.rules), [each.rule.id for each in result.failures]) == (
        WIDE,
        [f"{_NAMES[-1]}.not_null"],
    )


def test_ten_thousand_columns_are_described(wide: pl.DataFrame) -> None:
    began = time.monotonic()
    columns = veriport.check(wide).columns
    assert time.monotonic() - began < PATIENCE_SECONDS
    assert ([each.column.name for each in columns], columns[-1].null_count) == (_NAMES, 2)


def test_an_absent_one_of_ten_thousand_has_the_nearest(wide: pl.DataFrame) -> None:
    began = time.monotonic()
    (result,) = veriport.check(wide, [{"column": "c00001x", "type": "not_null"}]).rules
    assert time.monotonic() - began < PATIENCE_SECONDS
    assert (result.status, "did you mean 'c00001'?" in result.message) == (RuleStatus.ERROR, True)


# ---- long texts in rules

#: Each parameter that is a pattern of some kind, what is written, and what reading says; where it
#: works, how many of two rows fail.
LONG_PATTERNS: Mapping[str, tuple[Mapping[str, object], str | int]] = {
    **{
        f"{word}, {name}": ({"type": word, "column": "x", "pattern": pattern}, "at most 10,000 are allowed")
        for word in ("regex", "not_regex", "like", "not_like")
        for name, pattern in {"letters": "a" * LONG, "signs": "%" * LONG, "brackets": "(" * LONG}.items()
    },
    "one of several": ({"type": "regex", "column": "x", "pattern": ["a", "a" * LONG]}, "at most 10,000 are allowed"),
    "a large one that is short": ({"type": "regex", "column": "x", "pattern": "(a{999}){999}"}, "repeats"),
    "contains": ({"type": "contains", "column": "x", "text": "a" * LONG}, 1),
    "in_set": ({"type": "in_set", "column": "x", "values": ["a" * LONG]}, 1),
    "in_range": ({"type": "in_range", "column": "x", "max": "b" * LONG}, 0),
    "datetime_format": ({"type": "datetime_format", "column": "x", "format": "a" * LONG + "%Y"}, 2),
    "directives": ({"type": "datetime_format", "column": "x", "format": "%Y" * LONG}, "names %Y twice"),
    "json_schema": ({"type": "json_schema", "column": "x", "schema": {"pattern": "a" * LONG}}, 2),
    "format": ({"type": "format", "column": "x", "format": "a" * LONG}, "must be one of"),
    "expression": ({"type": "expression", "expression": f"x = '{'a' * LONG}'"}, "at most 20,000 are allowed"),
    "where": ({"type": "not_null", "column": "x", "where": f"x = '{'a' * LONG}'"}, "at most 20,000 are allowed"),
    "regexp_like": ({"type": "expression", "expression": f"regexp_like(x, '{'a' * 15_000}')"}, "at most 10,000 are allowed"),
}  # fmt: skip


@pytest.mark.parametrize("name", LONG_PATTERNS)
def test_a_long_pattern_works_or_is_refused_when_it_is_read(name: str) -> None:
    entry, outcome = LONG_PATTERNS[name]
    data = pl.DataFrame({"x": ["a" * LONG, "a", None]})
    began = time.monotonic()
    if isinstance(outcome, str):
        with pytest.raises(veriport.ConfigurationError, match=outcome) as caught:
            veriport.check("absent.parquet", [entry])  # before any data is looked for
        assert len(str(caught.value)) < 400
    else:
        (result,) = veriport.check(data, [entry]).rules
        assert (result.checked_count, result.failed_count) == (2, outcome), result.message
    assert time.monotonic() - began < PATIENCE_SECONDS


@pytest.mark.parametrize(
    "pattern", ["a" * 10_000, "(?:" * 49 + "a" + ")" * 49, "a?" * 5_000, "[a-z]{0,100}" * 100]
)
def test_the_longest_pattern_that_is_read_also_runs(pattern: str) -> None:
    data = pl.DataFrame({"x": ["a" * 1000, "b", None]})
    began = time.monotonic()
    (result,) = veriport.check(data, [{"type": "regex", "column": "x", "pattern": pattern}]).rules
    assert time.monotonic() - began < PATIENCE_SECONDS
    assert result.status in {RuleStatus.PASSED, RuleStatus.FAILED}, result.message
