"""How each rule is measured: what it folds, what it groups, and which rows break it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import polars as pl
from attrs import field, frozen

from veriport.adapters.engines.polars import aggregates
from veriport.adapters.engines.polars.conditions import Schema, condition
from veriport.adapters.engines.polars.sources import open_frame
from veriport.adapters.engines.polars.types import data_type
from veriport.adapters.engines.polars.values import column, common
from veriport.domain.binding import columns_read
from veriport.domain.measurements import Measurement, NotEvaluated, Sample
from veriport.domain.rules.aggregates import Aggregate, Correlation, DistinctSet, ModeInSet
from veriport.domain.rules.base import AllColumnsRule, Nulls, Rule
from veriport.domain.rules.eras import age_of
from veriport.domain.rules.references import ReferentialIntegrity, RowCountMatch
from veriport.domain.rules.rows import Duplicate, RowsComplete, Unique
from veriport.domain.rules.scalars import plain
from veriport.domain.rules.spread import Direction, InterquartileRange, Monotonic, ZScore
from veriport.domain.rules.tables import RowCount
from veriport.domain.rules.times import Freshness
from veriport.domain.rules.values import NotNull, Null
from veriport.domain.suggestions import nearest
from veriport.ports.errors import DataError

#: Names that no column of a user has, nor one of the files that a split writes.
ROW = "\0row"
ROWS = "__veriport_rows"
SIZE = "__veriport_size"
_FIRST = "__veriport_first"
_GROUPS = "__veriport_groups"
_LISTED = 1_000_000  #: repeated values that are listed; with more of them the samples cost more

Counts = Mapping[str, object]


def whole(value: object) -> int:
    """A count as Polars gives it; the sum of nothing is 0."""
    return int(value) if isinstance(value, int | float) else 0


def nulls_of(column: str) -> str:
    """The name of the fold that counts the nulls of a column."""
    return f"nulls of {column}"


class Plan(Protocol):
    """The measuring of one rule."""

    @property
    def rule(self) -> Rule:
        """The rule."""
        ...

    @property
    def folds(self) -> Mapping[str, pl.Expr]:
        """Named aggregates over the rows; plans share those of one name."""
        ...

    @property
    def ordered(self) -> bool:
        """Whether ``groups`` needs rows numbered by ``ROW``; to number them takes memory."""
        ...

    def groups(self, rows: pl.LazyFrame) -> pl.LazyFrame | None:
        """A frame of one row to collect beside the folds."""
        ...

    def measurement(self, counts: Counts, groups: pl.DataFrame | None) -> Measurement:
        """What was found; samples only of values that stand in no row."""
        ...

    def breaks(self, groups: pl.DataFrame | None) -> pl.Expr | None:
        """TRUE for the first rows that break the rule; ``None`` where rows do not break it."""
        ...

    def numbers(self, rows: pl.LazyFrame) -> pl.LazyFrame | None:
        """The ``ROW`` of every row that breaks the rule, where ``breaks(None)`` is not TRUE for each."""
        ...

    @property
    def shows(self) -> tuple[str, ...]:
        """The columns that a sample shows."""
        ...


def plan_for(rule: Rule, schema: Schema, samples: int) -> Plan | NotEvaluated:
    """Plan a rule. Raises ``InvalidRule`` or what Polars raises where it cannot be compiled."""
    where = None if rule.where is None else schema.sql(rule.where)
    shows = columns_read(rule, schema.parsed)
    nothing = isinstance(rule, AllColumnsRule) and not rule.columns
    special = _NothingPlan if nothing else _SPECIAL.get(type(rule))
    if special is not None:
        return special(rule=rule, where=where, shows=shows, samples=samples, schema=schema)
    ok = condition(rule, schema)
    if ok is None:
        return NotEvaluated(f"the polars engine does not know {rule.type}")
    return _RowPlan(rule=rule, where=where, shows=shows, samples=samples, schema=schema, ok=ok)


@frozen(kw_only=True)
class _Plan:
    """What all plans have; by itself it folds, groups and breaks nothing."""

    rule: Rule
    where: pl.Expr | None = field(eq=False)
    shows: tuple[str, ...]
    samples: int
    schema: Schema = field(eq=False, repr=False)

    @property
    def folds(self) -> Mapping[str, pl.Expr]:
        return {}

    @property
    def ordered(self) -> bool:
        return False

    def groups(self, rows: pl.LazyFrame) -> pl.LazyFrame | None:
        del rows
        return None

    def breaks(self, groups: pl.DataFrame | None) -> pl.Expr | None:
        del groups
        return None

    def numbers(self, rows: pl.LazyFrame) -> pl.LazyFrame | None:
        del rows
        return None

    def _named(self, what: str) -> str:
        return f"{what} of rule {self.rule.id}"

    @property
    def _read(self) -> list[pl.Expr]:
        return [column(name) for name in self.rule.reads]

    def _within(self, test: pl.Expr) -> pl.Expr:
        return test if self.where is None else test & self.where

    def _seen(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        return rows if self.where is None else rows.filter(self.where)


@frozen(kw_only=True)
class _NothingPlan(_Plan):
    """Checks all columns of a table that has none."""

    def measurement(self, counts: Counts, groups: pl.DataFrame | None) -> Measurement:
        del counts, groups
        return Measurement(checked=0)


@frozen(kw_only=True)
class _RowPlan(_Plan):
    """Counts the rows for which an expression is TRUE, FALSE and null."""

    ok: pl.Expr = field(eq=False)

    @property
    def _total(self) -> bool:
        """Whether the rule looks at nulls themselves, so that every row is checked."""
        return isinstance(self.rule, NotNull | Null | RowsComplete)

    @property
    def _column(self) -> str | None:
        """The column whose nulls are the rule's nulls, counted once for all its rules."""
        alone = self.where is None and len(self.rule.reads) == 1
        return self.rule.reads[0] if alone else None

    @property
    def folds(self) -> Mapping[str, pl.Expr]:
        shared = {} if self._column is None else {nulls_of(self._column): column(self._column).null_count()}
        if isinstance(self.rule, NotNull) and shared:
            return shared
        own = {self._named("failed"): self._within(self.ok.not_()).sum()}
        if not shared:
            own[self._named("checked")] = self._within(self.ok.is_not_null()).sum()
            own[self._named("null")] = self._within(self.ok.is_null()).sum()
        return {**shared, **own}

    def measurement(self, counts: Counts, groups: pl.DataFrame | None) -> Measurement:
        del groups
        if self._column is None:
            checked, null = whole(counts[self._named("checked")]), whole(counts[self._named("null")])
        else:
            null = whole(counts[nulls_of(self._column)])
            checked = whole(counts[ROWS]) - null
        if self._total and self._column is not None:
            failed = null if isinstance(self.rule, NotNull) else whole(counts[self._named("failed")])
            return Measurement(checked=checked + null, failed=failed)
        failed = whole(counts[self._named("failed")])
        if self.rule.nulls is Nulls.FAIL:
            return Measurement(checked=checked + null, failed=failed + null)
        return Measurement(checked=checked, failed=failed)

    def breaks(self, groups: pl.DataFrame | None) -> pl.Expr | None:
        del groups
        return self._broken

    @property
    def _broken(self) -> pl.Expr:
        ok = self.ok.fill_null(value=False) if self.rule.nulls is Nulls.FAIL else self.ok
        return self._within(ok.not_())

    def numbers(self, rows: pl.LazyFrame) -> pl.LazyFrame | None:
        """Of outliers, which are so among all the rows; what is read for that is their column alone."""
        among_all = isinstance(self.rule, ZScore | InterquartileRange)
        return rows.filter(self._broken).select(ROW) if among_all else None


