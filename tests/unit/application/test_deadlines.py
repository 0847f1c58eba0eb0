"""Work that can be abandoned."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar

import pytest

from tests.unit.application.fakes import fails_with
from veriport.application.deadlines import Task, within
from veriport.ports.errors import DeadlineExceeded

_tenant: ContextVar[str] = ContextVar("_tenant", default="nobody")


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """An event that nobody sets until the test is over."""
    event = threading.Event()
    yield event
    event.set()


def test_a_task_gives_what_the_call_returns() -> None:
    assert Task(lambda: 5, name="t").result(None) == 5


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), KeyboardInterrupt()])
def test_a_task_raises_what_the_call_raises(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught:
        Task(fails_with(error), name="t").result(5)
    assert caught.value is error


def test_a_late_task_is_abandoned_and_says_so(never: threading.Event) -> None:
    with pytest.raises(DeadlineExceeded) as caught:
        Task(never.wait, name="the check of orders").result(0.05)
    assert str(caught.value) == (
        "the check of orders did not finish in 0.05 s; it was abandoned and may still be running"
    )


def test_an_abandoned_thread_does_not_keep_the_program_alive(never: threading.Event) -> None:
    Task(never.wait, name="left behind")
    (thread,) = [thread for thread in threading.enumerate() if thread.name == "left behind"]
    assert thread.daemon


def test_the_time_counts_from_the_making_of_the_task(never: threading.Event) -> None:
    tasks = [Task(never.wait, name="t") for _ in range(50)]
    began = time.monotonic()
    for task in tasks:
        with pytest.raises(DeadlineExceeded):
            task.result(0.2)
    assert time.monotonic() - began < 5


def test_what_is_done_is_given_however_late_one_asks() -> None:
    task = Task(lambda: 5, name="t")
    assert task.result(None) == 5
    assert task.result(0.000_001) == 5


def test_context_variables_cross_into_the_thread() -> None:
    token = _tenant.set("acme")
    try:
        assert Task(_tenant.get, name="t").result(5) == "acme"
    finally:
        _tenant.reset(token)


def test_what_a_thread_sets_stays_in_it() -> None:
    Task(lambda: _tenant.set("other"), name="t").result(5)
    assert _tenant.get() == "nobody"


def nothing() -> None:
    """There is nothing to stop."""


def test_without_a_limit_the_call_happens_here() -> None:
    assert within(None, threading.current_thread, name="t", stop=nothing) is threading.current_thread()


def test_with_a_limit_it_happens_elsewhere() -> None:
    assert within(5, threading.current_thread, name="elsewhere", stop=nothing).name == "elsewhere"


def test_what_is_late_is_stopped() -> None:
    stopped = threading.Event()
    with pytest.raises(DeadlineExceeded, match=r"^t did not finish in 0\.01 s; it was stopped$"):
        within(0.01, lambda: stopped.wait(60), name="t", stop=stopped.set)
