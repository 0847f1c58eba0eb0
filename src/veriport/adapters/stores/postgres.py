"""Records in PostgreSQL 12 or newer: for any number of machines. Time is that of the server.

Each verb is one statement, mostly a call of a function that we keep in the schema, so it costs one round
trip. Who commits first takes an advisory lock for each of his keys, in order, whether there is such a
record or not: so commits that meet in a key run one after the other and never in a circle. Then he locks
the rows against ``claim``, ``take`` and ``purge``, which wait for nobody while they hold any. A commit of
many keys takes instead one lock that every other commit shares, for the server's table of locks is small.
Only then are the time, the guards and the next revision read: thus the revisions of a key only grow.
"""

from __future__ import annotations

import hashlib
import os
import re
import weakref
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import psycopg
from psycopg import conninfo, sql
from returns.result import Failure, Result, Success

from veriport.adapters.stores.rows import COLUMNS, as_bytes, range_of, record_of
from veriport.adapters.stores.sound import refuse_unsound
from veriport.domain.errors import ConfigurationError
from veriport.domain.records import (
    Absent,
    AtFence,
    AtRevision,
    Change,
    Conflict,
    Delete,
    Guard,
    Put,
    Record,
    micros,
    moment,
)
from veriport.ports.errors import PermanentError, PortError, TransientError

_Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]
_Values: TypeAlias = Mapping[str, object] | Sequence[object]

