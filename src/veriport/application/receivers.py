"""Whom messages are for, as far as sending them needs to know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from attrs import frozen

from veriport.ports.notifiers import Notifier

#: For how long a message is tried unless told otherwise: a day.
DAY = 86_400.0


@frozen(kw_only=True)
class Receiver:
    """What kind a receiver is, how long one attempt may take and how it is reached.

    ``name`` is that of the action, for people. ``open`` makes the notifier; what it raises is the outcome
    of the message. ``lanes`` is how many messages may be on their way at once, ``deadline_seconds`` for how
    long a message is tried.
    """

    name: str
    kind: str
    timeout_seconds: float
    open: Callable[[], Notifier]
    lanes: int = 1
    deadline_seconds: float = DAY


#: Receivers by the names that messages have for them.
Receivers: TypeAlias = Mapping[str, Receiver]
