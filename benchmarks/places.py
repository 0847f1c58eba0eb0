"""The stores that are measured, each with a server of its own that keeps what it is told."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from attrs import frozen

from veriport.adapters.clocks.system import SystemClock
from veriport.adapters.stores.postgres import PostgresStateStore
from veriport.adapters.stores.redis import RedisStateStore
from veriport.adapters.stores.sqlite import SqliteStateStore
from veriport.ports.stores import StateStore, SupportsQueues


class Store(StateStore, SupportsQueues, Protocol):
    """What all of them are."""


@frozen
class Place:
    """A kind of store: how it is set up, and a server of it; ``connect`` may be called in any process."""

    name: str
    how: str
    serve: Callable[[Path], AbstractContextManager[str]]
    connect: Callable[[str], Store]


@contextmanager
def _file(folder: Path) -> Iterator[str]:
    yield str(folder / "state.db")


@contextmanager
def _postgres(_: Path) -> Iterator[str]:
    from tests.servers.postgres import cluster

    with cluster() as files, files.serving(fsync="on", full_page_writes="on", shared_buffers="128MB"):
        yield files.url()


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    from tests.servers.redis import redis_server

    with redis_server(folder, "--appendonly", "yes", "--appendfsync", "everysec") as server:
        yield server.url


PLACES = {
    place.name: place
    for place in (
        Place("sqlite", "synchronous full", _file, lambda where: SqliteStateStore(where, SystemClock())),
        Place("postgresql", "fsync and synchronous_commit on", _postgres, PostgresStateStore),
        Place("redis", "appendonly yes, appendfsync everysec", _redis, RedisStateStore),
    )
}


def flush_ms(folder: Path, times: int = 100) -> float:
    """Median milliseconds in which the disk takes 4 KiB at the end of a file for good."""
    taken = []
    with (folder / "flushed").open("wb", buffering=0) as file:
        for _ in range(times):
            began = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000
