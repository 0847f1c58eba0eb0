"""Addresses of tables in databases: ``postgresql://host/db?table=schema.name``, ``duckdb://file.db?table=t``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias
from urllib.parse import parse_qsl, quote, unquote, urlencode

from attrs import field, fields, frozen
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.sources import ROWS, SELF, Field, quoted, unbound, within
from veriport.domain.datasets import Address
from veriport.domain.errors import ConfigurationError
from veriport.domain.suggestions import nearest
from veriport.ports.errors import DataError

#: What each scheme is the address of.
KINDS: Mapping[str, str] = {
    "postgresql": "postgresql", "postgres": "postgresql", "duckdb": "duckdb", "sqlite": "sqlite",
    "sc": "spark",
}  # fmt: skip


@frozen(kw_only=True)
class Location:
    """A table of a database, or a query on it.

    ``path`` is the file, or the URL of the server without what is ours in it. ``table`` is the name with
    what it stands in before it.
    """

    label: str
    path: str = field(repr=False)
    table: tuple[str, ...] = ()
    sql: str = ""

    def file(self) -> Path:
        """The file of a database that is one. Raises ``DataError`` where there is none."""
        path = Path(self.path)
        found = next((each for each in (path, Path(self.path.lstrip("/"))) if each.exists()), None)
        if found is None:
            raise DataError(f"{self.label}: there is no such file")
        if found.is_dir():
            raise DataError(f"{self.label}: it is a folder, and not a database")
        return found

    @property
    def selected(self) -> str:
        """The query of the table's rows."""
        return f"SELECT * FROM {'.'.join(map(quoted, self.table))}"

    @property
    def prefix(self) -> str:
        """What defines the answer of the query, which may name the table, for ``within``."""
        own = f"{quoted(SELF)} AS ({self.selected}), " if self.table else ""
        return f"{own}{quoted(ROWS)} AS ({self.sql})"

    def absent(self, known: tuple[str, ...], why: str) -> DataError:
        """The error of a table that is not there."""
        name = ".".join(self.table)
        if self.table and self.table[-1] in known:
            return DataError(f"{self.label}: {why}")
        return DataError(f"{self.label}: there is no table {name!r}{nearest(self.table[-1], known).hint}")


def kind_of(address: Address) -> str | None:
    """Which kind of database an address is in; ``None`` for a file or a store of files."""
    scheme, separator, _ = address.path.partition("://")
    return KINDS.get(scheme.lower()) if separator else None


def one_of(address: Address, *kinds: str) -> Location | None:
    """The location of an address in a database of these kinds (of any, if none is given), else ``None``."""
    kind = kind_of(address)
    return location_of(address) if kind is not None and kind in (kinds or KINDS.values()) else None


def location_of(address: Address) -> Location:
    """The table and the database of an address. Raises ``ConfigurationError`` where it names no table."""
    scheme, _, rest = address.path.partition("://")
    before, _, query = rest.partition("?")
    given = parse_qsl(query, keep_blank_values=True)
    tables = [value for name, value in given if name == "table"]
    others = [pair for pair in given if pair[0] != "table"]
    if len(tables) > 1:
        raise ConfigurationError(f"{address.label} names {len(tables)} tables: name one")
    if not "".join(tables) and not address.sql:
        hints = filter(None, (nearest(name, ["table"]).hint for name, _ in others))
        raise ConfigurationError(f"{address.label} names no table: add ?table=name, or sql{next(hints, '')}")
    if option := _of_files(address):
        raise ConfigurationError(f"{address.label}: {option!r} says how files are read, and this is none")
    written = _SERVERS.get(KINDS[scheme.lower()])
    if written is None and others:
        raise ConfigurationError(f"{address.label}: the address of a file has no parameter {others[0][0]!r}")
    if written is not None and (wrong := _ambiguous(before)):
        raise ConfigurationError(f"{address.label}: {wrong}")
    return Location(
        label=address.label,
        path=unquote(before) if written is None else written(before, others),
        table=names_in("".join(tables)),
        sql=closed(address.sql or ""),
    )


def _of_files(address: Address) -> str:
    """The first option that is given and says how a file is read."""
    names = (each.name for each in fields(Address) if each.name not in {"path", "sql"})
    return next((name for name in names if getattr(address, name) != getattr(_BARE, name)), "")


_BARE = Address(path="bare")


class Prefixed(Protocol):
    """A runner that puts what ``prefix`` defines before its queries, see ``within``."""

    prefix: str


def columns_and_rows(
    runner: Prefixed, location: Location, described: Callable[[str], tuple[Field, ...]]
) -> tuple[tuple[Field, ...], ir.Table]:
    """What a location names in an open database; a query of its own is put before all that is asked there.

    ``described`` tells the columns of a query, and raises what the database says of a wrong one. Raises
    ``RefusedQuery`` where two columns have one name.
    """
    if not location.sql:
        fields = described(location.selected)
        return fields, unbound(fields, location.table[-1], location.table[:-1])
    runner.prefix = location.prefix
    fields = described(within(runner.prefix, f"SELECT * FROM {ROWS}"))
    return fields, unbound(fields, ROWS)


def closed(sql: str) -> str:
    """A query that may stand between brackets: a comment at its end does not swallow the one that closes."""
    stripped = sql.rstrip("; \n")
    return f"{stripped}\n" if "--" in stripped else stripped


def _ambiguous(server: str) -> str:
    """What drivers would not read as we do; nothing is quoted, since it may be of a password."""
    if re.search(r"%(?![0-9A-Fa-f]{2})", server):
        return "a % in an address is written as %25"
    if server.count("@") > 1:
        return "an @ in a name or a password is written as %40"
    return ""


_Given: TypeAlias = Sequence[tuple[str, str]]


def _postgresql(before: str, given: _Given) -> str:
    others = urlencode(given, quote_via=quote)
    return f"postgresql://{before}{'?' if others else ''}{others}"


def _connect(before: str, given: _Given) -> str:
    """Spark has its parameters behind semicolons; here they may stand behind the question mark, too."""
    host, _, own = before.partition(";")
    others = ";".join([*filter(None, [own]), *(f"{name}={quote(value, safe='')}" for name, value in given)])
    return f"sc://{host.rstrip('/')}/;{others}".removesuffix(";")


#: How the drivers of servers write an address, from what stands before the ``?`` and the parameters but ours.
_SERVERS: Mapping[str, Callable[[str, _Given], str]] = {"postgresql": _postgresql, "spark": _connect}


def names_in(table: str) -> tuple[str, ...]:
    """The parts of a name: ``sales.orders``, and ``"odd.schema"."a table"`` in quotes."""
    parts = re.findall(r'"((?:[^"]|"")*)"|([^".]+)', table)
    return tuple(quoted.replace('""', '"') or plain for quoted, plain in parts)
