"""SQLite: a table or a query of a file, with regular expressions that Python lends it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import ibis.expr.datatypes as dt
from attrs import define
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.databases.addresses import Location, columns_and_rows, one_of
from veriport.adapters.engines.ibis.databases.errors import first_line
from veriport.adapters.engines.ibis.dialects import SQLITE, Dialect
from veriport.adapters.engines.ibis.dialects.casing import lend_casing
from veriport.adapters.engines.ibis.sources import (
    Elsewhere,
    Field,
    RefusedQuery,
    Source,
    field_of,
    quoted,
    stopping_after,
    within,
)
from veriport.domain.datasets import Address
from veriport.ports.errors import DataError, TransientError

if TYPE_CHECKING:
    import pyarrow as pa

    from veriport.adapters.engines.ibis.splits.arrow import Shape


@define
class SQLiteRunner:
    """A connection to SQLite."""

    connection: sqlite3.Connection
    timeout_seconds: float | None = None
    prefix: str = ""

    @property
    def dialect(self) -> Dialect:
        """See ``Runner``."""
        return SQLITE

    def rows(self, query: ir.Table) -> list[tuple[object, ...]]:
        """See ``Runner``."""
        return self.run(within(self.prefix, SQLITE.sql(query)))

    def batches(self, query: ir.Table, shape: Shape) -> Iterator[pa.RecordBatch]:
        """See ``Runner``."""
        with self._asking():
            cursor = self.connection.execute(within(self.prefix, SQLITE.sql(query)))
        with closing(cursor):
            while True:
                with self._asking():
                    rows = cursor.fetchmany(shape.rows)
                if not rows:
                    return
                yield shape.of_rows(rows)

    def run(self, sql: str) -> list[tuple[object, ...]]:
        """The rows of a query as text."""
        with self._asking():
            return list(self.connection.execute(sql).fetchall())

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Bound what is asked here, and tell trouble."""
        with stopping_after(self.timeout_seconds, self.cancel):
            try:
                yield
            except sqlite3.Error as trouble:
                raise _told(trouble) from trouble

    def cancel(self) -> None:
        """See ``Runner``."""
        self.connection.interrupt()


def _told(trouble: sqlite3.Error) -> Exception:
    if getattr(trouble, "sqlite_errorname", "") in _PASSING:
        return TransientError(first_line(trouble))
    return RefusedQuery(first_line(trouble))


_PASSING = frozenset({"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_INTERRUPT", "SQLITE_FULL"})


@contextmanager
def open_database(location: Location, timeout_seconds: float | None) -> Iterator[Source]:
    """A table or a query of a file, which is opened for reading."""
    path = location.file()
    with path.open("rb") as file:
        if file.read(16) not in {b"", b"SQLite format 3\0"}:
            raise DataError(f"{location.label}: it is no SQLite database")
    with closing(_connected(path)) as connection:
        yield _source(SQLiteRunner(connection, timeout_seconds), location)


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
    connection.create_function("_ibis_regex_search", 2, _search, deterministic=True)
    lend_casing(connection)
    return connection


def _search(text: str | None, pattern: str | None) -> bool | None:
    return None if text is None or pattern is None else _compiled(pattern).search(str(text)) is not None


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _source(runner: SQLiteRunner, location: Location) -> Source:
    """What a location in an open database names."""
    try:
        fields, table = columns_and_rows(runner, location, partial(_described, runner))
    except RefusedQuery as refused:
        raise _refused(runner, location, refused) from refused

    def refer(address: Address) -> Source:
        other = one_of(address, "sqlite")
        if other is None or other.file() != location.file() or other.sql:
            raise Elsewhere(f"its reference {address.label} is in another database")
        return _source(SQLiteRunner(runner.connection, runner.timeout_seconds), other)

    return Source(label=location.label, runner=runner, table=table, fields=fields, refer=refer)


def _refused(runner: SQLiteRunner, location: Location, refused: RefusedQuery) -> DataError:
    listed = runner.run("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
    known = tuple(sorted(str(name) for (name,) in listed))
    return (
        location.absent(known, str(refused)) if location.table else DataError(f"{location.label}: {refused}")
    )


def _described(runner: SQLiteRunner, sql: str) -> tuple[Field, ...]:
    """The columns of a query with the types that they were declared with, or else have in the first row."""
    runner.run(f"CREATE TEMP VIEW veriport_described AS {sql}")
    try:
        declared = runner.run("SELECT name, type FROM pragma_table_info('veriport_described')")
    finally:
        runner.run("DROP VIEW temp.veriport_described")
    untyped = [str(name) for name, kind in declared if not kind]
    found: Mapping[str, object] = {}
    if untyped:
        kinds = ", ".join(f"typeof(max({quoted(name)}))" for name in untyped)
        found = dict(zip(untyped, runner.run(f"SELECT {kinds} FROM ({sql})")[0], strict=True))
    return tuple(field_of(str(name), _dtype(str(kind or found[str(name)]))) for name, kind in declared)


def _dtype(declared: str) -> dt.DataType:
    """By the words of a declaration, as SQLite goes by them; decimals are floats here."""
    word = declared.upper()
    return next((dtype for sign, dtype in _SIGNS if sign in word), dt.float64)


#: The first sign that a declared type holds tells what the column is taken to hold.
_SIGNS: tuple[tuple[str, dt.DataType], ...] = (
    ("BOOL", dt.boolean),
    ("DATETIME", dt.timestamp),
    ("TIMESTAMP", dt.timestamp),
    ("DATE", dt.date),
    ("TIME", dt.time),
    ("INT", dt.int64),
    ("CHAR", dt.string),
    ("CLOB", dt.string),
    ("TEXT", dt.string),
    ("BLOB", dt.binary),
    ("NULL", dt.null),
)