@frozen(kw_only=True)
class _GroupPlan(_Plan):
    """A rule whose failing rows are found by grouping or joining, over the rows without a null."""

    @property
    def ordered(self) -> bool:
        return True

    @property
    def _present(self) -> pl.Expr:
        return self._within(pl.all_horizontal(each.is_not_null() for each in self._read))

    @property
    def _absent(self) -> pl.Expr:
        return self._within(pl.any_horizontal(each.is_null() for each in self._read))

    @property
    def _alone(self) -> str | None:
        return self.rule.reads[0] if self.where is None and len(self.rule.reads) == 1 else None

    @property
    def folds(self) -> Mapping[str, pl.Expr]:
        if self._alone is not None:
            return {nulls_of(self._alone): column(self._alone).null_count()}
        return {self._named("null"): self._absent.sum(), self._named("checked"): self._present.sum()}

    def measurement(self, counts: Counts, groups: pl.DataFrame | None) -> Measurement:
        failed = 0 if groups is None else whole(groups[SIZE].item())
        if self._alone is not None:
            null = whole(counts[nulls_of(self._alone)])
            checked = whole(counts[ROWS]) - null
        else:
            null, checked = whole(counts[self._named("null")]), whole(counts[self._named("checked")])
        if self.rule.nulls is Nulls.FAIL:
            return Measurement(checked=checked + null, failed=failed + null)
        return Measurement(checked=checked, failed=failed)

    def breaks(self, groups: pl.DataFrame | None) -> pl.Expr | None:
        if groups is None:
            return None
        among = self._within(self._among(groups))
        return among | self._absent if self.rule.nulls is Nulls.FAIL else among

    def numbers(self, rows: pl.LazyFrame) -> pl.LazyFrame | None:
        failing = self._failing(rows).select(ROW)
        if self.rule.nulls is not Nulls.FAIL:
            return failing
        return pl.concat([failing, rows.filter(self._absent).select(ROW)])

    def _failing(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """The rows without a null that break the rule."""
        raise NotImplementedError

    def _among(self, groups: pl.DataFrame) -> pl.Expr:
        """TRUE for the first failing rows, which the groups name by number."""
        return pl.col(ROW).is_in(groups[_FIRST])


@frozen(kw_only=True)
class _UniquePlan(_GroupPlan):
    """Groups rows by their values; every row of a group of two or more breaks the rule.

    The first failing rows all belong to the groups that begin first, so that only those are kept. Of one
    column the repeated values are kept instead: to keep where each group begins takes a third more memory.
    """

    @property
    def ordered(self) -> bool:
        return self._listed is None

    def groups(self, rows: pl.LazyFrame) -> pl.LazyFrame | None:
        listed = self._listed
        return self._repeated(rows.filter(self._present)) if listed is None else self._values(rows, listed)

    @property
    def _listed(self) -> pl.Expr | None:
        """The one column whose values are listed; NaN and categories of two frames do not compare."""
        dtype = self.schema.types[self.rule.reads[0]]
        plain = dtype.is_integer() or dtype in {pl.String, pl.Date, pl.Datetime}
        return self._read[0] if plain and len(self.rule.reads) == 1 else None

    def _values(self, rows: pl.LazyFrame, value: pl.Expr) -> pl.LazyFrame:
        """The null is dropped in the end: before the grouping, that would be a filter of all rows."""
        groups = self._seen(rows).group_by(value).agg(pl.len().alias(SIZE)).filter(pl.col(SIZE) > 1)
        known = value.is_not_null()
        listed = value.drop_nulls().head(_LISTED).implode().alias(_FIRST)
        return groups.select(pl.col(SIZE).filter(known).sum(), known.sum().alias(_GROUPS), listed)

    def _failing(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        return rows.filter(self._present).filter(pl.len().over(self._read) > 1)

    def _repeated(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        repeated = rows.group_by(self._read).agg(pl.len().alias(SIZE), pl.col(ROW).min())
        first = self._row.bottom_k_by(ROW, self.samples).implode()
        return repeated.filter(pl.col(SIZE) > 1).select(pl.col(SIZE).sum(), first.alias(_FIRST))

    @property
    def _row(self) -> pl.Expr:
        """The values of a row together, categories as their texts: those of two frames do not compare."""
        return pl.struct(self.schema.typed(name)[0] for name in self.rule.reads)

    def _among(self, groups: pl.DataFrame) -> pl.Expr:
        if self._listed is None:
            return self._row.is_in(groups[_FIRST], nulls_equal=True)
        if whole(groups[_GROUPS].item()) > _LISTED:
            return self._present.sum().over(self._read) > 1
        return self._listed.is_in(groups[_FIRST])


@frozen(kw_only=True)
class _DuplicatePlan(_UniquePlan):
    """The same over whole rows, nulls being equal."""

    @property
    def _listed(self) -> pl.Expr | None:
        return None

    @property
    def folds(self) -> Mapping[str, pl.Expr]:
        return {} if self.where is None else {self._named("checked"): self.where.sum()}

    def groups(self, rows: pl.LazyFrame) -> pl.LazyFrame | None:
        return self._repeated(self._seen(rows))

    def numbers(self, rows: pl.LazyFrame) -> pl.LazyFrame | None:
        return self._seen(rows).filter(pl.len().over(self._read) > 1).select(ROW)

    def measurement(self, counts: Counts, groups: pl.DataFrame | None) -> Measurement:
        checked = whole(counts[ROWS] if self.where is None else counts[self._named("checked")])
        return Measurement(checked=checked, failed=0 if groups is None else whole(groups[SIZE].item()))

    def breaks(self, groups: pl.DataFrame | None) -> pl.Expr | None:
        return None if groups is None else self._within(self._among(groups))


def _first_rows(failing: pl.LazyFrame, samples: int) -> pl.LazyFrame:
    """How many rows fail, and the numbers of the first of them."""
    return failing.select(pl.len().alias(SIZE), pl.col(ROW).bottom_k(samples).implode().alias(_FIRST))


@frozen(kw_only=True)
class _MonotonicPlan(_GroupPlan):
    """Compares each value with the one before it."""

    def groups(self, rows: pl.LazyFrame) -> pl.LazyFrame | None:
        return _first_rows(self._failing(rows), self.samples)

    def _failing(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        assert isinstance(self.rule, Monotonic)  # noqa: S101  # by the table below
        value, dtype = self.schema.value(self.rule)
        values = rows.filter(self._present).select(ROW, value.alias("value"), before=value.shift(1))
        up = self.rule.direction is Direction.INCREASING
        low, high = (pl.col("before"), pl.col("value")) if up else (pl.col("value"), pl.col("before"))
        ordered = low < high if self.rule.strictly else low <= high
        if dtype.is_float():
            ordered &= low.is_not_nan() & high.is_not_nan()
        return values.filter(pl.col("before").is_not_null() & ordered.not_())


@frozen(kw_only=True)
class _ReferencePlan(_GroupPlan):
    """Looks each combination up in the other data set."""

    def groups(self, rows: pl.LazyFrame) -> pl.LazyFrame | None:
        return _first_rows(self._failing(rows), self.samples)

    def _failing(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        assert isinstance(self.rule, ReferentialIntegrity)  # noqa: S101  # by the table below
        reference = open_frame(self.rule.other).frame
        alike = self._alike(self.rule, reference.collect_schema())
        known = reference.select(_named(self.rule.refers_to, alike)).unique()
        mine = rows.filter(self._present).select(ROW, *_named(self.rule.reads, alike))
        return mine.join(known, on=[str(place) for place in range(len(alike))], how="anti")

    def _alike(self, rule: ReferentialIntegrity, there: pl.Schema) -> list[pl.DataType]:
        """The types in which the columns are matched. Raises ``DataError`` where they cannot be."""
        found = []
        for mine, theirs in zip(rule.columns, rule.refers_to, strict=True):
            if theirs not in there:
                raise DataError(f"{rule.other.label} has no column {theirs!r}{nearest(theirs, there).hint}")
            alike = common(self.schema.types[mine], there[theirs])
            if alike is None:
                types = f"{data_type(self.schema.types[mine]).name} and {data_type(there[theirs]).name}"
                raise DataError(f"{mine!r} and {theirs!r} of {rule.other.label} do not compare: {types}")
            found.append(alike)
        return found


def _named(columns: Sequence[str], types: Sequence[pl.DataType]) -> list[pl.Expr]:
    """Columns in the types in which they are matched, by their places."""
    pairs = enumerate(zip(columns, types, strict=True))
    return [column(name).cast(dtype).alias(str(place)) for place, (name, dtype) in pairs]


@frozen(kw_only=True)
class _ValuePlan(_Plan):
    """Observes one value; ``checked`` are the rows behind it."""

    @property
    def _value(self) -> aggregates.Value:
        return aggregates.value_of(self.rule, self.schema)

    @property
    def folds(self) -> Mapping[str, pl.Expr]:
        where = pl.lit(value=True) if self.where is None else self.where
        observed, counted = self._value(where)
        return {self._named("observed"): observed, self._named("checked"): counted}

    def measurement(self, counts: Counts, groups: pl.DataFrame | None) -> Measurement:
        del groups
        observed, checked = counts[self._named("observed")], whole(counts[self._named("checked")])
        taken = isinstance(self.rule, Aggregate) and self.rule.of in aggregates.TAKEN
        dtype = self.schema.types[self.rule.reads[0]] if taken else None
        return Measurement(checked=checked, observed=aggregates.scalar_of(observed, dtype))


@frozen(kw_only=True)
class _CountPlan(_Plan):
    """Counts rows."""

    @property
    def folds(self) -> Mapping[str, pl.Expr]:
        return {} if self.where is None else {self._named("rows"): self.where.sum()}

    def measurement(self, counts: Counts, groups: pl.DataFrame | None) -> Measurement:
        del groups
        rows = whole(counts[ROWS] if self.where is None else counts[self._named("rows")])
        return Measurement(checked=rows, observed=rows)


@frozen(kw_only=True)
class _CountMatchPlan(_CountPlan):
    """Counts rows here and in the other data set."""

    def groups(self, rows: pl.LazyFrame) -> pl.LazyFrame | None:
        del rows
        assert isinstance(self.rule, RowCountMatch)  # noqa: S101  # by the table below
        return open_frame(self.rule.other).frame.select(pl.len().alias(SIZE))

    def measurement(self, counts: Counts, groups: pl.DataFrame | None) -> Measurement:
        here = super().measurement(counts, None).checked
        there = 0 if groups is None else whole(groups[SIZE].item())
        apart = abs(here - there) / there if there else float(here > 0)
        return Measurement(checked=here, observed=apart, note=f"{here:,} rows here, {there:,} there")


@frozen(kw_only=True)
class _FreshnessPlan(_Plan):
    """Observes the age of the newest value."""

    @property
    def folds(self) -> Mapping[str, pl.Expr]:
        value = self._within_values(*self._read)
        return {self._named("newest"): value.max(), self._named("checked"): value.count()}

    def _within_values(self, value: pl.Expr) -> pl.Expr:
        return value if self.where is None else value.filter(self.where)

    def measurement(self, counts: Counts, groups: pl.DataFrame | None) -> Measurement:
        del groups
        newest, checked = counts[self._named("newest")], whole(counts[self._named("checked")])
        if newest is None:
            return Measurement(checked=0, note="there is no value")
        age = age_of(newest, self.schema.now)
        return Measurement(checked=checked, observed=age, note=f"the newest value is {plain(newest)}")


@frozen(kw_only=True)
class _DistinctPlan(_Plan):
    """Compares the values that occur with the listed ones; samples are the values that are amiss."""

    def groups(self, rows: pl.LazyFrame) -> pl.LazyFrame | None:
        assert isinstance(self.rule, DistinctSet)  # noqa: S101  # by the table below
        value, dtype = self.schema.value(self.rule)
        return aggregates.distinct_set(self._seen(rows), value, dtype, self.rule, self.samples)

    @property
    def folds(self) -> Mapping[str, pl.Expr]:
        (value,) = self._read
        return {self._named("checked"): (value if self.where is None else value.filter(self.where)).count()}

    def measurement(self, counts: Counts, groups: pl.DataFrame | None) -> Measurement:
        assert groups is not None  # noqa: S101  # it asked for them
        assert isinstance(self.rule, DistinctSet)  # noqa: S101  # by the table below
        _, dtype = self.schema.value(self.rule)
        amiss, examples, note = aggregates.amiss(groups, dtype, self.rule)
        samples = tuple(Sample(values={self.rule.column: plain(each)}) for each in examples[: self.samples])
        checked = whole(counts[self._named("checked")])
        return Measurement(checked=checked, observed=amiss, samples=samples, note=note)


@frozen(kw_only=True)
class _ModePlan(_DistinctPlan):
    """Observes the most frequent value."""

    def groups(self, rows: pl.LazyFrame) -> pl.LazyFrame | None:
        assert isinstance(self.rule, ModeInSet)  # noqa: S101  # by the table below
        value, dtype = self.schema.value(self.rule)
        return aggregates.mode(self._seen(rows), value, dtype, self.rule)

    def measurement(self, counts: Counts, groups: pl.DataFrame | None) -> Measurement:
        assert groups is not None  # noqa: S101  # it asked for them
        assert isinstance(self.rule, ModeInSet)  # noqa: S101  # by the table below
        observed = aggregates.mode_of(groups, self.schema.value(self.rule)[1], self.rule)
        return Measurement(checked=whole(counts[self._named("checked")]), observed=observed)


_SPECIAL: Mapping[type[Rule], Callable[..., Plan]] = {
    Unique: _UniquePlan,
    Duplicate: _DuplicatePlan,
    Monotonic: _MonotonicPlan,
    ReferentialIntegrity: _ReferencePlan,
    RowCount: _CountPlan,
    RowCountMatch: _CountMatchPlan,
    Aggregate: _ValuePlan,
    Correlation: _ValuePlan,
    Freshness: _FreshnessPlan,
    DistinctSet: _DistinctPlan,
    ModeInSet: _ModePlan,
}
