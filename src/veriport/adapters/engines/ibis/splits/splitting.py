"""Write valid and failing rows apart: one query of all rows, in which the database says what each breaks.

What rules need of all rows (a mean, quartiles) is asked before. The rows of the one query come piece by
piece, and each piece goes to the two files before the next one comes, so that a table never is in memory.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from functools import partial, reduce

import ibis
import ibis.expr.datatypes as dt
import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.asking import Mark
from veriport.adapters.engines.ibis.databases.errors import first_line
from veriport.adapters.engines.ibis.rounds import TROUBLE, Rounds
from veriport.adapters.engines.ibis.rules.strays import without_strays
from veriport.adapters.engines.ibis.sources import RefusedQuery, Source
from veriport.adapters.engines.ibis.splits.arrow import Kept, Shape, kept, loose
from veriport.adapters.engines.ibis.splits.halves import Halves, halves
from veriport.adapters.engines.ibis.splits.marks import mark_for
from veriport.adapters.engines.ibis.viewing import Viewing
from veriport.adapters.engines.splits import disk_permitting, words
from veriport.ports.engines import Divided, Request
from veriport.ports.errors import DataError


@frozen
class Splitting:
    """The rows of a request, apart by its rules, all of them about rows."""

    source: Source
    request: Request
    viewing: Viewing

    def write(self, valid: str, failing: str) -> Divided:
        """Write both files. Raises what the port says for ``SupportsSplit``."""
        ids = tuple(rule.id for rule in self.request.rules)
        try:
            self.viewing.refuse_strays()
            with disk_permitting(self.source.label):
                query = self._query()
                with halves(valid, failing, query.files.schema, ids) as files:
                    for batch in self.source.runner.batches(query.table, query.shape):
                        query.divide(batch, files)
                return files.divided()
        except (RefusedQuery, OSError, pa.ArrowException, *TROUBLE) as trouble:
            raise DataError(f"{self.source.label}: {first_line(trouble)}") from trouble

    def _query(self) -> _Query:
        rows, again = self.viewing.rows(numbered=True), self.viewing.again()
        starts = [
            partial(
                without_strays, rule, again, self.source, partial(mark_for, rule, rows, again, self.source)
            )
            for rule in self.request.rules
        ]
        answer, found = Rounds[Mark](self.source, again).run(starts, loose(self.source.fields, again))
        marks = [self._mark(rule.id, each) for rule, each in zip(self.request.rules, found, strict=True)]
        names = [f"veriport_{place}_" for place in range(len(marks))]
        for name, mark in zip(names, marks, strict=True):
            rows = mark.prepared(rows, name)
        tests = [mark.test(rows, name) for name, mark in zip(names, marks, strict=True)]
        texts = [mark.text(rows) for mark in marks if mark.text is not None]
        return _Query(
            rows=rows.table,
            files=Shape(tuple(kept(each, rows, answer) for each in self.source.fields)),
            numbers=() if rows.row is None else (Kept("", rows.table[rows.row], pa.int64(), pa.int64()),),
            words=tuple(Kept("", word, pa.int64(), pa.int64()) for word in _words(tests)),
            texts=tuple(Kept("", text, pa.large_string(), pa.large_string()) for text in texts),
            marks=tuple(marks),
        )

    def _mark(self, rule: str, found: Mark | Exception) -> Mark:
        if isinstance(found, Exception):
            why = f"{rule} cannot be evaluated: {first_line(found)}"
            raise DataError(f"{self.source.label}: {why}") from found
        return found


def _words(tests: Sequence[ir.BooleanValue]) -> Iterator[ir.IntegerValue]:
    """Whole numbers that tell which tests are TRUE; a row that breaks nothing has one, too."""
    for piece in words(tests) or [[]]:
        parts = (test.ifelse(_whole(number), _whole(0)) for number, test in piece)
        yield reduce(operator.add, parts, _whole(0))


def _whole(number: int) -> ir.IntegerValue:
    made: ir.IntegerValue = ibis.literal(number, type=dt.int64)
    return made


@frozen(kw_only=True)
class _Query:
    """The one query: what stands in the files, then the number of the row, its words, and texts to check."""

    rows: ir.Table
    files: Shape
    numbers: tuple[Kept, ...]
    words: tuple[Kept, ...]
    texts: tuple[Kept, ...]
    marks: tuple[Mark, ...]

    @property
    def shape(self) -> Shape:
        """All that comes."""
        return Shape((*self.files.columns, *self.numbers, *self.words, *self.texts))

    @property
    def table(self) -> ir.Table:
        """The rows, in their order where they have one."""
        selected = {f"c{place}": each.expr for place, each in enumerate(self.shape.columns)}
        table = self.rows.select(**selected)
        return table.order_by(f"c{len(self.files.columns)}") if self.numbers else table

    def divide(self, batch: pa.RecordBatch, files: Halves) -> None:
        """Write the rows of a batch."""
        width = len(self.files.columns)
        columns = iter(batch.columns[width:])
        numbers = [next(columns) for _ in self.numbers]
        broken = [next(columns) for _ in self.words]
        for place, piece in enumerate(words(self.marks)):
            for number, mark in piece:
                if mark.check is not None:
                    refused = pc.if_else(_refused(next(columns), mark.check), number, 0)
                    broken[place] = pc.add(broken[place], refused)
        files.add(batch.select(range(width)), numbers[0] if numbers else None, broken)


def _refused(texts: pa.Array, check: Callable[[str], bool]) -> pa.Array:
    """TRUE for the texts that a check refuses; each text is checked once."""
    encoded = texts.dictionary_encode()
    wrong = pa.array([not check(text) for text in encoded.dictionary.to_pylist()], type=pa.bool_())
    return wrong.take(encoded.indices).fill_null(False)  # noqa: FBT003  # Arrow has it so
