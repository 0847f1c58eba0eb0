"""Spark: a DataFrame, classic or Connect, or a table of a Connect server, measured by its queries."""

from __future__ import annotations

import re
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING, Any

import ibis.expr.datatypes as dt
from attrs import define, field, frozen
from ibis.expr import types as ir
from pyspark.errors import PySparkException
from pyspark.sql import Row

from veriport.adapters.engines.ibis.databases.addresses import Location, one_of
from veriport.adapters.engines.ibis.databases.errors import first_line
from veriport.adapters.engines.ibis.databases.spark_logs import unlogged
from veriport.adapters.engines.ibis.dialects import SPARK, Dialect
from veriport.adapters.engines.ibis.sources import (
    SELF,
    Elsewhere,
    Field,
    RefusedQuery,
    Source,
    field_of,
    stopping_after,
    unbound,
    within,
)
from veriport.domain.datasets import Address, Handle
from veriport.domain.errors import ConfigurationError
from veriport.ports.errors import DataError, MissingExtra, TransientError

if TYPE_CHECKING:
    import pyarrow as pa

    from veriport.adapters.engines.ibis.splits.arrow import Shape


@define
class SparkRunner:
    """A session of Spark."""

    session: Any
    timeout_seconds: float | None = None
    tag: str = field(factory=lambda: f"veriport-{uuid.uuid4().hex}")
    lost: bool = field(default=False, init=False)  #: whether it is known that the session is no more

    @property
    def dialect(self) -> Dialect:
        """See ``Runner``."""
        return SPARK

    def rows(self, query: ir.Table) -> list[tuple[object, ...]]:
        """See ``Runner``."""
        with self.asking():
            return [tuple(map(_plain, row)) for row in self.session.sql(SPARK.sql(query)).collect()]

    def batches(self, query: ir.Table, shape: Shape) -> Iterator[pa.RecordBatch]:
        """See ``Runner``. A partition at a time comes to the driver."""
        with self.asking():
            rows = self.session.sql(SPARK.sql(query)).toLocalIterator()
        while True:
            with self.asking():
                some = [tuple(map(_plain, row)) for row in islice(rows, shape.rows)]
            if not some:
                return
            yield shape.of_rows(some)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Bound what is asked here, and tell trouble."""
        tags = _tags(self.session)
        tags.add(self.tag)
        try:
            stopping = stopping_after(self.timeout_seconds, self.cancel)
            with unlogged(), _hurried(self.session), stopping, self._telling():
                yield
        finally:
            tags.remove(self.tag)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except _TROUBLE as trouble:
            raise self._told(trouble) from trouble
        except (ConnectionError, OSError) as lost:
            self.lost = True
            raise TransientError(f"the session of Spark is lost: {first_line(lost)}") from lost

    def cancel(self) -> None:
        """See ``Runner``."""
        with suppress(*_TROUBLE, OSError):  # of a server that is lost; the query itself says so
            _tags(self.session).stop(self.tag)

    def _told(self, trouble: Exception) -> Exception:
        text = f"{type(trouble).__name__} {trouble}"
        for sign, meaning in _LOST.items():
            if sign in text:
                self.lost = True
                return TransientError(f"{meaning}: {_said(trouble)}")
        return RefusedQuery(_said(trouble))


#: What PySpark raises, and what Java does where PySpark has no word for it.
_TROUBLE: tuple[type[Exception], ...] = (PySparkException,)
with suppress(ImportError):  # a client of Connect alone has no Java beside it
    from py4j.protocol import Py4JError

    _TROUBLE = (PySparkException, Py4JError)

#: What is said when no server answers, or one that does not know the session; and of a Java that is no more.
_LOST: Mapping[str, str] = {
    **dict.fromkeys(("StatusCode.UNAVAILABLE", "StatusCode.DEADLINE_EXCEEDED"), "Spark does not answer"),
    **dict.fromkeys(
        ("[NO_ACTIVE_SESSION]", "[INVALID_HANDLE.SESSION_", "Py4JNetworkError"),
        "the session of Spark is lost",
    ),
}


def _said(trouble: Exception) -> str:
    """What a person needs of it; gRPC and Java write it behind something of their own."""
    theirs = re.search(
        r'StatusCode\.\w+\s+details = "(.*)"|^An error occurred while calling .*\n: (.*)', str(trouble)
    )
    return next(filter(None, theirs.groups())) if theirs else first_line(trouble)


@frozen
class _Tags:
    """How the queries of a thread are marked, and all that are marked so stopped from another one."""

    add: Callable[[str], None]
    remove: Callable[[str], None]
    stop: Callable[[str], object]


def _tags(session: Any) -> _Tags:  # noqa: ANN401  # Spark's own class
    """A session of classic Spark knows only the marks of the thread that asks, so there it is the context."""
    if _is_connect(session):
        return _Tags(session.addTag, session.removeTag, session.interruptTag)
    context = session.sparkContext
    return _Tags(context.addJobTag, context.removeJobTag, context.cancelJobsWithTag)


def _hurried(session: Any) -> AbstractContextManager[None]:  # noqa: ANN401  # Spark's own class
    """Let a session of Connect give up after seconds."""
    if not _is_connect(session):
        return nullcontext()
    hurried: AbstractContextManager[None] = _connect().hurried(session.client)
    return hurried


def _is_connect(session: Any) -> bool:  # noqa: ANN401  # Spark's own class
    loaded = sys.modules.get("pyspark.sql.connect.session")
    return loaded is not None and isinstance(session, loaded.SparkSession)


def _connect() -> Any:  # noqa: ANN401  # a module
    try:
        return import_module("veriport.adapters.engines.ibis.databases.connect")
    except ImportError as missing:
        raise MissingExtra("Spark Connect", "spark-connect") from missing


def _plain(value: object) -> object:
    """Structs with their names, at any depth: Spark's rows are tuples, which look like lists."""
    match value:
        case Row():
            return _plain(value.asDict())
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case list():
            return [_plain(each) for each in value]
        case _:
            return value


