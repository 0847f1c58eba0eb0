"""Measured in batches, the answer is that of the whole; nothing that goes wrong in one is hidden."""

from __future__ import annotations

import contextvars
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from attrs import field, frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.adapters.engines.checking import check as check_cases
from tests.unit.adapters.engines.checking import refer
from tests.unit.adapters.engines.composed.fakes import Playing, Waiting, check, playing
from veriport.adapters.engines.composed.batched import BatchExecutor
from veriport.adapters.engines.composed.children import Child
from veriport.adapters.engines.composed.fingerprints import fingerprint_of
from veriport.adapters.engines.composed.jobs import Job
from veriport.adapters.engines.polars import PolarsEngine
from veriport.domain.datasets import Address, Dataset, Handle
from veriport.domain.errors import ConfigurationError
from veriport.domain.measurements import Broken, Measured, NotEvaluated
from veriport.domain.results import CheckResult, RuleStatus
from veriport.domain.rules.base import Rule
from veriport.domain.types import Column
from veriport.ports.engines import Engine, Request, Table
from veriport.ports.errors import ContractViolation, DataError, DeadlineExceeded, TransientError
from veriport.testing.random_cases import RULES, batches, options

FRAME = pl.DataFrame({"id": [1, 2, 2, None, 5, 1], "n": [0, 1, 2, 3, 4, 5]})
RULES_OF_ALL = (
    {"column": "id", "type": "not_null"},
    {"column": "id", "type": "unique"},
    {"column": "n", "type": "in_range", "max": 2},
    {"column": "n", "type": "aggregate", "of": "mean", "min": 0},
    {"column": "n", "type": "aggregate", "of": "sum", "min": 0},
    {"type": "row_count", "min": 1},
)


def batched(engine: Engine | None = None, **how: Any) -> BatchExecutor:  # noqa: ANN401  # what the fields are
    return BatchExecutor(engine or PolarsEngine(), **how)


def told(result: CheckResult) -> tuple[object, ...]:
    """What must not depend on how it was measured."""
    return result.row_count, [
        (each.status, each.checked_count, each.failed_count, each.observed, each.samples, each.message)
        for each in result.rules
    ]


@pytest.mark.parametrize("running", ["sequential", "threads"])
@pytest.mark.parametrize(
    "how",
    [{"rows": 1}, {"rows": 2}, {"rows": 4}, {"rows": 99}, {"bytes": 40}, {"columns": [["id"], ["n"]]},
     {"columns": [["n"]]}, {"split": lambda data: [Handle(data.frame[:1]), Handle(data.frame[1:])]}],
)  # fmt: skip
@pytest.mark.parametrize(
    "asked", [{}, {"limit": 3}, {"where": "n > 1"}, {"where": "n > 1", "limit": 5, "samples": 1}]
)
def test_batches_say_what_the_whole_says(
    running: str, how: Mapping[str, Any], asked: Mapping[str, Any]
) -> None:
    found = check(batched(running=running, **how), FRAME, *RULES_OF_ALL, **asked)
    assert told(found) == told(check(PolarsEngine(), FRAME, *RULES_OF_ALL, **asked))


@pytest.mark.parametrize("cls", RULES, ids=lambda cls: cls.type)
@settings(
    max_examples=settings().max_examples // 2, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), size=st.integers(1, 8))
def test_any_rule_means_the_same_over_any_split(
    cls: type[Rule], tmp_path: Path, data: st.DataObject, size: int
) -> None:
    batch = refer(data.draw(batches(cls)), tmp_path)
    asked = data.draw(options(batch[0]))
    whole = check_cases(PolarsEngine(), *batch, **asked)
    assert told(check_cases(batched(rows=size), *batch, **asked)) == told(whole)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), size=st.integers(1, 8))
def test_any_rules_together_mean_the_same(tmp_path: Path, data: st.DataObject, size: int) -> None:
    batch = refer(data.draw(batches()), tmp_path)
    asked = data.draw(options(batch[0]))
    whole = check_cases(PolarsEngine(), *batch, **asked)
    assert told(check_cases(batched(rows=size), *batch, **asked)) == told(whole)


def test_without_rules_nulls_are_counted() -> None:
    for how in ({"rows": 2}, {"columns": [["id"]]}):
        found, whole = (check(engine, FRAME) for engine in (batched(**how), PolarsEngine()))
        assert (found.columns, found.row_count) == (whole.columns, whole.row_count)


def write(folder: Path, *frames: pl.DataFrame) -> str:
    for number, frame in enumerate(frames):
        frame.write_parquet(folder / f"{number}.parquet")
    return str(folder / "*.parquet")


@pytest.mark.parametrize("asked", [{}, {"limit": 3}, {"where": "n > 1"}, {"where": "n > 1", "limit": 5}])
def test_files_are_batches_in_the_order_of_their_names(tmp_path: Path, asked: Mapping[str, Any]) -> None:
    path = write(tmp_path, FRAME[:2], FRAME[2:2], FRAME[2:5], FRAME[5:])
    found = check(batched(files=True), path, *RULES_OF_ALL, **asked)
    assert told(found) == told(check(PolarsEngine(), FRAME, *RULES_OF_ALL, **asked))


@pytest.mark.parametrize(
    ("named", "rows", "one"), [("*p*.csv", 4, ".p2.csv"), ("d[1].csv", 2, "d[1].csv"), (".", 7, ".p2.csv")]
)
def test_files_are_those_that_the_engine_reads(tmp_path: Path, named: str, rows: int, one: str) -> None:
    for name, values in {"p1.csv": [1, 2], ".p2.csv": [3, 4], "d1.csv": [5], "d[1].csv": [6, 7]}.items():
        pl.DataFrame({"id": values}).write_csv(tmp_path / name)
    address = Address(path=str(tmp_path / named), format="csv")
    for engine in (PolarsEngine(), batched(files=True)):
        assert check(engine, address, {"type": "row_count", "min": 1}).row_count == rows
    before = fingerprint_of(address)
    (tmp_path / one).write_text("id\n1\n2\n3\n")
    assert fingerprint_of(address) != before


def test_a_file_whose_columns_are_read_otherwise_is_no_batch(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("x\n1\n")
    (tmp_path / "2.csv").write_text("x\n1.5\n")
    rule = {"column": "x", "type": "not_null"}
    with pytest.raises(
        DataError, match=r"batch 1 of 2 .*1\.csv.*: column 'x' is int64 here and float64 in the whole"
    ):
        check(batched(files=True), str(tmp_path / "*.csv"), rule)
    declared = {"path": str(tmp_path / "*.csv"), "schema": {"x": "float64"}}
    assert check(batched(files=True), declared, rule).row_count == 2


def test_columns_that_are_not_there_are_told() -> None:
    engine = batched(columns=[["id"], ["n", "idd"]])
    with pytest.raises(DataError, match=r"there is no column 'idd' for a batch; did you mean 'id'\?"):
        check(engine, FRAME, {"column": "id", "type": "not_null"})


def test_files_that_are_none_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="no glob of local files"):
        check(batched(files=True), FRAME, *RULES_OF_ALL)


def test_a_split_that_loses_or_repeats_rows_is_refused() -> None:
    for parts in ([FRAME[:2]], [FRAME, FRAME[:1]]):
        with pytest.raises(DataError, match="has 6 rows and was split into parts of"):
            check(batched(split=lambda _, parts=parts: map(Handle, parts)), FRAME, *RULES_OF_ALL)


def test_rules_that_need_all_rows_can_be_left_out() -> None:
    found = check(batched(rows=2, whole=False), FRAME, *RULES_OF_ALL)
    assert [each.rule.type for each in found.rules if each.status is RuleStatus.NOT_EVALUATED] == [
        "unique",
        "aggregate",
    ]


def on_rows_with(value: int, answer: object) -> Any:  # noqa: ANN401  # what a field of Playing is
    """Changes what is found where the failing rows hold a value."""

    def change(_: Rule, outcome: Any) -> Any:  # noqa: ANN401  # any outcome
        held = [dict(each.values).get("n") for each in outcome.samples]
        return answer if value in held else outcome

    return change


@pytest.mark.parametrize(
    ("answer", "status", "message"),
    [
        (Broken("odd value"), RuleStatus.ERROR, "batch 2 of 3 (rows 2 to 4): odd value"),
        (NotEvaluated("too odd"), RuleStatus.NOT_EVALUATED, "too odd"),
    ],
)
def test_trouble_with_one_batch_is_trouble_with_the_whole(
    answer: object, status: RuleStatus, message: str
) -> None:
    inner = playing("inner", changes=on_rows_with(3, answer))
    (found,) = check(batched(inner, rows=2), FRAME, {"column": "n", "type": "in_range", "max": 2}).rules
    assert (found.status, found.message) == (status, message)


@pytest.mark.parametrize("running", ["sequential", "threads"])
@pytest.mark.parametrize("error", [DataError("torn"), TransientError("busy"), KeyError("a bug")], ids=str)
def test_an_error_in_one_batch_ends_it_all(running: str, error: Exception) -> None:
    calls = iter([None, None, error])

    def measuring() -> None:
        if (found := next(calls, None)) is not None:
            raise found

    engine = batched(Playing(measuring=measuring), rows=1, running=running)
    bug = isinstance(error, KeyError)
    with pytest.raises(ContractViolation if bug else type(error)) as raised:
        check(engine, FRAME, {"column": "id", "type": "not_null"})
    assert ("KeyError: 'a bug'" if bug else "of 6 (rows") in str(raised.value)


_SEEN: contextvars.ContextVar[str] = contextvars.ContextVar("seen", default="nothing")


