"""What the part ``stores`` measures: processes that change records, and claims of what is due."""

from __future__ import annotations

import multiprocessing
import random
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, TypeAlias

from returns.pipeline import is_successful

from benchmarks.places import PLACES, Store, flush_ms
from veriport.domain.records import AtFence, AtRevision, Change, Put, Record

PROCESSES = (1, 2, 4, 8)
WAYS = ("commit", "claim")
KEYS = {"one key": 1, "1,000 keys": 1000}
_BODY = bytes(200)
_LEASE = 3600.0
_Tally: TypeAlias = tuple[int, int]
_Task: TypeAlias = tuple[str, int, float, int]
_Pipe: TypeAlias = "Connection[Any, Any]"  # tasks go one way, tallies the other


def name_of(way: str, keys: str, processes: int) -> str:
    """Under which a figure stands in an answer."""
    return f"{way}, {keys}, {processes}"


def contend(place: Path, tenths: int) -> dict[str, float | list[float]]:
    """Each way, on one key and on many, by 1 to 8 processes, for so many tenths of a second each.

    Of each, the commits and the conflicts a second; a claim that finds nothing is one, too.
    """
    kind, found = PLACES[place.name], dict[str, float | list[float]]()
    with tempfile.TemporaryDirectory() as folder, kind.serve(Path(folder)) as where:
        found["flush_ms"] = flush_ms(Path(folder))
        store = kind.connect(where)
        with _contenders(place.name, where) as contenders:
            for way in WAYS:
                for keys, many in KEYS.items():
                    _put(store, _queue(way, many), range(many), due=way == "claim")
                    for processes in PROCESSES:
                        tallies = _at_once(contenders[:processes], (way, many, tenths / 10, processes))
                        done, conflicts = (sum(counts) * 10 / tenths for counts in zip(*tallies, strict=True))
                        found[name_of(way, keys, processes)] = [done, conflicts]
        store.close()
    return found


def _queue(way: str, many: int) -> str:
    return f"{way}-{many}"


def _put(store: Store, queue: str, numbers: Iterable[int], *, due: bool) -> None:
    """Records of a queue, due now or in a day."""
    at = store.now() + (timedelta() if due else timedelta(days=1))
    listed = list(numbers)
    for first in range(0, len(listed), 1000):
        page = listed[first : first + 1000]
        store.commit([Put(key=f"{queue}/{n:07}", value=_BODY, queue=queue, due_at=at) for n in page]).unwrap()


@contextmanager
def _contenders(place: str, where: str) -> Iterator[list[_Pipe]]:
    """As many processes as contend at most, each waiting for a task at its end of a pipe."""
    context = multiprocessing.get_context("spawn")
    starts = {many: context.Barrier(many) for many in PROCESSES}
    ends, started = [], []
    for number in range(max(PROCESSES)):
        ours, theirs = context.Pipe()
        ends.append(ours)
        started.append(context.Process(target=_contender, args=(place, where, number, starts, theirs)))
        started[-1].start()
    try:
        yield ends
    finally:
        for end in ends:
            end.send(None)
        for process in started:
            process.join()


def _at_once(contenders: Sequence[_Pipe], task: _Task) -> list[_Tally]:
    for each in contenders:
        each.send(task)
    return [each.recv() for each in contenders]


def _contender(place: str, where: str, number: int, starts: Mapping[int, Barrier], end: _Pipe) -> None:
    """Do one task after the other, each from a moment on that all who do it share."""
    store = PLACES[place].connect(where)
    chance = random.Random(number)  # noqa: S311  # which key is next
    while (task := end.recv()) is not None:
        way, many, seconds, processes = task
        store.get("connects")
        starts[processes].wait(60)
        end.send(_tally(store, way, many, seconds, chance))
    store.close()


def _tally(store: Store, way: str, many: int, seconds: float, chance: random.Random) -> _Tally:
    once, queue = {"commit": _commit, "claim": _claim}[way], _queue(way, many)
    done = conflicts = 0
    over = time.perf_counter() + seconds
    while time.perf_counter() < over:
        if once(store, queue, chance.randrange(many)):
            done += 1
        else:
            conflicts += 1
    return done, conflicts


def _commit(store: Store, queue: str, number: int) -> bool:
    """Read a record and change it, unless somebody did so meanwhile."""
    record = store.get(f"{queue}/{number:07}")
    assert record is not None  # noqa: S101  # we put it there
    put = Put(key=record.key, value=_BODY, guard=AtRevision(record.revision))
    return is_successful(store.commit([put]))


def _claim(store: Store, queue: str, _: int) -> bool:
    """Claim what has been due for longest and make it due again."""
    records = store.claim(queue, 1, _LEASE)
    return bool(records) and is_successful(store.commit([_due_again(record) for record in records]))


def _due_again(record: Record) -> Change:
    assert record.due_at is not None  # noqa: S101  # it was claimed
    at = record.due_at - timedelta(seconds=_LEASE)
    return Put(key=record.key, value=_BODY, guard=AtFence(record.fence), queue=record.queue, due_at=at)


def due(place: Path, most: int, times: int) -> dict[str, float]:
    """Median milliseconds of claiming 100 due ones among 1,000 records of a queue, and among ``most``."""
    kind, found = PLACES[place.name], dict[str, float]()
    with tempfile.TemporaryDirectory() as folder, kind.serve(Path(folder)) as where:
        store = kind.connect(where)
        _put(store, "many", range(100), due=True)
        before = 100
        for size in (1000, most):
            _put(store, "many", range(before, size), due=False)
            before = size
            found |= {f"{size}": statistics.median(_claims(store, times))}
        store.close()
    return found


def _claims(store: Store, times: int) -> list[float]:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        records = store.claim("many", 1000, _LEASE)
        taken.append((time.perf_counter() - began) * 1000)
        assert len(records) == 100  # noqa: S101  # no more are due
        store.commit([_due_again(record) for record in records]).unwrap()
    return taken
