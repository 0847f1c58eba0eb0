"""Records in one SQLite file: for one machine, and any number of its processes.

A commit is on the disk when it returns. A process has two connections, one to read and one to write;
its writers wait for each other at a lock and not inside SQLite, which would have them sleep; what waits
there is committed together. SQLite keeps locks per process and confuses those of a fork's child with its
parent's: before a fork we let go of the file, so that each side opens it by itself.
"""

from __future__ import annotations

import contextlib
import errno
import os
import random
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from attrs import frozen
from returns.result import Failure, Result, Success

from veriport.adapters.stores.mounts import MOUNTS, network_file_system
from veriport.adapters.stores.rows import COLUMNS, as_bytes, range_of, record_of
from veriport.adapters.stores.sound import refuse_unsound
from veriport.adapters.stores.together import Together
from veriport.domain.records import Change, Conflict, Delete, Put, Record, holds, micros
from veriport.ports.clocks import Clock
from veriport.ports.errors import PermanentError, PortError, TransientError

_T = TypeVar("_T")

#: What marks a file as ours: "VRPT".
APPLICATION_ID = 0x56525054

#: What brings a file from each version of its schema to the next. Only ever append. Rows have a rowid:
#: without one, bodies of a few KiB would stand in the tree of the keys, and commits take twice as long.
#: Pages that become free are used again, so nothing is vacuumed.
_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE records (
            key BLOB NOT NULL PRIMARY KEY,
            value BLOB NOT NULL,
            revision INTEGER NOT NULL,
            queue BLOB NOT NULL,
            due_at INTEGER,
            claims INTEGER NOT NULL,
            fence INTEGER NOT NULL,
            expires_at INTEGER
        )""",
        "CREATE INDEX records_due ON records (queue, due_at, key) WHERE due_at IS NOT NULL",
        "CREATE INDEX records_expiring ON records (expires_at) WHERE expires_at IS NOT NULL",
        "CREATE TABLE last (revision INTEGER NOT NULL)",
        "INSERT INTO last VALUES (0)",
    ),
)
SCHEMA_VERSION = len(_MIGRATIONS)

_SETTINGS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",  # what macOS needs for the same promise
    "PRAGMA cache_size = -16000",
    "PRAGMA journal_size_limit = 16777216",
)

_LIVING = "(expires_at IS NULL OR expires_at > :now)"


def _select(columns: str, rest: str) -> str:
    return f"SELECT {columns} FROM records WHERE {rest}"  # noqa: S608  # both are texts of ours


_GET = _select(COLUMNS, f"key = :key AND {_LIVING}")
_GET_MARKS = _select("revision, fence", f"key = :key AND {_LIVING}")
_SCAN = _select(COLUMNS, f"key >= :first AND key < :end AND {_LIVING} ORDER BY key LIMIT :limit")
_SCAN_BACK = _SCAN.replace("ORDER BY key", "ORDER BY key DESC")
_TAKE = _select("key", f"key = :key AND due_at <= :now AND {_LIVING} LIMIT :limit")
_DUE = _select("key", f"queue = :queue AND due_at <= :now AND {_LIVING} ORDER BY due_at, key LIMIT :limit")
_EXPIRED = _select("key", "expires_at <= :now LIMIT :limit")
_PURGE = "DELETE FROM records WHERE key IN (SELECT key FROM records WHERE expires_at <= :now LIMIT :limit)"
_PUT = """
    INSERT INTO records VALUES (:key, :value, :revision, :queue, :due_at, 0, 0, :expires_at)
    ON CONFLICT (key) DO UPDATE SET
        value = excluded.value, revision = excluded.revision, queue = excluded.queue,
        due_at = excluded.due_at, expires_at = excluded.expires_at,
        claims = CASE WHEN expires_at <= :now THEN 0 ELSE claims END,
        fence = CASE WHEN expires_at <= :now THEN 0 ELSE fence END
"""
_CLAIMED = """
    UPDATE records SET due_at = :due_at, claims = claims + 1, revision = :revision, fence = :revision
    WHERE key = :key