def test_context_variables_cross_into_threads() -> None:
    seen: list[str] = []
    _SEEN.set("mine")
    check(batched(Playing(measuring=lambda: seen.append(_SEEN.get())), rows=3, running="threads"), FRAME,
          {"column": "id", "type": "not_null"})  # fmt: skip
    assert seen == ["mine", "mine"]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"batch_seconds": 0.05}, r"batch \d of 6 \(rows .*\) was not measured in 0\.05 s"),
        ({"total_seconds": 0.05}, r"it was not measured in 0\.05 s; 0 of 6 batches were"),
    ],
)
def test_what_is_late_is_cancelled(limits: dict[str, float], words: str) -> None:
    engine = Waiting()
    with pytest.raises(DeadlineExceeded, match=words):
        check(
            batched(engine, rows=1, running="threads", **limits), FRAME, {"column": "id", "type": "not_null"}
        )
    assert engine.cancelled.wait(5)


# ---- processes


@frozen
class Sleeping:
    """An engine that writes down its process, starts another one and sleeps."""

    folder: str
    deadly: bool = False
    name: str = "sleeping"
    inner: PolarsEngine = field(factory=PolarsEngine)

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Table]:
        with self.inner.open(dataset) as table:
            yield SleepingTable(self, table)


@frozen
class SleepingTable:
    engine: Sleeping
    inner: Table

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.inner.columns

    def measure(self, request: Request) -> Measured:
        del request
        if self.engine.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        grandchild = subprocess.Popen(["sleep", "600"])
        ids = f"{os.getpid()} {grandchild.pid}"
        Path(self.engine.folder, "part").write_text(ids)
        Path(self.engine.folder, "part").rename(Path(self.engine.folder, "pids"))
        time.sleep(600)
        raise AssertionError


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_processes_say_what_the_whole_says(tmp_path: Path) -> None:
    whole = told(check(PolarsEngine(), FRAME, *RULES_OF_ALL))
    engine = batched(rows=2, running="processes", workers=2)
    assert told(check(engine, FRAME, *RULES_OF_ALL)) == whole
    FRAME.write_parquet(tmp_path / "x.parquet")
    assert told(check(engine, tmp_path / "x.parquet", *RULES_OF_ALL)) == whole


def test_a_process_that_is_stopped_is_killed_with_its_group(tmp_path: Path) -> None:
    child, engine = Child(), Sleeping(str(tmp_path))
    with engine.open(Handle(FRAME)) as table:
        columns = table.columns
    job = Job(engine=engine, dataset=Handle(FRAME), request=Request(), columns=columns, label="all")
    with ThreadPoolExecutor(1) as pool:
        doing = pool.submit(child, job)
        while not (tmp_path / "pids").exists():
            assert not doing.done()
        child.stop()
        with pytest.raises(TransientError, match="ended with signal 9"):
            doing.result()
    child.close()
    pids = [int(each) for each in (tmp_path / "pids").read_text().split()]
    end = time.monotonic() + 30
    while any(map(is_running, pids)) and time.monotonic() < end:
        pass
    assert [pid for pid in pids if is_running(pid)] == []


def test_a_process_that_is_late_ends_the_check(tmp_path: Path) -> None:
    engine = batched(Sleeping(str(tmp_path)), rows=6, running="processes", batch_seconds=0.2)
    with pytest.raises(DeadlineExceeded, match=r"was not measured in 0\.2 s"):
        check(engine, FRAME, {"column": "id", "type": "not_null"})


def test_a_process_that_dies_is_told(tmp_path: Path) -> None:
    engine = batched(Sleeping(str(tmp_path), deadly=True), rows=6, running="processes")
    with pytest.raises(
        TransientError, match=r"batch 1 of 1 .*: the process that measured it ended with signal 9"
    ):
        check(engine, FRAME, {"column": "id", "type": "not_null"})


def test_an_error_comes_back_from_a_process(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "1.parquet")
    FRAME.cast({"n": pl.Float64}).write_parquet(tmp_path / "2.parquet")
    parts = [str(tmp_path / "1.parquet"), str(tmp_path / "2.parquet")]
    from veriport.domain.datasets import Address  # noqa: PLC0415

    engine = batched(split=lambda _: [Address(path=part) for part in parts], running="processes")
    with pytest.raises(DataError, match="column 'n' is float64 here and int64 in the whole"):
        check(engine, parts[0], {"column": "id", "type": "not_null"})


def test_an_engine_that_cannot_be_sent_is_told() -> None:
    engine = batched(Playing(measuring=lambda: None), rows=6, running="processes")
    with pytest.raises(ConfigurationError, match="cannot be sent to another process"):
        check(engine, FRAME, {"column": "id", "type": "not_null"})


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"rows": 1, "files": True},
        {"rows": 0},
        {"columns": "id"},
        {"rows": 1, "running": "fast"},
        {"rows": 1, "workers": 0},
    ],
)
def test_what_cannot_be_meant_is_refused(how: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        batched(**how)
