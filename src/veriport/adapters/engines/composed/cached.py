"""An engine that remembers what it measured, as long as the data is the same."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial

from attrs import evolve, field, frozen

from veriport.adapters.engines.composed.fingerprints import Fingerprint, fingerprint_of
from veriport.adapters.engines.composed.memories import Memory
from veriport.adapters.engines.composed.wrapping import ABILITIES, AroundEngine, Cancelled, engine_of
from veriport.domain.datasets import Dataset
from veriport.domain.measurements import Measured
from veriport.domain.rules.base import Rule
from veriport.domain.rules.native import Native
from veriport.domain.rules.references import WithReference
from veriport.domain.rules.times import Freshness, NotFuture, NotPast
from veriport.domain.types import Column
from veriport.domain.validators import at_least, seconds, yes_or_no
from veriport.ports.clocks import Clock
from veriport.ports.engines import Engine, Request, Table
from veriport.ports.errors import TransientError

#: A file that was changed so short a time ago may be changed again without looking different.
SETTLED = timedelta(seconds=0.1)


@frozen(kw_only=True)
class CachedEngine(AroundEngine):
    """Remembers what was measured on data that can be told to be the same, see ``fingerprint_of``.

    At most ``most`` answers are kept, each for ``ttl_seconds``. Checks of the same rules on the same data at
    the same time measure once; where the one that does is cancelled or late, the next one measures. What
    changes while it is measured, or was changed just before, is not kept; what an exception ends neither.
    Rules about the present are remembered for their moment alone, native ones not at all, and a rule that
    refers to other data is remembered while that is the same, too.

    With ``frames`` also frames in memory are known again, which then must not be changed where they stand.
    Keeps all abilities of the engine; what they give is not remembered.
    """

    engine: Engine = field(converter=engine_of, kw_only=False)
    clock: Clock
    ttl_seconds: float = field(default=3600.0, validator=seconds)
    most: int = field(default=256, validator=at_least(1))
    frames: bool = field(default=False, validator=yes_or_no)
    _memory: Memory = field(init=False, eq=False, repr=False)

    @_memory.default
    def _empty(self) -> Memory:
        return Memory(self.most, self.ttl_seconds, self.clock.monotonic)

    def clear(self) -> None:
        """Forget everything."""
        self._memory.clear()

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Table]:
        """Open the data when something is asked of it that is not remembered."""
        fingerprint = self.settled(dataset)
        if fingerprint is None:
            with self.engine.open(dataset) as table:
                yield table
            return
        with ExitStack() as stack:
            yield _CachedTable(self, self._memory, dataset, fingerprint, stack)

    def settled(self, dataset: Dataset) -> Fingerprint | None:
        """The fingerprint of data that would look different if it were changed now."""
        found = fingerprint_of(dataset, frames=self.frames)
        if found is None or (found.changed is not None and found.changed > self.clock.now() - SETTLED):
            return None
        return found


@frozen
class _Shape:
    """What is known of a table without opening it."""

    columns: tuple[Column, ...]
    abilities: tuple[str, ...]


class _CachedTable:
    """A table that is opened when it has to be."""

    def __init__(
        self, engine: CachedEngine, memory: Memory, dataset: Dataset, known: Fingerprint, stack: ExitStack
    ) -> None:
        self._engine, self._memory, self._dataset = engine, memory, dataset
        self._known, self._stack = known, stack
        self._table: Table | None = None
        self._lock = threading.Lock()
        self._shape = self._shape_of()
        for name in self._shape.abilities:
            setattr(self, name, partial(self._call, name))
        self._cancelled = Cancelled(self, self._to_cancel)

    @property
    def columns(self) -> tuple[Column, ...]:
        """See ``veriport.ports.engines.Table``."""
        return self._shape.columns

    def measure(self, request: Request) -> Measured:
        """See ``veriport.ports.engines.Table``."""
        self._cancelled.begin()
        key = self._key(request)
        if key is None:
            return self._asked(request)
        return self._memory.once(key, lambda: self._measured(key, request), self._cancelled)

    def _measured(self, key: Hashable, request: Request) -> tuple[Measured, bool]:
        found = self._asked(request)
        return found, self._key(request) == key and self._is_same()

    def _asked(self, request: Request) -> Measured:
        table = self._opened()
        if self._cancelled():
            raise TransientError("the measurement was cancelled")
        return table.measure(request)

    def _to_cancel(self) -> tuple[Table, ...]:
        """The table, if it was opened; and whoever waits for another one waits no longer."""
        self._memory.wake()
        return () if self._table is None else (self._table,)

    def _is_same(self) -> bool:
        return self._engine.settled(self._dataset) == self._known

    def _key(self, request: Request) -> Hashable | None:
        """What an answer depends on; ``None`` where that is not known."""
        if any(isinstance(rule, Native) for rule in request.rules):
            return None
        others = [
            self._engine.settled(each.other) for each in request.rules if isinstance(each, WithReference)
        ]
        if None in others:
            return None
        present = any(isinstance(rule, Freshness | NotFuture | NotPast) for rule in request.rules)
        asked = request if present else evolve(request, now=_ANY_TIME)
        return self._known, asked, _sorts(request.rules), tuple(others)

    def _shape_of(self) -> _Shape:
        key = (self._known, "shape")
        if (known := self._memory.get(key)) is not None:
            return known  # type: ignore[no-any-return]  # what is kept under this key
        table = self._opened()
        abilities = tuple(name for name in ABILITIES if callable(getattr(table, name, None)))
        shape = _Shape(table.columns, abilities)
        if self._is_same():
            self._memory.put(key, shape)
        return shape

    def _opened(self) -> Table:
        with self._lock:
            if self._table is None:
                self._table = self._stack.enter_context(self._engine.engine.open(self._dataset))
            return self._table

    def _call(self, ability: str, *arguments: object) -> object:
        return getattr(self._opened(), ability)(*arguments)


_ANY_TIME = Request().now


def _sorts(rules: tuple[Rule, ...]) -> str:
    """What tells ``1`` from ``True`` and ``1.0`` where rules that hold them are equal."""
    return repr(rules)
