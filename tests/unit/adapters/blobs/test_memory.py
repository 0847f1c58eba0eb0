"""Blobs in memory."""

from __future__ import annotations

from veriport.adapters.blobs.memory import MemoryBlobStore


def test_the_address_names_the_key() -> None:
    assert MemoryBlobStore().put("a/b", b"") == "memory:a/b"


def test_two_stores_share_nothing() -> None:
    one, other = MemoryBlobStore(), MemoryBlobStore()
    one.put("a", b"body")
    assert other.get("a") is None
