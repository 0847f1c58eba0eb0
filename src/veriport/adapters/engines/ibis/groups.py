"""Rules about values that occur more than once: groups of two rows or more, counted in the database."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.aggregates import count
from veriport.adapters.engines.ibis.asking import Ask, Found, Plan
from veriport.adapters.engines.ibis.values import key_of
from veriport.adapters.engines.ibis.views import View
from veriport.domain.measurements import Measurement
from veriport.domain.rules.base import Nulls
from veriport.domain.rules.rows import Duplicate, Unique
from veriport.domain.types import NESTED

_SIZE, _FIRST = "veriport_size", "veriport_first"


def unique(rule: Unique, view: View, samples: int) -> Plan:
    """Every row of a group of two or more breaks the rule."""
    present = view.of(view.table.filter(view.within(rule, view.present(rule.columns))))
    total = _repeated(rule, present).agg(total=lambda groups: groups[_SIZE].sum())
    folds = {"rows": count(view, rule), "null": count(view, rule, ~view.present(rule.columns))}
    answer = yield Ask(folds, (total,))
    failed = int(str(answer.only or 0))
    rows, null = answer.count("rows"), answer.count("null")

    def failing(seen: View) -> View:
        among = seen.of(seen.table.filter(seen.within(rule, seen.present(rule.columns))))
        repeated = _rows_of(rule, among, samples)
        if rule.nulls is not Nulls.FAIL:
            return repeated
        absent = seen.table.filter(seen.within(rule, ~seen.present(rule.columns)))
        return seen.of(repeated.table.union(absent))

    if rule.nulls is Nulls.FAIL:
        return Found(Measurement(checked=rows, failed=failed + null), failing)
    return Found(Measurement(checked=rows - null, failed=failed), failing)


def duplicate(rule: Duplicate, view: View, samples: int) -> Plan:
    """The same over whole rows, nulls being equal."""
    total = _repeated(rule, view.seen(rule)).agg(total=lambda groups: groups[_SIZE].sum())
    answer = yield Ask({"rows": count(view, rule)}, (total,))
    measurement = Measurement(checked=answer.count("rows"), failed=int(str(answer.only or 0)))
    return Found(measurement, lambda seen: _rows_of(rule, seen.seen(rule), samples))


def _keys(rule: Unique | Duplicate, view: View) -> Mapping[str, ir.Value]:
    """What rows are grouped by."""
    return {f"veriport_key{place}": _key(view, name) for place, name in enumerate(rule.columns)}


def _key(view: View, name: str) -> ir.Value:
    nested = view.fields[name].column.dtype.family in NESTED
    return view.raw(name) if nested else key_of(view.value(name), view.dialect)


def _repeated(rule: Unique | Duplicate, view: View) -> ir.Table:
    """The groups of two rows or more, with their sizes and where they begin."""
    keys = _keys(rule, view)
    row = {} if view.row is None else {view.row: view.table[view.row]}
    rows = view.table.select(**keys, **row)
    first = {} if view.row is None else {_FIRST: rows[view.row].min()}
    grouped = rows.group_by(list(keys)).agg(**{_SIZE: rows.count()}, **first)
    return grouped.filter(grouped[_SIZE] > 1)


def _rows_of(rule: Unique | Duplicate, view: View, samples: int) -> View:
    """The rows of the groups that begin first, or of some where rows have no order."""
    repeated = _repeated(rule, view)
    ordered = repeated if view.row is None else repeated.order_by(_FIRST)
    keys = _keys(rule, view)
    rows = view.table.mutate(**keys)
    groups = ordered.limit(samples).select(**{f"{name}_there": ordered[name] for name in keys})
    same = ibis.and_(*(rows[name].identical_to(groups[f"{name}_there"]) for name in keys))
    return view.of(rows.semi_join(groups, same).drop(*keys))
