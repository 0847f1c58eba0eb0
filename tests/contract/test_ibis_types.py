"""A type that only a database has is called by the name that it has there."""

from __future__ import annotations

from pathlib import Path

import duckdb
import ibis
import pytest

import veriport
from tests.databases import Postgres
from veriport.domain.results import RuleStatus

TYPES = {
    "a": ("1::bit", "bit"),
    "b": ("1::uhugeint", "uhugeint"),
    "c": ("union_value(n := 1)::UNION(n int, s varchar)", "union(n integer, s varchar)"),
    "d": ("uuid()", "uuid"),
    "e": ("'{}'::json", "json"),
    "f": ("[1::bit]", "list(bit)"),
    "g": ("'10:00:00+01'::timetz", "time with time zone"),
}
QUERY = f"SELECT {', '.join(f'{sql} AS {name}' for name, (sql, _) in TYPES.items())}"


def names(data: object, **options: object) -> list[str]:
    return [each.column.dtype.name for each in veriport.check(data, **options).columns]  # type: ignore[arg-type]  # options


def test_types_of_duckdb() -> None:
    with duckdb.connect() as connection:
        assert names(connection.sql(QUERY), engine="ibis") == [name for _, name in TYPES.values()]


def test_types_of_a_table_of_ibis() -> None:
    connection = ibis.duckdb.connect()
    connection.raw_sql(
        "CREATE VIEW t AS SELECT 1::bit AS a, union_value(n := 1)::UNION(n int, s varchar) AS c"
    )
    assert names(connection.table("t")) == ["bit", "union(n int, s text)"]


@pytest.mark.server
def test_types_of_postgresql(postgresql_tables: Postgres) -> None:
    kinds = ["bit(3)", "int4range", "xml", "uuid", "bit(3)[]", "numeric(5,-2)", "numeric(3,5)"]
    columns = ", ".join(f"c{place} {kind}" for place, kind in enumerate(kinds))
    assert names(postgresql_tables.defined(f"({columns})")) == [*kinds[:4], "list(bit(3))", *kinds[5:]]


@pytest.mark.server
def test_odd_numbers_of_postgresql_are_numbers(postgresql_tables: Postgres) -> None:
    address = postgresql_tables.defined("AS SELECT 1200::numeric(5,-2) AS x, 0.00012::numeric(3,5) AS y")
    rules = [
        {"column": "x", "type": "in_range", "max": 1199},
        {"column": "y", "type": "in_range", "max": 0.00012},
    ]
    first, second = veriport.check(address, rules).rules
    assert (first.failed_count, second.failed_count) == (1, 0)


def test_a_learned_schema_tells_such_types_apart(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        path = tmp_path / "schema.yaml"
        for sql, status in {
            "uuid()": RuleStatus.PASSED,
            "'{}'::json": RuleStatus.FAILED,
        }.items():
            relation = connection.sql(f"SELECT {sql} AS id")
            (rule,) = veriport.check(relation, auto_schema=str(path), engine="ibis").rules
            assert rule.status is status
        assert "id: other(uuid)" in path.read_text()
        for wanted, status in {
            "other": RuleStatus.PASSED,
            "other(JSON)": RuleStatus.PASSED,
            "other(uuid)": RuleStatus.FAILED,
        }.items():
            judged = veriport.check(
                relation, [{"column": "id", "type": "dtype", "dtype": wanted}], engine="ibis"
            )
            assert judged.rules[0].status is status
