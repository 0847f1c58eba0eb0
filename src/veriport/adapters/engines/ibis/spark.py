"""Spark: a DataFrame, classic or Connect, measured by queries of its session."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

import ibis.expr.datatypes as dt
from attrs import define, field
from ibis.expr import types as ir
from pyspark.errors import PySparkException
from pyspark.sql import Row

from veriport.adapters.engines.ibis.addresses import one_of
from veriport.adapters.engines.ibis.dialects import SPARK, Dialect
from veriport.adapters.engines.ibis.errors import first_line
from veriport.adapters.engines.ibis.sources import Elsewhere, Field, RefusedQuery, Source, field_of, unbound
from veriport.domain.datasets import Address, Handle
from veriport.ports.errors import DataError, TransientError

if TYPE_CHECKING:
    import pyarrow as pa

    from veriport.adapters.engines.ibis.arrow import Shape


@define
class SparkRunner:
    """A session of Spark."""

    session: Any
    timeout_seconds: float | None = None
    tag: str = field(factory=lambda: f"veriport-{uuid.uuid4().hex}")
    _late: bool = field(default=False, init=False)

    @property
    def dialect(self) -> Dialect:
        """See ``Runner``."""
        return SPARK

    def rows(self, query: ir.Table) -> list[tuple[object, ...]]:
        """See ``Runner``."""
        with self._asking():
            return [tuple(row) for row in self.session.sql(SPARK.sql(query)).collect()]

    def batches(self, query: ir.Table, shape: Shape) -> Iterator[pa.RecordBatch]:
        """See ``Runner``. A partition at a time comes to the driver."""
        with self._asking():
            rows = self.session.sql(SPARK.sql(query)).toLocalIterator()
        while True:
            with self._asking():
                some = [tuple(map(_plain, row)) for row in islice(rows, shape.rows)]
            if not some:
                return
            yield shape.of_rows(some)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Bound what is asked here, and tell trouble."""
        self._late = False
        timer = threading.Timer(self.timeout_seconds or 0, self._stop)
        if self.timeout_seconds is not None:
            timer.start()
        self.session.addTag(self.tag)
        try:
            yield
        except PySparkException as trouble:
            if self._late:
                raise TransientError(
                    f"the query took more than {self.timeout_seconds:g} seconds"
                ) from trouble
            raise RefusedQuery(first_line(trouble)) from trouble
        except (ConnectionError, OSError) as lost:
            raise TransientError(f"the session of Spark is lost: {first_line(lost)}") from lost
        finally:
            timer.cancel()
            self.session.removeTag(self.tag)

    def cancel(self) -> None:
        """See ``Runner``."""
        self.session.interruptTag(self.tag)

    def _stop(self) -> None:
        self._late = True
        self.cancel()


def _plain(value: object) -> object:
    """Structs as Arrow reads them."""
    match value:
        case Row():
            return {name: _plain(each) for name, each in value.asDict().items()}
        case list():
            return [_plain(each) for each in value]
        case _:
            return value


@contextmanager
def open_frame(handle: Handle, timeout_seconds: float | None) -> Iterator[Source]:
    """A DataFrame, under a name of its session that nobody else has; gone afterwards."""
    frame: Any = handle.frame
    runner = SparkRunner(frame.sparkSession, timeout_seconds)
    named: list[str] = []
    try:
        yield _viewed(frame, handle.label, runner, named)
    finally:
        for name in named:
            runner.session.catalog.dropTempView(name)


def _viewed(frame: Any, label: str, runner: SparkRunner, named: list[str]) -> Source:  # noqa: ANN401  # Spark's own class
    name = f"veriport_{uuid.uuid4().hex}"
    try:
        fields = tuple(_field(each) for each in frame.schema.fields)
        frame.createOrReplaceTempView(name)
    except PySparkException as trouble:
        raise DataError(f"{label}: {first_line(trouble)}") from trouble
    named.append(name)

    def refer(address: Address) -> Source:
        if one_of(address) is not None or address.kind not in _READERS:
            raise Elsewhere(f"its reference {address.label} is in another database")
        reader = runner.session.read
        options = {"header": True, "inferSchema": True} if address.kind == "csv" else {}
        try:
            other = reader.options(**options).format(_READERS[address.kind]).load(address.path)
        except PySparkException as trouble:
            raise DataError(f"{address.label}: {first_line(trouble)}") from trouble
        return _viewed(other, address.label, runner, named)

    return Source(label=label, runner=runner, table=unbound(fields, name), fields=fields, refer=refer)


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
    return field_of(column.name, _type(column.dataType))
