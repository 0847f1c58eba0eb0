"""A table of SQLite may hold texts among numbers and times: a rule that reads one has no answer."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest

import veriport
from veriport.domain.results import RuleResult, RuleStatus
from veriport.domain.splits import SplitError
from veriport.ports.errors import DataError

_Make = Callable[[str, Sequence[Sequence[object]]], str]

NUMBERS = "r real, m decimal(10,2), n integer, good integer"
NUMBER_ROWS = [("x", "abc", "oops", 1), (1.5, "1.5", 5, 2), (2.5, "-3", 7, None)]
TIMES = "d date, ts timestamp, t time"
TIME_ROWS = [
    ("2024-13-01", "2024-02-31 00:00:00", "24:00:00"),
    ("01/02/2024", "nonsense", "12:00Z"),
    ("0", "2024-01-01 00:00:00+01:00", "12"),
    ("2024-01-01 00:00:00", "2024-01-01x00:00:00", "12:00:00."),
    (20240101, "2024-01-01 00:00:00.5.5", "12:00:60"),
    ("0000-01-01", 1700000000, "now"),
]


@pytest.fixture
def made(tmp_path: Path) -> _Make:
    """The address of a new table of these columns and rows."""

    def make(columns: str, rows: Sequence[Sequence[object]]) -> str:
        path = tmp_path / "a.db"
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(f"CREATE TABLE t ({columns})")
            marks = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO t VALUES ({marks})", rows)  # noqa: S608  # marks alone
        return f"sqlite:///{path}?table=t"

    return make


def outcome(address: str, rule: Mapping[str, object]) -> RuleResult:
    (result,) = veriport.check(address, [rule]).rules
    return result


@pytest.mark.parametrize(
    ("rule", "column"),
    [
        ({"column": "r", "type": "non_negative"}, "r"),
        ({"column": "r", "type": "unique"}, "r"),
        ({"column": "r", "type": "z_score", "threshold": 3}, "r"),
        ({"column": "r", "type": "aggregate", "function": "median", "min": 1}, "r"),
        ({"column": "m", "type": "in_range", "max": 10}, "m"),
        ({"column": "n", "type": "aggregate", "function": "sum", "min": 1}, "n"),
        ({"column": "n", "type": "aggregate", "function": "max", "min": 1}, "n"),
        ({"type": "expression", "expression": "good < n"}, "n"),
        ({"column": "good", "type": "not_null", "where": "n > 5"}, "n"),
        ({"type": "row_count", "min": 1, "where": "n > 5"}, "n"),
    ],
)
def test_a_text_among_numbers_is_an_error(made: _Make, rule: Mapping[str, object], column: str) -> None:
    result = outcome(made(NUMBERS, NUMBER_ROWS), rule)
    assert result.status is RuleStatus.ERROR
    assert f"column '{column}' holds 1 value that is no number" in result.message


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ({"column": "d", "type": "not_future"}, "'d' holds 6 values that are no date written as 2024-01-31"),
        ({"column": "ts", "type": "not_future"}, "'ts' holds 6 values that are no datetime written as 2024"),
        ({"column": "ts", "type": "freshness", "max_age": "1d"}, "'ts' holds 6 values"),
        (
            {"column": "t", "type": "in_range", "max": "12:00:00"},
            "'t' holds 6 values that are no time written",
        ),
    ],
)
def test_what_is_no_time_is_an_error(made: _Make, rule: Mapping[str, object], what: str) -> None:
    result = outcome(made(TIMES, TIME_ROWS), rule)
    assert result.status is RuleStatus.ERROR
    assert what in result.message


def test_times_of_every_form_are_read(made: _Make) -> None:
    rows = [
        ("2024-02-29", "2024-01-31", "00:00"),
        ("0001-01-01", "2024-01-31 23:59", "23:59:59"),
        ("2024-12-31", "2024-01-31T23:59:59", "23:59:59.5"),
        ("9999-12-31", "2024-01-31 23:59:59.999999", "23:59:59.999999"),
        (None, None, None),
    ]
    address = made(TIMES, rows)
    rules = [{"column": name, "type": "aggregate", "function": "distinct_count"} for name in ("d", "ts", "t")]
    observed = [
        result.observed for result in veriport.check(address, [{**each, "min": 4} for each in rules]).rules
    ]
    assert observed == [4, 4, 4]


@pytest.mark.parametrize(
    "rule",
    [
        {"column": "r", "type": "not_null"},
        {"columns": ["r", "n"], "type": "rows_complete"},
        {"type": "row_count", "min": 3},
        {"column": "n", "type": "aggregate", "function": "null_count", "max": 0},
        {"column": "n", "type": "dtype", "dtype": "integer"},
        {"column": "good", "type": "non_negative"},
        {"column": "n", "type": "non_negative", "where": "good = 2"},
    ],
)
def test_a_rule_that_reads_none_goes_on(made: _Make, rule: Mapping[str, object]) -> None:
    assert outcome(made(NUMBERS, NUMBER_ROWS), rule).status is RuleStatus.PASSED


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        (
            {"type": "expression", "expression": "NOT active"},
            "'active' holds 3 values that are no truth value",
        ),
        ({"column": "active", "type": "in_set", "values": [True]}, "'active' holds 3 values"),
        ({"column": "id", "type": "not_null", "where": "NOT active"}, "'active' holds 3 values"),
        ({"column": "s", "type": "regex", "pattern": "a"}, "'s' holds 1 value that is no text"),
    ],
)
def test_truth_values_are_0_or_1_and_texts_no_bytes(
    made: _Make, rule: Mapping[str, object], what: str
) -> None:
    rows = [(1, "t", "a"), (2, 2, b"a"), (3, 0.5, "a"), (4, 1, "a"), (5, 0, None), (6, None, "a")]
    result = outcome(made("id integer, active boolean, s text", rows), rule)
    assert (result.status, what in result.message) == (RuleStatus.ERROR, True), result.message


def test_the_condition_of_a_whole_check_reads_no_strays(made: _Make) -> None:
    address = made(NUMBERS, NUMBER_ROWS)
    with pytest.raises(DataError, match=r"where: column 'n' holds 1 value that is no number"):
        veriport.check(address, [{"column": "good", "type": "not_null"}], where="n > 5")
    result = veriport.check(address, [{"column": "n", "type": "not_null"}], where="good > 0")
    assert (result.row_count, result.ok) == (2, True)


def test_what_is_referred_to_counts_too(made: _Make) -> None:
    address = made(NUMBERS, NUMBER_ROWS)
    rule = {
        "column": "good",
        "type": "referential_integrity",
        "reference": address,
        "reference_columns": ["n"],
    }
    result = outcome(address, rule)
    assert result.status is RuleStatus.ERROR
    assert "column 'n' of " in result.message
    assert "holds 1 value that is no number" in result.message


def test_a_split_is_refused(made: _Make, tmp_path: Path) -> None:
    result = veriport.check(made(NUMBERS, NUMBER_ROWS), [{"column": "r", "type": "non_negative"}])
    with pytest.raises(SplitError, match=r"column 'r' holds 1 value that is no number"):
        result.split(tmp_path / "out")


def test_a_split_is_refused_by_what_came_after_the_check(made: _Make, tmp_path: Path) -> None:
    result = veriport.check(made(NUMBERS, NUMBER_ROWS[1:]), [{"column": "r", "type": "non_negative"}])
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection, connection:
        connection.execute("INSERT INTO t (r) VALUES ('x'), ('y')")
    with pytest.raises(DataError, match=r"r\.in_range cannot be .* 'r' holds 2 values that are no number"):
        result.split(tmp_path / "out")
