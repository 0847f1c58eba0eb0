"""What the contract of state stores does not say of one in a SQLite file."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.stores.sqlite import APPLICATION_ID, SCHEMA_VERSION, SqliteStateStore
from veriport.domain.records import Put
from veriport.ports.errors import PermanentError, TransientError
from veriport.testing.suites.stores import close_while_used, found, make_due, put, taken

HOUR = 3600.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "one" / "two" / "state.db"


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def store(path: Path, clock: FrozenClock) -> Iterator[SqliteStateStore]:
    store = SqliteStateStore(path, clock)
    yield store
    store.close()


@pytest.fixture
def hasty(path: Path, clock: FrozenClock) -> Iterator[SqliteStateStore]:
    """The same store for who does not like to wait."""
    store = SqliteStateStore(path, clock, busy_seconds=0.2)
    yield store
    store.close()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def make_database(path: Path, *statements: str) -> bytes:
    """A SQLite file that is not ours; its bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
    return path.read_bytes()


# the file


def test_constructing_touches_nothing(store: SqliteStateStore, path: Path) -> None:
    assert store.now() == FrozenClock().now()
    store.close()
    assert not path.parent.parent.exists()


def test_only_its_owner_may_read_it(store: SqliteStateStore, path: Path) -> None:
    before = os.umask(0)
    try:
        put(store, "a", b"secret")
    finally:
        os.umask(before)
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["state.db", "state.db-shm", "state.db-wal"]
    assert {mode(file) for file in files} == {0o600}
    assert {mode(path.parent), mode(path.parent.parent)} == {0o700}


def test_a_folder_that_was_there_keeps_its_rights(store: SqliteStateStore, path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.parent.chmod(0o755)
    put(store, "a", b"")
    assert mode(path.parent) == 0o755


def test_it_says_whose_it_is(store: SqliteStateStore, path: Path) -> None:
    put(store, "a", b"")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_commit_waits_for_the_disk(store: SqliteStateStore) -> None:
    with store._writer.using() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_nothing_is_left_open_that_can_be_closed(store: SqliteStateStore, path: Path) -> None:
    put(store, "a", b"")
    store.close()
    assert [file.name for file in path.parent.iterdir()] == ["state.db"]


def test_a_file_that_was_replaced_is_opened_anew(store: SqliteStateStore, path: Path) -> None:
    put(store, "a", b"")
    for file in path.parent.iterdir():
        file.unlink()
    assert store.get("a") is None
    put(store, "b", b"")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT key FROM records").fetchall() == [(b"b",)]


# files that are not ours


def test_a_text_is_refused_and_left_alone(store: SqliteStateStore, path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("dear diary\n" * 100)
    with pytest.raises(PermanentError, match="no SQLite file") as caught:
        store.get("a")
    assert str(path) in str(caught.value)
    with pytest.raises(PermanentError):
        put(store, "a", b"")
    assert path.read_text() == "dear diary\n" * 100


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TABLE records (mine)"],
        ["PRAGMA application_id = 42"],
        ["PRAGMA user_version = 1"],
        ["PRAGMA journal_mode = WAL", "CREATE TABLE records (mine)"],
    ],
)
def test_another_programs_file_is_refused_and_left_alone(
    store: SqliteStateStore, path: Path, statements: list[str]
) -> None:
    before = make_database(path, *statements)
    for use in (lambda: store.get("a"), lambda: put(store, "a", b"")):
        with pytest.raises(PermanentError, match="another program"):
            use()
    store.close()
    assert path.read_bytes() == before


