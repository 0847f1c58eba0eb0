"""Open whatever a caller names as a lazy frame, and say clearly when it cannot be."""

from __future__ import annotations

import glob
import os
import re
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from attrs import evolve, field, frozen

from veriport.adapters.engines.paths import named_by, scanned
from veriport.adapters.engines.polars.csv import as_text, scan_csv
from veriport.adapters.engines.polars.drift import check_alike
from veriport.adapters.engines.polars.errors import TROUBLE, first_line, reading
from veriport.adapters.engines.polars.types import declared_type
from veriport.domain.datasets import DATABASES, FORMATS, Address, Dataset, Handle
from veriport.domain.errors import ConfigurationError
from veriport.domain.suggestions import nearest
from veriport.ports.errors import DataError

_URI = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]+)://")
_SCHEMES = frozenset(
    {"s3", "s3a", "gs", "gcs", "az", "azure", "abfs", "abfss", "http", "https", "file", "hf"}
)
#: Databases to which only Ibis connects, by the schemes that people write.
_BY_IBIS = frozenset(
    {"athena", "bigquery", "clickhouse", "databricks", "mariadb", "mssql", "mysql", "oracle", "redshift",
     "snowflake", "trino"}
)  # fmt: skip


@frozen
class Source:
    """An open data set: its frame, and the columns whose text comes from a source without types.

    ``scans`` is how often the data was read through to open it, ``size`` the bytes of its local files.
    ``files`` are those, but for the files of a folder. ``check`` raises ``DataError`` where one of several
    files has other columns than the first.
    """

    frame: pl.LazyFrame
    untyped: frozenset[str] = frozenset()
    scans: int = 0
    size: int | None = None
    files: tuple[Path, ...] = ()
    check: Callable[[], None] = field(default=lambda: None, eq=False, repr=False)


def open_frame(dataset: Dataset) -> Source:
    """Open a data set. Raises ``DataError`` or ``ConfigurationError`` as the engine port says."""
    match dataset:
        case Handle():
            return Source(_from_memory(dataset), dataset.untyped)
        case Address():
            return _from_address(dataset)


def _from_memory(handle: Handle) -> pl.LazyFrame:
    frame = handle.frame
    if isinstance(frame, pl.LazyFrame):
        return frame
    if isinstance(frame, pl.DataFrame):
        return frame.lazy()
    if hasattr(frame, "__arrow_c_stream__"):
        return _from_arrow(handle)
    raise ConfigurationError(
        f"the polars engine cannot read a {handle.label}: pass a path, a Polars frame, or anything with "
        "the Arrow PyCapsule interface (pandas, PyArrow, DuckDB ...)"
    )


_spent: weakref.WeakSet[object] = weakref.WeakSet()


def _from_arrow(handle: Handle) -> pl.LazyFrame:
    """Keep an Arrow stream in memory: some can be read only once, and rules may need two passes."""
    with taking(handle):
        return pl.DataFrame(handle.frame).lazy()  # type: ignore[arg-type]  # it has the Arrow interface


@contextmanager
def taking(handle: Handle) -> Iterator[None]:
    """Turn what goes wrong while a frame with the Arrow interface is read into a ``DataError``."""
    one_shot = hasattr(handle.frame, "read_next_batch")
    if one_shot and handle.frame in _spent:
        raise DataError(f"{handle.label}: this stream was read before and is empty now; pass a table")
    _refuse_wide(handle)
    try:
        yield
    except (Exception, *TROUBLE) as trouble:  # a library of the caller converts, and raises whatever it does
        raise DataError(f"{handle.label}: {first_line(trouble)}") from trouble
    if one_shot:
        _spent.add(handle.frame)


def _refuse_wide(handle: Handle) -> None:
    """Raise ``DataError`` for a column of decimals as neither Polars nor DuckDB has them."""
    for name, dtype in _types_of(handle.frame):
        if "decimal256" in str(dtype):
            raise DataError(f"{handle.label}: column {name!r} is {dtype}: decimals have 128 bits here")


