"""From a data set to an open table: which database it is in, and who opens it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib import import_module
from typing import TypeAlias

from attrs import frozen

from veriport.adapters.engines.ibis.databases.addresses import kind_of, location_of
from veriport.adapters.engines.ibis.sources import RefusedQuery, Source
from veriport.domain.datasets import Address, Dataset, Handle
from veriport.ports.errors import DataError, MissingExtra

Opened: TypeAlias = AbstractContextManager[Source]


@frozen
class _Opener:
    """A function of a module of ours, and the extra that what it imports comes with."""

    module: str
    function: str
    extra: str

    def __call__(self, what: object, timeout_seconds: float | None) -> Opened:
        try:
            module = import_module(f"{__package__}.{self.module}")
        except ImportError as missing:
            raise MissingExtra(f"a table of {self.module}", self.extra) from missing
        opener: Callable[[object, float | None], Opened] = getattr(module, self.function)
        return opener(what, timeout_seconds)


_FRAME = _Opener("duckdb", "open_frame", "duckdb")
_FILE = _Opener("duckdb", "open_file", "duckdb")

#: Frames by the first word of their module, and the name of their class where that tells more.
_FRAMES: Mapping[tuple[str, str], _Opener] = {
    ("ibis", ""): _Opener("tables_of_ibis", "open_expression", "ibis"),
    ("pyspark", "DataFrame"): _Opener("spark", "open_frame", "spark"),
    ("duckdb", "DuckDBPyRelation"): _Opener("duckdb", "open_relation", "duckdb"),
    ("duckdb", "DuckDBPyConnection"): _Opener("duckdb", "open_connection", "duckdb"),
    ("_duckdb", "DuckDBPyRelation"): _Opener("duckdb", "open_relation", "duckdb"),
    ("_duckdb", "DuckDBPyConnection"): _Opener("duckdb", "open_connection", "duckdb"),
}
_DATABASES: Mapping[str, _Opener] = {
    "postgresql": _Opener("postgres", "open_database", "postgres"),
    "duckdb": _Opener("duckdb", "open_database", "duckdb"),
    "sqlite": _Opener("sqlite", "open_database", "ibis"),
    "spark": _Opener("spark", "open_database", "spark-connect"),
}


@contextmanager
def open_source(dataset: Dataset, timeout_seconds: float | None) -> Iterator[Source]:
    """Open a data set. Raises ``DataError`` or ``ConfigurationError`` as the engine port says."""
    with ExitStack() as opened:
        try:
            source = opened.enter_context(_opened(dataset, timeout_seconds))
        except RefusedQuery as refused:
            raise DataError(f"{dataset.label}: {refused}") from refused
        yield source


def _opened(dataset: Dataset, timeout_seconds: float | None) -> Opened:
    match dataset:
        case Handle():
            return _opener_of(dataset.frame)(dataset, timeout_seconds)
        case Address():
            kind = kind_of(dataset)
            if kind is None:
                return _FILE(dataset, timeout_seconds)
            return _DATABASES[kind](location_of(dataset), timeout_seconds)


def _opener_of(frame: object) -> _Opener:
    for kind in type(frame).__mro__:
        library = kind.__module__.partition(".")[0]
        found = _FRAMES.get((library, kind.__name__)) or _FRAMES.get((library, ""))
        if found is not None:
            return found
    return _FRAME
