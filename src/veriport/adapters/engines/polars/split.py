"""Write valid and failing rows apart, a pass for each file.

Both in one pass would keep in memory what the slower writer has not taken yet, and that grows with the
data. What a row tells by itself is an expression. What only the other rows tell (duplicates, order,
outliers, references) is found in a pass before, over the columns of such rules alone, and kept as one
bit a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import polars as pl
from attrs import frozen
from polars import selectors

from veriport.adapters.engines.polars.errors import reading
from veriport.adapters.engines.polars.plans import ROW, Plan, whole
from veriport.adapters.engines.splits import disk_permitting, named, words
from veriport.ports.engines import ROW_COLUMN, RULES_COLUMN, Divided


@frozen
class Splitting:
    """Rows numbered by ``ROW``, and the plans of the rules that split them, all about rows."""

    rows: pl.LazyFrame
    plans: tuple[Plan, ...]

    def write(self, valid: str, failing: str, label: str) -> Divided:
        """Write both files. Raises what the port says for ``SupportsSplit``."""
        with reading(label), disk_permitting(label):
            tests = list(self._breaks())
            self._failing(tests).sink_parquet(failing, engine="streaming")
            self._valid(tests).sink_parquet(valid, engine="streaming")
            return self._counted(valid, failing)

    def _failing(self, tests: Sequence[pl.Expr]) -> pl.LazyFrame:
        marks = {_mark(index): test for index, test in enumerate(tests)}
        broken = _named([plan.rule.id for plan in self.plans], list(marks)).alias(RULES_COLUMN)
        number = pl.col(ROW).cast(pl.Int64).alias(ROW_COLUMN)
        rows = self.rows.with_columns(**marks).filter(_any(pl.col(mark) for mark in marks))
        return rows.select(self._columns, number, broken)

    def _valid(self, tests: Sequence[pl.Expr]) -> pl.LazyFrame:
        return self.rows.filter(_any(tests).not_()).select(self._columns)

    @property
    def _columns(self) -> pl.Expr:
        """Those of the data by their names, one of which may look like a pattern."""
        return selectors.by_name(*(name for name in self.rows.collect_schema() if name != ROW))

    def _counted(self, valid: str, failing: str) -> Divided:
        """What the files hold."""
        named = pl.scan_parquet(failing).select(pl.col(RULES_COLUMN).explode()).group_by(RULES_COLUMN).len()
        broken = dict(named.collect(engine="streaming").iter_rows())
        rows = [pl.scan_parquet(file).select(pl.len()).collect().item() for file in (valid, failing)]
        return Divided(
            valid=rows[0],
            failing=rows[1],
            broken=tuple(broken.get(plan.rule.id, 0) for plan in self.plans),
        )

    def _breaks(self) -> Iterator[pl.Expr]:
        """For each rule what is TRUE for the rows that break it."""
        numbers = [plan.numbers(self.rows) for plan in self.plans]
        wanted = [each for each in numbers if each is not None]
        found = iter(pl.collect_all(wanted, engine="streaming") if wanted else [])
        for plan, each in zip(self.plans, numbers, strict=True):
            test = plan.breaks(None) if each is None else _among(next(found)[ROW])
            yield pl.lit(value=False) if test is None else test


def _any(tests: Iterable[pl.Expr]) -> pl.Expr:
    """TRUE where one of them is."""
    never = pl.lit(value=False)
    return pl.any_horizontal(never, *(test.fill_null(value=False) for test in tests))


def _named(ids: Sequence[str], marks: Sequence[str]) -> pl.Expr:
    """For each row the ids whose mark is TRUE, made once for each combination that occurs."""
    sums = [
        pl.sum_horizontal(pl.col(mark) * pl.lit(number, pl.Int64) for number, mark in piece).alias(str(place))
        for place, piece in enumerate(words(marks))
    ]

    def lists(batch: pl.Series) -> pl.Series:
        rows = batch.struct.unnest()
        occurring = rows.unique()
        listed = [named(row, ids) for row in occurring.iter_rows()]
        known = occurring.with_columns(pl.Series("named", listed, dtype=pl.List(pl.String)))
        return rows.join(known, on=rows.columns, how="left", maintain_order="left")["named"]

    if not marks:
        return pl.lit([], dtype=pl.List(pl.String))
    return pl.struct(sums).map_batches(lists, return_dtype=pl.List(pl.String), is_elementwise=True)


def _mark(index: int) -> str:
    return f"\0breaks {index}"


def _among(numbers: pl.Series) -> pl.Expr:
    """TRUE for the rows of these numbers: one bit for each row up to the last of them."""
    if numbers.is_empty():
        return pl.lit(value=False)
    beyond = whole(numbers.max()) + 1
    bits = pl.repeat(value=False, n=beyond + 1, dtype=pl.Boolean, eager=True).scatter(numbers, values=True)

    def look_up(rows: pl.Series) -> pl.Series:
        return bits.gather(rows.clip(upper_bound=beyond))

    return pl.col(ROW).map_batches(look_up, return_dtype=pl.Boolean, is_elementwise=True)
