"""What is checked: an address that an engine opens, or a frame that the caller already holds (D5)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from types import MappingProxyType

from attrs import field, fields, frozen

from veriport.domain.errors import ConfigurationError
from veriport.domain.suggestions import nearest

#: File name endings and the format they mean.
FORMATS: Mapping[str, str] = {
    "csv": "csv", "tsv": "csv", "txt": "csv",
    "parquet": "parquet", "pq": "parquet",
    "ndjson": "ndjson", "jsonl": "ndjson",
    "arrow": "ipc", "ipc": "ipc", "feather": "ipc",
}  # fmt: skip
_COMPRESSED = (".gz", ".zst", ".zstd", ".bz2", ".xz", ".zlib")
_PASSWORD = re.compile(r"(?P<scheme>^[a-z][a-z0-9+.-]*://)[^/?#]*@", re.IGNORECASE)
_QUERY_SECRET = re.compile(r"(?i)([?&][^=&]*(?:password|token|secret|key|signature|sig)[^=&]*=)[^&#]*")


def _frozen_mapping(value: Mapping[str, object]) -> Mapping[str, object]:
    return MappingProxyType(dict(value))


def _texts(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


@frozen(kw_only=True)
class Address:
    """Where a data set is, and how to read it.

    ``path`` is a file, a glob or a URI. ``format`` is needed where the name does not tell it.
    ``storage_options`` may hold credentials and is never printed.
    """

    path: str
    format: str | None = None
    separator: str | None = None
    null_values: tuple[str, ...] = field(default=(), converter=_texts)
    encoding: str = "utf8"
    schema: Mapping[str, object] = field(factory=dict, converter=_frozen_mapping, hash=False)
    storage_options: Mapping[str, object] = field(
        factory=dict, converter=_frozen_mapping, repr=False, hash=False
    )
    sql: str | None = None

    @property
    def label(self) -> str:
        """The address as people may see it: no user, password or token."""
        return without_credentials(self.path)

    @property
    def kind(self) -> str | None:
        """``csv``, ``parquet``, ``ndjson`` or ``ipc``, given or told by the name; else ``None``."""
        if self.format is not None:
            return FORMATS.get(self.format.lower(), self.format.lower())
        name = PurePath(self.path.partition("?")[0]).name.lower()
        for ending in _COMPRESSED:
            name = name.removesuffix(ending)
        return FORMATS.get(name.rpartition(".")[2])


@frozen
class Handle:
    """A frame in the caller's memory; only engines look inside it."""

    frame: object = field(repr=False, eq=False)

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


def _address(data: Mapping[str, object]) -> Address:
    known = {attribute.name for attribute in fields(Address)}
    for key in data:
        if key not in known:
            raise ConfigurationError(f"unknown key {key!r} in data{nearest(str(key), known).hint}")
    if not isinstance(data.get("path"), str | PurePath):
        raise ConfigurationError("data needs 'path': a file, a glob or a URI")
    return Address(**{**data, "path": str(data["path"])})  # type: ignore[arg-type]  # checked by the engine


def without_credentials(uri: str) -> str:
    """A URI without user, password and secret-looking query values."""
    return _QUERY_SECRET.sub(r"\1***", _PASSWORD.sub(r"\g<scheme>***@", uri))
