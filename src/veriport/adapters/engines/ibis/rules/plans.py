"""How each rule is measured: what it asks for in each round, and which rows break it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from veriport.adapters.engines.ibis.asking import Ask, CannotEvaluate, Found, Plan
from veriport.adapters.engines.ibis.rules import aggregates
from veriport.adapters.engines.ibis.rules.aggregates import count
from veriport.adapters.engines.ibis.rules.conditions import condition
from veriport.adapters.engines.ibis.rules.groups import duplicate, unique
from veriport.adapters.engines.ibis.rules.order import monotonic
from veriport.adapters.engines.ibis.rules.outliers import OUTLIERS
from veriport.adapters.engines.ibis.rules.references import referential_integrity, row_count_match
from veriport.adapters.engines.ibis.rules.rowwise import row_plan
from veriport.adapters.engines.ibis.rules.sets import distinct_set, mode_in_set
from veriport.adapters.engines.ibis.rules.texts import checked_here
from veriport.adapters.engines.ibis.sources import Source
from veriport.adapters.engines.ibis.views import View
from veriport.domain.measurements import Measurement
from veriport.domain.rules.aggregates import Aggregate, Correlation, DistinctSet, ModeInSet
from veriport.domain.rules.base import AllColumnsRule, Rule
from veriport.domain.rules.references import ReferentialIntegrity, RowCountMatch
from veriport.domain.rules.rows import Duplicate, Unique
from veriport.domain.rules.spread import Monotonic
from veriport.domain.rules.tables import RowCount
from veriport.domain.rules.texts import DatetimeFormat, Format, JsonSchema
from veriport.domain.rules.times import Freshness


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
    return row_plan(rule, view, test)


def _nothing() -> Plan:
    """All columns of a table that has none."""
    yield Ask()
    return Found(Measurement(checked=0))


def _outlier(rule: Rule, view: View, samples: int) -> Plan:
    """What an outlier is, one learns of all values."""
    del samples
    test = yield from OUTLIERS[type(rule)](rule, view)
    return (yield from row_plan(rule, view, test))


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
    Monotonic: monotonic,
    **dict.fromkeys(OUTLIERS, _outlier),
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
