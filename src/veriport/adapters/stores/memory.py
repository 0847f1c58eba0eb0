"""Records in the memory of this process: the reference, and the test double. They die with it."""

from __future__ import annotations

import bisect
import itertools
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from attrs import evolve
from returns.result import Failure, Result, Success

from veriport.adapters.stores.sound import refuse_unsound
from veriport.domain.records import Change, Check, Conflict, Delete, Put, Record, holds, micros
from veriport.ports.clocks import Clock


class MemoryStateStore:
    """Keeps records in a dictionary. Time is that of ``clock``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._records: dict[str, Record] = {}
        self._keys: list[tuple[bytes, str]] = []
        self._due: dict[str, list[tuple[int, bytes, str]]] = {}
        self._expiring: list[tuple[int, str]] = []
        self._revisions = itertools.count(1)

    volatile = True  #: see ``Volatile``

    def now(self) -> datetime:
        """See ``StateStore``."""
        return self._clock.now()

    def get(self, key: str) -> Record | None:
        """See ``StateStore``."""
        with self._lock:
            return self._living(key, self.now())

    def scan(
        self, prefix: str, *, after: str = "", limit: int = 1000, reverse: bool = False
    ) -> tuple[Record, ...]:
        """See ``StateStore``."""
        with self._lock:
            now = self.now()
            living = (
                record for key in self._range(prefix, after, reverse) if (record := self._living(key, now))
            )
            return tuple(itertools.islice(living, limit))

    def commit(self, changes: Sequence[Change]) -> Result[int, Conflict]:
        """See ``StateStore``."""
        refuse_unsound(changes)
        with self._lock:
            now = self.now()
            for change in changes:
                if not holds(change.guard, self._living(change.key, now)):
                    return Failure(Conflict(change.key))
            if not changes:
                return Success(0)
            revision = next(self._revisions)
            for change in changes:
                self._carry_out(change, revision, now)
            return Success(revision)

    def take(self, key: str, lease_seconds: float) -> Record | None:
        """See ``StateStore``."""
        with self._lock:
            now = self.now()
            record = self._living(key, now)
            due = record is not None and record.due_at is not None and record.due_at <= now
            return self._claimed(record, now, lease_seconds) if record is not None and due else None

    def close(self) -> None:
        """See ``StateStore``: there is no connection, and nothing is forgotten."""

    def claim(self, queue: str, limit: int, lease_seconds: float) -> tuple[Record, ...]:
        """See ``SupportsQueues``."""
        with self._lock:
            now = self.now()
            due = itertools.takewhile(lambda each: each[0] <= micros(now), tuple(self._due.get(queue, ())))
            living = (record for *_, key in due if (record := self._living(key, now)))
            return tuple(
                self._claimed(record, now, lease_seconds) for record in itertools.islice(living, limit)
            )

    def purge(self, limit: int) -> int:
        """See ``SupportsQueues``."""
        with self._lock:
            now = micros(self.now())
            over = itertools.takewhile(lambda each: each[0] <= now, tuple(self._expiring[:limit]))
            expired = [key for _, key in over]
            for key in expired:
                self._remove(key)
            return len(expired)

    def _living(self, key: str, now: datetime) -> Record | None:
        record = self._records.get(key)
        gone = record is None or (record.expires_at is not None and record.expires_at <= now)
        return None if gone else record

    def _range(self, prefix: str, after: str, reverse: bool) -> Iterator[str]:  # noqa: FBT001  # as ``scan`` has it
        """The keys that begin with ``prefix``, beyond ``after``."""
        start = prefix.encode(errors="surrogatepass")
        if reverse:
            end = bisect.bisect_left(self._keys, (after.encode(), "")) if after else len(self._keys)
            ordered: Iterator[tuple[bytes, str]] = (self._keys[place] for place in range(end - 1, -1, -1))
            ordered = itertools.dropwhile(
                lambda each: each[0] > start and not each[0].startswith(start), ordered
            )
        else:
            first = max(start, after.encode() + b"\0") if after else start
            begin = bisect.bisect_left(self._keys, (first, ""))
            ordered = (self._keys[place] for place in range(begin, len(self._keys)))
        return (key for _, key in itertools.takewhile(lambda each: each[0].startswith(start), ordered))

    def _carry_out(self, change: Change, revision: int, now: datetime) -> None:
        match change:
            case Put():
                before = self._living(change.key, now)
                self._set(
                    Record(
                        key=change.key,
                        value=bytes(change.value),
                        revision=revision,
                        queue=change.queue,
                        due_at=change.due_at,
                        claims=before.claims if before else 0,
                        fence=before.fence if before else 0,
                        expires_at=change.expires_at,
                    )
                )
            case Delete():
                self._remove(change.key)
            case Check():
                pass

    def _claimed(self, record: Record, now: datetime, lease_seconds: float) -> Record:
        revision = next(self._revisions)
        claimed = evolve(
            record,
            revision=revision,
            fence=revision,
            claims=record.claims + 1,
            due_at=now + timedelta(seconds=lease_seconds),
        )
        self._set(claimed)
        return claimed

    def _set(self, record: Record) -> None:
        self._remove(record.key)
        self._records[record.key] = record
        bisect.insort(self._keys, (record.key.encode(), record.key))
        if record.due_at is not None:
            due = self._due.setdefault(record.queue, [])
            bisect.insort(due, (micros(record.due_at), record.key.encode(), record.key))
        if record.expires_at is not None:
            bisect.insort(self._expiring, (micros(record.expires_at), record.key))

    def _remove(self, key: str) -> None:
        record = self._records.pop(key, None)
        if record is None:
            return
        del self._keys[bisect.bisect_left(self._keys, (key.encode(), key))]
        if record.due_at is not None:
            due = self._due[record.queue]
            del due[bisect.bisect_left(due, (micros(record.due_at), key.encode(), key))]
        if record.expires_at is not None:
            del self._expiring[bisect.bisect_left(self._expiring, (micros(record.expires_at), key))]
