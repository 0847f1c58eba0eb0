"""``IdempotencyService``: work that happens once under a key, however many ask for it (D7, ADR 0011)."""

from __future__ import annotations

import contextlib
import math
import os
import threading
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import field, frozen
from returns.pipeline import is_successful
from returns.result import Result

from veriport.adapters.clocks.system import SystemClock
from veriport.api.stores import StoreChoice, open_store, store_choice
from veriport.application.idempotency import Idempotency
from veriport.application.outbox import ClaimLost
from veriport.application.running import RunInProgress
from veriport.domain.checkpoints import CheckpointResult
from veriport.domain.errors import ConfigurationError, VeriportError, shown
from veriport.domain.idempotency import (
    Claim,
    InProgress,
    Lapsed,
    OtherRequest,
    Stored,
    fingerprint_of,
    sound_key,
)
from veriport.domain.results import CheckResult
from veriport.domain.validators import seconds
from veriport.ports.clocks import Clock
from veriport.ports.errors import PortError, TransientError
from veriport.ports.stores import StateStore, SupportsQueues, forgets

if TYPE_CHECKING:
    from types import TracebackType

_T = TypeVar("_T")


class WorkFailed(VeriportError):
    """The work under a key failed, and its failure is what is kept of it; the text says how it failed."""


