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
from veriport.domain.rules.base import Missing, Nulls, Rule, SchemaRule, Shape, WithoutRows
from veriport.domain.rules.reading import identified
from veriport.domain.rules.rows import Compare, Expression, Operator, Unique
from veriport.domain.rules.scalars import Scalar, in_order
from veriport.domain.rules.tables import ColumnExists, DType, RowCount
from veriport.domain.rules.values import Inclusive, InRange, InSet, Length, NotInSet, NotNull, Regex
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


@st.composite
def _ranges(draw: DrawFn) -> dict[str, object]:
    numbers = st.integers(-_MANY, _MANY) | st.floats(allow_nan=False, allow_infinity=False)
    ends = draw(
        st.tuples(numbers, numbers)
        | st.tuples(st.dates(), st.dates()).map(lambda days: tuple(day.isoformat() for day in days))
        | st.tuples(st.text(max_size=5), st.text(max_size=5)).filter(lambda pair: in_order(*pair) is not None)
    )
    low, high = ends if in_order(*ends) else reversed(ends)
    inclusive = draw(st.sampled_from(Inclusive)) if low != high else Inclusive.BOTH
    given = draw(st.sampled_from([("min", "max"), ("min",), ("max",)]))
    chosen = {key: value for key, value in {"min": low, "max": high}.items() if key in given}
    return {"column": draw(names()), **chosen, "inclusive": inclusive}


@st.composite
def _counts(draw: DrawFn) -> dict[str, object]:
    low, high = sorted(draw(st.tuples(st.integers(0, _MANY), st.integers(0, _MANY))))
    return draw(st.sampled_from([{"min": low, "max": high}, {"min": low}, {"max": high}]))


def _column(**parameters: SearchStrategy[Any]) -> SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries({"column": names(), **parameters})


_values = st.lists(scalars(), min_size=1, max_size=4)
_patterns = st.sampled_from([r"^[^@ ]+@[^@ ]+\.[a-z]{2,}$", r"\d+", "^$", "ü|ö", r"(?i)^abc"])
_two_columns = st.lists(names(), min_size=2, max_size=2, unique=True)
_comparisons = st.builds(
    lambda pair, operator: {"column": pair[0], "other": pair[1], "operator": operator},
    _two_columns,
    st.sampled_from(Operator),
)

#: What the parameters of each class of rules may be.
PARAMETERS: Mapping[type[Rule], SearchStrategy[dict[str, object]]] = {
    NotNull: _column(),
    Unique: st.fixed_dictionaries({"columns": st.lists(names(), min_size=1, max_size=3, unique=True)}),
    InSet: _column(values=_values),
    NotInSet: _column(values=_values),
    InRange: _ranges(),
    Regex: _column(pattern=_patterns),
    Length: st.builds(lambda name, counts: {"column": name, **counts}, names(), _counts()),
    Compare: _comparisons,
    Expression: st.fixed_dictionaries({"expression": st.sampled_from(["a < b", "amount IS NOT NULL"])}),
    DType: _column(dtype=st.lists(st.sampled_from(known_types()), min_size=1, max_size=3)),
    ColumnExists: _column(),
    RowCount: _counts(),
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
    if rule.shape is Shape.VALUE:
        return Measurement(checked=checked, observed=checked)
    failed = draw(st.integers(0, checked))
    shown = draw(st.lists(samples(rule), max_size=min(failed, 2)))
    return Measurement(checked=checked, failed=failed, samples=tuple(shown))


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
