"""Rules about this table beside another one."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.asking import Ask, CannotEvaluate, Found, Mark, Plan
from veriport.adapters.engines.ibis.dialects import Dialect
from veriport.adapters.engines.ibis.rules.aggregates import count
from veriport.adapters.engines.ibis.rules.values import Value, alike
from veriport.adapters.engines.ibis.sources import Elsewhere, Source
from veriport.adapters.engines.ibis.views import View
from veriport.domain.datasets import Address
from veriport.domain.measurements import Measurement
from veriport.domain.rules.base import Nulls
from veriport.domain.rules.references import ReferentialIntegrity, RowCountMatch
from veriport.domain.suggestions import nearest
from veriport.domain.types import Family
from veriport.ports.errors import DataError


def opened(address: Address, source: Source, view: View) -> View:
    """The table that a rule refers to."""
    try:
        other = source.refer(address)
    except Elsewhere as elsewhere:
        raise CannotEvaluate(str(elsewhere)) from elsewhere
    return View(
        table=other.table,
        fields={each.column.name: each for each in other.fields},
        dialect=view.dialect,
        parsed={},
        now=view.now,
    )


def referential_integrity(rule: ReferentialIntegrity, view: View, source: Source) -> Plan:
    """Looks each combination up in the other table, by an anti-join."""
    there = opened(rule.other, source, view)
    failing = _unmatched(rule, view, there).table.count().as_table()
    folds = {"rows": count(view, rule), "null": count(view, rule, ~view.present(rule.columns))}
    answer = yield Ask(folds, (failing,))
    failed = int(str(answer.only))
    rows, null = answer.count("rows"), answer.count("null")
    if rule.nulls is not Nulls.FAIL:
        return Found(
            Measurement(checked=rows - null, failed=failed), lambda seen: _unmatched(rule, seen, there)
        )

    def or_null(seen: View) -> View:
        absent = seen.table.filter(seen.within(rule, ~seen.present(rule.columns)))
        return seen.of(_unmatched(rule, seen, there).table.union(absent))

    return Found(Measurement(checked=rows, failed=failed + null), or_null)


def _unmatched(rule: ReferentialIntegrity, view: View, there: View) -> View:
    present = view.of(view.table.filter(view.within(rule, view.present(rule.columns))))
    mine, known = _sides(rule, present, there, "veriport_key")
    keys = {f"veriport_mine{place}": each for place, each in enumerate(mine)}
    rows = present.table.mutate(**keys)
    same = ibis.and_(*(rows[key] == known[name] for key, name in zip(keys, known.columns, strict=True)))
    return view.of(rows.anti_join(known, same).drop(*keys))


def reference_mark(rule: ReferentialIntegrity, view: View, source: Source) -> Mark:
    """Joins each row with what it refers to, which stands there once."""
    there = opened(rule.other, source, view)
    _sides(rule, view, there, "")  # whether they compare at all

    def prepared(seen: View, name: str) -> View:
        mine, known = _sides(rule, seen, there, name)
        return seen.beside(mine, known, name)

    def test(seen: View, name: str) -> ir.BooleanValue:
        present = seen.present(rule.columns)
        broken = present & seen.table[f"{name}0"].isnull()
        return seen.within(rule, broken | ~present if rule.nulls is Nulls.FAIL else broken)

    return Mark(test, prepared)


def _sides(
    rule: ReferentialIntegrity, view: View, there: View, name: str
) -> tuple[Sequence[ir.Value], ir.Table]:
    """Both sides in types in which they are matched, the other one as a table of columns under a name.

    Raises ``DataError`` where they cannot be matched.
    """
    mine, theirs = [], []
    for column, other in zip(rule.columns, rule.refers_to, strict=True):
        if other not in there.fields:
            hint = nearest(other, there.fields).hint
            raise DataError(f"{rule.other.label} has no column {other!r}{hint}")
        left, right = view.value(column), there.value(other)
        sides = _matched(left, right, view)
        if sides is None:
            types = f"{left.type.name} and {right.type.name}"
            raise DataError(f"{column!r} and {other!r} of {rule.other.label} do not compare: {types}")
        mine += _keys(sides[0], view.dialect)
        theirs += _keys(sides[1], view.dialect)
    return mine, there.table.select(
        **{f"{name}{place}": each for place, each in enumerate(theirs)}
    ).distinct()


def _keys(side: ir.Value, dialect: Dialect) -> list[ir.Value]:
    """What is equal where a side is: zero has no sign, and NaN is told apart where it equals nothing."""
    if not side.type().is_floating():
        return [side]
    if dialect.equal_nans:
        return [side + 0.0]
    is_nan = dialect.is_nan(side)
    return [is_nan.ifelse(0.0, side + 0.0), is_nan.ifelse(1, 0)]


def _matched(left: Value, right: Value, view: View) -> Sequence[ir.Value] | None:
    if left.family is Family.NULL:
        return ibis.null(right.expr.type()), right.expr
    if right.family is Family.NULL:
        return left.expr, ibis.null(left.expr.type())
    return alike((left, right), view.dialect)


def row_count_match(rule: RowCountMatch, view: View, source: Source) -> Plan:
    """Counts rows here and in the other table."""
    there = opened(rule.other, source, view)
    answer = yield Ask({"rows": count(view, rule)}, (there.table.count().as_table(),))
    here, others = answer.count("rows"), int(str(answer.only))
    apart = abs(here - others) / others if others else float(here > 0)
    note = f"{here:,} rows here, {others:,} there"
    return Found(Measurement(checked=here, observed=apart, note=note))
