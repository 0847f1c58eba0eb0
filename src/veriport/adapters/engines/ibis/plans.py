"""How each rule is measured: what it asks for in each round, and which rows break it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ibis
from ibis.expr import types as ir

from veriport.adapters.engines.ibis import aggregates
from veriport.adapters.engines.ibis.aggregates import count
from veriport.adapters.engines.ibis.asking import Answer, Ask, CannotEvaluate, Found, Plan
from veriport.adapters.engines.ibis.conditions import condition
from veriport.adapters.engines.ibis.groups import duplicate, unique
from veriport.adapters.engines.ibis.references import referential_integrity, row_count_match
from veriport.adapters.engines.ibis.sets import distinct_set, mode_in_set
from veriport.adapters.engines.ibis.sources import Source
from veriport.adapters.engines.ibis.texts import checked_here
from veriport.adapters.engines.ibis.values import number
from veriport.adapters.engines.ibis.views import View
from veriport.domain.measurements import Measurement
from veriport.domain.rules.aggregates import Aggregate, Correlation, DistinctSet, ModeInSet
from veriport.domain.rules.base import AllColumnsRule, ColumnRule, Nulls, Rule
from veriport.domain.rules.references import ReferentialIntegrity, RowCountMatch
from veriport.domain.rules.rows import Duplicate, RowsComplete, Unique
from veriport.domain.rules.spread import Direction, InterquartileRange, Monotonic, ZScore
from veriport.domain.rules.tables import RowCount
from veriport.domain.rules.texts import DatetimeFormat, Format, JsonSchema
from veriport.domain.rules.times import Freshness
from veriport.domain.rules.values import NotNull, Null
from veriport.domain.types import Family

Test = Callable[[View], ir.BooleanValue]


def plan_for(rule: Rule, view: View, source: Source, samples: int) -> Plan:
    """Plan a rule. The plan raises ``InvalidRule`` or what Ibis raises where it cannot be compiled."""
    if isinstance(rule, AllColumnsRule) and not rule.columns:
        return _nothing()
    if (special := _SPECIAL.get(type(rule))) is not None:
        plan: Plan = special(rule, view, samples)
        return plan
    if isinstance(rule, ReferentialIntegrity):
        return referential_integrity(rule, view, source)
    if isinstance(rule, RowCountMatch):
        return row_count_match(rule, view, source)
    test = condition(rule)
    if test is None:
        raise CannotEvaluate(f"the ibis engine does not know {rule.type}")
    return _rows(rule, view, test)


def _nothing() -> Plan:
    """All columns of a table that has none."""
    yield Ask()
    return Found(Measurement(checked=0))


def _rows(rule: Rule, view: View, test: Test) -> Plan:
    """Counts the rows for which a test is TRUE, FALSE and null."""
    total = isinstance(rule, NotNull | Null | RowsComplete)
    answer = yield Ask(_counts(rule, view, test))
    return Found(_counted(rule, answer, total=total), lambda seen: _broken(rule, seen, test))


def _counts(rule: Rule, view: View, test: Test) -> Mapping[str, ir.Scalar]:
    """What a rule counts; the nulls of a column are counted once for all of its rules."""
    ok = test(view)
    if rule.where is None and isinstance(rule, ColumnRule) and len(rule.reads) == 1:
        null = view.raw(rule.reads[0]).isnull()
        failed = null if isinstance(rule, NotNull) else ~ok
        return {
            "rows": count(view, rule),
            "null": count(view, rule, null),
            "failed": count(view, rule, failed),
        }
    return {"rows": count(view, rule), "passed": count(view, rule, ok), "failed": count(view, rule, ~ok)}


def _counted(rule: Rule, answer: Answer, *, total: bool) -> Measurement:
    rows, failed = answer.count("rows"), answer.count("failed")
    null = answer.count("null") if "null" in answer.folds else rows - answer.count("passed") - failed
    if total:
        return Measurement(checked=rows, failed=failed)
    if rule.nulls is Nulls.FAIL:
        return Measurement(checked=rows, failed=failed + null)
    return Measurement(checked=rows - null, failed=failed)


def _broken(rule: Rule, view: View, test: Test) -> View:
    ok = test(view).fill_null(ibis.literal(value=False)) if rule.nulls is Nulls.FAIL else test(view)
    return view.of(view.table.filter(view.within(rule, ~ok)))


# ---- outliers


def _z_score(rule: ZScore, view: View, samples: int) -> Plan:
    """Equal values get no deviation from a mean that was rounded, and a single value has none."""
    del samples
    if view.untyped(rule.column):
        return (yield from _rows(rule, view, _null))
    known = yield from aggregates.spread(rule, view)
    reach: float | None = None
    if known.count > 1 and not known.equal:
        (squares,) = yield from aggregates.moments(rule, view, known.mean, 2)
        reach = rule.threshold * (squares / (known.count - 1)) ** 0.5

    def near(value: ir.Value) -> ir.BooleanValue:
        return value == value if reach is None else (value - number(known.mean)).abs() <= number(reach)  # noqa: PLR0124  # TRUE, or null

    return (yield from _rows(rule, view, _finite_and(rule, near)))


def _iqr(rule: InterquartileRange, view: View, samples: int) -> Plan:
    del samples
    if view.untyped(rule.column):
        return (yield from _rows(rule, view, _null))
    known = yield from aggregates.spread(rule, view)
    low, high = known.low, known.high
    if known.count:
        low = yield from aggregates.quantile(rule, view, known.count, 0.25, finite=True)
        high = yield from aggregates.quantile(rule, view, known.count, 0.75, finite=True)
    reach = rule.factor * (high - low)

    def inside(value: ir.Value) -> ir.BooleanValue:
        return (value >= number(low - reach)) & (value <= number(high + reach))

    return (yield from _rows(rule, view, _finite_and(rule, inside)))


def _null(view: View) -> ir.BooleanValue:
    del view
    return ibis.null("boolean")


def _finite_and(rule: ZScore | InterquartileRange, test: Callable[[ir.Value], ir.BooleanValue]) -> Test:
    def both(view: View) -> ir.BooleanValue:
        value = view.value(rule.column).expr.cast("float64")
        return view.dialect.is_finite(value) & test(value)

    return both


# ---- order


def _monotonic(rule: Monotonic, view: View, samples: int) -> Plan:
    """Compares each value with the one before it, where the rows have an order."""
    del samples
    if view.untyped(rule.column):
        return (yield from _rows(rule, view, _null))
    if view.row is None:
        raise CannotEvaluate("rows of a table in a database have no order: name a column with order_by")
    failing = _disordered(rule, view).table.count().as_table()
    folds = {"rows": count(view, rule), "null": count(view, rule, view.raw(rule.column).isnull())}
    answer = yield Ask(folds, (failing,))
    failed = int(str(answer.only))
    rows, null = answer.count("rows"), answer.count("null")
    if rule.nulls is Nulls.FAIL:
        return Found(
            Measurement(checked=rows, failed=failed + null), lambda seen: _disordered_or_null(rule, seen)
        )
    return Found(Measurement(checked=rows - null, failed=failed), lambda seen: _disordered(rule, seen))


def _disordered(rule: Monotonic, view: View) -> View:
    present = view.of(view.table.filter(view.within(rule, view.raw(rule.column).notnull())))
    value = present.value(rule.column)
    before = value.expr.lag(1).over(ibis.window(order_by=present.table[view.row]))
    rows = view.of(present.table.mutate(veriport_value=value.expr, veriport_before=before))
    now, last = rows.table["veriport_value"], rows.table["veriport_before"]
    low, high = (last, now) if rule.direction is Direction.INCREASING else (now, last)
    in_order = low < high if rule.strictly else low <= high
    if value.family is Family.FLOAT and view.dialect.has_nan:
        in_order &= ~view.dialect.is_nan(low) & ~view.dialect.is_nan(high)
    return view.of(rows.table.filter(last.notnull() & ~in_order))


def _disordered_or_null(rule: Monotonic, view: View) -> View:
    nulls = view.table.filter(view.within(rule, view.raw(rule.column).isnull()))
    names = list(view.table.columns)
    return view.of(_disordered(rule, view).table.select(names).union(nulls.select(names)))


# ---- one value


def _row_count(rule: RowCount, view: View, samples: int) -> Plan:
    del samples
    answer = yield Ask({"rows": count(view, rule)})
    return Found(Measurement(checked=answer.count("rows"), observed=answer.count("rows")))


def _aggregate(rule: Aggregate, view: View, samples: int) -> Plan:
    del samples
    return aggregates.aggregate(rule, view)


def _correlation(rule: Correlation, view: View, samples: int) -> Plan:
    del samples
    return aggregates.correlation(rule, view)


def _freshness(rule: Freshness, view: View, samples: int) -> Plan:
    del samples
    return aggregates.newest(rule, view)


_SPECIAL: Mapping[type[Rule], Callable[..., Plan]] = {
    Unique: unique,
    Duplicate: duplicate,
    Monotonic: _monotonic,
    ZScore: _z_score,
    InterquartileRange: _iqr,
    RowCount: _row_count,
    Aggregate: _aggregate,
    Correlation: _correlation,
    Freshness: _freshness,
    DistinctSet: distinct_set,
    ModeInSet: mode_in_set,
    Format: checked_here,
    DatetimeFormat: checked_here,
    JsonSchema: checked_here,
}
