"""The stores that chaos is tried on, each started for it in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.servers.postgres import cluster
from tests.servers.redis import redis_server


@contextmanager
def _sqlite(folder: Path) -> Iterator[str]:
    yield f"sqlite://{folder / 'state.db'}"


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    with redis_server(folder, "--appendonly", "yes") as server:
        yield server.url


@contextmanager
def _postgresql(_: Path) -> Iterator[str]:
    with cluster() as files, files.serving(fsync="on"):
        yield files.url()


STORES: Mapping[str, Callable[[Path], AbstractContextManager[str]]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "redis": _redis,
}
