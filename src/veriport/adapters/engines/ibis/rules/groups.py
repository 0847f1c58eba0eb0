"""Rules about values that occur more than once: groups of two rows or more, counted in the database.

Where it makes once what a query reads twice, the same query gives the values of the first groups, by which
their rows are then found without grouping again; else the rows are joined with the groups. All rows are told
by a join with the groups, for which only their values are kept; where databases are slow to join nulls with
nulls, by the size of the group that each row stands in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TypeAlias

import ibis
import ibis.expr.datatypes as dt
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.asking import Answer, Ask, Found, Mark, Plan
from veriport.adapters.engines.ibis.dialects import Dialect
from veriport.adapters.engines.ibis.rules.aggregates import count
from veriport.adapters.engines.ibis.rules.values import exact_key_of
from veriport.adapters.engines.ibis.views import View
from veriport.domain.measurements import Measurement
from veriport.domain.rules.base import Nulls
from veriport.domain.rules.rows import Duplicate, Unique
from veriport.domain.types import NESTED

_SIZE, _FIRST, _TOTAL = "veriport_size", "veriport_first", "veriport_total"
_LONGEST = 200  #: characters of a text that a query names
_Values: TypeAlias = Sequence[tuple[object, ...]]


def unique(rule: Unique, view: View, samples: int) -> Plan:
    """Every row of a group of two or more breaks the rule."""
    present = view.of(view.table.filter(view.within(rule, view.present(rule.columns))))
    folds = {"rows": count(view, rule), "null": count(view, rule, _absent(rule, view))}
    answer = yield Ask(folds, (_asked(rule, present, samples),))
    failed, first = _told(answer)
    rows, null = answer.count("rows"), answer.count("null")

    def failing(seen: View) -> View:
        among = seen.of(seen.table.filter(seen.within(rule, seen.present(rule.columns))))
        repeated = _rows_of(rule, among, samples, first if seen.row == view.row else ())
        if rule.nulls is not Nulls.FAIL:
            return repeated
        absent = seen.table.filter(seen.within(rule, _absent(rule, seen)))
        return seen.of(repeated.table.union(absent))

    if rule.nulls is Nulls.FAIL:
        return Found(Measurement(checked=rows, failed=failed + null), failing)
    return Found(Measurement(checked=rows - null, failed=failed), failing)


def _absent(rule: Unique, view: View) -> ir.BooleanValue:
    """Of one column what other rules count, too."""
    return ibis.or_(*(view.raw(name).isnull() for name in rule.columns))


def duplicate(rule: Duplicate, view: View, samples: int) -> Plan:
    """The same over whole rows, nulls being equal."""
    answer = yield Ask({"rows": count(view, rule)}, (_asked(rule, view.seen(rule), samples),))
    failed, first = _told(answer)

    def failing(seen: View) -> View:
        return _rows_of(rule, seen.seen(rule), samples, first if seen.row == view.row else ())

    return Found(Measurement(checked=answer.count("rows"), failed=failed), failing)


def _asked(rule: Unique | Duplicate, view: View, samples: int) -> ir.Table:
    """How many rows are in groups of two or more, and what the first groups have in common."""
    repeated = _repeated(rule, view)
    total = repeated.agg(**{_TOTAL: repeated[_SIZE].sum()})
    keys = list(_keys(rule, view))
    can_name = view.dialect.shares and all(
        isinstance(repeated[name].type(), dt.Integer | dt.String) for name in keys
    )
    if not samples or not can_name:
        return total
    return total.cross_join(_first(repeated, view, samples).select(keys))


def _told(answer: Answer) -> tuple[int, _Values]:
    """The number of rows, and the values of groups where they were asked for."""
    (rows,) = answer.tables
    return int(str(rows[0][0] or 0)) if rows else 0, [row[1:] for row in rows if row[1:]]


def _first(repeated: ir.Table, view: View, samples: int) -> ir.Table:
    """The groups that begin first, or some where rows have no order."""
    return (repeated if view.row is None else repeated.order_by(_FIRST)).limit(samples)


def _keys(rule: Unique | Duplicate, view: View) -> Mapping[str, ir.Value]:
    """What rows are grouped by."""
    return {f"veriport_key{place}": _key(view, name) for place, name in enumerate(rule.columns)}


def _key(view: View, name: str) -> ir.Value:
    nested = view.fields[name].column.dtype.family in NESTED
    return view.raw(name) if nested else exact_key_of(view.value(name), view.dialect)


def _repeated(rule: Unique | Duplicate, view: View) -> ir.Table:
    """The groups of two rows or more, with their sizes and where they begin."""
    keys = _keys(rule, view)
    row = {} if view.row is None else {view.row: view.table[view.row]}
    rows = view.table.select(**keys, **row)
    first = {} if view.row is None else {_FIRST: rows[view.row].min()}
    grouped = rows.group_by(list(keys)).agg(**{_SIZE: rows.count()}, **first)
    return grouped.filter(grouped[_SIZE] > 1)


def _rows_of(rule: Unique | Duplicate, view: View, samples: int, first: _Values) -> View:
    """The rows of the first groups, by their values where those are known and can be named."""
    keys = _keys(rule, view)
    rows = view.table.mutate(**keys)
    if first and all(_can_be_named(value, view.dialect) for row in first for value in row):
        return view.of(rows.filter(_among([rows[name] for name in keys], first, view.dialect)).drop(*keys))
    groups = _first(_repeated(rule, view), view, samples).select(**{f"{name}_there": name for name in keys})
    same = ibis.and_(*(rows[name].identical_to(groups[f"{name}_there"]) for name in keys))
    return view.of(rows.semi_join(groups, same).drop(*keys))


def _can_be_named(value: object, dialect: Dialect) -> bool:
    if isinstance(value, str):
        return len(value) <= _LONGEST and dialect.holds(value)
    return value is None or type(value) is int


def _among(keys: Sequence[ir.Value], first: _Values, dialect: Dialect) -> ir.BooleanValue:
    """Whether a row has the values of one of these groups."""
    if len(keys) == 1 and (None,) not in first:
        return keys[0].isin([_constant(keys[0], value, dialect) for (value,) in first])
    return ibis.or_(*(ibis.and_(*map(partial(_same, dialect), keys, row)) for row in first))


def _same(dialect: Dialect, key: ir.Value, value: object) -> ir.BooleanValue:
    return key.isnull() if value is None else key == _constant(key, value, dialect)


def _constant(key: ir.Value, value: object, dialect: Dialect) -> ir.Value:
    return dialect.text(value) if isinstance(value, str) else ibis.literal(value, type=key.type())


def unique_mark(rule: Unique, rows: View) -> Mark:
    """``rows`` are those of the check once more."""
    among = rows.of(rows.table.filter(rows.within(rule, rows.present(rule.columns))))

    def test(seen: View, name: str) -> ir.BooleanValue:
        repeated = seen.present(rule.columns) & _in_group(seen, name)
        if rule.nulls is Nulls.FAIL:
            repeated = repeated | _absent(rule, seen)
        return seen.within(rule, repeated)

    return Mark(test, partial(_beside_groups, rule, among))


def duplicate_mark(rule: Duplicate, rows: View) -> Mark:
    """The same over whole rows."""
    among = rows.seen(rule)
    beside = partial(_beside_groups, rule, among) if rows.dialect.joins_nulls else partial(_sized, rule)
    return Mark(lambda seen, name: seen.within(rule, _in_group(seen, name)), beside)


def _in_group(seen: View, name: str) -> ir.BooleanValue:
    """Whether a row has found a group of two or more."""
    return seen.table[f"{name}{_SIZE}"] > 1


def _beside_groups(rule: Unique | Duplicate, among: View, seen: View, name: str) -> View:
    """Each row with the size of the group that it would be in, null where there is none."""
    groups = _repeated(rule, among)
    there = groups.select(
        **{f"{name}{key}": groups[key] for key in _keys(rule, among)}, **{f"{name}{_SIZE}": groups[_SIZE]}
    )
    mine = list(_keys(rule, seen).values())
    return seen.beside(mine, there, name, nulls_equal=isinstance(rule, Duplicate))


def _sized(rule: Duplicate, seen: View, name: str) -> View:
    """Each row with the size of its group, of rows that the rule looks at."""
    keys = {f"{name}{key}": each for key, each in _keys(rule, seen).items()}
    where, looked_at = seen.where(rule), f"{name}seen"
    one = ibis.literal(1) if where is None else where.ifelse(1, 0)
    rows = seen.table.mutate(**keys, **{looked_at: one})
    group = ibis.window(group_by=[rows[each] for each in (*keys, looked_at)])
    sized = rows.mutate(**{f"{name}{_SIZE}": rows[looked_at].sum().over(group)})
    return seen.of(sized.drop(*keys, looked_at))
