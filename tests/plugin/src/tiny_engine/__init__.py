"""An engine in a hundred lines: rows are dictionaries, rules are functions of a value.

It reads CSV files as text and frames that can say ``to_dicts()``. What it does not know it does not
evaluate, and says so.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from attrs import frozen

from veriport.domain.datasets import Address, Dataset, Handle
from veriport.domain.errors import ConfigurationError
from veriport.domain.measurements import Measured, Measurement, NotEvaluated, Outcome, Sample
from veriport.domain.rules.base import ColumnRule, Nulls, Rule
from veriport.domain.rules.rows import Unique
from veriport.domain.rules.tables import RowCount
from veriport.domain.rules.values import InSet, Length, NotInSet, NotNull
from veriport.domain.types import Column, DataType, Family
from veriport.ports.engines import Request
from veriport.ports.errors import DataError

Row = Mapping[str, object]

#: The types whose values are compared with those of a rule just as they are.
PLAIN = {bool: Family.BOOLEAN, int: Family.INTEGER, float: Family.FLOAT, str: Family.STRING}
FAMILIES = {
    **PLAIN, Decimal: Family.DECIMAL, date: Family.DATE, datetime: Family.DATETIME, time: Family.TIME,
    timedelta: Family.DURATION, bytes: Family.BINARY, list: Family.LIST, dict: Family.STRUCT,
}  # fmt: skip


@frozen
class TinyEngine:
    """Measures in plain Python."""

    name: str = "tiny"

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[TinyTable]:
        """Open a CSV file, or a frame with ``to_dicts``."""
        match dataset:
            case Handle() if hasattr(dataset.frame, "to_dicts") and hasattr(dataset.frame, "columns"):
                yield TinyTable(tuple(dataset.frame.columns), tuple(dataset.frame.to_dicts()))
            case Address() if dataset.kind == "csv":
                yield read_csv(dataset)
            case _:
                if isinstance(dataset, Address) and not Path(dataset.path).exists():
                    raise DataError(f"{dataset.label}: there is no such file")
                raise ConfigurationError(f"the tiny engine cannot read {dataset.label}")


def read_csv(address: Address) -> TinyTable:
    """A CSV file as texts; an empty field is a null."""
    try:
        with Path(address.path).open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            rows = tuple({name: value or None for name, value in row.items()} for row in reader)
    except OSError as trouble:
        raise DataError(f"{address.label}: {trouble.strerror}") from trouble
    return TinyTable(tuple(reader.fieldnames or ()), rows)


@frozen
class TinyTable:
    """Rows in memory."""

    names: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns, each of the type of its first value."""
        return tuple(Column(name, self._dtype(name)) for name in self.names)

    def _dtype(self, name: str) -> DataType:
        first = next((row[name] for row in self.rows if row[name] is not None), None)
        family = Family.NULL if first is None else FAMILIES.get(type(first), Family.OTHER)
        zoned = isinstance(first, datetime) and first.tzinfo is not None
        return DataType(family, "datetime(us, UTC)" if zoned else family.value)

    def measure(self, request: Request) -> Measured:
        """Every rule in turn, each over all rows."""
        if request.where is not None:
            reason = "the tiny engine knows no SQL"
            return Measured(row_count=0, outcomes=(NotEvaluated(reason),) * len(request.rules))
        rows = dict(enumerate(self.rows[: request.limit]))
        nulls = {name: sum(row[name] is None for row in rows.values()) for name in self.names}
        outcomes = tuple(outcome(rule, rows, request) for rule in request.rules)
        return Measured(row_count=len(rows), outcomes=outcomes, null_counts={} if outcomes else nulls)


def outcome(rule: Rule, rows: Mapping[int, Row], request: Request) -> Outcome:
    """Measure one rule."""
    if isinstance(rule, RowCount) and rule.where is None:
        return Measurement(checked=len(rows), observed=len(rows))
    test = None if rule.where is not None else test_of(rule, rows)
    if test is None:
        return NotEvaluated(f"the tiny engine does not know {rule.type}, or SQL in it")
    present = [number for number, row in rows.items() if is_checked(rule, row)]
    failing = [number for number in present if not test(rows[number])]
    samples = tuple(
        Sample(
            row=number,
            key={name: rows[number][name] for name in request.key},
            values={name: rows[number][name] for name in rule.reads},
        )
        for number in failing[: request.samples]
    )
    return Measurement(checked=len(present), failed=len(failing), samples=samples)


def is_checked(rule: Rule, row: Row) -> bool:
    """Whether the rule looks at this row at all."""
    has_null = any(row[name] is None for name in rule.reads)
    return isinstance(rule, NotNull) or rule.nulls is Nulls.FAIL or not has_null


def test_of(rule: Rule, rows: Mapping[int, Row]) -> Callable[[Row], bool] | None:
    """What a row must satisfy, or ``None`` for a rule that is not known."""
    match rule:
        case NotNull(column=column):
            return lambda row: row[column] is not None
        case InSet(column=column, values=values) if is_plain(column, rows):
            return lambda row: row[column] in values
        case NotInSet(column=column, values=values) if is_plain(column, rows):
            return lambda row: row[column] is not None and row[column] not in values
        case Length(column=column) if isinstance(rule, ColumnRule):
            low, high = rule.min or 0, rule.max
            return lambda row: fits(row[column], low, high)
        case Unique(columns=columns):
            return repeats(columns, rows)
    return None


def is_plain(column: str, rows: Mapping[int, Row]) -> bool:
    """Whether values of a rule can be compared with those of the column; days and decimals come as text."""
    return all(row[column] is None or type(row[column]) in PLAIN for row in rows.values())


def fits(value: object, low: int, high: int | None) -> bool:
    """Whether a text or list is of an allowed length."""
    return isinstance(value, str | list) and low <= len(value) and (high is None or len(value) <= high)


def repeats(columns: tuple[str, ...], rows: Mapping[int, Row]) -> Callable[[Row], bool]:
    """Whether a row's values occur once; NaN equals NaN."""

    def values(row: Row) -> tuple[object, ...]:
        return tuple("NaN" if row[name] != row[name] else row[name] for name in columns)  # NaN

    counted = Counter(values(row) for row in rows.values())
    return lambda row: None not in values(row) and counted[values(row)] == 1
