"""Rules about which values occur at all, or most often."""

from __future__ import annotations

from collections.abc import Iterable

import ibis
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.asking import Ask, Found, Plan
from veriport.adapters.engines.ibis.rules.aggregates import count
from veriport.adapters.engines.ibis.rules.telling import heard, told_as_compared
from veriport.adapters.engines.ibis.rules.values import (
    among,
    comparable,
    exact_key_of,
    key_of,
    observed_of,
    with_expr,
)
from veriport.adapters.engines.ibis.views import View
from veriport.domain.measurements import Measurement, Sample
from veriport.domain.rules.aggregates import DistinctSet, ModeInSet, Relation
from veriport.domain.rules.scalars import Scalar, plain
from veriport.domain.types import TEXT, Family


def distinct_set(rule: DistinctSet, view: View, samples: int) -> Plan:
    """The listed values that occur, and how many others do, with the first of them."""
    value = view.value(rule.column)
    wanted = {comparable(each, value): each for each in reversed(rule.values)}
    if view.untyped(rule.column):
        yield Ask()
        return Found(_amiss(rule, 0, [], [] if rule.relation is Relation.SUBSET else [*wanted.values()], 0))
    kept = _kept(view.seen(rule), rule.column)
    listed = among(with_expr(value, kept["compared"]), rule.values, view.dialect)
    others = _different(kept.filter(~listed))
    least = others.order_by("shown").limit(max(samples, 1))
    answer = yield Ask(
        {"rows": count(view, rule, view.raw(rule.column).notnull())},
        (
            _told(_different(kept.filter(listed)), view, rule.column),
            others.count().as_table(),
            _told(least.order_by("shown"), view, rule.column),
        ),
    )
    field = view.fields[rule.column]
    present = {comparable(heard(each, field), value) for (each,) in answer.tables[0]}
    missing = (
        [] if rule.relation is Relation.SUBSET else [v for key, v in wanted.items() if key not in present]
    )
    extra = 0 if rule.relation is Relation.SUPERSET else int(str(answer.tables[1][0][0]))
    examples = [heard(each, field) for (each,) in answer.tables[2]][:samples] if extra else []
    return Found(_amiss(rule, extra, examples, list(reversed(missing)), answer.count("rows")))


def _kept(view: View, name: str) -> ir.Table:
    """The values of a column that are not null, as they are grouped, and so that their order is theirs."""
    value = view.value(name)
    exact = {_EXACT: exact_key_of(value, view.dialect)} if view.dialect.pads and value.family in TEXT else {}
    kept = view.table.select(compared=key_of(value, view.dialect), shown=_shown(view, name), **exact)
    return kept.filter(kept["compared"].notnull())


_EXACT = "exact"


def _different(kept: ir.Table) -> ir.Table:
    """The values, each once."""
    if _EXACT not in kept.columns:
        return kept.select("shown").distinct()
    return kept.group_by(["shown", _EXACT]).agg(size=kept.count()).select("shown")


def _shown(view: View, name: str) -> ir.Value:
    """Once for all that are equal."""
    value = view.value(name)
    return key_of(value, view.dialect) if value.family is Family.FLOAT else value.expr


def _told(table: ir.Table, view: View, name: str, *others: str) -> ir.Table:
    """The values of ``shown`` as a query tells them."""
    shown = with_expr(view.value(name), table["shown"])
    return table.select(told_as_compared(shown, view.fields[name], view.dialect).name("told"), *others)


def _amiss(
    rule: DistinctSet, extra: int, examples: Iterable[object], missing: list[Scalar], rows: int
) -> Measurement:
    note = f"missing {', '.join(map(repr, missing[:10]))}" if missing else ""
    samples = tuple(Sample(values={rule.column: plain(each)}) for each in examples)
    return Measurement(checked=rows, observed=extra + len(missing), samples=samples, note=note)


def mode_in_set(rule: ModeInSet, view: View, samples: int) -> Plan:
    """The most frequent value; of several, the least that is not listed."""
    del samples
    value = view.value(rule.column)
    if view.untyped(rule.column):
        yield Ask()
        return Found(Measurement(checked=0))
    kept = _kept(view.seen(rule), rule.column)
    grouped = kept.group_by([name for name in ("compared", "shown", _EXACT) if name in kept.columns]).agg(
        size=kept.count()
    )
    listed = among(with_expr(value, grouped["compared"]), rule.values, view.dialect)
    grouped = grouped.mutate(listed=listed.ifelse(1, 0))
    first = grouped.order_by([ibis.desc("size"), "listed", "compared"]).limit(1)
    answer = yield Ask(
        {"rows": count(view, rule, view.raw(rule.column).notnull())},
        (_told(first, view, rule.column, "listed"),),
    )
    if not answer.tables[0]:
        return Found(Measurement(checked=0))
    ((found, is_listed),) = answer.tables[0]
    field = view.fields[rule.column]
    mode = heard(found, field)
    written = {comparable(each, value): each for each in reversed(rule.values)}
    observed = written.get(comparable(mode, value)) if is_listed else None
    rows = answer.count("rows")
    return Found(
        Measurement(checked=rows, observed=observed_of(mode, field) if observed is None else observed)
    )
