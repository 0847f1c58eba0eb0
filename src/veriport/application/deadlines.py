"""Work in a thread that can be abandoned when its time is over.

A thread cannot be stopped from outside, only asked to stop. One that is late and does not end is left
behind: it is a daemon, so it never keeps the program from ending, and whoever waited is told.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from veriport.ports.errors import DeadlineExceeded

_T = TypeVar("_T")


class Task(Generic[_T]):
    """A call that runs in a thread of its own, with the context variables of its maker."""

    def __init__(self, work: Callable[[], _T], *, name: str) -> None:
        self._name = name
        self._done = threading.Event()
        self._work = work
        self._value: _T | None = None
        self._error: BaseException | None = None
        self._began = time.monotonic()
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(self._run,), name=name, daemon=True)
        thread.start()

    def _run(self) -> None:
        try:
            self._value = self._work()
        except BaseException as error:  # noqa: BLE001  # it is raised again where the result is asked for
            self._error = error
        finally:
            self._done.set()

    def result(self, timeout_seconds: float | None) -> _T:
        """What the call returned or raised; ``DeadlineExceeded`` when it takes longer than that.

        The time counts from the making of the task, however late one asks.
        """
        if not self._done.wait(self._left(timeout_seconds)):
            raise DeadlineExceeded(
                f"{self._name} did not finish in {timeout_seconds:g} s; "
                "it was abandoned and may still be running"
            )
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]  # set when there is no error

    def ended(self, wait_seconds: float) -> bool:
        """Whether the call ends within this time, however."""
        return self._done.wait(wait_seconds)

    def _left(self, timeout_seconds: float | None) -> float | None:
        if timeout_seconds is None:
            return None
        return max(0.0, self._began + timeout_seconds - time.monotonic())


def within(
    timeout_seconds: float | None, work: Callable[[], _T], *, name: str, stop: Callable[[], None]
) -> _T:
    """Call ``work`` here when there is no limit, else in a thread that is stopped at the limit.

    One that does not end soon after ``stop`` is abandoned.
    """
    if timeout_seconds is None:
        return work()
    task = Task(work, name=name)
    try:
        return task.result(timeout_seconds)
    except DeadlineExceeded:
        stop()
        if task.ended(_GRACE_SECONDS):
            raise DeadlineExceeded(
                f"{name} did not finish in {timeout_seconds:g} s; it was stopped"
            ) from None
        raise


_GRACE_SECONDS = 1.0
