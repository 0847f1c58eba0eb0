"""What is asked for at the same time is made once, unless that says nothing to those who wait."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from veriport.adapters.engines.composed.memories import Memory
from veriport.ports.errors import DataError, DeadlineExceeded, TransientError


def both(error: BaseException | None, *, cancelled: bool = False) -> tuple[Future[str], Future[str]]:
    """Two who ask for the same: the first one ends as it is told when the second one waits for it."""
    memory = Memory(9, 9.0, lambda: 0.0)
    begun, waiting = threading.Event(), threading.Event()

    def first() -> tuple[str, bool]:
        begun.set()
        assert waiting.wait(30)
        if error is not None:
            raise error
        return "first", True

    def asked() -> bool:
        waiting.set()
        return False

    with ThreadPoolExecutor(2) as pool:
        leading = pool.submit(memory.once, "key", first, lambda: cancelled)
        assert begun.wait(30)
        following = pool.submit(memory.once, "key", lambda: ("second", True), asked)
    return leading, following


def test_one_makes_it_and_the_other_waits() -> None:
    leading, following = both(None)
    assert (leading.result(), following.result()) == ("first", "first")


def test_who_waits_gets_the_same_error() -> None:
    error = DataError("torn")
    assert [each.exception() for each in both(error)] == [error, error]


@pytest.mark.parametrize(
    ("error", "cancelled"),
    [
        (DeadlineExceeded("late"), False),
        (TransientError("cancelled"), True),
        (DataError("what engines raise that are cancelled"), True),
        (KeyboardInterrupt(), False),
    ],
)
def test_who_waits_makes_it_where_the_other_one_gave_up(error: BaseException, *, cancelled: bool) -> None:
    leading, following = both(error, cancelled=cancelled)
    assert leading.exception() is error
    assert following.result() == "second"


def test_who_is_cancelled_waits_no_longer() -> None:
    memory = Memory(9, 9.0, lambda: 0.0)
    begun, go, waiting, flag = (threading.Event() for _ in range(4))

    def first() -> tuple[str, bool]:
        begun.set()
        assert go.wait(30)
        return "first", True

    def asked() -> bool:
        waiting.set()
        return flag.is_set()

    with ThreadPoolExecutor(2) as pool:
        leading = pool.submit(memory.once, "key", first, lambda: False)
        assert begun.wait(30)
        following = pool.submit(memory.once, "key", first, asked)
        assert waiting.wait(30)
        flag.set()
        memory.wake()
        assert isinstance(following.exception(30), TransientError)
        go.set()
        assert leading.result() == "first"


def test_late_ones_are_not_waited_for_one_after_the_other() -> None:
    memory = Memory(9, 9.0, lambda: 0.0)
    begun, go, waiting = threading.Event(), threading.Event(), threading.Semaphore(0)
    together = threading.Barrier(2, timeout=30)

    def first() -> tuple[str, bool]:
        begun.set()
        assert go.wait(30)
        raise DeadlineExceeded("late")

    def other() -> tuple[str, bool]:
        together.wait()  # breaks where one of them waits for the other one
        return "other", False

    def asked() -> bool:
        waiting.release()
        return False

    with ThreadPoolExecutor(3) as pool:
        leading = pool.submit(memory.once, "key", first, lambda: False)
        assert begun.wait(30)
        following = [pool.submit(memory.once, "key", other, asked) for _ in range(2)]
        assert waiting.acquire(timeout=30)
        assert waiting.acquire(timeout=30)
        go.set()
        assert isinstance(leading.exception(), DeadlineExceeded)
        assert [each.result() for each in following] == ["other", "other"]
