"""Rules that one expression over a row tells, once it is known what it needs of all rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import ibis
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.asking import Answer, Ask, Found, Plan
from veriport.adapters.engines.ibis.rules.aggregates import count
from veriport.adapters.engines.ibis.views import View
from veriport.domain.measurements import Measurement
from veriport.domain.rules.base import ColumnRule, Nulls, Rule
from veriport.domain.rules.rows import RowsComplete
from veriport.domain.rules.values import NotNull, Null

#: TRUE passes, FALSE breaks the rule, null is not checked.
Test: TypeAlias = Callable[[View], ir.BooleanValue]


def row_plan(rule: Rule, view: View, test: Test) -> Plan:
    """Counts the rows for which a test is TRUE, FALSE and null."""
    total = isinstance(rule, NotNull | Null | RowsComplete)
    answer = yield Ask(_counts(rule, view, test))

    def failing(seen: View) -> View:
        return seen.of(seen.table.filter(breaks(rule, seen, test)))

    return Found(_counted(rule, answer, total=total), failing)


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


def breaks(rule: Rule, view: View, test: Test) -> ir.BooleanValue:
    """TRUE for the rows of a view that break a rule."""
    ok = test(view).fill_null(ibis.literal(value=False)) if rule.nulls is Nulls.FAIL else test(view)
    return view.within(rule, ~ok)


def never(view: View) -> ir.BooleanValue:
    """The test of a rule about a column that is nothing but nulls."""
    del view
    return ibis.null("boolean")
