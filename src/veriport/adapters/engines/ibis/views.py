"""The rows of a table in one form of it, and what a rule may ask of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import ibis
from attrs import field, frozen
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.dialects import Dialect
from veriport.adapters.engines.ibis.rules.expressions import Compiler
from veriport.adapters.engines.ibis.rules.values import Value, number_in, shown, value_of
from veriport.adapters.engines.ibis.sources import Field
from veriport.domain.expressions import Expr
from veriport.domain.rules.base import Rule
from veriport.domain.rules.scalars import Scalar
from veriport.domain.types import Family


@frozen(kw_only=True)
class View:
    """Rows with the columns of a table; ``row`` is the column that numbers them, where there is one."""

    table: ir.Table = field(repr=False, eq=False)
    fields: Mapping[str, Field]
    dialect: Dialect
    parsed: Mapping[str, Expr] = field(repr=False, eq=False)
    now: datetime
    row: str | None = None

    def of(self, table: ir.Table) -> View:
        """The same view of other rows of it."""
        return View(
            table=table,
            fields=self.fields,
            dialect=self.dialect,
            parsed=self.parsed,
            now=self.now,
            row=self.row,
        )

    def raw(self, name: str) -> ir.Value:
        """A column as it is."""
        return self.table[self.fields[name].physical]

    def value(self, name: str) -> Value:
        """A column as it is compared."""
        return value_of(self.raw(name), self.fields[name], self.dialect)

    def number(self, name: str, values: Iterable[Scalar]) -> Value | None:
        """The number in a text, where texts of a source without types meet numbers."""
        meets = self.fields[name].column.untyped and not any(isinstance(value, str) for value in values)
        return number_in(self.value(name), self.dialect) if meets else None

    def shown(self, name: str) -> ir.Value:
        """A column as a query may return it."""
        return shown(self.raw(name), self.fields[name], self.dialect)

    def sql(self, text: str) -> ir.BooleanValue:
        """The condition of a SQL text."""
        return Compiler(self.value, self.dialect).condition(self.parsed[text])

    def compile(self, expression: Expr) -> ir.BooleanValue:
        """The condition of a tree."""
        return Compiler(self.value, self.dialect).condition(expression)

    def present(self, names: Iterable[str]) -> ir.BooleanValue:
        """Whether all of these columns have a value."""
        return ibis.and_(*(self.raw(name).notnull() for name in names))

    def untyped(self, name: str) -> bool:
        """Whether a column is nothing but nulls, so that every rule is null there."""
        return self.fields[name].column.dtype.family is Family.NULL

    def where(self, rule: Rule) -> ir.BooleanValue | None:
        """TRUE for the rows that a rule looks at."""
        return None if rule.where is None else self.sql(rule.where)

    def within(self, rule: Rule, test: ir.BooleanValue) -> ir.BooleanValue:
        """A test that only rows of the rule can pass."""
        where = self.where(rule)
        return test if where is None else where & test

    def beside(
        self, mine: Sequence[ir.Value], there: ir.Table, name: str, *, nulls_equal: bool = False
    ) -> View:
        """Each row with the one of another table whose first columns have its values, or with nulls.

        Values get columns of their own for that, whose names begin with ``name``: Ibis would take an equal
        expression for one of the other table, where that was made of the same rows.
        """
        keys = {f"{name}mine{place}": each for place, each in enumerate(mine)}
        rows = self.table.mutate(**keys)
        pairs = [(rows[key], there[other]) for key, other in zip(keys, there.columns, strict=False)]
        same = [left.identical_to(right) if nulls_equal else left == right for left, right in pairs]
        return self.of(rows.left_join(there, same).drop(*keys))

    def seen(self, rule: Rule) -> View:
        """The rows that a rule looks at."""
        where = self.where(rule)
        return self if where is None else self.of(self.table.filter(where))
