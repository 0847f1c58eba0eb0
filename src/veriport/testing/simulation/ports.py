"""Ports that pass the baton at each call, and fail in every way in which a store or a network can."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from attrs import define, field, frozen
from returns.result import Result

from veriport.adapters.stores.memory import MemoryStateStore
from veriport.domain.delivery import Message, lane_of
from veriport.domain.records import Change, Conflict, Record
from veriport.ports.clocks import Clock
from veriport.ports.errors import DeadlineExceeded, EffectUnknown, PermanentError, TransientError
from veriport.ports.notifiers import Receipt
from veriport.testing.simulation.baton import Actor, Crash, Stage

_T = TypeVar("_T")


class Fault(StrEnum):
    """What may go wrong at a port call."""

    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"
    LOST_ANSWER = "lost answer"
    REFUSED = "refused"  #: it has no effect and says so
    SLOW = "slow"
    FREEZE = "freeze"  #: the process stands still for longer than any lease
    OUTAGE = "outage"  #: the store is down for a while, for everybody
    TWICE = "twice"  #: the network delivers one request two times


_STORE = (Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.LOST_ANSWER, Fault.REFUSED, Fault.SLOW, Fault.FREEZE,
          Fault.OUTAGE)  # fmt: skip
_NETWORK = (Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.LOST_ANSWER, Fault.REFUSED, Fault.SLOW, Fault.FREEZE,
            Fault.TWICE)  # fmt: skip
#: How long a frozen process stands still: longer than a lease.
FREEZE_SECONDS = 150.0


@define
class Weather:
    """How likely a fault is at a call of the store and of the network, and from when there is none.

    ``down_until`` is when the store is back.
    """

    store: float
    network: float
    calm_from: float
    kinds: frozenset[Fault] = frozenset(Fault)
    down_until: float = 0.0
    counts: dict[str, int] = field(factory=dict)

    def strike(self, stage: Stage, possible: Sequence[Fault]) -> Fault | None:
        """A fault, or none."""
        likelihood = self.network if possible is _NETWORK else self.store
        if stage.clock.monotonic() >= self.calm_from or stage.chance.random() >= likelihood:
            return None
        wanted = [fault for fault in possible if fault in self.kinds]
        return stage.chance.choice(wanted) if wanted else None

    def count(self, what: str) -> None:
        """Remember that it happened."""
        self.counts[what] = self.counts.get(what, 0) + 1


@frozen(eq=False)
class StormyStore:
    """The store as one actor reaches it."""

    inner: MemoryStateStore
    stage: Stage
    actor: Actor
    weather: Weather
    clock: Clock

    def now(self) -> datetime:
        """See ``StateStore``."""
        return self._call("now", self.inner.now)

    def get(self, key: str) -> Record | None:
        """See ``StateStore``."""
        return self._call(f"get {key}", lambda: self.inner.get(key))

    def scan(
        self, prefix: str, *, after: str = "", limit: int = 1000, reverse: bool = False
    ) -> tuple[Record, ...]:
        """See ``StateStore``."""
        what = f"scan {prefix}"
        return self._call(what, lambda: self.inner.scan(prefix, after=after, limit=limit, reverse=reverse))

    def commit(self, changes: Sequence[Change]) -> Result[int, Conflict]:
        """See ``StateStore``."""
        what = ", ".join(f"{type(change).__name__.lower()} {change.key}" for change in changes)
        return self._call(f"commit {what}", lambda: self.inner.commit(changes))

    def take(self, key: str, lease_seconds: float) -> Record | None:
        """See ``StateStore``."""
        return self._call(f"take {key}", lambda: self.inner.take(key, lease_seconds))

    def claim(self, queue: str, limit: int, lease_seconds: float) -> tuple[Record, ...]:
        """See ``SupportsQueues``."""
        return self._call(f"claim {queue}", lambda: self.inner.claim(queue, limit, lease_seconds))

    def purge(self, limit: int) -> int:
        """See ``SupportsQueues``."""
        return self._call("purge", lambda: self.inner.purge(limit))

    def close(self) -> None:
        """See ``StateStore``."""

    def _call(self, what: str, effect: Callable[[], _T]) -> _T:
        self.stage.pause(self.actor)
        if self.stage.clock.monotonic() < self.weather.down_until:
            self.stage.note(self.actor, f"{what}: the store is down")
            self.stage.pause(self.actor, 0.5)
            raise TransientError("the store is down")
        fault = self.weather.strike(self.stage, _STORE)
        value = suffer(fault, self.stage, self.actor, self.weather, what, effect)
        if fault is Fault.LOST_ANSWER:
            raise TransientError("the store's answer was lost")
        return value


def suffer(  # what happens, to whom, where
    fault: Fault | None, stage: Stage, actor: Actor, weather: Weather, what: str, effect: Callable[[], _T]
) -> _T:
    """Carry out ``effect`` as ``fault`` lets it; what is left of the fault is the caller's."""
    stage.note(actor, what if fault is None else f"{what}: {fault.value}")
    if fault is not None:
        weather.count(fault.value)
    match fault:
        case Fault.CRASH_BEFORE:
            raise Crash
        case Fault.REFUSED:
            raise TransientError("refused")
        case Fault.OUTAGE:
            weather.down_until = stage.clock.monotonic() + stage.chance.uniform(1, 120)
            raise TransientError("the store went down")
        case Fault.SLOW:
            stage.pause(actor, stage.chance.uniform(0.1, 20))
        case Fault.FREEZE:
            actor.freezes += 1
            stage.pause(actor, FREEZE_SECONDS)
    value = effect()
    if fault is Fault.CRASH_AFTER:
        raise Crash
    return value


