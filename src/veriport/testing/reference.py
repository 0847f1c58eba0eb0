"""An engine that is slow and plainly right: ``docs/semantics.md`` as Python over rows.

It is what other engines are compared with, so it shares nothing with them but the opening of data,
which Polars does. Every rule is evaluated value by value, with exact numbers where the semantics ask
for them; rules about the schema are the domain's.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from operator import add, ge, gt, le, lt
from typing import Any, TypeAlias

from attrs import field, frozen

from veriport.domain.binding import columns_read
from veriport.domain.datasets import Dataset
from veriport.domain.errors import VeriportError
from veriport.domain.expressions import Expr
from veriport.domain.formats import FORMATS
from veriport.domain.measurements import Broken, Measured, Measurement, NotEvaluated, Outcome, Sample
from veriport.domain.patterns import parse_pattern
from veriport.domain.rules.aggregates import Aggregate, Correlation, DistinctSet, ModeInSet, Of, Relation
from veriport.domain.rules.base import Nulls, Rule
from veriport.domain.rules.references import ReferentialIntegrity, RowCountMatch
from veriport.domain.rules.rows import (
    Compare,
    Duplicate,
    Expression,
    Operator,
    PairInSet,
    RowsComplete,
    RowSum,
    RowUnique,
    Unique,
)
from veriport.domain.rules.scalars import Scalar, plain
from veriport.domain.rules.spread import Direction, InterquartileRange, Monotonic, ZScore
from veriport.domain.rules.tables import RowCount
from veriport.domain.rules.texts import At, Contains, DatetimeFormat, Format, JsonSchema, Like, NotLike
from veriport.domain.rules.times import Freshness, NotFuture, NotPast
from veriport.domain.rules.values import (
    Bounds,
    How,
    Inclusive,
    InRange,
    InSet,
    Length,
    Match,
    NotInRange,
    NotInSet,
    NotNull,
    NotRegex,
    Null,
    Regex,
)
from veriport.domain.types import NUMERIC, TEXT, Column, Family
from veriport.ports.engines import Request
from veriport.ports.errors import DataError
from veriport.testing.oracle import Mismatch, evaluate

Value: TypeAlias = Any  #: what a column holds: a number, a text, a time, a list ...
Row: TypeAlias = Mapping[str, Value]
Verdict: TypeAlias = bool | None  #: TRUE passes, FALSE breaks the rule, ``None`` is not checked


@frozen
class ReferenceEngine:
    """Measures in plain Python. It holds all rows in memory."""

    name: str = "reference"

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[ReferenceTable]:
        """Open what the Polars engine opens."""
        from veriport.adapters.engines.polars.errors import reading  # noqa: PLC0415  # imported on use
        from veriport.adapters.engines.polars.sources import open_frame  # noqa: PLC0415
        from veriport.adapters.engines.polars.tables import PolarsTable  # noqa: PLC0415

        source = open_frame(dataset)
        with reading(dataset.label):
            frame = source.frame.collect()
        rows = tuple(frame.to_dicts()) if frame.width else ({},) * frame.height
        yield ReferenceTable(columns=PolarsTable(source, dataset.label).columns, rows=rows)


@frozen(kw_only=True)
class ReferenceTable:
    """Rows in memory."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...] = field(repr=False)

    def measure(self, request: Request) -> Measured:
        """See ``veriport.ports.engines.Table``."""
        first = dict(enumerate(self.rows[: request.limit]))
        try:
            seen = _true(first, request.where, request.parsed)
        except Mismatch as wrong:
            raise DataError(f"where: {wrong}") from wrong
        view = View(columns={column.name: column for column in self.columns}, rows=seen, request=request)
        nulls = {} if request.rules else {name: view.raw(name).count(None) for name in view.columns}
        outcomes = tuple(_outcome(rule, view) for rule in request.rules)
        return Measured(row_count=len(seen), outcomes=outcomes, null_counts=nulls)


