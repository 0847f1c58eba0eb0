"""Doing a thing once under a key: who does it, what it came to, and what a repeated key means.

The semantics are those of Stripe's ``Idempotency-Key``: the first outcome, good or bad, is kept and given
to every repeat; a key that comes back with another request is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from attrs import frozen

from veriport.domain.errors import ConfigurationError, shown
from veriport.domain.records import MAX_CHANGES


class Progress(StrEnum):
    """How far the work under a key is."""

    RUNNING = "running"
    DONE = "done"


@frozen(kw_only=True)
class Entry:
    """What is stored under a key: ``holder`` does the work, and its outcome fills so many ``parts``.

    ``key`` is for people and may be cut; which key it is, is said by where the entry is.
    """

    key: str
    fingerprint: str
    holder: str
    progress: Progress
    ok: bool = True
    parts: int = 0


@frozen(kw_only=True)
class Claim:
    """The work is yours. ``fence`` grows with every claim; nothing is accepted under an older one."""

    key: str
    fingerprint: str
    holder: str
    fence: int
    until: datetime


@frozen(kw_only=True)
class Stored:
    """The work was done. ``ok`` says whether it succeeded, ``outcome`` is what it came to, plain data."""

    key: str
    ok: bool
    outcome: object


@frozen(kw_only=True)
class InProgress:
    """Somebody else does the work; unless they renew it, their claim lapses at ``until``."""

    key: str
    until: datetime | None

    def __str__(self) -> str:
        """What is going on, and until when."""
        until = f", at the latest until {self.until:%H:%M:%S} UTC" if self.until else ""
        return f"{shown(self.key)} is in progress elsewhere{until}"


@frozen
class OtherRequest:
    """The key was used for something else."""

    key: str

    def __str__(self) -> str:
        """Which key."""
        return f"the key {shown(self.key)} was used for another request: use a key of its own for each"


@frozen
class Lapsed:
    """The claim is over: its lease ended and somebody else may have taken the work. Nothing was changed."""

    key: str

    def __str__(self) -> str:
        """Which key."""
        return f"the claim of {shown(self.key)} has lapsed, and somebody else may do the work by now"


Reservation: TypeAlias = Claim | Stored | InProgress | OtherRequest


def sound_key(key: object) -> str:
    """A key that somebody gave: any text with something in it. Raises ``ConfigurationError`` for others."""
    if not isinstance(key, str) or not key:
        raise ConfigurationError(f"an idempotency key is text with something in it, not {shown(key)}")
    return key


def fingerprint_of(*parts: str) -> str:
    """A short text that two requests share only if all their parts are equal."""
    joined = "\0".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def record_key(key: str) -> str:
    """Where the entry of a key is in the store; a key is any text."""
    return f"{PREFIX}{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}"


def part_key(key: str, number: int) -> str:
    """Where a part of the outcome of a key is."""
    return f"{record_key(key)}/{number:04}"


PREFIX = "idempotency/"
LABEL = 200  #: characters of a key that an entry shows
MAX_PARTS = MAX_CHANGES // 2  #: of an outcome; the other half of a commit is for what goes with it
_PART = 60_000  #: bytes


def parted(outcome: bytes) -> Sequence[bytes]:
    """An outcome in pieces that records have room for."""
    return [outcome[start : start + _PART] for start in range(0, len(outcome), _PART)]
