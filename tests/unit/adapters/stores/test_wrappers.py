"""Stores around other stores: what they keep from each other, and what they refuse."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pytest
from returns.result import Result

from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.stores.encrypted import OVERHEAD, EncryptedStateStore, encrypted
from veriport.adapters.stores.measured import measured
from veriport.adapters.stores.memory import MemoryStateStore
from veriport.adapters.stores.prefixed import PrefixedStateStore
from veriport.adapters.telemetry.memory import MemoryTelemetry, Recorded
from veriport.domain.errors import ConfigurationError
from veriport.domain.records import (
    MAX_KEY,
    MAX_VALUE,
    Absent,
    AtFence,
    Change,
    Conflict,
    Delete,
    Put,
    Record,
)
from veriport.ports.errors import PermanentError
from veriport.ports.stores import StateStore, SupportsQueues, forgets
from veriport.testing.suites.stores import conflict, found, make_due, put, taken

OLD, NEW, OTHER = b"old " * 8, b"new!" * 8, b"othr" * 8
LONG = 3600.0


@pytest.fixture
def inner() -> MemoryStateStore:
    return MemoryStateStore(FrozenClock())


#: Each kind around a store.
KINDS: dict[str, Callable[[StateStore], StateStore]] = {
    "prefixed": lambda inner: PrefixedStateStore(inner, "part/"),
    "encrypted": lambda inner: encrypted(inner, [NEW]),
    "measured": lambda inner: measured(inner, MemoryTelemetry()),
}


@pytest.mark.parametrize("kind", KINDS)
def test_it_forgets_what_the_inner_store_forgets(inner: MemoryStateStore, kind: str) -> None:
    assert forgets(KINDS[kind](inner))
    assert not forgets(KINDS[kind](Lasting()))


@pytest.mark.parametrize("kind", KINDS)
def test_it_finds_due_work_if_the_inner_store_does(inner: MemoryStateStore, kind: str) -> None:
    assert isinstance(KINDS[kind](inner), SupportsQueues) == (kind != "prefixed")
    assert not isinstance(KINDS[kind](PrefixedStateStore(inner, "part/")), SupportsQueues)


@pytest.mark.parametrize("kind", KINDS)
def test_closing_it_closes_the_inner_store(kind: str) -> None:
    inner = Lasting()
    KINDS[kind](inner).close()
    assert inner.closed == 1


class Lasting(MemoryStateStore):
    """A store that does not forget, as far as it says, and counts how often it is closed."""

    volatile = False

    def __init__(self) -> None:
        super().__init__(FrozenClock())
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


# prefixed


def test_a_part_and_the_whole_see_the_same_records(inner: MemoryStateStore) -> None:
    part = PrefixedStateStore(inner, "part/")
    revision = put(part, "a", b"1")
    put(inner, "part/b", b"2")
    put(inner, "other/c", b"3")
    assert found(inner, "part/a") == Record(key="part/a", value=b"1", revision=revision)
    assert [record.key for record in part.scan("")] == ["a", "b"]
    assert part.get("other/c") is part.get("part/a") is None
    assert conflict(part, Delete(key="b", guard=Absent())) == Conflict("b")


def test_what_is_due_in_a_part_is_claimed_from_the_whole(inner: MemoryStateStore) -> None:
    part = PrefixedStateStore(inner, "part/")
    make_due(part, "a", b"body")
    (claimed,) = inner.claim("work", 10, LONG)
    assert (claimed.key, claimed.value) == ("part/a", b"body")
    assert conflict(part, Put(key="a", value=b"", guard=AtFence(0))) == Conflict("a")
    assert part.take("a", LONG) is None


def test_parts_of_parts_have_longer_prefixes(inner: MemoryStateStore) -> None:
    put(PrefixedStateStore(PrefixedStateStore(inner, "a/"), "b/"), "c", b"")
    assert [record.key for record in inner.scan("")] == ["a/b/c"]


@pytest.mark.parametrize("prefix", ["", "part", "a\0b/", "\ud800/", "x" * (MAX_KEY - 1) + "/"])
def test_what_is_no_prefix_is_refused(inner: MemoryStateStore, prefix: str) -> None:
    with pytest.raises(ConfigurationError, match="prefix"):
        PrefixedStateStore(inner, prefix)


def test_a_key_must_fit_after_its_prefix(inner: MemoryStateStore) -> None:
    part = PrefixedStateStore(inner, "größe/")
    longest = "k" * (MAX_KEY - len("größe/".encode()))
    put(part, longest, b"")
    refused: list[Callable[[], object]] = [
        lambda: part.commit([Put(key="a", value=b""), Put(key=f"{longest}k", value=b"")]),
        lambda: part.get(f"{longest}k"),
        lambda: part.take(f"{longest}k", LONG),
    ]
    for refuse in refused:
        with pytest.raises(PermanentError, match=r"after 'größe/': it is 1 bytes too long"):
            refuse()
    assert [record.key for record in part.scan("")] == [longest]


# encrypted


def test_the_inner_store_sees_no_value(inner: MemoryStateStore) -> None:
    store = encrypted(inner, [NEW])
    for key in ("a", "b"):
        put(store, key, b"body")
    stored = [record.value for record in inner.scan("")]
    assert len({value[9:21] for value in stored}) == 2, "a nonce came twice"
    assert {value[0] for value in stored} == {1}
    assert not any(b"body" in value for value in stored)
    assert [len(value) for value in stored] == [4 + OVERHEAD] * 2
    assert [record.value for record in store.scan("")] == [b"body"] * 2


def restore(inner: MemoryStateStore, key: str, value: bytes) -> None:
    put(inner, key, value, queue="work", due_at=inner.now())


#: What may be done to a stored value, behind the store's back.
TAMPERING: dict[str, Callable[[bytes], bytes]] = {
    "last bit": lambda value: value[:-1] + bytes([value[-1] ^ 1]),
    "first bit of the body": lambda value: value[:21] + bytes([value[21] ^ 1]) + value[22:],
    "nonce": lambda value: value[:9] + bytes([value[9] ^ 1]) + value[10:],
    "name of the key": lambda value: value[:1] + bytes([value[1] ^ 1]) + value[2:],
    "version": lambda value: b"\x02" + value[1:],
    "cut": lambda value: value[:-1],
    "cut to the head": lambda value: value[:9],
    "longer": lambda value: value + b"\0",
    "empty": lambda _: b"",
    "not encrypted": lambda _: b'{"secret": 1}',
}


@pytest.mark.parametrize("tamper", TAMPERING.values(), ids=TAMPERING)
def test_what_was_tampered_with_is_not_given(
    inner: MemoryStateStore, tamper: Callable[[bytes], bytes]
) -> None:
    store = encrypted(inner, [NEW])
    assert isinstance(store, SupportsQueues)
    put(store, "runs/a", b"secret body")
    restore(inner, "runs/a", tamper(found(inner, "runs/a").value))
    for refuse in refusals(store):
        with pytest.raises(PermanentError, match="'runs/a'") as refused:
            refuse()
        told = "".join(traceback.format_exception(refused.value))
        assert "secret" not in told
        assert NEW.decode() not in told


def refusals(store: EncryptedStateStore) -> Iterator[Callable[[], object]]:
    yield lambda: store.get("runs/a")
    yield lambda: store.scan("")
    yield lambda: store.take("runs/a", 0)
    if isinstance(store, SupportsQueues):
        yield lambda: store.claim("work", 1, 0)


@pytest.mark.parametrize("value", [b"", b'{"run": "2024-01-01T00:00:00", "state": "done"}'], ids=len)
def test_a_value_that_never_was_encrypted_is_said_to_be_none(inner: MemoryStateStore, value: bytes) -> None:
    put(inner, "a", value)
    with pytest.raises(PermanentError, match="'a' is not encrypted, or not by us"):
        encrypted(inner, [NEW]).get("a")


def test_a_value_that_was_moved_to_another_record_is_not_given(inner: MemoryStateStore) -> None:
    store = encrypted(inner, [NEW])
    put(store, "a", b"body")
    restore(inner, "b", found(inner, "a").value)
    assert found(store, "a").value == b"body"
    with pytest.raises(PermanentError, match="'b' was changed, or moved"):
        store.get("b")


def test_a_value_under_a_key_that_we_do_not_have_is_not_given(inner: MemoryStateStore) -> None:
    put(encrypted(inner, [OTHER]), "a", b"body")
    with pytest.raises(PermanentError, match="'a' was encrypted with a key that we do not have"):
        encrypted(inner, [NEW, OLD]).get("a")


def test_the_first_key_encrypts_and_all_decrypt(inner: MemoryStateStore) -> None:
    put(encrypted(inner, [OLD]), "a", b"1")
    both = encrypted(inner, [NEW, OLD])
    put(both, "b", b"2")
    assert [record.value for record in both.scan("")] == [b"1", b"2"]
    assert found(encrypted(inner, [NEW]), "b").value == b"2"


def test_a_value_may_be_shorter_by_what_encryption_adds(inner: MemoryStateStore) -> None:
    store = encrypted(inner, [NEW])
    put(store, "a", b"x" * (MAX_VALUE - OVERHEAD))
    with pytest.raises(PermanentError, match=r"'b' has 65,500 bytes: at most 65,499 .* encryption adds 37"):
        store.commit([Put(key="c", value=b""), Put(key="b", value=b"x" * (MAX_VALUE - OVERHEAD + 1))])
    assert [record.key for record in inner.scan("")] == ["a"]


@pytest.mark.parametrize("keys", [[], [b"short"], [NEW, NEW + b"x"], NEW, [NEW.decode()]], ids=str)
def test_what_are_no_keys_is_refused_and_not_shown(inner: MemoryStateStore, keys: list[bytes]) -> None:
    with pytest.raises(ConfigurationError, match="32 bytes") as refused:
        encrypted(inner, keys)
    assert "new!" not in "".join(traceback.format_exception(refused.value))


def test_keys_are_never_shown(inner: MemoryStateStore) -> None:
    store = encrypted(inner, [NEW, OLD])
    for shown in (repr(store), str(store), repr(store.keys)):
        assert "new!" not in shown
        assert "old " not in shown


def test_rotating_changes_values_and_revisions_and_nothing_else(inner: MemoryStateStore) -> None:
    old, both = encrypted(inner, [OLD]), encrypted(inner, [NEW, OLD])
    later = inner.now() + timedelta(days=1)
    make_due(old, "claimed")
    taken(old, "claimed", LONG)
    put(old, "due", b"body", queue="work", due_at=later, expires_at=later)
    put(old, "in a queue", b"", queue="work")
    put(both, "new", b"already")
    old.commit([Put(key=f"many/{number:03}", value=b"%d" % number) for number in range(250)])
    before = {record.key: record for record in both.scan("")}
    assert both.rotate() == 253
    assert both.rotate() == 0
    after = {record.key: record for record in encrypted(inner, [NEW]).scan("")}
    assert after.keys() == before.keys()
    for key, record in after.items():
        assert (record.revision > before[key].revision) == (key != "new")
        assert unrevised(record) == unrevised(before[key])
    assert after["claimed"].claims == 1


def unrevised(record: Record) -> object:
    return (record.value, record.queue, record.due_at, record.claims, record.fence, record.expires_at)


def test_rotating_loses_no_change_that_is_made_meanwhile() -> None:
    busy = Busy(FrozenClock())
    old = encrypted(busy, [OLD])
    for key in ("a", "b", "c"):
        put(old, key, b"before")
    busy.meanwhile = [lambda: put(old, "b", b"meanwhile")]
    assert encrypted(busy, [NEW, OLD]).rotate() == 3
    values = [record.value for record in encrypted(busy, [NEW]).scan("")]
    assert values == [b"before", b"meanwhile", b"before"]


class Busy(MemoryStateStore):
    """A store that others change just before a commit."""

    meanwhile: Sequence[Callable[[], object]] = ()

    def commit(self, changes: Sequence[Change]) -> Result[int, Conflict]:
        others, self.meanwhile = self.meanwhile, ()
        for change in others:
            change()
        return super().commit(changes)


# measured


def test_each_verb_is_a_span(inner: MemoryStateStore) -> None:
    telemetry = MemoryTelemetry()
    store = measured(inner, telemetry)
    assert isinstance(store, SupportsQueues)
    make_due(store, "a")
    store.get("a")
    store.scan("", limit=5)
    store.take("a", 0)
    store.claim("work", 3, 0)
    store.purge(7)
    assert telemetry.spans == [
        Recorded("store.now"),
        Recorded("store.commit", {"changes": 1}),
        Recorded("store.get"),
        Recorded("store.scan", {"limit": 5}),
        Recorded("store.take"),
        Recorded("store.claim", {"queue": "work", "limit": 3}),
        Recorded("store.purge", {"limit": 7}),
    ]
    assert telemetry.events == [Recorded("store.claimed", {"queue": "work", "records": 1})]


def test_what_is_removed_is_counted(inner: MemoryStateStore) -> None:
    telemetry = MemoryTelemetry()
    store = measured(inner, telemetry)
    assert isinstance(store, SupportsQueues)
    for key in ("a", "b"):
        put(store, key, b"", expires_at=inner.now())
    assert store.purge(10) == 2
    assert store.claim("work", 10, LONG) == ()
    assert telemetry.events == [Recorded("store.purged", {"records": 2})]


def test_a_conflict_is_an_event_and_trouble_is_an_error(inner: MemoryStateStore) -> None:
    telemetry = MemoryTelemetry()
    store = measured(inner, telemetry)
    put(store, "a", b"")
    assert conflict(store, Delete(key="a", guard=Absent())) == Conflict("a")
    assert telemetry.events == [Recorded("store.conflict", {"key": "a"})]
    with pytest.raises(PermanentError):
        store.commit([Delete(key="")])
    assert [span.error for span in telemetry.spans] == [None, None, "PermanentError"]