@frozen(eq=False)
class IdempotencyService:
    """Keeps who works under which key, and what it came to.

    >>> service = IdempotencyService(ttl_seconds=3600)
    >>> if not service.is_duplicate("import:2024-01-31"):
    ...     service.mark_completed("import:2024-01-31", {"rows": 12})
    >>> service.is_duplicate("import:2024-01-31"), service.result("import:2024-01-31")
    (True, {'rows': 12})

    ``store`` is ``memory``, the path of a SQLite file or of the folder that holds it, a URL (``sqlite://``,
    ``redis://``, ``rediss://``, ``valkey://``, ``postgresql://``) or a ``StateStore``. Every service has a
    memory of its own, which cannot be shared with another process. An outcome is kept for ``ttl_seconds``
    after its completion; a reservation lapses after ``lease_seconds``, so that another may take the work
    of one who died. Raises ``ConfigurationError`` for what cannot be meant.

    A key is any text that is not empty. Every method raises ``TransientError`` when the store cannot be
    reached. Services may be used by several threads, forked, and, unless their store is a memory, pickled.
    What has expired is removed from the store now and then, when an outcome is kept.
    """

    store: StoreChoice = field(default="memory", converter=store_choice, repr=False)  # type: ignore[assignment]  # it is converted
    ttl_seconds: float = field(default=3600.0, validator=seconds)
    lease_seconds: float = field(default=300.0, validator=seconds)
    clock: Clock = field(factory=SystemClock, kw_only=True, repr=False)
    _known: Idempotency = field(init=False, repr=False)
    _claims: _Claims = field(init=False, repr=False)
    _purge: _Purge = field(init=False, repr=False)
    _process: int = field(factory=os.getpid, init=False, repr=False)

    @_known.default
    def _over_the_store(self) -> Idempotency:
        return Idempotency(store=open_store(self.store, self.clock), new_holder=_new_holder)

    @_claims.default
    def _no_claims(self) -> _Claims:
        return _Claims(self.ttl_seconds)

    @_purge.default
    def _now_and_then(self) -> _Purge:
        return _Purge(self.clock)

    def is_duplicate(self, key: str, fingerprint: str = "") -> bool:
        """Reserve the work under ``key``: ``False`` for the one caller who now has to do it.

        ``True`` when it is done, and while a reservation of it stands, also one of your own: ``result`` tells
        which. Whoever got ``False`` calls ``mark_completed``, ``mark_failed`` or ``release`` within
        ``lease_seconds``. Raises ``ConfigurationError`` when the key was used with another ``fingerprint``.
        """
        reserved = self._reserve(key, fingerprint)
        if isinstance(reserved, Claim):
            self._claims.keep(reserved, self._idempotency.store)
        return not isinstance(reserved, Claim)

    def mark_completed(self, key: str, result: object) -> None:
        """Keep the result of the work that you reserved: a result of Veriport, or plain data.

        Plain data is what JSON can say: a tuple becomes a list. Raises ``ConfigurationError`` for other
        values, and the reservation stands; ``ClaimLost`` when it has lapsed or was not made with this
        service, and nothing is kept.
        """
        self._complete(self._claim(key), _kept(result), ok=True)

    def mark_failed(self, key: str, error: object) -> None:
        """Keep that the work failed, and how; raises as ``mark_completed`` does.

        To let it be tried again, call ``release`` instead.
        """
        self._complete(self._claim(key), _failure(error), ok=False)

    def release(self, key: str) -> None:
        """Give the work that you reserved back undone, for anybody to begin.

        Raises ``ClaimLost`` when it was not reserved with this service, or somebody else has begun it.
        """
        claim = self._claim(key)
        self._settle(claim, self._idempotency.release(claim))

    def fence(self, key: str) -> int:
        """A number that is larger for every later reservation of ``key``, for the one that you hold.

        A receiver that refuses a smaller one than it has seen is safe from a holder who woke up too late.
        Raises ``ClaimLost`` when this service holds none.
        """
        return self._claim(key).fence

    def seen(self, key: str) -> bool:
        """Whether the work is done or in progress; nothing is reserved."""
        return self._idempotency.seen(sound_key(key)) is not None

    def result(self, key: str) -> Any:  # noqa: ANN401  # whatever was kept
        """What the work came to; ``None`` while it is in progress and for a key without any.

        A ``CheckResult`` or a ``CheckpointResult`` comes back as one. Raises ``WorkFailed`` when it is a
        failure that was kept, and ``ConfigurationError`` when the key was used by a run of a checkpoint.
        """
        found = self._idempotency.seen(sound_key(key))
        return _value(found) if isinstance(found, Stored) else None

    def run(
        self,
        key: str,
        work: Callable[[], _T],
        *,
        fingerprint: str = "",
        wait_seconds: float = 0.0,
        keep_failures: bool = False,
    ) -> _T:
        """Do ``work`` unless it was done, and give its result, or the one that is kept.

        The reservation is renewed while the work goes on. An exception of the work is raised, and the key is
        free again; with ``keep_failures`` it is kept, and every repeat raises ``WorkFailed``.

        While somebody else does the work, waits up to ``wait_seconds`` for its result, then raises
        ``RunInProgress``. Raises ``ConfigurationError`` for another ``fingerprint`` and for a result that
        cannot be kept, which is treated as an exception of the work; ``ClaimLost`` when this process stood
        still for so long that the reservation lapsed, and nothing is kept.
        """
        reserved = self._when_free(key, fingerprint, _wait(wait_seconds))
        if isinstance(reserved, Stored):
            return cast("_T", _value(reserved))
        self._claims.keep(reserved, self._idempotency.store)
        with self._idempotency.renewing(reserved, self.lease_seconds) as stop:
            try:
                result = work()
                outcome = _kept(result)
            except BaseException as error:
                self._give_up(stop(), error, keep=keep_failures)
                raise
            try:
                self._complete(stop(), outcome, ok=True)
            except ConfigurationError as error:
                self._give_up(stop(), error, keep=keep_failures)
                raise
        return result

    def close(self) -> None:
        """Let go of the connections of this process; they are made anew when the service is used again.

        A store that was given as an object is left alone.
        """
        if self.store is not self._known.store:
            self._known.store.close()

    def __enter__(self) -> Self:
        """Closed on leaving."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """See ``close``."""
        self.close()

    def __reduce__(self) -> tuple[object, ...]:
        """What another process makes the same service of; reservations stay here."""
        if forgets(self._known.store):
            raise ConfigurationError(_OF_ONE_PROCESS)
        return (_again, (self.store, self.ttl_seconds, self.lease_seconds, self.clock))

    @property
    def _idempotency(self) -> Idempotency:
        if self._process != os.getpid() and forgets(self._known.store):
            raise ConfigurationError(_OF_ONE_PROCESS)
        return self._known

    def _reserve(self, key: str, fingerprint: str) -> Claim | Stored | InProgress:
        request = fingerprint_of(fingerprint) if fingerprint else ""
        reserved = self._idempotency.reserve(sound_key(key), request, self.lease_seconds)
        if isinstance(reserved, OtherRequest):
            raise ConfigurationError(str(reserved))
        return reserved

    def _when_free(self, key: str, fingerprint: str, wait_seconds: float) -> Claim | Stored:
        """The reservation, or what was kept; waits while somebody else does the work."""
        give_up = self.clock.monotonic() + wait_seconds
        pause = 0.02
        while isinstance(reserved := self._reserve(key, fingerprint), InProgress):
            while isinstance(self._idempotency.seen(key), InProgress):
                left = give_up - self.clock.monotonic()
                if left <= 0:
                    raise RunInProgress(str(reserved))
                self.clock.sleep(min(pause, left))
                pause = min(2 * pause, 0.5)
        return reserved

    def _claim(self, key: str) -> Claim:
        claim = self._claims.find(sound_key(key))
        if claim is None:
            raise ClaimLost(f"{shown(key)} is not reserved with this service: is_duplicate(key) does that")
        return claim

    def _complete(self, claim: Claim, outcome: object, *, ok: bool) -> None:
        """Keep an outcome, also if the store is away for a moment."""
        give_up = self.clock.monotonic() + _PATIENCE
        pause = 0.05
        while True:
            try:
                done = self._idempotency.complete(claim, outcome, self.ttl_seconds, ok=ok)
            except TransientError:
                if self.clock.monotonic() >= give_up:
                    raise
                self.clock.sleep(pause)
                pause = min(2 * pause, 1.0)
            else:
                self._settle(claim, done)
                return

    def _settle(self, claim: Claim, done: Result[None, Lapsed]) -> None:
        self._claims.drop(claim)
        if not is_successful(done):
            raise ClaimLost(str(done.failure()))
        self._purge(self._known.store)

    def _give_up(self, claim: Claim, error: BaseException, *, keep: bool) -> None:
        """Keep a failure, or release; if that fails too, the reservation lapses by itself."""
        with contextlib.suppress(PortError):
            if keep and isinstance(error, Exception):
                self._complete(claim, _failure(error), ok=False)
            else:
                self._settle(claim, self._idempotency.release(claim))


_PATIENCE = 10.0  #: seconds for which keeping a result is tried
_OF_ONE_PROCESS = (
    "a store in memory belongs to one process: give the service a file or a server to share it with another"
)


def _again(store: StoreChoice, ttl_seconds: float, lease_seconds: float, clock: Clock) -> IdempotencyService:
    return IdempotencyService(store, ttl_seconds, lease_seconds, clock=clock)


def _new_holder() -> str:
    return uuid.uuid4().hex


def _wait(number: object) -> float:
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number < math.inf:
        raise ConfigurationError(f"wait_seconds must be a number of at least 0, not {shown(number)}")
    return number


class _Claims:
    """The claims that a service holds. Threads share them; what a thread made itself comes first for it.

    So a thread whose claim lapsed does not complete under that of another one. Operations on a dictionary
    are atomic, so there is no lock that a fork could leave locked.
    """

    def __init__(self, keep_seconds: float) -> None:
        self._keep = keep_seconds
        self._held: dict[str, tuple[tuple[int, Claim], ...]] = {}

    def keep(self, claim: Claim, store: StateStore) -> None:
        """Remember a claim. Of those that nobody completed, only so many are remembered for longer."""
        if len(self._held) >= _MOST_CLAIMS:
            now = store.now()
            for key, held in tuple(self._held.items()):
                if all((now - old.until).total_seconds() > self._keep for _, old in held):
                    self._held.pop(key, None)
        me = threading.get_ident()
        others = (each for each in self._held.get(claim.key, ()) if each[0] != me)
        self._held[claim.key] = (*others, (me, claim))

    def find(self, key: str) -> Claim | None:
        """The claim of this thread, or else the newest."""
        held = self._held.get(key, ())
        mine = [claim for thread, claim in held if thread == threading.get_ident()]
        return next(iter(mine or [claim for _, claim in reversed(held)]), None)

    def drop(self, claim: Claim) -> None:
        """Forget a claim, however often it was renewed."""
        left = tuple(each for each in self._held.get(claim.key, ()) if each[1].holder != claim.holder)
        if left:
            self._held[claim.key] = left
        else:
            self._held.pop(claim.key, None)


_MOST_CLAIMS = 10_000


class _Purge:
    """Removes what has expired, at most once a minute; trouble is no reason to lose what was just kept."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next = clock.monotonic()

    def __call__(self, store: StateStore) -> None:
        now = self._clock.monotonic()
        if now < self._next or not isinstance(store, SupportsQueues):
            return
        self._next = now + 60
        with contextlib.suppress(PortError):
            for _ in range(10):
                if store.purge(_PAGE) < _PAGE:
                    return


