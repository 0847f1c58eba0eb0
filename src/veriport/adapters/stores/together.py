"""Commits of several threads in one transaction: all of them wait for the disk once.

Whoever gets the lock carries out what waits by then. Each commit is still one for itself: its guards are
looked at after the changes of those before it, and it has its own result, revision or fault.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from typing import TypeAlias

from attrs import define, field, frozen
from returns.result import Result

from veriport.domain.records import Change, Conflict
from veriport.ports.errors import PortError, TransientError

#: Carries out several commits in one transaction; their results in the same order, or raises.
Transact: TypeAlias = Callable[[Sequence[Sequence[Change]]], Sequence[Result[int, Conflict]]]


@define(eq=False)
class _Commit:
    """What a thread wants committed, and what came of it."""

    changes: Sequence[Change]
    result: Result[int, Conflict] | None = None
    error: Exception | None = None

    def answer(self) -> Result[int, Conflict]:
        """What to tell the thread, once it was tried. Raises what went wrong."""
        if self.result is not None:
            return self.result
        if isinstance(self.error, TransientError):  # others may be told the same
            raise TransientError(str(self.error)) from self.error
        raise self.error or AssertionError("it was not tried")


@frozen(eq=False)
class Together:
    """Where threads wait for ``lock`` with their commits, for so many seconds; then they get ``busy``."""

    lock: threading.RLock
    seconds: float
    busy: Callable[[], PortError]
    _waiting: list[_Commit] = field(factory=list, init=False)

    def commit(self, changes: Sequence[Change], transact: Transact) -> Result[int, Conflict]:
        """Carry out ``changes``, with those of others, unless another thread did; what came of them."""
        mine = _Commit(changes)
        self._waiting.append(mine)
        self._wait(mine)
        try:
            if mine in self._waiting:
                _carry_out(_taken(self._waiting), transact)
        finally:
            self.lock.release()
        return mine.answer()

    def _wait(self, mine: _Commit) -> None:
        if self.lock.acquire(timeout=self.seconds):
            return
        try:
            self._waiting.remove(mine)
        except ValueError:  # another thread is at it
            self.lock.acquire()
        else:
            raise self.busy()


def _taken(waiting: list[_Commit]) -> Sequence[_Commit]:
    """Take all out of a list to which others add, and from which they remove, at the same time."""
    taken: list[_Commit] = []
    with contextlib.suppress(IndexError):
        while True:
            taken.append(waiting.pop(0))
    return taken


def _carry_out(commits: Sequence[_Commit], transact: Transact) -> None:
    """All in one transaction; each by itself where one is at fault."""
    try:
        results = transact([each.changes for each in commits])
        for each, result in zip(commits, results, strict=True):
            each.result = result
    except Exception as error:  # noqa: BLE001  # it is raised in the thread whose commit it is about
        if len(commits) > 1 and not isinstance(error, TransientError):
            for each in commits:
                _carry_out([each], transact)
        else:
            for each in commits:
                each.error = error
    except BaseException:
        for each in commits:
            each.error = TransientError("the thread that was committing was interrupted")
        raise
