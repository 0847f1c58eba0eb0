"""Engines that fail as they are told, and small data."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import polars as pl
from attrs import field, frozen

from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.engines.polars import PolarsEngine
from veriport.adapters.expressions.sqlglot import parse
from veriport.application.checking import CheckData, CheckOptions
from veriport.domain.datasets import Dataset, Handle, dataset_of
from veriport.domain.measurements import Measured, NotEvaluated, Outcome
from veriport.domain.results import CheckResult
from veriport.domain.rules.base import Rule
from veriport.domain.rules.reading import read_rules
from veriport.domain.types import Column
from veriport.ports.engines import Engine, Request, Table
from veriport.ports.errors import TransientError
from veriport.testing.cases import NOW

FRAME = pl.DataFrame({"id": [1, 2, 2, None], "name": ["a", None, "b", "c"]})
NOT_NULL = {"column": "name", "type": "not_null"}
UNIQUE = {"column": "id", "type": "unique"}


def nothing() -> None:
    """All is well."""


def failing(*errors: Exception | None) -> Callable[[], None]:
    """What raises these errors one after the other, ``None`` being none, and then nothing."""
    left = list(errors)

    def act() -> None:
        if left and (error := left.pop(0)) is not None:
            raise error

    return act


def always(error: Exception) -> Callable[[], None]:
    """What raises an error whenever it is called."""

    def act() -> None:
        raise error

    return act


@frozen(kw_only=True)
class Playing:
    """An engine around another one that does what it is told first, and remembers what it was asked.

    ``knows`` are the types of rules that it evaluates, all by default; ``changes`` alters what was found.
    """

    name: str = "playing"
    inner: Engine = field(factory=PolarsEngine)
    opening: Callable[[], object] = nothing
    measuring: Callable[[], object] = nothing
    closing: Callable[[], object] = nothing
    knows: tuple[str, ...] | None = None
    changes: Callable[[Rule, Outcome], Outcome] = lambda _, outcome: outcome
    asked: list[str] = field(factory=list)
    requests: list[Request] = field(factory=list)

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[PlayingTable]:
        """Do what was told, then open the inner engine."""
        self.asked.append("open")
        self.opening()
        with self.inner.open(dataset) as table:
            yield PlayingTable(self, table)
        self.asked.append("close")
        self.closing()


def playing(name: str, **told: Any) -> Playing:  # noqa: ANN401  # what the fields are
    """The same, told by a mapping."""
    return Playing(name=name, **told)


@frozen
class PlayingTable:
    """The table of a ``Playing`` engine."""

    engine: Playing
    inner: Table

    @property
    def columns(self) -> tuple[Column, ...]:
        """Those of the inner table."""
        return self.inner.columns

    def measure(self, request: Request) -> Measured:
        """What the inner table finds, of the rules that are known."""
        self.engine.asked.append("measure")
        self.engine.requests.append(request)
        self.engine.measuring()
        found = self.inner.measure(request)
        outcomes = tuple(map(self._outcome, request.rules, found.outcomes))
        return Measured(row_count=found.row_count, outcomes=outcomes, null_counts=found.null_counts)

    def _outcome(self, rule: Rule, outcome: Outcome) -> Outcome:
        if self.engine.knows is not None and rule.type not in self.engine.knows:
            return NotEvaluated(f"{self.engine.name} does not know {rule.type}")
        return self.engine.changes(rule, outcome)


def check(engine: Engine, data: object, *rules: object, **options: object) -> CheckResult:
    """Check through the use case, as a caller would."""
    read = read_rules(list(rules)).unwrap() if rules else None
    use_case = CheckData(engine=engine, parse=parse, clock=FrozenClock(NOW))
    return use_case(dataset_of(data), read, CheckOptions(**options)).unwrap()  # type: ignore[arg-type]  # plain


def frame(height: int) -> Handle:
    """A table with ids that repeat and a number."""
    return Handle(pl.DataFrame({"id": [n % 7 for n in range(height)], "n": list(range(height))}))


class Waiting:
    """An engine whose measurement waits until it is cancelled, and which counts how often it was asked."""

    name = "waiting"

    def __init__(self) -> None:
        self.begun, self.cancelled = threading.Event(), threading.Event()
        self.asked = 0

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Table]:
        with PolarsEngine().open(dataset) as table:
            yield _WaitingTable(self, table)


@frozen
class _WaitingTable:
    engine: Waiting
    inner: Table

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.inner.columns

    def measure(self, request: Request) -> Measured:
        del request
        self.engine.asked += 1
        self.engine.begun.set()
        assert self.engine.cancelled.wait(60)
        raise TransientError("cancelled")

    def cancel(self) -> None:
        self.engine.cancelled.set()
