"""What wrappers of engines have in common: a table around another one, and engines that are sound."""

from __future__ import annotations

import inspect
import math
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from veriport.domain.errors import ConfigurationError, shown
from veriport.domain.measurements import Measured
from veriport.domain.rules.base import Rule
from veriport.domain.types import Column
from veriport.ports.engines import (
    Engine,
    Request,
    SupportsCancel,
    SupportsLifecycle,
    Table,
    is_engine,
    own_rules_of,
)
from veriport.ports.errors import PortError

#: What some tables can do besides measuring, by the methods that ``veriport.ports.engines`` asks for.
ABILITIES = ("profile", "learn", "split", "cancel")


class Around:
    """A table around another one. It measures as that one does and has its abilities, those of ``kept``.

    The abilities are attributes of the object, since ``isinstance`` with a Protocol looks for those.
    """

    def __init__(self, inner: Table, kept: Iterable[str] = ABILITIES) -> None:
        self.inner = inner
        for name in kept:
            if callable(method := getattr(inner, name, None)):
                setattr(self, name, method)

    @property
    def columns(self) -> tuple[Column, ...]:
        """See ``veriport.ports.engines.Table``."""
        return self.inner.columns

    def measure(self, request: Request) -> Measured:
        """See ``veriport.ports.engines.Table``."""
        return self.inner.measure(request)


class Cancelled:
    """Whether a table over others was cancelled while it measured, so that it asks none again.

    Where ``table`` has ``cancel``, it cancels the ``tables`` that it is over at that time.
    """

    def __init__(self, table: object, tables: Callable[[], Iterable[Table]]) -> None:
        self._tables = tables
        self._flag = threading.Event()
        if hasattr(table, "cancel"):
            table.cancel = self._cancel

    def begin(self) -> None:
        """What was cancelled before is over."""
        self._flag.clear()

    def __call__(self) -> bool:
        """Whether it was, since ``begin``."""
        return self._flag.is_set()

    def _cancel(self) -> None:
        self._flag.set()
        for table in self._tables():
            if isinstance(table, SupportsCancel):
                table.cancel()


class _HasEngine(Protocol):
    @property
    def engine(self) -> Engine: ...


class AroundEngine:
    """What an engine around another one says of that: its name, the rules that it brings, and its life."""

    __slots__ = ()

    @property
    def name(self: _HasEngine) -> str:
        """That of the engine."""
        return self.engine.name

    @property
    def own_rules(self: _HasEngine) -> tuple[Rule, ...]:
        """Those of the engine."""
        return rules_of_all([self.engine])

    def start(self: _HasEngine) -> None:
        """Start the engine, if it has a life: see ``veriport.ports.engines.SupportsLifecycle``."""
        if isinstance(self.engine, SupportsLifecycle):
            self.engine.start()

    def stop(self: _HasEngine) -> None:
        """Stop the engine, if it has a life."""
        if isinstance(self.engine, SupportsLifecycle):
            self.engine.stop()


class _HasEngines(Protocol):
    @property
    def engines(self) -> Sequence[Engine]: ...


class AroundEngines:
    """What an engine that is made of several says of those: the rules that they bring, and their lives."""

    __slots__ = ()

    @property
    def own_rules(self: _HasEngines) -> tuple[Rule, ...]:
        """The rules that any of the engines brings."""
        return rules_of_all(self.engines)

    def start(self: _HasEngines) -> None:
        """Start the engines that have a life, see ``start_all``."""
        start_all(self.engines)

    def stop(self: _HasEngines) -> None:
        """Stop the engines that have a life, see ``stop_all``."""
        stop_all(self.engines)


class StopError(PortError):
    """Engines that could not be stopped; the text names each with its reason."""


def start_all(engines: Sequence[Engine]) -> None:
    """Start engines in their order. Raises what the first raises that cannot be; those before are stopped."""
    started: list[Engine] = []
    try:
        for each in _living(engines):
            each.start()
            started.append(each)
    except BaseException as error:
        for why in _stopped(started):
            error.add_note(why)
        raise


def stop_all(engines: Sequence[Engine]) -> None:
    """Stop engines, the last first. Raises ``StopError`` after all were tried."""
    if failed := _stopped(engines):
        raise StopError("; ".join(failed))


def _stopped(engines: Sequence[Engine]) -> list[str]:
    """Stop each, the last first; the reasons of those that could not be."""
    failed = []
    for each in reversed(_living(engines)):
        try:
            each.stop()
        except Exception as error:  # noqa: BLE001  # the others are stopped, whatever this one raises
            failed.append(f"{each.name} could not be stopped: {error}")
    return failed


class _Living(Engine, SupportsLifecycle, Protocol):
    """An engine with a life."""


def _living(engines: Sequence[Engine]) -> list[_Living]:
    """Those that have a life; one that stands in two places has one."""
    once = {id(each): each for each in engines}.values()
    return [each for each in once if isinstance(each, SupportsLifecycle)]


def rules_of_all(engines: Iterable[Engine]) -> tuple[Rule, ...]:
    """The rules that engines bring, each once."""
    return tuple(dict.fromkeys(rule for each in engines for rule in own_rules_of(each)))


def engines_of(value: object) -> tuple[Engine, ...]:
    """A list of one engine or more, see ``engine_of``. Raises ``ConfigurationError`` for anything else."""
    listed = tuple(value) if isinstance(value, list | tuple) else ()
    if not listed:
        raise ConfigurationError(f"engines must be a list of one engine or more, not {shown(value)}")
    return tuple(map(engine_of, listed))


def engine_of(value: object) -> Engine:
    """One engine, made already, as the core uses it. Raises ``ConfigurationError`` for anything else."""
    if not is_engine(value):
        raise ConfigurationError(f"{shown(value)} is not an engine: it needs 'name' and 'open(dataset)'")
    return made_synchronous(value)


def made_synchronous(engine: Any) -> Engine:  # noqa: ANN401  # an engine of either kind
    """An engine as the synchronous core uses it: one of ``async def``s is wrapped."""
    opening = inspect.unwrap(engine.open) if callable(getattr(engine, "open", None)) else None
    if not (inspect.iscoroutinefunction(opening) or inspect.isasyncgenfunction(opening)):
        return engine  # type: ignore[no-any-return]  # who uses it says what is wrong with it
    from veriport.adapters.engines.composed.asynchronous import SynchronousEngine  # noqa: PLC0415  # on use

    return SynchronousEngine(engine)


def names_of(engines: Sequence[Engine]) -> str:
    """Engines as the name of what is made of them shows them."""
    return ", ".join(each.name for each in engines)


def numbers_for(option: str, numbers: Sequence[float], engines: Sequence[Engine]) -> None:
    """Raise ``ConfigurationError`` unless there is a number from 0 for each engine, and one above it."""
    if len(numbers) != len(engines) or not all(map(_is_number, numbers)) or not any(numbers):
        wanted = f"{len(engines)} numbers from 0, one an engine and not all 0"
        raise ConfigurationError(f"{option} must be {wanted}, not {shown(numbers)}")


def numbers_of(option: str, value: object) -> tuple[float, ...]:
    """A list of numbers; which ones is for ``numbers_for``. Raises ``ConfigurationError`` for no list."""
    if not isinstance(value, Iterable) or isinstance(value, str | bytes | Mapping):
        raise ConfigurationError(f"{option} must be a list of numbers, not {shown(value)}")
    return tuple(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf
