"""Batches on executors of somebody else say what the whole says, and what is lost there is told."""

from __future__ import annotations

import gc
import multiprocessing
import os
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from attrs import frozen

from tests.unit.adapters.engines.composed.fakes import UNIQUE, check
from veriport.adapters.engines.composed.batched import BatchExecutor
from veriport.adapters.engines.polars import PolarsEngine
from veriport.domain.datasets import Dataset
from veriport.domain.errors import ConfigurationError
from veriport.domain.measurements import Measured
from veriport.domain.results import CheckResult
from veriport.ports.engines import Request, Table
from veriport.ports.errors import DataError, DeadlineExceeded, MissingExtra, TransientError
from veriport.wiring.engines import build_engine

distributed = pytest.importorskip("distributed")

FRAME = pl.DataFrame({"id": [1, 2, 2, None, 5, 1], "n": [0, 1, 2, 3, 4, 5]})
RULES = (
    {"column": "id", "type": "not_null"},
    UNIQUE,
    {"column": "n", "type": "in_range", "max": 2},
    {"type": "row_count", "min": 1},
)


def told(result: CheckResult) -> tuple[object, ...]:
    return result.row_count, [(each.status, each.failed_count, each.samples) for each in result.rules]


WHOLE = told(check(PolarsEngine(), FRAME, *RULES))


@frozen
class Failing:
    """An engine that fails where it measures, as it is told."""

    error: Exception | None = None
    name: str = "failing"

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Table]:
        with PolarsEngine().open(dataset) as table:
            yield FailingTable(self, table)


