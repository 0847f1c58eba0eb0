"""An open table: its columns as SQL sees them, and how its queries are run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import ibis
import ibis.expr.datatypes as dt
from attrs import field, frozen
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.dialects import Dialect
from veriport.adapters.engines.ibis.types import data_type
from veriport.domain.datasets import Address
from veriport.domain.types import Column, DataType
from veriport.ports.errors import TransientError

if TYPE_CHECKING:
    import pyarrow as pa

    from veriport.adapters.engines.ibis.splits.arrow import Shape

#: A column that numbers the rows of a frame; it belongs to nobody's table.
ROW = "__veriport_row"
#: What queries of a user call the table of the address.
SELF = "self"
#: What our queries call the answer of a query of a user, and the rows of a frame.
ROWS = "veriport_rows"


class RefusedQuery(Exception):
    """The database refuses a query, or finds while it runs that it cannot be answered; in its own words."""


class Elsewhere(Exception):
    """A reference is in another database, where no query of this one can reach it."""


class Runner(Protocol):
    """A connection to a database. Raises ``RefusedQuery``, ``TransientError`` and ``DataError``."""

    @property
    def dialect(self) -> Dialect:
        """What the database says differently."""
        ...

    def rows(self, query: ir.Table) -> list[tuple[object, ...]]:
        """The rows of a query, all of them; the caller sees to it that they are few."""
        ...

    def batches(self, query: ir.Table, shape: Shape) -> Iterator[pa.RecordBatch]:
        """The rows of a query piece by piece, as the database sends them; never all of them at once.

        An error may come after some pieces.
        """
        ...

    def cancel(self) -> None:
        """Stop the running query, from another thread."""
        ...


@frozen
class Field:
    """A column: what people call it, what SQL calls it, its type to both."""

    column: Column
    physical: str
    dtype: dt.DataType


def _elsewhere(address: Address) -> Source:
    raise Elsewhere(f"its reference {address.label} is in another database")


@frozen(kw_only=True)
class Source:
    """A table that is open.

    ``row`` is a column that numbers its rows from 0, where there is one. ``notes`` are what people must
    know of how it is asked.
    """

    label: str
    runner: Runner = field(repr=False)
    table: ir.Table = field(repr=False)
    fields: tuple[Field, ...]
    row: str | None = None
    refer: Callable[[Address], Source] = field(default=_elsewhere, eq=False, repr=False)
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns as every engine names them."""
        return tuple(each.column for each in self.fields)


def field_of(
    name: str, dtype: dt.DataType, *, physical: str = "", known: DataType | None = None, named: str = ""
) -> Field:
    """A column of this type.

    ``known`` is what its source says of the type beyond that, ``named`` what the database calls it.
    """
    return Field(Column(name, known or data_type(dtype, named)), physical or name, dtype)


def unbound(fields: Sequence[Field], name: str, path: Sequence[str] = (), row: str | None = None) -> ir.Table:
    """The table as an expression without a connection. ``path`` is its schema, or catalog and schema.

    Raises ``RefusedQuery`` where two columns have one name.
    """
    names = [each.column.name for each in fields]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise RefusedQuery(f"there are two columns {twice!r}: give each a name of its own")
    types = {each.physical: each.dtype for each in fields}
    if row is not None and row not in types:
        types[row] = dt.int64
    database = {"database": path[-1]} if path else {}
    catalog = {"catalog": path[0]} if len(path) > 1 else {}
    if not types:
        types = {ROW: dt.int64}
    return ibis.table(types, name=name, **database, **catalog)


def within(prefix: str, sql: str) -> str:
    """A query that can name what ``prefix`` defines, as ``name AS (query)``."""
    return f"WITH {prefix} SELECT * FROM ({sql}) AS answer" if prefix else sql


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def unbounded(seconds: float | None, what: str) -> tuple[str, ...]:
    """The note of a source whose queries nobody can stop, where they should be."""
    return () if seconds is None else (f"timeout_seconds has no effect: nothing stops a query of {what}",)


@contextmanager
def stopping_after(seconds: float | None, stop: Callable[[], None]) -> Iterator[None]:
    """Call ``stop``, in a thread, if what is asked here takes longer than that; ``None`` is no limit.

    It is called again while that goes on: a stop between two queries of one question stops neither.
    Raises ``TransientError`` where the query then ends in an exception, whatever the database calls it.
    """
    done, late = threading.Event(), threading.Event()

    def watch(wait: float) -> None:
        while not done.wait(wait):
            late.set()
            stop()
            wait = _AGAIN_SECONDS

    if seconds is None:
        yield
        return
    watching = threading.Thread(target=watch, args=(seconds,), daemon=True)
    watching.start()
    try:
        yield
    except Exception as ended:
        if late.is_set():
            raise TransientError(f"the query took more than {seconds:g} seconds") from ended
        raise
    finally:
        done.set()
        watching.join()  # or it would stop what comes next


_AGAIN_SECONDS = 0.5
