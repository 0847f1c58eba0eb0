"""Reserve, do, complete: work that happens once under a key, whoever crashes in between (D7)."""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from attrs import evolve, frozen
from returns.pipeline import is_successful
from returns.result import Failure, Result, Success

from veriport.domain import codec
from veriport.domain.errors import ConfigurationError, shown
from veriport.domain.idempotency import (
    LABEL,
    MAX_PARTS,
    Claim,
    Entry,
    InProgress,
    Lapsed,
    OtherRequest,
    Progress,
    Reservation,
    Stored,
    part_key,
    parted,
    record_key,
)
from veriport.domain.records import Absent, AtRevision, Change, Conflict, Delete, Put, Record
from veriport.ports.errors import PermanentError, TransientError
from veriport.ports.stores import StateStore


@frozen(kw_only=True)
class Idempotency:
    """Keeps who works under which key. ``new_holder`` gives a text that nobody else has."""

    store: StateStore
    new_holder: Callable[[], str]

    def reserve(self, key: str, fingerprint: str, lease_seconds: float) -> Reservation:
        """The work under ``key`` is yours, was done, is being done, or was another request.

        A claim lapses after ``lease_seconds`` unless it is renewed. Of any number who ask at once, one gets
        it. Raises ``TransientError`` when the store cannot be reached.
        """
        holder = self.new_holder()
        while True:
            until = self.store.now() + timedelta(seconds=lease_seconds)
            claim = Claim(key=key, fingerprint=fingerprint, holder=holder, fence=0, until=until)
            done = self._commit([_put(claim, _running(claim), Absent(), until)])
            if is_successful(done):
                return evolve(claim, fence=done.unwrap())
            record = self.store.get(record_key(key))
            meaning = None if record is None else self._meaning(record, claim)
            if meaning is not None:
                return meaning

    def _commit(self, changes: Sequence[Change]) -> Result[int, Conflict]:
        """Commit, and once more where the answer was lost: nothing happens twice under a guard."""
        try:
            return self.store.commit(changes)
        except TransientError:
            return self.store.commit(changes)

    def _meaning(self, record: Record, wanted: Claim) -> Reservation | None:
        entry = _entry(record)
        if entry.holder == wanted.holder and record.expires_at is not None:
            return evolve(wanted, fence=record.revision, until=record.expires_at)  # ours; the answer was lost
        if entry.fingerprint != wanted.fingerprint:
            return OtherRequest(wanted.key)
        return self._known(record, wanted.key)

    def _known(self, record: Record, key: str) -> Stored | InProgress | None:
        """What a record means; ``None`` if it became another one while it was read."""
        entry = _entry(record)
        if entry.progress is Progress.RUNNING:
            return InProgress(key=key, until=record.expires_at)
        parts = [self.store.get(part_key(key, number)) for number in range(entry.parts)]
        bodies = [part.value for part in parts if part is not None and part.revision == record.revision]
        if len(bodies) == entry.parts:
            return Stored(key=key, ok=entry.ok, outcome=json.loads(zlib.decompress(b"".join(bodies))))
        again = self.store.get(record_key(key))
        if again is not None and again.revision == record.revision:
            raise PermanentError(f"the store has lost what {shown(key)} came to")
        return None

    def seen(self, key: str) -> Stored | InProgress | None:
        """What is known of a key; nothing is reserved."""
        while (record := self.store.get(record_key(key))) is not None:
            if (known := self._known(record, key)) is not None:
                return known
        return None

    def renew(self, claim: Claim, lease_seconds: float) -> Result[Claim, Lapsed]:
        """The claim, for so long from now; ``Failure`` if it has lapsed."""
        until = self.store.now() + timedelta(seconds=lease_seconds)
        done = self._commit([_put(claim, _running(claim), AtRevision(claim.fence), until)])
        if is_successful(done):
            return Success(evolve(claim, fence=done.unwrap(), until=until))
        return self._still_ours(claim)

    def _still_ours(self, claim: Claim) -> Result[Claim, Lapsed]:
        """The claim as it is in the store: a renewal whose answer was lost made it newer than we know."""
        record = self.store.get(record_key(claim.key))
        if record is None or record.expires_at is None or _entry(record) != _running(claim):
            return Failure(Lapsed(claim.key))
        return Success(evolve(claim, fence=record.revision, until=record.expires_at))

    def completion(
        self, claim: Claim, outcome: object, ttl_seconds: float, *, ok: bool = True
    ) -> tuple[Put, ...]:
        """The changes that keep an outcome, plain data, for so long; committed with what belongs to it.

        Raises ``ConfigurationError`` for an outcome that cannot be kept.
        """
        expires_at = self.store.now() + timedelta(seconds=ttl_seconds)
        parts = parted(zlib.compress(_written(claim.key, outcome)))
        if len(parts) > MAX_PARTS:
            raise ConfigurationError(f"the outcome of {shown(claim.key)} is too large to be kept")
        entry = evolve(_running(claim), progress=Progress.DONE, ok=ok, parts=len(parts))
        return (
            _put(claim, entry, AtRevision(claim.fence), expires_at),
            *(
                Put(key=part_key(claim.key, number), value=part, expires_at=expires_at)
                for number, part in enumerate(parts)
            ),
        )

    def complete(
        self, claim: Claim, outcome: object, ttl_seconds: float, *, ok: bool = True
    ) -> Result[None, Lapsed]:
        """Keep an outcome, plain data, good or bad; ``Failure`` if the claim has lapsed.

        Raises ``ConfigurationError`` for an outcome that cannot be kept; the claim stands.
        """
        changes = self.completion(claim, outcome, ttl_seconds, ok=ok)
        if is_successful(self._commit(changes)) or all(self._is_kept(change) for change in changes):
            return Success(None)
        return Failure(Lapsed(claim.key))

    def _is_kept(self, change: Put) -> bool:
        """Whether that is what the store holds: an earlier try succeeded, and its answer was lost."""
        record = self.store.get(change.key)
        return record is not None and record.value == change.value

    def release(self, claim: Claim) -> Result[None, Lapsed]:
        """Give the work back undone, for anybody to begin; ``Failure`` if somebody began or did it."""
        done = self._commit([Delete(key=record_key(claim.key), guard=AtRevision(claim.fence))])
        if is_successful(done) or self.store.get(record_key(claim.key)) is None:
            return Success(None)
        return Failure(Lapsed(claim.key))

    @contextmanager
    def renewing(self, claim: Claim, lease_seconds: float) -> Iterator[Callable[[], Claim]]:
        """Renew a claim while the work goes on, at each third of its lease.

        What is given ends that and tells the claim as it is. One that lapsed is not renewed any more:
        completing it fails.
        """
        keeper = _Keeper(self, claim, lease_seconds)
        keeper.start()
        try:
            yield keeper.stop
        finally:
            keeper.stop()


