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

from veriport.adapters.engines.polars.conditions import Schema
from veriport.adapters.engines.polars.errors import TROUBLE, first_line, reading
from veriport.adapters.engines.polars.plans import ROW, ROWS, Plan, nulls_of, plan_for
from veriport.adapters.engines.polars.sources import Source
from veriport.adapters.engines.polars.types import data_type
from veriport.domain.errors import InvalidRule
from veriport.domain.measurements import Broken, Measured, Measurement, NotEvaluated, Outcome, Sample
from veriport.domain.rules.base import Rule
from veriport.domain.rules.scalars import plain
from veriport.domain.types import Column
from veriport.ports.engines import Request


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
        untyped = self._source.untyped
        return tuple(
            Column(name, data_type(dtype), untyped=name in untyped) for name, dtype in self._types.items()
        )

    def measure(self, request: Request) -> Measured:
        """See ``veriport.ports.engines.Table``."""
        schema = Schema(self._types, self._source.untyped, request.parsed)
        measuring = _Measuring(frame=self._source.frame, schema=schema, request=request)
        try:
            return measuring.run(request.rules)
        except TROUBLE:
            with reading(self._label):
                nothing = measuring.run(())
            return evolve(nothing, outcomes=tuple(measuring.apart(request.rules)), null_counts={})


@frozen(kw_only=True)
class _Measuring:
    """The passes over a frame for one request. Raises what Polars raises."""

    frame: pl.LazyFrame
    schema: Schema
    request: Request

    def run(self, rules: Sequence[Rule]) -> Measured:
        """Measure these rules together."""
        plans = [self._plan(rule) for rule in rules]
        names = [] if plans else self.schema.types.names()
        folds = {ROWS: pl.len(), **{nulls_of(name): pl.col(name).null_count() for name in names}}
        numbered = self._rows(numbered=True)
        frames: list[pl.LazyFrame] = []
        places: list[int | None] = []
        for plan in plans:
            groups = None if isinstance(plan, NotEvaluated | Broken) else plan.groups(numbered)
            folds |= {} if isinstance(plan, NotEvaluated | Broken) else plan.folds
            places.append(None if groups is None else len(frames))
            frames += [] if groups is None else [groups]
        folded, *grouped = pl.collect_all([self._rows().select(**folds), *frames], engine="streaming")
        counts = folded.row(0, named=True)
        found = [None if place is None else grouped[place] for place in places]
        outcomes = [
            plan if isinstance(plan, NotEvaluated | Broken) else plan.measurement(counts, groups)
            for plan, groups in zip(plans, found, strict=True)
        ]
        return Measured(
            row_count=counts[ROWS],
            outcomes=tuple(self._with_samples(plans, outcomes, found)),
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

    def _rows(self, *, numbered: bool = False) -> pl.LazyFrame:
        """The rows of the request; ``numbered`` by their place in the whole data set."""
        rows = self.frame if self.request.limit is None else self.frame.head(self.request.limit)
        rows = rows.with_row_index(ROW) if numbered else rows
        return rows if self.request.where is None else rows.filter(self.schema.sql(self.request.where))

    def _plan(self, rule: Rule) -> Plan | NotEvaluated | Broken:
        try:
            return plan_for(rule, self.schema, self.request.samples)
        except InvalidRule as refused:
            return Broken(str(refused))
        except TROUBLE as trouble:
            return Broken(first_line(trouble))

    def _with_samples(
        self,
        plans: Sequence[Plan | NotEvaluated | Broken],
        outcomes: Sequence[Outcome],
        groups: Sequence[pl.DataFrame | None],
    ) -> Iterator[Outcome]:
        wanted = {
            index: rows
            for index, (plan, outcome, found) in enumerate(zip(plans, outcomes, groups, strict=True))
            if (rows := self._failing(plan, outcome, found)) is not None
        }
        shown = (
            dict(zip(wanted, pl.collect_all([*wanted.values()], engine="streaming"), strict=True))
            if wanted
            else {}
        )
        for index, (plan, outcome) in enumerate(zip(plans, outcomes, strict=True)):
            if (
                index in shown
                and isinstance(outcome, Measurement)
                and not isinstance(plan, NotEvaluated | Broken)
            ):
                yield evolve(outcome, samples=self._samples(plan, shown[index]))
            else:
                yield outcome

    def _failing(
        self, plan: Plan | NotEvaluated | Broken, outcome: Outcome, groups: pl.DataFrame | None
    ) -> pl.LazyFrame | None:
        """The first rows that break a rule, or ``None`` when there are none to show."""
        if isinstance(plan, NotEvaluated | Broken) or not isinstance(outcome, Measurement):
            return None
        breaks = plan.breaks(groups) if outcome.failed and self.request.samples else None
        if breaks is None:
            return None
        names = dict.fromkeys([ROW, *self.request.key, *plan.shows])
        return self._rows(numbered=True).filter(breaks).head(self.request.samples).select(*names)

    def _samples(self, plan: Plan, rows: pl.DataFrame) -> tuple[Sample, ...]:
        return tuple(
            Sample(
                row=row[ROW],
                key={name: plain(row[name]) for name in self.request.key},
                values={name: plain(row[name]) for name in plan.shows},
            )
            for row in rows.iter_rows(named=True)
        )