"""
_AFTER_ALL_KEYS = b"\xff"


class SqliteStateStore:
    """Keeps records in the file ``path``, which is made when it is first needed, for its owner only.

    Time is that of ``clock``. Who waits for another process for longer than ``busy_seconds`` gets a
    ``TransientError``. A file on a network is refused, by the system's table of ``mounts``: its locks
    cannot be relied on. So is every file that is not ours or that a newer Veriport made.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        clock: Clock,
        *,
        busy_seconds: float = 10.0,
        mounts: str | os.PathLike[str] = MOUNTS,
    ) -> None:
        self._clock = clock
        place = Path(os.path.abspath(path))  # noqa: PTH100  # Path.resolve would follow links
        self._file = _File(place, busy_seconds, Path(mounts))
        self._reader, self._writer = _Line(self._file), _Line(self._file)
        with _FORKING:
            _LINES.update((self._reader, self._writer))

    def now(self) -> datetime:
        """See ``StateStore``."""
        return self._clock.now()

    def get(self, key: str) -> Record | None:
        """See ``StateStore``."""
        rows = self._read(_GET, key=as_bytes(key))
        return record_of(rows[0]) if rows else None

    def scan(
        self, prefix: str, *, after: str = "", limit: int = 1000, reverse: bool = False
    ) -> tuple[Record, ...]:
        """See ``StateStore``."""
        keys = range_of(prefix, after, reverse=reverse)
        end = _AFTER_ALL_KEYS if keys.end is None else keys.end
        statement = _SCAN_BACK if reverse else _SCAN
        rows = self._read(statement, first=keys.first, end=end, limit=max(limit, 0))
        return tuple(map(record_of, rows))

    def commit(self, changes: Sequence[Change]) -> Result[int, Conflict]:
        """See ``StateStore``."""
        refuse_unsound(changes)
        if not changes:
            return Success(0)
        return self._writer.together.commit(changes, self._transact)

    def take(self, key: str, lease_seconds: float) -> Record | None:
        """See ``StateStore``."""
        taken = self._lease(_TAKE, lease_seconds, 1, key=as_bytes(key))
        return taken[0] if taken else None

    def close(self) -> None:
        """See ``StateStore``."""
        self._reader.close()
        self._writer.close()

    def claim(self, queue: str, limit: int, lease_seconds: float) -> tuple[Record, ...]:
        """See ``SupportsQueues``."""
        return self._lease(_DUE, lease_seconds, limit, queue=as_bytes(queue))

    def purge(self, limit: int) -> int:
        """See ``SupportsQueues``."""
        if limit < 1 or not self._read(_EXPIRED, limit=1):
            return 0
        with self._writer.writing() as connection:
            return connection.execute(_PURGE, {"now": micros(self.now()), "limit": limit}).rowcount

    def _transact(self, commits: Sequence[Sequence[Change]]) -> Sequence[Result[int, Conflict]]:
        with self._writer.writing() as connection:
            now = micros(self.now())
            return [_changed(connection, changes, now) for changes in commits]

    def _read(self, statement: str, **values: object) -> list[tuple[object, ...]]:
        values["now"] = micros(self.now())
        with self._reader.using() as connection:
            return self._file.patiently(lambda: connection.execute(statement, values).fetchall())

    def _lease(self, due: str, lease_seconds: float, limit: int, **values: object) -> tuple[Record, ...]:
        """Claim what the statement ``due`` finds. Nobody waits for the writers only to find nothing."""
        if limit < 1 or not self._read(due, limit=1, **values):
            return ()
        with self._writer.writing() as connection:
            now = self.now()
            values |= {"now": micros(now), "limit": limit}
            keys = [row[0] for row in connection.execute(due, values)]
            if not keys:
                return ()
            first = _last_revision(connection, len(keys)) - len(keys) + 1
            until = micros(now + timedelta(seconds=lease_seconds))
            claimed = [{"key": key, "revision": first + n, "due_at": until} for n, key in enumerate(keys)]
            connection.executemany(_CLAIMED, claimed)
            found = (_record(connection, _GET, key, micros(now)) for key in keys)
            return tuple(record for record in found if record is not None)


def _changed(connection: sqlite3.Connection, changes: Sequence[Change], now: int) -> Result[int, Conflict]:
    """Make all changes, or none where a guard does not hold."""
    for change in changes:
        if change.guard is not None and not holds(change.guard, _marks(connection, change.key, now)):
            return Failure(Conflict(change.key))
    revision = _last_revision(connection, 1)
    puts = [_row(change, revision, now) for change in changes if isinstance(change, Put)]
    connection.executemany(_PUT, puts)
    gone = [(change.key.encode(),) for change in changes if isinstance(change, Delete)]
    connection.executemany("DELETE FROM records WHERE key = ?", gone)
    return Success(revision)


