"""What is checked: an address that an engine opens, or a frame that the caller already holds (D5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from attrs import field, fields, frozen
from attrs.validators import optional

from veriport.domain.errors import ConfigurationError, shown
from veriport.domain.suggestions import nearest
from veriport.domain.validators import mapping, text, texts

#: File name endings and the format they mean.
FORMATS: Mapping[str, str] = {
    "csv": "csv", "tsv": "csv", "txt": "csv",
    "parquet": "parquet", "pq": "parquet",
    "ndjson": "ndjson", "jsonl": "ndjson",
    "arrow": "ipc", "ipc": "ipc", "feather": "ipc",
}  # fmt: skip
_COMPRESSED = (".gz", ".zst", ".zstd", ".bz2", ".xz", ".zlib")


def _path(value: object) -> str:
    if not isinstance(value, str | PurePath) or not str(value).strip():
        raise ConfigurationError(f"data needs 'path': a file, a glob or a URI, not {shown(value)}")
    if "\0" in str(value):
        raise ConfigurationError("the path of data holds a null character")
    return str(value)


def _null_values(value: object) -> tuple[str, ...]:
    return texts("null_values", value)


def _schema(value: object) -> Mapping[str, Any]:
    return mapping("schema", value)


def _storage_options(value: object) -> Mapping[str, Any]:
    return mapping("storage_options", value)


def _without_credentials(path: str) -> str:
    return repr(without_credentials(path))


@frozen(kw_only=True)
class Address:
    """Where a data set is, and how to read it.

    ``path`` is a file, a glob or a URI. ``format`` is needed where the name does not tell it.
    ``storage_options`` may hold credentials and is never printed.
    """

    path: str = field(converter=_path, repr=_without_credentials)
    format: str | None = field(default=None, validator=optional(text))
    separator: str | None = field(default=None, validator=optional(text))
    null_values: tuple[str, ...] = field(default=(), converter=_null_values)
    encoding: str = field(default="utf8", validator=text)
    schema: Mapping[str, object] = field(factory=dict, converter=_schema, hash=False)
    storage_options: Mapping[str, object] = field(
        factory=dict, converter=_storage_options, repr=False, hash=False
    )
    sql: str | None = field(default=None, validator=optional(text))

    @property
    def label(self) -> str:
        """The address as people may see it: no user, password or token."""
        return without_credentials(self.path)

    @property
    def kind(self) -> str | None:
        """``csv``, ``parquet``, ``ndjson`` or ``ipc``, given or told by the name; else ``None``."""
        if self.format is not None:
            return FORMATS.get(self.format.lower(), self.format.lower())
        if "://" not in self.path:
            return _kind_by_name(self.path)
        return _kind_by_name(self.path.partition("?")[0]) or _kind_by_name(self.path)


def _kind_by_name(path: str) -> str | None:
    name = PurePath(path).name.lower()
    for ending in _COMPRESSED:
        name = name.removesuffix(ending)
    return FORMATS.get(name.rpartition(".")[2]) if "." in name else None


@frozen
class Handle:
    """A frame in the caller's memory; only engines look inside it.

    ``untyped`` names columns of texts that come from a source without types, as in ``Column``.
    """

    frame: object = field(repr=False, eq=False)
    untyped: frozenset[str] = field(default=frozenset(), kw_only=True)

    @property
    def label(self) -> str:
        """What it is, since it has no name: ``polars.DataFrame``."""
        kind = type(self.frame)
        return f"{kind.__module__.partition('.')[0]}.{kind.__name__}"


Dataset = Address | Handle


def dataset_of(data: object) -> Dataset:
    """Read what a caller passes as data: text or a path, a mapping, or a frame.

    Raises ``ConfigurationError`` for a mapping with an unknown key or without ``path``.
    """
    match data:
        case Address() | Handle():
            return data
        case str() | PurePath():
            return Address(path=str(data))
        case Mapping():
            return _address(data)
        case None:
            raise ConfigurationError("no data given: name a file, a URI or a frame")
        case _:
            return Handle(data)


#: Addresses that the engine for databases reads, by scheme.
DATABASES = frozenset({"postgresql", "postgres", "duckdb", "sqlite", "sc"})
#: Libraries whose frames it reads.
_LIBRARIES = frozenset({"ibis", "pyspark"})


def engine_kind(dataset: Dataset) -> str:
    """The kind of the engine for a data set where nobody names one.

    >>> [engine_kind(Address(path=path)) for path in ("postgresql://db/shop?table=orders", "orders.csv")]
    ['ibis', 'polars']
    """
    match dataset:
        case Address(path=path):
            scheme, separator, _ = path.partition("://")
            return "ibis" if separator and scheme.lower() in DATABASES else "polars"
        case Handle(frame=frame):
            classes = type(frame).__mro__
            theirs = {kind.__module__.partition(".")[0] for kind in classes} & _LIBRARIES
            connection = any(kind.__name__ == "DuckDBPyConnection" for kind in classes)
            return "ibis" if theirs or connection else "polars"


def _address(data: Mapping[str, object]) -> Address:
    known = {attribute.name for attribute in fields(Address)}
    for key in data:
        if key not in known:
            raise ConfigurationError(f"unknown key {key!r} in data{nearest(str(key), known).hint}")
    if "path" not in data:
        raise ConfigurationError("data needs 'path': a file, a glob or a URI")
    return Address(**data)  # type: ignore[arg-type]  # converters and validators say what is wrong


def without_credentials(uri: str) -> str:
    """An address without user, password, token and secret-looking values of parameters.

    It rather hides too much: a password that is not percent-encoded may hold ``/``, ``?`` and ``@``, so
    after a colon everything up to the last ``@`` goes.
    """
    hidden = _USER.sub(_hide_user, uri) if "@" in uri else uri
    return _PARAMETER.sub(r"\g<name>***", _QUERY.sub(r"\g<name>***", hidden))


_USER = re.compile(
    r"""(?isx)
    (?P<scheme>(?:[a-z][a-z0-9+.-]{0,30}:)?//) (?P<user>[^/?#@:]*:.*@ | [^/?#]*@)
    | ^(?P<bare>[^\s:@/\\]+:[^\s@/\\]+@)"""
)
_NAME = r"[^=&;\s/\\]{0,200}"
_SENSITIVE = rf"{_NAME}(?:password|passwd|pwd|pass|token|secret|key|credential|signature|sig|auth){_NAME}"
_QUERY = re.compile(rf"(?i)(?P<name>[?&#]{_SENSITIVE}=)[^&]*")
_PARAMETER = re.compile(
    rf"""(?ix)(?P<name>(?:^|[;\s]){_SENSITIVE}\s*=\s*)('(?:[^'\\]|\\.)*'|"[^"]*"|[^\s;&]*)"""
)
#: Here a container stands before the ``@``: ``abfss://container@account.dfs.core.windows.net/``.
_CONTAINER_FIRST = frozenset({"abfs", "abfss", "wasb", "wasbs"})


def _hide_user(found: re.Match[str]) -> str:
    scheme, user = found["scheme"] or "", found["user"] or ""
    keep = scheme.partition(":")[0].lower() in _CONTAINER_FIRST and ":" not in user
    return scheme + (user if keep else "***@")
