"""Stores as callers name them: a text, a path, or an object that fits the port."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeAlias

from veriport.domain.errors import ConfigurationError, shown
from veriport.ports.blobs import BlobStore
from veriport.ports.clocks import Clock
from veriport.ports.stores import StateStore, forgets
from veriport.wiring.refs import AdapterRef
from veriport.wiring.stores import build_store, store_ref

StoreChoice: TypeAlias = AdapterRef | StateStore
BlobChoice: TypeAlias = AdapterRef | BlobStore

_STORE_VERBS = ("now", "get", "scan", "commit", "take", "close")
_BLOB_VERBS = ("put", "get", "keys", "delete")
_MEMORY = AdapterRef("memory")


def store_choice(store: object) -> StoreChoice:
    """The store that a caller means: ``memory``, a path, a URL, or an object, which is given back.

    Raises ``ConfigurationError``, which shows no password.
    """
    if isinstance(store, AdapterRef):
        return store
    if isinstance(store, str | os.PathLike) and os.fspath(store):
        return store_ref(str(os.fspath(store)), Path.cwd())
    if _has(store, _STORE_VERBS):
        return store  # type: ignore[return-value]  # it fits by structure
    raise ConfigurationError(
        f"{shown(store)} is no store: give 'memory', a path, a URL such as redis://localhost:6379, "
        "or a StateStore"
    )


def open_store(choice: StoreChoice, clock: Clock) -> StateStore:
    """The store of a choice; it connects when it is first used."""
    return build_store(choice, clock) if isinstance(choice, AdapterRef) else choice


def blob_choice(blobs: object, store: StoreChoice) -> BlobChoice:
    """Where the documents of runs are that ``store`` remembers: a folder, an object, or what goes with it."""
    if blobs is None:
        return _beside(store)
    if isinstance(blobs, str | os.PathLike) and os.fspath(blobs) and "://" not in str(blobs):
        return AdapterRef("file", {"root": str(Path.cwd() / os.fspath(blobs))})
    if _has(blobs, _BLOB_VERBS):
        return blobs  # type: ignore[return-value]  # it fits by structure
    raise ConfigurationError(f"blobs must be a folder or a BlobStore, not {shown(blobs)}")


def _beside(store: StoreChoice) -> AdapterRef:
    if store == _MEMORY or (not isinstance(store, AdapterRef) and forgets(store)):
        return _MEMORY
    if isinstance(store, AdapterRef) and store.kind == "sqlite":
        return AdapterRef("file", {"root": str(Path(str(store.options["path"])).parent / "blobs")})
    raise ConfigurationError(
        "this store needs blobs, a folder that all can reach who share the store: "
        "whoever sends a message of a run later must find the result of the run there"
    )


def _has(thing: object, verbs: tuple[str, ...]) -> bool:
    return all(callable(getattr(thing, verb, None)) for verb in verbs)
