"""Row expressions: the parsed form of ``where`` and of the rule ``expression`` (D3).

The dialect is the part of SQL that says something about one row: comparisons, arithmetic, ``AND``,
``OR``, ``NOT``, ``IN``, ``BETWEEN``, ``LIKE``, ``IS NULL``, ``CASE``, ``CAST`` and the functions of
``FUNCTIONS``. Logic is three-valued, as in SQL. A parser adapter makes the tree, every engine
compiles the same tree, so that no engine's own SQL decides what a rule means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from attrs import frozen

from veriport.domain.rules.scalars import Scalar


@frozen
class Name:
    """The value of a column."""

    column: str


@frozen
class Literal:
    """A constant; ``kind`` is ``date``, ``datetime`` or ``time`` for ISO text that means a time."""

    value: Scalar
    kind: str = ""


@frozen
class Call:
    """A function or operator of ``FUNCTIONS`` applied to its arguments."""

    function: str
    arguments: tuple[Expr, ...]


Expr: TypeAlias = Name | Literal | Call


@frozen
class Function:
    """How many arguments a function takes, and what it gives."""

    least: int
    most: int | None
    meaning: str


#: Everything that an expression may do. ``None`` as ``most`` means any number.
FUNCTIONS: Mapping[str, Function] = {
    "and": Function(2, 2, "TRUE if both are; NULL if neither is FALSE and one is NULL"),
    "or": Function(2, 2, "TRUE if either is; NULL if neither is TRUE and one is NULL"),
    "not": Function(1, 1, "the opposite; NULL of NULL"),
    "=": Function(2, 2, "equal"),
    "<>": Function(2, 2, "not equal"),
    "<": Function(2, 2, "less; never TRUE for NaN"),
    "<=": Function(2, 2, "less or equal; never TRUE for NaN"),
    ">": Function(2, 2, "greater; never TRUE for NaN"),
    ">=": Function(2, 2, "greater or equal; never TRUE for NaN"),
    "+": Function(2, 2, "sum"),
    "-": Function(2, 2, "difference"),
    "*": Function(2, 2, "product"),
    "/": Function(2, 2, "quotient, never rounded; NULL when divided by zero"),
    "%": Function(2, 2, "remainder with the sign of the dividend; NULL when divided by zero"),
    "negate": Function(1, 1, "the negative"),
    "in": Function(2, None, "the first equals one of the others"),
    "is_null": Function(1, 1, "TRUE for NULL, else FALSE"),
    "like": Function(2, 2, "matches the constant pattern of SQL: % any text, _ any character"),
    "ilike": Function(2, 2, "as like, whatever the case"),
    "case": Function(2, None, "condition, value, condition, value, ... and the value for ELSE"),
    "to_integer": Function(1, 1, "CAST to INTEGER: towards zero; NULL for what is no number"),
    "to_double": Function(1, 1, "CAST to DOUBLE; NULL for what is no number"),
    "to_text": Function(1, 1, "CAST to TEXT"),
    "to_date": Function(1, 1, "CAST to DATE; NULL for what is no date"),
    "abs": Function(1, 1, "absolute value"),
    "round": Function(1, 2, "rounded half away from zero to so many digits (0)"),
    "floor": Function(1, 1, "rounded down"),
    "ceil": Function(1, 1, "rounded up"),
    "lower": Function(1, 1, "in lower case"),
    "upper": Function(1, 1, "in upper case"),
    "trim": Function(1, 1, "without spaces at both ends"),
    "length": Function(1, 1, "number of characters"),
    "starts_with": Function(2, 2, "the first begins with the second"),
    "ends_with": Function(2, 2, "the first ends with the second"),
    "contains": Function(2, 2, "the second, a plain text, is part of the first"),
    "coalesce": Function(1, None, "the first that is not NULL"),
    "nullif": Function(2, 2, "NULL if both are equal, else the first"),
    "year": Function(1, 1, "the year of a date"),
    "month": Function(1, 1, "the month of a date, 1 to 12"),
    "day": Function(1, 1, "the day of a date, 1 to 31"),
    "hour": Function(1, 1, "the hour of a time, 0 to 23"),
}


def columns_of(expression: Expr) -> tuple[str, ...]:
    """The columns that an expression reads, each once, in order of appearance."""
    return tuple(dict.fromkeys(_names(expression)))


def _names(expression: Expr) -> Iterator[str]:
    match expression:
        case Name(column):
            yield column
        case Call(_, arguments):
            for argument in arguments:
                yield from _names(argument)
        case _:
            return
