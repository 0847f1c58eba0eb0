"""A message on its way to one receiver: what may happen to it, and what that leads to (D9, D10).

``STEPS`` is the whole state machine. Everything is pure: time and chance are arguments.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from attrs import evolve, field, frozen
from returns.result import Failure, Result, Success

from veriport.domain.blob_keys import safe_part
from veriport.domain.mappings import FrozenMapping
from veriport.domain.results import Status


def _mapping(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return FrozenMapping(value)


@frozen(kw_only=True)
class Message:
    """One thing to tell one receiver.

    ``id`` is the same for every attempt, so that a receiver can drop repeats. ``receiver`` names a
    configured notifier and never holds its settings. ``body`` is the run's document, plain data.
    """

    id: str
    receiver: str
    run_id: str
    checkpoint: str
    status: Status
    occurred_at: datetime
    body: Mapping[str, object] = field(converter=_mapping, hash=False)


class State(StrEnum):
    """Where a message is."""

    WAITING = "waiting"  #: to be sent, at once or later
    SENDING = "sending"  #: an attempt began and has no recorded outcome
    DELIVERED = "delivered"
    DEAD = "dead"  #: given up, kept for a person to retry or drop


class Event(StrEnum):
    """What may happen to a message."""

    BEGIN = "begin"  #: an attempt begins
    TAKEN = "taken"  #: the receiver took it
    FAILED = "failed"  #: the receiver did not take it, and may later
    UNKNOWN = "unknown"  #: the attempt ended, and nobody knows whether the receiver took it
    UNSENT = "unsent"  #: there was no time left to send it
    REFUSED = "refused"  #: the receiver will never take it
    BROKEN = "broken"  #: what sends it has a fault of its own
    EXPIRED = "expired"  #: its deadline has passed
    POISONED = "poisoned"  #: who sends it dies
    DROPPED = "dropped"  #: a person does not want it sent
    RETRY = "retry"  #: a person wants it sent after all


#: Each event that a state allows, and the state that it leads to. Any other is refused.
STEPS: Mapping[tuple[State, Event], State] = {
    (State.WAITING, Event.BEGIN): State.SENDING,
    (State.WAITING, Event.EXPIRED): State.DEAD,
    (State.WAITING, Event.POISONED): State.DEAD,
    (State.WAITING, Event.DROPPED): State.DEAD,
    (State.SENDING, Event.BEGIN): State.SENDING,
    (State.SENDING, Event.TAKEN): State.DELIVERED,
    (State.SENDING, Event.FAILED): State.WAITING,
    (State.SENDING, Event.UNKNOWN): State.WAITING,
    (State.SENDING, Event.UNSENT): State.WAITING,
    (State.SENDING, Event.REFUSED): State.DEAD,
    (State.SENDING, Event.BROKEN): State.DEAD,
    (State.SENDING, Event.EXPIRED): State.DEAD,
    (State.SENDING, Event.POISONED): State.DEAD,
    (State.SENDING, Event.DROPPED): State.DEAD,
    (State.DEAD, Event.RETRY): State.WAITING,
}


@frozen(kw_only=True)
class Delivery:
    """A message on its way, as it is stored: what it is ``about``, and the key of the blob with its ``body``.

    ``attempts`` counts those that began; ``ambiguous`` those of them of which nobody knows whether the
    receiver took the message: each may have led to one repeat. ``deaths`` counts the senders in a row
    that left no outcome, ``failures`` the attempts in a row that failed.
    """

    id: str
    about: str = "run"
    receiver: str
    lane: str
    run_id: str
    checkpoint: str
    status: Status
    occurred_at: datetime
    body: str
    queued_at: datetime
    deadline: datetime
    state: State = State.WAITING
    attempts: int = 0
    ambiguous: int = 0
    deaths: int = 0
    failures: int = 0
    begun_at: datetime | None = None
    reason: str = ""

    def message(self, body: Mapping[str, object]) -> Message:
        """What the receiver is told."""
        return Message(
            id=self.id,
            receiver=self.receiver,
            run_id=self.run_id,
            checkpoint=self.checkpoint,
            status=self.status,
            occurred_at=self.occurred_at,
            body=body,
        )


@frozen
class IllegalStep:
    """An event that the state of a message does not allow; nothing changed."""

    state: State
    event: Event

    def __str__(self) -> str:
        """Which event in which state."""
        return f"a message that is {self.state.value} cannot be {self.event.value}"


def step(delivery: Delivery, event: Event, now: datetime, reason: str = "") -> Result[Delivery, IllegalStep]:
    """The message after ``event``; ``Failure`` if its state does not allow it."""
    state = STEPS.get((delivery.state, event))
    if state is None:
        return Failure(IllegalStep(delivery.state, event))
    lost = event is Event.BEGIN and delivery.state is State.SENDING
    changed: dict[str, object] = {"state": state, "reason": reason}
    match event:
        case Event.BEGIN:
            changed |= {"attempts": delivery.attempts + 1, "begun_at": now, "reason": delivery.reason}
            changed |= {"ambiguous": delivery.ambiguous + lost, "deaths": delivery.deaths + lost}
        case Event.FAILED | Event.UNKNOWN:
            unknown = event is Event.UNKNOWN
            changed |= {"begun_at": None, "deaths": 0, "failures": delivery.failures + 1}
            changed |= {"ambiguous": delivery.ambiguous + unknown}
        case Event.TAKEN | Event.REFUSED | Event.BROKEN:
            changed |= {"begun_at": None, "deaths": 0}
        case Event.UNSENT:
            changed |= {"begun_at": None, "attempts": delivery.attempts - 1, "reason": delivery.reason}
        case Event.EXPIRED | Event.POISONED | Event.DROPPED:
            begun = delivery.state is State.SENDING
            changed |= {"begun_at": None, "ambiguous": delivery.ambiguous + begun}
        case Event.RETRY:
            changed |= {"failures": 0, "deaths": 0}
    return Success(evolve(delivery, **changed))  # type: ignore[arg-type]  # fields by name


@frozen(kw_only=True)
class Policy:
    """How often and for how long a message is tried. All times are seconds.

    The wait after ``n`` failures in a row is ``base * 2 ** (n - 1)``, at most ``cap``, of which chance
    takes up to half. From ``breaker`` failures on, the lane counts as open: one attempt at a time finds out
    whether the receiver is back. A message that failed ``patience`` times steps aside for those behind it,
    and one whose senders died ``lives`` times in a row is set aside as poison.
    """

    base: float = 2.0
    cap: float = 300.0
    breaker: int = 5
    patience: int = 3
    lives: int = 5
    lease: float = 60.0
    margin: float = 5.0

    def wait(self, failures: int, chance: float, retry_after: float | None = None) -> timedelta:
        """How long to wait after so many failures in a row; ``chance`` is from 0 to 1.

        A receiver that names a time is not asked before it, up to a day.
        """
        longest = min(self.cap, self.base * 2.0 ** min(failures - 1, 60))
        wanted = min(retry_after or 0.0, _DAY)
        return timedelta(seconds=max(longest * (1 - chance / 2), wanted))

    def end_of(self, delivery: Delivery, now: datetime) -> tuple[Event, str] | None:
        """Why a message is not tried again, or ``None``."""
        if now >= delivery.deadline:
            said = f": {delivery.reason}" if delivery.reason else ""
            return Event.EXPIRED, f"not delivered in time, {_times(delivery.attempts)}{said}"
        lost = delivery.deaths + (delivery.state is State.SENDING)
        if lost >= self.lives:
            return Event.POISONED, f"whoever sent it died, {_times(lost)} in a row"
        return None


_DAY = 86_400.0


def _times(count: int) -> str:
    return "1 attempt" if count == 1 else f"{count} attempts"


@frozen(kw_only=True)
class Lane:
    """The queue of one receiver, or one of its parallel queues.

    Its record is due when something is to be done and is leased to whoever does it. ``asleep`` says that
    nobody works on it and that whoever adds a message must wake it, ``held`` that it was written by whoever
    works on it. ``failures`` counts attempts in a row.
    """

    receiver: str
    asleep: bool = False
    held: bool = False
    failures: int = 0
    note: str = ""


def lane_of(receiver: str, key: str, lanes: int) -> str:
    """The lane of a message: one a receiver, or one of several by the hash of ``key``."""
    name = safe_part(receiver, limit=120)
    if lanes == 1:
        return name
    place = int.from_bytes(hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:8]) % lanes
    return f"{name}|{place}"  # no name of a receiver becomes one with that sign


@frozen(kw_only=True)
class Outcome:
    """What a message came to, ``delivered`` or ``dead``, by which event; ``details`` are the receiver's."""

    id: str
    receiver: str
    run_id: str
    state: State
    event: Event
    attempts: int
    ambiguous: int
    at: datetime
    begun_at: datetime | None = None
    reason: str = ""
    details: Mapping[str, Any] = field(factory=dict, hash=False)
