"""Several engines for one check, of which one answers: the next one is asked when one cannot."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count

from attrs import evolve, field, frozen

from veriport.adapters.engines.composed.wrapping import (
    ABILITIES,
    AroundEngines,
    Cancelled,
    engines_of,
    names_of,
    numbers_for,
    numbers_of,
)
from veriport.domain.composing import NUMBERS, Draw, Strategy, differ, order
from veriport.domain.datasets import Dataset
from veriport.domain.errors import ConfigurationError
from veriport.domain.measurements import Measured, Measurement, NotEvaluated, Outcome
from veriport.domain.rules.base import choose
from veriport.domain.types import Column
from veriport.domain.validators import function, text
from veriport.ports.engines import Engine, Request, Table
from veriport.ports.errors import DataError, TransientError
from veriport.ports.telemetry import Telemetry


def _strategy(value: object) -> Strategy:
    return choose(Strategy, "strategy", value)


def _priorities(value: object) -> tuple[float, ...]:
    return numbers_of("priorities", value)


def _weights(value: object) -> tuple[float, ...]:
    return numbers_of("weights", value)


@frozen(kw_only=True)
class EngineChain(AroundEngines):
    """Asks its engines in an order until one answers; ``strategy`` says in which.

    The next engine is asked when one raises ``TransientError``, or cannot read such data at all
    (``ConfigurationError``). ``DataError`` is raised at once: the data is wrong, whoever looks at it. Rules
    that the one who answers cannot evaluate are put to those after it, who must see the same rows and kinds
    of columns. Each engine is tried at most once a check. Who failed and why is among the notes of the
    result, and is the event ``engine.failed``.

    ``priorities`` and ``weights`` have a number an engine, for the strategies of these names; ``chance``
    gives numbers from 0 to 1. Keeps the abilities of the engine that it opened first, for that engine.
    """

    engines: tuple[Engine, ...] = field(converter=engines_of, kw_only=False)
    strategy: Strategy = field(default=Strategy.FALLBACK, converter=_strategy)
    priorities: Sequence[float] = field(default=(), converter=_priorities)
    weights: Sequence[float] = field(default=(), converter=_weights)
    chance: Callable[[], float] = field(default=random.random, validator=function)
    telemetry: Telemetry | None = None
    name: str = field(validator=text)
    _turns: Iterator[int] = field(factory=count, init=False, eq=False, repr=False)

    @name.default
    def _name(self) -> str:
        return f"chain({names_of(self.engines)})"

    def __attrs_post_init__(self) -> None:
        """Compare the numbers with the engines."""
        for strategy, option in NUMBERS.items():
            numbers = getattr(self, option)
            if strategy is self.strategy:
                numbers_for(option, numbers, self.engines)
            elif numbers:
                raise ConfigurationError(f"{option} has no meaning for the strategy {self.strategy.value}")

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[ChainTable]:
        """Open the data with the first engine that can. Raises what the last one raises, with all reasons."""
        with ExitStack() as stack:
            yield ChainTable(self, dataset, stack)

    def order(self) -> Iterator[Engine]:
        """The engines as they are to be asked now."""
        chances = [self.chance() for _ in self.engines] if self.strategy in _BY_CHANCE else []
        option = NUMBERS.get(self.strategy)
        numbers = () if option is None else getattr(self, option)
        draw = Draw(turn=next(self._turns), chances=chances, numbers=numbers)
        return iter([self.engines[place] for place in order(self.strategy, len(self.engines), draw)])

    def tell(self, engine: Engine, dataset: Dataset, error: Exception) -> None:
        """That an engine did not answer; not its words, which may hold anything."""
        if self.telemetry is not None:
            self.telemetry.event(
                "engine.failed",
                chain=self.name,
                engine=engine.name,
                dataset=dataset.label,
                error=type(error).__name__,
            )


_BY_CHANCE = frozenset({Strategy.RANDOM, Strategy.WEIGHTED})


@frozen(eq=False)
class _Opened:
    engine: Engine
    table: Table
    columns: tuple[Column, ...]


class ChainTable:
    """The table of the engine that answers, and of those after it as far as they were needed."""

    def __init__(self, chain: EngineChain, dataset: Dataset, stack: ExitStack) -> None:
        self._chain, self._dataset, self._stack = chain, dataset, stack
        self._waiting = chain.order()
        self._failed: list[tuple[str, Exception]] = []
        self._opened: list[_Opened] = []
        self._columns: tuple[Column, ...] | None = None
        first = self._open_next(_CANNOT)
        if first is None:
            raise self._exhausted()
        self._columns = first.columns
        for name in ABILITIES:
            if callable(method := getattr(first.table, name, None)):
                setattr(self, name, method)
        self._cancelled = Cancelled(self, lambda: [each.table for each in tuple(self._opened)])

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns as the engine sees them that was opened first; rules are bound to these."""
        return self._columns or ()

    def measure(self, request: Request) -> Measured:
        """See ``veriport.ports.engines.Table``."""
        self._cancelled.begin()
        silent, answering, measured = self._answer(request)
        outcomes = self._filled(request, (*silent, answering), measured)
        notes = [f"{name} did not answer: {error}" for name, error in self._failed]
        if notes or answering.engine is not self._chain.engines[0]:
            notes.insert(0, f"measured by {answering.engine.name}")
        return evolve(measured, outcomes=outcomes, notes=(*measured.notes, *notes))

    def _answer(self, request: Request) -> tuple[Sequence[_Opened], _Opened, Measured]:
        """The engines that had nothing to say, the first one that had, and what it says.

        One that evaluates no rule at all may not even have seen the rows. Where all are like that, the first.
        """
        silent: list[tuple[_Opened, Measured]] = []
        last_word = self._chain.strategy is Strategy.FIRST_AVAILABLE
        for opened in self._each(_CANNOT):
            try:
                found = opened.table.measure(request)
            except TransientError as error:
                if last_word or self._cancelled():
                    raise
                self._drop(opened, error)
                continue
            if last_word or not found.outcomes or len(_gaps(found.outcomes)) < len(found.outcomes):
                return [each for each, _ in silent], opened, found
            silent.append((opened, found))
        if not silent:
            raise self._exhausted()
        return [each for each, _ in silent], *silent[0]

    def _filled(
        self, request: Request, asked_before: Sequence[_Opened], measured: Measured
    ) -> tuple[Outcome, ...]:
        """The outcomes, with those of other engines where the one that answered had nothing to say."""
        outcomes = list(measured.outcomes)
        others = iter(()) if self._chain.strategy is Strategy.FIRST_AVAILABLE else self._each(_CANNOT_FILL)
        while (gaps := _gaps(outcomes)) and (opened := next(others, None)) is not None:
            if opened in asked_before:
                continue
            asked = evolve(request, rules=tuple(request.rules[at] for at in gaps))
            for at, outcome in zip(gaps, self._asked(opened, asked, measured.row_count), strict=False):
                outcomes[at] = outcomes[at] if isinstance(outcome, NotEvaluated) else _by(opened, outcome)
        return tuple(outcomes)

    def _asked(self, opened: _Opened, request: Request, rows: int) -> tuple[Outcome, ...]:
        """What another engine says of the rules that are left; nothing where it cannot or sees other rows."""
        try:
            found = opened.table.measure(request)
        except (TransientError, DataError) as error:
            if self._cancelled():
                raise
            self._drop(opened, error)
            return ()
        if found.row_count != rows:
            self._drop(opened, DataError(f"it sees {found.row_count:,} rows and not {rows:,}"))
            return ()
        return found.outcomes

    def _each(self, passing: tuple[type[Exception], ...]) -> Iterator[_Opened]:
        """The engines that are open, then those that can be opened."""
        yield from tuple(self._opened)
        while (opened := self._open_next(passing)) is not None:
            yield opened

    def _open_next(self, passing: tuple[type[Exception], ...]) -> _Opened | None:
        """Open the data with the next engine that can and sees the same columns."""
        for engine in self._waiting:
            with ExitStack() as own:
                try:
                    table = own.enter_context(engine.open(self._dataset))
                    opened = _Opened(engine, table, table.columns)
                except passing as error:
                    self._fail(engine, error)
                    continue
                if self._columns is not None and (why := differ(self._columns, opened.columns)) is not None:
                    self._fail(engine, DataError(why))
                    continue
                self._stack.push(own.pop_all())
            self._opened.append(opened)
            return opened
        return None

    def _drop(self, opened: _Opened, error: Exception) -> None:
        self._opened.remove(opened)
        self._fail(opened.engine, error)

    def _fail(self, engine: Engine, error: Exception) -> None:
        self._failed.append((engine.name, error))
        self._chain.tell(engine, self._dataset, error)

    def _exhausted(self) -> TransientError | ConfigurationError:
        """What is raised when nobody answered: trying again helps if it may help one of them."""
        said = "; ".join(f"{name}: {error}" for name, error in self._failed)
        text = f"{self._dataset.label}: no engine of {self._chain.name} answered: {said}"
        if any(isinstance(error, TransientError) for _, error in self._failed):
            return TransientError(text)
        return ConfigurationError(text)


_CANNOT = (TransientError, ConfigurationError)
_CANNOT_FILL = (*_CANNOT, DataError)  #: what one has measured stands, whatever another one says of the data


def _gaps(outcomes: Sequence[Outcome]) -> list[int]:
    return [at for at, outcome in enumerate(outcomes) if isinstance(outcome, NotEvaluated)]


def _by(opened: _Opened, outcome: Outcome) -> Outcome:
    if not isinstance(outcome, Measurement):
        return outcome
    return evolve(outcome, remarks=(*outcome.remarks, f"evaluated by {opened.engine.name}"))
