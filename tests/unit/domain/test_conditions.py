"""Which expressions make sense as a condition."""

from __future__ import annotations

import pytest
from hypothesis import given

from veriport.adapters.expressions.sqlglot import parse
from veriport.domain.conditions import MAX_DEPTH, MAX_SIZE, objection
from veriport.domain.expressions import Call, Expr, Literal, Name
from veriport.domain.types import Column, DataType, Family
from veriport.testing.expressions import conditions

A, ONE, TEXT = Name("a"), Literal(1), Literal("x")
DAY = Literal("2024-06-30", "date")


def is_true(function: str, *arguments: Expr) -> Expr:
    """A condition around a call that need not be one."""
    return Call("is_null", (Call(function, arguments),))


@given(tree=conditions())
def test_nothing_to_say_against_what_makes_sense(tree: Expr) -> None:
    assert objection(tree) is None


#: A column of each family, named by it.
COLUMNS = [
    *(Column(name, DataType(Family(name), name)) for name in map(str, Family)),
    Column("zoned", DataType(Family.DATETIME, "datetime(us, UTC)")),
]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("integer > 0 AND float > decimal", None),
        ("string < 'a' AND categorical = string", None),
        ("boolean AND NOT boolean = TRUE", None),
        ("date < datetime AND date > '2024-01-01' AND zoned > '2024-01-01T00:00Z'", None),
        ("time > '12:00' AND time < TIME '13:00'", None),
        ("year(date) = hour(zoned) AND hour(time) = 1", None),
        ("list IS NULL OR struct IS NULL OR binary IS NULL OR duration IS NULL OR other IS NULL", None),
        ("CAST(string AS DATE) > date AND CAST(boolean AS INTEGER) = 1 AND CAST(zoned AS TIMESTAMP) > zoned", None),
        ('"null" > 0 AND "null" > \'a\' AND "null"', None),
        ("absent > 0 AND absent = 'a'", None),
        ("date > 0", '"date" is a date or time and 0 is a number: > takes values of one kind'),
        ("boolean = 1", '"boolean" is a truth value and 1 is a number: = takes values of one kind'),
        ("integer = string", '"integer" is a number and "string" is a text: = takes values of one kind'),
        ("decimal IN ('a')", "\"decimal\" is a number and 'a' is a text: IN takes values of one kind"),
        ("coalesce(integer, 'a') = 'b'", "coalesce takes values of one kind"),
        ("string > date", '"string" is a text and "date" is a date or time: > takes values of one kind'),
        ("zoned > date", '"zoned" is a time with a zone and "date" is a date or time'),
        ("zoned > DATE '2024-01-01'", '"zoned" is a time with a zone and DATE'),
        ("CAST(zoned AS TIMESTAMP) > datetime", "is a time with a zone and"),
        ("time > date", '"time" is a time of day and "date" is a date or time'),
        ("string + 1 > 0", '+ takes a number, and "string" is a text'),
        ("lower(integer) = 'a'", 'lower takes a text, and "integer" is a number'),
        ("year(string) = 1", 'year takes a date or time, and "string" is a text'),
        ("integer AND TRUE", 'AND takes a truth value, and "integer" is a number'),
        ("duration > 0", '"duration" is a value that conditions only ask for NULL'),
        ("list = list", '"list" is a value that conditions only ask for NULL'),
        ("binary = 'a'", '"binary" is a value that conditions only ask for NULL'),
        ("CAST(date AS INTEGER) > 0", '"date" is a date or time'),
        ("CAST(integer AS DATE) > date", '"integer" is a number'),
        ("CAST(list AS TEXT) = 'a'", '"list" is a value that conditions only ask for NULL'),
        ("string", 'a condition is TRUE or FALSE, and "string" is a text'),
    ],
)  # fmt: skip
def test_columns_are_of_kinds_too(text: str, why: str | None) -> None:
    said = objection(parse(text).unwrap(), COLUMNS)
    assert said is None if why is None else why in (said or "")


@pytest.mark.parametrize(
    "tree",
    [
        A,
        Literal(True),  # noqa: FBT003  # a constant
        Literal(None),
        Call("=", (A, Literal(None))),
        Call("coalesce", (Literal(None), A)),
        Call("case", (A, Literal(None), Literal(False))),  # noqa: FBT003  # a constant
        Call("<", (DAY, Literal("2024-07-01"))),
        Call("in", (Literal("2024-07-01"), DAY, A)),
        Call("=", (Call("nullif", (A, TEXT)), TEXT)),
    ],
)
def test_what_may_be_a_condition_is_one(tree: Expr) -> None:
    assert objection(tree) is None


