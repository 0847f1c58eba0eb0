"""Hypothesis strategies for small random tables, each with a rule that has a meaning for it.

What an engine makes of them is compared with ``veriport.testing.reference``. The values are few and
odd: they repeat, meet the values of the rule, and are NaN, infinite, empty, huge or null. Where a rule
calculates in floats, its numbers are such that engines round alike, so that nothing stands on an edge.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

from attrs import evolve, frozen
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from veriport.domain.rules.aggregates import Aggregate, Correlation, DistinctSet, ModeInSet, Of, Relation
from veriport.domain.rules.base import Nulls, Rule, Shape
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
from veriport.domain.rules.scalars import in_order
from veriport.domain.rules.spread import Direction, InterquartileRange, Monotonic, ZScore
from veriport.domain.rules.tables import RowCount
from veriport.domain.rules.texts import At, Contains, DatetimeFormat, Format, JsonSchema, Like, NotLike
from veriport.domain.rules.times import Freshness, NotFuture, NotPast
from veriport.domain.rules.values import (
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
from veriport.testing.cases import NOW, Case

Constant: TypeAlias = bool | int | float | str


@frozen
class Kind:
    """Columns of one type: its values, and what a rule may compare them with."""

    type: str
    values: tuple[object, ...]
    constants: tuple[Constant, ...] = ()


def _utc(*text: str) -> tuple[dt.datetime, ...]:
    return tuple(dt.datetime.fromisoformat(each).replace(tzinfo=dt.UTC) for each in text)


_NAN, _INF = float("nan"), float("inf")
_NEAR: tuple[Constant, ...] = (-2, -0.5, 0, 0.25, 1, 1.0, 1.5, 2)
#: What is near to the values comes twice, since only there an engine can be wrong by a little.
_NUMBERS = (*_NEAR, *_NEAR, 0.1, 200, 2**53, 2**53 + 1, -(2**63), 2**64 - 1, 1e30)
_FEW = (-2, -1, 0, 1, 2)
_FLOATS = (-2.0, -0.5, -0.0, 0.0, 0.25, 1.0, 1.5, 2.0)
_ODD = (_NAN, _NAN, _NAN, _INF)
_TEXTS = (
    "", "a", "A", "b", "ab", "aa", "é", "e\u0301", "日本", "a\nb", " a", "10", "9", "👍", "%", "_", "a.b",
    "\0",
)  # fmt: skip
_DAYS = (dt.date.min, dt.date(2024, 1, 30), dt.date(2024, 1, 31), dt.date(2024, 2, 1), dt.date.max)
_MOMENTS = tuple(
    dt.datetime.fromisoformat(text)
    for text in ("1999-12-31T23:59:59.999", "2024-01-31", "2024-01-31T12:00", "2024-01-31T12:00:00.001")
)
_MICROS = (*_MOMENTS, dt.datetime.fromisoformat("2024-01-31T12:00:00.000001"))
_INSTANTS = _utc("1999-12-31T23:00", "2024-01-31T12:00", "2024-10-27T00:30", "2024-10-27T01:30")
_SPANS = tuple(dt.timedelta(milliseconds=each) for each in (-1000, 0, 1, 1000, 60_000))
_WHEN = (
    "1999-12-31",
    "2024-01-31",
    "2024-01-31T12:00:00",
    "2024-01-31T12:00:00.0005",
    "2024-01-31T12:00:00.000001",
    "9999-12-31",
)
_ZONED = (
    "1999-12-31T23:00Z",
    "2024-01-31T13:00+01:00",
    "2024-10-27T02:30+02:00",
    "2024-10-27T01:30:00.0005Z",
)
_SECONDS = (-1, 0, 0.0005, 0.001, 1, 1.0, 60, 10**15)

INTEGERS = tuple(
    Kind(name, values, _NUMBERS)
    for name, values in {
        "int8": (*_FEW, -128, 127),
        "uint8": (0, 1, 2, 200, 255),
        "int64": (*_FEW, 2**53, 2**53 + 1, -(2**63), 2**63 - 1),
        "uint64": (0, 1, 2, 2**53 + 1, 2**63, 2**64 - 1),
        "int128": (*_FEW, 2**64, -(2**100)),
    }.items()
)
FLOATS = (
    Kind("float64", (*_FLOATS, float(2**53), *_ODD, -_INF), _NUMBERS),
    Kind("float32", (*_FLOATS, 0.1, *_ODD), _NUMBERS),
)
DECIMALS = (
    Kind("decimal(10, 2)", tuple(map(Decimal, ("-2.00", "0.00", "0.10", "0.25", "1.00", "1.50"))), _NUMBERS),
    Kind("decimal(38, 4)", tuple(map(Decimal, ("0.1000", "1.0000", "-0.5000", "200.0000"))), _NUMBERS),
)
#: Numbers with which every engine calculates alike.
MODERATE = (
    Kind("int64", (*_FEW, 5, 9), _NEAR),
    Kind("uint8", (0, 1, 2, 9, 200), _NEAR),
    Kind("float64", (*_FLOATS, 9.0, *_ODD), _NEAR),
    Kind("float32", (*_FLOATS, 9.0, *_ODD), _NEAR),
    Kind("decimal(10, 2)", tuple(map(Decimal, ("-2.00", "0.00", "0.25", "1.00", "9.50"))), _NEAR),
)
TEXTS = (
    Kind("string", _TEXTS, _TEXTS),
    Kind("categorical", _TEXTS, _TEXTS),
    Kind("enum(b, ab, a, A)", ("b", "ab", "a", "A"), _TEXTS),
)
TIMES = (
    Kind("datetime(us)", _MICROS, _WHEN),
    Kind("datetime(ms)", _MOMENTS, _WHEN),
    Kind("datetime(ns)", _MICROS, _WHEN),
)
ZONED = (
    Kind("datetime(us, UTC)", _INSTANTS, _ZONED),
    Kind("datetime(us, Europe/Berlin)", _INSTANTS, _ZONED),
    Kind("datetime(ms, Europe/Berlin)", _INSTANTS, _ZONED),
)
DAYS = (Kind("date", _DAYS, ("0001-01-01", "2024-01-31", "2024-01-31T00:00", "9999-12-31")),)
CLOCKS = (
    Kind(
        "time",
        (dt.time(), dt.time(12), dt.time(12, 0, 0, 1), dt.time.max),
        ("00:00", "12:00", "12:00:00.000001", "23:59:59.999999"),
    ),
)
SPANS = (Kind("duration(us)", _SPANS, _SECONDS), Kind("duration(ms)", _SPANS, _SECONDS))
BOOLEANS = (Kind("boolean", (True, False), (True, False)),)
BYTES = (Kind("binary", (b"", b"a", b"\xff")),)
NESTED = (
    Kind("list(int64)", ([], [1], [1, 2], [None], [None, None])),
    Kind("struct(a: int64, b: string)", ({"a": 1, "b": "x"}, {"a": None, "b": "x"}, {"a": 1, "b": None})),
)
NOTHING = (Kind("null", (None,), (1, "a", True)),)

NUMBERS = (*INTEGERS, *FLOATS, *DECIMALS)
ORDERED = (*NUMBERS, *FLOATS, *FLOATS, *TEXTS, *TIMES, *ZONED, *DAYS, *CLOCKS, *SPANS)
#: Kinds of which any two compare with each other.
FAMILIES = (NUMBERS, TEXTS, TIMES, ZONED, DAYS, CLOCKS, SPANS, BOOLEANS, BYTES)
EVERY = (*ORDERED, *BOOLEANS, *BYTES, *NESTED, *NOTHING)

_NAMES = ("x", "y", "z", "a", "b", "c", 'a "b".c', "👍", "^x.*$", "*", "len", " ")
MOST_ROWS = 7


@frozen
class Drawn:
    """What a rule is about: the names of columns, their kinds, and its own parameters."""

    columns: Mapping[str, Kind]
    rule: Mapping[str, object]
    reference: Case | None = None


def cases(*classes: type[Rule]) -> SearchStrategy[Case]:
    """A table with a rule of one of these classes, without the answer."""
    return batches(*classes, most=1).map(lambda batch: batch[0])


@st.composite
def batches(draw: DrawFn, *classes: type[Rule], most: int = 4) -> tuple[Case, ...]:
    """One table with several rules of these classes, to be measured together: a case for each rule."""
    chosen = st.sampled_from(classes or tuple(RULES)).flatmap(_rules)
    drawn = _together(draw(st.lists(chosen, min_size=1, max_size=most)))
    height = draw(st.integers(0, MOST_ROWS))
    kinds = {"k": _K} | {name: kind for each in drawn for name, kind in each.columns.items()}
    columns = {name: draw(_values(kind, height)) for name, kind in kinds.items()}
    types = {name: kind.type for name, kind in kinds.items()}
    now = draw(st.sampled_from([NOW, NOW + dt.timedelta(microseconds=500)]))
    return tuple(
        Case(name="", columns=columns, types=types, rule=each.rule, reference=each.reference, now=now)
        for each in drawn
    )


def _rules(cls: type[Rule]) -> SearchStrategy[Drawn]:
    return st.builds(
        lambda drawn, more: evolve(drawn, rule={"type": cls.type, **drawn.rule, **more}),
        RULES[cls],
        _options(cls),
    )


def _together(drawn: Sequence[Drawn]) -> list[Drawn]:
    """Those that speak of the same kinds of columns under the same names as the ones before."""
    known: dict[str, Kind] = {}
    kept = []
    for each in drawn:
        if all(known.get(name, kind) == kind for name, kind in each.columns.items()):
            known |= each.columns
            kept.append(each)
    return kept


_K = Kind("int64", (0, 1, 2))
_WHERES = (None, None, "k > 0", "k IS NULL OR k < 2")


def _values(kind: Kind, height: int) -> SearchStrategy[list[object]]:
    """Values of a column, of which some are null, and often a few occur again and again."""
    pool = st.lists(st.sampled_from(kind.values), min_size=1, max_size=4)
    return pool.flatmap(
        lambda few: st.lists(st.none() | st.sampled_from([*few, *few]), min_size=height, max_size=height)
    )


def _options(cls: type[Rule]) -> SearchStrategy[Mapping[str, object]]:
    options: dict[str, SearchStrategy[object]] = {"where": st.sampled_from(_WHERES)}
    if cls.shape is Shape.ROWS:
        options |= {"nulls": st.sampled_from(Nulls), "mostly": st.sampled_from([1.0, 0.5])}
    return st.fixed_dictionaries(options)


@st.composite
def options(draw: DrawFn, case: Case) -> Mapping[str, object]:
    """Options of the check: which rows, how many samples, with which key."""
    return {
        "samples": draw(st.sampled_from([0, 1, 2, 100])),
        "where": draw(st.sampled_from(_WHERES)),
        "limit": draw(st.none() | st.integers(1, MOST_ROWS)),
        "key": draw(st.lists(st.sampled_from(sorted(case.columns)), max_size=1)),
    }


# ---- rules about one column

_Parameters: TypeAlias = Callable[[Kind], SearchStrategy[Mapping[str, object]]]


def _on(
    kinds: Sequence[Kind], make: _Parameters | None = None, **fixed: SearchStrategy[object]
) -> SearchStrategy[Drawn]:
    """A rule about one column of one of these kinds."""

    def drawn(kind: Kind) -> SearchStrategy[Drawn]:
        parameters = st.fixed_dictionaries(fixed) if make is None else make(kind)
        return st.builds(
            lambda name, more: Drawn({name: kind}, {"column": name, **more}),
            st.sampled_from(_NAMES),
            parameters,
        )

    return st.sampled_from(kinds).flatmap(drawn)


def _listed(kind: Kind) -> SearchStrategy[Mapping[str, object]]:
    return st.fixed_dictionaries({"values": _some_of(kind)})


def _related(kind: Kind) -> SearchStrategy[Mapping[str, object]]:
    return st.fixed_dictionaries({"values": _some_of(kind), "relation": st.sampled_from(Relation)})


def _some_of(kind: Kind) -> SearchStrategy[list[Constant]]:
    """Values of one kind, for a column without a type, too."""
    chosen = st.lists(st.sampled_from(kind.constants), min_size=1, max_size=4)
    return chosen.filter(lambda values: len({isinstance(value, str) for value in values}) == 1)


@st.composite
def _bounds(draw: DrawFn, constants: Sequence[Constant]) -> Mapping[str, object]:
    pair = draw(st.tuples(st.sampled_from(constants), st.sampled_from(constants)).filter(_comparable))
    low, high = pair if in_order(*pair) else reversed(pair)
    one_point = in_order(high, low)
    inclusive = Inclusive.BOTH if one_point else draw(st.sampled_from(Inclusive))
    given = draw(st.sampled_from([("min", "max"), ("min",), ("max",)]))
    ends = {key: value for key, value in {"min": low, "max": high}.items() if key in given}
    return {**ends, "inclusive": inclusive}


def _comparable(pair: tuple[Constant, Constant]) -> bool:
    return not any(isinstance(end, bool) for end in pair) and in_order(*pair) is not None


def _ranged(kind: Kind) -> SearchStrategy[Mapping[str, object]]:
    return _bounds(kind.constants)


@st.composite
def _counts(draw: DrawFn, most: int = 3) -> Mapping[str, object]:
    low, high = sorted(draw(st.tuples(st.integers(0, most), st.integers(0, most))))
    return draw(st.sampled_from([{"min": low, "max": high}, {"min": low}, {"max": high}]))


_PATTERNS = (r"a", r"^a$", r"\d", r"^.$", r"(?i)A", r"[^a]", r"é|日", r"^$", r"\w", r"a.b", r"\s", r"(?m)b$")
_regexes: SearchStrategy[Mapping[str, object]] = st.fixed_dictionaries(
    {
        "patterns": st.lists(st.sampled_from(_PATTERNS), min_size=1, max_size=2),
        "match": st.sampled_from(Match),
        "how": st.sampled_from(How),
    }
)
_LIKES = ("a", "%", "_", "a%", "%b", "_b", "a_b", "%.%", "__", "é%", "\\%", "a%b")
_READABLE = (*TEXTS, *NOTHING)
_WRITTEN_TIMES = Kind("string", ("2024-01-31", "2024-02-30", "31.01.2024", "12:30", "", "2024-1-5", "x"))
_WRITTEN_JSON = Kind("string", ("{}", "1", '"a"', "NaN", "", "{", '{"a": 1}', "[1, 2]", " null "))
_WRITTEN = Kind(
    "string",
    (
        "a@b.org", "a@b", "http://a.b/c", "::1", "10.0.0.1", "256.0.0.1", "2024-02-29", "2023-02-29", "DE",
        "CHE", "{}", "x", "", "DE89370400440532013000", "2024-01-31T12:00Z", "+41 44 668 18 00", "a\n",
    ),
)  # fmt: skip
_FORMATS = (
    "email",
    "url",
    "uuid",
    "ipv4",
    "ipv6",
    "phone",
    "date",
    "datetime",
    "json",
    "hostname",
    "country",
    "country3",
    "iban",
)


@st.composite
def _aggregate(draw: DrawFn) -> Drawn:
    of = draw(st.sampled_from(Of))
    kinds = {
        **dict.fromkeys(_OF_VALUES, (*NUMBERS, *ORDERED)),
        Of.SUM: (*INTEGERS, *DECIMALS, *MODERATE),
        **dict.fromkeys(_OF_ANYTHING, (*ORDERED, *BOOLEANS, *BYTES)),
        **dict.fromkeys(_OF_NULLS, EVERY),
    }.get(of, MODERATE)
    kind = draw(st.sampled_from((*kinds, *NOTHING)))
    name = draw(st.sampled_from(_NAMES))
    constants = (
        kind.constants if of in _OF_VALUES and kind not in NOTHING else _RATIOS if of in _SHARES else _NUMBERS
    )
    share = {"q": draw(st.sampled_from([0, 0.1, 0.25, 0.5, 0.9, 1]))} if of is Of.QUANTILE else {}
    bounds = draw(_bounds(constants))
    return Drawn({name: kind}, {"column": name, "of": of, **share, **bounds})


_OF_VALUES = (Of.MIN, Of.MAX)
_OF_ANYTHING = (Of.DISTINCT_COUNT, Of.DISTINCT_RATIO)
_OF_NULLS = (Of.NULL_COUNT, Of.NULL_RATIO)
_SHARES = (Of.DISTINCT_RATIO, Of.NULL_RATIO)
_RATIOS: tuple[Constant, ...] = (0, 0.1, 0.25, 0.5, 0.9, 1)


# ---- rules about several columns


@st.composite
def _several(
    draw: DrawFn,
    families: Sequence[Sequence[Kind]],
    least: int,
    most: int,
    more: SearchStrategy[Mapping[str, object]] | None = None,
) -> Drawn:
    """A rule about columns of one family."""
    family = draw(st.sampled_from(families))
    names = draw(_names(least, most))
    columns = {
        name: draw(st.sampled_from([*family, *NOTHING][: len(family) + (len(family) > 1)])) for name in names
    }
    return Drawn(columns, {"columns": names, **(draw(more) if more is not None else {})})


def _names(least: int, most: int) -> SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(_NAMES), min_size=least, max_size=most, unique=True)


@st.composite
def _all_columns(draw: DrawFn) -> Drawn:
    """A rule about some columns, or all."""
    names = draw(_names(1, 3))
    columns = {name: draw(st.sampled_from(EVERY)) for name in names}
    return Drawn(columns, draw(st.sampled_from([{}, {"columns": names}])))


@st.composite
def _compared(draw: DrawFn) -> Drawn:
    drawn = draw(_several(FAMILIES, 2, 2))
    left, right = drawn.columns
    rule = {"column": left, "other": right, "operator": draw(st.sampled_from(Operator))}
    return Drawn(drawn.columns, rule)


@st.composite
def _pairs(draw: DrawFn) -> Drawn:
    names = draw(_names(1, 3))
    kinds = [kind for kind in EVERY if kind.constants]
    columns = {name: draw(st.sampled_from(kinds)) for name in names}
    each = st.tuples(*(st.sampled_from(kind.constants) for kind in columns.values()))
    return Drawn(columns, {"columns": names, "values": draw(st.lists(each, min_size=1, max_size=4))})


_EXPRESSIONS = (
    "x > 0", "x = y", "NOT x < y OR y IS NULL", "x + y >= 1", "x IN (0, 1, NULL)", "x BETWEEN -1 AND y",
    "CASE WHEN x > 0 THEN y > 0 ELSE x IS NULL END", "x / y > 0.5", "coalesce(x, y) = 1",
    "x - y >= 0", "-x < y", "x * y < 300", "abs(x) >= 0",
)  # fmt: skip


@st.composite
def _expression(draw: DrawFn) -> Drawn:
    kinds = Kind("int64", _FEW), Kind("int8", (*_FEW, -128, 127)), Kind("uint8", (0, 1, 2, 255)), MODERATE[2]
    columns = {"x": draw(st.sampled_from(kinds)), "y": draw(st.sampled_from(kinds))}
    return Drawn(columns, {"expression": draw(st.sampled_from(_EXPRESSIONS))})


@st.composite
def _refers(draw: DrawFn) -> Drawn:
    names = draw(_names(1, 2))
    others = [f"other {name}" for name in names]
    here, there = {}, {}
    for name, other in zip(names, others, strict=True):
        family = draw(st.sampled_from(FAMILIES))
        here[name], there[other] = draw(st.sampled_from(family)), draw(st.sampled_from(family))
    rule = {"columns": names, "reference_columns": others}
    return Drawn(here, rule, draw(_reference(there)))


@st.composite
def _reference(draw: DrawFn, kinds: Mapping[str, Kind]) -> Case:
    height = draw(st.integers(0, 3))
    columns = {name: draw(_values(kind, height)) for name, kind in kinds.items()}
    return Case(name="", columns=columns, types={name: kind.type for name, kind in kinds.items()}, rule={})


@st.composite
def _match(draw: DrawFn) -> Drawn:
    reference = draw(_reference({"other": _K}))
    return Drawn({}, {"tolerance": draw(st.sampled_from([0, 0.5, 1]))}, reference)


_times = (*TIMES, *ZONED, *DAYS, *NOTHING)
_varied = (*MODERATE, *NOTHING)

#: For each class whose rules an engine measures: what it may be about.
RULES: Mapping[type[Rule], SearchStrategy[Drawn]] = {
    NotNull: _on(EVERY),
    Null: _on(EVERY),
    Unique: _several([EVERY], 1, 3),
    InSet: _on([kind for kind in EVERY if kind.constants], _listed),
    NotInSet: _on([kind for kind in EVERY if kind.constants], _listed),
    InRange: _on((*ORDERED, *NOTHING), _ranged),
    NotInRange: _on((*ORDERED, *NOTHING), _ranged),
    Compare: _compared(),
    Regex: _on(_READABLE, lambda _: _regexes),
    NotRegex: _on(_READABLE, lambda _: _regexes),
    Like: _on(_READABLE, pattern=st.sampled_from(_LIKES)),
    NotLike: _on(_READABLE, pattern=st.sampled_from(_LIKES)),
    Contains: _on(_READABLE, text=st.sampled_from([text for text in _TEXTS if text]), at=st.sampled_from(At)),
    Length: _on((*_READABLE, NESTED[0]), lambda _: _counts()),
    Format: _on((_WRITTEN, *NOTHING), format=st.sampled_from(_FORMATS)),
    DatetimeFormat: _on(
        (_WRITTEN_TIMES, *NOTHING), format=st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%H:%M"])
    ),
    JsonSchema: _on(
        (_WRITTEN_JSON, *NOTHING), schema=st.sampled_from([True, {"type": "object"}, {"type": "number"}])
    ),
    NotFuture: _on(_times),
    NotPast: _on(_times),
    Monotonic: _on((*ORDERED, *NOTHING), direction=st.sampled_from(Direction), strictly=st.booleans()),
    ZScore: _on(_varied, threshold=st.sampled_from([0.7, 1.3, 2.1])),
    InterquartileRange: _on(_varied, factor=st.sampled_from([0.5, 1.5, 2])),
    Expression: _expression(),
    Duplicate: _all_columns(),
    PairInSet: _pairs(),
    RowsComplete: _all_columns(),
    RowSum: _several([(*INTEGERS[:5], *DECIMALS), (*NUMBERS,)], 1, 3, _bounds(_NUMBERS)),
    RowUnique: _several(FAMILIES, 2, 8),
    ReferentialIntegrity: _refers(),
    Aggregate: _aggregate(),
    DistinctSet: _on([kind for kind in EVERY if kind.constants], _related),
    ModeInSet: _on([kind for kind in EVERY if kind.constants], _listed),
    Correlation: _several([_varied], 2, 2, _bounds((-1, -0.5, 0, 0.5, 1))),
    RowCount: st.builds(lambda counts: Drawn({}, counts), _counts()),
    RowCountMatch: _match(),
    Freshness: _on(_times, max_age=st.sampled_from(["0s", "12h", "9000d"])),
}
