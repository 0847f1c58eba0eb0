"""A store whose values nobody can read or change without a key: AES-256-GCM.

Only values are encrypted. The key of a record, the name of its queue, its times, its counts and the size
of its value can be seen by who sees the store, and an older value can be put back under the same key.
A stored value is the byte 1, eight bytes that name the key, a random nonce of 96 bits, and what AES-GCM
makes of the value; a value that is moved to another record does not decrypt. One key is good for four
billion values: bring a new one before.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from hashlib import sha256

from attrs import evolve, field, frozen
from returns.pipeline import is_successful

from veriport.adapters.stores.wrapping import Translator
from veriport.domain.errors import ConfigurationError
from veriport.domain.records import MAX_VALUE, AtRevision, Change, Put, Record
from veriport.ports.errors import MissingExtra, PermanentError
from veriport.ports.stores import StateStore, SupportsQueues

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
except ImportError as missing:
    raise MissingExtra("an encrypted store", "crypto") from missing

_VERSION = b"\x01"
_ID, _NONCE, _TAG = 8, 12, 16
_HEAD = len(_VERSION) + _ID
#: Bytes that a value grows by.
OVERHEAD = _HEAD + _NONCE + _TAG
_KEY = 32
#: Records that are encrypted anew in one commit.
_PAGE = 100


@frozen(eq=False)
class KeyRing:
    """Keys of which the first encrypts and all decrypt. It never shows them."""

    head: bytes = field(repr=False)
    ciphers: Mapping[bytes, AESGCM] = field(repr=False)

    def encrypt(self, key: str, value: bytes) -> bytes:
        """The value of the record ``key`` as it is stored."""
        nonce = os.urandom(_NONCE)
        return self.head + nonce + self.ciphers[self.head].encrypt(nonce, value, self.head + key.encode())

    def decrypt(self, key: str, stored: bytes) -> bytes:
        """The value again, or ``PermanentError``, which names the record."""
        head, nonce, body = stored[:_HEAD], stored[_HEAD : _HEAD + _NONCE], stored[_HEAD + _NONCE :]
        if not stored.startswith(_VERSION) or len(body) < _TAG:
            raise PermanentError(f"the value of {key!r} is not encrypted, or not by us")
        if (cipher := self.ciphers.get(head)) is None:
            raise PermanentError(f"the value of {key!r} was encrypted with a key that we do not have")
        try:
            return cipher.decrypt(nonce, body, head + key.encode())
        except InvalidTag as wrong:
            raise PermanentError(
                f"the value of {key!r} was changed, or moved there from another record"
            ) from wrong


def ring_of(keys: Iterable[bytes]) -> KeyRing:
    """A ring of ``keys``. Raises ``ConfigurationError`` unless each has 32 bytes and there is one."""
    listed = () if isinstance(keys, bytes | str) else tuple(keys)
    if not listed or any(not isinstance(key, bytes) or len(key) != _KEY for key in listed):
        raise ConfigurationError(f"an encrypted store needs a list of keys of {_KEY} bytes each")
    heads = [_VERSION + sha256(key).digest()[:_ID] for key in listed]
    return KeyRing(heads[0], dict(zip(heads, map(AESGCM, listed), strict=True)))


@frozen(eq=False)
class EncryptedStateStore(Translator):
    """The records of ``inner``, whose values it sees encrypted. Made by ``encrypted``."""

    keys: KeyRing = field(converter=ring_of, repr=False)

    def inward(self, change: Change) -> Change:
        """See ``Translator``."""
        if not isinstance(change, Put):
            return change
        if (size := len(change.value)) > MAX_VALUE - OVERHEAD:
            raise PermanentError(
                f"{change.key!r} has {size:,} bytes: at most {MAX_VALUE - OVERHEAD:,} are allowed, "
                f"since encryption adds {OVERHEAD}"
            )
        return evolve(change, value=self.keys.encrypt(change.key, change.value))

    def outward(self, record: Record) -> Record:
        """See ``Translator``."""
        return evolve(record, value=self.keys.decrypt(record.key, record.value))

    def rotate(self) -> int:
        """Encrypt with the first key what is under another, and say how many records that were.

        All else about them stays, also while others use the store, but they get new revisions. Once it
        returns, and all who share the store encrypt with the first key, the others can be forgotten.
        """
        done, after = 0, ""
        while page := self.inner.scan("", after=after, limit=_PAGE):
            old = [self._anew(record) for record in page if not record.value.startswith(self.keys.head)]
            if is_successful(self.inner.commit(old)):  # or else somebody was faster: look again
                done, after = done + len(old), page[-1].key
        return done

    def _anew(self, record: Record) -> Put:
        return Put(
            key=record.key,
            value=self.keys.encrypt(record.key, self.keys.decrypt(record.key, record.value)),
            guard=AtRevision(record.revision),
            queue=record.queue,
            due_at=record.due_at,
            expires_at=record.expires_at,
        )


@frozen(eq=False)
class _WithQueues(EncryptedStateStore):
    def claim(self, queue: str, limit: int, lease_seconds: float) -> tuple[Record, ...]:
        """See ``SupportsQueues``."""
        return tuple(self.outward(record) for record in self.queues.claim(queue, limit, lease_seconds))

    def purge(self, limit: int) -> int:
        """See ``SupportsQueues``."""
        return self.queues.purge(limit)


def encrypted(inner: StateStore, keys: Iterable[bytes]) -> EncryptedStateStore:
    """The store ``inner`` with encrypted values; it finds due work if ``inner`` does.

    Each key has 32 random bytes. The first encrypts and all decrypt: to change keys, put the new one first
    everywhere, ``rotate``, and then leave the old one out.
    """
    cls = _WithQueues if isinstance(inner, SupportsQueues) else EncryptedStateStore
    return cls(inner, keys)
