"""Measure rules on an open frame by asking a validation library about each of them.

Polars reads the data, leaves out the rows that a rule does not see, and counts its nulls; the library says
which of the rest break it, or what value it makes of them. The rows that rules need are held in memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from typing import Any, Protocol

import polars as pl
from attrs import evolve, field, frozen

from veriport.adapters.engines.libraries.columns import PlainColumn, observed
from veriport.adapters.engines.libraries.questions import (
    Broke,
    Counted,
    Observed,
    Question,
    View,
    nothing_to_see,
)
from veriport.adapters.engines.polars.answers import rows_of
from veriport.adapters.engines.polars.conditions import Schema
from veriport.adapters.engines.polars.errors import first_line, reading
from veriport.adapters.engines.polars.sources import Source, open_frame
from veriport.adapters.engines.polars.tables import PolarsTable
from veriport.adapters.engines.polars.types import columns_of
from veriport.adapters.engines.polars.values import column
from veriport.domain.binding import columns_read
from veriport.domain.datasets import Dataset, Handle
from veriport.domain.measurements import Broken, Measured, Measurement, NotEvaluated, Outcome, Sample
from veriport.domain.rules.aggregates import Aggregate, Of
from veriport.domain.rules.base import AllColumnsRule, Nulls, Rule
from veriport.domain.rules.native import Native
from veriport.domain.rules.scalars import Scalar, plain
from veriport.domain.types import Column
from veriport.ports.engines import Engine, Request
from veriport.ports.errors import PortError

#: A name that no column of a user has.
ROW = "\0row"


@frozen(kw_only=True)
class Verdict:
    """What a library says of a native rule; ``rows`` are the places of failing rows, where it tells them."""

    holds: bool
    checked: int = 0
    failed: int = 0
    observed: object = None
    rows: Sequence[int] = ()
    note: str = ""
    remarks: tuple[str, ...] = ()


#: What a library may say of a native rule.
Said = Verdict | NotEvaluated | Broken


@frozen
class Frame:
    """The rows that native rules see; ``places`` are theirs in ``given``, the frame of the caller, if any."""

    polars: pl.DataFrame
    given: Any = None
    places: pl.Series | None = None

    @property
    def is_pandas(self) -> bool:
        """Whether the caller gave a frame of pandas."""
        return type(self.given).__module__.partition(".")[0] == "pandas"

    @property
    def masked(self) -> tuple[str, ...]:
        """The columns that a copy for pandas would otherwise have as floats, or as objects."""
        mine = () if self.is_pandas else self.polars
        return tuple(each.name for each in mine if each.dtype in _MASKED and each.null_count())

    def pandas(self, *, nullable: Collection[str] = (), index: bool = False) -> Any:  # noqa: ANN401  # pandas is not installed everywhere
        """A pandas frame: the rows of the caller's, where it is one, with its ``index`` or places; or a copy.

        In a copy the ``nullable`` columns have a type of pandas that knows nulls of whole numbers.
        """
        if self.is_pandas:
            rows = self.given if self.places is None else self.given.iloc[self.places.to_numpy()]
            return rows if index else rows.reset_index(drop=True)
        copied = self.polars.to_pandas()
        for series in self.polars:
            if series.dtype in _MASKED and series.name in nullable:
                copied[series.name] = _masked(series)
        return copied


#: The types of Polars that have one in pandas whose nulls are told by a mask.
_MASKED = frozenset({pl.Boolean(), *(pl.Int8(), pl.Int16(), pl.Int32(), pl.Int64()),
                     *(pl.UInt8(), pl.UInt16(), pl.UInt32(), pl.UInt64())})  # fmt: skip


def _masked(series: pl.Series) -> Any:  # noqa: ANN401  # pandas is not installed everywhere
    from pandas import arrays  # noqa: PLC0415  # the same

    is_truth = series.dtype == pl.Boolean
    make, filler = (arrays.BooleanArray, False) if is_truth else (arrays.IntegerArray, 0)
    return make(series.fill_null(filler).to_numpy(writable=True), series.is_null().to_numpy(writable=True))


class Library(Protocol):
    """A validation library behind an engine."""

    @property
    def name(self) -> str:
        """As results and messages call it."""
        ...

    def question(self, rule: Rule, columns: tuple[PlainColumn, ...]) -> Question | NotEvaluated:
        """How it is asked about a rule of ours; may raise anything for what it cannot take."""
        ...

    def natives(self, rules: tuple[Native, ...], frame: Frame) -> tuple[Said, ...]:
        """Evaluate rules of its own on the same rows of a data set; may raise anything."""
        ...


class LibraryTable:
    """A ``Table`` of the engine port over a library and, for what that has not, another engine."""

    def __init__(self, library: Library, dataset: Dataset, fallback: Engine | None) -> None:
        self._library, self._dataset, self._fallback = library, dataset, fallback
        self._source = open_frame(dataset)

    @cached_property
    def _types(self) -> pl.Schema:
        with reading(self._dataset.label):
            return self._source.frame.collect_schema()

    @property
    def columns(self) -> tuple[Column, ...]:
        """See ``veriport.ports.engines.Table``."""
        return columns_of(self._types, self._source.untyped)

    def measure(self, request: Request) -> Measured:
        """See ``veriport.ports.engines.Table``."""
        schema = Schema(self._types, self._source.untyped, request.parsed, request.now)
        rows = self._rows(request, schema)
        counted = () if request.rules else self._types.names()
        nulls = {name: int(rows[name].null_count()) for name in counted}
        given = self._dataset.frame if isinstance(self._dataset, Handle) else None
        asking = _Asking(library=self._library, schema=schema, rows=rows, request=request, given=given)
        outcomes = [asking.outcome(rule) for rule in request.rules]
        return Measured(
            row_count=rows.height,
            outcomes=tuple(self._completed(request, outcomes)),
            null_counts=nulls,
            scans=self._source.scans + 1,
            bytes_read=self._source.size,
        )

    def _rows(self, request: Request, schema: Schema) -> pl.DataFrame:
        """The rows of the request with what its rules read, numbered."""
        frame = self._source.frame if request.limit is None else self._source.frame.head(request.limit)
        numbered = frame.with_row_index(ROW)
        if request.where is not None:
            numbered = numbered.filter(schema.sql(request.where))
        try:
            with reading(self._dataset.label):
                return numbered.select(map(column, [ROW, *self._needed(request)])).collect(engine="streaming")
        except PortError:
            self._source.check()
            raise

    def _needed(self, request: Request) -> list[str]:
        if not request.rules or any(isinstance(rule, Native) for rule in request.rules):
            return self._types.names()
        read = {name for rule in request.rules for name in columns_read(rule, request.parsed)}
        return [name for name in self._types.names() if name in read | set(request.key)]

    def _completed(self, request: Request, outcomes: Sequence[Outcome]) -> Iterator[Outcome]:
        """The outcomes, those of rules that the library has not from the other engine, which is said."""
        lacking = [
            rule
            for rule, outcome in zip(request.rules, outcomes, strict=True)
            if isinstance(outcome, NotEvaluated) and not isinstance(rule, Native)
        ]
        found = iter(self._elsewhere(evolve(request, rules=tuple(lacking))) if lacking else ())
        for rule, outcome in zip(request.rules, outcomes, strict=True):
            yield next(found, outcome) if rule in lacking else outcome

    def _elsewhere(self, request: Request) -> Iterator[Outcome]:
        if self._fallback is None:
            return
        same = Handle(self._source.frame) if isinstance(self._dataset, Handle) else self._dataset
        with self._fallback.open(same) as table:
            outcomes = table.measure(request).outcomes
        said = (f"evaluated by {self._fallback.name}",)
        for outcome in outcomes:
            yield evolve(outcome, remarks=said) if isinstance(outcome, Measurement) else outcome


@frozen(kw_only=True)
class _Asking:
    """Asks a library about the rules of a request, one by one: one that fails does not keep the others."""

    library: Library
    schema: Schema
    rows: pl.DataFrame
    request: Request
    given: object
    seen: dict[str | None, pl.DataFrame] = field(factory=dict, init=False)
    said: dict[str, Said] = field(factory=dict, init=False)

    def outcome(self, rule: Rule) -> Outcome:
        """What the library says of a rule."""
        try:
            return self._native(rule) if isinstance(rule, Native) else self._outcome(rule)
        except PortError:
            raise
        except Exception as trouble:  # noqa: BLE001  # a library of others raises whatever it does
            said = f"{self.library.name}: {type(trouble).__name__}: {first_line(trouble)}"
            if not isinstance(rule, Native) and any(each.is_wide for each in self._columns(rule)):
                return NotEvaluated(f"whole numbers that may have more than 64 bits: {said}")
            return Broken(said)

    def _outcome(self, rule: Rule) -> Outcome:
        if isinstance(rule, AllColumnsRule) and not rule.columns:
            return Measurement(checked=0)
        columns = self._columns(rule)
        question = self.library.question(rule, columns)
        if isinstance(question, NotEvaluated):
            return question
        columns = question.columns or columns
        seen = self._seen(rule)
        absent = pl.any_horizontal(column(name).is_null() for name in rule.reads) if rule.reads else None
        judged = seen if absent is None or question.view is not View.PRESENT else seen.filter(~absent)
        try:
            plainly = judged.select(_shown(columns, question.view))
        except pl.exceptions.InvalidOperationError:
            return NotEvaluated("a value does not fit into 64 bits, in the units of its column")
        answer = nothing_to_see(rule) if judged.is_empty() else question.ask(plainly)
        match answer:
            case NotEvaluated():
                return answer
            case Observed(value):
                return Measurement(checked=judged.height, observed=_back(rule, columns, value))
            case Counted(failed):
                nulls_failing = seen.height - judged.height if rule.nulls is Nulls.FAIL else 0
                checked = judged.height + nulls_failing
                return self._counted(rule, seen, Measurement(checked=checked, failed=failed + nulls_failing))
            case Broke(places):
                failing = judged[ROW].gather(pl.Series(places, dtype=pl.UInt32))
                shows = columns_read(rule, self.request.parsed)
                fails = rule.nulls is Nulls.FAIL and question.view is View.PRESENT and absent is not None
                nulls = seen.filter(absent)[ROW] if fails and absent is not None else failing.clear()
                return Measurement(
                    checked=judged.height + nulls.len(),
                    failed=failing.len() + nulls.len(),
                    samples=self._samples(pl.concat([failing, nulls]), shows),
                )

    def _counted(self, rule: Rule, seen: pl.DataFrame, found: Measurement) -> Outcome:
        """What a library only counts, with the rows that Polars finds, which must be as many."""
        if not found.failed:
            return found
        source = Source(seen.drop(ROW).lazy(), self.schema.untyped)
        alone = evolve(self.request, rules=(evolve(rule, where=None),), where=None, limit=None, key=())
        (again,) = PolarsTable(source, self.library.name).measure(alone).outcomes
        if not isinstance(again, Measurement):
            return again
        if again.failed != found.failed:
            mine, others = found.failed, again.failed
            return NotEvaluated(f"{self.library.name} counts {mine} rows, and {others} break the rule")
        rows = seen[ROW].gather([sample.row for sample in again.samples if sample.row is not None])
        return evolve(found, samples=self._samples(rows, columns_read(rule, self.request.parsed)))

    def _columns(self, rule: Rule) -> tuple[PlainColumn, ...]:
        return tuple(
            PlainColumn(
                name, f"c{place}", self.schema.types[name], name in self.schema.untyped, now=self.schema.now
            )
            for place, name in enumerate(rule.reads)
        )

    def _seen(self, rule: Rule) -> pl.DataFrame:
        """The rows for which the rule's own condition is TRUE."""
        if rule.where not in self.seen:
            text = rule.where
            self.seen[text] = self.rows if text is None else self.rows.filter(self.schema.sql(text))
        return self.seen[rule.where]

    def _native(self, rule: Native) -> Outcome:
        """A native rule, together with all others that see the same rows."""
        seen = self._seen(rule)
        if rule.id not in self.said:
            natives = (each for each in self.request.rules if isinstance(each, Native))
            alike = tuple(each for each in natives if each.where == rule.where)
            said_of = self.library.natives(alike, Frame(seen.drop(ROW), self.given, seen[ROW]))
            self.said.update(zip((each.id for each in alike), said_of, strict=True))
        said = self.said[rule.id]
        if not isinstance(said, Verdict):
            return said
        failing = seen[ROW].gather(pl.Series(said.rows, dtype=pl.UInt32))
        shows = self.request.samples > 0  # the words of a library quote values, and its lists are of them
        listed = isinstance(said.observed, Collection) and not isinstance(said.observed, str)
        return Measurement(
            checked=said.checked,
            failed=said.failed,
            observed=None if listed and not shows else observed(said.observed),
            samples=self._samples(failing, rule.reads),
            note=said.note if shows else "",
            remarks=said.remarks if shows else (),
            holds=said.holds,
        )

    def _samples(self, failing: pl.Series, shows: tuple[str, ...]) -> tuple[Sample, ...]:
        """The first of the failing rows, by their numbers."""
        first = failing.sort().head(self.request.samples)
        names = dict.fromkeys([ROW, *self.request.key, *shows])
        rows = self.rows.filter(pl.col(ROW).is_in(first.implode())).select(map(column, names))
        return tuple(
            Sample(
                row=row[ROW],
                key={name: plain(row[name]) for name in self.request.key},
                values={name: plain(row[name]) for name in shows},
            )
            for row in rows_of(rows)
        )


def _shown(columns: tuple[PlainColumn, ...], view: View) -> list[pl.Expr]:
    """What the library sees: never nothing, since a frame without columns has no rows."""
    if not columns:
        return [pl.col(ROW).alias("c0")]
    if view is not View.NULLS:
        return [each.expr for each in columns]
    one = pl.lit(1, dtype=pl.Int64)
    return [pl.when(column(each.name).is_not_null()).then(one).alias(each.alias) for each in columns]


def _back(rule: Rule, columns: tuple[PlainColumn, ...], value: object) -> Scalar:
    """An observed value in the units of its column, where it is one of its values."""
    of_values = isinstance(rule, Aggregate) and rule.of in {Of.MIN, Of.MAX, Of.SUM}
    if of_values and value is not None:
        return columns[0].shown(value)
    return observed(value)
