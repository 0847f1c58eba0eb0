"""Records as rows of a table, and prefixes as ranges of keys: what the stores that speak SQL share.

Keys and names of queues are kept as bytes: that is how they are ordered, and any database has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from veriport.domain.records import Record, moment

#: The columns of a record, in the order in which ``record_of`` wants them.
COLUMNS = "key, value, revision, queue, due_at, claims, fence, expires_at"


def record_of(row: Sequence[Any]) -> Record:
    """The record of a row with ``COLUMNS``; times are microseconds since 1970."""
    key, value, revision, queue, due_at, claims, fence, expires_at = row
    return Record(
        key=key.decode(),
        value=value,
        revision=revision,
        queue=queue.decode(),
        due_at=None if due_at is None else moment(due_at),
        claims=claims,
        fence=fence,
        expires_at=None if expires_at is None else moment(expires_at),
    )


def as_bytes(text: str) -> bytes:
    """A text as a key is kept. What UTF-8 cannot write becomes bytes that no key has."""
    return text.encode(errors="surrogatepass")


@frozen
class KeyRange:
    """The keys from ``first``, which is one of them, to before ``end``; ``None`` is the end of all."""

    first: bytes
    end: bytes | None


def range_of(prefix: str, after: str, *, reverse: bool) -> KeyRange:
    """The keys that begin with ``prefix`` and lie beyond ``after``."""
    first = as_bytes(prefix)
    end = first[:-1] + bytes([first[-1] + 1]) if first else None  # UTF-8 has no byte 255
    if not after:
        return KeyRange(first, end)
    limit = as_bytes(after)
    if reverse:
        return KeyRange(first, limit if end is None else min(end, limit))
    return KeyRange(max(first, limit + b"\0"), end)
