"""Columns and their types, under names that mean the same for every engine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from attrs import field, frozen

from veriport.domain.suggestions import nearest


class Family(StrEnum):
    """What kind of values a column holds; rules ask for families, not for widths."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    FLOAT = "float"
    DECIMAL = "decimal"
    STRING = "string"
    CATEGORICAL = "categorical"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    DURATION = "duration"
    BINARY = "binary"
    LIST = "list"
    STRUCT = "struct"
    NULL = "null"  #: a column of nothing but nulls whose type the source does not know
    OTHER = "other"


NUMERIC = frozenset({Family.INTEGER, Family.FLOAT, Family.DECIMAL})
TEXT = frozenset({Family.STRING, Family.CATEGORICAL})
TEMPORAL = frozenset({Family.DATE, Family.DATETIME, Family.TIME, Family.DURATION})
NESTED = frozenset({Family.LIST, Family.STRUCT})

#: Words that stand for several families in a ``dtype`` rule.
GROUPS: Mapping[str, frozenset[Family]] = {
    "numeric": NUMERIC,
    "temporal": TEMPORAL,
    "nested": NESTED,
    **{family.value: frozenset({family}) for family in Family},
    "string": TEXT,
}

#: Canonical names with a width, and what they belong to.
_WIDTHS: Mapping[str, Family] = {
    **{f"{sign}int{bits}": Family.INTEGER for sign in ("", "u") for bits in (8, 16, 32, 64, 128)},
    **{f"float{bits}": Family.FLOAT for bits in (16, 32, 64)},
}

#: Names that other systems give to ours.
_OTHER_NAMES: Mapping[str, str] = {
    **{f"i{bits}": f"int{bits}" for bits in (8, 16, 32, 64, 128)},
    **{f"u{bits}": f"uint{bits}" for bits in (8, 16, 32, 64)},
    "f32": "float32", "f64": "float64", "double": "float64", "real": "float32",
    "bigint": "int64", "smallint": "int16", "tinyint": "int8",
    "int": "integer", "number": "numeric",
    "str": "string", "text": "string", "varchar": "string", "utf8": "string", "object": "string",
    "large_string": "string", "char": "string",
    "bool": "boolean", "timestamp": "datetime", "date32": "date", "timedelta": "duration",
    "interval": "duration", "bytes": "binary", "blob": "binary", "category": "categorical",
    "enum": "categorical", "array": "list", "object_struct": "struct", "map": "struct",
}  # fmt: skip


@frozen
class DataType:
    """A type by its family and its canonical name, such as ``int64`` or ``datetime(us, UTC)``."""

    family: Family
    name: str

    @property
    def zoned(self) -> bool:
        """Whether this is a date and time with a time zone."""
        return self.family is Family.DATETIME and "," in self.name


@frozen
class Column:
    """A column of a data set.

    ``untyped`` says that its text comes from a source that has no types, such as CSV: rules on
    numbers then read the text and count what does not parse.
    """

    name: str
    dtype: DataType
    untyped: bool = field(default=False, kw_only=True)


def type_named(word: str) -> str | None:
    """The canonical spelling of a type, a family or a group of families; ``None`` when unknown.

    ``datetime(us, UTC)``, ``duration(us)``, ``decimal(10, 2)`` and ``list(int64)`` keep their parameters, and
    ``other(uuid)`` what a database calls a type that has no name here.
    """
    if word.count("(") > _NESTED:
        return None
    head, bracket, tail = word.strip().partition("(")
    head = _PANDAS_UNIT.sub("", head.strip().lower())
    head = _OTHER_NAMES.get(head, head)
    if head not in GROUPS and head not in _WIDTHS:
        return None
    if not bracket:
        return head
    return f"{head}({inside})" if (inside := _parameters(head, tail)) else None


def _parameters(head: str, tail: str) -> str | None:
    """What stands between the brackets of a type that takes parameters, canonically."""
    if not tail.endswith(")"):
        return None
    inside = tail[:-1].strip()
    if head == Family.LIST:
        return type_named(inside)
    if head == Family.OTHER:
        return inside.lower()
    found = _PARAMETERS[head].fullmatch(inside) if head in _PARAMETERS else None
    return ", ".join(part for part in found.groups() if part) if found else None


_NESTED = 32  #: lists inside each other
_PANDAS_UNIT = re.compile(r"64\[(?:s|ms|us|ns)\]$")
_PARAMETERS: Mapping[str, re.Pattern[str]] = {
    Family.DATETIME: re.compile(r"(s|ms|us|ns)\s*(?:,\s*(\S+))?"),
    Family.DURATION: re.compile(r"(s|ms|us|ns)"),
    Family.DECIMAL: re.compile(r"(\d+)\s*,\s*(\d+)"),
}


def known_types() -> tuple[str, ...]:
    """Every type name that ``type_named`` accepts, without parameters, sorted."""
    return tuple(sorted({*GROUPS, *_WIDTHS, *_OTHER_NAMES}))


def type_hint(word: str) -> str:
    """The nearest known type name as text to append to an error."""
    return nearest(word, known_types()).hint


def is_of_type(dtype: DataType, wanted: str) -> bool:
    """Whether a column of ``dtype`` is what the canonical name ``wanted`` asks for."""
    families = GROUPS.get(wanted)
    if families is not None:
        return dtype.family in families
    if dtype.family is Family.OTHER and wanted == other_named(dtype.name):
        return True
    inside = _item_type(wanted)
    have = _item_type(dtype.name)
    if inside is None or have is None:
        return dtype.name == wanted
    return is_of_type(data_type(have), inside)


def other_named(name: str) -> str:
    """How rules name a type that has a name in a database alone."""
    return f"{Family.OTHER}({name})"


def _item_type(name: str) -> str | None:
    """The type of the items of ``list(...)``."""
    return name[5:-1] if name.startswith("list(") else None


def data_type(name: str) -> DataType:
    """The type of a canonical name, such as ``int64``; of any other one the family is ``other``."""
    head = name.partition("(")[0]
    known = {family.value: family for family in Family}
    return DataType(_WIDTHS.get(head) or known.get(head, Family.OTHER), name)
