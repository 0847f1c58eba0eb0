"""Blobs in the memory of this process: the reference, and the test double. They die with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from veriport.domain.blob_keys import check_key


class MemoryBlobStore:
    """Keeps blobs in a dictionary."""

    def __init__(self) -> None:
        self._bodies: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def put(self, key: str, body: bytes) -> str:
        """See ``BlobStore``; the address is ``memory:KEY``."""
        check_key(key)
        with self._lock:
            self._bodies[key] = bytes(body)
        return f"memory:{key}"

    def get(self, key: str) -> bytes | None:
        """See ``BlobStore``."""
        check_key(key)
        with self._lock:
            return self._bodies.get(key)

    def keys(self, prefix: str = "") -> Iterator[str]:
        """See ``BlobStore``; the keys of the moment of the call."""
        with self._lock:
            known = tuple(self._bodies)
        return iter(sorted(key for key in known if key.startswith(prefix)))

    def delete(self, key: str) -> bool:
        """See ``BlobStore``."""
        check_key(key)
        with self._lock:
            return self._bodies.pop(key, None) is not None
