"""Veriport for asynchronous programs: the same names, to be awaited.

Checks run in threads, at most ``CHECKS_AT_ONCE`` of them in one event loop, and see the context variables of
whoever awaits them. Engines may be synchronous or asynchronous (``veriport.ports.engines.AsyncEngine``); the
coroutines of the latter run in the loop of the program. It works under asyncio and Trio.

>>> import asyncio
>>> from veriport import aio
>>> asyncio.run(aio.check("orders.csv", [{"column": "id", "type": "unique"}])).ok
False
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractContextManager, asynccontextmanager
from functools import partial
from pathlib import Path, PurePath
from typing import Any, TypeVar

import anyio
import anyio.lowlevel
import anyio.to_thread
from anyio.from_thread import BlockingPortal
from attrs import frozen

from veriport.adapters.engines.composed.asynchronous import PORTAL
from veriport.api import checkpoints, checks, engines
from veriport.application.watching import Watch
from veriport.domain.checkpoints import CheckpointResult
from veriport.domain.datasets import Dataset, dataset_of
from veriport.domain.results import CheckResult
from veriport.ports.engines import AsyncEngine, Engine, Table
from veriport.wiring import DEFAULT_FILE

__all__ = ["CHECKS_AT_ONCE", "AsyncBoundEngine", "Checkpoint", "check", "get_engine", "load_checkpoints"]

_T = TypeVar("_T")
CHECKS_AT_ONCE = 8


async def check(
    data: object,
    rules: object = None,
    *,
    engine: object = None,
    key: str | Iterable[str] = (),
    samples: int = 20,
    where: str | None = None,
    mask: str | Iterable[str] = (),
    auto_schema: bool | str | PurePath = False,
    limiter: anyio.CapacityLimiter | None = None,
) -> CheckResult:
    """``veriport.check``, in a thread. ``limiter`` says how many at once, instead of ``CHECKS_AT_ONCE``.

    Cancelled, it ends at once: an engine that can cancels its measurement, the thread of another one is left
    behind and its answer thrown away.
    """
    watch = Watch()

    def work() -> CheckResult:
        meant = watch.over(engines.engine_of(engine, dataset_of(data)))
        return checks.check(
            data,
            rules,
            engine=meant,
            key=key,
            samples=samples,
            where=where,
            mask=mask,
            auto_schema=auto_schema,
        )

    try:
        return await _in_thread(work, limiter or _default_limiter(), abandon=True)
    except anyio.get_cancelled_exc_class():
        watch.cancel()
        raise


@asynccontextmanager
async def _loop_for_engines() -> AsyncIterator[None]:
    """Let asynchronous engines of threads that are started here run their coroutines in this loop."""
    async with BlockingPortal() as portal:
        token = PORTAL.set(portal)
        try:
            yield
        finally:
            PORTAL.reset(token)


_limiters: anyio.lowlevel.RunVar[anyio.CapacityLimiter] = anyio.lowlevel.RunVar("veriport_checks")


def _default_limiter() -> anyio.CapacityLimiter:
    """One for each event loop."""
    try:
        return _limiters.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(CHECKS_AT_ONCE)
        _limiters.set(limiter)
        return limiter


async def _whole(work: Callable[[], _T]) -> _T:
    """Do something in a thread to its end: whoever is cancelled meanwhile waits for it first."""
    return await _in_thread(work, _default_limiter(), abandon=False)


async def _in_thread(work: Callable[[], _T], limiter: anyio.CapacityLimiter, *, abandon: bool) -> _T:
    """Do it in a task of its own: asyncio cancels this one wherever it waits, and anyio shields that one."""
    done: list[_T | _Raised] = []

    async def run() -> None:
        given = await anyio.to_thread.run_sync(
            partial(_kept, work), abandon_on_cancel=abandon, limiter=limiter
        )
        done.append(given)

    async with _loop_for_engines(), anyio.create_task_group() as group:
        group.start_soon(run)
    (given,) = done
    if isinstance(given, _Raised):
        raise given.error
    return given


@frozen
class _Raised:
    error: Exception


def _kept(work: Callable[[], _T]) -> _T | _Raised:
    """What ``work`` gives or raises: a group of tasks would put an exception into a group of them."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001  # it is raised again where the loop is left
        return _Raised(error)


class Checkpoint:
    """``veriport.Checkpoint``, to be awaited; ``checkpoint`` is the synchronous one."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401  # those of the other one
        self.checkpoint = checkpoints.Checkpoint(*arguments, **options)

    @classmethod
    def of(cls, checkpoint: checkpoints.Checkpoint) -> Checkpoint:
        """A checkpoint that there is already."""
        made = cls.__new__(cls)
        made.checkpoint = checkpoint
        return made

    @property
    def name(self) -> str:
        """The name."""
        return self.checkpoint.name

    async def run(self, *, data: object = None, idempotency_key: str | None = None) -> CheckpointResult:
        """See ``veriport.Checkpoint.run``. A run that has begun comes to its end, even if it is cancelled."""
        return await _whole(partial(self.checkpoint.run, data=data, idempotency_key=idempotency_key))

    async def settle(self, result: CheckpointResult, wait_seconds: float = 60.0) -> CheckpointResult:
        """See ``veriport.Checkpoint.settle``."""
        return await _whole(partial(self.checkpoint.settle, result, wait_seconds))


async def load_checkpoints(path: str | Path = DEFAULT_FILE) -> list[Checkpoint]:
    """``veriport.load_checkpoints``."""
    loaded = await _whole(partial(checkpoints.load_checkpoints, path))
    return [Checkpoint.of(each) for each in loaded]


@frozen
class AsyncBoundEngine:
    """An engine with ``check`` on it, to be awaited. It is an engine itself, a synchronous one."""

    engine: Engine

    @property
    def name(self) -> str:
        """The engine's own name."""
        return self.engine.name

    def open(self, dataset: Dataset) -> AbstractContextManager[Table]:
        """See ``veriport.ports.engines.Engine``."""
        return self.engine.open(dataset)

    async def check(self, data: object, rules: object = None, **options: Any) -> CheckResult:  # noqa: ANN401  # those of check
        """``veriport.aio.check`` with this engine."""
        return await check(data, rules, engine=self.engine, **options)


def get_engine(name: str | Engine | AsyncEngine = "polars", **options: object) -> AsyncBoundEngine:
    """``veriport.get_engine``; nothing is opened yet."""
    return AsyncBoundEngine(engines.get_engine(name, **options).engine)
