"""A store that tells telemetry what is asked of it, how long that takes and how it fails."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import field, frozen
from returns.result import Result

from veriport.adapters.stores.wrapping import Wrapper
from veriport.domain.records import Change, Conflict, Record
from veriport.ports.stores import StateStore, SupportsQueues
from veriport.ports.telemetry import Telemetry


@frozen(eq=False)
class MeasuredStateStore(Wrapper):
    """The records of ``inner``, with a span for each verb: ``store.get``, ``store.commit`` and so on.

    An exception ends its span. A guard that did not hold is the event ``store.conflict``; how many records
    were claimed or removed, if any, says ``store.claimed`` or ``store.purged``. Made by ``measured``.
    """

    telemetry: Telemetry = field(repr=False)

    def now(self) -> datetime:
        """See ``StateStore``."""
        with self.telemetry.span("store.now"):
            return self.inner.now()

    def get(self, key: str) -> Record | None:
        """See ``StateStore``."""
        with self.telemetry.span("store.get"):
            return self.inner.get(key)

    def scan(
        self, prefix: str, *, after: str = "", limit: int = 1000, reverse: bool = False
    ) -> tuple[Record, ...]:
        """See ``StateStore``."""
        with self.telemetry.span("store.scan", limit=limit):
            return self.inner.scan(prefix, after=after, limit=limit, reverse=reverse)

    def commit(self, changes: Sequence[Change]) -> Result[int, Conflict]:
        """See ``StateStore``."""
        with self.telemetry.span("store.commit", changes=len(changes)):
            done = self.inner.commit(changes)
        return done.alt(self._told)

    def take(self, key: str, lease_seconds: float) -> Record | None:
        """See ``StateStore``."""
        with self.telemetry.span("store.take"):
            return self.inner.take(key, lease_seconds)

    def _told(self, conflict: Conflict) -> Conflict:
        self.telemetry.event("store.conflict", key=conflict.key)
        return conflict


@frozen(eq=False)
class _WithQueues(MeasuredStateStore):
    def claim(self, queue: str, limit: int, lease_seconds: float) -> tuple[Record, ...]:
        """See ``SupportsQueues``."""
        with self.telemetry.span("store.claim", queue=queue, limit=limit):
            claimed = self.queues.claim(queue, limit, lease_seconds)
        if claimed:
            self.telemetry.event("store.claimed", queue=queue, records=len(claimed))
        return claimed

    def purge(self, limit: int) -> int:
        """See ``SupportsQueues``."""
        with self.telemetry.span("store.purge", limit=limit):
            removed = self.queues.purge(limit)
        if removed:
            self.telemetry.event("store.purged", records=removed)
        return removed


def measured(inner: StateStore, telemetry: Telemetry) -> MeasuredStateStore:
    """The store ``inner``, measured; it finds due work if ``inner`` does."""
    cls = _WithQueues if isinstance(inner, SupportsQueues) else MeasuredStateStore
    return cls(inner, telemetry)
