"""Conditions mean in each database what the oracle says, which is written from the dialect alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from veriport.adapters.engines.ibis import IbisEngine
from veriport.domain.expressions import Expr, write
from veriport.domain.measurements import Measurement, NotEvaluated
from veriport.domain.rules.rows import Expression
from veriport.ports.engines import Request
from veriport.testing.cases import Case
from veriport.testing.expressions import conditions, rows
from veriport.testing.matrix import Tables
from veriport.testing.oracle import Mismatch, Value, evaluate

_TYPES = {
    "yes": "boolean", "NO": "boolean", "n": "int64", "m": "int64", "x": "float64", "s": "string",
    'a "b".c': "string", "select": "string", "d": "date", "ts": "datetime(us)",
}  # fmt: skip

_several = settings(max_examples=30, phases=[Phase.generate], suppress_health_check=[*HealthCheck])
_tables = st.lists(rows(), min_size=1, max_size=4)


def judged(expression: Expr, table: list[dict[str, Value]]) -> list[Value]:
    return [evaluate(expression, row) for row in table]


def agree(database: Tables, drawn: list[Expr], table: list[dict[str, Value]]) -> None:
    """All conditions on one table: what holds, what does not, and what is NULL are counted."""
    columns: dict[str, Any] = {name: [row[name] for row in table] for name in _TYPES}
    case = Case(name="", columns=columns, types=_TYPES, rule={})
    if database.lacks(case):
        return
    expected = {}
    for place, expression in enumerate(drawn):
        try:
            expected[f"e{place}"] = (expression, judged(expression, table))
        except Mismatch:
            continue
    rules = tuple(Expression(id=name, expression=name) for name in expected)
    parsed = {name: expression for name, (expression, _) in expected.items()}
    with IbisEngine().open(database.load(case)) as opened:
        measured = opened.measure(Request(rules=rules, parsed=parsed))
    for name, outcome in zip(expected, measured.outcomes, strict=True):
        expression, values = expected[name]
        if isinstance(outcome, NotEvaluated) or "stack overflow" in str(outcome):  # SQLite's parser is small
            continue
        assert isinstance(outcome, Measurement), (outcome, write(expression), table)
        right = (len(values) - values.count(None), values.count(False))
        assert (outcome.checked, outcome.failed) == right, (write(expression), table, values)


@_several
@given(st.lists(conditions(depth=2), min_size=4, max_size=12), _tables)
def test_on_duckdb(duckdb_tables: Tables, drawn: list[Expr], table: list[dict[str, Value]]) -> None:
    agree(duckdb_tables, drawn, table)


@pytest.mark.server
@_several
@given(st.lists(conditions(depth=2), min_size=4, max_size=12), _tables)
def test_on_postgresql(postgresql_tables: Tables, drawn: list[Expr], table: list[dict[str, Value]]) -> None:
    agree(postgresql_tables, drawn, table)


@_several
@given(st.lists(conditions(depth=2), min_size=4, max_size=12), _tables)
def test_on_sqlite(sqlite_tables: Tables, drawn: list[Expr], table: list[dict[str, Value]]) -> None:
    agree(sqlite_tables, drawn, table)
