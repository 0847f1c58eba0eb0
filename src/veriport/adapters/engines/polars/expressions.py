"""Row expressions as Polars expressions, with the meaning that ``veriport.domain.expressions`` gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import polars as pl
from attrs import frozen

from veriport.adapters.engines.polars.patterns import like, rust
from veriport.adapters.engines.polars.types import data_type
from veriport.adapters.engines.polars.values import column, common, literal
from veriport.domain.errors import InvalidRule
from veriport.domain.expressions import FUNCTIONS, Call, Expr, Kind, Literal, Name
from veriport.domain.rules.scalars import Scalar
from veriport.domain.types import TEMPORAL, Family

_COMPARISONS: Mapping[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@frozen
class Compiler:
    """Compiles expressions over the columns of one table."""

    schema: pl.Schema

    def __call__(self, expression: Expr) -> pl.Expr:
        """The Polars expression of a tree; null where SQL says NULL."""
        match expression:
            case Name(name):
                return self._column(name)
            case Literal(value, kind):
                return _constant(value, kind)
            case Call(function, arguments) if function in _COMPARISONS:
                return self._compare(_COMPARISONS[function], *self._aligned(arguments))
            case Call("in", (first, *others)):
                return self._any_of(first, others)
            case Call("nullif", (left, right)):
                same = self(Call("=", (left, right)))
                return pl.when(same.fill_null(value=False).not_()).then(self(left))
            case Call("like" | "ilike" | "regexp_like" as function, (text, Literal(str() as pattern))):
                return _matches(function, self._typed(text, Kind.TEXT), pattern)
            case Call("to_date" | "to_datetime" as function, (value,)):
                return self._as_time(self._typed(value, Kind.TEXT), date=function == "to_date")
            case Call("to_integer" | "to_double" as function, (value,)):
                return self._as_number(self._typed(value, Kind.NUMBER), whole=function == "to_integer")
            case Call(function, arguments):
                compiled = map(self._typed, arguments, _kinds(function, len(arguments)))
                return _FUNCTIONS[function](*(map(self._wide, compiled) if function in _WIDE else compiled))
        raise InvalidRule(f"the polars engine cannot evaluate {expression!r}")

    def _column(self, name: str) -> pl.Expr:
        """A column; categories are their texts."""
        is_category = data_type(self.schema[name]).family is Family.CATEGORICAL
        return column(name).cast(pl.String) if is_category else column(name)

    def _typed(self, argument: Expr, kind: Kind) -> pl.Expr:
        """An argument; a NULL is one of the kind that the function takes."""
        compiled = self(argument)
        if kind not in _OF_KIND or self.dtype(compiled) != pl.Null:
            return compiled
        return compiled.cast(_OF_KIND[kind])

    def _wide(self, number: pl.Expr) -> pl.Expr:
        """Whole numbers calculate in 64 bits, where Polars lets 8 bits run over; without a sign in 128."""
        dtype = self.dtype(number)
        if not dtype.is_integer() or dtype in {pl.Int64(), pl.Int128()}:
            return number
        return number.cast(pl.Int128 if dtype == pl.UInt64() else pl.Int64)

    def _as_number(self, value: pl.Expr, *, whole: bool) -> pl.Expr:
        """A text that is written as a number, and a number as it is; towards zero for a whole one."""
        wide = pl.Int64 if whole else pl.Float64
        if data_type(self.dtype(value)).family is not Family.STRING:
            return value.cast(wide, strict=False)
        number = value.cast(pl.Float64, strict=False)
        read = pl.coalesce(value.cast(pl.Int64, strict=False), number.cast(pl.Int64, strict=False))
        return pl.when(value.str.contains(_NUMBER)).then(read if whole else number)

    def _as_time(self, value: pl.Expr, *, date: bool) -> pl.Expr:
        """A text is read in the one form of the dialect; what is a time already changes its kind."""
        if data_type(self.dtype(value)).family is not Family.STRING:
            zone = getattr(self.dtype(value), "time_zone", None)
            return value.cast(pl.Date if date else pl.Datetime("us", zone))
        if date:
            return pl.when(value.str.contains(_DAY)).then(value.str.to_date("%Y-%m-%d", strict=False))
        readings = (value.str.to_datetime(form, time_unit="us", strict=False) for form in _MOMENTS)
        return pl.when(value.str.contains(_MOMENT)).then(pl.coalesce(*readings))

    def _any_of(self, first: Expr, others: list[Expr]) -> pl.Expr:
        """SQL's ``IN``: NULL when nothing is equal and something is NULL."""
        equal = [self(Call("=", (first, other))) for other in others]
        found = equal[0]
        for each in equal[1:]:
            found = found | each
        return found

    def _aligned(self, arguments: tuple[Expr, ...]) -> list[pl.Expr]:
        """Both sides of a comparison; a text beside a time is read as a time."""
        compiled = [self(argument) for argument in arguments]
        for this, that in ((0, 1), (1, 0)):
            side = arguments[this]
            if isinstance(side, Literal) and isinstance(side.value, str) and not side.kind:
                dtype = self.dtype(compiled[that])
                if data_type(dtype).family in TEMPORAL:
                    compiled[this] = literal(side.value, dtype)
        return compiled

    def _compare(
        self, compare: Callable[[pl.Expr, pl.Expr], pl.Expr], left: pl.Expr, right: pl.Expr
    ) -> pl.Expr:
        """NaN compares as TRUE with nothing, where Polars has it above every number.

        Times of two units are compared in the finer one, where Polars takes the coarser, and whole
        numbers with and without a sign in 128 bits, where some versions take floats.
        """
        dtypes = self.dtype(left), self.dtype(right)
        if all(isinstance(each, pl.Datetime | pl.Duration) for each in dtypes) and dtypes[0] != dtypes[1]:
            left, right = (side.cast(common(*dtypes) or dtypes[0]) for side in (left, right))
        if pl.UInt64() in dtypes and all(each.is_integer() for each in dtypes):
            left, right = left.cast(pl.Int128), right.cast(pl.Int128)
        floats = [
            side
            for side, each in zip((left, right), dtypes, strict=True)
            if data_type(each).family is Family.FLOAT
        ]
        compared = compare(left, right)
        if not floats:
            return compared
        known = left.is_not_null() & right.is_not_null()
        return pl.when(known).then(compared & pl.all_horizontal(side.is_not_nan() for side in floats))

    def dtype(self, expression: pl.Expr) -> pl.DataType:
        """The type of a compiled expression, as Polars resolves it."""
        named = {name: self.schema[name] for name in expression.meta.root_names() if name in self.schema}
        table = pl.LazyFrame(schema=named or self.schema)  # of ten thousand columns only those that it reads
        return table.select(expression.alias("it")).collect_schema()["it"]


