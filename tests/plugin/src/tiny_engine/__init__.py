"""An engine in a hundred lines: rows are dictionaries, rules are functions of a value.

It reads CSV files as text and frames that can say ``to_dicts()``. What it does not know it does not
evaluate, and says so.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from veriport.domain.datasets import Address, Dataset, Handle
from veriport.domain.errors import ConfigurationError
from veriport.domain.measurements import Measured, Measurement, NotEvaluated, Outcome, Sample
from veriport.domain.rules.base import ColumnRule, Nulls, Rule
from veriport.domain.rules.rows import Unique
from veriport.domain.rules.tables import RowCount
from veriport.domain.rules.values import InSet, Length, NotInSet, NotNull
from veriport.domain.types import Column, DataType, Family, type_named
from veriport.ports.engines import Request
from veriport.ports.errors import DataError

Row = Mapping[str, object]

#: The types of Python whose values are compared with those of a rule just as they are.
PLAIN = (bool, int, str)


@frozen
class TinyEngine:
    """Measures in plain Python."""

    name: str = "tiny"

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[TinyTable]:
        """Open a CSV file, or a frame with ``to_dicts``."""
        match dataset:
            case Handle() if hasattr(dataset.frame, "to_dicts") and hasattr(dataset.frame, "schema"):
                types = {name: type_of(dtype) for name, dtype in dataset.frame.schema.items()}
                yield TinyTable(types, tuple(dataset.frame.to_dicts()))
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
    return TinyTable({name: DataType(Family.STRING, "string") for name in reader.fieldnames or ()}, rows)


def type_of(dtype: object) -> DataType:
    """What a type of Polars is called here: ``Datetime(time_unit='us', time_zone='UTC')`` and so on."""
    text = re.sub(r", \w+=None|\w+=|'", "", str(dtype))
    name = type_named(text) or type_named(text.partition("(")[0]) or Family.OTHER.value
    head = re.sub(r"^u?(int|float)[0-9]+$", r"\1", name.partition("(")[0])
    return DataType(Family({"int": "integer"}.get(head, head)), name)


@frozen
class TinyTable:
    """Rows in memory."""

    types: Mapping[str, DataType]
    rows: tuple[Row, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns and their types."""
        return tuple(Column(name, dtype) for name, dtype in self.types.items())

    def measure(self, request: Request) -> Measured:
        """Every rule in turn, each over all rows."""
        if request.where is not None:
            reason = "the tiny engine knows no SQL"
            return Measured(row_count=0, outcomes=(NotEvaluated(reason),) * len(request.rules))
        rows = dict(enumerate(self.rows[: request.limit]))
        nulls = {name: sum(row[name] is None for row in rows.values()) for name in self.types}
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
        case Unique(columns=columns) if all(is_plain(column, rows) for column in columns):
            return repeats(columns, rows)
    return None


def is_plain(column: str, rows: Mapping[int, Row]) -> bool:
    """Whether values of a rule can be compared with those of the column; days, for instance, come as text."""
    return all(row[column] is None or type(row[column]) in PLAIN for row in rows.values())


def fits(value: object, low: int, high: int | None) -> bool:
    """Whether a text or list is of an allowed length."""
    return isinstance(value, str | list) and low <= len(value) and (high is None or len(value) <= high)


def repeats(columns: tuple[str, ...], rows: Mapping[int, Row]) -> Callable[[Row], bool]:
    """Whether a row's values occur once."""

    def values(row: Row) -> tuple[object, ...]:
        return tuple(row[name] for name in columns)

    counted = Counter(values(row) for row in rows.values())
    return lambda row: None not in values(row) and counted[values(row)] == 1
