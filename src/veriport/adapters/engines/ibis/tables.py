"""Measure rules on an open table: rounds of common queries, then the first rows of those that failed.

All rules ask at once, see ``rounds``. Rules that failed then get their first rows, a limited query each.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import ibis
from attrs import evolve, frozen
from ibis.common.exceptions import OperationNotDefinedError, UnsupportedOperationError

from veriport.adapters.engines.ibis.asking import CannotEvaluate, Found
from veriport.adapters.engines.ibis.databases.errors import first_line
from veriport.adapters.engines.ibis.rounds import TROUBLE, Rounds
from veriport.adapters.engines.ibis.rules.plans import plan_for
from veriport.adapters.engines.ibis.rules.strays import without_strays
from veriport.adapters.engines.ibis.rules.telling import Tell, heard, told, written
from veriport.adapters.engines.ibis.sources import ROW, RefusedQuery, Source
from veriport.adapters.engines.ibis.viewing import Viewing
from veriport.adapters.engines.ibis.views import View
from veriport.domain.binding import columns_read
from veriport.domain.measurements import Broken, Measured, NotEvaluated, Outcome, Sample
from veriport.domain.rules.base import Rule
from veriport.domain.rules.scalars import plain
from veriport.domain.rules.spread import Monotonic
from veriport.domain.suggestions import nearest
from veriport.domain.types import Column
from veriport.ports.engines import Divided, Request
from veriport.ports.errors import DataError


class IbisTable:
    """A ``Table`` of the engine port over a table of a database.

    ``order_by`` are columns that give the rows an order, where they have none by themselves.
    """

    def __init__(self, source: Source, order_by: Sequence[str] = ()) -> None:
        self._source = source
        self._order_by = tuple(order_by)
        known = [each.column.name for each in source.fields]
        for name in self._order_by:
            if name not in known:
                hint = nearest(name, known).hint
                raise DataError(f"{source.label}: there is no column {name!r} to order by{hint}")

    @property
    def columns(self) -> tuple[Column, ...]:
        """See ``veriport.ports.engines.Table``."""
        return self._source.columns

    def measure(self, request: Request) -> Measured:
        """See ``veriport.ports.engines.Table``."""
        viewing = Viewing(self._source, request, self._order_by)
        try:
            viewing.refuse_strays()
            return _Measuring(self._source, request, viewing).run()
        except RefusedQuery as refused:
            raise DataError(f"{self._source.label}: {refused}") from refused

    def split(self, request: Request, valid: str, failing: str) -> Divided:
        """See ``veriport.ports.engines.SupportsSplit``."""
        from veriport.adapters.engines.ibis.splits.splitting import Splitting  # noqa: PLC0415  # Arrow, which takes a while

        viewing = Viewing(self._source, request, self._order_by)
        return Splitting(self._source, request, viewing).write(valid, failing)

    def cancel(self) -> None:
        """See ``veriport.ports.engines.SupportsCancel``."""
        self._source.runner.cancel()


@frozen
class _Measuring:
    """The measuring of one request."""

    source: Source
    request: Request
    viewing: Viewing

    def run(self) -> Measured:
        view = self.viewing.rows(numbered=any(isinstance(rule, Monotonic) for rule in self.request.rules))
        nulls = {} if self.request.rules else {name: view.raw(name).isnull() for name in view.fields}
        folds = {
            "rows": view.table.count(),
            **{name: view.table.count(where=each) for name, each in nulls.items()},
        }
        plans = [
            partial(
                without_strays,
                rule,
                view,
                self.source,
                partial(plan_for, rule, view, self.source, self.request.samples),
            )
            for rule in self.request.rules
        ]
        answer, found = Rounds[Found](self.source, view).run(plans, folds)
        finished = [self._finished(rule, each) for rule, each in zip(self.request.rules, found, strict=True)]
        return Measured(
            row_count=answer.count("rows"),
            outcomes=tuple(outcome for outcome, _ in finished),
            null_counts={name: answer.count(name) for name in nulls},
            notes=(*self.source.notes, *(note for _, notes in finished for note in notes)),
        )

    def _finished(self, rule: Rule, found: Found | Exception) -> tuple[Outcome, tuple[str, ...]]:
        """The outcome of a rule, with the first rows that break it; a note where they cannot be shown."""
        if isinstance(found, Exception):
            return _outcome(found), ()
        measurement = found.measurement
        if not measurement.failed or not self.request.samples or found.failing is None:
            return measurement, ()
        for tell in (told, written):
            try:
                samples = self._samples(rule, found.failing(self.viewing.rows(numbered=True)), tell)
            except _UNSHOWN:  # whose words may quote what is masked
                continue
            return evolve(measurement, samples=samples), ()
        return measurement, (f"{rule.id}: the rows that break it could not be read to show them",)

    def _samples(self, rule: Rule, failing: View, tell: Tell) -> tuple[Sample, ...]:
        """A few of the failing rows: the first ones, where rows have an order."""
        shows = columns_read(rule, self.request.parsed)
        names = list(dict.fromkeys([*self.request.key, *shows]))
        columns = {
            f"s{place}": tell(failing.raw(name), failing.fields[name], failing.dialect)
            for place, name in enumerate(names)
        }
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
            name: plain(heard(value, failing.fields[name])) for name, value in zip(names, row, strict=False)
        }
        return Sample(
            row=None if failing.row is None else int(str(row[-1])),
            key={name: values[name] for name in self.request.key},
            values={name: values[name] for name in shows},
        )


#: Clients raise the last two for what Python has no value for.
_UNSHOWN = (RefusedQuery, *TROUBLE, ValueError, OverflowError)


def _outcome(reason: Exception) -> Outcome:
    if isinstance(reason, CannotEvaluate | OperationNotDefinedError | UnsupportedOperationError):
        return NotEvaluated(first_line(reason))
    return Broken(first_line(reason))
