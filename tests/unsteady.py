"""A store that can be away and can lose its answers, as one on a server does."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime

from attrs import define, field
from returns.result import Result

from veriport.adapters.stores.memory import MemoryStateStore
from veriport.domain.records import Change, Conflict, Record
from veriport.ports.errors import TransientError


@define(eq=False)
class UnsteadyStore:
    """The next ``away`` commits are not carried out, the answers of the next ``lost`` ones are lost."""

    inner: MemoryStateStore
    away: int = 0
    lost: int = 0
    commits: int = 0
    closed: int = 0
    arrived: threading.Event = field(factory=threading.Event)  #: set by every commit

    def now(self) -> datetime:
        """See ``StateStore``."""
        return self.inner.now()

    def get(self, key: str) -> Record | None:
        """See ``StateStore``."""
        return self.inner.get(key)

    def scan(
        self, prefix: str, *, after: str = "", limit: int = 1000, reverse: bool = False
    ) -> tuple[Record, ...]:
        """See ``StateStore``."""
        return self.inner.scan(prefix, after=after, limit=limit, reverse=reverse)

    def commit(self, changes: Sequence[Change]) -> Result[int, Conflict]:
        """See ``StateStore``."""
        try:
            return self._commit(changes)
        finally:
            self.commits += 1
            self.arrived.set()

    def _commit(self, changes: Sequence[Change]) -> Result[int, Conflict]:
        if self.away:
            self.away -= 1
            raise TransientError("the store is away")
        done = self.inner.commit(changes)
        if self.lost:
            self.lost -= 1
            raise TransientError("the answer was lost")
        return done

    def take(self, key: str, lease_seconds: float) -> Record | None:
        """See ``StateStore``."""
        return self.inner.take(key, lease_seconds)

    def close(self) -> None:
        """See ``StateStore``."""
        self.closed += 1

    def next_commit(self) -> None:
        """Wait for one that is yet to come."""
        self.arrived.clear()
        assert self.arrived.wait(10)
