"""What is checked: an address that an engine opens, or a frame that the caller already holds (D5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath
from types import MappingProxyType

from attrs import Attribute, field, fields, frozen

from veriport.domain.errors import ConfigurationError, shown
from veriport.domain.suggestions import nearest

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


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        kind = type(value).__name__  # the value may be a credential
        raise ConfigurationError(f"schema and storage_options of data are mappings, not a {kind}")
    return MappingProxyType(dict(value))


def _texts(value: object) -> tuple[str, ...]:
    listed = (value,) if isinstance(value, str) else value
    if not isinstance(listed, list | tuple | set | frozenset):
        raise ConfigurationError(f"null_values of data must be texts, not {shown(value)}")
    for item in listed:
        if not isinstance(item, str):
            raise ConfigurationError(
                f"null_values of data must be texts, not {shown(item)}: put it in quotes"
            )
    return tuple(listed)


def _text(_: object, attribute: Attribute[str], value: object) -> None:
    _need_text(attribute.name, value)


def _text_or_none(_: object, attribute: Attribute[str | None], value: object) -> None:
    if value is not None:
        _need_text(attribute.name, value)


def _need_text(name: str, value: object) -> None:
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{name} of data must be text, not {shown(value)}")


def _without_credentials(path: str) -> str:
    return repr(without_credentials(path))


@frozen(kw_only=True)
class Address:
    """Where a data set is, and how to read it.

    ``path`` is a file, a glob or a URI. ``format`` is needed where the name does not tell it.
    ``storage_options`` may hold credentials and is never printed.
    """

    path: str = field(converter=_path, repr=_without_credentials)
    format: str | None = field(default=None, validator=_text_or_none)
    separator: str | None = field(default=None, validator=_text_or_none)
    null_values: tuple[str, ...] = field(default=(), converter=_texts)
    encoding: str = field(default="utf8", validator=_text)
    schema: Mapping[str, object] = field(factory=dict, converter=_mapping, hash=False)
    storage_options: Mapping[str, object] = field(factory=dict, converter=_mapping, repr=False, hash=False)
    sql: str | None = field(default=None, validator=_text_or_none)

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
    if "path" not in data:
        raise ConfigurationError("data needs 'path': a file, a glob or a URI")
    return Address(**data)  # type: ignore[arg-type]  # converters and validators say what is wrong


def without_credentials(uri: str) -> str:
    """An address without user, password, token and secret-looking values of parameters.

    It rather hides too much: a password that is not percent-encoded may hold ``/``, ``?`` and ``@``, so
    after a colon everything up to the last ``@`` goes.
    """
    hidden = _USER.sub(_hide_user, uri)
    return _PARAMETER.sub(r"\g<name>***", _QUERY.sub(r"\g<name>***", hidden))


_USER = re.compile(
    r"""(?isx)
    (?P<scheme>(?:[a-z][a-z0-9+.-]*:)?//) (?P<user>[^/?#@:]*:[^?]*@ | [^/?#@:]*:.*@ | [^/?#]*@)
    | ^(?P<bare>[^\s:@/\\]+:[^\s@/\\]+@)"""
)
_SENSITIVE = (
    r"[^=&;\s/\\]*(?:password|passwd|pwd|pass|token|secret|key|credential|signature|sig|auth)[^=&;\s/\\]*"
)
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
