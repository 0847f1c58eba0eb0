"""How each rule is measured: what it folds, what it groups, and which rows break it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import polars as pl
from attrs import field, frozen

from veriport.adapters.engines.polars.conditions import Schema, condition
from veriport.domain.binding import columns_read
from veriport.domain.measurements import Measurement, NotEvaluated
from veriport.domain.rules.base import Nulls, Rule
from veriport.domain.rules.rows import Unique
from veriport.domain.rules.tables import RowCount
from veriport.domain.rules.values import NotNull

#: Names that no column of a user has.
ROW = "__veriport_row"
ROWS = "__veriport_rows"
_SIZE = "__veriport_size"

Counts = Mapping[str, int]


class Plan(Protocol):
    """The measuring of one rule."""

    @property
    def folds(self) -> Mapping[str, pl.Expr]:
        """Named aggregates over the rows; plans share those of one name."""
        ...

    def groups(self, rows: pl.LazyFrame) -> pl.LazyFrame | None:
        """A frame of one row to collect beside the folds, from rows numbered by ``ROW``."""
        ...

    def measurement(self, counts: Counts, groups: pl.DataFrame | None) -> Measurement:
        """What was found, without samples."""
        ...

    def breaks(self, groups: pl.DataFrame | None) -> pl.Expr | None:
        """TRUE for the rows that break the rule; ``None`` where rows do not break it."""
        ...

    @property
    def shows(self) -> tuple[str, ...]:
        """The columns that a sample shows."""
        ...


def nulls_of(column: str) -> str:
    """The name of the fold that counts the nulls of a column."""
    return f"nulls of {column}"


def plan_for(rule: Rule, schema: Schema, samples: int) -> Plan | NotEvaluated:
    """Plan a rule. Raises ``InvalidRule`` or what Polars raises where it cannot be compiled."""
    where = None if rule.where is None else schema.sql(rule.where)
    shows = columns_read(rule, schema.parsed)
    match rule:
        case Unique():
            return _UniquePlan(rule=rule, where=where, shows=shows, samples=samples)
        case RowCount():
            return _CountPlan(rule=rule, where=where, shows=shows)
    ok = condition(rule, schema)
    if ok is None:
        return NotEvaluated(f"the polars engine does not know {rule.type}")
    return _RowPlan(rule=rule, where=where, shows=shows, ok=ok)


@frozen(kw_only=True)
class _Plan:
    rule: Rule
    where: pl.Expr | None = field(eq=False)
    shows: tuple[str, ...]

    def _named(self, what: str) -> str:
        return f"{what} of rule {self.rule.id}"

    def _within(self, test: pl.Expr) -> pl.Expr:
        return test if self.where is None else test & self.where


@frozen(kw_only=True)
class _CountPlan(_Plan):
    """Counts rows."""

    @property
    def folds(self) -> Mapping[str, pl.Expr]:
        return {} if self.where is None else {self._named("rows"): self.where.sum()}

    def groups(self, rows: pl.LazyFrame) -> pl.LazyFrame | None:
        del rows
        return None

    def measurement(self, counts: Counts, groups: pl.DataFrame | None) -> Measurement:
        del groups
        rows = counts[ROWS] if self.where is None else counts[self._named("rows")]
        return Measurement(checked=rows, observed=rows)

    def breaks(self, groups: pl.DataFrame | None) -> pl.Expr | None:
        del groups
        return None


@frozen(kw_only=True)
class _RowPlan(_Plan):
    """Counts the rows for which an expression is TRUE, FALSE and null."""

    ok: pl.Expr = field(eq=False)

    @property
    def _column(self) -> str | None:
        """The column whose nulls are the rule's nulls, counted once for all its rules."""
        alone = self.where is None and len(self.rule.reads) == 1
        return self.rule.reads[0] if alone else None

    @property
    def folds(self) -> Mapping[str, pl.Expr]:
        shared = {} if self._column is None else {nulls_of(self._column): pl.col(self._column).null_count()}
        if isinstance(self.rule, NotNull) and self._column is not None:
            return shared
        own = {self._named("failed"): self._within(self.ok.not_()).sum()}
        if self._column is None:
            own[self._named("checked")] = self._within(self.ok.is_not_null()).sum()
            own[self._named("null")] = self._within(self.ok.is_null()).sum()
        return {**shared, **own}

    def groups(self, rows: pl.LazyFrame) -> pl.LazyFrame | None:
        del rows
        return None

    def measurement(self, counts: Counts, groups: pl.DataFrame | None) -> Measurement:
        del groups
        if self._column is None:
            checked, null = counts[self._named("checked")], counts[self._named("null")]
        else:
            null = counts[nulls_of(self._column)]
            checked = counts[ROWS] - null
        if isinstance(self.rule, NotNull) and self._column is not None:
            return Measurement(checked=checked + null, failed=null)
        failed = counts[self._named("failed")]
        if self.rule.nulls is Nulls.FAIL:
            return Measurement(checked=checked + null, failed=failed + null)
        return Measurement(checked=checked, failed=failed)

    def breaks(self, groups: pl.DataFrame | None) -> pl.Expr | None:
        del groups
        ok = self.ok.fill_null(value=False) if self.rule.nulls is Nulls.FAIL else self.ok
        return self._within(ok.not_())


@frozen(kw_only=True)
class _UniquePlan(_Plan):
    """Groups rows by their values; every row of a group of two or more breaks the rule.

    The first failing rows all belong to the groups that begin first, so that only those are kept.
    """

    samples: int

    @property
    def _present(self) -> pl.Expr:
        return self._within(pl.all_horizontal(pl.col(name).is_not_null() for name in self.rule.reads))

    @property
    def _absent(self) -> pl.Expr:
        return self._within(pl.any_horizontal(pl.col(name).is_null() for name in self.rule.reads))

    @property
    def folds(self) -> Mapping[str, pl.Expr]:
        if self.where is None and len(self.rule.reads) == 1:
            (column,) = self.rule.reads
            return {nulls_of(column): pl.col(column).null_count()}
        return {self._named("null"): self._absent.sum(), self._named("checked"): self._present.sum()}

    def groups(self, rows: pl.LazyFrame) -> pl.LazyFrame | None:
        repeated = (
            rows.filter(self._present)
            .group_by(self.rule.reads)
            .agg(pl.len().alias(_SIZE), pl.col(ROW).min())
            .filter(pl.col(_SIZE) > 1)
        )
        first = pl.struct(self.rule.reads).bottom_k_by(ROW, self.samples).implode()
        return repeated.select(pl.col(_SIZE).sum(), first.alias(ROW))

    def measurement(self, counts: Counts, groups: pl.DataFrame | None) -> Measurement:
        failed = 0 if groups is None else groups[_SIZE].item()
        if self.where is None and len(self.rule.reads) == 1:
            null = counts[nulls_of(self.rule.reads[0])]
            checked = counts[ROWS] - null
        else:
            null, checked = counts[self._named("null")], counts[self._named("checked")]
        if self.rule.nulls is Nulls.FAIL:
            return Measurement(checked=checked + null, failed=failed + null)
        return Measurement(checked=checked, failed=failed)

    def breaks(self, groups: pl.DataFrame | None) -> pl.Expr | None:
        if groups is None:
            return None
        first = groups[ROW].explode(empty_as_null=False).struct.unnest()
        among = pl.struct(self.rule.reads).is_in(first.to_struct().implode())
        repeated = self._within(self._present & among)
        return repeated | self._absent if self.rule.nulls is Nulls.FAIL else repeated