def _true(rows: Mapping[int, Row], where: str | None, parsed: Mapping[str, Expr]) -> Mapping[int, Row]:
    if where is None:
        return rows
    return {number: row for number, row in rows.items() if evaluate(parsed[where], row) is True}


@frozen(kw_only=True)
class View:
    """The rows that a rule sees, by their numbers."""

    columns: Mapping[str, Column]
    rows: Mapping[int, Row]
    request: Request

    def narrowed(self, where: str | None) -> View:
        """The rows of it for which a condition is TRUE."""
        rows = _true(self.rows, where, self.request.parsed)
        return View(columns=self.columns, rows=rows, request=self.request)

    def raw(self, column: str) -> list[Value]:
        """The values of a column as they are shown."""
        return [row[column] for row in self.rows.values()]

    def values(self, column: str) -> list[Value]:
        """The values of a column as they are compared."""
        return [None if value is None else comparable(value) for value in self.raw(column)]

    def tuples(self, columns: Iterable[str]) -> list[tuple[Value, ...]]:
        """The values of several columns, row by row."""
        return [tuple(each) for each in zip(*(self.values(name) for name in columns), strict=True)]

    @property
    def present(self) -> datetime:
        """The moment of the check."""
        return self.request.now.astimezone(UTC)


def _outcome(rule: Rule, view: View) -> Outcome:
    try:
        seen = view.narrowed(rule.where)
        if (test := _ROWS.get(type(rule))) is not None:
            return _counted(rule, seen, test(rule, seen))
        if (observe := _VALUES.get(type(rule))) is not None:
            measurement: Measurement = observe(rule, seen)
            return measurement
    except (Mismatch, VeriportError) as wrong:
        return Broken(str(wrong))
    return NotEvaluated(f"the reference engine does not know {rule.type}")


def _counted(rule: Rule, view: View, verdicts: list[Verdict]) -> Measurement:
    if rule.nulls is Nulls.FAIL:
        verdicts = [bool(verdict) for verdict in verdicts]
    failing = [
        (number, row)
        for (number, row), verdict in zip(view.rows.items(), verdicts, strict=True)
        if verdict is False
    ]
    shown = columns_read(rule, view.request.parsed)
    samples = tuple(
        Sample(
            row=number,
            key={name: plain(row[name]) for name in view.request.key},
            values={name: plain(row[name]) for name in shown},
        )
        for number, row in failing[: view.request.samples]
    )
    return Measurement(checked=len(verdicts) - verdicts.count(None), failed=len(failing), samples=samples)


# ---- values