def test_an_empty_file_becomes_ours(store: SqliteStateStore, path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.touch()
    put(store, "a", b"body")
    assert found(store, "a").value == b"body"


def test_a_newer_version_is_refused(store: SqliteStateStore, path: Path) -> None:
    put(store, "a", b"")
    store.close()
    newer = SCHEMA_VERSION + 1
    make_database(path, f"PRAGMA user_version = {newer}")
    with pytest.raises(PermanentError, match=rf"version {newer}.*up to {SCHEMA_VERSION}"):
        store.get("a")


def test_a_damaged_file_is_refused_and_left_alone(store: SqliteStateStore, path: Path) -> None:
    store.commit([Put(key=f"{number:03}", value=bytes(1000)) for number in range(300)])
    store.close()
    body = path.read_bytes()
    damaged = body[:4096] + os.urandom(len(body) - 4096)
    path.write_bytes(damaged)
    with pytest.raises(PermanentError, match="damaged") as caught:
        store.scan("")
    assert str(path) in str(caught.value)
    with pytest.raises(PermanentError):
        put(store, "a", b"")
    assert path.read_bytes() == damaged


def test_a_folder_is_no_file(store: SqliteStateStore, path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(PermanentError, match=r"state\.db"):
        store.get("a")


def test_a_file_is_no_folder(store: SqliteStateStore, path: Path) -> None:
    path.parent.parent.write_text("")
    with pytest.raises(PermanentError, match=r"state\.db"):
        put(store, "a", b"")


def test_a_file_on_a_network_is_refused(path: Path, tmp_path: Path) -> None:
    table = tmp_path / "mounts"
    table.write_text(f"27 1 254:0 / / rw - ext4 /dev/vda rw\n40 27 0:50 / {tmp_path} rw - nfs4 server:/ rw\n")
    store = SqliteStateStore(path, FrozenClock(), mounts=table)
    with pytest.raises(PermanentError, match=r"network \(nfs4\).*PostgreSQL or Redis"):
        store.get("a")
    assert not path.parent.exists()


# trouble


def test_who_waits_for_too_long_may_try_again(hasty: SqliteStateStore, path: Path) -> None:
    make_due(hasty, "a", b"body")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for write in (lambda: put(hasty, "a", b""), lambda: hasty.take("a", HOUR)):
            with pytest.raises(TransientError, match="busy") as caught:
                write()
            assert str(path) in str(caught.value)
        assert found(hasty, "a").value == b"body"
        other.execute("ROLLBACK")
    put(hasty, "a", b"new")
    assert found(hasty, "a").value == b"new"


def test_many_threads_wait_no_longer_than_one(hasty: SqliteStateStore, path: Path) -> None:
    put(hasty, "a", b"")
    with closing(sqlite3.connect(path, isolation_level=None)) as other, ThreadPoolExecutor(20) as pool:
        other.execute("BEGIN IMMEDIATE")
        waiting = [pool.submit(put, hasty, f"{number}", b"") for number in range(20)]
        assert not wait(waiting, timeout=2).not_done
        assert {type(each.exception()) for each in waiting} == {TransientError}


def test_a_full_disk_may_be_emptied(store: SqliteStateStore) -> None:
    put(store, "a", b"body")
    with store._writer.using() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(TransientError, match="full"):
        store.commit([Put(key=key, value=bytes(60_000)) for key in "abc"])
    assert [record.value for record in store.scan("")] == [b"body"]
    put(store, "b", bytes(60_000))
    assert len(found(store, "b").value) == 60_000


class Interrupting(FrozenClock):
    """A clock that interrupts whoever looks at it for the second time."""

    looks = 0

    def now(self) -> datetime:
        self.looks += 1
        if self.looks == 2:
            raise KeyboardInterrupt
        return super().now()


def test_what_is_interrupted_is_undone(path: Path) -> None:
    clock = Interrupting()
    store = SqliteStateStore(path, clock)
    put(store, "a", b"1")
    with pytest.raises(KeyboardInterrupt):
        put(store, "a", b"2")
    assert found(store, "a").value == b"1"
    put(store, "a", b"3")
    assert found(store, "a").value == b"3"
    store.close()


def test_a_clock_that_steps_back_takes_no_revision_back(store: SqliteStateStore, clock: FrozenClock) -> None:
    make_due(store, "a")
    first = taken(store, "a", 60)
    clock.step(-HOUR)
    second = put(store, "a", b"", queue="work", due_at=store.now())
    third = taken(store, "a", 60)
    assert first.revision < second < third.revision
    assert third.due_at == store.now() + timedelta(seconds=60)
    assert store.claim("work", 1, 60) == ()
    assert store.purge(1) == 0


# threads and forks


def test_closing_disturbs_nobody(store: SqliteStateStore) -> None:
    close_while_used(store, 30)


def test_a_fork_in_the_middle_of_commits_holds_nobody_up(store: SqliteStateStore) -> None:
    over = threading.Event()

    def write(number: int) -> int:
        count = 0
        while not over.is_set():
            count += 1
            put(store, f"{number}", str(count).encode())
        return count

    with ThreadPoolExecutor(2) as pool:
        writers = [pool.submit(write, number) for number in range(2)]
        try:
            for number in range(8):
                child = os.fork()
                if child == 0:
                    signal.alarm(30)
                    code = 1
                    try:
                        put(store, f"child {number}", b"")
                        code = 0
                    finally:
                        os._exit(code)
                assert os.waitpid(child, 0)[1] == 0
        finally:
            over.set()
        counts = [writer.result() for writer in writers]
    assert [int(found(store, f"{number}").value) for number in range(2)] == counts
    assert len(store.scan("child ")) == 8
