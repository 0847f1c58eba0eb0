"""Stores in SQLite and PostgreSQL when disks, rights, servers and networks are not as they should be."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import ParamSpec, TypeVar
from urllib.parse import quote

import psycopg
import pytest

from tests.servers.postgres import PASSWORD, USER, Cluster, cluster, fresh_schema
from tests.servers.process import free_port, is_root
from veriport.adapters.clocks.system import SystemClock
from veriport.adapters.stores.postgres import SCHEMA_VERSION, PostgresStateStore
from veriport.adapters.stores.sqlite import SqliteStateStore
from veriport.domain.errors import ConfigurationError, VeriportError
from veriport.domain.records import AtRevision, Put
from veriport.ports.errors import PermanentError, TransientError
from veriport.testing.suites.stores import (
    UNUSUAL_KEYS,
    claim_all,
    close_while_used,
    found,
    make_due,
    put,
    taken,
)

_P = ParamSpec("_P")
_T = TypeVar("_T")
NOBODY = 65534
SPAWNING = get_context("spawn")
CLOCK = SystemClock()


def open_sqlite(path: Path, busy_seconds: float = 10.0) -> SqliteStateStore:
    return SqliteStateStore(path, CLOCK, busy_seconds=busy_seconds)


def said_by(what: Callable[[], object]) -> tuple[str, str]:
    """The kind and the text of an error that is raised, or two empty texts."""
    try:
        what()
    except VeriportError as error:
        return type(error).__name__, str(error)
    return "", ""


# SQLite, in other processes


def hold_lock(path: Path, ready: Path, over: Path) -> None:
    """Keep everybody from writing until told otherwise."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        ready.touch()
        while not over.exists():
            CLOCK.sleep(0.01)


def use_as_nobody(path: Path) -> list[tuple[str, str]]:
    """What a reader and a writer without rights are told."""
    store = open_sqlite(path)
    if is_root():
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    told = [said_by(lambda: store.get("a")), said_by(lambda: put(store, "a", b""))]
    store.close()
    return told


def use_without_files(path: Path) -> list[tuple[str, str]]:
    """What is told to who may open no more files, and to the same one when he may again."""
    store = open_sqlite(path)
    put(store, "a", b"")
    store.close()
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.open(os.devnull, os.O_RDONLY)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, limits[1]))
    told = [said_by(lambda: put(store, "a", b""))]
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    told.append(said_by(lambda: put(store, "a", b"")))
    store.close()
    return told


def be_first(path: Path, start: Path, number: int) -> int:
    """Make the file at the same time as others."""
    while not start.exists():
        CLOCK.sleep(0.001)
    with closing(open_sqlite(path)) as store:
        return put(store, f"{number}", b"")


