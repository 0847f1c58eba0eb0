"""Write valid and failing rows apart: one pass that writes both files.

What a row tells by itself is an expression. What only the other rows tell (duplicates, order, outliers,
references) is found in a pass before, over the columns of such rules alone, and kept as one bit a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl
from attrs import frozen
from polars import selectors

from veriport.adapters.engines.polars.errors import TROUBLE, reading
from veriport.adapters.engines.polars.plans import ROW, ROWS, Plan, whole
from veriport.ports.engines import ROW_COLUMN, RULES_COLUMN, Divided
from veriport.ports.errors import TransientError

_FAILING = "\0failing"


@frozen
class Splitting:
    """Rows numbered by ``ROW``, and the plans of the rules that split them, all about rows."""

    rows: pl.LazyFrame
    plans: tuple[Plan, ...]

    def write(self, valid: str, failing: str, label: str) -> Divided:
        """Write both files. Raises what the port says for ``SupportsSplit``."""
        with reading(label), _disk_permitting(label):
            breaks = list(self._breaks())
            marks = {_mark(index): test.fill_null(value=False) for index, test in enumerate(breaks)}
            marked = self.rows.with_columns(**marks)
            marked = marked.with_columns(pl.any_horizontal(False, *marks).alias(_FAILING)).cache()  # noqa: FBT003  # of no rule
            names = [name for name in self.rows.collect_schema() if name != ROW]
            columns = selectors.by_name(*names)  # a name may look like a pattern
            number = pl.col(ROW).cast(pl.Int64).alias(ROW_COLUMN)
            good = marked.filter(pl.col(_FAILING).not_()).select(columns)
            bad = marked.filter(_FAILING).select(columns, number, self._rules())
            counts = marked.select(pl.len().alias(ROWS), pl.col(_FAILING, *marks).sum())
            *_, found = pl.collect_all(
                [good.sink_parquet(valid, lazy=True), bad.sink_parquet(failing, lazy=True), counts],
                engine="streaming",
            )
        counted = found.row(0, named=True)
        rows, failed = whole(counted[ROWS]), whole(counted[_FAILING])
        broken = tuple(whole(counted[mark]) for mark in marks)
        return Divided(valid=rows - failed, failing=failed, broken=broken)

    def _breaks(self) -> Iterator[pl.Expr]:
        """For each rule what is TRUE for the rows that break it."""
        numbers = [plan.numbers(self.rows) for plan in self.plans]
        wanted = [each for each in numbers if each is not None]
        found = iter(pl.collect_all(wanted, engine="streaming") if wanted else [])
        for plan, each in zip(self.plans, numbers, strict=True):
            test = plan.breaks(None) if each is None else _among(next(found)[ROW])
            yield pl.lit(value=False) if test is None else test

    def _rules(self) -> pl.Expr:
        """The ids of the rules that a row breaks."""
        ids = [pl.when(_mark(index)).then(pl.lit(plan.rule.id)) for index, plan in enumerate(self.plans)]
        none = pl.lit(None, dtype=pl.String)
        return pl.concat_list(none, *ids).list.drop_nulls().alias(RULES_COLUMN)


@contextmanager
def _disk_permitting(label: str) -> Iterator[None]:
    """Tell a full disk from data that cannot be read; Polars only says so in words."""
    try:
        yield
    except (OSError, *TROUBLE) as trouble:
        full = next((words for words in _FULL if words in str(trouble)), None)
        if full is None:
            raise
        raise TransientError(f"the rows of {label} cannot be written: {full}") from trouble


_FULL = ("No space left on device", "Disk quota exceeded", "File too large")


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