def comparable(value: Value) -> Value:
    """A value as it is compared: instants in UTC, durations in seconds."""
    match value:
        case datetime() if value.tzinfo is not None:
            return value.astimezone(UTC)
        case timedelta():
            return Fraction(value // timedelta(microseconds=1), 1_000_000)
        case _:
            return value


def identity(value: Value) -> Hashable:
    """What is equal for values that are equal, NaN being equal to NaN."""
    match value:
        case float() if math.isnan(value):
            return "NaN"
        case list() | tuple():
            return ("list", *map(identity, value))
        case Mapping():
            return ("struct", *map(identity, value.values()))
        case _:
            same: Hashable = comparable(value)
            return same


def constant(value: Scalar, column: Column) -> Value:
    """A value of a rule as it is compared with those of a column."""
    match column.dtype.family:
        case Family.FLOAT if isinstance(value, int | float):
            return rounded(float(value), column)
        case Family.DECIMAL:
            return Decimal(str(value))
        case Family.DURATION:
            return Fraction(str(value))
        case Family.DATE:
            return datetime.fromisoformat(str(value)).date()
        case Family.DATETIME:
            return comparable(datetime.fromisoformat(str(value)))
        case Family.TIME:
            return time.fromisoformat(str(value))
        case _:
            return value


def rounded(value: float, column: Column) -> float:
    """A float in the width of a column."""
    sign = {"float32": "f", "float16": "e"}.get(column.dtype.name)
    if sign is None:
        return value
    try:
        packed: float = struct.unpack(sign, struct.pack(sign, value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return packed


def shortest(value: float, column: Column) -> float:
    """The shortest number that reads as a value of the column."""
    written = (float(f"{value:.{digits}g}") for digits in range(1, 18))
    return next((each for each in written if rounded(each, column) == value), value)


def observed(value: Value, column: Column | None = None) -> Scalar:
    """A value as it is reported."""
    match value:
        case None | bool() | int() | str():
            return value
        case float() if not math.isfinite(value):
            return str(value)
        case float():
            return value if column is None else shortest(value, column)
        case Decimal() | Fraction():
            return int(value) if value == int(value) else float(value)
        case timedelta():
            return observed(comparable(value))
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return str(value)


def _is_nan(value: Value) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _each(values: Iterable[Value], test: Callable[[Value], bool]) -> list[Verdict]:
    return [None if value is None else test(value) for value in values]


def _opposite(verdicts: Iterable[Verdict]) -> list[Verdict]:
    return [None if verdict is None else not verdict for verdict in verdicts]


_FLOAT = re.compile(
    r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?(?:inf|infinity)|nan", re.IGNORECASE
)


def _read_number(text: str) -> float | None:
    return float(text) if _FLOAT.fullmatch(text) else None


def _numbers_in_text(column: Column, constants: Iterable[Scalar]) -> bool:
    """Whether texts of a source without types are to be read as numbers."""
    numbers = any(isinstance(value, int | float) for value in constants)
    return column.untyped and column.dtype.family in TEXT and numbers


# ---- one value of a row


def _not_null(rule: NotNull, view: View) -> list[Verdict]:
    return [value is not None for value in view.values(rule.column)]


def _null(rule: Null, view: View) -> list[Verdict]:
    return [value is None for value in view.values(rule.column)]


def _listed(value: Value, column: Column, values: Iterable[Scalar]) -> Verdict:
    """Whether a value equals one of the listed; ``None`` for a text that had to be a number."""
    if _numbers_in_text(column, values):
        number = _read_number(value)
        return None if number is None else number in [float(str(each)) for each in values]
    return value in [constant(each, column) for each in values]


def _in_set(rule: InSet, view: View) -> list[Verdict]:
    column = view.columns[rule.column]
    return _each(view.values(rule.column), lambda value: _listed(value, column, rule.values) is True)


def _not_in_set(rule: NotInSet, view: View) -> list[Verdict]:
    column = view.columns[rule.column]
    return _each(view.values(rule.column), lambda value: _listed(value, column, rule.values) is False)


def _lies_between(value: Value, bounds: Bounds, low: Value, high: Value) -> bool:
    if _is_nan(value):
        return False
    closed_low = bounds.inclusive in {Inclusive.BOTH, Inclusive.LEFT}
    closed_high = bounds.inclusive in {Inclusive.BOTH, Inclusive.RIGHT}
    above = low is None or (value >= low if closed_low else value > low)
    below = high is None or (value <= high if closed_high else value < high)
    return bool(above and below)


def _ranged(value: Value, column: Column, rule: InRange | NotInRange) -> Verdict:
    if _numbers_in_text(column, (rule.min, rule.max)):
        number = _read_number(value)
        return None if number is None else _lies_between(number, rule, rule.min, rule.max)
    low, high = (None if end is None else constant(end, column) for end in (rule.min, rule.max))
    return _lies_between(value, rule, low, high)


def _in_range(rule: InRange, view: View) -> list[Verdict]:
    column = view.columns[rule.column]
    return _each(view.values(rule.column), lambda value: _ranged(value, column, rule) is True)


def _not_in_range(rule: NotInRange, view: View) -> list[Verdict]:
    column = view.columns[rule.column]
    return _each(view.values(rule.column), lambda value: _ranged(value, column, rule) is False)


def _regex(rule: Regex | NotRegex, view: View) -> list[Verdict]:
    patterns = [re.compile(_python(pattern), re.ASCII) for pattern in rule.patterns]
    find = {How.SEARCH: re.Pattern.search, How.MATCH: re.Pattern.match, How.FULLMATCH: re.Pattern.fullmatch}
    several = any if rule.match is Match.ANY else all

    def matches(text: str) -> bool:
        return several(find[rule.how](pattern, text) is not None for pattern in patterns)

    return _each(view.values(rule.column), matches)


def _python(pattern: str) -> str:
    return parse_pattern(pattern).spell({r"\z": r"\Z"})


def _not_regex(rule: NotRegex, view: View) -> list[Verdict]:
    return _opposite(_regex(rule, view))


def _like(rule: Like | NotLike, view: View) -> list[Verdict]:
    return _each(view.values(rule.column), lambda text: _is_like(text, rule.pattern))


def _is_like(text: str, pattern: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "%":
        return any(_is_like(text[start:], pattern[1:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in {"_", text[0]} and _is_like(text[1:], pattern[1:])


def _not_like(rule: NotLike, view: View) -> list[Verdict]:
    return _opposite(_like(rule, view))


def _contains(rule: Contains, view: View) -> list[Verdict]:
    tests: Mapping[At, Callable[[str], bool]] = {
        At.START: lambda text: text.startswith(rule.text),
        At.END: lambda text: text.endswith(rule.text),
        At.ANYWHERE: lambda text: rule.text in text,
    }
    return _each(view.values(rule.column), tests[rule.at])


def _length(rule: Length, view: View) -> list[Verdict]:
    def fits(value: str | list[object]) -> bool:
        return (rule.min or 0) <= len(value) and (rule.max is None or len(value) <= rule.max)

    return _each(view.values(rule.column), fits)


def _format(rule: Format, view: View) -> list[Verdict]:
    wanted = FORMATS[rule.format]
    pattern = re.compile(_python(wanted.pattern), re.ASCII)

    def is_one(text: str) -> bool:
        return pattern.search(text) is not None and (wanted.check is None or wanted.check(text))

    return _each(view.values(rule.column), is_one)


def _datetime_format(rule: DatetimeFormat, view: View) -> list[Verdict]:
    def reads(text: str) -> bool:
        try:
            datetime.strptime(text, rule.format)  # noqa: DTZ007  # only whether it reads
        except ValueError:
            return False
        return True

    return _each(view.values(rule.column), reads)


def _json_schema(rule: JsonSchema, view: View) -> list[Verdict]:
    import jsonschema  # noqa: PLC0415  # an extra
    from referencing import Registry  # noqa: PLC0415  # it comes with jsonschema
    from referencing.exceptions import Unresolvable  # noqa: PLC0415

    schema = json.loads(rule.schema)

    def accepts(text: str) -> bool:
        try:
            document = json.loads(text, parse_constant=_no_constant)
            jsonschema.validate(document, schema, registry=Registry())  # one that fetches nothing
        except Unresolvable as wrong:
            raise Mismatch(str(wrong)) from wrong
        except (ValueError, jsonschema.ValidationError):
            return False
        return True

    return _each(view.values(rule.column), accepts)


def _no_constant(name: str) -> object:
    raise ValueError(name)


def _not_future(rule: NotFuture, view: View) -> list[Verdict]:
    return _each(view.values(rule.column), lambda when: when <= _like_this(view.present, when))


def _not_past(rule: NotPast, view: View) -> list[Verdict]:
    return _each(view.values(rule.column), lambda when: when >= _like_this(view.present, when))


def _like_this(moment: datetime, when: date) -> date:
    """A moment in UTC as a value of the kind of another."""
    if not isinstance(when, datetime):
        return moment.date()
    return moment if when.tzinfo else moment.replace(tzinfo=None)


# ---- several values of a row


def _alike(view: View, columns: Iterable[str]) -> list[tuple[Value, ...]]:
    """The values of columns that are compared with each other, row by row."""
    names = tuple(columns)
    floats = any(view.columns[name].dtype.family is Family.FLOAT for name in names)
    return [tuple(_as_float(value) if floats else value for value in row) for row in view.tuples(names)]


def _as_float(value: Value) -> Value:
    return None if value is None else float(value)


def _compare(rule: Compare, view: View) -> list[Verdict]:
    operators: Mapping[Operator, Callable[[Any, Any], bool]] = {
        Operator.EQUAL: lambda left, right: left == right,
        Operator.NOT_EQUAL: lambda left, right: left != right,
        Operator.LESS: lt,
        Operator.LESS_OR_EQUAL: le,
        Operator.GREATER: gt,
        Operator.GREATER_OR_EQUAL: ge,
    }

    def verdict(left: Value, right: Value) -> Verdict:
        if left is None or right is None:
            return None
        return not _is_nan(left) and not _is_nan(right) and operators[rule.operator](left, right)

    return [verdict(*pair) for pair in _alike(view, rule.reads)]


def _expression(rule: Expression, view: View) -> list[Verdict]:
    found = [evaluate(view.request.parsed[rule.expression], row) for row in view.rows.values()]
    for value in found:
        if value is not None and not isinstance(value, bool):
            raise Mismatch(f"{value!r} is not a truth value")
    return [None if value is None else bool(value) for value in found]


def _pair_in_set(rule: PairInSet, view: View) -> list[Verdict]:
    columns = [view.columns[name] for name in rule.columns]

    def listed(row: tuple[Value, ...]) -> Verdict:
        if None in row:
            return None
        return any(
            all(
                _listed(value, column, [each]) is True
                for value, column, each in zip(row, columns, combination, strict=True)
            )
            for combination in rule.values
        )

    return [listed(row) for row in view.tuples(rule.columns)]


def _rows_complete(rule: RowsComplete, view: View) -> list[Verdict]:
    if not rule.columns:
        return [None] * len(view.rows)
    return [None not in row for row in view.tuples(rule.columns)]


def _row_sum(rule: RowSum, view: View) -> list[Verdict]:
    exact = all(view.columns[name].dtype.family is not Family.FLOAT for name in rule.columns)
    low, high = (None if end is None else Fraction(str(end)) for end in (rule.min, rule.max))

    def verdict(row: tuple[Value, ...]) -> Verdict:
        if None in row:
            return None
        if exact:
            return _lies_between(sum(map(Fraction, row)), rule, low, high)
        total = reduce(add, map(float, row))
        return _lies_between(total, rule, *(None if end is None else float(end) for end in (low, high)))

    return [verdict(row) for row in view.tuples(rule.columns)]


def _row_unique(rule: RowUnique, view: View) -> list[Verdict]:
    def verdict(row: tuple[Value, ...]) -> Verdict:
        values = [identity(value) for value in row if value is not None]
        return None if len(values) < 2 else len(set(values)) == len(values)  # noqa: PLR2004  # a pair

    return [verdict(row) for row in _alike(view, rule.columns)]


# ---- rows among each other


def _unique(rule: Unique, view: View) -> list[Verdict]:
    rows = view.tuples(rule.columns)
    occurring = Counter(identity(row) for row in rows)
    return [None if None in row else occurring[identity(row)] == 1 for row in rows]


def _duplicate(rule: Duplicate, view: View) -> list[Verdict]:
    if not rule.columns:
        return [None] * len(view.rows)
    rows = [identity(row) for row in view.tuples(rule.columns)]
    occurring = Counter(rows)
    return [occurring[row] == 1 for row in rows]


def _monotonic(rule: Monotonic, view: View) -> list[Verdict]:
    forth, back = (lt, gt) if rule.strictly else (le, ge)
    in_order = forth if rule.direction is Direction.INCREASING else back
    verdicts: list[Verdict] = []
    before: Value = None
    for value in view.values(rule.column):
        if value is None:
            verdicts.append(None)
            continue
        verdicts.append(before is None or bool(in_order(before, value)))  # FALSE beside NaN
        before = value
    return verdicts


def _finite(values: Iterable[Value]) -> list[Fraction]:
    floats = [float(value) for value in values if value is not None]
    return [Fraction(value) for value in floats if math.isfinite(value)]


def _z_score(rule: ZScore, view: View) -> list[Verdict]:
    counted = _finite(view.values(rule.column))
    reach = None
    if len(counted) > 1:
        reach = Fraction(rule.threshold) ** 2 * _variance(counted)

    def near(value: Value) -> bool:
        number = float(value)
        if not math.isfinite(number):
            return False
        return reach is None or (Fraction(number) - _mean(counted)) ** 2 <= reach

    return _each(view.values(rule.column), near)


def _iqr(rule: InterquartileRange, view: View) -> list[Verdict]:
    counted = sorted(_finite(view.values(rule.column)))

    def inside(value: Value) -> bool:
        number = float(value)
        if not math.isfinite(number):
            return False
        low, high = _quantile(counted, Fraction(1, 4)), _quantile(counted, Fraction(3, 4))
        reach = Fraction(rule.factor) * (high - low)
        return bool(low - reach <= number <= high + reach)

    return _each(view.values(rule.column), inside)


def _referential_integrity(rule: ReferentialIntegrity, view: View) -> list[Verdict]:
    with ReferenceEngine().open(rule.other) as table:
        there = View(
            columns={column.name: column for column in table.columns},
            rows=dict(enumerate(table.rows)),
            request=Request(),
        )
    floats = [_matched(rule, view.columns[mine], there, theirs) for mine, theirs in _pairs(rule)]

    def taken(row: tuple[Value, ...]) -> Hashable:
        return identity([_as_float(v) if as_float else v for v, as_float in zip(row, floats, strict=True)])

    known = {taken(row) for row in there.tuples(rule.refers_to)}
    return [None if None in row else taken(row) in known for row in view.tuples(rule.columns)]


def _pairs(rule: ReferentialIntegrity) -> Iterable[tuple[str, str]]:
    return zip(rule.columns, rule.refers_to, strict=True)


def _matched(rule: ReferentialIntegrity, mine: Column, there: View, name: str) -> bool:
    """Whether two columns are matched as floats; raises ``Mismatch`` where they cannot be at all."""
    theirs = there.columns.get(name)
    if theirs is None:
        raise Mismatch(f"{rule.other.label} has no column {name!r}")
    if Family.NULL not in {mine.dtype.family, theirs.dtype.family} and _kind(mine) != _kind(theirs):
        raise Mismatch(f"{mine.name!r} and {name!r} of {rule.other.label} are of different kinds")
    return Family.FLOAT in {mine.dtype.family, theirs.dtype.family}


def _kind(column: Column) -> object:
    family = column.dtype.family
    if family in NUMERIC:
        return "number"
    return "text" if family in TEXT else (family, column.dtype.zoned)


# ---- one value


def _row_count(rule: RowCount, view: View) -> Measurement:
    del rule
    return Measurement(checked=len(view.rows), observed=len(view.rows))


def _row_count_match(rule: RowCountMatch, view: View) -> Measurement:
    with ReferenceEngine().open(rule.other) as table:
        here, there = len(view.rows), len(table.rows)
    apart = abs(here - there) / there if there else float(here > 0)
    return Measurement(checked=here, observed=apart)


def _aggregate(rule: Aggregate, view: View) -> Measurement:
    column = view.columns[rule.column]
    everything = view.raw(rule.column)
    if rule.of in {Of.NULL_COUNT, Of.NULL_RATIO}:
        nulls = everything.count(None)
        share = nulls / len(everything) if everything else None
        return Measurement(checked=len(everything), observed=nulls if rule.of is Of.NULL_COUNT else share)
    values = [value for value in everything if value is not None]
    made = _made(rule, values)
    return Measurement(checked=len(values), observed=observed(made, column if rule.of in _TAKEN else None))


_TAKEN = frozenset({Of.MIN, Of.MAX})


def _made(rule: Aggregate, values: list[Value]) -> Value:
    """The value that is made of values without nulls, ``None`` where there is none."""
    if rule.of in {Of.DISTINCT_COUNT, Of.DISTINCT_RATIO}:
        distinct = len({identity(value) for value in values})
        if rule.of is Of.DISTINCT_COUNT:
            return distinct
        return distinct / len(values) if values else None
    if not values:
        return None
    if any(map(_is_nan, values)):
        return math.nan
    if rule.of in _TAKEN:
        return (min if rule.of is Of.MIN else max)(values, key=comparable)
    if rule.of is Of.SUM:
        return _sum(values)
    floats = [float(value) for value in values]
    if rule.of in {Of.MEDIAN, Of.QUANTILE}:
        return _quantile(sorted(floats), Fraction(1, 2) if rule.q is None else Fraction(rule.q))
    if any(map(math.isinf, floats)):
        return sum(floats) if rule.of is Of.MEAN else math.nan
    return _statistic(rule.of, [Fraction(value) for value in floats])


def _sum(values: list[Value]) -> Value:
    if any(isinstance(value, float) and math.isinf(value) for value in values):
        return sum(values)
    total = sum(map(Fraction, values), Fraction(0))
    return _float(total) if isinstance(values[0], float) else total


def _float(number: Fraction) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.copysign(math.inf, number)


def _quantile(ordered: list[Value], q: Fraction) -> Value:
    place = q * (len(ordered) - 1)
    below = math.floor(place)
    low, high = ordered[below], ordered[min(below + 1, len(ordered) - 1)]
    share = place - below
    if low == high or share == 0:
        return low
    if isinstance(low, Fraction):
        return low + (high - low) * share
    if math.isinf(low) or math.isinf(high):
        return low + high
    return _float(Fraction(low) + (Fraction(high) - Fraction(low)) * share)


def _mean(numbers: list[Fraction]) -> Fraction:
    return sum(numbers, Fraction(0)) / len(numbers)


def _variance(numbers: list[Fraction]) -> Fraction:
    return sum(((number - _mean(numbers)) ** 2 for number in numbers), Fraction(0)) / (len(numbers) - 1)


def _moment(numbers: list[Fraction], power: int) -> Fraction:
    return sum(((number - _mean(numbers)) ** power for number in numbers), Fraction(0)) / len(numbers)


def _statistic(of: Of, numbers: list[Fraction]) -> float | None:
    if of is Of.MEAN:
        return float(_mean(numbers))
    if of in {Of.STD, Of.VARIANCE}:
        if len(numbers) < 2:  # noqa: PLR2004  # a spread is between two
            return None
        variance = _float(_variance(numbers))
        return math.sqrt(variance) if of is Of.STD else variance
    if len(set(numbers)) == 1:
        return None
    second = _moment(numbers, 2)
    if of is Of.SKEW:
        return float(_moment(numbers, 3) / second) / math.sqrt(second)
    return float(_moment(numbers, 4) / second**2) - 3


def _distinct_set(rule: DistinctSet, view: View) -> Measurement:
    column = view.columns[rule.column]
    values = [value for value in view.raw(rule.column) if value is not None]
    occurring = {_told_apart(value): value for value in values}
    wanted = {_told_apart(constant(each, column)) for each in rule.values}
    extra = (
        {} if rule.relation is Relation.SUPERSET else {k: v for k, v in occurring.items() if k not in wanted}
    )
    missing = set() if rule.relation is Relation.SUBSET else wanted - occurring.keys()
    least = sorted(extra.values(), key=_above_all)[: view.request.samples]
    samples = tuple(Sample(values={rule.column: plain(value)}) for value in least)
    return Measurement(checked=len(values), observed=len(extra) + len(missing), samples=samples)


def _told_apart(value: Value) -> tuple[bool, object]:
    """To Python ``True`` is the number 1; in a list of values it is not."""
    return isinstance(value, bool), identity(value)


def _above_all(value: Value) -> tuple[bool, Value]:
    """As an order in which NaN is above all numbers."""
    return (True, 0) if _is_nan(value) else (False, comparable(value))


def _mode_in_set(rule: ModeInSet, view: View) -> Measurement:
    column = view.columns[rule.column]
    values = [value for value in view.raw(rule.column) if value is not None]
    times = Counter(identity(value) for value in values)
    top = [value for value in values if times[identity(value)] == max(times.values())]
    written = {identity(constant(each, column)): each for each in reversed(rule.values)}
    unlisted = [value for value in top if identity(value) not in written]
    if not top:
        return Measurement(checked=0)
    mode = min(unlisted or top, key=_above_all)
    found = written.get(identity(mode), observed(mode, column))
    return Measurement(checked=len(values), observed=found)


def _correlation(rule: Correlation, view: View) -> Measurement:
    pairs = [row for row in view.tuples(rule.columns) if None not in row]
    return Measurement(checked=len(pairs), observed=observed(_correlated(pairs)))


def _correlated(pairs: list[tuple[Value, ...]]) -> float | None:
    floats = [[float(value) for value in pair] for pair in pairs]
    if not all(math.isfinite(value) for pair in floats for value in pair):
        return math.nan if len(floats) > 1 else None
    left, right = ([Fraction(pair[side]) for pair in floats] for side in (0, 1))
    if len(set(left)) < 2 or len(set(right)) < 2:  # noqa: PLR2004  # one value varies with nothing
        return None
    together = sum(
        ((one - _mean(left)) * (other - _mean(right)) for one, other in zip(left, right, strict=True)),
        Fraction(0),
    ) / (len(left) - 1)
    size = math.sqrt(together**2 / (_variance(left) * _variance(right)))
    return math.copysign(size, together)


def _freshness(rule: Freshness, view: View) -> Measurement:
    values = [_instant(value) for value in view.values(rule.column) if value is not None]
    if not values:
        return Measurement(checked=0)
    return Measurement(checked=len(values), observed=(view.present - max(values)).total_seconds())


def _instant(when: date) -> datetime:
    """A day as its beginning, a time without zone as UTC."""
    moment = when if isinstance(when, datetime) else datetime(when.year, when.month, when.day, tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


#: For rules about rows: what they say of each row that they see.
_ROWS: Mapping[type[Rule], Callable[[Any, View], list[Verdict]]] = {
    NotNull: _not_null,
    Null: _null,
    InSet: _in_set,
    NotInSet: _not_in_set,
    InRange: _in_range,
    NotInRange: _not_in_range,
    Regex: _regex,
    NotRegex: _not_regex,
    Like: _like,
    NotLike: _not_like,
    Contains: _contains,
    Length: _length,
    Format: _format,
    DatetimeFormat: _datetime_format,
    JsonSchema: _json_schema,
    NotFuture: _not_future,
    NotPast: _not_past,
    Compare: _compare,
    Expression: _expression,
    PairInSet: _pair_in_set,
    RowsComplete: _rows_complete,
    RowSum: _row_sum,
    RowUnique: _row_unique,
    Unique: _unique,
    Duplicate: _duplicate,
    Monotonic: _monotonic,
    ZScore: _z_score,
    InterquartileRange: _iqr,
    ReferentialIntegrity: _referential_integrity,
}

#: For rules about one value: what they measure.
_VALUES: Mapping[type[Rule], Callable[[Any, View], Measurement]] = {
    RowCount: _row_count,
    RowCountMatch: _row_count_match,
    Aggregate: _aggregate,
    DistinctSet: _distinct_set,
    ModeInSet: _mode_in_set,
    Correlation: _correlation,
    Freshness: _freshness,
}
