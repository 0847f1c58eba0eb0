"""What waits for the lock together is committed together, each for itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from attrs import define, field
from returns.result import Failure, Result, Success

from veriport.adapters.stores.together import Together
from veriport.domain.records import Change, Conflict, Delete
from veriport.ports.errors import PermanentError, TransientError


def change(key: str) -> list[Change]:
    return [Delete(key=key)]


@define
class Transactions:
    """What came in one transaction, key by key; some keys are trouble."""

    came: list[list[str]] = field(factory=list)
    trouble: dict[str, BaseException] = field(factory=dict)

    def __call__(self, commits: Sequence[Sequence[Change]]) -> Sequence[Result[int, Conflict]]:
        keys = [changes[0].key for changes in commits]
        self.came.append(keys)
        for key in keys:
            if key in self.trouble:
                raise self.trouble[key]
        return [Failure(Conflict(key)) if key == "conflict" else Success(len(key)) for key in keys]


class Lock:
    """A lock that says when somebody has come to wait for it."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.came = threading.Semaphore(0)

    def acquire(self, *, timeout: float = -1) -> bool:
        self.came.release()
        return self._lock.acquire(timeout=timeout)

    def release(self) -> None:
        self._lock.release()


@define
class World:
    transactions: Transactions = field(factory=Transactions)
    lock: Lock = field(factory=Lock)
    seconds: float = 10.0
    together: Together = field()

    @together.default
    def _together(self) -> Together:
        return Together(self.lock, self.seconds, lambda: TransientError("busy"))  # type: ignore[arg-type]  # as good as one

    @contextmanager
    def waiting(self, *keys: str) -> Iterator[list[Future[Result[int, Conflict]]]]:
        """Commits that wait until the context ends, in this order."""
        with ThreadPoolExecutor(len(keys)) as pool:
            self.lock.acquire()
            assert self.lock.came.acquire(timeout=5)
            futures = []
            for key in keys:
                futures.append(pool.submit(self.together.commit, change(key), self.transactions))
                assert self.lock.came.acquire(timeout=5)
            yield futures
            self.lock.release()


def test_one_that_does_not_wait_is_committed_alone() -> None:
    world = World()
    assert world.together.commit(change("a"), world.transactions) == Success(1)
    assert world.together.commit(change("bb"), world.transactions) == Success(2)
    assert world.transactions.came == [["a"], ["bb"]]


def test_those_who_wait_share_a_transaction_and_each_has_its_result() -> None:
    world = World()
    with world.waiting("a", "conflict", "ccc") as futures:
        assert world.transactions.came == []
    assert world.transactions.came == [["a", "conflict", "ccc"]]
    assert [future.result() for future in futures] == [Success(1), Failure(Conflict("conflict")), Success(3)]


def test_trouble_that_may_pass_is_told_to_all() -> None:
    world = World()
    world.transactions.trouble["b"] = TransientError("the disk is full")
    with world.waiting("a", "b") as futures:
        pass
    assert [str(future.exception()) for future in futures] == ["the disk is full"] * 2
    assert {type(future.exception()) for future in futures} == {TransientError}
    assert futures[0].exception() is not futures[1].exception()  # each thread has a traceback of its own
    assert len(world.transactions.came) == 1


@pytest.mark.parametrize("fault", [PermanentError("unsound"), ValueError("a fault of ours")])
def test_a_fault_of_one_is_nobody_elses(fault: Exception) -> None:
    world = World()
    world.transactions.trouble["b"] = fault
    with world.waiting("a", "b", "ccc") as futures:
        pass
    assert world.transactions.came == [["a", "b", "ccc"], ["a"], ["b"], ["ccc"]]
    assert futures[0].result() == Success(1)
    assert futures[1].exception() is fault
    assert futures[2].result() == Success(3)


def test_others_may_try_again_when_the_one_who_commits_is_interrupted() -> None:
    world = World()
    world.transactions.trouble["b"] = KeyboardInterrupt()
    with world.waiting("a", "b", "c") as futures:
        pass
    kinds = sorted(type(future.exception()).__name__ for future in futures)
    assert kinds == ["KeyboardInterrupt", "TransientError", "TransientError"]
    assert world.together.commit(change("d"), world.transactions) == Success(1)


def test_who_waits_for_too_long_is_not_committed_later() -> None:
    world = World(seconds=0.05)
    with world.waiting("a") as (future,):
        assert str(future.exception(timeout=5)) == "busy"
    assert world.together.commit(change("b"), world.transactions) == Success(1)
    assert world.transactions.came == [["b"]]


def test_who_is_being_committed_waits_for_the_end_of_it() -> None:
    begun, goes_on = threading.Event(), threading.Event()

    @define
    class Slow(Transactions):
        def __call__(self, commits: Sequence[Sequence[Change]]) -> Sequence[Result[int, Conflict]]:
            begun.set()
            assert goes_on.wait(5)
            return Transactions.__call__(self, commits)

    world = World(transactions=Slow(), seconds=0.5)
    with world.waiting("a", "bb") as futures:
        world.lock.release()
        assert begun.wait(5)
        assert world.lock.came.acquire(timeout=5)  # the other one has waited for too long
        goes_on.set()
        assert [future.result() for future in futures] == [Success(1), Success(2)]
        world.lock.acquire()
    assert world.transactions.came == [["a", "bb"]]
