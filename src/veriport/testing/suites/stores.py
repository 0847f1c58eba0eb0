"""The contract suite of the state store port: subclass ``StateStoreSuite`` and give it an empty store."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial

import pytest
from returns.pipeline import is_successful

from veriport.adapters.clocks.system import SystemClock
from veriport.domain.records import (
    MAX_CHANGES,
    MAX_KEY,
    MAX_VALUE,
    Absent,
    AtFence,
    AtRevision,
    Change,
    Check,
    Conflict,
    Delete,
    Put,
    Record,
    holds,
)
from veriport.ports.clocks import Clock
from veriport.ports.errors import PermanentError
from veriport.ports.stores import StateStore, SupportsQueues

#: How far the suite lets time pass, in seconds; a server's time cannot be moved, so it is short.
A_WHILE = 0.5
LONG = 3600.0

#: Texts that are no keys, by what is wrong with them.
HOSTILE_KEYS = {
    "empty": "",
    "null character": "a\0b",
    "half a surrogate pair": "a\ud800",
    "one byte too long": "a" * (MAX_KEY + 1),
    "too long in few characters": "é" * (MAX_KEY // 2 + 1),
}

#: Texts that are keys, though they do not look like it.
UNUSUAL_KEYS = {
    "blanks": " a b ",
    "line feed": "a\nb",
    "quote": "a'b\"c`; DROP TABLE records; --",
    "wildcards": "a%b_c*d?e[f]g\\h{i}",
    "slashes": "//a/../b/",
    "unicode": "Größe/数据/данные",
    "emoji": "\N{GRINNING FACE}",
    "decomposed": "e\u0301",
    "control": "\x01\x7f\x85",
    "the longest": "k" * MAX_KEY,
}


class StateStoreSuite:
    """Every sentence of ``veriport.ports.stores``. Override ``store``, and what else differs."""

    @pytest.fixture
    def clock(self) -> Clock:
        """What the store's time goes by: sleeping on it lets that time pass."""
        return SystemClock()

    @pytest.fixture
    def store(self, clock: Clock) -> Iterator[StateStore]:
        """The store under test, with nothing in it."""
        raise NotImplementedError

    @pytest.fixture
    def opener(self) -> Callable[[], StateStore] | None:
        """What opens the same store in another process; ``None`` for a store that no other can open."""
        return None

    @pytest.fixture
    def queues(self, store: StateStore) -> SupportsQueues:
        """The store, if it finds due work."""
        if not isinstance(store, SupportsQueues):
            pytest.skip("the store does not find due work")
        return store

    @pytest.fixture
    def open_elsewhere(self, opener: Callable[[], StateStore] | None) -> Callable[[], StateStore]:
        """The opener, where there is one."""
        if opener is None:
            pytest.skip("the store lives in one process")
        return opener

    # get and put

    def test_what_was_put_is_got(self, store: StateStore) -> None:
        revision = put(store, "a/b", b"body")
        assert store.get("a/b") == Record(key="a/b", value=b"body", revision=revision)

    @pytest.mark.parametrize("value", [b"", b"\0", bytes(range(256)), b"x" * MAX_VALUE], ids=len)
    def test_a_value_is_any_bytes(self, store: StateStore, value: bytes) -> None:
        put(store, "a", value)
        assert found(store, "a").value == value

    def test_an_absent_key_has_no_record(self, store: StateStore) -> None:
        put(store, "a/b", b"")
        assert store.get("a") is None
        assert store.get("a/b/c") is None
        assert store.get("A/B") is None

    def test_every_field_comes_back(self, store: StateStore) -> None:
        due = store.now() + timedelta(seconds=LONG, microseconds=1)
        expires = due + timedelta(days=400)
        revision = put(store, "a", b"body", queue="work", due_at=due, expires_at=expires)
        assert store.get("a") == Record(
            key="a", value=b"body", revision=revision, queue="work", due_at=due, expires_at=expires
        )

    def test_a_put_sets_the_whole_record(self, store: StateStore) -> None:
        later = store.now() + timedelta(seconds=LONG)
        put(store, "a", b"old", queue="work", due_at=later, expires_at=later)
        revision = put(store, "a", b"new")
        assert store.get("a") == Record(key="a", value=b"new", revision=revision)

    def test_a_record_may_stand_in_a_queue_and_not_be_due(self, store: StateStore) -> None:
        put(store, "a", b"", queue="work")
        assert (found(store, "a").queue, found(store, "a").due_at) == ("work", None)
        assert store.take("a", LONG) is None

    @pytest.mark.parametrize("key", UNUSUAL_KEYS.values(), ids=UNUSUAL_KEYS)
    def test_an_unusual_key_is_a_key(self, store: StateStore, key: str) -> None:
        if len(key.encode()) == MAX_KEY and not hasattr(store, "claim"):
            key = key[:-64]  # a view of a part of a store puts something before each key
        put(store, key, b"body")
        assert found(store, key).value == b"body"
        assert [record.key for record in store.scan(key)] == [key]
        assert [record.key for record in store.scan("")] == [key]
        assert is_successful(store.commit([Delete(key=key)]))
        assert store.get(key) is None

    # what is refused

    @pytest.mark.parametrize("key", HOSTILE_KEYS.values(), ids=HOSTILE_KEYS)
    def test_what_is_no_key_is_refused(self, store: StateStore, key: str) -> None:
        with pytest.raises(PermanentError):
            store.commit([Put(key="good", value=b""), Put(key=key, value=b"")])
        assert store.scan("") == ()

    def test_a_value_over_the_limit_is_refused_and_nothing_changes(self, store: StateStore) -> None:
        with pytest.raises(PermanentError, match="65,5"):
            store.commit([Put(key="small", value=b""), Put(key="large", value=b"x" * (MAX_VALUE + 1))])
        assert store.scan("") == ()

    def test_two_changes_of_one_key_are_refused(self, store: StateStore) -> None:
        with pytest.raises(PermanentError, match="'a'"):
            store.commit([Put(key="a", value=b"1"), Put(key="a", value=b"2")])
        assert store.get("a") is None

    def test_too_many_changes_are_refused(self, store: StateStore) -> None:
        many = [Put(key=f"{number:04}", value=b"") for number in range(MAX_CHANGES + 1)]
        with pytest.raises(PermanentError, match="1,001"):
            store.commit(many)
        assert store.scan("") == ()
        assert is_successful(store.commit(many[1:]))
        assert len(store.scan("")) == MAX_CHANGES

    def test_what_is_no_name_of_a_queue_is_refused(self, store: StateStore) -> None:
        for queue in ("a\0b", "a\ud800", "q" * (MAX_KEY + 1)):
            with pytest.raises(PermanentError):
                store.commit([Put(key="a", value=b"", queue=queue)])
        assert store.scan("") == ()

    def test_being_due_without_a_queue_is_refused(self, store: StateStore) -> None:
        with pytest.raises(PermanentError, match="queue"):
            store.commit([Put(key="a", value=b"", due_at=store.now())])

    def test_a_time_without_a_zone_is_refused(self, store: StateStore) -> None:
        naive = store.now().replace(tzinfo=None)
        with pytest.raises(PermanentError, match="zone"):
            store.commit([Put(key="a", value=b"", expires_at=naive)])

    # guards

    def test_absent_lets_the_first_one_in(self, store: StateStore) -> None:
        assert is_successful(store.commit([Put(key="a", value=b"1", guard=Absent())]))
        assert conflict(store, Put(key="a", value=b"2", guard=Absent())) == Conflict("a")
        assert found(store, "a").value == b"1"

    def test_a_revision_is_that_of_the_last_change(self, store: StateStore) -> None:
        first = put(store, "a", b"1")
        second = put(store, "a", b"2")
        assert conflict(store, Put(key="a", value=b"3", guard=AtRevision(first))) == Conflict("a")
        assert is_successful(store.commit([Put(key="a", value=b"3", guard=AtRevision(second))]))
        assert conflict(store, Put(key="gone", value=b"", guard=AtRevision(second))) == Conflict("gone")

    def test_a_fence_stands_until_the_next_claim(self, store: StateStore, clock: Clock) -> None:
        make_due(store, "a")
        mine = taken(store, "a", A_WHILE)
        put(store, "a", b"changed by another", queue="work", due_at=found(store, "a").due_at)
        assert is_successful(store.commit([Check(key="a", guard=AtFence(mine.fence))]))
        clock.sleep(A_WHILE)
        theirs = taken(store, "a", LONG)
        assert theirs.fence > mine.fence
        assert conflict(store, Delete(key="a", guard=AtFence(mine.fence))) == Conflict("a")
        assert is_successful(store.commit([Delete(key="a", guard=AtFence(theirs.fence))]))

    def test_an_old_fence_does_not_fit_a_record_that_came_anew(self, store: StateStore) -> None:
        make_due(store, "a")
        mine = taken(store, "a", LONG)
        store.commit([Delete(key="a")])
        make_due(store, "a")
        assert found(store, "a").claims == 0
        theirs = taken(store, "a", LONG)
        assert theirs.claims == mine.claims == 1
        assert conflict(store, Put(key="a", value=b"", guard=AtFence(mine.fence))) == Conflict("a")

    @pytest.mark.parametrize("guard", [Absent(), AtRevision(0), AtFence(7)])
    @pytest.mark.parametrize("cls", [Put, Delete, Check])
    def test_one_guard_that_does_not_hold_stops_all(
        self, store: StateStore, cls: type[Put | Delete | Check], guard: Absent | AtRevision | AtFence
    ) -> None:
        put(store, "there", b"1")
        body = {"value": b"2"} if cls is Put else {}
        last = cls(key="there", guard=guard, **body)  # type: ignore[arg-type]  # a body where there is one
        changes: list[Change] = [Put(key="new", value=b""), Check(key="other", guard=Absent()), last]
        assert conflict(store, *changes) == Conflict("there")
        assert [(record.key, record.value) for record in store.scan("")] == [("there", b"1")]

    def test_the_first_guard_that_does_not_hold_is_named(self, store: StateStore) -> None:
        found_conflict = conflict(
            store, *(Put(key=key, value=b"", guard=AtRevision(9)) for key in ("b", "c", "a"))
        )
        assert found_conflict == Conflict("b")

    def test_a_check_changes_nothing(self, store: StateStore) -> None:
        before = put(store, "a", b"1")
        assert is_successful(
            store.commit([Check(key="a", guard=AtRevision(before)), Put(key="b", value=b"")])
        )
        assert found(store, "a").revision == before

    def test_a_delete_without_a_guard_may_find_nothing(self, store: StateStore) -> None:
        assert is_successful(store.commit([Delete(key="a")]))

    def test_no_changes_are_a_success(self, store: StateStore) -> None:
        assert store.commit([]).unwrap() == 0

    # revisions

    def test_all_records_of_a_commit_have_its_revision(self, store: StateStore) -> None:
        revision = store.commit([Put(key=key, value=b"") for key in "abc"]).unwrap()
        assert {record.revision for record in store.scan("")} == {revision}

    def test_a_revision_never_comes_back(self, store: StateStore, clock: Clock) -> None:
        seen = [put(store, "a", b"")]
        store.commit([Delete(key="a")])
        seen.append(put(store, "a", b"", expires_at=store.now() + timedelta(seconds=A_WHILE)))
        clock.sleep(A_WHILE)
        seen.append(put(store, "a", b"", guard=Absent()))
        make_due(store, "a")
        seen += [found(store, "a").revision, taken(store, "a", LONG).revision]
        seen.append(put(store, "a", b"", guard=AtFence(seen[-1])))
        assert seen == sorted(set(seen))
        assert seen[0] > 0

    def test_a_revision_does_not_come_back_after_a_purge(
        self, store: StateStore, queues: SupportsQueues, clock: Clock
    ) -> None:
        before = put(store, "a", b"", expires_at=store.now() + timedelta(seconds=A_WHILE))
        clock.sleep(A_WHILE)
        assert queues.purge(10) == 1
        assert put(store, "a", b"", guard=Absent()) > before

    # scan

    def test_keys_are_in_the_order_of_their_bytes(self, store: StateStore) -> None:
        keys = ["a/b", "a-b", "a", "ab", "B", "é", "\uffe0", "\U0001f600", "a b", "a\nb"]
        store.commit([Put(key=key, value=key.encode()) for key in keys])
        ordered = sorted(keys, key=str.encode)
        assert [record.key for record in store.scan("")] == ordered
        assert [record.value.decode() for record in store.scan("")] == ordered
        assert [record.key for record in store.scan("", reverse=True)] == ordered[::-1]

    @pytest.mark.parametrize(
        ("prefix", "expected"),
        [
            ("a", ["a", "a/b", "a/c", "ab"]),
            ("a/", ["a/b", "a/c"]),
            ("a/b", ["a/b"]),
            ("a/b/", []),
            ("A", []),
            ("%", ["%x"]),
            ("_", []),
            ("*", []),
            ("é", ["é", "éa"]),
            ("\U0010ffff", ["\U0010ffff"]),
        ],
    )
    def test_a_prefix_is_any_text(self, store: StateStore, prefix: str, expected: list[str]) -> None:
        for key in ("ab", "a/c", "b", "a", "a/b", "%x", "é", "éa", "ê", "\U0010ffff"):
            put(store, key, b"")
        assert [record.key for record in store.scan(prefix)] == expected
        assert [record.key for record in store.scan(prefix, reverse=True)] == expected[::-1]

    @pytest.mark.parametrize("reverse", [False, True])
    def test_pages_follow_each_other(self, store: StateStore, *, reverse: bool) -> None:
        keys = [f"k/{number:02}" for number in range(25)]
        store.commit([Put(key=key, value=b"") for key in (*keys, "j", "l")])
        seen: list[str] = []
        while page := store.scan("k/", after=seen[-1] if seen else "", limit=7, reverse=reverse):
            assert len(page) <= 7
            seen += [record.key for record in page]
        assert seen == (keys[::-1] if reverse else keys)

    @pytest.mark.parametrize(
        ("after", "reverse", "expected"),
        [("k/1x", False, ["k/2"]), ("a", False, ["k/1", "k/2"]), ("z", False, []),
         ("k/1x", True, ["k/1"]), ("z", True, ["k/2", "k/1"]), ("a", True, [])],
    )  # fmt: skip
    def test_a_page_may_go_on_at_what_is_no_key(
        self, store: StateStore, after: str, expected: list[str], *, reverse: bool
    ) -> None:
        store.commit([Put(key=key, value=b"") for key in ("k/1", "k/2", "j", "l")])
        assert [record.key for record in store.scan("k/", after=after, reverse=reverse)] == expected

    def test_what_is_there_throughout_is_seen_once(self, store: StateStore) -> None:
        staying = [f"k/stay/{number:02}" for number in range(20)]
        store.commit([Put(key=key, value=b"") for key in (*staying, *(f"k/go/{n:02}" for n in range(20)))])
        seen: list[str] = []
        number = 0
        while page := store.scan("k/", after=seen[-1] if seen else "", limit=3):
            seen += [record.key for record in page]
            store.commit([Delete(key=f"k/go/{19 - number:02}"), Put(key=f"k/come/{number:02}", value=b"")])
            number += 1
        assert [key for key in seen if "stay" in key] == staying

    # time

    def test_time_goes_on(self, store: StateStore, clock: Clock) -> None:
        before = store.now()
        clock.sleep(A_WHILE)
        passed = (store.now() - before).total_seconds()
        assert before.utcoffset() == timedelta(0)
        assert A_WHILE * 0.9 <= passed < 60

    def test_an_expired_record_is_absent_to_all(self, store: StateStore, clock: Clock) -> None:
        soon = store.now() + timedelta(seconds=A_WHILE)
        revision = put(store, "a", b"", queue="work", due_at=store.now(), expires_at=soon)
        assert found(store, "a").expires_at == soon
        clock.sleep(A_WHILE)
        assert store.get("a") is None
        assert store.scan("") == ()
        assert store.take("a", LONG) is None
        if isinstance(store, SupportsQueues):
            assert store.claim("work", 10, LONG) == ()
        assert conflict(store, Check(key="a", guard=AtRevision(revision))) == Conflict("a")
        assert is_successful(store.commit([Put(key="a", value=b"anew", guard=Absent())]))
        assert found(store, "a").value == b"anew"

    def test_what_came_anew_after_expiring_has_no_claims(self, store: StateStore, clock: Clock) -> None:
        soon = store.now() + timedelta(seconds=A_WHILE)
        put(store, "a", b"", queue="work", due_at=store.now(), expires_at=soon)
        taken(store, "a", LONG)
        clock.sleep(A_WHILE)
        put(store, "a", b"")
        assert (found(store, "a").claims, found(store, "a").fence) == (0, 0)

    # take and claim

    def test_taking_leases_the_record(self, store: StateStore) -> None:
        before = make_due(store, "a", b"body")
        earliest = store.now()
        record = taken(store, "a", LONG)
        assert (record.value, record.queue, record.claims) == (b"body", "work", 1)
        assert record.revision == record.fence > before
        assert record.due_at is not None
        assert earliest + timedelta(seconds=LONG) <= record.due_at <= store.now() + timedelta(seconds=LONG)
        assert store.get("a") == record
        assert store.take("a", LONG) is None

    def test_what_is_not_due_is_not_taken(self, store: StateStore) -> None:
        put(store, "due later", b"", queue="work", due_at=store.now() + timedelta(seconds=LONG))
        put(store, "in no queue", b"")
        for key in ("due later", "in no queue", "absent"):
            assert store.take(key, LONG) is None
        assert {record.claims for record in store.scan("")} == {0}

    def test_a_lease_lapses_by_itself(self, store: StateStore, clock: Clock) -> None:
        make_due(store, "a")
        taken(store, "a", A_WHILE)
        clock.sleep(A_WHILE)
        assert taken(store, "a", LONG).claims == 2

    def test_putting_keeps_claims_and_fence(self, store: StateStore) -> None:
        make_due(store, "a")
        record = taken(store, "a", LONG)
        make_due(store, "a", b"again")
        after = found(store, "a")
        assert (after.claims, after.fence, after.value) == (1, record.fence, b"again")
        assert after.revision > record.revision

    def test_a_put_ends_a_lease(self, store: StateStore) -> None:
        make_due(store, "a")
        record = taken(store, "a", LONG)
        put(store, "a", b"", guard=AtFence(record.fence), queue="work", due_at=store.now())
        assert taken(store, "a", LONG).claims == 2

    def test_the_longest_due_are_claimed_first(self, store: StateStore, queues: SupportsQueues) -> None:
        now = store.now()
        for key, ago in {"c": 3, "a": 1, "d": 2, "b": 3, "later": -LONG}.items():
            put(store, key, b"", queue="work", due_at=now - timedelta(seconds=ago))
        put(store, "other", b"", queue="other work", due_at=now - timedelta(days=1))
        first = queues.claim("work", 3, LONG)
        assert [record.key for record in first] == ["b", "c", "d"]
        assert [record.key for record in queues.claim("work", 3, LONG)] == ["a"]
        assert queues.claim("work", 3, LONG) == ()
        assert [record.key for record in queues.claim("other work", 3, LONG)] == ["other"]

    def test_claiming_is_taking(self, store: StateStore, queues: SupportsQueues) -> None:
        make_due(store, "a", b"body")
        (record,) = queues.claim("work", 10, LONG)
        assert record == store.get("a")
        assert (record.claims, record.fence) == (1, record.revision)
        assert store.take("a", LONG) is None

    def test_a_queue_without_records_has_none_due(self, queues: SupportsQueues) -> None:
        assert queues.claim("nothing", 10, LONG) == ()

    def test_a_claimed_record_leaves_the_queue_with_its_due_date(
        self, store: StateStore, queues: SupportsQueues
    ) -> None:
        make_due(store, "a")
        (record,) = queues.claim("work", 1, A_WHILE)
        put(store, "a", b"", guard=AtFence(record.fence), queue="work")
        assert queues.claim("work", 1, LONG) == ()
        store.commit([Delete(key="a")])
        assert queues.claim("work", 1, LONG) == ()

    def test_purging_removes_what_has_expired(
        self, store: StateStore, queues: SupportsQueues, clock: Clock
    ) -> None:
        soon = store.now() + timedelta(seconds=A_WHILE)
        for number in range(5):
            put(store, f"{number}", b"", queue="work", due_at=soon, expires_at=soon)
        put(store, "stays", b"", expires_at=soon + timedelta(seconds=LONG))
        put(store, "stays, too", b"")
        assert queues.purge(100) == 0
        clock.sleep(A_WHILE)
        assert [queues.purge(3), queues.purge(3), queues.purge(3)] == [3, 2, 0]
        assert [record.key for record in store.scan("")] == ["stays", "stays, too"]

    # a plain dictionary

    def test_it_behaves_like_a_dictionary(self, store: StateStore) -> None:
        chance = random.Random(20240131)  # noqa: S311  # the same operations every time
        model: dict[str, Record] = {}
        for step in range(300):
            changes = [
                random_change(chance, step, key, model) for key in chance.sample(KEYS, chance.randint(1, 3))
            ]
            wrong = [change.key for change in changes if not holds(change.guard, model.get(change.key))]
            done = store.commit(changes)
            assert is_successful(done) == (not wrong)
            if wrong:
                assert done.failure() == Conflict(wrong[0])
            else:
                for change in changes:
                    apply(change, done.unwrap(), model)
            assert store.scan("") == tuple(model[key] for key in sorted(model))
            key = chance.choice(KEYS)
            if chance.random() < 0.3 and (record := store.take(key, LONG)) is not None:
                assert record.claims == model[key].claims + 1
                model[key] = record
            assert store.get(key) == model.get(key)

    # several at once

    def test_threads_that_read_and_decide_again_lose_no_change(self, store: StateStore) -> None:
        put(store, "count", b"0")
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: count_up(store, "count", 10), range(8)))
        assert found(store, "count").value == b"80"

    def test_of_several_threads_one_is_first(self, store: StateStore) -> None:
        start = threading.Barrier(8)

        def claim(number: int) -> int:
            start.wait()
            done = store.commit([Put(key="a", value=str(number).encode(), guard=Absent())])
            return number if is_successful(done) else -1

        with ThreadPoolExecutor(8) as pool:
            winners = {number for number in pool.map(claim, range(8)) if number >= 0}
        assert {int(found(store, "a").value)} == winners

    def test_of_several_threads_one_takes(self, store: StateStore) -> None:
        for number in range(5):
            make_due(store, f"{number}")
            start = threading.Barrier(8)

            def take(_: int, key: str = f"{number}", start: threading.Barrier = start) -> Record | None:
                start.wait()
                return store.take(key, LONG)

            with ThreadPoolExecutor(8) as pool:
                (record,) = filter(None, pool.map(take, range(8)))
            assert found(store, f"{number}") == record

    def test_what_a_commit_found_absent_is_absent_when_it_is_done(self, store: StateStore) -> None:
        for number in range(10):
            start = threading.Barrier(2)
            keys = (f"{number}/a", f"{number}/b")

            def exclude(mine: str, other: str, start: threading.Barrier = start) -> bool:
                start.wait()
                return is_successful(
                    store.commit([Put(key=mine, value=b""), Check(key=other, guard=Absent())])
                )

            with ThreadPoolExecutor(2) as pool:
                done = list(pool.map(exclude, keys, reversed(keys)))
            assert sorted(done) == [False, True]
            assert len(store.scan(f"{number}/")) == 1

    def test_nobody_waits_in_a_circle(self, store: StateStore) -> None:
        keys = [f"{number}" for number in range(5)]
        store.commit([Put(key=key, value=b"100") for key in keys])

        def transfer(seed: int) -> None:
            chance = random.Random(seed)  # noqa: S311  # the same every time
            for _ in range(15):
                move(store, *chance.sample(keys, 2))
                store.take(chance.choice(keys), 0.0)
                if isinstance(store, SupportsQueues):
                    store.claim("work", 2, 0.0)

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(transfer, range(6)))
        assert sum(int(found(store, key).value) for key in keys) == 500

    def test_no_two_threads_claim_the_same(self, store: StateStore, queues: SupportsQueues) -> None:
        store.commit([Put(key=f"{n:03}", value=b"", queue="work", due_at=store.now()) for n in range(200)])
        with ThreadPoolExecutor(8) as pool:
            claimed = [key for keys in pool.map(lambda _: claim_all(queues), range(8)) for key in keys]
        assert sorted(claimed) == [f"{n:03}" for n in range(200)]

    def test_readers_see_all_of_a_commit_or_nothing(self, store: StateStore) -> None:
        store.commit([Put(key=key, value=b"0") for key in ("p/a", "p/b")])
        over = threading.Event()

        def read() -> set[int]:
            seen = set()
            while not over.is_set():
                seen.add(len({record.value for record in store.scan("p/")}))
            return seen

        with ThreadPoolExecutor(2) as pool:
            readers = [pool.submit(read) for _ in range(2)]
            try:
                for number in range(50):
                    store.commit([Put(key=key, value=str(number).encode()) for key in ("p/a", "p/b")])
            finally:
                over.set()
            assert {size for reader in readers for size in reader.result()} <= {1}

    def test_processes_share_the_store(
        self, store: StateStore, open_elsewhere: Callable[[], StateStore]
    ) -> None:
        put(store, "count", b"0")
        store.commit([Put(key=f"w/{n:03}", value=b"", queue="work", due_at=store.now()) for n in range(100)])
        spawning = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(3, mp_context=spawning) as pool:
            done = [pool.submit(count_and_claim, open_elsewhere, 20) for _ in range(3)]
            claimed = sorted(key for each in done for key in each.result())
        assert found(store, "count").value == b"60"
        assert claimed == [f"w/{n:03}" for n in range(100)]

    def test_a_process_that_was_forked_uses_the_store_as_well(
        self, store: StateStore, open_elsewhere: Callable[[], StateStore]
    ) -> None:
        del open_elsewhere
        put(store, "count", b"0")
        child = os.fork()
        if child == 0:
            try:
                count_up(store, "count", 10)
            finally:
                os._exit(0)
        count_up(store, "count", 10)
        os.waitpid(child, 0)
        assert found(store, "count").value == b"20"

    def test_what_was_forked_goes_on_when_its_parent_lets_go(
        self, store: StateStore, open_elsewhere: Callable[[], StateStore]
    ) -> None:
        put(store, "a", b"parent")
        (ready, tell_ready), (go, tell_go) = os.pipe(), os.pipe()
        child = os.fork()
        if child == 0:
            try:
                put(store, "b", b"child")
                os.write(tell_ready, b"!")
                os.read(go, 1)
                put(store, "c", b"child")
            finally:
                os._exit(0)
        os.read(ready, 1)
        store.close()
        third = open_elsewhere()
        assert found(third, "b").value == b"child"
        third.close()
        os.write(tell_go, b"!")
        os.waitpid(child, 0)
        for pipe in (ready, tell_ready, go, tell_go):
            os.close(pipe)
        assert [record.key for record in store.scan("")] == ["a", "b", "c"]

    def test_a_process_that_is_killed_leaves_whole_commits(
        self, store: StateStore, open_elsewhere: Callable[[], StateStore]
    ) -> None:
        store.commit([Put(key=key, value=b"0") for key in ("p/a", "p/b")])
        chance = random.Random(7)  # noqa: S311  # the same moments every time
        spawning = multiprocessing.get_context("spawn")
        for _ in range(3):
            before = store.scan("p/")
            writer = spawning.Process(target=write_pairs, args=(open_elsewhere,))
            writer.start()
            patience = SystemClock()
            while store.scan("p/") == before and writer.is_alive():
                patience.sleep(0.01)
            patience.sleep(chance.random() * 0.2)
            os.kill(writer.pid or 0, signal.SIGKILL)
            writer.join()
            first, second = store.scan("p/")
            assert (first.value, first.revision) == (second.value, second.revision)
            assert put(store, "p/a", b"0") > first.revision
            put(store, "p/b", b"0")

    def test_a_closed_store_is_opened_by_its_next_use(self, store: StateStore) -> None:
        put(store, "a", b"body")
        store.close()
        store.close()
        assert found(store, "a").value == b"body"