#: What brings a schema from each version to the next; ``{s}`` is its name, ``{lock}`` the lock that it has
#: to itself. Only ever append. The functions lock as the text above says.
_MIGRATIONS = (
    """
    CREATE TABLE {s}.records (
        key bytea PRIMARY KEY,
        value bytea NOT NULL,
        revision bigint NOT NULL,
        queue bytea NOT NULL,
        due_at bigint,
        claims bigint NOT NULL,
        fence bigint NOT NULL,
        expires_at bigint
    ) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
    CREATE INDEX records_due ON {s}.records (queue, due_at, key) WHERE due_at IS NOT NULL;
    CREATE INDEX records_expiring ON {s}.records (expires_at) WHERE expires_at IS NOT NULL;
    CREATE SEQUENCE {s}.revisions;

    CREATE FUNCTION {s}.micros() RETURNS bigint LANGUAGE sql VOLATILE AS $veriport$
        SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
    $veriport$;

    CREATE FUNCTION {s}.first_conflict(p_keys bytea[], p_guards int[], p_marks bigint[], p_now bigint)
    RETURNS bigint LANGUAGE plpgsql VOLATILE AS $veriport$
    BEGIN
        RETURN (
            SELECT min(c.place)
            FROM unnest(p_keys, p_guards, p_marks) WITH ORDINALITY AS c (key, guard, mark, place)
            LEFT JOIN {s}.records r ON r.key = c.key AND (r.expires_at IS NULL OR r.expires_at > p_now)
            WHERE c.guard = 1 AND r.key IS NOT NULL
                OR c.guard = 2 AND r.revision IS DISTINCT FROM c.mark
                OR c.guard = 3 AND r.fence IS DISTINCT FROM c.mark
        );
    END
    $veriport$;

    CREATE FUNCTION {s}.commit(
        p_keys bytea[], p_guards int[], p_marks bigint[],
        p_put bytea[], p_values bytea[], p_queues bytea[], p_due bigint[], p_expires bigint[], p_gone bytea[]
    ) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $veriport$
    DECLARE
        v_guarded boolean := 0 <> ANY (p_guards);
        v_now bigint := {s}.micros();
        v_wrong bigint;
        v_revision bigint;
    BEGIN
        IF v_guarded THEN  -- most conflicts are seen without locking anything
            v_wrong := {s}.first_conflict(p_keys, p_guards, p_marks, v_now);
            IF v_wrong IS NOT NULL THEN
                RETURN -v_wrong;
            END IF;
        END IF;
        IF cardinality(p_keys) > 60 THEN
            PERFORM pg_advisory_xact_lock({lock});
        ELSE
            PERFORM pg_advisory_xact_lock_shared({lock});
            PERFORM pg_advisory_xact_lock(locks.id) FROM (
                SELECT DISTINCT hashtextextended(encode(k, 'hex'), {lock}) AS id FROM unnest(p_keys) k
                ORDER BY id
            ) locks;
        END IF;
        PERFORM 1 FROM {s}.records WHERE key = ANY (p_keys) FOR UPDATE;
        v_now := {s}.micros();
        IF v_guarded THEN
            v_wrong := {s}.first_conflict(p_keys, p_guards, p_marks, v_now);
            IF v_wrong IS NOT NULL THEN
                RETURN -v_wrong;
            END IF;
        END IF;
        v_revision := nextval({sequence});
        INSERT INTO {s}.records AS r (key, value, revision, queue, due_at, claims, fence, expires_at)
        SELECT key, value, v_revision, queue, due_at, 0, 0, expires_at
        FROM unnest(p_put, p_values, p_queues, p_due, p_expires) AS p (key, value, queue, due_at, expires_at)
        ON CONFLICT (key) DO UPDATE SET
            value = excluded.value, revision = excluded.revision, queue = excluded.queue,
            due_at = excluded.due_at, expires_at = excluded.expires_at,
            claims = CASE WHEN r.expires_at <= v_now THEN 0 ELSE r.claims END,
            fence = CASE WHEN r.expires_at <= v_now THEN 0 ELSE r.fence END;
        IF cardinality(p_gone) > 0 THEN
            DELETE FROM {s}.records WHERE key = ANY (p_gone);
        END IF;
        RETURN v_revision;
    END
    $veriport$;

    CREATE FUNCTION {s}.lease(p_keys bytea[], p_now bigint, p_lease bigint) RETURNS SETOF {s}.records
    LANGUAGE sql VOLATILE AS $veriport$
        WITH leased AS (
            UPDATE {s}.records r SET
                due_at = p_now + p_lease, claims = r.claims + 1, revision = n.revision, fence = n.revision
            FROM (
                SELECT key, place, nextval({sequence}) AS revision
                FROM unnest(p_keys) WITH ORDINALITY AS k (key, place)
            ) n
            WHERE r.key = n.key
            RETURNING r.*, n.place
        )
        SELECT key, value, revision, queue, due_at, claims, fence, expires_at FROM leased ORDER BY place
    $veriport$;

    CREATE FUNCTION {s}.take(p_key bytea, p_lease bigint) RETURNS SETOF {s}.records
    LANGUAGE plpgsql VOLATILE AS $veriport$
    DECLARE v_now bigint := {s}.micros();
    BEGIN
        PERFORM 1 FROM {s}.records WHERE key = p_key AND due_at <= v_now;
        IF NOT FOUND THEN
            RETURN;
        END IF;
        PERFORM 1 FROM {s}.records WHERE key = p_key FOR UPDATE;
        v_now := {s}.micros();
        PERFORM 1 FROM {s}.records
        WHERE key = p_key AND due_at <= v_now AND (expires_at IS NULL OR expires_at > v_now);
        IF FOUND THEN
            RETURN QUERY SELECT * FROM {s}.lease(ARRAY[p_key], v_now, p_lease);
        END IF;
    END
    $veriport$;

    CREATE FUNCTION {s}.claim(p_queue bytea, p_limit bigint, p_lease bigint) RETURNS SETOF {s}.records
    LANGUAGE plpgsql VOLATILE AS $veriport$
    DECLARE
        v_now bigint := {s}.micros();
        v_keys bytea[];
    BEGIN
        v_keys := ARRAY(
            SELECT key FROM {s}.records
            WHERE queue = p_queue AND due_at <= v_now AND (expires_at IS NULL OR expires_at > v_now)
            ORDER BY due_at, key LIMIT p_limit FOR UPDATE SKIP LOCKED
        );
        IF cardinality(v_keys) > 0 THEN
            RETURN QUERY SELECT * FROM {s}.lease(v_keys, {s}.micros(), p_lease);
        END IF;
    END
    $veriport$;
    """,
)
SCHEMA_VERSION = len(_MIGRATIONS)

#: What a connection sets for itself. A plan was perhaps made when the table was small, so it may only be
#: one that is right when it is large: by an index, in its order.
_SESSION = "SELECT " + ", ".join(
    f"set_config('{name}', {value}, false)"
    for name, value in {
        "synchronous_commit": "CASE current_setting('synchronous_commit')"
        " WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END",
        "default_transaction_isolation": "'read committed'",
        "client_encoding": "'UTF8'",
        "statement_timeout": "%(statement)s",
        "lock_timeout": "%(lock)s",
        "idle_in_transaction_session_timeout": "%(statement)s",
        "jit": "'off'",
        "max_parallel_workers_per_gather": "'0'",
        **dict.fromkeys(
            ("enable_seqscan", "enable_bitmapscan", "enable_sort", "enable_hashjoin", "enable_mergejoin"),
            "'off'",
        ),
    }.items()
)

