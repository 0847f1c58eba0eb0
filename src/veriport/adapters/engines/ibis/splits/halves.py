"""The two Parquet files of a split, which grow by batches of rows with their marks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from attrs import define, field, frozen

from veriport.adapters.engines.splits import named
from veriport.ports.engines import ROW_COLUMN, RULES_COLUMN, Divided

_ROWS, _BYTES = 120_000, 16 * 2**20  #: what a file keeps in memory before it writes a piece
_ADDED = (pa.field(ROW_COLUMN, pa.int64()), pa.field(RULES_COLUMN, pa.list_(pa.string())))


@define
class _Growing:
    """A file, and the rows that wait to be written as one piece."""

    writer: pq.ParquetWriter
    rows: int = 0
    waiting: list[pa.RecordBatch] = field(factory=list)

    def add(self, batch: pa.RecordBatch) -> None:
        self.rows += batch.num_rows
        self.waiting.append(batch)
        if _enough(self.waiting):
            self.flush()

    def flush(self) -> None:
        if self.waiting:
            self.writer.write_table(pa.Table.from_batches(self.waiting), row_group_size=_ROWS)
        self.waiting = []


def _enough(batches: Sequence[pa.RecordBatch]) -> bool:
    rows, size = (sum(each) for each in zip(*((part.num_rows, part.nbytes) for part in batches), strict=True))
    return bool(rows >= _ROWS or size >= _BYTES)


@frozen
class Halves:
    """Where rows go. ``words`` are the columns that tell which of the ``ids`` a row breaks."""

    ids: tuple[str, ...]
    valid: _Growing
    failing: _Growing
    broken: Counter[tuple[int, ...]] = field(factory=Counter)

    def add(self, rows: pa.RecordBatch, numbers: pa.Array | None, words: Sequence[pa.Array]) -> None:
        """Each row to one of the files; ``numbers`` are their places in the data, where they have any."""
        sound = reduce(pc.and_, (pc.equal(word, 0) for word in words))
        self.valid.add(rows.filter(sound))
        broken = pc.invert(sound)
        marks = list(zip(*(word.filter(broken).to_pylist() for word in words), strict=True))
        if not marks:
            return
        occurring = Counter(marks)
        self.broken.update(occurring)
        lists = {each: named(each, self.ids) for each in occurring}
        places = pa.nulls(len(marks), pa.int64()) if numbers is None else numbers.filter(broken)
        added = [places, pa.array([lists[each] for each in marks], type=_ADDED[1].type)]
        failing = rows.filter(broken)
        self.failing.add(
            pa.RecordBatch.from_arrays([*failing.columns, *added], schema=_with_added(rows.schema))
        )

    def divided(self) -> Divided:
        """What was written."""
        counts = Counter[str]()
        for row, size in self.broken.items():
            counts.update(dict.fromkeys(named(row, self.ids), size))
        return Divided(
            valid=self.valid.rows, failing=self.failing.rows, broken=tuple(counts[each] for each in self.ids)
        )


def _with_added(schema: pa.Schema) -> pa.Schema:
    return pa.schema([*schema, *_ADDED])


@contextmanager
def halves(valid: str, failing: str, schema: pa.Schema, ids: tuple[str, ...]) -> Iterator[Halves]:
    """Both files, complete in the end."""
    with (
        pq.ParquetWriter(valid, schema, compression="zstd") as sound,
        pq.ParquetWriter(failing, _with_added(schema), compression="zstd") as broken,
    ):
        made = Halves(ids, _Growing(sound), _Growing(broken))
        yield made
        made.valid.flush()
        made.failing.flush()
