"""What stores around another store have in common."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from attrs import frozen
from returns.result import Result

from veriport.adapters.stores.sound import refuse_unsound
from veriport.domain.records import Change, Conflict, Record, key_fault
from veriport.ports.errors import PermanentError
from veriport.ports.stores import StateStore, SupportsQueues, forgets


@frozen(eq=False)
class Wrapper:
    """A store around ``inner``, which it lets go of, too, and whose time it has."""

    inner: StateStore

    @property
    def volatile(self) -> bool:
        """See ``Volatile``."""
        return forgets(self.inner)

    @property
    def queues(self) -> SupportsQueues:
        """``inner``, where it finds the work that is due."""
        return cast("SupportsQueues", self.inner)

    def now(self) -> datetime:
        """See ``StateStore``."""
        return self.inner.now()

    def close(self) -> None:
        """See ``StateStore``."""
        self.inner.close()


@frozen(eq=False)
class Translator(Wrapper):
    """Says everything in other words to ``inner``: override what differs of keys, changes and records."""

    def get(self, key: str) -> Record | None:
        """See ``StateStore``."""
        return self._translated(self.inner.get(self.inner_key(key)))

    def scan(
        self, prefix: str, *, after: str = "", limit: int = 1000, reverse: bool = False
    ) -> tuple[Record, ...]:
        """See ``StateStore``."""
        beyond = self.inner_text(after) if after else ""
        found = self.inner.scan(self.inner_text(prefix), after=beyond, limit=limit, reverse=reverse)
        return tuple(self.outward(record) for record in found)

    def commit(self, changes: Sequence[Change]) -> Result[int, Conflict]:
        """See ``StateStore``."""
        refuse_unsound(changes)
        done = self.inner.commit([self.inward(change) for change in changes])
        return done.alt(lambda conflict: Conflict(self.outer_key(conflict.key)))

    def take(self, key: str, lease_seconds: float) -> Record | None:
        """See ``StateStore``."""
        return self._translated(self.inner.take(self.inner_key(key), lease_seconds))

    def inner_text(self, text: str) -> str:
        """What ``inner`` calls a key, or the beginning of one."""
        return text

    def inner_key(self, key: str) -> str:
        """What ``inner`` calls a key. ``PermanentError`` if it is none."""
        if fault := key_fault(key):
            raise PermanentError(fault)
        return self.inner_text(key)

    def outer_key(self, key: str) -> str:
        """What we call a key of ``inner``."""
        return key

    def inward(self, change: Change) -> Change:
        """A sound change as ``inner`` is told of it. ``PermanentError`` if it cannot be."""
        return change

    def outward(self, record: Record) -> Record:
        """A record of ``inner`` as we give it."""
        return record

    def _translated(self, record: Record | None) -> Record | None:
        return None if record is None else self.outward(record)
