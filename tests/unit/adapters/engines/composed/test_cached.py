"""A cached engine measures once what stays the same, and again whatever may have changed."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from attrs import define, field, frozen

from tests.unit.adapters.engines.composed.fakes import (
    FRAME,
    NOT_NULL,
    UNIQUE,
    Playing,
    check,
    failing,
    nothing,
)
from veriport.adapters.clocks.frozen import START, FrozenClock
from veriport.adapters.engines.composed.cached import CachedEngine
from veriport.adapters.engines.composed.fingerprints import fingerprint_of
from veriport.adapters.engines.polars import PolarsEngine
from veriport.domain.datasets import Dataset, Handle, dataset_of
from veriport.domain.measurements import Measured
from veriport.domain.rules.reading import read_rules
from veriport.domain.types import Column
from veriport.ports.engines import Engine, Request, SupportsCancel, SupportsSplit, Table
from veriport.ports.errors import DataError, PortError, TransientError

OLD = (START - timedelta(hours=1)).timestamp()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    write(path, "id,name\n1,a\n2,\n")
    return path


def write(path: Path, text: str, changed: float = OLD) -> None:
    path.write_text(text)
    os.utime(path, (changed, changed))


def cached(inner: Playing, **how: Any) -> CachedEngine:  # noqa: ANN401  # what the fields are
    return CachedEngine(inner, clock=how.pop("clock", FrozenClock()), **how)


def test_the_same_is_measured_once(file: Path) -> None:
    inner = Playing()
    engine = cached(inner)
    first, second = (check(engine, file, NOT_NULL) for _ in range(2))
    assert first.rules == second.rules
    assert (inner.asked.count("measure"), inner.asked.count("open")) == (1, 1)


@pytest.mark.parametrize(
    "other",
    [
        {"where": "id > 0"},
        {"samples": 1},
        {"key": ["id"]},
        {"limit": 1},
        {"rules": [UNIQUE]},
        {"rules": [{**NOT_NULL, "severity": "low"}]},
    ],
    ids=str,
)
def test_another_question_is_measured(file: Path, other: dict[str, Any]) -> None:
    inner = Playing()
    engine = cached(inner)
    check(engine, file, NOT_NULL)
    check(engine, file, *other.pop("rules", [NOT_NULL]), **other)
    assert inner.asked.count("measure") == 2


def test_one_and_true_are_two_questions(tmp_path: Path) -> None:
    inner = Playing()
    engine = cached(inner)
    path = tmp_path / "x.csv"
    write(path, "x\n1\n")
    for value in (1, True, 1.0):
        check(engine, path, {"id": "x", "column": "x", "type": "in_set", "values": [value]})
    assert inner.asked.count("measure") >= 2


def test_a_changed_file_is_measured_again(file: Path) -> None:
    engine = cached(Playing())
    assert check(engine, file, NOT_NULL).failed_count == 1
    write(file, "id,name\n1,a\n2,b\n")
    assert check(engine, file, NOT_NULL).failed_count == 0


def test_a_file_of_the_same_size_and_time_is_known_by_its_change(file: Path) -> None:
    engine = cached(Playing())
    check(engine, file, {"column": "id", "type": "in_set", "values": [1, 2]})
    write(file, file.read_text().replace("2", "3"))
    assert check(engine, file, {"column": "id", "type": "in_set", "values": [1, 2]}).failed_count == 1


def test_a_file_that_was_changed_just_now_is_not_kept(file: Path) -> None:
    inner = Playing()
    engine = cached(inner)
    write(file, file.read_text(), START.timestamp())
    for _ in range(2):
        check(engine, file, NOT_NULL)
    assert inner.asked.count("measure") == 2


def test_what_changes_while_it_is_measured_is_not_kept(file: Path, tmp_path: Path) -> None:
    """A link that leads elsewhere for a moment."""
    write(tmp_path / "other.csv", "id,name\n1,\n2,\n")
    link = tmp_path / "link.csv"
    link.symlink_to(file)
    leading = iter([tmp_path / "other.csv"])

    def measuring() -> None:
        for target in leading:
            link.unlink()
            link.symlink_to(target)

    engine = cached(Playing(measuring=measuring))
    assert check(engine, link, NOT_NULL).failed_count == 1
    assert check(engine, link, NOT_NULL).rules[0].failed_count == 2
    link.unlink()
    link.symlink_to(file)
    assert check(engine, link, NOT_NULL).rules[0].failed_count == 1


def test_answers_have_their_time_and_their_number(file: Path) -> None:
    clock, inner = FrozenClock(), Playing()
    engine = cached(inner, clock=clock, ttl_seconds=60, most=2)
    check(engine, file, NOT_NULL)
    clock.advance(61)
    check(engine, file, NOT_NULL)
    assert inner.asked.count("measure") == 2
    check(engine, file, UNIQUE)
    check(engine, file, NOT_NULL, UNIQUE)
    check(engine, file, NOT_NULL)
    assert inner.asked.count("measure") == 5
    engine.clear()
    check(engine, file, NOT_NULL)
    assert inner.asked.count("measure") == 6


def test_frames_are_known_where_they_cannot_change_or_are_said_not_to() -> None:
    for frame, how, times in (
        (FRAME, {}, 2),
        (FRAME, {"frames": True}, 1),
        (pa.table({"id": [1], "name": ["a"]}), {}, 1),
    ):
        inner = Playing()
        engine = cached(inner, **how)
        for _ in range(2):
            check(engine, frame, NOT_NULL)
        assert inner.asked.count("measure") == times


def test_a_frame_is_not_taken_for_a_dead_one() -> None:
    prints = [fingerprint_of(Handle(pl.DataFrame({"x": [n]})), frames=True) for n in range(20)]
    assert len({id(each) for each in prints}) == 20
    assert all(left != right for left in prints for right in prints if left is not right)


def test_the_present_and_other_data_are_part_of_the_question(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    write(other, "id\n1\n2\n")
    rule = {"column": "id", "type": "referential_integrity", "reference": str(other)}
    engine = cached(Playing())
    assert check(engine, file, rule).failed_count == 0
    write(other, "id\n1\n")
    assert check(engine, file, rule).failed_count == 1


def test_at_the_same_time_it_is_measured_once(file: Path) -> None:
    begun, go = threading.Event(), threading.Event()

    def measuring() -> None:
        begun.set()
        assert go.wait(30)

    inner = Playing(measuring=measuring)
    engine = cached(inner)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(check, engine, file, NOT_NULL)
        assert begun.wait(30)
        others = [pool.submit(check, engine, file, NOT_NULL) for _ in range(7)]
        go.set()
        assert {each.result().failed_count for each in [first, *others]} == {1}
    assert inner.asked.count("measure") == 1


@define
class Held:
    """An engine that holds its first measurement until it may ``go``, and then does what it is told.

    To cancel one of its tables is remembered, and lets it go.
    """

    then: Callable[[], object] = nothing
    name: str = "held"
    asked: list[str] = field(factory=list)
    begun: threading.Event = field(factory=threading.Event)
    go: threading.Event = field(factory=threading.Event)

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Table]:
        self.asked.append("open")
        with PolarsEngine().open(dataset) as table:
            yield HeldTable(self, table)


@frozen
class HeldTable:
    engine: Held
    inner: Table

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.inner.columns

    def measure(self, request: Request) -> Measured:
        self.engine.asked.append("measure")
        if self.engine.asked.count("measure") == 1:
            self.engine.begun.set()
            assert self.engine.go.wait(30)
            self.engine.then()
        return self.inner.measure(request)

    def cancel(self) -> None:
        self.engine.asked.append("cancel")
        self.engine.go.set()


class Asking:
    """One who asks whether names are null, in a thread."""

    def __init__(self, engine: Engine, file: Path, pool: ThreadPoolExecutor) -> None:
        self.opened, self.table = threading.Event(), list[Table]()
        self.answer: Future[int] = pool.submit(self._ask, engine, dataset_of(file))

    def _ask(self, engine: Engine, dataset: Dataset) -> int:
        with engine.open(dataset) as table:
            self.table.append(table)
            self.opened.set()
            return table.measure(Request(rules=read_rules([NOT_NULL]).unwrap())).row_count

    def cancel(self) -> None:
        assert self.opened.wait(30)
        (table,) = self.table
        assert isinstance(table, SupportsCancel)
        table.cancel()


@pytest.mark.parametrize("others", [1, 5])
def test_who_waits_for_one_that_is_cancelled_measures(file: Path, others: int) -> None:
    held = Held(failing(PortError("cancelled")))
    engine = CachedEngine(held, clock=FrozenClock())
    with ThreadPoolExecutor(6) as pool:
        leading = Asking(engine, file, pool)
        assert held.begun.wait(30)
        following = [Asking(engine, file, pool) for _ in range(others)]
        assert all(each.opened.wait(30) for each in following)
        leading.cancel()
        with pytest.raises(PortError, match="cancelled"):
            leading.answer.result()
        assert {each.answer.result() for each in following} == {2}
    assert held.asked.count("measure") == 2


def test_who_waits_and_is_cancelled_waits_no_longer_and_opens_nothing(file: Path) -> None:
    held = Held()
    engine = CachedEngine(held, clock=FrozenClock())
    with ThreadPoolExecutor(2) as pool:
        leading = Asking(engine, file, pool)
        assert held.begun.wait(30)
        following = Asking(engine, file, pool)
        assert following.opened.wait(30)
        while not following.answer.done():  # it may not have begun to wait
            following.cancel()
        with pytest.raises(TransientError, match="cancelled"):
            following.answer.result(30)
        assert not leading.answer.done()
        assert held.asked == ["open", "measure"]
        held.go.set()
        assert leading.answer.result() == 2


def test_an_error_is_not_kept(file: Path) -> None:
    inner = Playing(measuring=failing(DataError("torn")))
    engine = cached(inner)
    with pytest.raises(DataError):
        check(engine, file, NOT_NULL)
    assert check(engine, file, NOT_NULL).failed_count == 1


def test_it_can_what_its_engine_can_also_from_memory(file: Path, tmp_path: Path) -> None:
    engine = CachedEngine(PolarsEngine(), clock=FrozenClock())
    for _ in range(2):
        with engine.open(dataset_of(file)) as table:
            assert isinstance(table, SupportsSplit)
            divided = table.split(Request(), str(tmp_path / "a.parquet"), str(tmp_path / "b.parquet"))
            assert divided.valid == 2
