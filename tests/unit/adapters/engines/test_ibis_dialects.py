"""The one query of a check is written for every database that Ibis knows, and parses there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Never

import pytest
import sqlglot

from veriport.adapters.engines.ibis.dialects import DIALECTS, Dialect
from veriport.adapters.engines.ibis.sources import Source, field_of, unbound
from veriport.adapters.engines.ibis.tables import IbisTable
from veriport.domain.expressions import Call, Literal, Name
from veriport.domain.measurements import Measurement, NotEvaluated
from veriport.domain.rules.base import Shape
from veriport.domain.rules.reading import read_rules
from veriport.domain.rules.rows import Duplicate
from veriport.ports.engines import Divided, Request

#: sqlglot's name of a dialect, where it is another one than Ibis'.
_NAMES = {"pyspark": "spark", "mssql": "tsql"}
_RULES = [
    {"column": "name", "type": "not_null"},
    {"column": "name", "type": "in_set", "values": ["a", "b"]},
    {"column": "name", "type": "in_range", "min": "a"},
    {"column": "name", "type": "length", "max": 9},
    {"column": "amount", "type": "in_range", "min": 0.5, "max": 10},
    {"column": "amount", "type": "aggregate", "of": "mean", "max": 5, "where": "id > 3"},
    {"column": "id", "type": "unique"},
    {"column": "at", "type": "not_future"},
    {"column": "at", "type": "freshness", "max_age": "1d"},
    {"type": "row_count", "min": 1},
]
_PARSED = {"id > 3": Call(">", (Name("id"), Literal(3)))}


class Writing:
    """A runner that answers every query with zeros, and keeps it."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.queries: list[str] = []

    def rows(self, query: object) -> list[tuple[object, ...]]:
        self.queries.append(self.dialect.sql(query))
        return [(0,) * len(query.columns)]  # type: ignore[attr-defined]  # a table of Ibis

    def batches(self, query: object, shape: object) -> Iterator[Never]:
        del shape
        self.queries.append(self.dialect.sql(query))
        return iter(())

    def cancel(self) -> None:
        """Nothing runs."""


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda dialect: dialect.name)
def test_all_that_folds_is_one_query(dialect: Dialect) -> None:
    runner, table = _opened(dialect)
    measured = table.measure(Request(rules=read_rules(_RULES).unwrap(), parsed=_PARSED, samples=0))
    assert all(isinstance(each, Measurement | NotEvaluated) for each in measured.outcomes), measured.outcomes
    folded, grouped, *rest = runner.queries
    assert not rest
    for query in (folded, grouped):
        sqlglot.parse_one(query, read=_NAMES.get(dialect.name, dialect.name))
    assert "GROUP BY" in grouped


def _opened(dialect: Dialect) -> tuple[Writing, IbisTable]:
    columns = {"id": "int64", "name": "string", "amount": "float64", "at": "timestamp"}
    fields = tuple(field_of(name, _dtype(kind)) for name, kind in columns.items())
    runner = Writing(dialect)
    rows = unbound(fields, "orders", ("sales",))
    return runner, IbisTable(Source(label="orders", runner=runner, table=rows, fields=fields))


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda dialect: dialect.name)
def test_all_rows_are_told_apart_by_one_query(dialect: Dialect, tmp_path: Path) -> None:
    runner, table = _opened(dialect)
    about_rows = [rule for rule in read_rules(_RULES).unwrap() if rule.shape is Shape.ROWS]
    whole = Duplicate(columns=("id", "name"), id="whole")
    request = Request(rules=(*about_rows, whole), parsed=_PARSED, where="id > 3")
    divided = table.split(request, str(tmp_path / "valid"), str(tmp_path / "failing"))
    assert divided == Divided(valid=0, failing=0, broken=(0,) * len(request.rules))
    (query,) = runner.queries
    sqlglot.parse_one(query, read=_NAMES.get(dialect.name, dialect.name))


def _dtype(name: str) -> object:
    import ibis.expr.datatypes as dt  # noqa: PLC0415  # one use

    return dt.dtype(name)
