"""The one query of a check is written for every database that Ibis knows, and parses there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Never

import ibis
import pytest
import sqlglot
from ibis.common.exceptions import UnsupportedOperationError

from veriport.adapters.engines.ibis.dialects import DIALECTS, Dialect
from veriport.adapters.engines.ibis.dialects.compilers import MARK
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
    *before, query = runner.queries
    assert len(before) == 2 * dialect.loose_types  # strays of the condition and of the rules come first
    sqlglot.parse_one(query, read=_NAMES.get(dialect.name, dialect.name))


def _dtype(name: str) -> object:
    import ibis.expr.datatypes as dt  # noqa: PLC0415  # one use

    return dt.dtype(name)


# ---- what a translation to DuckDB does not show

_TABLE = ibis.table({"text": "string", "number": "int64"}, name="t")


def _written(name: str, expression: Any) -> str:  # noqa: ANN401  # Ibis ships no types
    return " ".join(DIALECTS[name].sql(_TABLE.select(x=expression)).split())


@pytest.mark.parametrize("name", ["redshift", "mssql"])
@pytest.mark.parametrize(
    "rule",
    [
        {"column": "name", "type": "unique"},
        {"type": "duplicate", "columns": ["name"]},
        {"column": "name", "type": "aggregate", "of": "distinct_count", "max": 9},
        {"column": "name", "type": "distinct_set", "values": ["a"]},
        {"column": "name", "type": "mode_in_set", "values": ["a"]},
        {"column": "name", "type": "datetime_format", "format": "%Y"},
    ],
    ids=lambda rule: rule["type"],
)
def test_texts_are_grouped_with_the_blanks_at_their_ends(name: str, rule: dict[str, Any]) -> None:
    runner, table = _opened(DIALECTS[name])
    table.measure(Request(rules=read_rules([rule]).unwrap(), samples=0))
    groups = [each for each in runner.queries if "GROUP BY" in each or "DISTINCT" in each]
    assert groups
    assert all(f"{MARK}' " in each or f"{MARK}')" in each for each in groups)


@pytest.mark.parametrize("name", ["bigquery", "trino"])
def test_trim_takes_spaces_alone(name: str) -> None:
    assert _written(name, DIALECTS[name].trimmed(_TABLE.text)).startswith("SELECT TRIM(")
    assert "' '" in _written(name, DIALECTS[name].trimmed(_TABLE.text))


def test_patterns_of_snowflake_have_no_more_than_posix_knows() -> None:
    snowflake = DIALECTS["snowflake"]
    written = _written("snowflake", snowflake.matches(_TABLE.text, r"^(?:ab){2,3}?.*?(?s:.)\*?$"))
    assert r"'(^(ab){2,3}[^\\x0A]*((.|\\n))\\*?$)'" in written
    with pytest.raises(UnsupportedOperationError, match="know no lines"):
        snowflake.matches(_TABLE.text, "(?m)^a")


def test_texts_of_mysql_are_compared_by_a_collation_that_pads_nothing() -> None:
    mysql = DIALECTS["mysql"]
    text = "(CAST(`t0`.`text` AS CHAR CHARACTER SET utf8mb4) COLLATE utf8mb4_0900_bin)"
    assert f"{text} = 'a'" in _written("mysql", mysql.collated(_TABLE.text) == "a")


def test_texts_of_sql_server_are_unicode() -> None:
    mssql = DIALECTS["mssql"]
    text = "(CAST([t0].[text] AS NVARCHAR(MAX)) COLLATE Latin1_General_100_BIN2)"
    assert f"{text} LIKE N'é%'" in _written("mssql", mssql.like_pattern(mssql.collated(_TABLE.text), "é%"))


def test_a_condition_of_sql_server_that_is_not_known_is_a_null() -> None:
    assert _written("mssql", ~(_TABLE.number > 1)).startswith(
        "SELECT CAST(CASE WHEN NOT ([t0].[number] > 1) THEN 1 WHEN NOT (NOT ([t0].[number] > 1)) THEN 0 END AS BIT)"
    )


def test_a_database_without_patterns_says_so() -> None:
    with pytest.raises(UnsupportedOperationError, match="mssql has no regular expressions"):
        DIALECTS["mssql"].matches(_TABLE.text, "a")


def test_bigquery_adds_numbers_with_all_their_digits() -> None:
    assert "AS BIGNUMERIC" in _written("bigquery", _TABLE.number.cast(DIALECTS["bigquery"].wide(12)))


def test_mysql_counts_texts_and_not_the_places_of_what_they_contain() -> None:
    assert _written("mysql", _TABLE.text.contains("a")).startswith("SELECT LOCATE('a', `t0`.`text`) > 0 AS")
