"""Checks are awaited: at once, within a limit, cancelled, with engines of either kind."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import anyio
import polars as pl
import pytest
from attrs import field, frozen

import veriport
from tests.unit.adapters.engines.composed.fakes import FRAME, NOT_NULL, UNIQUE, Playing, Waiting
from veriport import aio
from veriport.adapters.engines.polars import PolarsEngine
from veriport.domain.datasets import Dataset
from veriport.domain.errors import ConfigurationError
from veriport.domain.measurements import Measured
from veriport.domain.results import CheckResult
from veriport.domain.types import Column
from veriport.ports.engines import Request, Table
from veriport.ports.errors import DataError


async def nothing() -> None:
    """All is well."""


@frozen
class Asynchronous:
    """An engine of coroutines around Polars; it does something before it measures."""

    name: str = "asynchronous"
    measuring: Callable[[], Awaitable[object]] = nothing
    loops: list[object] = field(factory=list)

    @asynccontextmanager
    async def open(self, dataset: Dataset) -> AsyncIterator[AsynchronousTable]:
        with PolarsEngine().open(dataset) as table:
            yield AsynchronousTable(self, table)


@frozen
class AsynchronousTable:
    engine: Asynchronous
    inner: Table

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.inner.columns

    async def measure(self, request: Request) -> Measured:
        self.engine.loops.append(asyncio.get_running_loop())
        await self.engine.measuring()
        return self.inner.measure(request)


class Opening:
    """An engine whose ``open`` is a coroutine that gives a context."""

    name = "opening"

    async def open(self, dataset: Dataset) -> AbstractAsyncContextManager[AsynchronousTable]:
        return Asynchronous().open(dataset)


def told(result: CheckResult) -> object:
    return result.row_count, [(each.status, each.failed_count, each.samples) for each in result.rules]


def test_the_same_answer_is_awaited() -> None:
    whole = veriport.check(FRAME, [NOT_NULL, UNIQUE], key="id")
    assert told(asyncio.run(aio.check(FRAME, [NOT_NULL, UNIQUE], key="id"))) == told(whole)
    assert told(asyncio.run(aio.get_engine("polars").check(FRAME, [NOT_NULL, UNIQUE], key="id"))) == told(
        whole
    )


@pytest.mark.parametrize("engine", [Asynchronous(), Opening()], ids=["context", "coroutine"])
def test_asynchronous_engines_serve_both_kinds_of_programs(engine: object) -> None:
    whole = told(veriport.check(FRAME, [NOT_NULL, UNIQUE]))
    assert told(veriport.check(FRAME, [NOT_NULL, UNIQUE], engine=engine)) == whole
    assert told(asyncio.run(aio.check(FRAME, [NOT_NULL, UNIQUE], engine=engine))) == whole
    chained = veriport.get_engine("chain", engines=[engine, "polars"])
    assert told(chained.check(FRAME, [NOT_NULL, UNIQUE])) == whole


def test_coroutines_run_in_the_loop_of_the_program() -> None:
    engine = Asynchronous()

    async def program() -> None:
        await aio.check(FRAME, [NOT_NULL], engine=engine)
        assert engine.loops == [asyncio.get_running_loop()]
        await aio.Checkpoint("x", FRAME, [NOT_NULL], engine=engine).run()
        assert set(engine.loops) == {asyncio.get_running_loop()}

    asyncio.run(program())


def test_anyio_runs_it() -> None:
    assert anyio.run(lambda: aio.check(FRAME, [NOT_NULL])).failed_count == 1


def test_errors_come_out() -> None:
    with pytest.raises(DataError, match="absent"):
        asyncio.run(aio.check("absent.parquet", [NOT_NULL]))
    with pytest.raises(ConfigurationError, match="did you mean"):
        asyncio.run(aio.check(FRAME, [{"column": "x", "type": "not_nul"}]))
    with pytest.raises(ConfigurationError, match="is not an engine"):
        asyncio.run(aio.check(FRAME, [NOT_NULL], engine=object()))


def test_no_more_run_at_once_than_the_limiter_says() -> None:
    lock, running, most = threading.Lock(), [0], [0]
    both = threading.Barrier(2, timeout=30)

    def measuring() -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        both.wait()
        with lock:
            running[0] -= 1

    async def program() -> None:
        limiter = anyio.CapacityLimiter(2)
        engine = Playing(measuring=measuring)
        await asyncio.gather(
            *(aio.check(FRAME, [NOT_NULL], engine=engine, limiter=limiter) for _ in range(8))
        )

    asyncio.run(program())
    assert most == [2]


_WHO: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")


def test_context_variables_cross() -> None:
    seen: set[str] = set()

    async def one(name: str) -> None:
        _WHO.set(name)
        await aio.check(FRAME, [NOT_NULL], engine=Playing(measuring=lambda: seen.add(_WHO.get())))

    async def program() -> None:
        await asyncio.gather(one("a"), one("b"))

    asyncio.run(program())
    assert seen == {"a", "b"}


def test_a_cancelled_check_cancels_the_coroutine_of_its_engine() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def measuring() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def program() -> None:
        task = asyncio.create_task(aio.check(FRAME, [NOT_NULL], engine=Asynchronous(measuring=measuring)))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(ended.wait(), 10)

    asyncio.run(asyncio.wait_for(program(), 30))


def test_a_cancelled_check_ends_at_once_and_cancels_its_engine() -> None:
    engine = Waiting()

    async def program() -> None:
        task = asyncio.create_task(aio.check(FRAME, [NOT_NULL], engine=engine))
        await asyncio.to_thread(engine.begun.wait, 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(program())
    assert engine.cancelled.wait(10)


def test_a_run_that_has_begun_comes_to_its_end() -> None:
    begun, go, ended = threading.Event(), threading.Event(), threading.Event()

    def measuring() -> None:
        begun.set()
        assert go.wait(30)
        ended.set()

    async def program() -> None:
        checkpoint = aio.Checkpoint("x", FRAME, [NOT_NULL], engine=Playing(measuring=measuring))
        task = asyncio.create_task(checkpoint.run())
        await asyncio.to_thread(begun.wait, 30)
        task.cancel()
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended.is_set()

    asyncio.run(program())


def test_checkpoints_of_a_file_are_loaded(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "x.parquet")
    (tmp_path / "veriport.yaml").write_text(
        "store: memory\nblobs: memory\ncheckpoints: [{name: x, data: x.parquet}]\n"
    )

    async def program() -> tuple[str, bool]:
        (checkpoint,) = await aio.load_checkpoints(tmp_path / "veriport.yaml")
        return checkpoint.name, (await checkpoint.run()).ok

    assert asyncio.run(program()) == ("x", True)


JOBS = [
    (pl.DataFrame({"id": [n % size for n in range(500)], "name": [None if n % size == 3 else "a" for n in range(500)]}),
     [NOT_NULL, UNIQUE, {"column": "id", "type": "aggregate", "of": "mean", "min": 0}])
    for size in range(5, 13)
]  # fmt: skip


def test_eight_checks_at_once_say_what_they_say_one_after_the_other() -> None:
    expected = [told(veriport.check(*job)) for job in JOBS]
    with ThreadPoolExecutor(8) as pool:
        assert [told(each) for each in pool.map(lambda job: veriport.check(*job), JOBS)] == expected

    async def program() -> list[CheckResult]:
        return await asyncio.gather(*(aio.check(*job) for job in JOBS))

    assert [told(each) for each in asyncio.run(program())] == expected
