"""The blob store port: where documents are kept by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class BlobStore(Protocol):
    """Keeps bytes under keys such as ``2024-01-31/orders/run-1.json``.

    A key is one or more parts joined by ``/``. A part is not empty, not ``.`` or ``..``, and holds no
    backslash and no control character; a key that breaks this raises ``ConfigurationError`` and
    touches nothing. Safe to use from several threads at once.
    """

    def put(self, key: str, body: bytes) -> str:
        """Keep ``body`` under ``key``, replacing what was there, and return its address for people.

        Readers see the old or the new body, never a mixture, also when the process dies inside.
        Raises ``TransientError`` when it cannot be written now and ``PermanentError`` when never.
        """
        ...

    def get(self, key: str) -> bytes | None:
        """The body under ``key``, or ``None``."""
        ...

    def keys(self, prefix: str = "") -> Iterator[str]:
        """The keys that begin with ``prefix``, in order of their text. A half-written body has none."""
        ...

    def delete(self, key: str) -> bool:
        """Forget ``key``; whether there was something to forget."""
        ...
