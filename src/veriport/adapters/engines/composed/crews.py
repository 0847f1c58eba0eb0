"""Jobs done by several threads at once, each within its time; the first trouble stops them all."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Generic, Protocol, TypeVar

from attrs import frozen

from veriport.ports.errors import DeadlineExceeded, TransientError

_J = TypeVar("_J", contravariant=True)  # noqa: PLC0105  # short
_R = TypeVar("_R", covariant=True)  # noqa: PLC0105
_Job = TypeVar("_Job")
_Result = TypeVar("_Result")


class Hand(Protocol[_J, _R]):
    """Does jobs in one thread."""

    def __call__(self, job: _J) -> _R:
        """Do one job."""
        ...

    def stop(self) -> None:
        """Stop the job that is being done, from another thread, where that is possible."""
        ...

    def close(self) -> None:
        """Let go of what is held; no job is being done, or it was stopped."""
        ...


@frozen(kw_only=True)
class Task(Generic[_Job]):
    """A job, what people call it and how long it may take."""

    job: _Job
    label: str
    seconds: float | None = None


class Trouble(Exception):
    """A job raised ``error``, the first of several in their order; ``label`` is what its task is called."""

    def __init__(self, label: str, error: BaseException) -> None:
        super().__init__(label, error)
        self.label, self.error = label, error


class Crew(Generic[_Job, _Result]):
    """So many threads with a hand each, which do tasks in their order.

    A task that is late, or all of them after ``seconds`` from ``do`` or from when it ``began``, ends it with
    ``DeadlineExceeded``. Then, and after the first trouble, every hand is stopped. A thread whose hand cannot
    be stopped is left behind; it is a daemon and keeps no program from ending.
    """

    def __init__(
        self,
        hire: Callable[[], Hand[_Job, _Result]],
        workers: int,
        seconds: float | None = None,
        began: float | None = None,
    ) -> None:
        self._hire, self._workers, self._seconds, self._began = hire, workers, seconds, began
        self._shift: _Shift[_Job, _Result] | None = None
        self._cancelled = False

    def cancel(self) -> None:
        """Have what is being done end with ``TransientError``, from another thread."""
        self._cancelled = True
        if self._shift is not None:
            self._shift.cancel()

    def do(self, tasks: Sequence[Task[_Job]]) -> list[_Result]:
        """What the jobs gave, in their order. Raises ``Trouble``, ``DeadlineExceeded`` or, when cancelled,
        ``TransientError``.
        """  # noqa: D205  # one sentence
        self._shift = shift = _Shift[_Job, _Result](tasks, self._seconds, self._began)
        if self._cancelled:
            shift.cancel()
        hands = [self._hire() for _ in range(min(self._workers, len(tasks)))]
        threads = [_thread(f"batch-{number}", partial(shift.work, hand)) for number, hand in enumerate(hands)]
        try:
            for thread in threads:
                thread.start()
            return shift.results()
        finally:
            shift.end()
            for hand in hands:
                hand.stop()
            _await(threads)
            for hand in hands:
                hand.close()


def _thread(name: str, work: Callable[[], None]) -> threading.Thread:
    """One that sees the context variables of this one."""
    run = contextvars.copy_context().run
    return threading.Thread(target=run, args=(work,), name=name, daemon=True)


def _await(threads: Iterable[threading.Thread]) -> None:
    """Give them a moment to end: a library may abort a program that ends while it still stops."""
    end = time.monotonic() + _GRACE_SECONDS
    for thread in threads:
        if thread.is_alive():
            thread.join(max(0.0, end - time.monotonic()))


_GRACE_SECONDS = 0.5


class _Shift(Generic[_Job, _Result]):
    """Which tasks wait, which are being done since when, and what they gave."""

    def __init__(self, tasks: Sequence[Task[_Job]], seconds: float | None, began: float | None) -> None:
        self._tasks, self._seconds = tasks, seconds
        self._began = time.monotonic() if began is None else began
        self._next = 0
        self._since: dict[int, float] = {}
        self._given: dict[int, _Result] = {}
        self._raised: dict[int, BaseException] = {}
        self._changed = threading.Condition()
        self._cancelled = False

    def work(self, hand: Hand[_Job, _Result]) -> None:
        """Do tasks until none is left."""
        while (number := self._take()) is not None:
            try:
                given = hand(self._tasks[number].job)
            except BaseException as error:  # noqa: BLE001  # it is raised where the results are asked for
                self._done(number, None, error)
            else:
                self._done(number, given, None)

    def _take(self) -> int | None:
        with self._changed:
            if self._next >= len(self._tasks) or self._raised:
                return None
            number, self._next = self._next, self._next + 1
            self._since[number] = time.monotonic()
            self._changed.notify_all()
            return number

    def _done(self, number: int, given: _Result | None, error: BaseException | None) -> None:
        with self._changed:
            self._since.pop(number, None)
            if error is None:
                self._given[number] = given  # type: ignore[assignment]  # what the hand gave
            else:
                self._raised[number] = error
            self._changed.notify_all()

    def end(self) -> None:
        """No further task is begun."""
        with self._changed:
            self._next = len(self._tasks)

    def cancel(self) -> None:
        """Have ``results`` wait no longer."""
        with self._changed:
            self._cancelled = True
            self._changed.notify_all()

    def results(self) -> list[_Result]:
        """Wait for all, or for the first trouble."""
        with self._changed:
            while len(self._given) < len(self._tasks):
                if self._cancelled:
                    raise TransientError("it was cancelled")
                if self._raised:
                    first = min(self._raised)
                    raise Trouble(self._tasks[first].label, self._raised[first])
                self._changed.wait(self._patience())
            return [self._given[number] for number in range(len(self._tasks))]

    def _patience(self) -> float | None:
        """Seconds until something is late; raises ``DeadlineExceeded`` when it is."""
        now, left = time.monotonic(), []
        for number, since in self._since.items():
            task = self._tasks[number]
            if task.seconds is not None:
                left.append(since + task.seconds - now)
                if left[-1] <= 0:
                    raise DeadlineExceeded(f"{task.label} was not measured in {task.seconds:g} s")
        if self._seconds is not None:
            left.append(self._began + self._seconds - now)
            if left[-1] <= 0:
                done = f"{len(self._given)} of {len(self._tasks)} batches were"
                raise DeadlineExceeded(f"it was not measured in {self._seconds:g} s; {done}")
        return min(left, default=None)
