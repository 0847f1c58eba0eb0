"""Which of the files behind one address has other columns than the first, once reading them went wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from veriport.adapters.engines.polars.errors import reading
from veriport.adapters.engines.polars.types import data_type
from veriport.ports.errors import DataError

Columns = Mapping[str, pl.DataType]


def check_alike(files: Sequence[Path], columns_of: Callable[[Path], Columns]) -> None:
    """Raise ``DataError`` that names the first file, and its column, that is not as in the first one."""
    first, *others = files or [Path()]
    known: Columns | None = None
    for path in others:
        with reading(str(path)):
            known = columns_of(first) if known is None else known
            differences = list(_differences(known, columns_of(path)))
        if differences:
            raise DataError(f"{path}: {'; '.join(differences[:3])} (compared with {first})")


def _differences(known: Columns, found: Columns) -> Iterator[str]:
    for name, dtype in found.items():
        if name not in known:
            yield f"column {name!r} is extra"
        elif known[name] != dtype:
            yield f"column {name!r} is {data_type(dtype).name}, not {data_type(known[name]).name}"
    for name in known:
        if name not in found:
            yield f"column {name!r} is missing"
    if known.keys() == found.keys() and [*known] != [*found]:
        yield "its columns stand in another order"
