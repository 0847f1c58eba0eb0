"""A notifier that keeps what it is told, and fails when a test tells it to."""

from __future__ import annotations

import threading

from attrs import evolve, frozen

from veriport.adapters.notifiers.deadline import Deadline, MachineClock
from veriport.domain.delivery import Message
from veriport.ports.clocks import Clock
from veriport.ports.errors import PermanentError, TransientError
from veriport.ports.notifiers import Receipt


@frozen(kw_only=True)
class _Mood:
    """How the receiver behaves."""

    failures: float = 0
    retry_after_seconds: float | None = None
    refuses: bool = False
    delay: float = 0.0


class MemoryNotifier:
    """Keeps messages in the order in which they came; a repeat is kept again.

    It takes everything at once until ``fail``, ``refuse`` or ``be_slow`` is called, and again after
    ``accept``. Each of them replaces what was said before.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or MachineClock()
        self._lock = threading.Lock()
        self._mood = _Mood()
        self._attempts: list[Message] = []
        self._messages: list[Message] = []

    @property
    def attempts(self) -> tuple[Message, ...]:
        """The messages that reached us, taken or not."""
        with self._lock:
            return tuple(self._attempts)

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages that were taken."""
        with self._lock:
            return tuple(self._messages)

    def accept(self) -> None:
        """From now on, take everything at once."""
        self._mood = _Mood()

    def fail(self, times: float = float("inf"), *, retry_after_seconds: float | None = None) -> None:
        """Be in trouble for the next ``times`` messages, and say when to come back."""
        self._mood = _Mood(failures=times, retry_after_seconds=retry_after_seconds)

    def refuse(self) -> None:
        """Refuse everything for good."""
        self._mood = _Mood(refuses=True)

    def be_slow(self, seconds: float) -> None:
        """Take each message only after so many seconds of the clock.

        One that takes longer than its sender waits for is taken all the same, and nobody is told.
        """
        self._mood = _Mood(delay=seconds)

    def send(self, message: Message, timeout_seconds: float) -> Receipt:
        """See ``Notifier``."""
        deadline = Deadline(self._clock, timeout_seconds, "the message")
        mood = self._arrive(message)
        if mood.refuses:
            raise PermanentError("the receiver refused the message")
        if mood.failures > 0:
            raise TransientError("the receiver is down", retry_after_seconds=mood.retry_after_seconds)
        self._clock.sleep(min(mood.delay, timeout_seconds))
        with self._lock:
            self._messages.append(message)
        deadline.left()
        return Receipt()

    def _arrive(self, message: Message) -> _Mood:
        """Note the attempt and use up one failure; the mood that it met."""
        with self._lock:
            self._attempts.append(message)
            met = self._mood
            self._mood = evolve(met, failures=max(0, met.failures - 1))
            return met
