"""Which expressions make sense as a condition."""

from __future__ import annotations

import pytest
from hypothesis import given

from veriport.domain.conditions import MAX_DEPTH, MAX_SIZE, objection
from veriport.domain.expressions import Call, Expr, Literal, Name
from veriport.testing.expressions import conditions

A, ONE, TEXT = Name("a"), Literal(1), Literal("x")
DAY = Literal("2024-06-30", "date")


def is_true(function: str, *arguments: Expr) -> Expr:
    """A condition around a call that need not be one."""
    return Call("is_null", (Call(function, arguments),))


@given(tree=conditions())
def test_nothing_to_say_against_what_makes_sense(tree: Expr) -> None:
    assert objection(tree) is None


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
