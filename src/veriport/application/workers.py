"""Threads that work on the outbox until they are told to stop, of a program or of ``veriport worker``."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Self

from attrs import define, field

from veriport.application.working import Work
from veriport.ports.errors import PermanentError
from veriport.ports.telemetry import Telemetry


@define(kw_only=True, eq=False)
class Worker:
    """One thread for each of ``works``. ``with worker:`` starts it and stops it at the end.

    Trouble with the store is waited out, and a fault in ours ends no thread: both are told to telemetry. A
    store that cannot be used at all ends the work, and ``wait`` and ``stop`` raise why. With ``until_idle``
    the work also ends when nothing is due, and any trouble ends it.
    """

    works: Sequence[Work]
    telemetry: Telemetry
    until_idle: bool = False
    _asked: threading.Event = field(factory=threading.Event, init=False)
    _threads: list[threading.Thread] = field(factory=list, init=False)
    _error: BaseException | None = field(default=None, init=False)

    def start(self) -> Self:
        """Begin; itself. A worker is started once: ``RuntimeError`` for a second time."""
        if self._threads:
            raise RuntimeError("a worker is started once")
        for number, work in enumerate(self.works, start=1):
            thread = threading.Thread(
                target=self._run, args=(work,), name=f"veriport worker {number}", daemon=True
            )
            self._threads.append(thread)
            thread.start()
        return self

    def ask_to_stop(self) -> None:
        """Ask every thread to stop once what is in flight is finished; this returns at once."""
        self._asked.set()

    def wait(self, timeout_seconds: float | None = None) -> bool:
        """Whether it is over, within that time; for ever where there is none. Raises what ended the work."""
        over = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        for thread in self._threads:
            thread.join(None if over is None else max(0.0, over - time.monotonic()))
        if any(thread.is_alive() for thread in self._threads):
            return False
        if self._error is not None:
            raise self._error
        return True

    def stop(self, timeout_seconds: float | None = None) -> bool:
        """Stop, and wait until what is in flight is finished; ``False`` when that takes longer than allowed.

        Raises what ended the work before.
        """
        self.ask_to_stop()
        return self.wait(timeout_seconds)

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, kind: object, *_: object) -> None:
        """Stop; an exception that is on its way stays the one that is seen."""
        try:
            self.stop()
        except Exception:
            if kind is None:
                raise

    def _run(self, work: Work) -> None:
        while not self._asked.is_set():
            try:
                if self.until_idle:
                    work.until_idle(self._asked.is_set)
                    return
                work(self._asked.is_set)
            except Exception as error:  # noqa: BLE001  # a fault in one message must not end all work
                if self.until_idle or isinstance(error, PermanentError):
                    self._error = self._error or error
                    self._asked.set()
                    return
                self.telemetry.event("worker.fault", reason=f"{type(error).__name__}: {error}")
                self._asked.wait(work.poll_seconds)