def _types_of(frame: Any) -> Iterable[tuple[object, object]]:  # noqa: ANN401  # any library's
    """Names and types of the columns of Arrow and pandas, of other frames none."""
    match type(frame).__module__.partition(".")[0]:
        case "pyarrow" if hasattr(frame, "schema"):
            return [(each.name, each.type) for each in frame.schema]
        case "pandas" if hasattr(frame, "columns"):
            return list(frame.dtypes.items())
    return []


def _from_address(address: Address) -> Source:
    kind = _kind(address)
    local = _local_files(address)
    for path in local[:_LOOKED_AT]:
        _check_beginning(path, kind)
    check = partial(check_alike, local, partial(_columns_of, address, kind))
    try:
        with reading(address.label):
            source = _SCANNERS[kind](address)
            frame = _declared(source.frame, address) if kind != "csv" else source.frame
            if address.sql is not None:
                frame = frame.sql(address.sql, table_name="self")
            frame.collect_schema()
    except DataError:
        check()
        raise
    return Source(frame, source.untyped, source.scans, _size(address, local), tuple(local), check)


def _columns_of(address: Address, kind: str, path: Path) -> Mapping[str, pl.DataType]:
    """The columns of one file; those of CSV are all texts, and those of Parquet in any order."""
    alone = evolve(address, path=str(path))
    frame = as_text(str(path), alone, {}) if kind == "csv" else _SCANNERS[kind](alone).frame
    columns = frame.collect_schema()
    return dict(sorted(columns.items())) if kind == "parquet" else columns


def _size(address: Address, local: Iterable[Path]) -> int | None:
    """The bytes of the local files, or of all files in a local folder."""
    if _URI.match(address.path):
        return None
    folder = Path(address.path)
    files = folder.rglob("*") if folder.is_dir() else local
    return sum(path.stat().st_size for path in files if path.is_file())


_LOOKED_AT = 1_000  #: files of a glob whose first bytes are looked at


def _kind(address: Address) -> str:
    scheme = _URI.match(address.path)
    if scheme and scheme["scheme"].lower() not in _SCHEMES:
        raise _unknown(scheme["scheme"], address)
    kinds = sorted(set(FORMATS.values()))
    if address.kind in kinds:
        return address.kind
    if address.format is not None:
        hint = nearest(address.format, [*FORMATS]).hint
        raise ConfigurationError(f"unknown format {address.format!r}: use one of {', '.join(kinds)}{hint}")
    if not scheme and not Path(address.path).exists() and not glob.has_magic(address.path):
        raise _absent(address)
    if Path(address.path).is_file():
        _refuse_database(Path(address.path), _ends(Path(address.path)).head)
    raise ConfigurationError(
        f"{address.label}: its name does not tell the format: add format: csv, or --data-format csv "
        f"on the command line; known are {', '.join(kinds)}"
    )


def _unknown(scheme: str, address: Address) -> ConfigurationError:
    """What to write instead of an address that neither this engine nor the one for databases knows."""
    said = f"the polars engine cannot read {scheme}:// addresses: {address.label}"
    if scheme.partition("+")[0].lower() in _BY_IBIS:
        return ConfigurationError(
            f"{said}; check such a table from Python, as veriport.check(ibis.connect(...).table(name), ...)"
        )
    return ConfigurationError(f"{said}{nearest(scheme, [*_SCHEMES, *DATABASES]).hint}")


def _local_files(address: Address) -> list[Path]:
    """The files behind a local address; raises ``DataError`` when there are none."""
    if _URI.match(address.path):
        return []
    path = Path(address.path)
    if path.is_dir():
        if not any(path.iterdir()):
            raise DataError(f"{address.label}: the folder is empty")
        return []
    if found := named_by(address.path):
        return found
    raise _absent(address)


def _absent(address: Address) -> DataError:
    path = Path(address.path)
    if glob.has_magic(address.path):
        return DataError(f"{address.label}: no file matches")
    if not path.parent.is_dir():
        return DataError(f"{address.label}: there is no such file, and no folder {str(path.parent)!r}")
    neighbours = [entry.name for entry in path.parent.iterdir() if entry.is_file()]
    return DataError(f"{address.label}: there is no such file{nearest(path.name, neighbours).hint}")


