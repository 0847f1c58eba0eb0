"""The blob store port: where documents are kept by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class BlobStore(Protocol):
    r"""Keeps bytes under keys such as ``2024-01-31/orders/run-1.json``.

    A key is one or more parts joined by ``/``, at most 1,024 bytes of UTF-8. A part is not empty, has
    at most 255 bytes, does not begin with a dot, does not end with a dot or a blank, is no name of a
    device on Windows (``NUL``, ``com1.txt``), and holds no control character and none of
    ``\ < > : " | ? *``. A key that breaks this raises ``ConfigurationError`` from every method and
    touches nothing: ``veriport.domain.blob_keys.check_key`` is that check.

    Trouble raises ``TransientError`` when trying again may help (a full disk) and ``PermanentError``
    when not (no permission); the text names the place. Safe to use from several threads at once.
    """

    def put(self, key: str, body: bytes) -> str:
        """Keep ``body`` under ``key``, replacing what was there, and return its address for people.

        Readers see the old or the new body, never a mixture, also when the process dies inside. A
        store that cannot keep both ``a`` and ``a/b`` raises ``PermanentError`` for the later one.
        """
        ...

    def get(self, key: str) -> bytes | None:
        """The body under ``key``, or ``None``."""
        ...

    def keys(self, prefix: str = "") -> Iterator[str]:
        """The keys that begin with ``prefix``, which is any text, in order of their UTF-8 bytes.

        A half-written body has none. What is there throughout is seen once.
        """
        ...

    def delete(self, key: str) -> bool:
        """Forget ``key``; whether there was something to forget."""
        ...
