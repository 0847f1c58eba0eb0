"""Measure rules on an open table, round by round: one query for every count, one for each that groups.

All rules plan at once; what they ask for in a round and folds over the rows is one query (a few, where
there are thousands). Rules that failed then get their first rows, a limited query each. A query that the
database refuses is taken apart until the rule is found that it refuses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import ibis
from attrs import define, evolve, field
from ibis.common.annotations import ValidationError
from ibis.common.exceptions import IbisError, OperationNotDefinedError, UnsupportedOperationError
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.asking import Answer, Ask, CannotEvaluate, Found, Plan
from veriport.adapters.engines.ibis.errors import first_line
from veriport.adapters.engines.ibis.plans import plan_for
from veriport.adapters.engines.ibis.sources import ROW, RefusedQuery, Source
from veriport.adapters.engines.ibis.values import decoded
from veriport.adapters.engines.ibis.views import View
from veriport.domain.binding import columns_read
from veriport.domain.errors import InvalidRule
from veriport.domain.measurements import Broken, Measured, NotEvaluated, Outcome, Sample
from veriport.domain.rules.base import Rule
from veriport.domain.rules.scalars import plain
from veriport.domain.rules.spread import Monotonic
from veriport.domain.types import Column
from veriport.ports.engines import Request
from veriport.ports.errors import DataError

#: What Ibis raises for what it cannot compile.
TROUBLE = (IbisError, ValidationError, TypeError, NotImplementedError)


class IbisTable:
    """A ``Table`` of the engine port over a table of a database.

    ``order_by`` are columns that give the rows an order, where they have none by themselves.
    """

    def __init__(self, source: Source, order_by: Sequence[str] = ()) -> None:
        self._source = source
        self._order_by = tuple(order_by)

    @property
    def columns(self) -> tuple[Column, ...]:
        """See ``veriport.ports.engines.Table``."""
        return self._source.columns

    def measure(self, request: Request) -> Measured:
        """See ``veriport.ports.engines.Table``."""
        try:
            return _Measuring(self._source, request, self._order_by).run()
        except RefusedQuery as refused:
            raise DataError(f"{self._source.label}: {refused}") from refused

    def cancel(self) -> None:
        """See ``veriport.ports.engines.SupportsCancel``."""
        self._source.runner.cancel()


@define
class _Measuring:
    """The rounds of one request."""

    source: Source
    request: Request
    order_by: tuple[str, ...]
    outcomes: dict[int, Outcome | Found] = field(factory=dict, init=False)

    def run(self) -> Measured:
        view = self._view(numbered=any(isinstance(rule, Monotonic) for rule in self.request.rules))
        nulls = {} if self.request.rules else {name: view.raw(name).isnull() for name in view.fields}
        folds = {
            "rows": view.table.count(),
            **{name: view.table.count(where=each) for name, each in nulls.items()},
        }
        plans = {place: self._planned(place, rule, view) for place, rule in enumerate(self.request.rules)}
        asks = {place: ask for place, plan in plans.items() if (ask := self._step(place, plan)) is not None}
        answer = self._rounds(plans, asks, Ask(folds), view)
        return Measured(
            row_count=answer.count("rows"),
            outcomes=tuple(self._finished(place) for place in plans),
            null_counts={name: answer.count(name) for name in nulls},
        )

    def _view(self, *, numbered: bool) -> View:
        """The rows of the request; numbered where they have an order, for those who need it."""
        fields = {each.column.name: each for each in self.source.fields}
        table, row = self.source.table, self.source.row
        if row is None and self.order_by and (numbered or self.request.limit is not None):
            order = [table[fields[name].physical] for name in self.order_by]
            table, row = table.mutate(**{ROW: ibis.row_number().over(order_by=order)}), ROW
        if self.request.limit is not None:
            table = (
                table.limit(self.request.limit)
                if row is None
                else table.filter(table[row] < self.request.limit)
            )
        view = View(
            table=table,
            fields=fields,
            dialect=self.source.runner.dialect,
            parsed=self.request.parsed,
            now=self.request.now,
            row=row,
        )
        if self.request.where is None:
            return view
        try:
            return view.of(table.filter(view.sql(self.request.where)))
        except (InvalidRule, *TROUBLE) as wrong:
            raise DataError(f"{self.source.label}: where: {first_line(wrong)}") from wrong

    def _planned(self, place: int, rule: Rule, view: View) -> Plan | None:
        try:
            return plan_for(rule, view, self.source, self.request.samples)
        except _REASONS as reason:
            self.outcomes[place] = _outcome(reason)
            return None

    def _step(self, place: int, plan: Plan | None, answer: Answer | None = None) -> Ask | None:
        """Let a plan go on; what it asks for next, or ``None`` when it is done."""
        if plan is None:
            return None
        try:
            return next(plan) if answer is None else plan.send(answer)
        except StopIteration as done:
            self.outcomes[place] = done.value
        except _REASONS as reason:
            self.outcomes[place] = _outcome(reason)
        return None

    def _rounds(self, plans: Mapping[int, Plan | None], asks: dict[int, Ask], own: Ask, view: View) -> Answer:
        """Answer all plans until each is done; the answer to what the check itself asks first."""
        folded = self._folded({_OWN: own.folds, **{place: ask.folds for place, ask in asks.items()}}, view)
        mine = folded.pop(_OWN)
        if not isinstance(mine, dict):
            raise mine
        while asks:
            answers = {place: self._answer(ask, folded[place]) for place, ask in asks.items()}
            asks = {
                place: ask
                for place, answer in answers.items()
                if (ask := self._told(place, plans[place], answer)) is not None
            }
            folded = self._folded({place: ask.folds for place, ask in asks.items()}, view)
        return Answer(mine)

    def _told(self, place: int, plan: Plan | None, answer: Answer | Exception) -> Ask | None:
        if isinstance(answer, Answer):
            return self._step(place, plan, answer)
        self.outcomes[place] = _outcome(answer)
        return None

    def _answer(self, ask: Ask, folds: _Folded) -> Answer | Exception:
        if not isinstance(folds, dict):
            return folds
        try:
            return Answer(folds, tuple(self.source.runner.rows(table) for table in ask.tables))
        except (RefusedQuery, *TROUBLE) as refused:
            return refused

    def _folded(self, asked: Mapping[int, Mapping[str, ir.Scalar]], view: View) -> dict[int, _Folded]:
        """The values of what folds, in one query where the database takes it, else by halves."""
        if not any(asked.values()):
            return {place: {} for place in asked}
        try:
            return self._in_one(asked, view)
        except (RefusedQuery, *TROUBLE) as refused:
            places = list(asked)
            if len(places) == 1:
                return {places[0]: refused}
            half = len(places) // 2
            parts = ({place: asked[place] for place in part} for part in (places[:half], places[half:]))
            return {place: found for part in parts for place, found in self._folded(part, view).items()}

    def _in_one(self, asked: Mapping[int, Mapping[str, ir.Scalar]], view: View) -> dict[int, _Folded]:
        """The same expression is calculated once, whoever asks for it."""
        distinct = {each.op(): each for folds in asked.values() for each in folds.values()}
        values: dict[object, object] = {}
        for chunk in _chunks(list(distinct), self.source.runner.dialect.folds):
            named = {f"f{number}": distinct[op] for number, op in enumerate(chunk)}
            (row,) = self.source.runner.rows(view.table.aggregate(**named))
            values.update(zip(chunk, row, strict=True))
        return {
            place: {name: values[each.op()] for name, each in folds.items()} for place, folds in asked.items()
        }

    def _finished(self, place: int) -> Outcome:
        """The outcome of a rule, with the first rows that break it."""
        outcome = self.outcomes[place]
        if not isinstance(outcome, Found):
            return outcome
        measurement = outcome.measurement
        if not measurement.failed or not self.request.samples or outcome.failing is None:
            return measurement
        try:
            samples = self._samples(self.request.rules[place], outcome.failing(self._view(numbered=True)))
        except (RefusedQuery, *TROUBLE) as refused:
            return Broken(first_line(refused))
        return evolve(measurement, samples=samples)

    def _samples(self, rule: Rule, failing: View) -> tuple[Sample, ...]:
        """A few of the failing rows: the first ones, where rows have an order."""
        shows = columns_read(rule, self.request.parsed)
        names = list(dict.fromkeys([*self.request.key, *shows]))
        columns = {f"s{place}": failing.shown(name) for place, name in enumerate(names)}
        number = {} if failing.row is None else {ROW: failing.table[failing.row]}
        rows = failing.table.select(**(columns | number or {"nothing": ibis.literal(1)}))
        ordered = rows if failing.row is None else rows.order_by(ROW)
        found = self.source.runner.rows(ordered.limit(self.request.samples))
        if failing.row is not None:
            found = sorted(found, key=lambda row: int(str(row[-1])))
        return tuple(self._sample(names, shows, row, failing) for row in found)

    def _sample(
        self, names: Sequence[str], shows: Sequence[str], row: Sequence[object], failing: View
    ) -> Sample:
        values = {
            name: plain(decoded(value, failing.fields[name])) for name, value in zip(names, row, strict=False)
        }
        return Sample(
            row=None if failing.row is None else int(str(row[-1])),
            key={name: values[name] for name in self.request.key},
            values={name: values[name] for name in shows},
        )


_OWN = -1  #: the place of what the check asks for itself
_Folded: TypeAlias = dict[str, object] | Exception
_REASONS = (CannotEvaluate, InvalidRule, DataError, RefusedQuery, *TROUBLE)


def _outcome(reason: Exception) -> Outcome:
    if isinstance(reason, CannotEvaluate | OperationNotDefinedError | UnsupportedOperationError):
        return NotEvaluated(first_line(reason))
    return Broken(first_line(reason))


def _chunks(listed: Sequence[object], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(listed), size):
        yield listed[start : start + size]