KEYS = ["a", "a/b", "a/c", "b", "é"]


def put(
    store: StateStore,
    key: str,
    value: bytes,
    *,
    guard: Absent | AtRevision | AtFence | None = None,
    queue: str = "",
    due_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> int:
    """Put one record, which must succeed; its revision."""
    change = Put(key=key, value=value, guard=guard, queue=queue, due_at=due_at, expires_at=expires_at)
    return store.commit([change]).unwrap()


def make_due(store: StateStore, key: str, value: bytes = b"") -> int:
    """Put a record that is due in the queue ``work``; its revision."""
    return put(store, key, value, queue="work", due_at=store.now())


def found(store: StateStore, key: str) -> Record:
    """A record that must be there."""
    record = store.get(key)
    assert record is not None, f"there is no {key!r}"
    return record


def taken(store: StateStore, key: str, lease_seconds: float) -> Record:
    """A record that must be due, claimed."""
    record = store.take(key, lease_seconds)
    assert record is not None, f"{key!r} cannot be taken: {store.get(key)}"
    return record


def conflict(store: StateStore, *changes: Change) -> Conflict:
    """What a commit that must fail says."""
    return store.commit(changes).failure()


def random_change(chance: random.Random, step: int, key: str, model: dict[str, Record]) -> Change:
    """A change of ``key`` under a guard that holds more often than not."""
    known = model.get(key)
    right = [None, Absent()] if known is None else [None, AtRevision(known.revision), AtFence(known.fence)]
    guard = chance.choice([*right, *right, Absent(), AtRevision(step)])
    due = datetime.fromisoformat("2024-01-01T00:00:00+00:00") if chance.random() < 0.5 else None
    queue = "work" if due else chance.choice(["", "work"])
    new = Put(key=key, value=str(step).encode(), guard=guard, queue=queue, due_at=due)
    changes: list[Change] = [new, new, Delete(key=key, guard=guard), Check(key=key, guard=guard)]
    return chance.choice(changes)


def apply(change: Change, revision: int, model: dict[str, Record]) -> None:
    """What a change does to a plain dictionary."""
    match change:
        case Put():
            before = model.get(change.key)
            model[change.key] = Record(
                key=change.key,
                value=change.value,
                revision=revision,
                queue=change.queue,
                due_at=change.due_at,
                claims=before.claims if before else 0,
                fence=before.fence if before else 0,
            )
        case Delete():
            model.pop(change.key, None)


def count_up(store: StateStore, key: str, times: int) -> None:
    """Add one so many times, reading and deciding again after each conflict."""
    for _ in range(times):
        while True:
            record = found(store, key)
            value = str(int(record.value) + 1).encode()
            if is_successful(store.commit([Put(key=key, value=value, guard=AtRevision(record.revision))])):
                break


def move(store: StateStore, giver: str, taker: str) -> None:
    """Move one from one record to another, both due at once, until nobody comes in between."""
    while True:
        records = [found(store, key) for key in (giver, taker)]
        changes = [
            Put(
                key=record.key,
                value=str(int(record.value) + more).encode(),
                guard=AtRevision(record.revision),
                queue="work",
                due_at=store.now(),
            )
            for record, more in zip(records, (-1, 1), strict=True)
        ]
        if is_successful(store.commit(changes)):
            return


def close_while_used(store: StateStore, times: int) -> None:
    """Close it all the time while four threads put and read a record of their own so many times."""

    def work(number: int) -> None:
        for _ in range(times):
            put(store, f"{number}", b"")
            found(store, f"{number}")

    with ThreadPoolExecutor(4) as pool:
        workers = [pool.submit(work, number) for number in range(4)]
        while not all(worker.done() for worker in workers):
            store.close()
        for worker in workers:
            worker.result()


def claim_all(store: SupportsQueues) -> list[str]:
    """Claim until nothing is due; the keys."""
    pages = iter(partial(store.claim, "work", 7, LONG), ())
    return [record.key for page in pages for record in page]


def count_and_claim(opener: Callable[[], StateStore], times: int) -> list[str]:
    """What one of several processes does."""
    store = opener()
    count_up(store, "count", times)
    claimed = claim_all(store) if isinstance(store, SupportsQueues) else []
    store.close()
    return claimed


def write_pairs(opener: Callable[[], StateStore]) -> None:
    """Write two records that are always equal, until killed."""
    store = opener()
    number = 0
    while True:
        number += 1
        value = str(number).encode() * 1000
        store.commit([Put(key=key, value=value) for key in ("p/a", "p/b")])
