"""DuckDB: database files, relations, connections; and frames and files in a DuckDB of our own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

import duckdb

from veriport.adapters.engines.ibis.databases.addresses import Location, columns_and_rows, one_of
from veriport.adapters.engines.ibis.databases.duckdb_files import (
    arrow_of,
    beside,
    file_in,
    in_memory,
    registered,
)
from veriport.adapters.engines.ibis.databases.duckdb_queries import DuckDBRunner, described, quietly
from veriport.adapters.engines.ibis.databases.errors import first_line
from veriport.adapters.engines.ibis.sources import RefusedQuery, Source, unbound, unbounded
from veriport.domain.datasets import Address, Handle
from veriport.domain.errors import ConfigurationError
from veriport.ports.errors import DataError


@contextmanager
def open_database(location: Location, timeout_seconds: float | None) -> Iterator[Source]:
    """A table or a query of a database file, which is opened for reading."""
    path = location.file()
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as trouble:
        raise DataError(f"{location.label}: {first_line(trouble)}") from trouble
    with connection:
        quietly(connection)
        yield _source(DuckDBRunner(connection, timeout_seconds=timeout_seconds), location)


def _source(runner: DuckDBRunner, location: Location) -> Source:
    """What a location in an open database names."""
    if location.table:
        _require(runner, location)
    fields, table = columns_and_rows(runner, location, partial(described, runner, label=location.label))

    def refer(address: Address) -> Source:
        other = one_of(address, "duckdb")
        if other is None or other.file() != location.file() or runner.prefix or other.sql:
            return beside(address, runner)
        return _source(runner, other)

    return Source(label=location.label, runner=runner, table=table, fields=fields, refer=refer)


def _require(runner: DuckDBRunner, location: Location) -> None:
    listed = runner.run("SELECT table_name FROM information_schema.tables")
    known = tuple(sorted(str(name) for (name,) in listed))
    try:
        runner.run(f"{location.selected} LIMIT 0")
    except RefusedQuery as refused:
        raise location.absent(known, str(refused)) from refused


@contextmanager
def open_relation(handle: Handle, timeout_seconds: float | None) -> Iterator[Source]:
    """A relation, measured by the connection that made it."""
    runner = DuckDBRunner(None, relation=handle.frame, name=f"veriport_{uuid.uuid4().hex}")
    try:
        fields = described(runner, f"SELECT * FROM {runner.name}", handle.label)
        yield Source(
            label=handle.label,
            runner=runner,
            table=unbound(fields, runner.name),
            fields=fields,
            notes=unbounded(timeout_seconds, "a relation, which does not tell its connection"),
        )
    finally:
        with suppress(RefusedQuery):  # of a connection that is closed
            runner.run(f"DROP VIEW IF EXISTS {runner.name}")  # DuckDB leaves it in that of the relation


@contextmanager
def open_connection(handle: Handle, timeout_seconds: float | None) -> Iterator[Source]:
    """The one table of a connection."""
    runner = DuckDBRunner(handle.frame, timeout_seconds=timeout_seconds)
    try:
        yield _only_table(runner, handle)
    finally:
        runner.forget()


def _only_table(runner: DuckDBRunner, handle: Handle) -> Source:
    listed = runner.run("SELECT table_schema, table_name FROM information_schema.tables")
    if len(listed) != 1:
        raise ConfigurationError(
            f"a {handle.label} with {len(listed)} tables does not say which: pass connection.table('name')"
        )
    return _source(runner, Location(label=handle.label, path="", table=tuple(map(str, listed[0]))))


@contextmanager
def open_frame(handle: Handle, timeout_seconds: float | None) -> Iterator[Source]:
    """A frame in memory, read where it is."""
    with in_memory(timeout_seconds) as runner:
        yield registered(runner, arrow_of(handle), handle.label, handle.untyped)


@contextmanager
def open_file(address: Address, timeout_seconds: float | None) -> Iterator[Source]:
    """A file, or a glob of them."""
    with in_memory(timeout_seconds) as runner:
        yield file_in(runner, address)
