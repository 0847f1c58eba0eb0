"""Columns of DuckDB with a collation are compared by code point all the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import ibis
import polars as pl
import pytest

import veriport

ROWS = [(1, "a", "é", "x"), (2, "A", "e", "X"), (3, "b", "É", None), (4, "B ", "f", "y")]
FRAME = pl.DataFrame(ROWS, schema=["id", "case", "accent", "both"], orient="row")

RULES: list[dict[str, object]] = [
    {"column": "case", "type": "unique"},
    {"columns": ["case", "both"], "type": "duplicate"},
    {"columns": ["case", "both"], "type": "row_unique"},
    {"column": "case", "type": "in_set", "values": ["a", "b"]},
    {"column": "accent", "type": "not_in_set", "values": ["e"]},
    {"column": "case", "type": "in_range", "min": "a"},
    {"column": "accent", "type": "in_range", "max": "e"},
    {"column": "case", "type": "like", "pattern": "a%"},
    {"column": "case", "type": "contains", "text": "A"},
    {"column": "case", "type": "contains", "text": "a", "at": "start"},
    {"column": "case", "type": "mode_in_set", "values": ["A"]},
    {"column": "accent", "type": "distinct_set", "values": ["e", "é"], "relation": "equal"},
    {"column": "case", "type": "distinct_count", "min": 9},
    {"column": "case", "type": "aggregate", "of": "min", "min": "a"},
    {"column": "accent", "type": "aggregate", "of": "max", "max": "f"},
    {"columns": ["case", "accent"], "type": "pair_in_set", "values": [["a", "é"], ["A", "é"]]},
    {"column": "case", "type": "compare", "operator": "<", "other": "accent"},
    {"type": "expression", "expression": '"case" < accent AND "both" <> \'X\''},
    {"type": "expression", "expression": "starts_with(\"case\", 'a') OR contains(accent, 'f')"},
    {"type": "expression", "expression": "coalesce(\"both\", \"case\") IN ('X', 'B ')"},
    {"type": "expression", "expression": "\"case\" || accent > 'Aé'"},
]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute(
            'CREATE TABLE t (id int, "case" varchar COLLATE NOCASE, accent varchar COLLATE NOACCENT, '
            '"both" varchar COLLATE NOCASE.NOACCENT)'
        )
        opened.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", ROWS)
        yield opened


def told(data: object, rule: dict[str, object], engine: str) -> object:
    (found,) = veriport.check(data, [rule], engine=engine, samples=9, key=["id"]).rules
    keys = sorted(str(sample.key.get("id")) for sample in found.samples)
    return found.status, found.checked_count, found.failed_count, found.observed, keys, found.message


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule['type']}")
def test_a_collation_changes_no_verdict(
    connection: duckdb.DuckDBPyConnection, rule: dict[str, object]
) -> None:
    expected = told(FRAME, rule, "polars")
    assert told(connection.table("t"), rule, "ibis") == expected


def test_an_enum_of_a_table_of_ibis_is_compared_as_its_texts() -> None:
    connection = ibis.duckdb.connect()
    connection.raw_sql("CREATE TABLE kinds AS SELECT unnest(['z', 'a'])::ENUM ('z', 'a') AS kind")
    rule = {"column": "kind", "type": "in_range", "max": "b"}
    (found,) = veriport.check(connection.table("kinds"), [rule]).rules
    assert (found.checked_count, found.failed_count) == (2, 1)


def test_columns_of_two_collations_refer_to_each_other(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with duckdb.connect(str(path)) as opened:
        opened.execute("CREATE TABLE mine (x varchar COLLATE NOCASE)")
        opened.execute("CREATE TABLE theirs (x varchar COLLATE NOACCENT)")
        opened.execute("INSERT INTO mine VALUES ('A'), ('b'), ('é')")
        opened.execute("INSERT INTO theirs VALUES ('a'), ('b'), ('e')")
    rule = {
        "column": "x",
        "type": "referential_integrity",
        "reference": f"duckdb://{path}?table=theirs",
    }
    result = veriport.check(f"duckdb://{path}?table=mine", [rule])
    assert {sample.values["x"] for sample in result.rules[0].samples} == {"A", "é"}
