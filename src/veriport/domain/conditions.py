"""Which row expressions make sense as a condition: without data, and over the columns of a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import TypeAlias

from veriport.domain.errors import InvalidRule
from veriport.domain.expressions import FUNCTIONS, Call, Expr, Function, Kind, Literal, Name, write
from veriport.domain.patterns import parse_pattern
from veriport.domain.rules.scalars import moment
from veriport.domain.types import Column, Family

MAX_SIZE = 10_000  #: names, constants and calls in an expression
MAX_DEPTH = 100  #: calls inside each other

_COMPARISONS = frozenset({"=", "<>", "<", "<=", ">", ">=", "in"})
_TIMES = frozenset({Kind.TIME, Kind.INSTANT, Kind.CLOCK})

#: What else fits where a kind is wanted.
_FITS: Mapping[Kind, frozenset[Kind]] = {
    Kind.TIME: _TIMES, Kind.ANY: frozenset(Kind), Kind.ALIKE: frozenset(Kind) - {Kind.OTHER},
}  # fmt: skip
_NUMERALS = frozenset({Kind.ANY, Kind.BOOLEAN, Kind.NUMBER, Kind.TEXT})
_CALENDAR = frozenset({Kind.ANY, Kind.TEXT, Kind.TIME, Kind.INSTANT})

#: What can be made a number, a time, a text.
_CASTS: Mapping[str, frozenset[Kind]] = {
    "to_integer": _NUMERALS, "to_double": _NUMERALS, "to_date": _CALENDAR, "to_datetime": _CALENDAR,
    "to_text": frozenset(Kind) - {Kind.OTHER},
}  # fmt: skip

Kinds: TypeAlias = Mapping[str, Kind]


def objection(expression: Expr, columns: Iterable[Column] = ()) -> str | None:
    """Why the expression cannot be a condition over a row, in words; ``None`` when it can.

    Found are: too large or too deep a tree, a wrong number of arguments, constants that a function
    does not take, arguments of a kind that it does not take, and a whole that is no truth value. What
    a column holds is known of ``columns``.
    """
    kinds = {column.name: _kind_of_column(column) for column in columns}
    return (
        _too_large(expression)
        or next(_objections(expression, kinds), None)
        or _no_condition(expression, kinds)
    )


def _kind_of_column(column: Column) -> Kind:
    return Kind.INSTANT if column.dtype.zoned else _OF_FAMILY.get(column.dtype.family, Kind.OTHER)


_OF_FAMILY: Mapping[Family, Kind] = {
    Family.NULL: Kind.ANY, Family.BOOLEAN: Kind.BOOLEAN,
    Family.STRING: Kind.TEXT, Family.CATEGORICAL: Kind.TEXT,
    Family.INTEGER: Kind.NUMBER, Family.FLOAT: Kind.NUMBER, Family.DECIMAL: Kind.NUMBER,
    Family.DATE: Kind.TIME, Family.DATETIME: Kind.TIME, Family.TIME: Kind.CLOCK,
}  # fmt: skip


def _too_large(expression: Expr) -> str | None:
    waiting = [(expression, 1)]
    for _ in range(MAX_SIZE):
        if not waiting:
            break
        node, depth = waiting.pop()
        if depth > MAX_DEPTH:
            return f"more than {MAX_DEPTH} operations inside each other"
        if isinstance(node, Call):
            waiting.extend((argument, depth + 1) for argument in node.arguments)
    if not waiting:
        return None
    return f"more than {MAX_SIZE:,} names, constants and operations"


def _objections(expression: Expr, kinds: Kinds) -> Iterator[str]:
    if not isinstance(expression, Call):
        return
    for argument in expression.arguments:
        yield from _objections(argument, kinds)
    yield from _wrong_count(expression)
    yield from _wrong_constants(expression)
    yield from _wrong_kinds(expression, kinds)


def _no_condition(expression: Expr, kinds: Kinds) -> str | None:
    kind = kind_of(expression, kinds)
    if kind in {Kind.ANY, Kind.BOOLEAN}:
        return None
    return f"a condition is TRUE or FALSE, and {_shown(expression)} is {kind}: compare it with something"


def kind_of(expression: Expr, kinds: Kinds) -> Kind:
    """What kind of value the expression gives; ``ANY`` when that depends on the data."""
    match expression:
        case Name(column):
            return kinds.get(column, Kind.ANY)
        case Literal(value, kind):
            return _kind_of_constant(value, kind)
        case Call("to_datetime", (value,)) if kind_of(value, kinds) is Kind.INSTANT:
            return Kind.INSTANT
        case Call(function) if FUNCTIONS[function].gives is not Kind.ALIKE:
            return FUNCTIONS[function].gives
        case Call() as call:
            alike = (kind_of(each, kinds) for each, wanted in _wanted(call) if wanted is Kind.ALIKE)
            return next((kind for kind in alike if kind is not Kind.ANY), Kind.ANY)


def _kind_of_constant(value: object, kind: str) -> Kind:
    match value:
        case None:
            return Kind.ANY
        case bool():
            return Kind.BOOLEAN
        case str():
            return _OF_CONSTANT.get(kind, Kind.TEXT) if not _zoned(value, kind) else Kind.INSTANT
        case _:
            return Kind.NUMBER


_OF_CONSTANT: Mapping[str, Kind] = {"date": Kind.TIME, "datetime": Kind.TIME, "time": Kind.CLOCK}


def _zoned(text: str, kind: str) -> bool:
    return kind == "datetime" and getattr(moment(Family.DATETIME, text), "tzinfo", None) is not None


def _wanted(call: Call) -> Iterable[tuple[Expr, Kind]]:
    """Every argument with the kind that the function takes there."""
    takes = FUNCTIONS[call.function].takes
    count = len(call.arguments)
    if call.function == "case":
        kinds = [*takes * (count // 2), takes[-1]]
    else:
        kinds = [*takes, *[takes[-1]] * count]
    return zip(call.arguments, kinds, strict=False)


def _wrong_count(call: Call) -> Iterator[str]:
    function, count = FUNCTIONS[call.function], len(call.arguments)
    if count < function.least or (function.most is not None and count > function.most):
        yield f"{_title(call)} takes {_counted(function)}, not {count}"


def _counted(function: Function) -> str:
    most = function.least if function.most is None else function.most
    number = f"{function.least}" if most == function.least else f"{function.least} to {most}"
    least = "at least " if function.most is None else ""
    return f"{least}{number} argument{'' if most == 1 else 's'}"


def _wrong_constants(call: Call) -> Iterator[str]:
    start = FUNCTIONS[call.function].constants_from
    for argument in call.arguments[start:] if start is not None else ():
        if not isinstance(argument, Literal):
            yield f"{call.function} takes a constant where {_shown(argument)} stands"
        else:
            yield from _wrong_constant(call.function, argument)


#: The constants that numbers of digits and of characters may be.
_COUNTS: Mapping[str, range] = {"round": range(16), "substring": range(1, 2**31)}


def _wrong_constant(function: str, constant: Literal) -> Iterator[str]:
    value = constant.value
    if function in _COUNTS:
        low, high = _COUNTS[function][0], _COUNTS[function][-1]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            yield f"{function} takes a whole number from {low:,} to {high:,}, not {_shown(constant)}"
    elif not isinstance(value, str):
        yield f"{function} takes a constant text as its pattern, not {_shown(constant)}"
    elif function == "regexp_like":
        try:
            parse_pattern(value)
        except InvalidRule as problem:
            yield problem.message


def _wrong_kinds(call: Call, kinds: Kinds) -> Iterator[str]:
    for argument, wanted in _wanted(call):
        kind = kind_of(argument, kinds)
        if kind is not Kind.ANY and kind not in _FITS.get(wanted, {wanted}):
            hint = _hint(call, kind, wanted)
            yield f"{_title(call)} takes {wanted}, and {_shown(argument)} is {kind}{hint}"
        elif kind not in _CASTS.get(call.function, {kind}):
            yield f"{_shown(call)} cannot be made: {_shown(argument)} is {kind}"
    yield from _unlike(call, [argument for argument, wanted in _wanted(call) if wanted is Kind.ALIKE], kinds)


def _unlike(call: Call, arguments: list[Expr], kinds: Kinds) -> Iterator[str]:
    """Values beside each other that are of two kinds; a constant text may be a time in a comparison."""
    known = [(each, kind) for each in arguments if (kind := kind_of(each, kinds)) is not Kind.ANY]
    if call.function in _COMPARISONS and any(kind in _TIMES for _, kind in known):
        known = [
            (each, kind) for each, kind in known if not (kind is Kind.TEXT and isinstance(each, Literal))
        ]
    for (one, its), (other, others) in pairwise(known):
        if its is not others:
            yield f"{_shown(one)} is {its} and {_shown(other)} is {others}: {_title(call)} takes {Kind.ALIKE}"


def _title(call: Call) -> str:
    name = "-" if call.function == "negate" else call.function
    return name.upper() if name in {"and", "or", "not", "in", "like", "ilike", "case"} else name


def _hint(call: Call, kind: Kind, wanted: Kind) -> str:
    if call.function == "+" and kind is Kind.TEXT:
        return ": write || to put texts together"
    if wanted is Kind.TIME and kind is Kind.TEXT:
        return ": write DATE '2024-06-30' or CAST(... AS DATE)"
    return ""


def _shown(expression: Expr, width: int = 60) -> str:
    written = write(expression)
    return written if len(written) <= width else f"{written[: width - 3]}..."