def _matches(function: str, text: pl.Expr, pattern: str) -> pl.Expr:
    if function == "ilike":
        return text.str.to_lowercase().str.contains(like(pattern.lower()))
    return text.str.contains(like(pattern) if function == "like" else rust(pattern))


_OF_KIND: Mapping[Kind, type[pl.DataType]] = {
    Kind.BOOLEAN: pl.Boolean,
    Kind.NUMBER: pl.Int64,
    Kind.TEXT: pl.String,
    Kind.TIME: pl.Datetime,
}


def _kinds(function: str, count: int) -> Iterator[Kind]:
    """What kind each argument is of; those of CASE go by turns, ended by the value of ELSE."""
    takes = FUNCTIONS[function].takes
    for index in range(count):
        if function == "case":
            yield takes[index % 2] if index < count - 1 else takes[-1]
        else:
            yield takes[min(index, len(takes) - 1)]


_NUMBER = r"\A[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?\z"
_DAY = r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\z"
_MOMENT = r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?\z"
_MOMENTS = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d")


def _constant(value: Scalar, kind: str) -> pl.Expr:
    if not kind:
        return pl.lit(value)
    family = {"date": pl.Date(), "datetime": pl.Datetime("us"), "time": pl.Time()}
    return literal(value, family[kind])


def _divide(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    return pl.when(right != 0).then(left / right)


def _remainder(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    """With the sign of the dividend; Polars gives that of the divisor."""
    rest = left % right
    return pl.when(right != 0).then(
        pl.when((rest != 0) & ((left < 0) != (right < 0))).then(rest - right).otherwise(rest)
    )


def _case(*arguments: pl.Expr) -> pl.Expr:
    *pairs, otherwise = arguments
    chosen = otherwise
    for condition, value in zip(pairs[-2::-2], pairs[::-2], strict=True):
        chosen = pl.when(condition).then(value).otherwise(chosen)
    return chosen


def _round(number: pl.Expr, digits: pl.Expr | None = None) -> pl.Expr:
    places = 0 if digits is None else pl.select(digits).item()
    return number.round(places, mode="half_away_from_zero")


_WIDE = frozenset({"+", "-", "*", "%", "negate", "abs"})
_FUNCTIONS: Mapping[str, Callable[..., pl.Expr]] = {
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "not": lambda a: a.not_(),
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": _divide,
    "%": _remainder,
    "negate": lambda a: pl.lit(0) - a,  # Polars has no negative of 128 bits
    "is_null": lambda a: a.is_null(),
    "case": _case,
    "to_text": lambda a: a.cast(pl.String),
    "abs": lambda a: a.abs(),
    "round": _round,
    "floor": lambda a: a.floor(),
    "ceil": lambda a: a.ceil(),
    "lower": lambda a: a.str.to_lowercase(),
    "upper": lambda a: a.str.to_uppercase(),
    "trim": lambda a: a.str.strip_chars(" "),
    "length": lambda a: a.str.len_chars(),
    "||": lambda a, b: a + b,
    "substring": lambda a, start, count=None: a.str.slice(start.cast(pl.Int64) - 1, count),
    "starts_with": lambda a, b: a.str.starts_with(b),
    "ends_with": lambda a, b: a.str.ends_with(b),
    "contains": lambda a, b: a.str.contains(b, literal=True),
    "coalesce": pl.coalesce,
    "year": lambda a: a.dt.year(),
    "month": lambda a: a.dt.month(),
    "day": lambda a: a.dt.day(),
    "hour": lambda a: a.dt.hour(),
}
