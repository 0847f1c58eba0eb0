"""The state store port: where everything is that must survive a crash (D7, ADR 0010)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from returns.result import Result

from veriport.domain.records import Change, Conflict, Record


class StateStore(Protocol):
    """Keeps records, and changes several of them together or none.

    A key is text of 1 to 512 bytes of UTF-8 without a null character; a value is at most 64 KiB.
    Anything else raises ``PermanentError`` and changes nothing.

    A revision is a positive number that only grows: none is ever given twice for a key, also after
    the record was deleted or expired. A record whose ``expires_at`` has come is absent to every verb
    and guard. Time is the store's own, one for all who share it.

    Constructing connects to nothing. Safe to use from several threads at once, and, where the store
    is not the memory of one process, from several processes, each of which may have been forked from
    one that used it. Trouble raises ``TransientError`` when trying again may help and
    ``PermanentError`` when not; the text names the store and holds no password. A ``commit``, ``claim``
    or ``take`` that raises ``TransientError`` was carried out whole or not at all: reading tells.
    """

    def now(self) -> datetime:
        """The store's time, aware and in UTC, to the microsecond. It may step back with its clock."""
        ...

    def get(self, key: str) -> Record | None:
        """The record under ``key``, or ``None``. It sees every commit that returned before."""
        ...

    def scan(
        self, prefix: str, *, after: str = "", limit: int = 1000, reverse: bool = False
    ) -> tuple[Record, ...]:
        """The first ``limit`` records whose keys begin with ``prefix``, in order of the keys' bytes.

        ``prefix`` is any text, the empty one too. ``after`` is a key at which to go on: only keys
        beyond it are given, which are smaller ones under ``reverse``. Page by page, what is there
        throughout is seen once.
        """
        ...

    def commit(self, changes: Sequence[Change]) -> Result[int, Conflict]:
        """Carry out all changes, or none of them, for good: a crash thereafter does not undo them.

        ``Success`` holds the revision that every record put by them now has. ``Failure`` names the first
        change whose guard does not hold; then nothing was changed. No changes are a success of revision
        0. A commit has at most 1,000 changes and no two for one key. Putting a record keeps its ``claims``
        and its ``fence``; one that comes to be has 0 of both.
        """
        ...

    def take(self, key: str, lease_seconds: float) -> Record | None:
        """Claim this record if it is due.

        Its ``due_at`` becomes the store's time and ``lease_seconds``, its ``claims`` grow by one, it gets a
        new revision, and its ``fence`` is that revision; the record as it then is. ``None``, and no
        change, when it is absent, in no queue, without ``due_at`` or due later. Of several who try at
        once, one succeeds.
        """
        ...

    def close(self) -> None:
        """Let go of every connection of this process. The store connects anew when it is used again."""
        ...


@runtime_checkable
class SupportsQueues(Protocol):
    """A store that finds the work that is due. A view of a part of a store may not."""

    def claim(self, queue: str, limit: int, lease_seconds: float) -> tuple[Record, ...]:
        """Take the records of ``queue`` that have been due for longest, at most ``limit``, in that order.

        Records due at the same moment come in order of their keys. Each is claimed as by ``take``; no two
        callers get the same one before its lease is over. What it costs depends on the due ones, not on
        how many there are.
        """
        ...

    def purge(self, limit: int) -> int:
        """Remove up to ``limit`` records that have expired, and say how many; 0 means there are none."""
        ...


@runtime_checkable
class Volatile(Protocol):
    """A store that forgets everything when the program ends."""

    @property
    def volatile(self) -> bool:
        """Whether it does."""
        ...


def every(store: StateStore, prefix: str) -> Iterator[Record]:
    """All records whose keys begin with ``prefix``, in order, page by page: see ``scan``."""
    after = ""
    while page := store.scan(prefix, after=after):
        yield from page
        after = page[-1].key


def forgets(store: StateStore) -> bool:
    """Whether what is kept in a store is gone when the program ends."""
    return isinstance(store, Volatile) and store.volatile
