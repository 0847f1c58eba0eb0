"""PostgreSQL: a table or a query of a server, read in one snapshot."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote, urlsplit

import ibis.expr.datatypes as dt
import psycopg
from attrs import define, evolve, field
from ibis.backends.sql.datatypes import PostgresType
from ibis.expr import types as ir
from psycopg import errors

from veriport.adapters.engines.ibis.databases.addresses import Location, columns_and_rows, one_of
from veriport.adapters.engines.ibis.databases.errors import first_line, without
from veriport.adapters.engines.ibis.dialects import POSTGRES, Dialect
from veriport.adapters.engines.ibis.sources import (
    Elsewhere,
    Field,
    RefusedQuery,
    Source,
    field_of,
    stopping_after,
    within,
)
from veriport.domain.datasets import Address
from veriport.domain.errors import ConfigurationError
from veriport.domain.types import DataType, Family
from veriport.ports.errors import DataError, TransientError

if TYPE_CHECKING:
    import pyarrow as pa

    from veriport.adapters.engines.ibis.splits.arrow import Shape

_CONNECT_SECONDS = 10

#: What the server says when somebody else has to act before trying again can help.
_LASTING = ("authentication failed", "no password supplied", "does not exist", "pg_hba.conf", "not permitted")
#: Trouble of the server that may be over soon: connections, resources, an operator, locks.
_PASSING = (
    errors.QueryCanceled,
    errors.OperatorIntervention,
    errors.ConnectionException,
    errors.InsufficientResources,
    errors.TransactionRollback,
    errors.ObjectNotInPrerequisiteState,
)


@define
class PostgresRunner:
    """A connection to PostgreSQL.

    The server knows ``timeout_seconds``; where it does not, on a connection that is not ours,
    ``stopped_after`` has us stop a query.
    """

    connection: Any
    timeout_seconds: float | None = None
    prefix: str = ""
    stopped_after: float | None = field(default=None, kw_only=True)
    dialect: Dialect = field(default=POSTGRES, kw_only=True)

    @classmethod
    def over(cls, connection: Any, **options: Any) -> Self:  # noqa: ANN401  # psycopg's own class, and our fields
        """A runner that knows what this server has."""
        runner = cls(connection, **options)
        found = runner.run(_CASING)
        casing = str(found[0][0]) if found else ""
        runner.dialect = evolve(POSTGRES, casing=casing, cases=bool(casing))
        return runner

    def rows(self, query: ir.Table) -> list[tuple[object, ...]]:
        """See ``Runner``."""
        return self.run(within(self.prefix, self.dialect.sql(query)))

    def batches(self, query: ir.Table, shape: Shape) -> Iterator[pa.RecordBatch]:
        """See ``Runner``. The server is told that its cursor will be read to the end."""
        sql = within(self.prefix, self.dialect.sql(query)).encode()
        name = f"veriport_{uuid.uuid4().hex}"
        try:
            with self.connection.transaction(), self.connection.cursor(name=name, binary=True) as cursor:
                with self._bounded():
                    self.connection.execute("SET LOCAL cursor_tuple_fraction = 1")
                    cursor.execute(sql)
                while rows := self._fetched(cursor, shape.rows):
                    yield shape.of_rows(rows)
        except psycopg.Error as trouble:
            raise self._told(trouble) from trouble

    def run(self, sql: str) -> list[tuple[object, ...]]:
        """The rows of a query as text."""
        cursor = self.cursor(sql)
        try:
            return list(cursor.fetchall())
        except psycopg.Error as trouble:  # a value for which Python has none
            raise self._told(trouble) from trouble

    def cursor(self, sql: str) -> Any:  # noqa: ANN401  # psycopg's own class
        """A cursor that has carried out a query."""
        try:
            with self._bounded():
                return self.connection.execute(sql.encode())
        except psycopg.Error as trouble:
            raise self._told(trouble) from trouble

    def _fetched(self, cursor: Any, size: int) -> Sequence[Sequence[object]]:  # noqa: ANN401  # psycopg's own class
        with self._bounded():
            rows: Sequence[Sequence[object]] = cursor.fetchmany(size)
        return rows

    def _bounded(self) -> AbstractContextManager[None]:
        return stopping_after(self.stopped_after, self.cancel)

    def cancel(self) -> None:
        """See ``Runner``."""
        self.connection.cancel_safe()

    def _told(self, trouble: psycopg.Error) -> Exception:
        """After a refused query the connection takes others, in a new snapshot."""
        if self.connection.closed or isinstance(trouble, _PASSING):
            return TransientError(self._why(trouble))
        self.connection.rollback()
        return RefusedQuery(first_line(trouble))

    def _why(self, trouble: psycopg.Error) -> str:
        late = isinstance(trouble, errors.QueryCanceled) and self.timeout_seconds is not None
        return f"the query took more than {self.timeout_seconds:g} seconds" if late else first_line(trouble)


@contextmanager
def open_database(location: Location, timeout_seconds: float | None) -> Iterator[Source]:
    """A table or a query of a server. The whole measurement sees one state of it."""
    with _connected(location, timeout_seconds) as connection:
        try:
            runner = PostgresRunner.over(connection, timeout_seconds=timeout_seconds)
            source = _source(runner, location)
        except TransientError as trouble:
            raise TransientError(f"{location.label}: {trouble}") from trouble
        yield source


def _connected(location: Location, timeout_seconds: float | None) -> Any:  # noqa: ANN401  # psycopg's own class
    password, given = _read(location)
    late = "" if timeout_seconds is None else f" -c statement_timeout={max(1, round(timeout_seconds * 1000))}"
    options = f"{given.pop('options', '')} -c timezone=UTC -c datestyle=ISO{late}".strip()
    defaults = {"connect_timeout": _CONNECT_SECONDS, "application_name": "veriport"}
    try:
        connection = psycopg.connect(**{**defaults, **given, "options": options})
    except psycopg.Error as trouble:
        said = f"{location.label}: {without([password, location.path], first_line(trouble))}"
        lasting = any(sign in str(trouble) for sign in _LASTING)
        raise (DataError if lasting else TransientError)(said) from None
    with suppress(psycopg.Error):  # not every server and system has it
        connection.autocommit = True
        connection.execute(_LOOK_FOR_US)
    connection.autocommit = False
    connection.read_only = True
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    return connection


#: The collation by which letters have the case of Unicode: that of PostgreSQL 18, else that of ICU.
_CASING = """
SELECT collname::text FROM pg_collation
WHERE collname IN ('pg_unicode_fast', 'und-x-icu')
  AND collencoding IN (-1, pg_char_to_encoding(getdatabaseencoding()))