def _never(_: object) -> bool:
    return False


@define(eq=False)
class Inbox:
    """An outside system with ``lanes`` ways to it, and what reached it by the ids of messages.

    ``idempotent`` says that it drops repeats. It is ``down`` at those times, ``refuses`` messages of those
    ids, and whoever sends one that it ``kills`` by dies.
    """

    name: str
    lanes: int = 1
    idempotent: bool = False
    down: Callable[[float], bool] = _never
    refuses: Callable[[str], bool] = _never
    kills: Callable[[str], bool] = _never
    arrived: list[str] = field(factory=list)
    doubled_by_network: list[str] = field(factory=list)
    in_flight: dict[tuple[str, str, str], tuple[Actor, int]] = field(factory=dict)
    overlaps: list[str] = field(factory=list)

    def begin(self, message: Message, actor: Actor) -> tuple[str, str, str]:
        """An attempt is on its way; in its lane no other one may be, unless a process froze meanwhile."""
        place = (lane_of(self.name, message.run_id, self.lanes), message.id, actor.name)
        for (lane, other, _), (sender, freezes) in self.in_flight.items():
            if lane == place[0] and sender.alive and sender.freezes == freezes:
                self.overlaps.append(f"{actor.name} sends {message.id} while {sender.name} sends {other}")
        self.in_flight[place] = (actor, actor.freezes)
        return place

    def take(self, message: str, *, twice: bool = False) -> None:
        """The message arrives."""
        self.arrived.append(message)
        if twice:
            self.arrived.append(message)
            self.doubled_by_network.append(message)


@frozen(eq=False)
class StormyNotifier:
    """The way to an inbox over a network."""

    inbox: Inbox
    stage: Stage
    actor: Actor
    weather: Weather

    @property
    def idempotent(self) -> bool:
        """See ``Idempotent``."""
        return self.inbox.idempotent

    def send(self, message: Message, timeout_seconds: float) -> Receipt:
        """See ``Notifier``."""
        place = self.inbox.begin(message, self.actor)
        try:
            return self._send(message, timeout_seconds)
        finally:
            del self.inbox.in_flight[place]

    def _send(self, message: Message, timeout_seconds: float) -> Receipt:
        self.stage.pause(self.actor, self.stage.chance.uniform(0, 0.2))
        if self.inbox.kills(message.id):
            self.stage.note(self.actor, f"send {message.id}: poison")
            raise Crash
        if self.inbox.down(self.stage.clock.monotonic()):
            self.stage.note(self.actor, f"send {message.id}: the receiver is down")
            raise TransientError("the receiver is down", retry_after_seconds=7)
        fault = self.weather.strike(self.stage, _NETWORK)
        if fault is Fault.SLOW:
            return self._send_slowly(message, timeout_seconds)
        what = f"send {message.id}"
        suffer(fault, self.stage, self.actor, self.weather, what, lambda: self._arrive(message, fault))
        self.stage.pause(self.actor)
        if fault is Fault.LOST_ANSWER:
            raise EffectUnknown("the answer was lost")
        return Receipt()

    def _send_slowly(self, message: Message, timeout_seconds: float) -> Receipt:
        """It may arrive long after the sender has given up waiting."""
        delay = self.stage.chance.uniform(0, 3 * timeout_seconds)
        self.weather.count(Fault.SLOW)
        self.stage.note(self.actor, f"send {message.id}: {delay:.1f} s on its way")
        if delay <= timeout_seconds:
            self.stage.pause(self.actor, delay)
            self._arrive(message, Fault.SLOW)
            return Receipt()
        if not self.inbox.refuses(message.id):
            self.stage.enter("network", lambda _: self.inbox.take(message.id), after=delay)
        self.stage.pause(self.actor, timeout_seconds)
        raise DeadlineExceeded("no answer in time")

    def _arrive(self, message: Message, fault: Fault | None) -> None:
        if self.inbox.refuses(message.id):
            raise PermanentError("the receiver refused the message")
        self.inbox.take(message.id, twice=fault is Fault.TWICE)


@frozen(eq=False)
class StormyBlobs:
    """The blob store as one actor reaches it."""

    inner: dict[str, bytes]
    stage: Stage
    actor: Actor
    weather: Weather

    def put(self, key: str, body: bytes) -> str:
        """See ``BlobStore``."""
        self.stage.pause(self.actor)
        possible = (Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.REFUSED, Fault.SLOW)
        fault = self.weather.strike(self.stage, possible)
        suffer(
            fault, self.stage, self.actor, self.weather, f"keep {key}", lambda: self.inner.update({key: body})
        )
        return key

    def get(self, key: str) -> bytes | None:
        """See ``BlobStore``."""
        self.stage.pause(self.actor)
        return self.inner.get(key)

    def keys(self, prefix: str = "") -> Iterator[str]:
        """See ``BlobStore``."""
        return iter(sorted(key for key in self.inner if key.startswith(prefix)))

    def delete(self, key: str) -> bool:
        """See ``BlobStore``."""
        return self.inner.pop(key, None) is not None