class _Keeper(threading.Thread):
    """Renews a claim until it is told to stop."""

    def __init__(self, idempotency: Idempotency, claim: Claim, lease_seconds: float) -> None:
        super().__init__(name=f"claim of {claim.key[:40]}", daemon=True)
        self._idempotency = idempotency
        self._claim = claim
        self._lease = lease_seconds
        self._over = threading.Event()
        self._unsure = False

    def run(self) -> None:
        while not self._over.wait(self._lease / 3):
            if not self._renew():
                return

    def _renew(self) -> bool:
        """Renew once; whether there is anything to renew."""
        try:
            renewed = self._idempotency.renew(self._claim, self._lease)
        except TransientError:
            self._unsure = True
            return True
        self._unsure = False
        self._claim = renewed.value_or(self._claim)
        return is_successful(renewed)

    def stop(self) -> Claim:
        """End renewing; the claim as it was renewed last."""
        self._over.set()
        if self.is_alive():
            self.join()
        if self._unsure:
            self._renew()
        return self._claim


def _put(claim: Claim, entry: Entry, guard: Absent | AtRevision, expires_at: datetime) -> Put:
    value = codec.to_record("idempotency", entry)
    return Put(key=record_key(claim.key), value=value, guard=guard, expires_at=expires_at)


def _running(claim: Claim) -> Entry:
    return Entry(
        key=claim.key[:LABEL],
        fingerprint=claim.fingerprint,
        holder=claim.holder,
        progress=Progress.RUNNING,
    )


def _entry(record: Record) -> Entry:
    return codec.read_record(record.value, "idempotency", Entry)


def _written(key: str, outcome: object) -> bytes:
    try:
        return json.dumps(outcome).encode()
    except (TypeError, ValueError, RecursionError) as wrong:
        raise ConfigurationError(f"the outcome of {shown(key)} is no plain data: {wrong}") from wrong