ORDER BY collname LIMIT 1
"""

#: A server that looks whether we are still there stops the query of a program that was interrupted or killed.
_LOOK_FOR_US = """
SELECT set_config(name, '1000', false) FROM pg_settings WHERE name = 'client_connection_check_interval'
"""


def _read(location: Location) -> tuple[str, dict[str, Any]]:
    """The password, and the parameters of an address as libpq names them; a wrong one is not quoted."""
    try:
        password = unquote(urlsplit(location.path).password or "")
        return password, dict(psycopg.conninfo.conninfo_to_dict(location.path))
    except (ValueError, psycopg.ProgrammingError) as wrong:
        unknown = re.search(r'invalid URI query parameter: "(\w+)"', str(wrong))
        why = f"it has no parameter {unknown[1]!r}" if unknown else "it is no address of PostgreSQL"
        raise ConfigurationError(f"{location.label}: {why}") from None


def _source(runner: PostgresRunner, location: Location) -> Source:
    """What a location in an open database names."""
    try:
        fields, table = columns_and_rows(runner, location, partial(_described, runner))
    except RefusedQuery as refused:
        raise _refused(runner, location, refused) from refused

    def refer(address: Address) -> Source:
        other = one_of(address, "postgresql")
        if other is None or other.path != location.path or other.sql:
            raise Elsewhere(f"its reference {address.label} is in another database")
        return _source(evolve(runner, prefix=""), other)

    return Source(label=location.label, runner=runner, table=table, fields=fields, refer=refer)


def _refused(runner: PostgresRunner, location: Location, refused: RefusedQuery) -> DataError:
    """A table that is not there, or not ours to read, told by its name."""
    if not location.table or not isinstance(
        refused.__cause__, errors.UndefinedTable | errors.InvalidSchemaName
    ):
        name = f" (table {'.'.join(location.table)})" if location.table else ""
        denied = isinstance(refused.__cause__, errors.InsufficientPrivilege) and not location.sql
        hint = "; where only some columns may be read, name them in sql" if denied else ""
        return DataError(f"{location.label}: {refused}{name}{hint}")
    listed = runner.run("SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'v', 'm', 'p', 'f')")
    return location.absent(tuple(sorted(str(name) for (name,) in listed)), str(refused))


def _described(runner: PostgresRunner, sql: str) -> tuple[Field, ...]:
    """The columns of a query, with their types as the server calls them."""
    cursor = runner.cursor(f"SELECT * FROM ({sql}) AS answer LIMIT 0")
    result = cursor.pgresult
    found = [(result.ftype(place), result.fmod(place)) for place in range(result.nfields)]
    if not found:
        return ()
    listed = ", ".join(f"({place}, {oid}::oid, {mod})" for place, (oid, mod) in enumerate(found))
    types = runner.run(_TYPES.format(listed=listed))
    names = [column.name for column in cursor.description or ()]
    return tuple(_field(name, *kind) for name, kind in zip(names, types, strict=True))


#: A domain is its own base; what an enum holds are texts in an order that is not ours.
_TYPES = """
SELECT format_type(CASE typtype WHEN 'd' THEN typbasetype ELSE oid END,
                   CASE typtype WHEN 'd' THEN typtypmod ELSE mod END), typtype::text
FROM (VALUES {listed}) AS found(place, id, mod) JOIN pg_type ON oid = id ORDER BY place
"""

_TEXTS = frozenset({"character", "name", '"char"', "citext"})
#: Numbers that are round beyond the point, or have more digits behind it than in all: Ibis refuses them.
_DIGITS = re.compile(r"numeric\((\d+),(-?\d+)\)")
#: Types that Ibis does not know, or takes for others.
_ODD = re.compile(r"money|reg[a-z]+|time(\(\d\))? with time zone")


def _field(name: str, written: object, kind: object) -> Field:
    if kind == "e":
        return field_of(name, dt.unknown, known=DataType(Family.CATEGORICAL, "categorical"))
    head = str(written).partition("(")[0]
    if head in _TEXTS:  # compared without the spaces at their end or without case, as no text is
        return field_of(name, dt.unknown, known=DataType(Family.STRING, "string"))
    if _ODD.fullmatch(str(written)):
        return field_of(name, dt.unknown, named=str(written))
    digits = _DIGITS.fullmatch(str(written))
    if digits is not None and not 0 <= int(digits[2]) <= int(digits[1]):
        return field_of(name, dt.Decimal(None, None), known=DataType(Family.DECIMAL, str(written)))
    return field_of(name, PostgresType.from_string(str(written)), named=str(written))
