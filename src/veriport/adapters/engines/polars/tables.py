"""Measure rules on an open frame: one pass for every count, one that stops early for the rows.

What folds over rows is one ``select``; uniqueness is a group-by over its own columns; all of it goes
through one ``collect_all``, so that the data is read once. Rules that failed then get their first rows
in a second ``collect_all`` over the columns that they show.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import polars as pl
from attrs import evolve, frozen

from veriport.adapters.engines.polars.answers import row_of, rows_of
from veriport.adapters.engines.polars.conditions import Schema
from veriport.adapters.engines.polars.errors import TROUBLE, first_line, reading
from veriport.adapters.engines.polars.plans import ROW, ROWS, Counts, Plan, nulls_of, plan_for
from veriport.adapters.engines.polars.sources import Source
from veriport.adapters.engines.polars.split import Splitting
from veriport.adapters.engines.polars.types import columns_of
from veriport.adapters.engines.polars.values import column
from veriport.domain.errors import ConfigurationError
from veriport.domain.measurements import Broken, Measured, Measurement, NotEvaluated, Outcome, Sample
from veriport.domain.rules.base import Rule
from veriport.domain.rules.scalars import plain
from veriport.domain.types import Column
from veriport.ports.engines import Divided, Request
from veriport.ports.errors import DataError, MissingExtra


class PolarsTable:
    """A ``Table`` of the engine port over a lazy frame."""

    def __init__(self, source: Source, label: str) -> None:
        self._source = source
        self._label = label

    @cached_property
    def _types(self) -> pl.Schema:
        with reading(self._label):
            return self._source.frame.collect_schema()

    @property
    def columns(self) -> tuple[Column, ...]:
        """See ``veriport.ports.engines.Table``."""
        return columns_of(self._types, self._source.untyped)

    def measure(self, request: Request) -> Measured:
        """See ``veriport.ports.engines.Table``."""
        schema = Schema(self._types, self._source.untyped, request.parsed, request.now)
        reader = Reader(self._source.scans)
        measuring = _Measuring(frame=self._source.frame, schema=schema, request=request, reader=reader)
        try:
            measured = measuring.run(request.rules)
        except TROUBLE:
            nothing = self._read_without_rules(measuring)
            measured = evolve(nothing, outcomes=tuple(measuring.apart(request.rules)), null_counts={})
        return evolve(measured, scans=reader.scans, bytes_read=self._source.size)

    def _read_without_rules(self, measuring: _Measuring) -> Measured:
        """Whether the data can be read at all. Raises ``DataError``."""
        try:
            with reading(self._label):
                return measuring.run(())
        except DataError:
            self._source.check()
            raise

    def split(self, request: Request, valid: str, failing: str) -> Divided:
        """See ``veriport.ports.engines.SupportsSplit``."""
        schema = Schema(self._types, self._source.untyped, request.parsed, request.now)
        reader = Reader(self._source.scans)
        measuring = _Measuring(frame=self._source.frame, schema=schema, request=request, reader=reader)
        splitting = Splitting(measuring.numbered, tuple(measuring.plans(self._label)))
        return splitting.write(valid, failing, self._label)


class Reader:
    """Collects frames that begin with the same rows, and counts the passes over the data that it takes."""

    def __init__(self, scans: int) -> None:
        self.scans = scans

    def collect(self, frames: Sequence[pl.LazyFrame]) -> list[pl.DataFrame]:
        """Read through the data once for all of these frames; not at all when there are none."""
        if not frames:
            return []
        self.scans += 1
        return pl.collect_all(frames, engine="streaming")


@frozen(kw_only=True)
class _Measuring:
    """The passes over a frame for one request. Raises what Polars raises."""

    frame: pl.LazyFrame
    schema: Schema
    request: Request
    reader: Reader

    def run(self, rules: Sequence[Rule]) -> Measured:
        """Measure these rules together."""
        planned = [self._plan(rule) for rule in rules]
        names = [] if rules else self.schema.types.names()
        folds = {ROWS: pl.len(), **{nulls_of(name): column(name).null_count() for name in names}}
        for each in planned:
            folds |= each.plan.folds if isinstance(each, _Planned) else {}
        frames = [each.groups for each in planned if isinstance(each, _Planned) and each.groups is not None]
        folded, *grouped = self.reader.collect([self._rows.select(**folds), *frames])
        counts, grouped_in_order = row_of(folded), iter(grouped)
        found = [
            each.measured(counts, grouped_in_order) if isinstance(each, _Planned) else each
            for each in planned
        ]
        return Measured(
            row_count=counts[ROWS],
            outcomes=tuple(self._with_samples(found)),
            null_counts={name: counts[nulls_of(name)] for name in names},
        )

    def apart(self, rules: Sequence[Rule]) -> Iterator[Outcome]:
        """Measure rules of which at least one breaks the others: by halves, down to the one."""
        try:
            yield from self.run(rules).outcomes
        except TROUBLE as trouble:
            if len(rules) == 1:
                yield Broken(first_line(trouble))
                return
            half = len(rules) // 2
            yield from self.apart(rules[:half])
            yield from self.apart(rules[half:])

    @cached_property
    def _rows(self) -> pl.LazyFrame:
        """The rows of the request, for frames that are collected together."""
        return self._seen(self._limited).cache()

    @cached_property
    def numbered(self) -> pl.LazyFrame:
        """The same with their place in the whole data set."""
        return self._seen(self._limited.with_row_index(ROW)).cache()

    @cached_property
    def _limited(self) -> pl.LazyFrame:
        """What both begin with.

        ``cache`` says that frames share one pass, which Polars does not see for every source. It dissolves
        one below which and above which rows are filtered, so there is one on either side of ``where``.
        """
        rows = self.frame if self.request.limit is None else self.frame.head(self.request.limit)
        return rows.cache()

    def _seen(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        return rows if self.request.where is None else rows.filter(self.schema.sql(self.request.where))

    def plans(self, label: str) -> Iterator[Plan]:
        """The plan of every rule; raises ``DataError`` where there is none."""
        for rule in self.request.rules:
            planned = self._plan(rule)
            if not isinstance(planned, _Planned):
                raise DataError(f"{label}: {rule.id} cannot be evaluated: {planned.reason}")
            yield planned.plan

    def _plan(self, rule: Rule) -> _Planned | NotEvaluated | Broken:
        try:
            plan = plan_for(rule, self.schema, self.request.samples)
            if isinstance(plan, NotEvaluated):
                return plan
            return _Planned(plan, plan.groups(self.numbered if plan.ordered else self._rows))
        except MissingExtra:
            raise
        except (ConfigurationError, DataError) as refused:
            return Broken(str(refused))
        except TROUBLE as trouble:
            return Broken(first_line(trouble))

    def _with_samples(self, found: Sequence[_Found | NotEvaluated | Broken]) -> Iterator[Outcome]:
        """The outcomes, those that failed with the first rows that break the rule."""
        shown = [self._failing(each) if isinstance(each, _Found) else None for each in found]
        frames = [rows for rows in shown if rows is not None]
        collected = iter(self.reader.collect(frames))
        for each, rows in zip(found, shown, strict=True):
            if not isinstance(each, _Found):
                yield each
            elif rows is None:
                yield each.measurement
            else:
                yield evolve(each.measurement, samples=self._samples(each.plan, next(collected)))

    def _failing(self, found: _Found) -> pl.LazyFrame | None:
        """The first rows that break a rule, or ``None`` when there are none to show."""
        wanted = found.measurement.failed and self.request.samples
        breaks = found.plan.breaks(found.groups) if wanted else None
        if breaks is None:
            return None
        names = dict.fromkeys([ROW, *self.request.key, *found.plan.shows])
        return self.numbered.filter(breaks).head(self.request.samples).select(map(column, names))

    def _samples(self, plan: Plan, rows: pl.DataFrame) -> tuple[Sample, ...]:
        return tuple(
            Sample(
                row=row[ROW],
                key={name: plain(row[name]) for name in self.request.key},
                values={name: plain(row[name]) for name in plan.shows},
            )
            for row in rows_of(rows)
        )


@frozen
class _Found:
    """What a plan found in the pass of the counts."""

    plan: Plan
    groups: pl.DataFrame | None
    measurement: Measurement


@frozen
class _Planned:
    """A plan, and the frame that it wants collected beside the folds."""

    plan: Plan
    groups: pl.LazyFrame | None

    def measured(self, counts: Counts, grouped: Iterator[pl.DataFrame]) -> _Found:
        """Take what was collected for this plan, which is next in line."""
        groups = None if self.groups is None else next(grouped)
        return _Found(self.plan, groups, self.plan.measurement(counts, groups))
