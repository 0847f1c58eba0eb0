"""Engines that are started before and stopped after they are used, alone and several together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Self

from attrs import define, field, frozen
from returns.result import Failure, Success

from veriport.adapters.engines.composed.crews import Crew, Task, Trouble
from veriport.adapters.engines.composed.wrapping import (
    AroundEngine,
    engine_of,
    engines_of,
    made_synchronous,
    start_all,
    stop_all,
)
from veriport.domain.datasets import Dataset, Handle
from veriport.domain.errors import ConfigurationError
from veriport.domain.lifecycle import EngineState, LifeEvent, step
from veriport.domain.measurements import Broken, Measurement
from veriport.domain.rules.base import Rule
from veriport.domain.rules.tables import RowCount
from veriport.domain.rules.values import NotNull
from veriport.domain.validators import function, seconds
from veriport.ports.engines import AsyncEngine, Engine, Request, SupportsLifecycle, Table
from veriport.ports.errors import DeadlineExceeded, TransientError

if TYPE_CHECKING:
    from types import TracebackType


@define(eq=False)
class ManagedEngine(AroundEngine):
    """An engine with a life: it is started once, and refuses to open data unless it is running.

    ``start`` and ``stop`` call those of the engine, if it has them (``SupportsLifecycle``). Both may be
    called again and do nothing then. ``stop`` lets checks that are running come to their end, for up to
    ``grace_seconds``. In a ``with`` block it is started and stopped. Keeps all abilities of the tables.
    """

    engine: Engine = field(converter=engine_of)
    grace_seconds: float = field(default=30.0, validator=seconds, kw_only=True)
    _state: EngineState = field(default=EngineState.CREATED, init=False, repr=False)
    _open: int = field(default=0, init=False, repr=False)
    _changed: threading.Condition = field(factory=threading.Condition, init=False, repr=False)
    _changing: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    @property
    def state(self) -> EngineState:
        """Where its life is."""
        return self._state

    def start(self) -> Self:  # type: ignore[override]  # itself, to go on with
        """Start it; nothing if it is running. Raises what the engine raises, and is ``failed`` then."""
        with self._changing:
            if self._state is not EngineState.RUNNING:
                self._step(LifeEvent.START)
                self._do("start", LifeEvent.STARTED)
        return self

    def stop(self) -> None:
        """Stop it; nothing if it is stopped. Raises what the engine raises, and is ``failed`` then."""
        with self._changing:
            if self._state is EngineState.STOPPED:
                return
            self._step(LifeEvent.STOP)
            with self._changed:
                self._changed.wait_for(lambda: self._open == 0, self.grace_seconds)
            self._do("stop", LifeEvent.STOPPED)

    def _do(self, verb: str, done: LifeEvent) -> None:
        try:
            if isinstance(self.engine, SupportsLifecycle):
                getattr(self.engine, verb)()
        except BaseException:
            self._step(LifeEvent.FAIL)
            raise
        self._step(done)

    def _step(self, event: LifeEvent) -> None:
        with self._changed:
            match step(self._state, event):
                case Success(state):
                    self._state = state
                case Failure(why):
                    raise ConfigurationError(f"{self.name}: {why}")

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Table]:
        """Open data while it is running. Raises ``ConfigurationError`` in every other state."""
        with self._changed:
            if self._state is not EngineState.RUNNING:
                hint = ": start it first" if self._state is EngineState.CREATED else ""
                raise ConfigurationError(f"the engine {self.name} is {self._state.value}, not running{hint}")
            self._open += 1
        try:
            with self.engine.open(dataset) as table:
                yield table
        finally:
            with self._changed:
                self._open -= 1
                self._changed.notify_all()

    def __enter__(self) -> Self:
        """Start it."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.stop()


class EngineLifecycleManager:
    """Starts several engines in their order and stops them in the reverse one.

    Where one cannot be started, those before it are stopped again. All are stopped even if one cannot be;
    then ``StopError`` names those. In a ``with`` block they are started and stopped.
    """

    def __init__(self, engines: Sequence[Engine | AsyncEngine], *, grace_seconds: float = 30.0) -> None:
        self.engines = tuple(
            each if isinstance(each, ManagedEngine) else ManagedEngine(each, grace_seconds=grace_seconds)
            for each in engines_of(engines)
        )

    @property
    def states(self) -> Mapping[str, EngineState]:
        """The state of each engine by its name; the second one of a name is ``name (2)``."""
        states: dict[str, EngineState] = {}
        for each in self.engines:
            names = (f"{each.name} ({number})" if number > 1 else each.name for number in count(1))
            states[next(name for name in names if name not in states)] = each.state
        return states

    def start(self) -> Self:
        """Start all. Raises what the first raises that cannot be started."""
        start_all(self.engines)
        return self

    def stop(self) -> None:
        """Stop all, the last first. Raises ``StopError`` after all were tried."""
        stop_all(self.engines)

    def __enter__(self) -> Self:
        """Start all."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop all."""
        self.stop()


@frozen(kw_only=True)
class Health:
    """Whether an engine measures; ``reason`` says why not."""

    engine: str
    healthy: bool
    seconds: float
    reason: str = ""


@frozen
class EngineHealthChecker:
    """Finds out whether engines measure, by having each count the rows of a small data set, the ``probe``,
    and the nulls of its first column.

    By default that is a Polars frame of one row, which has to be counted right. An engine that evaluates
    neither is not healthy, nor is one that breaks, or that takes longer than ``timeout_seconds``, which is
    left behind.
    """  # noqa: D205  # one sentence

    probe: Dataset | None = None
    timeout_seconds: float = field(default=10.0, validator=seconds, kw_only=True)
    monotonic: Callable[[], float] = field(default=time.monotonic, validator=function, kw_only=True)

    def check(self, engine: Engine | AsyncEngine) -> Health:
        """How the engine is; raises nothing."""
        started = self.monotonic()
        task = Task(job=lambda: self._measure(made_synchronous(engine)), label=engine.name)
        try:
            Crew[Callable[[], None], None](_Probing, 1, self.timeout_seconds).do([task])
        except DeadlineExceeded:
            reason = f"it did not answer in {self.timeout_seconds:g} s"
        except Trouble as trouble:
            reason = str(trouble.error) or type(trouble.error).__name__
        else:
            reason = ""
        took = self.monotonic() - started
        return Health(engine=engine.name, healthy=not reason, seconds=took, reason=reason)

    def _measure(self, engine: Engine) -> None:
        with engine.open(self.probe or _one_row()) as table:
            rules: list[Rule] = [RowCount(id="rows", min=0)]
            rules += [NotNull(id="nulls", column=column.name) for column in table.columns[:1]]
            found = table.measure(Request(rules=tuple(rules)))
        if len(found.outcomes) != len(rules):
            raise TransientError(f"it gave {len(found.outcomes)} outcomes for {len(rules)} rules")
        for each in found.outcomes:
            if isinstance(each, Broken):
                raise TransientError(each.reason)
        untold = [each.reason for each in found.outcomes if not isinstance(each, Measurement)]
        if len(untold) == len(rules):
            raise TransientError(untold[0])
        if self.probe is None and found.row_count != 1:
            raise TransientError(f"it counts {found.row_count:,} rows of 1")


def _one_row() -> Handle:
    import polars as pl  # noqa: PLC0415  # imported on use

    return Handle(pl.DataFrame({"x": [1]}))


class _Probing:
    """Does what it is given; nothing stops it."""

    def __call__(self, job: Callable[[], None]) -> None:
        """Do it."""
        job()

    def stop(self) -> None:
        """It is left behind."""

    def close(self) -> None:
        """Nothing is held."""
