"""Engines made of engines keep the contract of the engine port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from attrs import frozen
from tiny_engine import TinyEngine

from tests.unit.test_aio import Asynchronous
from veriport.adapters.clocks.system import SystemClock
from veriport.adapters.engines.composed.asynchronous import SynchronousEngine
from veriport.adapters.engines.composed.batched import BatchExecutor
from veriport.adapters.engines.composed.cached import CachedEngine
from veriport.adapters.engines.composed.chain import EngineChain
from veriport.adapters.engines.composed.combined import MultiEngineAggregator
from veriport.adapters.engines.composed.instrumented import InstrumentedEngine
from veriport.adapters.engines.composed.managed import ManagedEngine
from veriport.adapters.engines.composed.retried import RetriedEngine
from veriport.adapters.engines.composed.sampled import SampledEngine
from veriport.adapters.engines.polars import PolarsEngine
from veriport.domain.datasets import Dataset
from veriport.ports.engines import Engine, Table
from veriport.testing.suites.engines import EngineSuite


class TestChain(EngineSuite):
    complete = True

    @pytest.fixture
    def engine(self) -> Engine:
        return EngineChain(engines=[PolarsEngine()])


class TestSampled(EngineSuite):
    @pytest.fixture
    def engine(self) -> Engine:
        return SampledEngine(PolarsEngine(), first=1_000)


class TestPickedRows(EngineSuite):
    @pytest.fixture
    def engine(self) -> Engine:
        return SampledEngine(PolarsEngine(), share=1 - 1e-12)


class TestCached(EngineSuite):
    complete = True

    @pytest.fixture
    def engine(self) -> Engine:
        return CachedEngine(PolarsEngine(), clock=SystemClock(), frames=True)


class TestInstrumented(EngineSuite):
    complete = True

    @pytest.fixture
    def engine(self) -> Engine:
        return InstrumentedEngine(PolarsEngine())


class TestBatchedByRows(EngineSuite):
    complete = True

    @pytest.fixture
    def engine(self) -> Engine:
        return BatchExecutor(PolarsEngine(), rows=2)


@frozen
class ByFirstColumn:
    """Batches of the rules about the first column, whatever it is, and of the others."""

    name: str = "batched(polars)"

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Table]:
        with PolarsEngine().open(dataset) as table:
            first = [column.name for column in table.columns[:1]]
        engine = BatchExecutor(PolarsEngine(), columns=[first], running="threads")
        with engine.open(dataset) as batches:
            yield batches


class TestBatchedByColumns(EngineSuite):
    complete = True

    @pytest.fixture
    def engine(self) -> Engine:
        return ByFirstColumn()


class TestCombined(EngineSuite):
    complete = True

    @pytest.fixture
    def engine(self) -> Engine:
        return MultiEngineAggregator([PolarsEngine()], voting="consensus")


class TestRetried(EngineSuite):
    complete = True

    @pytest.fixture
    def engine(self) -> Engine:
        return RetriedEngine(PolarsEngine(), clock=SystemClock())


class TestManaged(EngineSuite):
    complete = True

    @pytest.fixture
    def engine(self) -> Engine:
        return ManagedEngine(PolarsEngine()).start()


class TestAsynchronous(EngineSuite):
    complete = True

    @pytest.fixture
    def engine(self) -> Engine:
        return SynchronousEngine(Asynchronous())


class TestThirdPartyInAChain(EngineSuite):
    complete = True  # what the small engine does not know, Polars does

    @pytest.fixture
    def engine(self) -> Engine:
        return EngineChain([TinyEngine(), PolarsEngine()])
