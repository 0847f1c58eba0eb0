"""Reserve, do, complete: work that happens once under a key, whoever crashes in between (D7)."""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from attrs import evolve, frozen
from returns.pipeline import is_successful
from returns.result import Failure, Result, Success

from veriport.domain import codec
from veriport.domain.idempotency import (
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
from veriport.domain.records import Absent, AtRevision, Change, Delete, Put, Record
from veriport.ports.errors import TransientError
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
        wanted = Entry(key=key, fingerprint=fingerprint, holder=self.new_holder(), progress=Progress.RUNNING)
        while True:
            until = self.store.now() + timedelta(seconds=lease_seconds)
            done = self._put(wanted, until)
            if done is not None:
                return _claim(wanted, done, until)
            record = self.store.get(record_key(key))
            if record is not None:
                return self._meaning(record, wanted)

    def _put(self, wanted: Entry, until: datetime) -> int | None:
        """The revision of a new entry, or ``None`` where there is one; a lost answer is asked for again."""
        change = Put(
            key=record_key(wanted.key),
            value=codec.to_record("idempotency", wanted),
            guard=Absent(),
            expires_at=until,
        )
        try:
            done = self.store.commit([change])
        except TransientError:
            done = self.store.commit([change])
        return done.unwrap() if is_successful(done) else None

    def _meaning(self, record: Record, wanted: Entry) -> Reservation:
        entry = _entry(record)
        if entry.holder == wanted.holder and record.expires_at is not None:
            return _claim(entry, record.revision, record.expires_at)  # our own, whose answer was lost
        if entry.fingerprint != wanted.fingerprint:
            return OtherRequest(wanted.key)
        return self._known(record, entry)

    def _known(self, record: Record, entry: Entry) -> Stored | InProgress:
        if entry.progress is Progress.RUNNING:
            return InProgress(key=entry.key, until=record.expires_at)
        parts = [self.store.get(part_key(entry.key, number)) for number in range(entry.parts)]
        body = b"".join(part.value for part in parts if part is not None)
        return Stored(key=entry.key, ok=entry.ok, outcome=json.loads(zlib.decompress(body)))

    def seen(self, key: str) -> Stored | InProgress | None:
        """What is known of a key; nothing is reserved."""
        record = self.store.get(record_key(key))
        return None if record is None else self._known(record, _entry(record))

    def renew(self, claim: Claim, lease_seconds: float) -> Result[Claim, Lapsed]:
        """The claim, for so long from now; ``Failure`` if it has lapsed."""
        until = self.store.now() + timedelta(seconds=lease_seconds)
        entry = _running(claim)
        change = Put(
            key=record_key(claim.key),
            value=codec.to_record("idempotency", entry),
            guard=AtRevision(claim.fence),
            expires_at=until,
        )
        done = self.store.commit([change])
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
    ) -> tuple[Change, ...]:
        """The changes that keep an outcome, plain data, for so long; committed with what belongs to it."""
        expires_at = self.store.now() + timedelta(seconds=ttl_seconds)
        parts = parted(zlib.compress(json.dumps(outcome).encode()))
        entry = evolve(_running(claim), progress=Progress.DONE, ok=ok, parts=len(parts))
        return (
            Put(
                key=record_key(claim.key),
                value=codec.to_record("idempotency", entry),
                guard=AtRevision(claim.fence),
                expires_at=expires_at,
            ),
            *(
                Put(key=part_key(claim.key, number), value=part, expires_at=expires_at)
                for number, part in enumerate(parts)
            ),
        )

    def complete(
        self, claim: Claim, outcome: object, ttl_seconds: float, *, ok: bool = True
    ) -> Result[None, Lapsed]:
        """Keep an outcome, plain data, good or bad; ``Failure`` if the claim has lapsed."""
        done = self.store.commit(self.completion(claim, outcome, ttl_seconds, ok=ok))
        return Success(None) if is_successful(done) else Failure(Lapsed(claim.key))

    def release(self, claim: Claim) -> Result[None, Lapsed]:
        """Give the work back undone, for anybody to begin; ``Failure`` if the claim has lapsed."""
        done = self.store.commit([Delete(key=record_key(claim.key), guard=AtRevision(claim.fence))])
        return Success(None) if is_successful(done) else Failure(Lapsed(claim.key))

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

    def run(self) -> None:
        while not self._over.wait(self._lease / 3):
            try:
                renewed = self._idempotency.renew(self._claim, self._lease)
            except TransientError:
                continue
            if not is_successful(renewed):
                return
            self._claim = renewed.unwrap()

    def stop(self) -> Claim:
        """End renewing; the claim as it was renewed last."""
        self._over.set()
        if self.is_alive():
            self.join()
        return self._claim


def _running(claim: Claim) -> Entry:
    return Entry(key=claim.key, fingerprint=claim.fingerprint, holder=claim.holder, progress=Progress.RUNNING)


def _entry(record: Record) -> Entry:
    return codec.read_record(record.value, "idempotency", Entry)


def _claim(entry: Entry, fence: int, until: datetime) -> Claim:
    return Claim(key=entry.key, fingerprint=entry.fingerprint, holder=entry.holder, fence=fence, until=until)