_PARQUET, _ARROW = b"PAR1", b"ARROW1"
_BEGINNINGS: Mapping[bytes, str] = {
    _PARQUET: "parquet", _ARROW: "ipc", b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip (or a spreadsheet)",
    b"\x28\xb5\x2f\xfd": "zstd", b"%PDF": "PDF",
}  # fmt: skip
#: Databases in a file: the scheme of their addresses, where the file says that it is one, and how.
_DATABASE_FILES = (("sqlite", 0, b"SQLite format 3\0"), ("duckdb", 8, b"DUCK"))
_COMPRESSED = frozenset({"gzip", "zstd"})


class _Ends(NamedTuple):
    """The first bytes of a file, its size, and its last bytes."""

    head: bytes
    size: int
    tail: bytes


def _ends(path: Path) -> _Ends:
    try:
        with path.open("rb") as file:
            head = file.read(16)
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - len(_PARQUET)))
            return _Ends(head, size, file.read(len(_PARQUET)))
    except OSError as trouble:
        raise DataError(f"{path}: {trouble.strerror}") from trouble


def _refuse_database(path: Path, head: bytes) -> None:
    for scheme, start, magic in _DATABASE_FILES:
        if head[start:].startswith(magic):
            raise ConfigurationError(
                f"{path} is a database: name a table of it, as {scheme}://{path}?table=name"
            )


def _check_beginning(path: Path, kind: str) -> None:
    """Compare the first bytes of a file with what its name promises."""
    head, size, tail = _ends(path)
    if not head:
        raise DataError(f"{path}: the file is empty")
    _refuse_database(path, head)
    if kind == "parquet" and head.startswith(_PARQUET):
        _check_end(path, size, tail)
    found = next((name for magic, name in _BEGINNINGS.items() if head.startswith(magic)), None)
    if found in _COMPRESSED and kind in {"csv", "ndjson"}:
        return
    if found is not None and found != kind:
        raise DataError(f"{path}: this is not {kind} but {found}; mend the name or say format: {found}")
    if found is None and kind in {"parquet", "ipc"}:
        raise DataError(
            f"{path}: this is not {kind}: it begins with {head[:8]!r}; say its format: csv or ndjson?"
        )


def _check_end(path: Path, size: int, tail: bytes) -> None:
    if size < len(_PARQUET) * 3 or tail != _PARQUET:
        raise DataError(f"{path}: the Parquet file is truncated: its footer is missing")


def _declared(frame: pl.LazyFrame, address: Address) -> pl.LazyFrame:
    """Cast the columns whose type the caller declared."""
    if not address.schema:
        return frame
    present = frame.collect_schema().names()
    for column in address.schema:
        if column not in present:
            raise DataError(
                f"{address.label}: schema names the absent column {column!r}{nearest(column, present).hint}"
            )
    return frame.with_columns(
        pl.col(column).cast(declared_type(column, name)) for column, name in address.schema.items()
    )


def _options(address: Address) -> dict[str, object]:
    return {"storage_options": dict(address.storage_options)} if address.storage_options else {}


def _scan_parquet(address: Address) -> Source:
    return Source(pl.scan_parquet(scanned(address.path), **_options(address)))  # type: ignore[arg-type]  # keyword options


def _scan_ipc(address: Address) -> Source:
    return Source(pl.scan_ipc(scanned(address.path), **_options(address)))  # type: ignore[arg-type]  # keyword options


def _scan_ndjson(address: Address) -> Source:
    frame = pl.scan_ndjson(scanned(address.path), infer_schema_length=None, **_options(address))  # type: ignore[arg-type]
    return Source(frame, scans=1)  # every line tells the types


def _scan_csv(address: Address) -> Source:
    typed = scan_csv(address, _options(address))
    return Source(typed.frame, typed.untyped, typed.scans)


_SCANNERS: Mapping[str, Callable[[Address], Source]] = {
    "csv": _scan_csv,
    "parquet": _scan_parquet,
    "ipc": _scan_ipc,
    "ndjson": _scan_ndjson,
}