def _record(connection: sqlite3.Connection, statement: str, key: bytes, now: int) -> Record | None:
    row = connection.execute(statement, {"key": key, "now": now}).fetchone()
    return record_of(row) if row else None


def _marks(connection: sqlite3.Connection, key: str, now: int) -> Record | None:
    """What guards look at."""
    row = connection.execute(_GET_MARKS, {"key": key.encode(), "now": now}).fetchone()
    return Record(key=key, value=b"", revision=row[0], fence=row[1]) if row else None


def _last_revision(connection: sqlite3.Connection, how_many: int) -> int:
    """The last of so many revisions that nothing has had yet."""
    connection.execute("UPDATE last SET revision = revision + ?", (how_many,))
    return int(connection.execute("SELECT revision FROM last").fetchone()[0])


def _row(put: Put, revision: int, now: int) -> dict[str, object]:
    return {
        "key": put.key.encode(),
        "value": put.value,
        "revision": revision,
        "queue": put.queue.encode(),
        "due_at": None if put.due_at is None else micros(put.due_at),
        "expires_at": None if put.expires_at is None else micros(put.expires_at),
        "now": now,
    }


class _Line:
    """One connection of this process, opened when it is needed, and who may use it now."""

    def __init__(self, file: _File) -> None:
        self._file = file
        self._unlock()
        self._connection: sqlite3.Connection | None = None
        self._inode: object = None

    def __del__(self) -> None:
        """Let go of the connection with the store."""
        self.drop()

    @contextmanager
    def using(self) -> Iterator[sqlite3.Connection]:
        """The connection, for us alone. After any trouble it is closed, which undoes what was begun."""
        lock = self.lock
        if not lock.acquire(timeout=self._file.busy_seconds):
            raise self._file.busy()
        try:
            yield self._opened()
        except sqlite3.Error as error:
            self.drop()
            raise self._file.trouble(error) from error
        except BaseException:
            self.drop()
            raise
        finally:
            lock.release()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The same, in a transaction that is committed at the end; one that changed nothing costs nothing."""
        with self.using() as connection:
            self._file.patiently(lambda: connection.execute("BEGIN IMMEDIATE"))
            yield connection
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close the connection when nobody uses it any more."""
        with self.lock:
            self.drop()

    def drop(self) -> None:
        """Close the connection, which we alone use."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def renew(self) -> None:
        """Begin anew in the child of a fork. What it inherited all the same is not even closed."""
        self._unlock()
        if self._connection is not None:
            _INHERITED.append(self._connection)
            self._connection = None

    def pause(self) -> None:
        """Let nobody use the connection until the fork is over, and close it."""
        if self.lock.acquire(timeout=self._file.busy_seconds + 1):
            self.drop()
            _PAUSED.append(self)

    def _unlock(self) -> None:
        self.lock = threading.RLock()
        self.together = Together(self.lock, self._file.busy_seconds, self._file.busy)

    def _opened(self) -> sqlite3.Connection:
        inode = self._file.inode()
        if self._connection is not None and inode != self._inode:
            self.drop()  # the file was moved away or replaced
        if self._connection is None:
            self._connection = self._file.open()
            self._inode = self._file.inode()
        return self._connection


_LINES: weakref.WeakSet[_Line] = weakref.WeakSet()
_PAUSED: list[_Line] = []
_INHERITED: list[sqlite3.Connection] = []
_FORKING = threading.RLock()
_CREATING = threading.RLock()


def _before_fork() -> None:
    _FORKING.acquire()
    for line in list(_LINES):
        line.pause()


def _after_fork() -> None:
    while _PAUSED:
        _PAUSED.pop().lock.release()
    _FORKING.release()


def _in_child() -> None:
    global _FORKING, _CREATING  # whoever held them is not here
    _FORKING, _CREATING = threading.RLock(), threading.RLock()
    _PAUSED.clear()
    for line in list(_LINES):
        line.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_in_child)


@frozen
class _File:
    """The file, and what may be wrong with it."""

    path: Path
    busy_seconds: float
    mounts: Path

    def inode(self) -> tuple[int, int] | None:
        """Which file is at the path now; ``None`` for none."""
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def open(self) -> sqlite3.Connection:
        """A new connection. The file is made, if there is none, and brought to our schema."""
        try:
            self._create()
        except OSError as error:
            raise self._unusable(error) from error
        return self.patiently(self._connect)

    def patiently(self, step: Callable[[], _T]) -> _T:
        """What ``step`` gives, tried again while others are busy.

        SQLite's own patience sleeps for so long that whoever waits seldom gets his turn.
        """
        give_up = time.monotonic() + self.busy_seconds
        wait = 0.0001
        while True:
            try:
                return step()
            except sqlite3.OperationalError as error:
                if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() >= give_up:
                    raise
            time.sleep(random.uniform(wait / 2, wait))  # noqa: S311  # so that not all come again at once
            wait = min(2 * wait, 0.002)

    def busy(self) -> TransientError:
        """The error of who waited for too long."""
        return TransientError(f"{self} is busy: others have been writing for {self.busy_seconds:g} s")

    def trouble(self, error: sqlite3.Error) -> PortError:
        """Our error for what SQLite said."""
        code = _code(error)
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return self.busy()
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return PermanentError(
                f"{self} is damaged or no SQLite file ({error}). It is left as it is: put a backup in its"
                " place, or move it away together with its -wal and -shm to start with an empty store"
            )
        if code == sqlite3.SQLITE_CANTOPEN and _no_more_files():
            return TransientError(f"{self} cannot be opened: this process has too many files open")
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            return PermanentError(
                f"{self} cannot be written ({error}): this process needs to write the file and its folder"
            )
        kind = TransientError if code in _MAY_PASS else PermanentError
        return kind(f"{self}: {error}")

    def __str__(self) -> str:
        """What every error begins with."""
        return f"the store {self.path}"

    def _create(self) -> None:
        """Make an empty file, only for its owner. SQLite would let others read it."""
        if kind := network_file_system(self.path, self.mounts):
            raise PermanentError(
                f"{self} is on a network ({kind}), where SQLite's locks cannot be relied on:"
                " use a local disk, or PostgreSQL or Redis for several machines"
            )
        _make_folder(self.path.parent)
        with _CREATING:  # closing a file drops the locks that its process has on it
            if self.inode() is None:
                flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
                with contextlib.suppress(FileExistsError):
                    os.close(os.open(self.path, flags, 0o600))

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Set the connection up. A file that is not ours is not changed."""
        version = self._version(connection)
        for setting in _SETTINGS:
            connection.execute(setting)
        if connection.execute("PRAGMA journal_mode = WAL").fetchone() != ("wal",):
            raise PermanentError(f"{self} is on a disk that SQLite cannot share between processes")
        if version < SCHEMA_VERSION:
            connection.execute("BEGIN IMMEDIATE")
            for step in _MIGRATIONS[self._version(connection) :]:
                for statement in step:
                    connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute("COMMIT")

    def _version(self, connection: sqlite3.Connection) -> int:
        """The version of the file's schema; 0 for a file with nothing in it."""
        owner, version, changes = map(int, connection.execute(_MARKS).fetchone())
        if owner != APPLICATION_ID and (owner or version or changes):
            raise PermanentError(f"{self} belongs to another program and is left as it is: name another file")
        if version > SCHEMA_VERSION:
            raise PermanentError(
                f"{self} has schema version {version}, and this Veriport knows up to {SCHEMA_VERSION}:"
                " install the Veriport that wrote it, or a newer one"
            )
        return version

    def _unusable(self, error: OSError) -> PortError:
        kind = TransientError if error.errno in _OS_MAY_PASS else PermanentError
        return kind(f"{self} cannot be made: {error.strerror or type(error).__name__}")


def _make_folder(folder: Path) -> None:
    """Make what is missing, only for its owner, and see to it that a power cut cannot unmake it."""
    if folder.is_dir() or folder == folder.parent:
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    with contextlib.suppress(OSError):  # Windows cannot, and need not
        above = os.open(folder.parent, os.O_RDONLY)
        try:
            os.fsync(above)
        finally:
            os.close(above)


#: Whose file it is, at one moment. An empty file has 0 in all three.
_MARKS = "SELECT * FROM pragma_application_id, pragma_user_version, pragma_schema_version"


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


def _no_more_files() -> bool:
    """Whether the system refuses to open anything: SQLite does not say why it could not open a file."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        return True
    return False


_MAY_PASS = frozenset(
    {
        sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_ABORT, sqlite3.SQLITE_SCHEMA,
    }
)  # fmt: skip
_OS_MAY_PASS = frozenset(
    {
        errno.EAGAIN, errno.EBUSY, errno.EDQUOT, errno.EINTR, errno.EIO, errno.EMFILE, errno.ENFILE,
        errno.ENOMEM, errno.ENOSPC,
    }
)  # fmt: skip
