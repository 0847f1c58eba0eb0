"""Row expressions: the parsed form of ``where`` and of the rule ``expression`` (D3).

The dialect is the part of SQL that says something about one row: comparisons, arithmetic, ``AND``,
``OR``, ``NOT``, ``IN``, ``BETWEEN``, ``LIKE``, ``IS NULL``, ``CASE``, ``CAST`` and the functions of
``FUNCTIONS``. Logic is three-valued, as in SQL. A parser adapter makes the tree, every engine
compiles the same tree, so that no engine's own SQL decides what a rule means.

Unless its meaning says otherwise a function gives NULL when an argument is NULL. A comparison with
NaN is FALSE, whichever it is. Whole numbers beyond 64 bits are left to the engine.
``veriport.testing.oracle`` says it all again as a program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TypeAlias

from attrs import field, frozen

from veriport.domain.rules.scalars import Scalar


def _exactly(value: Scalar) -> tuple[str, Scalar]:
    """Python has ``1 == 1.0 == True``; as constants they are three."""
    return type(value).__name__, value


@frozen
class Name:
    """The value of a column."""

    column: str


@frozen
class Literal:
    """A constant; ``kind`` is ``date``, ``datetime`` or ``time`` for ISO text that means a time."""

    value: Scalar = field(eq=_exactly)
    kind: str = ""


@frozen
class Call:
    """A function or operator of ``FUNCTIONS`` applied to its arguments."""

    function: str
    arguments: tuple[Expr, ...]


Expr: TypeAlias = Name | Literal | Call


class Kind(StrEnum):
    """What kind of value an expression gives, in the words of an error message."""

    ANY = "any value"  #: not known before the data is
    ALIKE = "values of one kind"  #: arguments that go together; as a result, the kind that they are of
    BOOLEAN = "a truth value"
    NUMBER = "a number"
    TEXT = "a text"
    TIME = "a date or time"
    INSTANT = "a time with a zone"
    CLOCK = "a time of day"
    OTHER = "a value that conditions only ask for NULL"  #: bytes, durations, lists, structs


@frozen
class Function:
    """How many arguments a function takes, what it gives, and of what kinds both are.

    The last kind of ``takes`` is that of all further arguments. From the argument ``constants_from``
    on (0-based) they are constants.
    """

    least: int
    most: int | None
    meaning: str
    takes: tuple[Kind, ...]
    gives: Kind
    constants_from: int | None = None


_ANY, _ALIKE = (Kind.ANY,), (Kind.ALIKE,)
_BOOLEAN, _NUMBER, _TEXT, _TIME = (Kind.BOOLEAN,), (Kind.NUMBER,), (Kind.TEXT,), (Kind.TIME,)

#: Everything that an expression may do. ``None`` as ``most`` means any number.
FUNCTIONS: Mapping[str, Function] = {
    "and": Function(
        2, 2, "TRUE if both are; NULL if neither is FALSE and one is NULL", _BOOLEAN, Kind.BOOLEAN
    ),
    "or": Function(
        2, 2, "TRUE if either is; NULL if neither is TRUE and one is NULL", _BOOLEAN, Kind.BOOLEAN
    ),
    "not": Function(1, 1, "the opposite; NULL of NULL", _BOOLEAN, Kind.BOOLEAN),
    "=": Function(2, 2, "equal; FALSE for NaN", _ALIKE, Kind.BOOLEAN),
    "<>": Function(2, 2, "not equal; FALSE for NaN", _ALIKE, Kind.BOOLEAN),
    "<": Function(2, 2, "less; FALSE for NaN", _ALIKE, Kind.BOOLEAN),
    "<=": Function(2, 2, "less or equal; FALSE for NaN", _ALIKE, Kind.BOOLEAN),
    ">": Function(2, 2, "greater; FALSE for NaN", _ALIKE, Kind.BOOLEAN),
    ">=": Function(2, 2, "greater or equal; FALSE for NaN", _ALIKE, Kind.BOOLEAN),
    "+": Function(2, 2, "sum", _NUMBER, Kind.NUMBER),
    "-": Function(2, 2, "difference", _NUMBER, Kind.NUMBER),
    "*": Function(2, 2, "product", _NUMBER, Kind.NUMBER),
    "/": Function(2, 2, "quotient, never rounded; NULL when divided by zero", _NUMBER, Kind.NUMBER),
    "%": Function(
        2, 2, "remainder with the sign of the dividend; NULL when divided by zero", _NUMBER, Kind.NUMBER
    ),
    "negate": Function(1, 1, "the negative", _NUMBER, Kind.NUMBER),
    "||": Function(2, 2, "the texts one after the other", _TEXT, Kind.TEXT),
    "in": Function(
        2, None, "the first equals one of the others; NULL if none does and one is NULL", _ALIKE, Kind.BOOLEAN
    ),
    "is_null": Function(1, 1, "TRUE for NULL, else FALSE", _ANY, Kind.BOOLEAN),
    "like": Function(
        2,
        2,
        "is wholly like the constant pattern: % is any text, _ any character, nothing escapes them",
        _TEXT,
        Kind.BOOLEAN,
        constants_from=1,
    ),
    "ilike": Function(2, 2, "as like, with both in lower case", _TEXT, Kind.BOOLEAN, constants_from=1),
    "regexp_like": Function(
        2, 2, "contains a match of the constant regular expression", _TEXT, Kind.BOOLEAN, constants_from=1
    ),
    "case": Function(
        3,
        None,
        "condition, value, condition, value, ... and the value for ELSE: the value of the first that is TRUE",
        (Kind.BOOLEAN, Kind.ALIKE),  # by turns
        Kind.ALIKE,
    ),
    "to_integer": Function(
        1, 1, "CAST to INTEGER: towards zero; NULL for what is no number of 64 bits", _ANY, Kind.NUMBER
    ),
    "to_double": Function(1, 1, "CAST to DOUBLE; NULL for what is no number", _ANY, Kind.NUMBER),
    "to_text": Function(
        1, 1, "CAST to TEXT; how a number with a fraction is written is up to the engine", _ANY, Kind.TEXT
    ),
    "to_date": Function(1, 1, "CAST to DATE; NULL for a text that is not as 2024-06-30", _ANY, Kind.TIME),
    "to_datetime": Function(
        1, 1, "CAST to TIMESTAMP; NULL for a text that is not as 2024-06-30 12:34:56", _ANY, Kind.TIME
    ),
    "abs": Function(1, 1, "absolute value", _NUMBER, Kind.NUMBER),
    "round": Function(
        1,
        2,
        "rounded half away from zero to a constant 0 to 15 digits (0)",
        _NUMBER,
        Kind.NUMBER,
        constants_from=1,
    ),
    "floor": Function(1, 1, "rounded down", _NUMBER, Kind.NUMBER),
    "ceil": Function(1, 1, "rounded up", _NUMBER, Kind.NUMBER),
    "lower": Function(1, 1, "in lower case", _TEXT, Kind.TEXT),
    "upper": Function(1, 1, "in upper case", _TEXT, Kind.TEXT),
    "trim": Function(1, 1, "without spaces at both ends", _TEXT, Kind.TEXT),
    "length": Function(1, 1, "number of characters", _TEXT, Kind.NUMBER),
    "substring": Function(
        2,
        3,
        "from the constant n-th character on (1 is the first), at most so many characters",
        (Kind.TEXT, Kind.NUMBER),
        Kind.TEXT,
        constants_from=1,
    ),
    "starts_with": Function(2, 2, "the first begins with the second", _TEXT, Kind.BOOLEAN),
    "ends_with": Function(2, 2, "the first ends with the second", _TEXT, Kind.BOOLEAN),
    "contains": Function(2, 2, "the second, a plain text, is part of the first", _TEXT, Kind.BOOLEAN),
    "coalesce": Function(1, None, "the first that is not NULL", _ALIKE, Kind.ALIKE),
    "nullif": Function(2, 2, "NULL if both are equal, else the first", _ALIKE, Kind.ALIKE),
    "year": Function(1, 1, "the year of a date", _TIME, Kind.NUMBER),
    "month": Function(1, 1, "the month of a date, 1 to 12", _TIME, Kind.NUMBER),
    "day": Function(1, 1, "the day of a date, 1 to 31", _TIME, Kind.NUMBER),
    "hour": Function(1, 1, "the hour of a time, 0 to 23", _TIME, Kind.NUMBER),
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


_INFIX: Mapping[str, str] = {
    **{sign: sign for sign in ("=", "<>", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "||")},
    **{word: word.upper() for word in ("and", "or", "like", "ilike")},
}
#: Operators that are read from left to right, so that ``a - b + c`` needs no parentheses.
_CHAINS = (frozenset("+-"), frozenset("*/%"), frozenset({"||"}))
_OPERATORS = frozenset({*_INFIX, "not", "negate", "is_null", "in"})
_CASTS: Mapping[str, str] = {
    "to_integer": "INTEGER",
    "to_double": "DOUBLE",
    "to_text": "TEXT",
    "to_date": "DATE",
    "to_datetime": "TIMESTAMP",
}
_TIMES: Mapping[str, str] = {"date": "DATE ", "datetime": "TIMESTAMP ", "time": "TIME ", "": ""}


def write(expression: Expr) -> str:
    """The expression as SQL of the dialect, which reads as the same expression again.

    >>> write(Call("<=", (Name("age"), Call("+", (Literal(1), Literal(0.5))))))
    '"age" <= (1 + 0.5)'
    """
    match expression:
        case Name(column):
            return '"' + column.replace('"', '""') + '"'
        case Literal(value, kind):
            return _write_constant(value, kind)
        case Call(function, arguments):
            return _write_call(function, arguments)


def _write_constant(value: Scalar, kind: str) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).upper()
        case str():
            return _TIMES[kind] + "'" + value.replace("'", "''") + "'"
        case _:
            return repr(value)


def _write_call(function: str, arguments: tuple[Expr, ...]) -> str:
    first, *others = arguments
    if function in _INFIX:
        return f"{_left(function, first)} {_INFIX[function]} {_operand(others[0])}"
    if function in _CASTS:
        return f"TRY_CAST({write(first)} AS {_CASTS[function]})"
    listed = ", ".join(write(argument) for argument in others)
    match function:
        case "not":
            return f"NOT {_operand(first)}"
        case "negate":
            return f"-({write(first)})"
        case "is_null":
            return f"{_operand(first)} IS NULL"
        case "in":
            return f"{_operand(first)} IN ({listed})"
        case "case":
            return _write_case(arguments)
        case _:
            return f"{function}({', '.join(write(argument) for argument in arguments)})"


def _write_case(arguments: tuple[Expr, ...]) -> str:
    *pairs, otherwise = (write(argument) for argument in arguments)
    whens = (f"WHEN {pairs[at]} THEN {pairs[at + 1]}" for at in range(0, len(pairs), 2))
    return f"CASE {' '.join(whens)} ELSE {otherwise} END"


def _left(function: str, operand: Expr) -> str:
    if isinstance(operand, Call) and any({function, operand.function} <= chain for chain in _CHAINS):
        return write(operand)
    return _operand(operand)


def _operand(operand: Expr) -> str:
    written = write(operand)
    return f"({written})" if isinstance(operand, Call) and operand.function in _OPERATORS else written
