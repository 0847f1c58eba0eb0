"""Engines that are started before and stopped after they are used, alone and several together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from attrs import frozen
from returns.result import Failure, Success

from veriport.adapters.engines.composed.crews import Crew, Task, Trouble
from veriport.adapters.engines.composed.wrapping import AroundEngine, engine_of, engines_of
from veriport.domain.datasets import Dataset, Handle
from veriport.domain.errors import ConfigurationError
from veriport.domain.lifecycle import EngineState, LifeEvent, step
from veriport.domain.rules.tables import RowCount
from veriport.ports.engines import Engine, Request, SupportsLifecycle, Table
from veriport.ports.errors import DeadlineExceeded, PortError, TransientError

if TYPE_CHECKING:
    from types import TracebackType


class ManagedEngine(AroundEngine):
    """An engine with a life: it is started once, and refuses to open data unless it is running.

    ``start`` and ``stop`` call those of the engine, if it has them (``SupportsLifecycle``). Both may be
    called again and do nothing then. ``stop`` lets checks that are running come to their end, for up to
    ``grace_seconds``. In a ``with`` block it is started and stopped. Keeps all abilities of the tables.
    """

    def __init__(self, engine: Engine, *, grace_seconds: float = 30.0) -> None:
        self.engine = engine_of(engine)
        self._grace = grace_seconds
        self._state = EngineState.CREATED
        self._open = 0
        self._changed = threading.Condition()
        self._changing = threading.Lock()

    @property
    def state(self) -> EngineState:
        """Where its life is."""
        return self._state

    def start(self) -> Self:
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
                self._changed.wait_for(lambda: self._open == 0, self._grace)
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


class StopError(PortError):
    """Engines that could not be stopped; the text names each with its reason."""


class EngineLifecycleManager:
    """Starts several engines in their order and stops them in the reverse one.

    Where one cannot be started, those before it are stopped again. All are stopped even if one cannot be;
    then ``StopError`` names those. In a ``with`` block they are started and stopped.
    """

    def __init__(self, engines: Sequence[Engine], *, grace_seconds: float = 30.0) -> None:
        self.engines = tuple(
            each if isinstance(each, ManagedEngine) else ManagedEngine(each, grace_seconds=grace_seconds)
            for each in engines_of(engines)
        )

    @property
    def states(self) -> dict[str, EngineState]:
        """The state of each engine by its name."""
        return {each.name: each.state for each in self.engines}

    def start(self) -> Self:
        """Start all. Raises what the first raises that cannot be started."""
        started: list[ManagedEngine] = []
        try:
            for each in self.engines:
                each.start()
                started.append(each)
        except BaseException as error:
            for why in _stopped(reversed(started)):
                error.add_note(why)
            raise
        return self

    def stop(self) -> None:
        """Stop all, the last first. Raises ``StopError`` after all were tried."""
        if failed := _stopped(reversed(self.engines)):
            raise StopError("; ".join(failed))

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


def _stopped(engines: Iterator[ManagedEngine]) -> list[str]:
    """Stop each; the reasons of those that could not be."""
    failed = []
    for each in engines:
        try:
            each.stop()
        except Exception as error:  # noqa: BLE001  # the others are stopped, whatever this one raises
            failed.append(f"{each.name} could not be stopped: {error}")
    return failed


@frozen(kw_only=True)
class Health:
    """Whether an engine measures; ``reason`` says why not."""

    engine: str
    healthy: bool
    seconds: float
    reason: str = ""


class EngineHealthChecker:
    """Finds out whether engines measure, by having each count the rows of a small data set, the ``probe``.

    By default that is a Polars frame of one row. An engine that takes longer than ``timeout_seconds`` is not
    healthy, and is left behind.
    """

    def __init__(
        self,
        probe: Dataset | None = None,
        *,
        timeout_seconds: float = 10.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._probe, self._timeout, self._monotonic = probe, timeout_seconds, monotonic

    def check(self, engine: Engine) -> Health:
        """How the engine is; raises nothing."""
        started = self._monotonic()
        task = Task(job=lambda: self._measure(engine), label=engine.name)
        try:
            Crew[Callable[[], None], None](_Probing, 1, self._timeout).do([task])
        except DeadlineExceeded:
            reason = f"it did not answer in {self._timeout:g} s"
        except Trouble as trouble:
            reason = str(trouble.error) or type(trouble.error).__name__
        else:
            reason = ""
        seconds = self._monotonic() - started
        return Health(engine=engine.name, healthy=not reason, seconds=seconds, reason=reason)

    def _measure(self, engine: Engine) -> None:
        with engine.open(self._probe or _one_row()) as table:
            found = table.measure(Request(rules=(RowCount(id="probe", min=0),)))
        if len(found.outcomes) != 1:
            raise TransientError("it gave no outcome")


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
