"""An asynchronous engine stands wherever an engine can, and lives in one loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from attrs import field, frozen

from tests.unit.adapters.engines.composed.fakes import FRAME, NOT_NULL, always, nothing
from veriport import (
    BatchExecutor,
    EngineChain,
    EngineLifecycleManager,
    InstrumentedEngine,
    MultiEngineAggregator,
    aio,
    check,
    get_engine,
)
from veriport.adapters.engines.composed.wrapping import StopError
from veriport.domain.datasets import Dataset
from veriport.ports.engines import AsyncTable
from veriport.ports.errors import TransientError
from veriport.testing.engines import AsyncFakeEngine, FakeEngine

FAKE = AsyncFakeEngine(fake=FakeEngine(columns={"name": "string"}, failed={"name.not_null": 3}))

AROUND: dict[str, Callable[[Any], Any]] = {
    "batched": lambda engine: BatchExecutor(engine, columns=[["name"]]),
    "instrumented": InstrumentedEngine,
    "chain": lambda engine: EngineChain([engine]),
    "combined": lambda engine: MultiEngineAggregator([engine]),
    "managed": lambda engine: EngineLifecycleManager([engine]).start().engines[0],
}


@pytest.mark.parametrize("around", AROUND)
def test_it_stands_wherever_an_engine_can(around: str) -> None:
    assert check(FRAME, [NOT_NULL], engine=AROUND[around](FAKE)).rules[0].failed_count == 3


@frozen
class Living:
    """An engine that holds something of the loop in which it was started."""

    name: str = "living"
    diary: list[str] = field(factory=list)
    loops: set[object] = field(factory=set)
    stopping: Callable[[], object] = nothing

    async def start(self) -> None:
        await asyncio.sleep(0)
        self._note("start")

    async def stop(self) -> None:
        await asyncio.sleep(0)
        self._note("stop")
        self.stopping()

    @asynccontextmanager
    async def open(self, dataset: Dataset) -> AsyncIterator[AsyncTable]:
        self._note("open")
        async with FAKE.open(dataset) as table:
            yield table

    def _note(self, what: str) -> None:
        self.diary.append(what)
        self.loops.add(asyncio.get_running_loop())


@pytest.mark.parametrize(
    "around", [lambda engine: engine, InstrumentedEngine, lambda it: get_engine("cached", engine=it)]
)
def test_from_start_to_stop_it_lives_in_one_loop(around: Callable[[Any], Any]) -> None:
    living = Living()
    with EngineLifecycleManager([around(living)]) as managing:
        assert living.diary == ["start"]
        assert check(FRAME, [NOT_NULL], engine=managing.engines[0]).rules[0].failed_count == 3

        async def program() -> int:
            return (await aio.check(FRAME, [NOT_NULL], engine=managing.engines[0])).rules[0].failed_count

        assert asyncio.run(program()) == 3
    assert living.diary == ["start", "open", "open", "stop"]
    assert len(living.loops) == 1


def test_its_loop_ends_where_it_cannot_be_started_or_stopped() -> None:
    class Refusing(Living):
        async def start(self) -> None:
            self._note("start")
            raise TransientError("busy")

    for living in (Refusing(), Living(stopping=always(TransientError("busy")))):
        managing = EngineLifecycleManager([living])
        with pytest.raises((TransientError, StopError), match="busy"):
            managing.start().stop()
        (loop,) = living.loops
        assert isinstance(loop, asyncio.AbstractEventLoop)
        assert loop.is_closed()


def test_start_and_stop_need_not_be_coroutines() -> None:
    class Plain(AsyncFakeEngine):
        def start(self) -> None:
            self.fake.start()

        def stop(self) -> None:
            self.fake.stop()

    engine = Plain(fake=FakeEngine())
    with EngineLifecycleManager([engine]):
        pass
    assert engine.fake.events == ["started", "stopped"]