_LIVING = "(expires_at IS NULL OR expires_at > (SELECT {s}.micros()))"
_RANGE = "key >= %(first)s AND (%(end)s::bytea IS NULL OR key < %(end)s)"
_QUERIES = {
    "version": "SELECT max(version) FROM {s}.migrations",
    "now": "SELECT {s}.micros()",
    "get": "SELECT {columns} FROM {s}.records WHERE key = %(key)s AND {living}",
    "scan": "SELECT {columns} FROM {s}.records WHERE {range} AND {living} ORDER BY key LIMIT %(limit)s",
    "scan back": """
        SELECT {columns} FROM {s}.records WHERE {range} AND {living} ORDER BY key DESC LIMIT %(limit)s
        """,
    "commit": """
        SELECT {s}.commit(%s::bytea[], %s::int[], %s::bigint[],
            %s::bytea[], %s::bytea[], %s::bytea[], %s::bigint[], %s::bigint[], %s::bytea[])
        """,
    "take": "SELECT {columns} FROM {s}.take(%(key)s, %(lease)s)",
    "claim": "SELECT {columns} FROM {s}.claim(%(queue)s, %(limit)s, %(lease)s)",
    "purge": """
        WITH gone AS (
            DELETE FROM {s}.records WHERE key = ANY (ARRAY(
                SELECT key FROM {s}.records WHERE expires_at <= (SELECT {s}.micros())
                LIMIT %(limit)s FOR UPDATE SKIP LOCKED
            )) RETURNING 1
        ) SELECT count(*) FROM gone
        """,
}

