"""Engines for tests of programs that use engines: they read nothing, and find what they are told.

    engine = FakeEngine(columns={"amount": "float64"}, failed={"amount.in_range": 3})
    assert not veriport.check("orders.csv", rules, engine=engine).ok

For proof that an engine of yours is right there is ``veriport.testing.suites.engines``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

from attrs import field, frozen

from veriport.domain.datasets import Dataset
from veriport.domain.errors import ConfigurationError
from veriport.domain.measurements import Measured, Measurement, Outcome
from veriport.domain.rules.base import Rule, ValueRule
from veriport.domain.rules.native import Native
from veriport.domain.suggestions import nearest
from veriport.domain.types import Column, data_type, type_hint, type_named
from veriport.ports.engines import AsyncTable, Request, Table


def _columns(value: Mapping[str, str] | tuple[Column, ...]) -> tuple[Column, ...]:
    if not isinstance(value, Mapping):
        return value
    if unknown := next((kind for kind in value.values() if type_named(kind) is None), None):
        raise ConfigurationError(f"unknown type {unknown!r}{type_hint(unknown)}")
    return tuple(Column(name, data_type(kind)) for name, kind in value.items())


def _nothing() -> None:
    """All is well."""


async def _nothing_yet() -> None:
    """All is well."""


@frozen(kw_only=True)
class FakeEngine:
    """Opens any data set as a table of ``columns`` (names and types) with ``row_count`` rows.

    Every rule about rows holds, but those whose ids ``failed`` maps to a count of rows, and every rule about
    one value that is not looked at, which is every one but ``row_count``. What ``outcome`` makes of a rule is
    its outcome. ``opening`` and ``measuring`` are functions that are called first and may raise.
    ``answer`` instead makes all that a request gets. What was asked is remembered: ``requests``, and
    ``events`` in words. An id in ``failed`` that no measured rule has, or a rule
    about one value, of which no rows fail, is a ``ConfigurationError``.
    """

    name: str = "fake"
    columns: tuple[Column, ...] = field(default={"id": "int64", "email": "string"}, converter=_columns)
    row_count: int = 10
    failed: Mapping[str, int] = field(factory=dict)
    outcome: Callable[[Rule], Outcome] | None = None
    opening: Callable[[], object] = _nothing
    measuring: Callable[[], object] = _nothing
    answer: Callable[[Request], Measured] | None = None
    requests: list[Request] = field(factory=list)
    events: list[str] = field(factory=list)

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Table]:
        """See ``veriport.ports.engines.Engine``."""
        self.opening()
        self.events.append(f"opened {dataset.label}")
        try:
            yield FakeTable(self)
        finally:
            self.events.append("closed")

    def start(self) -> None:
        """See ``veriport.ports.engines.SupportsLifecycle``."""
        self.events.append("started")

    def stop(self) -> None:
        """See ``veriport.ports.engines.SupportsLifecycle``."""
        self.events.append("stopped")


@frozen
class FakeTable:
    """The table of a ``FakeEngine``."""

    engine: FakeEngine

    @property
    def columns(self) -> tuple[Column, ...]:
        """See ``veriport.ports.engines.Table``."""
        return self.engine.columns

    def measure(self, request: Request) -> Measured:
        """See ``veriport.ports.engines.Table``."""
        self.engine.requests.append(request)
        self.engine.measuring()
        if self.engine.answer is not None:
            return self.engine.answer(request)
        ids = [rule.id or "" for rule in request.rules]
        if unknown := next((each for each in self.engine.failed if each not in ids), None):
            hint = nearest(unknown, ids).hint or f": there are {', '.join(ids) or 'none'}"
            raise ConfigurationError(f"no measured rule has the id {unknown!r}{hint}")
        return Measured(
            row_count=self.engine.row_count,
            outcomes=tuple(map(self._outcome, request.rules)),
            null_counts={} if request.rules else {column.name: 0 for column in self.columns},
        )

    def _outcome(self, rule: Rule) -> Outcome:
        if self.engine.outcome is not None:
            return self.engine.outcome(rule)
        rows, failed = self.engine.row_count, self.engine.failed.get(rule.id or "", 0)
        if failed and isinstance(rule, ValueRule):
            why = f"{rule.id!r} is about one value, which no rows fail: say with 'outcome' what is observed"
            raise ConfigurationError(f"failed: {why}")
        observed = rows if rule.type == "row_count" else None
        holds = failed == 0 if isinstance(rule, Native) else None
        return Measurement(checked=rows, failed=failed, observed=observed, holds=holds)


@frozen(kw_only=True)
class AsyncFakeEngine:
    """A ``fake`` whose methods are coroutines, see ``veriport.ports.engines.AsyncEngine``.

    ``measuring`` is awaited first.
    """

    fake: FakeEngine = field(factory=FakeEngine)
    measuring: Callable[[], Awaitable[object]] = _nothing_yet

    @property
    def name(self) -> str:
        """That of the fake."""
        return self.fake.name

    @asynccontextmanager
    async def open(self, dataset: Dataset) -> AsyncIterator[AsyncTable]:
        """See ``veriport.ports.engines.AsyncEngine``."""
        with self.fake.open(dataset) as table:
            yield AsyncFakeTable(self, table)


@frozen
class AsyncFakeTable:
    """The table of an ``AsyncFakeEngine``."""

    engine: AsyncFakeEngine
    table: Table

    @property
    def columns(self) -> tuple[Column, ...]:
        """See ``veriport.ports.engines.AsyncTable``."""
        return self.table.columns

    async def measure(self, request: Request) -> Measured:
        """See ``veriport.ports.engines.AsyncTable``."""
        await self.engine.measuring()
        return self.table.measure(request)
