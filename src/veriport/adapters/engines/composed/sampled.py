"""An engine that checks some of the rows, and says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen
from attrs.validators import optional

from veriport.adapters.engines.composed.wrapping import Around, AroundEngine, engine_of
from veriport.domain.composing import differ
from veriport.domain.datasets import Dataset
from veriport.domain.errors import ConfigurationError, shown
from veriport.domain.measurements import Measured, Measurement, NotEvaluated
from veriport.domain.sampling import estimated, told, untold
from veriport.domain.validators import at_least, text
from veriport.ports.engines import Engine, Request, Table

if TYPE_CHECKING:
    from veriport.adapters.engines.composed.rows import Pick, Rows


@frozen(kw_only=True)
class SampledEngine(AroundEngine):
    """Measures on the ``first`` so many rows, on ``every`` so-manieth row, or on a ``share`` by ``seed``.

    The notes of a result say that it is sampled, and which rules are estimated, see
    ``veriport.domain.sampling``: of the others a failure is certain, and a pass is of the sample. Rules of
    which a sample says nothing, such as the number of rows, are not evaluated. Rows keep the numbers that
    they have in the whole. ``first`` leaves the data to the engine; the other two read all of it with Polars
    and give the engine a frame in memory.

    Keeps ``SupportsCancel`` alone: the others would speak of all rows.
    """

    engine: Engine = field(converter=engine_of, kw_only=False)
    first: int | None = field(default=None, validator=optional(at_least(1)))
    every: int | None = field(default=None, validator=optional(at_least(2)))
    share: float | None = None
    seed: int | None = field(default=None, validator=optional(at_least(0)))
    name: str = field(validator=text)

    @name.default
    def _name(self) -> str:
        return f"sampled({self.engine.name})"

    def __attrs_post_init__(self) -> None:
        """Exactly one of the three ways."""
        if [self.first, self.every, self.share].count(None) != 2:  # noqa: PLR2004  # of three
            raise ConfigurationError(
                "a sample is the first rows, every so-manieth or a share: give one of them"
            )
        if self.share is not None and not (isinstance(self.share, float) and 0 < self.share < 1):
            raise ConfigurationError(f"share must be a number between 0 and 1, not {shown(self.share)}")

        if self.seed is not None and self.share is None:
            raise ConfigurationError("seed has no meaning without share: it says which rows those are")

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Table]:
        """Open the data, or a frame with the sample of it."""
        if self.first is not None:
            with self.engine.open(dataset) as table:
                yield _First(table, self.first)
            return
        from veriport.adapters.engines.composed.rows import picked  # noqa: PLC0415  # Polars on use

        rows = picked(dataset, self._pick)
        with self.engine.open(rows.dataset) as table:
            if (why := differ(rows.columns, table.columns)) is not None:
                raise ConfigurationError(
                    f"{self.name} cannot sample {dataset.label}: {why}; sample the first rows"
                )
            yield _Picked(table, rows, self._said)

    @property
    def _pick(self) -> Pick:
        from veriport.adapters.engines.composed.rows import every, some  # noqa: PLC0415  # Polars on use

        return some(self.share, self.seed or 0) if self.share is not None else every(self.every or 1)

    @property
    def _said(self) -> str:
        if self.share is not None:
            return f"a share of {self.share:g} of the rows by seed {self.seed or 0}"
        return f"1 of {self.every} rows"


_KEPT = ("cancel",)


class _First(Around):
    """The first rows of a table."""

    def __init__(self, inner: Table, most: int) -> None:
        super().__init__(inner, _KEPT)
        self._most = most

    def measure(self, request: Request) -> Measured:
        """See ``veriport.ports.engines.Table``."""
        limit = self._most if request.limit is None else min(self._most, request.limit)
        return _sampled(self.inner, evolve(request, limit=limit), f"the first {self._most:,} rows")


class _Picked(Around):
    """A table that holds the sample and nothing else."""

    def __init__(self, inner: Table, rows: Rows, said: str) -> None:
        super().__init__(inner, _KEPT)
        self._rows, self._said = rows, said

    def measure(self, request: Request) -> Measured:
        """See ``veriport.ports.engines.Table``."""
        found = _sampled(self.inner, evolve(request, limit=self._rows.within(request.limit)), self._said)
        return evolve(found, outcomes=tuple(map(self._rows.renumbered, found.outcomes)))


def _sampled(table: Table, request: Request, said: str) -> Measured:
    """What a sample tells, in the order of the rules."""
    reasons = [untold(rule) for rule in request.rules]
    asked = tuple(rule for rule, reason in zip(request.rules, reasons, strict=True) if reason is None)
    found = table.measure(evolve(request, rules=asked))
    outcomes = [told(rule, each) for rule, each in zip(asked, found.outcomes, strict=True)]
    pairs = zip(asked, outcomes, strict=True)
    estimates = [rule.id for rule, each in pairs if isinstance(each, Measurement) and estimated(rule)]
    named = (f"estimated from the sample: {', '.join(estimates)}",) if estimates else ()
    each = iter(outcomes)
    return evolve(
        found,
        outcomes=tuple(next(each) if reason is None else NotEvaluated(reason) for reason in reasons),
        null_counts={} if request.rules else found.null_counts,
        notes=(*found.notes, f"sampled: {said}", *named),
    )
