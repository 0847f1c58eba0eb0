"""Row expressions as expressions of Ibis, with the meaning that ``veriport.domain.expressions`` gives."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from functools import reduce

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
from attrs import frozen
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.dialects import Dialect
from veriport.adapters.engines.ibis.dialects.functions import ceil, floor
from veriport.adapters.engines.ibis.rules import casts
from veriport.adapters.engines.ibis.rules.values import Value, alike, constant, number, time_constant
from veriport.domain.errors import InvalidRule
from veriport.domain.expressions import FUNCTIONS, Call, Expr, Kind, Literal, Name
from veriport.domain.rules.scalars import Scalar, moment
from veriport.domain.types import NUMERIC, TEMPORAL, TEXT, DataType, Family

_COMPARISONS: Mapping[str, Callable[[ir.Value, ir.Value], ir.BooleanValue]] = {
    "=": casts.equal,
    "<>": lambda a, b: ops.NotEquals(a, b).to_expr(),
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@frozen
class Compiler:
    """Compiles expressions over the columns that ``column`` gives."""

    column: Callable[[str], Value]
    dialect: Dialect

    def condition(self, expression: Expr) -> ir.BooleanValue:
        """The expression as a condition. Raises ``InvalidRule`` where it is none on these columns."""
        made = self(expression)
        if made.family is Family.NULL:
            return ibis.null(dt.boolean)
        if made.family is not Family.BOOLEAN:
            raise InvalidRule(f"a condition is TRUE or FALSE, not {made.type.name}")
        return made.expr

    def __call__(self, expression: Expr) -> Value:  # noqa: C901, PLR0911  # a line a kind of node
        """The value of a tree; null where SQL says NULL."""
        match expression:
            case Name(name):
                return self._column(name)
            case Literal(value, kind):
                return self._constant(value, kind)
            case Call(function, arguments) if function in _COMPARISONS:
                return _truth(self._compare(function, *self._aligned(arguments)))
            case Call("in", (first, *others)):
                equal = [self._compare("=", *self._aligned((first, other))) for other in others]
                return _truth(reduce(operator.or_, equal))
            case Call("like" | "ilike" | "regexp_like" as function, (text, Literal(str() as pattern))):
                return _truth(self._matches(function, self._text(text), pattern))
            case Call("is_null", (value,)):
                made = self(value)
                return _truth(made.expr.isnull())
            case Call("case", arguments):
                return self._case(arguments)
            case Call("coalesce", arguments):
                return self._together(
                    arguments, lambda values: ibis.coalesce(*values) if len(values) > 1 else values[0]
                )
            case Call("nullif", (left, right)):
                same = self._compare("=", *self._aligned((left, right)))
                return self._chosen(left, same.fill_null(ibis.literal(value=False)))
            case Call(function, (value,)) if function in casts.CASTS:
                return self._cast(function, self(value))
            case Call(function, arguments):
                return self._call(function, arguments)

    def _column(self, name: str) -> Value:
        """Whole numbers in 64 bits, so that a sum of small ones does not overflow."""
        value = self.column(name)
        if value.family is Family.INTEGER and not isinstance(value.dtype, dt.Int64 | dt.UInt64):
            return Value(value.expr.cast(dt.int64), value.type, dt.int64)
        if isinstance(value.dtype, dt.UInt64) and (wide := self.dialect.wide(0)) is not None:
            return Value(value.expr.cast(wide), DataType(Family.DECIMAL, "decimal(38, 0)"), wide)
        if value.family is Family.FLOAT:
            return Value(value.expr, value.type, dt.float64)
        return value

    def _constant(self, value: Scalar, kind: str) -> Value:
        match value:
            case None:
                return Value(ibis.null(dt.boolean), DataType(Family.NULL, "null"), dt.null)
            case bool():
                return _truth(ibis.literal(value))
            case int() if -(2**63) <= value < 2**63:
                return _whole(ibis.literal(value, type=dt.int64))
            case int() | float():
                return _double(number(float(value)))
            case str() if kind:
                family = Family(kind)
                when = moment(family, value)
                assert when is not None  # noqa: S101  # the parser saw to it
                made = time_constant(when, self.dialect)
                return Value(made, DataType(family, kind), made.type())
        return _words(self.dialect.collated(self.dialect.text(str(value))))

    def _typed(self, argument: Expr, kind: Kind) -> Value:
        """An argument of the kind that a function takes. Raises ``InvalidRule`` for another one."""
        made = self(argument)
        if made.family is Family.NULL and kind in _NULLS:
            return _NULLS[kind]
        if kind in _FAMILIES and made.family not in _FAMILIES[kind]:
            raise InvalidRule(f"{made.type.name} is not {kind.value}")
        return made

    def _text(self, argument: Expr) -> ir.StringValue:
        return self._typed(argument, Kind.TEXT).expr

    def _matches(self, function: str, text: ir.StringValue, pattern: str) -> ir.BooleanValue:
        if function == "regexp_like":
            return self.dialect.matches(text, pattern)
        if function == "like":
            return self.dialect.like_pattern(text, pattern)
        return self.dialect.like_pattern(self.dialect.lower(text), pattern.lower())

    def _aligned(self, arguments: tuple[Expr, ...]) -> list[Value]:
        """Both sides of a comparison; a text beside a time is read as one, NULL is of the type beside it."""
        made = [self(argument) for argument in arguments]
        for this, that in ((0, 1), (1, 0)):
            side, other = arguments[this], made[that]
            if made[this].family is Family.NULL and other.family is not Family.NULL:
                made[this] = Value(ibis.null(other.expr.type()), other.type, other.dtype)
            elif isinstance(side, Literal) and isinstance(side.value, str) and other.family in TEMPORAL:
                made[this] = self._read_beside(side.value, other, made[this])
        return made

    def _read_beside(self, text: str, other: Value, made: Value) -> Value:
        if made.family in TEMPORAL:
            return self._day_as_time(made, other)
        when = moment(other.family, text)
        if when is None:
            raise InvalidRule(f"{text!r} cannot be compared with {other.type.name}")
        return Value(constant(text, other, self.dialect), other.type, other.dtype)

    def _day_as_time(self, made: Value, other: Value) -> Value:
        if (made.family, other.family) != (Family.DATE, Family.DATETIME):
            return made
        return Value(casts.midnight(made.expr, self.dialect), other.type, dt.timestamp)

    def _compare(self, function: str, left: Value, right: Value) -> ir.BooleanValue:
        """A comparison with NaN is FALSE, and NULL where a side is NULL."""
        if {left.family, right.family} == {Family.DATE, Family.DATETIME}:
            left, right = self._day_as_time(left, right), self._day_as_time(right, left)
        sides = alike((left, right), self.dialect)
        if sides is None:
            raise InvalidRule(f"{left.type.name} and {right.type.name} cannot be compared")
        compared = _COMPARISONS[function](*sides)
        floats = [each.expr for each in (left, right) if each.family is Family.FLOAT]
        if not floats or not self.dialect.has_nan:
            return compared
        known = left.expr.notnull() & right.expr.notnull()
        numbers = reduce(operator.and_, (~self.dialect.is_nan(each) for each in floats))
        return known.ifelse(compared & numbers, ibis.null(dt.boolean))

    def _case(self, arguments: tuple[Expr, ...]) -> Value:
        conditions = [self.condition(each) for each in arguments[:-1:2]]

        def chosen(values: list[ir.Value]) -> ir.Value:
            *results, otherwise = values
            return ibis.cases(*zip(conditions, results, strict=True), else_=otherwise)

        return self._together((*arguments[1:-1:2], arguments[-1]), chosen)

    def _chosen(self, argument: Expr, never: ir.BooleanValue) -> Value:
        value = self(argument)
        return Value(never.ifelse(ibis.null(value.expr.type()), value.expr), value.type, value.dtype)

    def _together(self, arguments: Iterable[Expr], make: Callable[[list[ir.Value]], ir.Value]) -> Value:
        """Values of one kind, of which one is the result, in a type that holds each."""
        values = self._all_times([self(argument) for argument in arguments])
        known = [value for value in values if value.family is not Family.NULL]
        if not known:
            return values[0]
        sides = alike(known, self.dialect)
        if sides is None:
            kinds = ", ".join(value.type.name for value in known)
            raise InvalidRule(f"values of one kind are needed, not {kinds}")
        widest = next((value for value in known if value.family is Family.FLOAT), known[0])
        made = iter(sides)
        null = ibis.null(sides[0].type())
        result = make([null if value.family is Family.NULL else next(made) for value in values])
        return Value(result, widest.type, result.type())

    def _all_times(self, values: list[Value]) -> list[Value]:
        """A day beside times is its midnight."""
        time = next((value for value in values if value.family is Family.DATETIME), None)
        return values if time is None else [self._day_as_time(value, time) for value in values]

    def _cast(self, function: str, value: Value) -> Value:
        return casts.CASTS[function](value, self.dialect)

    def _call(self, function: str, arguments: tuple[Expr, ...]) -> Value:
        takes = FUNCTIONS[function].takes
        kinds = [*takes, *[takes[-1]] * len(arguments)]
        values = [self._typed(each, kind) for each, kind in zip(arguments, kinds, strict=False)]
        if function in _ARITHMETIC:
            return self._calculated(function, values)
        if function == "round":
            return _round(self.dialect, *values)
        gives = FUNCTIONS[function].gives
        if function in _OF_DIALECTS:
            return _words(self.dialect.collated(_OF_DIALECTS[function](self.dialect, values[0].expr)))
        make = _PARTS_OF_TEXT if self.dialect.text_times and function in _PARTS_OF_TEXT else _FUNCTIONS
        made = make[function](*(value.expr for value in values))
        if gives is Kind.NUMBER:
            return values[0] if made is None else _number_like(made, values[0])
        return _words(self.dialect.collated(made)) if gives is Kind.TEXT else _truth(made)

    def _calculated(self, function: str, values: list[Value]) -> Value:
        """Arithmetic of whole numbers, or of floats, with decimals as they are where both are exact."""
        families = {value.family for value in values}
        if Family.FLOAT in families or function == "/":
            sides = [value.expr.cast(dt.float64) for value in values]
            return _double(_ARITHMETIC[function](*sides))
        if function == "%" or Family.DECIMAL not in families:
            made = _ARITHMETIC[function](*(value.expr for value in values))
            family = Family.DECIMAL if Family.DECIMAL in families else Family.INTEGER
            return Value(made, DataType(family, family.value), made.type())
        made = _ARITHMETIC[function](*(alike(values, self.dialect) or [value.expr for value in values]))
        return Value(made, DataType(Family.DECIMAL, "decimal"), made.type())


def _truth(expr: ir.Value) -> Value:
    return Value(expr, DataType(Family.BOOLEAN, "boolean"), dt.boolean)


def _words(expr: ir.Value) -> Value:
    return Value(expr, DataType(Family.STRING, "string"), dt.string)


def _whole(expr: ir.Value) -> Value:
    return Value(expr, DataType(Family.INTEGER, "int64"), dt.int64)


def _double(expr: ir.Value) -> Value:
    return Value(expr, DataType(Family.FLOAT, "float64"), dt.float64)


def _number_like(made: ir.Value, value: Value) -> Value:
    if made.type().is_floating():
        return _double(made)
    return _whole(made) if made.type().is_integer() else Value(made, value.type, made.type())


_NULLS: Mapping[Kind, Value] = {
    Kind.BOOLEAN: _truth(ibis.null(dt.boolean)),
    Kind.NUMBER: _whole(ibis.null(dt.int64)),
    Kind.TEXT: _words(ibis.null(dt.string)),
    Kind.TIME: Value(ibis.null(dt.timestamp), DataType(Family.DATETIME, "datetime(us)"), dt.timestamp),
}
_FAMILIES: Mapping[Kind, frozenset[Family]] = {
    Kind.BOOLEAN: frozenset({Family.BOOLEAN}),
    Kind.NUMBER: NUMERIC,
    Kind.TEXT: TEXT,
    Kind.TIME: frozenset({Family.DATE, Family.DATETIME, Family.TIME}),
}

_ARITHMETIC: Mapping[str, Callable[..., ir.Value]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda a, b: a / b.nullif(0),
    "%": lambda a, b: a % b.nullif(0),
    "negate": operator.neg,
}


def _round(dialect: Dialect, value: Value, digits: Value | None = None) -> Value:
    """Half away from zero, by shifting the point; a whole number is round already."""
    if value.family is Family.INTEGER:
        return value
    places = 0 if digits is None else digits.expr.op().value
    number, shift = value.expr.cast(dt.float64), float(10**places)
    shifted = number.abs() * shift
    below = floor(shifted)
    whole = below + (shifted - below >= 0.5).ifelse(1.0, 0.0)  # noqa: PLR2004  # a half
    rounded = (number < 0).ifelse(-whole, whole) / shift
    return _double(dialect.is_finite(shifted).ifelse(rounded, number))


_FUNCTIONS: Mapping[str, Callable[..., ir.Value]] = {
    "and": operator.and_,
    "or": operator.or_,
    "not": operator.invert,
    "abs": lambda a: a.abs(),
    "floor": lambda a: None if a.type().is_integer() else floor(a.cast(dt.float64)),
    "ceil": lambda a: None if a.type().is_integer() else ceil(a.cast(dt.float64)),
    "length": lambda a: a.length().cast(dt.int64),
    "||": operator.add,
    "substring": lambda a, start, count=None: a.substr(start - 1, count),
    "starts_with": lambda a, b: casts.equal(a.substr(0, b.length()), b),
    "ends_with": casts.ends_with,
    "contains": lambda a, b: a.find(b) >= 0,
    "year": lambda a: a.year().cast(dt.int64),
    "month": lambda a: a.month().cast(dt.int64),
    "day": lambda a: a.day().cast(dt.int64),
    "hour": lambda a: a.hour().cast(dt.int64),
}

#: What makes a text of another one in ways that databases differ in.
_OF_DIALECTS: Mapping[str, Callable[[Dialect, ir.StringValue], ir.Value]] = {
    "trim": Dialect.trimmed,
    "lower": Dialect.lower,
    "upper": Dialect.upper,
}

#: The same of times that are kept as texts; an hour stands at the same place from the end of a day.
_PARTS_OF_TEXT: Mapping[str, Callable[..., ir.Value]] = {
    "year": lambda a: a.substr(0, 4).cast(dt.int64),
    "month": lambda a: a.substr(5, 2).cast(dt.int64),
    "day": lambda a: a.substr(8, 2).cast(dt.int64),
    "hour": lambda a: a.contains(" ").ifelse(a.substr(11, 2), a.substr(0, 2)).cast(dt.int64),
}