@frozen
class FailingTable:
    engine: Failing
    inner: Table

    @property
    def columns(self) -> tuple[Any, ...]:
        return self.inner.columns

    def measure(self, request: Request) -> Measured:
        del request
        if self.engine.error is not None:
            raise self.engine.error
        os._exit(3)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two workers of Dask on this machine, in processes of their own."""
    settings = {"distributed.worker.daemon": True, "distributed.scheduler.allowed-failures": 0}
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None,
            local_directory=str(tmp_path_factory.mktemp("dask")), config=settings,
        ) as made
    ):  # fmt: skip
        yield made


def test_a_cluster_of_dask_by_its_address(cluster: Any) -> None:  # noqa: ANN401  # Dask's own
    engine = BatchExecutor(PolarsEngine(), rows=2, running="dask", address=cluster.scheduler_address)
    assert told(check(engine, FRAME, *RULES)) == WHOLE


def test_the_cluster_that_the_program_has(cluster: Any, tmp_path: Path) -> None:  # noqa: ANN401  # Dask's own
    FRAME.write_parquet(tmp_path / "x.parquet")
    with distributed.Client(cluster):
        engine = build_engine("batched", {"engine": "polars", "rows": 2, "running": "dask"})
        assert told(check(engine, tmp_path / "x.parquet", *RULES)) == WHOLE


def test_without_a_cluster_it_is_said_what_to_do() -> None:
    engine = BatchExecutor(PolarsEngine(), rows=2, running="dask")
    with pytest.raises(
        ConfigurationError, match=r"no Dask cluster here: make a distributed\.Client, or give 'address'"
    ):
        check(engine, FRAME, *RULES)


def test_a_worker_that_dies_may_live_again(cluster: Any) -> None:  # noqa: ANN401  # Dask's own
    with distributed.Client(cluster):
        engine = BatchExecutor(Failing(), rows=3, running="dask")
        with pytest.raises(TransientError, match=r"batch \d of 2 .*: the executor lost it: KilledWorker: "):
            check(engine, FRAME, {"type": "row_count", "min": 1})


def test_a_cluster_that_is_down_may_come_back() -> None:
    engine = BatchExecutor(PolarsEngine(), rows=2, running="dask", address="tcp://127.0.0.1:1")
    with (
        distributed_gives_up_soon(),
        pytest.raises(TransientError, match=r"no Dask cluster answers at tcp://127\.0\.0\.1:1"),
    ):
        check(engine, FRAME, *RULES)


def test_to_connect_takes_no_longer_than_all_may() -> None:
    engine = BatchExecutor(
        PolarsEngine(), rows=2, running="dask", address="tcp://127.0.0.1:1", total_seconds=0.3
    )
    began = time.monotonic()
    with pytest.raises(TransientError, match="no Dask cluster answers"):
        check(engine, FRAME, *RULES)
    assert time.monotonic() - began < 20  # Dask alone tries for 30 seconds


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("tcp://me:secret@nowhere:1", r"tcp://\*\*\*@nowhere:1"),
        ("nowhere", "nowhere"),
        ("http://x:1", "http://x:1"),
    ],
)
def test_an_address_that_is_none_is_named_without_its_password(address: str, named: str) -> None:
    engine = BatchExecutor(PolarsEngine(), rows=2, running="dask", address=address)
    with pytest.raises(ConfigurationError, match=f"there is no Dask cluster at {named}$"):
        check(engine, FRAME, *RULES)
    gc.collect()  # what a client leaves behind is told then


def distributed_gives_up_soon() -> Any:  # noqa: ANN401  # Dask's own
    import dask  # noqa: PLC0415

    return dask.config.set({"distributed.comm.timeouts.connect": "200ms"})


def test_any_executor_of_futures() -> None:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        engine = BatchExecutor(PolarsEngine(), rows=2, running=executor)
        assert told(check(engine, FRAME, *RULES)) == WHOLE


def test_what_the_engine_raises_there_is_raised_here() -> None:
    with ThreadPoolExecutor(2) as executor:
        engine = BatchExecutor(Failing(DataError("torn")), rows=3, running=executor, workers=1)
        with pytest.raises(DataError, match=r"^batch 1 of 2 \(rows 0 to 3\): torn$"):
            check(engine, FRAME, {"type": "row_count", "min": 1})


def test_an_executor_that_is_closed_takes_no_work() -> None:
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    engine = BatchExecutor(PolarsEngine(), rows=3, running=executor)
    with pytest.raises(
        TransientError, match="the executor takes no work: cannot schedule new futures after shutdown"
    ):
        check(engine, FRAME, *RULES)


class Idle:
    """An executor that begins nothing."""

    def __init__(self) -> None:
        self.futures: list[Future[Any]] = []

    def submit(self, function: object, /, *arguments: object) -> Future[Any]:
        del function, arguments
        self.futures.append(Future())
        return self.futures[-1]


def test_what_is_late_is_cancelled() -> None:
    idle = Idle()
    engine = BatchExecutor(PolarsEngine(), rows=3, running=idle, batch_seconds=0.05, workers=2)
    with pytest.raises(DeadlineExceeded, match=r"was not measured in 0\.05 s"):
        check(engine, FRAME, *RULES)
    assert [future.cancelled() for future in idle.futures] == [True, True]


def test_what_cannot_be_sent_is_refused() -> None:
    class Here(PolarsEngine):
        """A class that no other process can import."""

    with ThreadPoolExecutor(1) as executor:
        engine = BatchExecutor(Here(), rows=3, running=executor)
        with pytest.raises(ConfigurationError, match="cannot be sent to another process"):
            check(engine, FRAME, *RULES)


def test_a_library_that_is_absent_is_named() -> None:
    with pytest.raises(MissingExtra, match=r"veriport\[ray\]"):
        check(BatchExecutor(PolarsEngine(), rows=3, running="ray"), FRAME, *RULES)


@pytest.mark.parametrize("running", ["threads", "sequential"])
def test_only_a_cluster_has_an_address(running: str) -> None:
    with pytest.raises(ConfigurationError, match=f"'address' is that of a cluster, which {running} is none"):
        BatchExecutor(PolarsEngine(), rows=3, running=running, address="tcp://127.0.0.1:8786")
