"""The oracle, on cases worked out by hand and against another implementation of SQL."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import partial

import duckdb
import pytest
from hypothesis import given, reject

from veriport.domain.expressions import FUNCTIONS, Call, Expr, Kind, Literal, Name, write
from veriport.testing.expressions import COLUMNS, conditions, rows
from veriport.testing.oracle import _SEES_NULL, _STRICT, Mismatch, Value, evaluate

NAN, INF = math.nan, math.inf


def of(function: str, *values: Value) -> Value:
    """A function of these values, which stand in columns."""
    names = [f"c{number}" for number in range(len(values))]
    call = Call(function, tuple(Name(name) for name in names))
    return evaluate(call, dict(zip(names, values, strict=True)))


local = partial(datetime, tzinfo=None)  # a moment without a time zone


def same(one: Value, other: Value) -> bool:
    """Equal and of one type; NaN is the same as NaN."""
    if isinstance(one, float) and isinstance(other, float) and math.isnan(other):
        return math.isnan(one)
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def test_every_function_has_an_oracle_and_no_other() -> None:
    assert {*_SEES_NULL, *_STRICT} == set(FUNCTIONS)


def test_a_column_is_its_value_and_a_constant_is_itself() -> None:
    row: dict[str, Value] = {"a": 5}
    assert evaluate(Name("a"), row) == 5
    assert evaluate(Literal("x"), row) == "x"
    assert evaluate(Literal("2024-06-30", "date"), row) == date(2024, 6, 30)
    assert evaluate(Literal("2024-06-30T12:00:00+00:00", "datetime"), row) == datetime(
        2024, 6, 30, 12, tzinfo=UTC
    )
    assert evaluate(Literal("12:34:56", "time"), row) == time(12, 34, 56)


def test_an_absent_column_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        evaluate(Name("a"), {})


@pytest.mark.parametrize(
    ("left", "right", "both", "either"),
    [
        (True, True, True, True),
        (True, False, False, True),
        (False, False, False, False),
        (True, None, None, True),
        (False, None, False, None),
        (None, None, None, None),
    ],
)
def test_logic_has_three_values(left: Value, right: Value, both: Value, either: Value) -> None:
    assert of("and", left, right) is of("and", right, left) is both
    assert of("or", left, right) is of("or", right, left) is either


@pytest.mark.parametrize(
    ("function", "values", "result"),
    [
        ("not", (True,), False),
        ("not", (None,), None),
        ("=", (1, 1.0), True),
        ("=", (1, None), None),
        ("=", (NAN, NAN), False),
        ("<>", (NAN, 1), False),
        ("<>", (1, 2), True),
        ("<", (NAN, 1), False),
        (">", (NAN, 1), False),
        (">=", (1, NAN), False),
        ("<", (-INF, INF), True),
        ("<", ("B", "a"), True),
        ("<", ("z", "é"), True),
        ("<", (False, True), True),
        ("<=", (2**63 - 1, 2.0**63), True),
        ("=", (Decimal("0.1"), Decimal("0.10")), True),
        ("<", (date(2024, 1, 1), date(2024, 1, 2)), True),
        ("<", (date(2024, 1, 1), local(2024, 1, 1, 0, 0, 1)), True),
        ("=", (date(2024, 1, 1), local(2024, 1, 1)), True),
        ("=", (date(2024, 1, 1), "2024-01-01"), True),
        (">", ("2024-01-02 01:00", local(2024, 1, 2)), True),
        ("<", (time(9), "10:00"), True),
        ("in", (1, 2, 1), True),
        ("in", (1, 2, 3), False),
        ("in", (1, 2, None), None),
        ("in", (1, 1, None), True),
        ("in", (None, 1), None),
        ("in", (NAN, NAN), False),
        ("is_null", (None,), True),
        ("is_null", (NAN,), False),
        ("coalesce", (None, 2, 3), 2),
        ("coalesce", (None, None), None),
        ("nullif", (1, 1), None),
        ("nullif", (1, 2), 1),
        ("nullif", (1, None), 1),
        ("nullif", (None, 1), None),
        ("nullif", (NAN, NAN), NAN),
        ("case", (False, 1, None, 2, True, 3, 4), 3),
        ("case", (None, 1, 2), 2),
        ("case", (False, 1, None), None),
    ],
)
def test_comparisons_and_nulls(function: str, values: tuple[Value, ...], result: Value) -> None:
    assert same(of(function, *values), result)


@pytest.mark.parametrize(
    ("function", "values", "result"),
    [
        ("+", (1, 2), 3),
        ("+", (1, 0.5), 1.5),
        ("+", (Decimal("0.1"), Decimal("0.2")), Decimal("0.3")),
        ("+", (Decimal("0.5"), 0.25), 0.75),
        ("-", (1, None), None),
        ("*", (-3, 4), -12),
        ("/", (7, 2), 3.5),
        ("/", (6, 3), 2.0),
        ("/", (1, 0), None),
        ("/", (1.5, 0.0), None),
        ("/", (NAN, 0), None),
        ("/", (1, INF), 0.0),
        ("%", (7, 3), 1),
        ("%", (-7, 3), -1),
        ("%", (7, -3), 1),
        ("%", (-7, -3), -1),
        ("%", (-7.5, 2), -1.5),
        ("%", (7, 0), None),
        ("%", (INF, 2), NAN),
        ("%", (2, INF), 2.0),
        ("negate", (5,), -5),
        ("abs", (-5,), 5),
        ("abs", (-0.5,), 0.5),
        ("abs", (NAN,), NAN),
        ("round", (2.5,), 3),
        ("round", (-2.5,), -3),
        ("round", (0.49999999999999994,), 0),
        ("round", (2.345, 1), 2.3),
        ("round", (0.125, 2), 0.13),
        ("round", (7, 2), 7),
        ("round", (NAN,), NAN),
        ("round", (1e300, 15), 1e300),
        ("floor", (-2.5,), -3),
        ("floor", (INF,), INF),
        ("ceil", (-2.5,), -2),
        ("ceil", (3,), 3),
    ],
)
def test_numbers(function: str, values: tuple[Value, ...], result: Value) -> None:
    assert same(of(function, *values), result)


@pytest.mark.parametrize(
    ("function", "values", "result"),
    [
        ("||", ("a", "b"), "ab"),
        ("||", ("a", None), None),
        ("like", ("abc", "a%"), True),
        ("like", ("abc", "b%"), False),
        ("like", ("abc", "_b_"), True),
        ("like", ("a\nc", "a%"), True),
        ("like", ("a\nc", "a_c"), True),
        ("like", ("abc", "ABC"), False),
        ("like", (r"a\b", r"a\_"), True),
        ("like", ("a.c", "a.c"), True),
        ("like", ("abc", "a.c"), False),
        ("like", ("", "%"), True),
        ("like", ("abc\n", "abc"), False),
        ("ilike", ("ÄB", "ä_"), True),
        ("regexp_like", ("xa1", "a[0-9]$"), True),
        ("regexp_like", ("a\n", "a$"), False),
        ("lower", ("AbÉ",), "abé"),
        ("upper", ("abé",), "ABÉ"),
        ("trim", ("  a b \t",), "a b \t"),
        ("length", ("a😀é",), 3),
        ("substring", ("héllo", 2), "éllo"),
        ("substring", ("héllo", 2, 3), "éll"),
        ("substring", ("ab", 2, 5), "b"),
        ("substring", ("ab", 5), ""),
        ("starts_with", ("abc", "ab"), True),
        ("starts_with", ("abc", ""), True),
        ("ends_with", ("abc", "bc"), True),
        ("contains", ("a.c", "."), True),
        ("contains", ("abc", "."), False),
        ("year", (date(2024, 6, 30),), 2024),
        ("month", (local(2024, 6, 30, 1),), 6),
        ("day", (None,), None),
        ("hour", (local(2024, 6, 30, 13, 5),), 13),
        ("hour", (time(23, 59),), 23),
    ],
)
def test_texts_and_times(function: str, values: tuple[Value, ...], result: Value) -> None:
    assert same(of(function, *values), result)


@pytest.mark.parametrize(
    ("function", "value", "result"),
    [
        ("to_integer", "12", 12),
        ("to_integer", "-12.9", -12),
        ("to_integer", "9007199254740993", 2**53 + 1),
        ("to_integer", "1e3", 1000),
        ("to_integer", " 12", None),
        ("to_integer", "1_000", None),
        ("to_integer", "٣", None),
        ("to_integer", "", None),
        ("to_integer", "inf", None),
        ("to_integer", "9223372036854775808", None),
        ("to_integer", -2.9, -2),
        ("to_integer", NAN, None),
        ("to_integer", 1e19, None),
        ("to_integer", True, 1),
        ("to_double", "1.5e-1", 0.15),
        ("to_double", ".5", 0.5),
        ("to_double", "5.", 5.0),
        ("to_double", "nan", None),
        ("to_double", "1e999", None),
        ("to_double", "0x10", None),
        ("to_double", Decimal("0.25"), 0.25),
        ("to_text", 12, "12"),
        ("to_text", False, "false"),
        ("to_text", date(2024, 6, 30), "2024-06-30"),
        ("to_text", local(2024, 6, 30, 1, 2, 3), "2024-06-30 01:02:03"),
        ("to_date", "2024-02-29", date(2024, 2, 29)),
        ("to_date", "2023-02-29", None),
        ("to_date", "20240229", None),
        ("to_date", "2024-02-29 10:00", None),
        ("to_date", local(2024, 2, 29, 10), date(2024, 2, 29)),
        ("to_datetime", "2024-02-29 10:11", local(2024, 2, 29, 10, 11)),
        ("to_datetime", "2024-02-29T10:11:12.5", local(2024, 2, 29, 10, 11, 12, 500_000)),
        ("to_datetime", "2024-02-29", local(2024, 2, 29)),
        ("to_datetime", "2024-02-29 10:11:12Z", None),
        ("to_datetime", "2024-02-29 25:00", None),
        ("to_datetime", date(2024, 2, 29), local(2024, 2, 29)),
        ("to_date", None, None),
    ],
)
def test_casts(function: str, value: Value, result: Value) -> None:
    assert same(of(function, value), result)
    assert type(of(function, value)) is type(result)


@pytest.mark.parametrize(
    ("function", "values"),
    [
        ("=", (1, "1")),
        ("=", (1, True)),
        ("<", (date(2024, 1, 1), 5)),
        ("<", (date(2024, 1, 1), "soon")),
        ("<", (time(1), date(2024, 1, 1))),
        ("<", (local(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC))),
        ("and", (1, True)),
        ("not", (0,)),
        ("+", ("a", "b")),
        ("+", (True, 1)),
        ("-", (date(2024, 1, 2), date(2024, 1, 1))),
        ("||", ("a", 1)),
        ("length", (1,)),
        ("year", ("2024-01-01",)),
        ("hour", (date(2024, 1, 1),)),
        ("to_date", (20240101,)),
        ("case", (1, 2, 3)),
    ],
)
def test_what_does_not_go_together_is_an_error(function: str, values: tuple[Value, ...]) -> None:
    with pytest.raises(Mismatch):
        of(function, *values)


#: What DuckDB defines otherwise: division by zero, casts that round, regular expressions by other names.
ELSEWHERE = {"/", "%", "regexp_like", "to_integer", "to_double", "to_text", "to_date", "to_datetime"}
TYPES = {
    **dict.fromkeys(COLUMNS[Kind.BOOLEAN], "BOOLEAN"),
    **dict.fromkeys(COLUMNS[Kind.TEXT], "VARCHAR"),
    "n": "BIGINT",
    "m": "BIGINT",
    "x": "DOUBLE",
    "d": "DATE",
    "ts": "TIMESTAMP",
}


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


@given(tree=conditions(set(FUNCTIONS) - ELSEWHERE), row=rows().filter(lambda row: row["x"] == row["x"]))
def test_agrees_with_duckdb(connection: duckdb.DuckDBPyConnection, tree: Expr, row: dict[str, Value]) -> None:
    columns = ", ".join(f"?::{kind} AS {write(Name(name))}" for name, kind in TYPES.items())
    query = f"SELECT {write(tree)} FROM (SELECT {columns})"  # noqa: S608  # our own text
    try:
        found = connection.execute(query, [row[name] for name in TYPES]).fetchall()
    except (duckdb.BinderException, duckdb.ConversionException, duckdb.OutOfRangeException):
        reject()  # kinds that DuckDB tells apart and we do not
    assert found == [(evaluate(tree, row),)]


@given(tree=conditions(), row=rows())
def test_a_condition_is_true_false_or_null(tree: Expr, row: dict[str, Value]) -> None:
    assert evaluate(tree, row) in {True, False, None}


@given(tree=conditions(), row=rows())
def test_not_turns_a_result_round(tree: Expr, row: dict[str, Value]) -> None:
    assert {evaluate(tree, row), evaluate(Call("not", (tree,)), row)} in ({True, False}, {None})