@contextmanager
def open_frame(handle: Handle, timeout_seconds: float | None) -> Iterator[Source]:
    """A DataFrame, under a name of its session that nobody else has; gone afterwards."""
    frame: Any = handle.frame
    views = _Views(SparkRunner(frame.sparkSession, timeout_seconds))
    try:
        yield views.source(handle.label, lambda: frame)
    finally:
        views.drop()


@contextmanager
def open_database(location: Location, timeout_seconds: float | None) -> Iterator[Source]:
    """A table or a query of a server of Spark Connect, in a session of its own."""
    with ExitStack() as opened:
        try:
            session = opened.enter_context(_connect().session_at(location.path))
        except ValueError:  # whose text may hold a token
            raise ConfigurationError(
                f"{location.label} is no address of Spark Connect: sc://host:port?table=name"
            ) from None
        views = _Views(SparkRunner(session, timeout_seconds), location.path)
        yield views.table(location)


@define
class _Views:
    """What is open in a session: temporary views. ``server`` is its address, where that is known."""

    runner: SparkRunner
    server: str | None = None
    _names: list[str] = field(factory=list, init=False)

    def source(self, label: str, made: Callable[[], Any]) -> Source:
        """A DataFrame under a name of ours."""
        name = f"veriport_{uuid.uuid4().hex}"
        try:
            with self.runner.asking():
                frame = made()
                fields = tuple(_field(each) for each in frame.schema.fields)
                frame.createOrReplaceTempView(name)
        except RefusedQuery as refused:
            raise DataError(f"{label}: {refused}") from refused
        except TransientError as trouble:
            raise TransientError(f"{label}: {trouble}") from trouble
        self._names.append(name)
        table = unbound(fields, name)
        return Source(label=label, runner=self.runner, table=table, fields=fields, refer=self._refer)

    def table(self, location: Location) -> Source:
        """What a location on the server names."""
        session = self.runner.session

        def made() -> Any:  # noqa: ANN401  # Spark's own class
            session.conf.set("spark.sql.session.timeZone", "UTC")
            return session.sql(_selected(location))

        try:
            return self.source(location.label, made)
        except DataError as refused:
            if location.table and "TABLE_OR_VIEW_NOT_FOUND" in str(refused):
                raise location.absent(self._tables(location.table[:-1]), str(refused)) from refused
            raise

    def drop(self) -> None:
        """Forget all of it; a session that is lost has done so."""
        with suppress(*_TROUBLE), _hurried(self.runner.session):
            while self._names and not self.runner.lost:
                self.runner.session.catalog.dropTempView(self._names.pop())

    def _refer(self, address: Address) -> Source:
        there = one_of(address, "spark")
        if there is not None and there.path == self.server:
            return self.table(there)
        if one_of(address) is not None or address.kind not in _READERS:
            raise Elsewhere(f"its reference {address.label} is in another database")
        reader = self.runner.session.read
        options = {"header": True, "inferSchema": True} if address.kind == "csv" else {}
        kind = _READERS[address.kind]
        return self.source(address.label, lambda: reader.options(**options).format(kind).load(address.path))

    def _tables(self, schema: Sequence[str]) -> tuple[str, ...]:
        """The names of the tables beside one, to find which was meant."""
        with suppress(PySparkException), unlogged():
            listed = self.runner.session.catalog.listTables(_dotted(schema) or None)
            return tuple(sorted(each.name for each in listed))
        return ()


def _selected(location: Location) -> str:
    """The rows of a location, as a query that can only read."""
    own = f"SELECT * FROM {_dotted(location.table)}"
    if not location.sql:
        return own
    prefix = f"`{SELF}` AS ({own})" if location.table else ""
    return within(prefix, location.sql) if prefix else f"SELECT * FROM ({location.sql}) AS answer"


def _dotted(names: Sequence[str]) -> str:
    return ".".join("`" + name.replace("`", "``") + "`" for name in names)


#: Spark's types by the names that it gives them itself.
_TYPES: Mapping[str, dt.DataType] = {
    "byte": dt.int8, "short": dt.int16, "integer": dt.int32, "long": dt.int64, "float": dt.float32,
    "double": dt.float64, "boolean": dt.boolean, "string": dt.string, "varchar": dt.string, "char": dt.string,
    "binary": dt.binary, "date": dt.date, "timestamp": dt.Timestamp("UTC"), "timestamp_ntz": dt.timestamp,
    "void": dt.null, "daytimeinterval": dt.Interval("s"),
}  # fmt: skip


def _type(spark: Any) -> dt.DataType:  # noqa: ANN401  # Spark's own class
    match spark.typeName():
        case "decimal":
            return dt.Decimal(spark.precision, spark.scale)
        case "array":
            return dt.Array(_type(spark.elementType))
        case "struct":
            return dt.Struct({each.name: _type(each.dataType) for each in spark.fields})
        case name:
            return _TYPES.get(name, dt.unknown)


_READERS = {"parquet": "parquet", "csv": "csv", "ndjson": "json"}


def _field(column: Any) -> Field:  # noqa: ANN401  # Spark's own class
    return field_of(column.name, _type(column.dataType), named=column.dataType.simpleString())
