"""The rule about the order of rows: each value beside the one before it, where rows have an order."""

from __future__ import annotations

import ibis
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.asking import Ask, CannotEvaluate, Found, Mark, Plan
from veriport.adapters.engines.ibis.rules.aggregates import count
from veriport.adapters.engines.ibis.rules.rowwise import breaks, never, row_plan
from veriport.adapters.engines.ibis.rules.values import Value
from veriport.adapters.engines.ibis.views import View
from veriport.domain.measurements import Measurement
from veriport.domain.rules.base import Nulls
from veriport.domain.rules.spread import Direction, Monotonic
from veriport.domain.types import Family

_VALUE, _BEFORE, _PRESENT = "veriport_value", "veriport_before", "veriport_present"


def monotonic(rule: Monotonic, view: View, samples: int) -> Plan:
    """Counts the values that are not in order."""
    del samples
    if view.untyped(rule.column):
        return (yield from row_plan(rule, view, never))
    _require_order(view)
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


def _require_order(view: View) -> None:
    if view.row is None:
        raise CannotEvaluate("rows of a table in a database have no order: name a column with order_by")


def _disordered(rule: Monotonic, view: View) -> View:
    present = view.of(view.table.filter(view.within(rule, view.raw(rule.column).notnull())))
    value = present.value(rule.column)
    before = value.expr.lag(1).over(ibis.window(order_by=present.table[view.row]))
    rows = view.of(present.table.mutate(**{_VALUE: value.expr, _BEFORE: before}))
    last = rows.table[_BEFORE]
    return view.of(
        rows.table.filter(last.notnull() & ~_in_order(rule, value, rows.table[_VALUE], last, view))
    )


def _in_order(rule: Monotonic, kind: Value, now: ir.Value, last: ir.Value, view: View) -> ir.BooleanValue:
    low, high = (last, now) if rule.direction is Direction.INCREASING else (now, last)
    in_order = low < high if rule.strictly else low <= high
    if kind.family is Family.FLOAT and view.dialect.has_nan:
        in_order &= ~view.dialect.is_nan(low) & ~view.dialect.is_nan(high)
    return in_order


def _disordered_or_null(rule: Monotonic, view: View) -> View:
    nulls = view.table.filter(view.within(rule, view.raw(rule.column).isnull()))
    names = list(view.table.columns)
    return view.of(_disordered(rule, view).table.select(names).union(nulls.select(names)))


def monotonic_mark(rule: Monotonic, view: View) -> Mark:
    """Rows with a value are a partition of their own, so that the one before is the last of them."""
    if view.untyped(rule.column):
        return Mark(lambda seen, _: breaks(rule, seen, never))
    _require_order(view)

    def prepared(seen: View, name: str) -> View:
        present = seen.within(rule, seen.raw(rule.column).notnull()).fill_null(ibis.literal(value=False))
        value = {f"{name}{_PRESENT}": present, f"{name}{_VALUE}": seen.value(rule.column).expr}
        rows = seen.table.mutate(**value)
        among = ibis.window(group_by=rows[f"{name}{_PRESENT}"], order_by=rows[seen.row])
        return seen.of(rows.mutate(**{f"{name}{_BEFORE}": rows[f"{name}{_VALUE}"].lag(1).over(among)}))

    def test(seen: View, name: str) -> ir.BooleanValue:
        present, now, last = (seen.table[f"{name}{each}"] for each in (_PRESENT, _VALUE, _BEFORE))
        ok = _in_order(rule, seen.value(rule.column), now, last, seen)
        broken = present & last.notnull() & ~ok
        if rule.nulls is not Nulls.FAIL:
            return broken
        return broken | seen.within(rule, seen.raw(rule.column).isnull())

    return Mark(test, prepared)
