"""CSV has no types: read it as text, then give a column the type that every one of its values has.

A column that mixes types stays text, and so does one with a leading zero (``007``). Types are proposed
by the first rows and proved on all of them in one pass, so that a text after 20,000 integers is text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import polars as pl
from attrs import frozen

from veriport.adapters.engines.paths import scanned
from veriport.adapters.engines.polars.types import declared_type
from veriport.domain.datasets import Address
from veriport.domain.errors import ConfigurationError
from veriport.domain.suggestions import nearest
from veriport.ports.errors import DataError

_PROPOSED_BY = 1_000  #: rows that propose a type
_TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_ZERO_FIRST = r"^[+-]?0[0-9]"


@frozen
class Reading:
    """A way to read text as a type; ``value`` is null for what does not parse."""

    name: str
    value: Callable[[pl.Expr], pl.Expr]


def _number(dtype: type[pl.Int64 | pl.Float64]) -> Callable[[pl.Expr], pl.Expr]:
    def read(text: pl.Expr) -> pl.Expr:
        return pl.when(text.str.contains(_ZERO_FIRST).not_()).then(text.cast(dtype, strict=False))

    return read


def _boolean(text: pl.Expr) -> pl.Expr:
    return text.replace_strict(_TRUTHS, default=None, return_dtype=pl.Boolean)


def _date(text: pl.Expr) -> pl.Expr:
    return pl.when(text.str.len_bytes() == len("2024-01-31")).then(text.str.to_date("%Y-%m-%d", strict=False))


def _datetime(form: str, *, zoned: bool = False) -> Callable[[pl.Expr], pl.Expr]:
    def read(text: pl.Expr) -> pl.Expr:
        zone = "UTC" if zoned else None
        return text.str.to_datetime(form, time_unit="us", time_zone=zone, strict=False)

    return read


#: The types that a column may turn out to have, narrowest first.
_READINGS = (
    Reading("integer", _number(pl.Int64)),
    Reading("float", _number(pl.Float64)),
    Reading("boolean", _boolean),
    Reading("date", _date),
    Reading("datetime", _datetime("%Y-%m-%d %H:%M:%S%.f")),
    Reading("datetime T", _datetime("%Y-%m-%dT%H:%M:%S%.f")),
    Reading("datetime zone", _datetime("%Y-%m-%d %H:%M:%S%.f%#z", zoned=True)),
    Reading("datetime T zone", _datetime("%Y-%m-%dT%H:%M:%S%.f%#z", zoned=True)),
)


@frozen
class Typed:
    """A frame with types, the columns that stayed text, and the passes that it took to find out."""

    frame: pl.LazyFrame
    untyped: frozenset[str]
    scans: int


#: A column without any value has no type, and fits every rule.
_NOTHING = Reading("null", lambda _: pl.lit(None))


def scan_csv(address: Address, options: Mapping[str, object]) -> Typed:
    """Read a CSV, and give types to its columns."""
    content = _utf8(address)
    _check_header(content, address, options)
    text = as_text(content, address, options)
    names = text.collect_schema().names()
    declared = _declared(address, names)
    proposed = _propose(text, [name for name in names if name not in declared])
    readings = _prove(text, proposed)
    typed = text.with_columns(
        *(reading.value(pl.col(name)).alias(name) for name, reading in readings.items()), *declared.values()
    )
    untyped = frozenset(name for name in names if name not in readings and name not in declared)
    return Typed(typed, untyped, scans=isinstance(content, bytes) + bool(proposed))


def as_text(
    content: str | bytes, address: Address, options: Mapping[str, object], **more: object
) -> pl.LazyFrame:
    """Every column as text; what follows a ``#`` is data."""
    arguments: dict[str, object] = {
        "separator": _separator(address),
        "null_values": list(address.null_values) or None,
        "infer_schema": False,
        **options,
        **more,
    }
    source = scanned(content) if isinstance(content, str) else content
    return pl.scan_csv(source, **arguments)  # type: ignore[arg-type]  # keyword options


def _separator(address: Address) -> str:
    given = address.separator
    if given is None:
        return "\t" if ".tsv" in Path(address.path).name.lower() else ","
    given = {"\\t": "\t", "tab": "\t"}.get(given, given)
    if len(given.encode()) != 1:
        raise ConfigurationError(f"separator must be one character, not {address.separator!r}")
    return given


def _utf8(address: Address) -> str | bytes:
    """The address, or its content when it must be decoded first: Polars reads UTF-8 only."""
    encoding = address.encoding.lower().replace("-", "").replace("_", "")
    if encoding in {"utf8", "ascii"}:
        return address.path
    if not Path(address.path).is_file():
        raise ConfigurationError(
            f"{address.label}: encoding {address.encoding} is for one local file; others have to be UTF-8"
        )
    try:
        return Path(address.path).read_bytes().decode(address.encoding).encode()
    except LookupError:
        raise ConfigurationError(f"unknown encoding {address.encoding!r}") from None
    except UnicodeDecodeError as wrong:
        raise DataError(f"{address.label}: it is not {address.encoding}: {wrong.reason}") from wrong


def _check_header(content: str | bytes, address: Address, options: Mapping[str, object]) -> None:
    """Refuse two columns of one name, which Polars would rename."""
    head = as_text(content, address, options, has_header=False, n_rows=1).collect()
    names = [name for name in head.row(0) if name is not None] if head.height else []
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        listed = ", ".join(repr(name) for name in repeated)
        raise DataError(f"{address.label}: the header names {listed} more than once")


def _declared(address: Address, names: list[str]) -> dict[str, pl.Expr]:
    for column in address.schema:
        if column not in names:
            raise DataError(
                f"{address.label}: schema names the absent column {column!r}{nearest(column, names).hint}"
            )
    return {
        column: pl.col(column).cast(declared_type(column, name)) for column, name in address.schema.items()
    }


def _propose(text: pl.LazyFrame, names: Iterable[str]) -> dict[str, tuple[Reading, ...]]:
    """For each column the readings that fit all of its first values."""
    first = text.head(_PROPOSED_BY).collect()
    fitting = {name: tuple(r for r in _READINGS if _fits(first[name], r)) for name in names}
    return {name: readings for name, readings in fitting.items() if readings}


def _fits(values: pl.Series, reading: Reading) -> bool:
    present = values.drop_nulls()
    if present.is_empty():
        return True
    read = present.to_frame().select(reading.value(pl.col(present.name)).is_null().any())
    return not read.item()


def _prove(text: pl.LazyFrame, proposed: Mapping[str, tuple[Reading, ...]]) -> dict[str, Reading]:
    """For each column the narrowest reading that fits all of its values."""
    counts = {f"{name}\0": pl.col(name).count() for name in proposed}
    for name, readings in proposed.items():
        for reading in readings:
            counts[f"{name}\0{reading.name}"] = reading.value(pl.col(name)).count()
    if not counts:
        return {}
    found = text.select(**counts).collect(engine="streaming").row(0, named=True)
    proved: dict[str, Reading] = {}
    for name, readings in proposed.items():
        whole = found[f"{name}\0"]
        fits = (reading for reading in readings if found[f"{name}\0{reading.name}"] == whole)
        narrowest = next(fits, None) if whole else _NOTHING
        if narrowest is not None:
            proved[name] = narrowest
    return proved
