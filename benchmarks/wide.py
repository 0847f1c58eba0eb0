"""The wide table and its rules: how cost grows with the number of rules and of columns.

Every second column holds whole numbers, every second one texts. Rule after rule goes from column to
column: a thousand rules on two hundred columns are five on each. One rule in twenty finds rows that break it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

COLUMNS = 200
_WORDS = [f"word-{number:04d}" for number in range(2000)]
_FAULT = "WORD!"

_NUMBERS: list[dict[str, Any]] = [
    {"type": "in_range", "min": 0, "max": 9_999},
    {"type": "not_null"},
    {"type": "in_range", "min": -1, "max": 10_000},
    {"type": "in_range", "min": -10, "max": 20_000},
    {"type": "in_range", "min": -100, "max": 30_000},
]
_TEXTS: list[dict[str, Any]] = [
    {"type": "regex", "pattern": r"^word-[0-9]+$"},
    {"type": "not_null"},
    {"type": "length", "max": 12},
    {"type": "in_set", "values": [*_WORDS, _FAULT]},
    {"type": "regex", "pattern": r"^[A-Za-z0-9!-]+$"},
]


def rules_of(rules: int, columns: int) -> list[dict[str, Any]]:
    """So many rules, dealt out over the first so many columns: at most five on each."""
    kinds = (_NUMBERS, _TEXTS)
    return [
        {"column": _name(number % columns), **kinds[number % columns % 2][number // columns]}
        for number in range(rules)
    ]


def _name(index: int) -> str:
    return f"c{index:03d}"


def write(path: Path, rows: int) -> None:
    """Write the table piece by piece."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = [_name(index) for index in range(COLUMNS)]
    writer = None
    for start in range(0, rows, _PIECE):
        random = np.random.default_rng(start + 11)
        count = min(_PIECE, rows - start)
        columns = [_column(index, start, count, random) for index in range(COLUMNS)]
        table = pa.table(dict(zip(names, columns, strict=True)))
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    if writer is not None:
        writer.close()


_PIECE = 250_000


def _column(index: int, start: int, count: int, random: np.random.Generator) -> object:
    """One in four columns has a fault every 100,003 rows: a number too large, a text that is no word."""
    import numpy as np
    import pyarrow as pa

    faulty = (np.arange(start, start + count) % 100_003 == index) & (index % 4 < 2) & (index % 8 < 4)
    if index % 2 == 0:
        return pa.array(np.where(faulty, 10_000, random.integers(0, 10_000, count)))
    places = np.where(faulty, len(_WORDS), random.integers(0, len(_WORDS), count)).astype("int32")
    return pa.DictionaryArray.from_arrays(places, [*_WORDS, _FAULT]).cast(pa.string())
