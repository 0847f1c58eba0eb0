"""Records of the durable store, and what is changed about them together (D7).

A record is a small body under a key. One with a ``queue`` and a ``due_at`` is work to be claimed then.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from attrs import frozen

#: Bytes of a body; what is larger goes to the blob store first.
MAX_VALUE = 64 * 1024
#: Bytes of a key, and of the name of a queue, in UTF-8.
MAX_KEY = 512
#: Changes of one commit.
MAX_CHANGES = 1000


@frozen(kw_only=True)
class Record:
    """What a store keeps under a key. Times are UTC, to the microsecond.

    ``revision`` is that of the last change. ``claims`` counts how often it was claimed since it came to
    be, and ``fence`` is the revision that the last claim gave it, 0 before the first: who claimed it may
    act on it as long as the fence stands.
    """

    key: str
    value: bytes
    revision: int
    queue: str = ""
    due_at: datetime | None = None
    claims: int = 0
    fence: int = 0
    expires_at: datetime | None = None

    @property
    def just_claimed(self) -> bool:
        """Whether nothing about it was changed since it was last claimed."""
        return self.fence == self.revision


@frozen
class Absent:
    """A guard: there is no such record."""


@frozen
class AtRevision:
    """A guard: the record was not changed since."""

    revision: int


@frozen
class AtFence:
    """A guard: nobody claimed the record since; it may have been changed."""

    fence: int


Guard: TypeAlias = Absent | AtRevision | AtFence | None


@frozen(kw_only=True)
class Put:
    """Set the whole record but its claims and its fence. Only one with a ``queue`` can be due."""

    key: str
    value: bytes
    guard: Guard = None
    queue: str = ""
    due_at: datetime | None = None
    expires_at: datetime | None = None


@frozen(kw_only=True)
class Delete:
    """Forget the record; without a guard, it may be absent."""

    key: str
    guard: Guard = None


@frozen(kw_only=True)
class Check:
    """Change nothing, but let nothing of the commit happen unless the guard holds."""

    key: str
    guard: Guard


Change: TypeAlias = Put | Delete | Check


@frozen
class Conflict:
    """Nothing was changed: the guard of this key does not hold. Read and decide again."""

    key: str

    def __str__(self) -> str:
        """Which key."""
        return f"{self.key} was changed by somebody else"


def holds(guard: Guard, record: Record | None) -> bool:
    """Whether a guard lets a change of ``record`` happen; ``None`` stands for no record."""
    match guard:
        case Absent():
            return record is None
        case AtRevision(revision):
            return record is not None and record.revision == revision
        case AtFence(fence):
            return record is not None and record.fence == fence
    return True


def fault_of(changes: Iterable[Change]) -> str | None:
    """Why these changes are none that a store may be given, or ``None``."""
    listed = tuple(changes)
    if len(listed) > MAX_CHANGES:
        return f"{len(listed):,} changes in one commit: at most {MAX_CHANGES:,} are allowed"
    keys = [change.key for change in listed]
    if len(set(keys)) < len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        return f"two changes of one commit are about {twice!r}"
    return next((fault for change in listed if (fault := _fault(change))), None)


def _fault(change: Change) -> str | None:
    if (fault := key_fault(change.key)) or not isinstance(change, Put):
        return fault
    if len(change.value) > MAX_VALUE:
        return f"{change.key!r} has {len(change.value):,} bytes: at most {MAX_VALUE:,} are allowed"
    if change.queue and (fault := key_fault(change.queue)):
        return fault
    if change.due_at is not None and not change.queue:
        return f"{change.key!r} is due without a queue"
    moments = (change.due_at, change.expires_at)
    if any(moment is not None and moment.utcoffset() is None for moment in moments):
        return f"{change.key!r} has a time without a zone"
    return None


def key_fault(key: str) -> str | None:
    """Why a text is no key and no name of a queue, or ``None``."""
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        return f"{key!r} is no key: it cannot be written as UTF-8"
    if not 0 < size <= MAX_KEY:
        return f"{key[:40]!r} is no key: it has {size:,} bytes, allowed are 1 to {MAX_KEY}"
    return f"{key!r} is no key: it holds a null character" if "\0" in key else None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Microseconds since 1970, as stores keep a time."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(since_1970: int) -> datetime:
    """The time so many microseconds after 1970, in UTC."""
    return _EPOCH + timedelta(microseconds=since_1970)