#: What ``libpq`` may be told by the URL, and what it is told otherwise.
_DEFAULTS: Mapping[str, str | int] = {
    "application_name": "veriport",
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
_SECRETS = ("password", "sslpassword", "oauth_client_secret")
_KEPT = 8  # idle connections
_ATTEMPTS = 5
_AGAIN = ("40001", "40P01")  # the server chose us to give way
#: Codes after which another try may help: lost connections, no room, shutting down, timeouts, giving way.
_MAY_PASS = re.compile("08|40|53|57|58|55P03|XX000")
#: What servers say to whom they will never let in.
_FOR_GOOD = re.compile(
    r"authentication failed|no password supplied|does not exist|pg_hba\.conf|not permitted to log in"
    r"|permission denied|certificate|SSL|\binvalid\b|unsupported",
    re.IGNORECASE,
)
_VERSIONS = """
    CREATE TABLE IF NOT EXISTS {s}.migrations (
        version int PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now()
    )
"""


class PostgresStateStore:
    """Keeps records in ``schema`` of the database that ``url`` names, as ``libpq`` reads it.

    The schema is made when it is first needed. A statement is given up after ``timeout_seconds``, waiting
    for a lock after half of that. A PgBouncer between us and the server has to pool sessions. Raises
    ``ConfigurationError`` for what is no URL, and shows no password.
    """

    def __init__(self, url: str, *, schema: str = "veriport", timeout_seconds: float = 30.0) -> None:
        self._idle: deque[_Connection] = deque()
        self._server = _parse(url)
        if not re.fullmatch(r"(?!pg_)[A-Za-z_][A-Za-z0-9_-]{0,62}", schema):
            raise ConfigurationError(f"{schema!r} is no name for a schema: use letters, digits, '_' and '-'")
        self._schema = schema
        self._lock = int.from_bytes(hashlib.sha256(schema.encode()).digest()[:8], signed=True)
        self._timeout = timeout_seconds
        self._queries = {name: self._sql(text) for name, text in _QUERIES.items()}
        _STORES.add(self)

    def __str__(self) -> str:
        """What every error begins with."""
        host, port = self._server.get("host", "localhost"), self._server.get("port", 5432)
        return f"the store in PostgreSQL at {host}:{port} ({self._server.get('dbname', '')}, {self._schema})"

    def now(self) -> datetime:
        """See ``StateStore``."""
        return moment(self._ask("now")[0][0])

    def get(self, key: str) -> Record | None:
        """See ``StateStore``."""
        rows = self._ask("get", {"key": as_bytes(key)})
        return record_of(rows[0]) if rows else None

    def scan(
        self, prefix: str, *, after: str = "", limit: int = 1000, reverse: bool = False
    ) -> tuple[Record, ...]:
        """See ``StateStore``."""
        keys = range_of(prefix, after, reverse=reverse)
        values = {"first": keys.first, "end": keys.end, "limit": max(limit, 0)}
        return tuple(map(record_of, self._ask("scan back" if reverse else "scan", values)))

    def commit(self, changes: Sequence[Change]) -> Result[int, Conflict]:
        """See ``StateStore``."""
        refuse_unsound(changes)
        if not changes:
            return Success(0)
        done: int = self._ask("commit", _arrays(changes))[0][0]
        return Success(done) if done > 0 else Failure(Conflict(changes[-done - 1].key))

    def take(self, key: str, lease_seconds: float) -> Record | None:
        """See ``StateStore``."""
        rows = self._ask("take", {"key": as_bytes(key), "lease": _micros(lease_seconds)})
        return record_of(rows[0]) if rows else None

    def close(self) -> None:
        """See ``StateStore``."""
        idle, self._idle = self._idle, deque()
        _close_all(idle)

    def claim(self, queue: str, limit: int, lease_seconds: float) -> tuple[Record, ...]:
        """See ``SupportsQueues``."""
        values = {"queue": as_bytes(queue), "limit": max(limit, 0), "lease": _micros(lease_seconds)}
        return tuple(map(record_of, self._ask("claim", values)))

    def purge(self, limit: int) -> int:
        """See ``SupportsQueues``."""
        return int(self._ask("purge", {"limit": max(limit, 0)})[0][0])

    def __del__(self) -> None:
        """Let go of the connections."""
        self.close()

    def _ask(self, name: str, values: _Values = ()) -> list[tuple[Any, ...]]:
        """What a query answers, as a transaction of its own."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self._lent() as connection:
                    return connection.execute(
                        self._queries[name], values, prepare=True, binary=True
                    ).fetchall()
            except psycopg.Error as error:
                if error.sqlstate not in _AGAIN or attempt == _ATTEMPTS:
                    raise self._trouble(error) from error
        raise AssertionError  # the last attempt returned or raised

    @contextmanager
    def _lent(self) -> Iterator[_Connection]:
        """A connection that nobody else uses meanwhile: one that is idle and alive, or a new one.

        After any trouble it is closed, which undoes what was begun.
        """
        home = self._idle
        connection = _alive(home) or self._connect()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        if len(home) < _KEPT:
            home.append(connection)
        else:
            connection.close()
        if home is not self._idle:  # the store was closed meanwhile
            _close_all(home)

    def _connect(self) -> _Connection:
        try:
            connection = psycopg.connect(autocommit=True, **self._server)
        except psycopg.Error as error:
            raise self._refused(error) from None  # its text may show more than ours
        try:
            milliseconds = int(self._timeout * 1000)
            limits = {"statement": str(milliseconds), "lock": str(milliseconds // 2)}
            connection.execute(_SESSION, limits)
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: _Connection) -> None:
        """Bring the schema to our version."""
        version = self._version(connection)
        if version < SCHEMA_VERSION:
            with connection.transaction():
                connection.execute(self._sql("SELECT pg_advisory_xact_lock({lock})"))
                self._migrate(connection)
        elif version > SCHEMA_VERSION:
            raise PermanentError(
                f"{self} has schema version {version}, and this Veriport knows up to {SCHEMA_VERSION}:"
                " install the Veriport that made it, or a newer one"
            )

    def _version(self, connection: _Connection) -> int:
        try:
            row = connection.execute(self._queries["version"]).fetchone()
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
            return 0
        return int(row[0]) if row and row[0] else 0

    def _migrate(self, connection: _Connection) -> None:
        there = "SELECT 1 FROM pg_namespace WHERE nspname = %s"
        if connection.execute(there, [self._schema]).fetchone() is None:
            connection.execute(self._sql("CREATE SCHEMA {s}"))
        connection.execute(self._sql(_VERSIONS))
        for version in range(self._version(connection), SCHEMA_VERSION):
            connection.execute(self._sql(_MIGRATIONS[version]))
            connection.execute(self._sql("INSERT INTO {s}.migrations VALUES (%s)"), [version + 1])

    def _sql(self, text: str) -> bytes:
        name = sql.Identifier(self._schema)
        parts = {
            "s": name,
            "sequence": sql.Literal(sql.Identifier(self._schema, "revisions").as_string(None)),
            "lock": sql.Literal(self._lock),
            "columns": sql.SQL(COLUMNS),
            "living": sql.SQL(_LIVING).format(s=name),
            "range": sql.SQL(_RANGE),
        }
        return sql.SQL(text).format(**parts).as_bytes(None)

    def _trouble(self, error: psycopg.Error) -> PortError:
        """Our error for what the server said, or for a connection that was lost."""
        state = error.sqlstate or ""
        text = f"{self}: {error.diag.message_primary or _one_line(error)}"
        if state == "42501":
            return PermanentError(f"{text}. {self._grants()}")
        lost = not state and isinstance(error, psycopg.OperationalError)
        return TransientError(text) if lost or _MAY_PASS.match(state) else PermanentError(text)

    def _refused(self, error: psycopg.Error) -> PortError:
        """Our error for why there is no connection. The server gives no code for that, only a text."""
        text = _one_line(error)
        needs_password = error.pgconn is not None and error.pgconn.needs_password
        kind = PermanentError if needs_password or _FOR_GOOD.search(text) else TransientError
        for secret in filter(None, (self._server.get(name) for name in _SECRETS)):
            text = text.replace(str(secret), "***")
        return kind(f"{self}: {text}")

    def _grants(self) -> str:
        name = sql.Identifier(self._schema).as_string(None)
        return (
            f"To make what is missing, this user needs CREATE on the database, or on the schema {name} if"
            " there is one. To use it, USAGE on the schema; SELECT, INSERT, UPDATE, DELETE on all its tables;"
            " USAGE on all its sequences"
        )


def _one_line(error: psycopg.Error) -> str:
    return " ".join(str(error).split())


def _close_all(idle: deque[_Connection]) -> None:
    while idle:
        with suppress(IndexError):  # another thread was quicker
            idle.pop().close()


def _alive(idle: deque[_Connection]) -> _Connection | None:
    """An idle connection that the server has not closed."""
    while idle:
        with suppress(IndexError):  # another thread was quicker
            connection = idle.pop()
            with suppress(psycopg.OperationalError):
                connection.pgconn.consume_input()  # what the server said in parting
                connection.pgconn.consume_input()  # that it is gone
                return connection
            connection.close()
    return None


def _parse(url: str) -> dict[str, Any]:
    """What ``libpq`` makes of a URL, with our defaults. A password that was not encoded ends up anywhere."""
    try:
        told = conninfo.conninfo_to_dict(url)
    except psycopg.Error:
        told = {"host": "@"}
    host, database, ports = (str(told.get(name, "")) for name in ("host", "dbname", "port"))
    if "@" in host + database or not re.fullmatch(r"[0-9,]*", ports):
        raise ConfigurationError(
            "this is no URL of PostgreSQL: write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, and in each"
            " part %40 for @, %2F for /, %3A for : and %25 for %"
        ) from None
    first = {"target_session_attrs": "read-write"} if "," in host else {}
    return {**_DEFAULTS, **first, **told}


_GUARDS = {Absent: 1, AtRevision: 2, AtFence: 3}


def _mark(guard: Guard) -> int:
    match guard:
        case AtRevision(mark) | AtFence(mark):
            return mark
    return 0


def _arrays(changes: Sequence[Change]) -> Sequence[object]:
    """What the function ``commit`` is given. Numbers go as text, or each size would be a type of its own."""
    puts = [change for change in changes if isinstance(change, Put)]
    return (
        [change.key.encode() for change in changes],
        _numbers(_GUARDS.get(type(change.guard), 0) for change in changes),
        _numbers(_mark(change.guard) for change in changes),
        [put.key.encode() for put in puts],
        [put.value for put in puts],
        [put.queue.encode() for put in puts],
        _numbers(None if put.due_at is None else micros(put.due_at) for put in puts),
        _numbers(None if put.expires_at is None else micros(put.expires_at) for put in puts),
        [change.key.encode() for change in changes if isinstance(change, Delete)],
    )


def _numbers(values: Iterable[int | None]) -> str:
    return f"{{{','.join('NULL' if value is None else str(value) for value in values)}}}"


def _micros(seconds: float) -> int:
    return timedelta(seconds=seconds) // timedelta(microseconds=1)


_STORES: weakref.WeakSet[PostgresStateStore] = weakref.WeakSet()
_INHERITED: list[deque[_Connection]] = []


def _in_child() -> None:
    """Leave our parent's connections alone: closing one would say good-bye in its name."""
    for store in list(_STORES):
        _INHERITED.append(store._idle)  # noqa: SLF001  # it is ours
        store._idle = deque()  # noqa: SLF001  # the same


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
