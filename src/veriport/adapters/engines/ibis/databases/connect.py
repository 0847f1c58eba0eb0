"""The client of Spark Connect: sessions at an address, how long it tries, and what it says of a lost server.

Importing this module imports gRPC, which comes with ``pyspark[connect]``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import wait
from contextlib import contextmanager, suppress
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql.connect.client.retries import DefaultPolicy, RetryPolicyState
from pyspark.sql.connect.session import SparkSession

#: Tries again after 0.05, 0.2, 0.8 and 3.2 seconds: a connection comes back in that time, a server does not.
_TRIES = 4


@contextmanager
def session_at(url: str) -> Iterator[Any]:
    """A session of the server at ``sc://host:port``, closed on leaving.

    It is nobody's default, and ``stop`` is not for it, which would stop a local server of the caller, too.
    Raises ``ValueError`` for an address that is none; its text may hold a token.
    """
    session = SparkSession(url)
    session.client.set_retry_policies([_Few()])
    try:
        yield session
    finally:
        session.client.set_retry_policies([])  # a server forgets sessions by itself, too
        with suppress(PySparkException):
            session.client.release_session()
        session.client.close()


@contextmanager
def hurried(client: Any) -> Iterator[None]:  # noqa: ANN401  # Spark's own class
    """Let a client give up after seconds here, where it would try to reach its server for ten minutes.

    A policy of tries that somebody chose stays as it is. Many may do so at a time with one client.
    """
    with _LOCK:
        before, users = _HURRIED.get(client, (client.get_retry_policies(), 0))
        _HURRIED[client] = (before, users + 1)
        client.set_retry_policies([_Few() if vars(each) == _BY_DEFAULT else each for each in before])
    try:
        yield
    except PySparkException:
        # Threads of the client tell the server to forget the query, and ask only now how often to try.
        wait(getattr(client, "_release_futures", ()), _TOLD_SECONDS)
        raise
    finally:
        with _LOCK:
            before, users = _HURRIED.pop(client)
            if users > 1:
                _HURRIED[client] = (before, users - 1)
            else:
                client.set_retry_policies(before)


_TOLD_SECONDS = 10.0
_LOCK = threading.Lock()
#: Clients that hurry: the policies that they had before, and how many want it.
_HURRIED: dict[Any, tuple[list[Any], int]] = {}
_BY_DEFAULT = vars(DefaultPolicy())


class _Few(DefaultPolicy):
    """A few tries, after which the error itself is raised."""

    def __init__(self) -> None:
        super().__init__(max_retries=_TRIES)

    def to_state(self) -> RetryPolicyState:
        return _Tries(self)


class _Tries(RetryPolicyState):
    """Tries that end without the warning that Spark gives."""

    _tried = 0

    def can_retry(self, exception: BaseException) -> bool:
        return self._tried < _TRIES and super().can_retry(exception)

    def next_attempt(self, exception: BaseException | None = None) -> int | None:
        self._tried += 1
        return super().next_attempt(exception)
