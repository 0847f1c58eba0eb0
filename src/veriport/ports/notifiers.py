"""The notifier port: how one outside system is told something."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from attrs import field, frozen

from veriport.domain.delivery import Message


@frozen(kw_only=True)
class Receipt:
    """The receiver took the message; ``details`` are plain data for people and records."""

    message: str = ""
    details: Mapping[str, object] = field(factory=dict, hash=False)


class Notifier(Protocol):
    """Tells one receiver. Safe to use from several threads at once."""

    def send(self, message: Message, timeout_seconds: float) -> Receipt:
        """Deliver ``message`` once, within ``timeout_seconds`` from first byte to last.

        With 0 seconds or less nothing is sent, and ``DeadlineExceeded`` is raised. What cannot be
        interrupted (a function of this process) may end late, and then raises the same.

        ``message.id`` goes along in whatever way the receiver can use to drop repeats: the same id
        for the same message, another one for every other. Any text in the message is sent or refused.
        Sends no second attempt by itself. Raises ``TransientError`` when the receiver did not take it and a
        further attempt may help (with ``retry_after_seconds`` if the receiver named it), ``EffectUnknown``
        when the receiver may have taken it, ``DeadlineExceeded`` of these when time ran out, and
        ``PermanentError`` when the receiver refused for good. Error texts
        hold no secret. What a caller's own function raises passes through as it is.
        """
        ...


@runtime_checkable
class Idempotent(Protocol):
    """A notifier that says whether sending a message again changes nothing for its receiver."""

    @property
    def idempotent(self) -> bool:
        """Whether repeats are harmless: several messages may then be begun in one commit."""
        ...


@runtime_checkable
class Keeps(Protocol):
    """A notifier that can keep what it opened, such as a connection, for the next message."""

    def keep(self) -> AbstractContextManager[Notifier]:
        """The same notifier, for messages that follow each other at once.

        What it keeps is closed at the end of the context. It promises all that a notifier promises.
        """
        ...