@contextmanager
def elsewhere(function: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs) -> Iterator[Future[_T]]:
    """Call a function in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=SPAWNING) as pool:
        yield pool.submit(function, *arguments, **named)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may read; those of pytest are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="veriport-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_sqlite_waits_for_another_process_and_not_forever(tmp_path: Path) -> None:
    path, ready, over = (tmp_path / name for name in ("state.db", "ready", "over"))
    hasty, patient = open_sqlite(path, 0.1), open_sqlite(path)
    put(hasty, "a", b"1")
    with elsewhere(hold_lock, path, ready, over):
        while not ready.exists():
            CLOCK.sleep(0.01)
        assert said_by(lambda: put(hasty, "a", b"2"))[0] == "TransientError"
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(put, patient, "a", b"3")
            assert found(hasty, "a").value == b"1"
            over.touch()
            assert waiting.result() > 0
    assert found(hasty, "a").value == b"3"
    hasty.close()
    patient.close()


def test_sqlite_processes_may_all_be_the_first(tmp_path: Path) -> None:
    path, start = tmp_path / "new" / "state.db", tmp_path / "start"
    with ProcessPoolExecutor(4, mp_context=SPAWNING) as pool:
        first = [pool.submit(be_first, path, start, number) for number in range(4)]
        start.touch()
        assert sorted(each.result() for each in first) == [1, 2, 3, 4]


@pytest.mark.parametrize("wal", [True, False], ids=["with WAL", "without WAL"])
def test_sqlite_files_that_may_not_be_written(open_folder: Path, *, wal: bool) -> None:
    path = open_folder / "state.db"
    store = open_sqlite(path)
    put(store, "a", b"")
    if not wal:
        store.close()
    for file in open_folder.iterdir():
        file.chmod(0o444)
    open_folder.chmod(0o555)
    with elsewhere(use_as_nobody, path) as told:
        reading, writing = told.result()
    assert writing[0] == "PermanentError"
    assert str(path) in writing[1]
    assert "needs to write the file and its folder" in writing[1]
    assert reading[0] in ("", "PermanentError")
    store.close()


def test_sqlite_files_that_may_not_be_read(open_folder: Path) -> None:
    path = open_folder / "state.db"
    with closing(open_sqlite(path)) as store:
        put(store, "a", b"")
    path.chmod(0o600 if is_root() else 0)
    with elsewhere(use_as_nobody, path) as told:
        assert {kind for kind, _ in told.result()} == {"PermanentError"}


def test_sqlite_folders_that_may_not_be_written(open_folder: Path) -> None:
    open_folder.chmod(0o555)
    with elsewhere(use_as_nobody, open_folder / "new" / "state.db") as told:
        for kind, text in told.result():
            assert kind == "PermanentError"
            assert "Permission denied" in text


def test_sqlite_without_a_free_file(tmp_path: Path) -> None:
    with elsewhere(use_without_files, tmp_path / "state.db") as told:
        before, after = told.result()
    assert before[0] == "TransientError"
    assert after == ("", "")


# PostgreSQL


@pytest.fixture
def schema() -> str:
    return fresh_schema()


@pytest.fixture
def opened(postgres: Cluster, schema: str) -> Iterator[PostgresStateStore]:
    store = PostgresStateStore(postgres.url(), schema=schema, timeout_seconds=0.5)
    yield store
    store.close()


#: The processes that wait for a lock.
WAITING = "SELECT pid FROM pg_locks WHERE NOT granted"


def everything_of(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error)


@pytest.mark.server
class TestPostgresLogin:
    def test_nobody_there(self) -> None:
        port = free_port()
        store = PostgresStateStore(f"postgresql://someone:secret@127.0.0.1:{port}/state")
        for use in (
            store.now,
            lambda: store.get("a"),
            lambda: put(store, "a", b""),
            lambda: store.take("a", 1),
        ):
            with pytest.raises(TransientError) as caught:
                use()
            assert f"127.0.0.1:{port}" in str(caught.value)
            assert "secret" not in everything_of(caught.value)

    @pytest.mark.parametrize("wrong", ["wrong secret", "%", "", "failed", PASSWORD + "x"])
    def test_a_wrong_password(self, postgres: Cluster, wrong: str) -> None:
        with pytest.raises(PermanentError, match="password") as caught:
            PostgresStateStore(postgres.url(USER, wrong)).get("a")
        text = everything_of(caught.value)
        assert not [
            shape for shape in (wrong, quote(wrong), quote(wrong, safe="")) if shape and shape in text
        ]

    def test_the_right_password(self, postgres: Cluster, schema: str) -> None:
        postgres.run(f'CREATE SCHEMA "{schema}" AUTHORIZATION {USER}')
        with closing(PostgresStateStore(postgres.url(USER, PASSWORD), schema=schema)) as store:
            put(store, "a", b"body")
            assert found(store, "a").value == b"body"

    def test_no_such_database(self, postgres: Cluster) -> None:
        with pytest.raises(PermanentError, match="nowhere"):
            PostgresStateStore(postgres.url(database="nowhere")).get("a")

    def test_no_such_user(self, postgres: Cluster) -> None:
        with pytest.raises(PermanentError, match="stranger"):
            PostgresStateStore(postgres.url("stranger")).get("a")

    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://me:secret@host:port/db",
            "postgresql://me:sec%zzret@host/db",
            "postgresql://me:pass@secret@host/db",
            "postgresql://me:secret@host/db?unknown=1",
            "postgresql://me:secret@[::1/db",
            "host=there password='secret",
        ],
    )
    def test_what_is_no_url_is_refused_without_showing_it(self, url: str) -> None:
        try:
            use = PostgresStateStore(url).get
        except ConfigurationError as error:
            caught: VeriportError = error
        else:
            with pytest.raises(PermanentError) as raised:
                use("a")
            caught = raised.value
        text = everything_of(caught)
        shown = [line for line in text.splitlines() if "PostgresStateStore(url" not in line]
        assert "secret" not in "\n".join(shown)
        assert "zzret" not in "\n".join(shown)

    @pytest.mark.parametrize("schema", ["", "1a", "a.b", 'a"b', "pg_mine", "a" * 64, "ä", "a$b"])
    def test_what_is_no_schema_is_refused(self, schema: str) -> None:
        with pytest.raises(ConfigurationError, match="schema"):
            PostgresStateStore("postgresql://host/db", schema=schema)


@pytest.mark.server
class TestPostgresSchema:
    def test_it_is_made_by_whoever_comes_first(self, postgres: Cluster, schema: str) -> None:
        for number in range(3):
            stores = [PostgresStateStore(postgres.url(), schema=f"{schema}-{number}") for _ in range(6)]
            start = threading.Barrier(6)

            def be_first(store: PostgresStateStore, start: threading.Barrier = start) -> int:
                start.wait()
                return put(store, "a", b"")

            with ThreadPoolExecutor(6) as pool:
                assert len(set(pool.map(be_first, stores))) == 6
            for store in stores:
                store.close()

    def test_schemas_do_not_see_each_other(self, postgres: Cluster, opened: PostgresStateStore) -> None:
        with closing(PostgresStateStore(postgres.url(), schema=fresh_schema())) as other:
            make_due(opened, "a")
            assert other.scan("") == ()
            assert other.claim("work", 1, 1) == ()

    def test_a_newer_version_is_refused(
        self, postgres: Cluster, opened: PostgresStateStore, schema: str
    ) -> None:
        put(opened, "a", b"")
        newer = SCHEMA_VERSION + 1
        postgres.run(f'INSERT INTO "{schema}".migrations VALUES ({newer})')  # noqa: S608  # ours
        opened.close()
        with pytest.raises(PermanentError, match=rf"version {newer}.*up to {SCHEMA_VERSION}"):
            opened.get("a")

    def test_who_may_not_make_it_is_told_what_he_needs(self, postgres: Cluster, schema: str) -> None:
        with closing(PostgresStateStore(postgres.url(USER, PASSWORD), schema=schema)) as store:
            with pytest.raises(PermanentError, match="needs CREATE on the database") as caught:
                store.get("a")
            assert schema in str(caught.value)
            postgres.run(f"GRANT CREATE ON DATABASE postgres TO {USER}")
            try:
                assert store.get("a") is None
            finally:
                postgres.run(f"REVOKE CREATE ON DATABASE postgres FROM {USER}")
            put(store, "a", b"")

    def test_who_may_not_use_it_is_told_what_he_needs(
        self, postgres: Cluster, opened: PostgresStateStore, schema: str
    ) -> None:
        put(opened, "a", b"body")
        name = f'"{schema}"'
        with closing(PostgresStateStore(postgres.url(USER, PASSWORD), schema=schema)) as store:
            with pytest.raises(PermanentError, match="USAGE on the schema"):
                store.get("a")
            postgres.run(
                f"GRANT USAGE ON SCHEMA {name} TO {USER}",
                f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {name} TO {USER}",
                f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {name} TO {USER}",
            )
            make_due(store, "a")
            assert taken(store, "a", 0).claims == 1
            assert len(store.claim("work", 1, 0)) == 1
            assert store.purge(1) == 0

    def test_a_database_that_cannot_write_unicode_has_all_keys(self, postgres: Cluster, schema: str) -> None:
        name = f"latin_{schema[5:]}"
        postgres.run(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0")
        with closing(PostgresStateStore(postgres.url(database=name))) as store:
            for key in UNUSUAL_KEYS.values():
                put(store, key, b"")
            assert {record.key for record in store.scan("")} == set(UNUSUAL_KEYS.values())

    def test_a_server_that_may_not_be_written(self, postgres: Cluster, opened: PostgresStateStore) -> None:
        put(opened, "a", b"body")
        url = f"{postgres.url()}?options=-c%20default_transaction_read_only%3Don"
        with closing(PostgresStateStore(url, schema=opened._schema)) as store:
            assert found(store, "a").value == b"body"
            with pytest.raises(PermanentError, match="read-only"):
                put(store, "a", b"")
        with pytest.raises(PermanentError, match="read-only"):
            PostgresStateStore(url, schema=fresh_schema()).get("a")

    @pytest.mark.parametrize(
        ("given", "expected"), [("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")]
    )
    def test_a_commit_waits_for_the_disk_whatever_the_default_is(
        self, postgres: Cluster, schema: str, given: str, expected: str
    ) -> None:
        url = f"{postgres.url()}?options=-c%20synchronous_commit%3D{given}"
        with closing(PostgresStateStore(url, schema=schema)) as store, store._lent() as connection:
            assert connection.execute("SHOW synchronous_commit").fetchone() == (expected,)

    @pytest.mark.parametrize("level", ["serializable", "repeatable%20read"])
    def test_another_isolation_by_default_changes_nothing(
        self, postgres: Cluster, schema: str, level: str
    ) -> None:
        url = (
            f"{postgres.url()}?options=-c%20default_transaction_isolation%3D{level.replace('%20', '%5C%20')}"
        )
        with closing(PostgresStateStore(url, schema=schema)) as store:
            put(store, "a", b"")
            with store._lent() as connection:
                assert connection.execute("SHOW transaction_isolation").fetchone() == ("read committed",)


@pytest.mark.server
class TestPostgresConnections:
    def test_an_idle_connection_that_the_server_closed_is_replaced(
        self, postgres: Cluster, opened: PostgresStateStore
    ) -> None:
        for use in (lambda: put(opened, "a", b""), lambda: opened.get("a"), lambda: opened.claim("q", 1, 1)):
            opened.now()
            for pid in {connection.info.backend_pid for connection in opened._idle}:
                postgres.run(f"SELECT pg_terminate_backend({pid}, 5000)")
            use()

    def test_a_commit_whose_connection_is_cut_may_be_tried_again(
        self, postgres: Cluster, schema: str
    ) -> None:
        with closing(PostgresStateStore(postgres.url(), schema=schema)) as store:
            revision = put(store, "a", b"1")
            (pid,) = {connection.info.backend_pid for connection in store._idle}
            with locked(postgres, schema, "a"), ThreadPoolExecutor(1) as pool:
                change = Put(key="a", value=b"2", guard=AtRevision(revision))
                waiting = pool.submit(store.commit, [change])
                while not [row for row in postgres.run(WAITING) if row == (pid,)]:
                    CLOCK.sleep(0.01)
                postgres.run(f"SELECT pg_terminate_backend({pid}, 5000)")
                assert isinstance(waiting.exception(10), TransientError)
            assert found(store, "a").value == b"1"
            store.commit([change]).unwrap()

    def test_who_waits_for_too_long_may_try_again(
        self, postgres: Cluster, opened: PostgresStateStore
    ) -> None:
        make_due(opened, "a", b"1")
        make_due(opened, "b", b"1")
        with locked(postgres, opened._schema, "a"):
            for wait in (lambda: put(opened, "a", b"2"), lambda: opened.take("a", 1)):
                with pytest.raises(TransientError, match="lock timeout"):
                    wait()
            assert found(opened, "a").value == b"1"
            assert claim_all(opened) == ["b"]
        put(opened, "a", b"2")

    def test_closing_disturbs_nobody(self, postgres: Cluster, schema: str) -> None:
        store = PostgresStateStore(postgres.url(), schema=schema)
        close_while_used(store, 6)
        store.close()
        assert not store._idle

    def test_what_is_interrupted_leaves_no_connection_behind(self, opened: PostgresStateStore) -> None:
        put(opened, "a", b"1")
        with suppress(KeyboardInterrupt), opened._lent() as connection:
            connection.execute("BEGIN")
            raise KeyboardInterrupt
        assert connection.closed
        put(opened, "a", b"2")

    def test_a_fork_leaves_the_connections_of_its_parent_alone(self, opened: PostgresStateStore) -> None:
        put(opened, "a", b"")
        before = [connection.info.backend_pid for connection in opened._idle]
        for _ in range(3):
            child = os.fork()
            if child == 0:
                try:
                    put(opened, "b", b"")
                    opened.close()
                finally:
                    os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
            put(opened, "a", b"")
        assert [connection.info.backend_pid for connection in opened._idle] == before


@contextmanager
def locked(server: Cluster, schema: str, key: str) -> Iterator[None]:
    """Keep everybody from writing a record meanwhile."""
    with psycopg.connect(server.url()) as connection:
        statement = f'SELECT 1 FROM "{schema}".records WHERE key = %s FOR UPDATE'  # noqa: S608  # ours
        connection.execute(statement.encode(), [key.encode()])
        yield
        connection.rollback()


@pytest.mark.server
def test_postgres_comes_back_by_itself() -> None:
    with cluster() as server:
        store = PostgresStateStore(server.url(), timeout_seconds=10)
        with server.serving() as process:
            first = put(store, "a", b"1")
            process.send_signal(signal.SIGQUIT)
            process.wait(10)
            for use in (lambda: store.get("a"), lambda: put(store, "a", b"2"), store.now):
                with pytest.raises(TransientError):
                    use()
        with server.serving():
            assert found(store, "a").value == b"1"
            second = put(store, "a", b"2", guard=AtRevision(first))
            (victim,) = {connection.info.backend_pid for connection in store._idle}
            os.kill(victim, signal.SIGKILL)
            while said_by(lambda: store.get("a"))[0]:
                CLOCK.sleep(0.02)
            assert put(store, "a", b"3", guard=AtRevision(second)) > second > first
        store.close()


@pytest.mark.server
def test_postgres_has_no_room() -> None:
    with cluster() as server, server.serving(max_connections="4", superuser_reserved_connections="0",
                                             reserved_connections="0", max_wal_senders="0"):  # fmt: skip
        schema = fresh_schema()
        stores = [PostgresStateStore(server.url(), schema=schema) for _ in range(6)]
        told = [said_by(partial(put, store, "a", b"")) for store in stores]
        assert [kind for kind, _ in told] == [""] * 4 + ["TransientError"] * 2
        stores[0].close()
        while said_by(stores[5].now)[0]:
            CLOCK.sleep(0.02)
        for store in stores:
            store.close()
