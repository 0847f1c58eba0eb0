"""Hypothesis strategies for rules, outcomes and results, for properties that must hold for all of them.

>>> from hypothesis import given
>>> from veriport.domain.rules.reading import read_rule, write_rule
>>> @given(rules())
... def test_written_rules_are_read_as_the_same(rule):
...     assert read_rule(write_rule(rule)).unwrap() == (rule,)
>>> test_written_rules_are_read_as_the_same()
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from veriport.domain.checkpoints import ActionResult, ActionStatus, CheckpointResult
from veriport.domain.formats import FORMATS
from veriport.domain.measurements import Broken, Measurement, NotEvaluated, Outcome, Sample
from veriport.domain.results import (
    CheckResult,
    ColumnSummary,
    Gate,
    Part,
    RuleResult,
    judge,
    judge_absent,
    judge_schema,
)
from veriport.domain.rules.aggregates import (
    RATIOS,
    Aggregate,
    Correlation,
    DistinctSet,
    ModeInSet,
    Of,
    Relation,
)
from veriport.domain.rules.base import Missing, Nulls, Rule, SchemaRule, Shape, ValueRule, WithoutRows
from veriport.domain.rules.native import Native
from veriport.domain.rules.reading import identified
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
from veriport.domain.rules.scalars import Scalar, in_order
from veriport.domain.rules.spread import Direction, InterquartileRange, Monotonic, ZScore
from veriport.domain.rules.tables import (
    ColumnCount,
    ColumnExists,
    ColumnsOrdered,
    ColumnsSet,
    DType,
    RowCount,
    TableSchema,
)
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
from veriport.domain.severity import Severity
from veriport.domain.types import Column, DataType, Family, known_types

_MANY = 10**9


def names() -> SearchStrategy[str]:
    """Names of columns: short ones that meet each other, and any text at all."""
    return st.sampled_from(["id", "amount", "email", "created at", "größe"]) | st.text(min_size=1, max_size=9)


def scalars() -> SearchStrategy[Scalar]:
    """Values that a rule may be written with."""
    floats = st.floats(allow_nan=False, allow_infinity=False)
    return st.booleans() | st.integers(-(2**127) + 1, 2**127 - 1) | floats | st.text(max_size=9)


def plain_data() -> SearchStrategy[object]:
    """What JSON can carry: metadata, details, values of samples."""
    leaves = st.none() | scalars()
    texts = st.text(max_size=5)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=5,
    )


@st.composite
def rules(draw: DrawFn, *classes: type[Rule]) -> Rule:
    """A rule of any class, or of one of ``classes``, with any options that it takes."""
    cls = draw(st.sampled_from(classes or tuple(PARAMETERS)))
    make: Callable[..., Rule] = cls
    return make(**draw(_options(cls)), **draw(PARAMETERS[cls]))


def rule_lists(max_size: int = 4) -> SearchStrategy[tuple[Rule, ...]]:
    """Rules with an id each, no two of them the same."""
    listed = st.lists(rules(), max_size=max_size, unique_by=lambda rule: rule.id or object())
    return listed.map(identified)


@st.composite
def _options(draw: DrawFn, cls: type[Rule]) -> dict[str, object]:
    free: dict[str, SearchStrategy[object]] = {
        "id": st.text(max_size=9),
        "severity": st.sampled_from(Severity),
        "missing": st.sampled_from(Missing),
        "mask": st.booleans(),
        "description": st.text(max_size=9),
        "tags": st.lists(st.text(max_size=5), max_size=2),
    }
    if not issubclass(cls, WithoutRows):
        free |= {"mostly": st.floats(0, 1), "nulls": st.sampled_from(Nulls)}
    if cls.shape is not Shape.SCHEMA:
        free["where"] = st.none() | st.sampled_from(["amount > 0", "status = 'paid'", "größe IS NULL"])
    return draw(st.fixed_dictionaries({}, optional=free))


_numbers = st.integers(-_MANY, _MANY) | st.floats(allow_nan=False, allow_infinity=False)
_times = st.dates().map(lambda day: day.isoformat())


@st.composite
def _ranges(draw: DrawFn) -> dict[str, object]:
    """A range that has something in it, between two values of one kind."""
    pairs = st.one_of(*(st.tuples(kind, kind) for kind in (_numbers, _times, st.text(max_size=5))))
    ends = draw(pairs.filter(lambda pair: in_order(*pair) is not None))
    return {"column": draw(names()), **draw(_between(ends))}


@st.composite
def _between(draw: DrawFn, ends: tuple[Scalar, Scalar]) -> dict[str, object]:
    low, high = ends if in_order(*ends) else reversed(ends)
    inclusive = draw(st.sampled_from(Inclusive)) if low != high else Inclusive.BOTH
    given = draw(st.sampled_from([("min", "max"), ("min",), ("max",)]))
    chosen = {key: value for key, value in {"min": low, "max": high}.items() if key in given}
    return {**chosen, "inclusive": inclusive}


@st.composite
def _numbers_between(draw: DrawFn, low: float = -_MANY, high: float = _MANY) -> dict[str, object]:
    return draw(_between(draw(st.tuples(st.floats(low, high), st.floats(low, high)))))


@st.composite
def _aggregates(draw: DrawFn) -> dict[str, object]:
    of = draw(st.sampled_from(Of))
    q = {"q": draw(st.floats(0, 1))} if of is Of.QUANTILE else {}
    ends = draw(_numbers_between(0, 1) if of in RATIOS else _numbers_between())
    return {"column": draw(names()), "of": of, **q, **ends}


@st.composite
def _correlations(draw: DrawFn) -> dict[str, object]:
    return {"columns": draw(_two_columns), **draw(_numbers_between(-1, 1))}


@st.composite
def _sums(draw: DrawFn) -> dict[str, object]:
    return {"columns": draw(_some_columns), **draw(_numbers_between())}


@st.composite
def _combinations(draw: DrawFn) -> dict[str, object]:
    columns = draw(_some_columns)
    each = st.lists(scalars(), min_size=len(columns), max_size=len(columns))
    return {"columns": columns, "values": draw(st.lists(each, min_size=1, max_size=3))}


@st.composite
def _foreign_keys(draw: DrawFn) -> dict[str, object]:
    columns = draw(_some_columns)
    there = st.lists(names(), min_size=len(columns), max_size=len(columns), unique=True)
    given = st.fixed_dictionaries({}, optional={"reference_columns": there})
    return {"columns": columns, "reference": draw(_references), **draw(given)}


@st.composite
def _counts(draw: DrawFn) -> dict[str, object]:
    low, high = sorted(draw(st.tuples(st.integers(0, _MANY), st.integers(0, _MANY))))
    return draw(st.sampled_from([{"min": low, "max": high}, {"min": low}, {"max": high}]))


def _column(**parameters: SearchStrategy[Any]) -> SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries({"column": names(), **parameters})


_values = st.lists(scalars(), min_size=1, max_size=4)
_pattern = st.sampled_from([r"^[^@ ]+@[^@ ]+\.[a-z]{2,}$", r"\d+", "^$", "ü|ö", r"(?i)^abc"])
_patterns = {
    "pattern": _pattern | st.lists(_pattern, min_size=1, max_size=3),
    "match": st.sampled_from(Match),
    "how": st.sampled_from(How),
}
_some_columns = st.lists(names(), min_size=1, max_size=3, unique=True)
_two_columns = st.lists(names(), min_size=2, max_size=2, unique=True)
_all_columns: SearchStrategy[dict[str, Any]] = st.fixed_dictionaries({}, optional={"columns": _some_columns})
_comparisons = st.builds(
    lambda pair, operator: {"column": pair[0], "other": pair[1], "operator": operator},
    _two_columns,
    st.sampled_from(Operator),
)
_positive = st.floats(0, _MANY, exclude_min=True)
_references: SearchStrategy[object] = st.sampled_from(
    [
        "customers.csv",
        "../other data/größe.parquet",
        "s3://bucket/key.parquet",
        {"path": "customers.txt", "separator": ";", "null_values": ["-"]},
        {"path": "customers.bin", "format": "csv", "schema": {"id": "int64"}},
    ]
)
_types = st.lists(st.sampled_from(known_types()), min_size=1, max_size=3)
_directives = st.sampled_from(["%Y-%m-%d", "%d.%m.%y %H:%M", "%H%M%S", "100 %% %j", "am %d. um %H Uhr"])
_json_schemas = st.booleans() | st.dictionaries(st.text(max_size=5), plain_data(), max_size=2)

#: What the parameters of each class of rules may be.
PARAMETERS: Mapping[type[Rule], SearchStrategy[dict[str, object]]] = {
    NotNull: _column(),
    Null: _column(),
    Unique: st.fixed_dictionaries({"columns": _some_columns}),
    InSet: _column(values=_values),
    NotInSet: _column(values=_values),
    InRange: _ranges(),
    NotInRange: _ranges(),
    Compare: _comparisons,
    Regex: _column(**_patterns),
    NotRegex: _column(**_patterns),
    Like: _column(pattern=st.text(min_size=1, max_size=5)),
    NotLike: _column(pattern=st.text(min_size=1, max_size=5)),
    Contains: _column(text=st.text(min_size=1, max_size=5), at=st.sampled_from(At)),
    Length: st.builds(lambda name, counts: {"column": name, **counts}, names(), _counts()),
    Format: _column(format=st.sampled_from(sorted(FORMATS))),
    DatetimeFormat: _column(format=_directives),
    JsonSchema: _column(schema=_json_schemas),
    NotFuture: _column(),
    NotPast: _column(),
    Monotonic: _column(direction=st.sampled_from(Direction), strictly=st.booleans()),
    ZScore: _column(threshold=_positive),
    InterquartileRange: _column(factor=_positive),
    Expression: st.fixed_dictionaries({"expression": st.sampled_from(["a < b", "amount IS NOT NULL"])}),
    Duplicate: _all_columns,
    PairInSet: _combinations(),
    RowsComplete: _all_columns,
    RowSum: _sums(),
    RowUnique: st.fixed_dictionaries({"columns": _two_columns}),
    ReferentialIntegrity: _foreign_keys(),
    Aggregate: _aggregates(),
    DistinctSet: _column(values=_values, relation=st.sampled_from(Relation)),
    ModeInSet: _column(values=_values),
    Correlation: _correlations(),
    RowCount: _counts(),
    RowCountMatch: st.fixed_dictionaries({"reference": _references, "tolerance": st.floats(0, 2)}),
    ColumnExists: _column(),
    DType: _column(dtype=_types),
    ColumnCount: _counts(),
    ColumnsSet: st.fixed_dictionaries({"columns": _some_columns, "exact": st.booleans()}),
    ColumnsOrdered: st.fixed_dictionaries({"columns": _some_columns}),
    TableSchema: st.fixed_dictionaries(
        {"schema": st.dictionaries(names(), _types, min_size=1, max_size=3), "exact": st.booleans()}
    ),
    Freshness: _column(max_age=st.floats(0, _MANY) | st.sampled_from(["24h", "1d 12h", "90 minutes"])),
    Native: st.fixed_dictionaries(
        {
            "name": st.text(min_size=1, max_size=9),
            "parameters": st.dictionaries(names(), scalars(), max_size=3),
        }
    ),
}


def columns() -> SearchStrategy[Column]:
    """A column of any family."""
    types = st.builds(DataType, st.sampled_from(Family), st.sampled_from(["int64", "string", "date", "x"]))
    return st.builds(Column, names(), types, untyped=st.booleans())


@st.composite
def samples(draw: DrawFn, rule: Rule) -> Sample:
    """A row that breaks the rule, with values of the columns that it reads."""
    values = draw(st.fixed_dictionaries({name: st.none() | scalars() for name in rule.reads}))
    key = draw(st.dictionaries(names(), st.none() | scalars(), max_size=2))
    return Sample(row=draw(st.none() | st.integers(0, _MANY)), key=key, values=values)


@st.composite
def measurements(draw: DrawFn, rule: Rule) -> Measurement:
    """What an engine that keeps its contract may measure for the rule."""
    checked = draw(st.integers(0, 20) | st.integers(0, _MANY))
    if isinstance(rule, ValueRule):
        nothing = rule.optional and draw(st.booleans())
        return Measurement(checked=checked, observed=None if nothing else checked, remarks=draw(_remarks))
    verdict = draw(st.booleans()) if isinstance(rule, Native) else None
    failed = draw(st.integers(0, checked))
    shown = draw(st.lists(samples(rule), max_size=min(failed, 2)))
    said = draw(_remarks)
    return Measurement(checked=checked, failed=failed, samples=tuple(shown), holds=verdict, remarks=said)


_remarks = st.sampled_from([(), (), ("a said 1",), ("a said 1", "b <b> said 2")])


def outcomes(rule: Rule) -> SearchStrategy[Outcome]:
    """What an engine may say about the rule."""
    reasons = st.text(max_size=9)
    measured = measurements(rule)
    return measured | measured | st.builds(NotEvaluated, reasons) | st.builds(Broken, reasons)


@st.composite
def rule_results(draw: DrawFn, rule: Rule | None = None, parts: Sequence[str] = ("data.csv",)) -> RuleResult:
    """How a rule may end, by measurement or without."""
    rule = draw(rules()) if rule is None else rule
    if rule.reads and draw(st.integers(0, 4)) == 0:
        return judge_absent(rule, rule.reads[:1], parts)
    if isinstance(rule, SchemaRule):
        listed = [Column(name, DataType(Family.INTEGER, "int64")) for name in draw(_names_near(rule))]
        return judge_schema(rule, {column.name: column for column in listed}, parts)
    return judge(rule, draw(outcomes(rule)), parts)


def _names_near(rule: SchemaRule) -> SearchStrategy[list[str]]:
    """Names of columns, those that the rule reads among them."""
    others = [rule.column] if isinstance(rule, ColumnExists) else []
    extra = st.lists(st.sampled_from([*others, "another"]), max_size=2)
    return extra.map(lambda more: [*rule.reads, *more])


def gates() -> SearchStrategy[Gate]:
    """Where the line between failure and warning may run; the default most of the time."""
    drawn = st.builds(
        Gate,
        fail_on=st.sampled_from(Severity),
        fail_on_critical=st.none() | st.booleans(),
        fail_on_high=st.none() | st.booleans(),
        min_severity=st.sampled_from(Severity),
    )
    return st.just(Gate()) | drawn


def durations() -> SearchStrategy[float]:
    """Seconds that add up exactly in any order."""
    return st.integers(0, 2**20).map(lambda ticks: ticks / 1024)


@st.composite
def check_results(
    draw: DrawFn,
    *,
    of: Sequence[Rule] | None = None,
    parts: Mapping[str, Part] | None = None,
    gate: SearchStrategy[Gate] | None = None,
) -> CheckResult:
    """The verdict of a check, also a merged one.

    ``of`` and ``parts`` are what to choose from, so that several results can speak of the same rules
    and the same data.
    """
    known = draw(rule_lists()) if of is None else of
    chosen = [rule for rule in known if draw(st.booleans())]
    data = {"data.csv": Part(label="data.csv", rows=draw(st.integers(0, _MANY)))} if parts is None else parts
    seen = draw(st.lists(st.sampled_from(sorted(data)), min_size=1, max_size=2, unique=True))
    return CheckResult(
        rules=tuple(draw(rule_results(rule, seen)) for rule in chosen),
        parts={key: data[key] for key in seen},
        engine=draw(st.sampled_from(["", "polars", "tiny", "polars+tiny", "a b"])),
        gate=draw(gates() if gate is None else gate),
        columns=() if chosen else tuple(draw(st.lists(_summaries(), max_size=2))),
        scans=draw(st.none() | st.integers(0, 9)),
        bytes_read=draw(st.none() | st.integers(0, _MANY)),
        notes=tuple(draw(st.lists(st.sampled_from(["sampled", "a <b> failed"]), max_size=2, unique=True))),
        duration_seconds=draw(durations()),
    )


def _summaries() -> SearchStrategy[ColumnSummary]:
    return st.builds(ColumnSummary, column=columns(), null_count=st.none() | st.integers(0, _MANY))


def _action_results() -> SearchStrategy[ActionResult]:
    times = st.none() | st.datetimes(timezones=st.just(UTC))
    return st.builds(
        ActionResult,
        action_name=st.text(max_size=9),
        action_type=st.text(max_size=9),
        status=st.sampled_from(ActionStatus),
        message=st.text(max_size=9),
        started_at=times,
        completed_at=times,
        details=st.dictionaries(st.text(max_size=5), plain_data(), max_size=2),
    )


def checkpoint_results() -> SearchStrategy[CheckpointResult]:
    """What a run may come to."""
    texts = st.text(max_size=9)
    return st.builds(
        CheckpointResult,
        run_id=texts,
        name=texts,
        run_name=texts,
        run_time=st.datetimes(timezones=st.just(UTC)),
        check=st.none() | check_results(),
        error=texts,
        action_results=st.lists(_action_results(), max_size=2).map(tuple),
        tags=st.dictionaries(texts, texts, max_size=2),
        metadata=st.dictionaries(texts, plain_data(), max_size=2),
        duration_seconds=durations(),
    )
