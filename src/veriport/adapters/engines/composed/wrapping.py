"""What wrappers of engines have in common: a table around another one, and engines that are sound."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from veriport.domain.errors import ConfigurationError, shown
from veriport.domain.measurements import Measured
from veriport.domain.rules.base import Rule
from veriport.domain.types import Column
from veriport.ports.engines import Engine, Request, SupportsCancel, Table, is_engine, own_rules_of

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
    """What an engine around another one says of that: its name, and the rules that it brings."""

    __slots__ = ()

    @property
    def name(self: _HasEngine) -> str:
        """That of the engine."""
        return self.engine.name

    @property
    def own_rules(self: _HasEngine) -> tuple[Rule, ...]:
        """Those of the engine."""
        return rules_of_all([self.engine])


def rules_of_all(engines: Iterable[Engine]) -> tuple[Rule, ...]:
    """The rules that engines bring, each once."""
    return tuple(dict.fromkeys(rule for each in engines for rule in own_rules_of(each)))


def engines_of(value: object) -> tuple[Engine, ...]:
    """A list of one engine or more. Raises ``ConfigurationError`` for anything else."""
    listed = tuple(value) if isinstance(value, list | tuple) else ()
    if not listed:
        raise ConfigurationError(f"engines must be a list of one engine or more, not {shown(value)}")
    for each in listed:
        engine_of(each)
    return listed


def engine_of(value: object) -> Engine:
    """One engine, made already. Raises ``ConfigurationError`` for anything else."""
    if not is_engine(value):
        raise ConfigurationError(f"{shown(value)} is not an engine: it needs 'name' and 'open(dataset)'")
    return value  # type: ignore[return-value]  # it fits by structure


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