@pytest.mark.parametrize(
    ("tree", "why"),
    [
        (ONE, "a condition is TRUE or FALSE, and 1 is a number: compare it with something"),
        (Call("+", (A, ONE)), 'a condition is TRUE or FALSE, and "a" + 1 is a number'),
        (Call("lower", (A,)), 'lower("a") is a text'),
        (Call("coalesce", (A, ONE)), 'coalesce("a", 1) is a number'),
        (Call("case", (A, Literal(None), DAY)), "is a date or time"),
        (Call("not", (ONE,)), "NOT takes a truth value, and 1 is a number"),
        (Call("and", (A, TEXT)), "AND takes a truth value, and 'x' is a text"),
        (is_true("+", A, TEXT), "+ takes a number, and 'x' is a text: write || to put texts together"),
        (is_true("negate", TEXT), "- takes a number, and 'x' is a text"),
        (is_true("||", ONE, A), "|| takes a text, and 1 is a number"),
        (is_true("length", DAY), "length takes a text, and DATE '2024-06-30' is a date or time"),
        (is_true("year", TEXT), "year takes a date or time, and 'x' is a text: write DATE '2024-06-30'"),
        (is_true("case", ONE, A, A), "CASE takes a truth value, and 1 is a number"),
        (is_true("case", A, ONE, TEXT), "1 is a number and 'x' is a text: CASE takes values of one kind"),
        (Call("=", (ONE, TEXT)), "1 is a number and 'x' is a text: = takes values of one kind"),
        (Call("in", (A, ONE, TEXT)), "1 is a number and 'x' is a text: IN takes values of one kind"),
        (Call("<", (DAY, ONE)), "DATE '2024-06-30' is a date or time and 1 is a number"),
        (is_true("coalesce", DAY, TEXT), "coalesce takes values of one kind"),
        (is_true("abs"), "abs takes 1 argument, not 0"),
        (is_true("round", A, ONE, ONE), "round takes 1 to 2 arguments, not 3"),
        (is_true("nullif", A), "nullif takes 2 arguments, not 1"),
        (is_true("coalesce"), "coalesce takes at least 1 argument, not 0"),
        (is_true("round", A, A), 'round takes a constant where "a" stands'),
        (is_true("round", A, Literal(1.5)), "round takes a whole number from 0 to 15, not 1.5"),
        (is_true("round", A, Literal(16)), "round takes a whole number from 0 to 15, not 16"),
        (is_true("substring", A, Literal(0)), "substring takes a whole number from 1"),
        (Call("like", (A, A)), 'like takes a constant where "a" stands'),
        (Call("like", (A, Literal(None))), "like takes a constant text as its pattern, not NULL"),
        (Call("regexp_like", (A, Literal("("))), "the pattern '(' is not usable: a ( without its )"),
    ],
)
def test_says_what_makes_no_sense(tree: Expr, why: str) -> None:
    assert why in (objection(tree) or "")


def test_a_long_part_of_an_expression_is_shortened() -> None:
    said = objection(Call("lower", (Literal("x" * 500),))) or ""
    assert len(said) < 150


def _nested(depth: int) -> Expr:
    tree: Expr = A
    for _ in range(depth):
        tree = Call("not", (tree,))
    return tree


def test_too_deep() -> None:
    assert objection(_nested(MAX_DEPTH - 1)) is None
    assert objection(_nested(MAX_DEPTH)) == "more than 100 operations inside each other"


def test_far_too_deep_is_no_recursion_error() -> None:
    assert objection(_nested(100_000)) == "more than 100 operations inside each other"


def test_too_large() -> None:
    assert objection(Call("in", (A,) * (MAX_SIZE - 1))) is None
    assert objection(Call("in", (A,) * MAX_SIZE)) == "more than 10,000 names, constants and operations"


def test_a_small_tree_that_stands_for_a_huge_one() -> None:
    """``x BETWEEN`` writes ``x`` twice, and so does a ``BETWEEN`` around it."""
    tree: Expr = A
    for _ in range(80):
        tree = Call("and", (tree, tree))
    assert objection(tree) == "more than 10,000 names, constants and operations"