_PAGE = 1000


#: What is kept of results by kind, and how each is read.
_READERS: Mapping[str, Callable[[Any], object]] = {
    "check": CheckResult.from_dict,
    "checkpoint": CheckpointResult.from_dict,
    "plain": lambda value: value,
}


def _kept(result: object) -> dict[str, object]:
    match result:
        case CheckResult():
            return {"kind": "check", "value": result.to_dict()}
        case CheckpointResult():
            return {"kind": "checkpoint", "value": result.to_dict()}
    try:
        return {"kind": "plain", "value": _plain(result, "the result")}
    except RecursionError:
        raise ConfigurationError("the result cannot be kept: it is nested too deeply, or in itself") from None


def _plain(value: object, place: str) -> object:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Mapping():
            return {_name(key, place): _plain(item, f"{place}[{shown(key)}]") for key, item in value.items()}
        case list() | tuple():
            return [_plain(item, f"{place}[{number}]") for number, item in enumerate(value)]
    raise ConfigurationError(
        f"{place} cannot be kept: a {type(value).__name__} is none of the values of JSON; turn it into text, "
        "numbers, lists and mappings"
    )


def _name(key: object, place: str) -> str:
    if not isinstance(key, str):
        raise ConfigurationError(
            f"{place} cannot be kept: the keys of its mappings must be text, not {shown(key)}"
        )
    return key


def _failure(error: object) -> dict[str, object]:
    text = f"{type(error).__name__}: {error}" if isinstance(error, BaseException) else str(error)
    return {"kind": "failure", "value": text}


def _value(stored: Stored) -> object:
    """What was kept; raises for a failure, and for what was not kept by a service."""
    match stored.outcome:
        case {"kind": "failure", "value": str(text)}:
            raise WorkFailed(f"the work under {shown(stored.key)} failed: {text}")
        case {"kind": str(kind), "value": value} if kind in _READERS:
            return _READERS[kind](value)
    raise ConfigurationError(str(OtherRequest(stored.key)))
