"""The engine port: who opens data and measures rules on it (D4, D5, ADR 0004).

An engine is small on purpose. It does not know severities, ``mostly``, statuses, absent columns,
rules about the schema or types that do not fit: the domain decides those before and after it.
What only some engines can do is a further small Protocol below; callers ask with ``isinstance``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from datetime import UTC, datetime
from typing import Protocol, runtime_checkable

from attrs import field, frozen

from veriport.domain.datasets import Dataset
from veriport.domain.expressions import Expr
from veriport.domain.measurements import Measured
from veriport.domain.rules.base import Rule
from veriport.domain.types import Column


@frozen(kw_only=True)
class Request:
    """What to measure on an open table.

    ``rules`` have ids, fit the columns and read only columns that are there. ``parsed`` maps every
    SQL text (``where`` of the rules and of the request, ``expression``) to its tree. ``key`` names
    columns to show with each sample, ``samples`` is how many failing rows a rule shows at most,
    ``where`` limits the whole check to the rows for which it is TRUE, ``limit`` to the first rows.
    ``now`` is the moment of the check, in UTC, for rules about the present.
    """

    rules: tuple[Rule, ...] = ()
    parsed: Mapping[str, Expr] = field(factory=dict, hash=False)
    key: tuple[str, ...] = ()
    samples: int = 20
    where: str | None = None
    limit: int | None = None
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)


class Table(Protocol):
    """An open data set."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns in the order of the data set, each name once."""
        ...

    def measure(self, request: Request) -> Measured:
        """Evaluate every rule of the request.

        The outcomes stand in the order of ``request.rules``, one each. A rule that the engine cannot
        evaluate is ``NotEvaluated`` with a reason; a rule that fails to evaluate on this data is
        ``Broken`` with a reason and does not keep the others from being evaluated.

        ``checked`` counts the rows where the rule's ``where`` is TRUE and, under ``nulls: ignore``,
        no value of the rule is null; under ``nulls: fail`` rows with a null are checked and failed.
        ``failed`` is at most ``checked``. A rule about one value reports it as ``observed``.
        The rules mean what ``docs/semantics.md`` says.

        ``samples`` are the first failing rows in reading order, at most ``request.samples`` and none
        when that is 0; a sample shows the columns that the rule reads, and the key columns, with the
        values of its row as ``veriport.domain.rules.scalars.plain`` writes them.

        ``row_count`` counts the rows that ``request.where`` and ``request.limit`` let through. A
        request without rules also fills ``null_counts`` for every column. ``scans`` and ``bytes_read``
        are filled by an engine that knows them.

        Measuring twice gives the same answer. Raises ``DataError`` when the data cannot be read to
        its end, and ``TransientError`` when trying again may help.
        """
        ...


class Engine(Protocol):
    """Opens data sets and measures rules on them. Safe to use from several threads at once."""

    @property
    def name(self) -> str:
        """A short name for results and messages: ``polars``."""
        ...

    def open(self, dataset: Dataset) -> AbstractContextManager[Table]:
        """Open a data set; leaving the context lets go of everything that was held for it.

        Constructing an engine opens nothing. Raises ``DataError`` whose text names the data set when
        it is absent, unreadable, empty where it needs a header, or not what its name says; and
        ``ConfigurationError`` when this engine has no way to read such a data set at all.
        """
        ...


class AsyncTable(Protocol):
    """A ``Table`` whose ``measure`` is a coroutine, which is cancelled to stop the measurement."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """See ``Table``."""
        ...

    async def measure(self, request: Request) -> Measured:
        """See ``Table``."""
        ...


class AsyncEngine(Protocol):
    """An ``Engine`` for an event loop. The core uses it like any other, see ``veriport.aio``."""

    @property
    def name(self) -> str:
        """See ``Engine``."""
        ...

    def open(
        self, dataset: Dataset
    ) -> AbstractAsyncContextManager[AsyncTable] | Awaitable[AbstractAsyncContextManager[AsyncTable]]:
        """See ``Engine``: an asynchronous context, or a coroutine that gives one."""
        ...


@runtime_checkable
class BringsRules(Protocol):
    """An engine with rules of its own, such as those of a suite that it was built with."""

    @property
    def own_rules(self) -> tuple[Rule, ...]:
        """What every check by this engine has besides the rules that it is given."""
        ...


def is_engine(value: object) -> bool:
    """Whether something has what every engine has, synchronous or not: a name and ``open``."""
    return callable(getattr(value, "open", None)) and isinstance(getattr(value, "name", None), str)


def own_rules_of(engine: Engine) -> tuple[Rule, ...]:
    """The rules that an engine brings; most bring none."""
    return engine.own_rules if isinstance(engine, BringsRules) else ()


@runtime_checkable
class SupportsLifecycle(Protocol):
    """An engine that holds something between checks, such as a session or a pool of connections."""

    def start(self) -> None:
        """Take hold of it; called once before the engine is used."""
        ...

    def stop(self) -> None:
        """Let go of it; called once when no check is running any more, unless one takes too long."""
        ...


@runtime_checkable
class SupportsProfile(Protocol):
    """A table that can describe the distribution of its columns."""

    def profile(self, columns: tuple[str, ...]) -> Mapping[str, Mapping[str, object]]:
        """Statistics by column name; a statistic without meaning for a type is left out."""
        ...


#: What a split adds to each failing row: its number in the data set, and the rules that it breaks.
ROW_COLUMN = "__veriport_row"
RULES_COLUMN = "__veriport_rules"


@frozen(kw_only=True)
class Divided:
    """What a split wrote: the rows in each file and, for each rule of the request, those that break it."""

    valid: int
    failing: int
    broken: tuple[int, ...] = ()


@runtime_checkable
class SupportsSplit(Protocol):
    """A table that can write valid and failing rows apart."""

    def split(self, request: Request, valid: str, failing: str) -> Divided:
        """Write the rows that break no rule to the file ``valid`` and all others to ``failing``.

        All rules of the request are about rows. A row breaks a rule when ``measure`` would count it as
        failed; without rules no row does. Each row that ``request.where`` and ``request.limit`` let
        through stands in one of the files, once, in reading order. Two rows that are equal are two rows.

        Both are Parquet files at local paths; what is there is replaced. ``valid`` has the columns of the
        table with their types. ``failing`` has after them ``ROW_COLUMN``, an integer that counts the rows
        of the data set from 0 before any filter, null where the engine has no order, and
        ``RULES_COLUMN``, a list of the ids of the broken rules in the order of the request. ``samples``
        and ``key`` of the request have no meaning here.

        ``broken`` stands in the order of the rules. Raises ``DataError`` where the data cannot be read to
        its end, where a rule cannot be evaluated on it or its types cannot be written, and
        ``TransientError`` when trying again may help. What was written by then may stay.
        """
        ...


@runtime_checkable
class SupportsLearn(Protocol):
    """A table on which an engine can propose rules by itself."""

    def learn(self, columns: tuple[str, ...]) -> tuple[Rule, ...]:
        """Rules that hold on every row of the table."""
        ...


@runtime_checkable
class SupportsCancel(Protocol):
    """A table whose running measurement can be stopped from another thread."""

    def cancel(self) -> None:
        """Stop what ``measure`` is doing; it then raises ``TransientError``. Idle, it does nothing."""
        ...
