"""Databases that cannot be run here, played by a DuckDB: it runs what is written for them, in translation.

Where DuckDB has another word or another habit the stand-in brings theirs: functions as macros, comparisons in
which NaN equals nothing or blanks do not count, types that hold less where a query does not say how much. What
such a database would refuse is refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Never

import duckdb
import polars as pl
import sqlglot
import sqlglot.expressions as sge
from attrs import define, evolve, frozen

from tests.databases import DuckDB, first_of, types_of, values_of
from veriport.adapters.engines.ibis.databases.errors import first_line
from veriport.adapters.engines.ibis.databases.opening import open_source
from veriport.adapters.engines.ibis.dialects import DIALECTS, Dialect
from veriport.adapters.engines.ibis.sources import RefusedQuery
from veriport.adapters.engines.ibis.tables import IbisTable
from veriport.domain.datasets import Dataset
from veriport.ports.engines import Table
from veriport.testing.cases import Case

#: The databases by the names that they have for people.
HEADS: Mapping[str, str] = {
    "snowflake": "Snowflake", "bigquery": "BigQuery", "databricks": "Databricks", "redshift": "Redshift",
    "trino": "Trino", "mysql": "MySQL", "mssql": "SQL Server",
}  # fmt: skip

#: sqlglot's name of a dialect, where it is another one than Ibis'.
_READ = {"mssql": "tsql"}


# ---- what such a database cannot hold

_NUMBERS, _LISTS, _STRUCTS, _TIMES = "NaN and no infinity", "lists", "structs", "times of day"
_LACKS: Mapping[str, tuple[str, ...]] = {
    "databricks": (_TIMES,),
    "redshift": (_LISTS, _STRUCTS),
    "mysql": (_NUMBERS, _LISTS, _STRUCTS),
    "mssql": (_NUMBERS, _LISTS, _STRUCTS),
}


@define(kw_only=True)
class Held(DuckDB):
    """The tables of a DuckDB, but for what another database cannot hold."""

    database: str

    def lacks(self, case: Case) -> str:
        kinds = {type(each) for each in types_of(case)}
        needed = {
            _NUMBERS: any(isinstance(each, float) and not math.isfinite(each) for each in values_of(case)),
            _LISTS: bool({pl.List, pl.Array} & kinds),
            _STRUCTS: pl.Struct in kinds,
            _TIMES: pl.Time in kinds,
        }
        lacking = _LACKS.get(self.database, ())
        name = HEADS[self.database]
        return super().lacks(case) or first_of({f"{name} has no {what}": needed[what] for what in lacking})


# ---- what DuckDB lacks

_OPERATORS: Mapping[type[sge.Expression], str] = {
    sge.EQ: "=", sge.NEQ: "<>", sge.LT: "<", sge.LTE: "<=", sge.GT: ">", sge.GTE: ">=",
}  # fmt: skip
_NANS = """WHEN typeof(a) IN ('DOUBLE', 'FLOAT') AND a IS NOT NULL AND b IS NOT NULL
    AND (CAST(a AS VARCHAR) = 'nan' OR CAST(b AS VARCHAR) = 'nan') THEN {of_nan}"""
_BLANKS = """WHEN typeof(a) = 'VARCHAR'
    THEN rtrim(CAST(a AS VARCHAR), ' ') {sign} rtrim(CAST(b AS VARCHAR), ' ')"""


def _comparing(way: str, body: str) -> Iterator[str]:
    for kind, sign in _OPERATORS.items():
        when = body.format(sign=sign, of_nan=kind is sge.NEQ)
        yield f"{kind.__name__}_{way}(a, b) AS CASE {when} ELSE a {sign} b END"


_MACROS: Mapping[str, tuple[str, ...]] = {
    "bigquery": (
        "ieee_divide(a, b) AS a / b",
        r"trim_white(text) AS trim(text, E' \t\n\r\f\v')",
        *_comparing("nans", _NANS),
    ),
    "databricks": ("try_divide(a, b) AS a / b",),
    "redshift": (
        "regexp_count(text, pattern, start, flags) AS len(regexp_extract_all(text, pattern))",
        *_comparing("nans_and_blanks", f"{_NANS} {_BLANKS}"),
    ),
    "trino": (
        "infinity() AS CAST('inf' AS DOUBLE)",
        "nan() AS CAST('nan' AS DOUBLE)",
        r"trim_white(text) AS trim(text, E' \t\n\r\f\v')",
        *_comparing("nans", _NANS),
    ),
    "mssql": ("datalength(text) AS 2 * length(text)", *_comparing("blanks", _BLANKS)),
}


# ---- what is said otherwise

_Turn = Callable[[sge.Expression], sge.Expression]


def _compared(way: str) -> _Turn:
    """Comparisons as macros, of lists one by one."""

    def turn(node: sge.Expression) -> sge.Expression:
        if isinstance(node, sge.In) and node.expressions:
            equal = [sge.EQ(this=node.this.copy(), expression=each) for each in node.expressions]
            return sge.Paren(this=sge.or_(*map(turn, equal), copy=False))
        if type(node) not in _OPERATORS:
            return node
        return sge.Anonymous(this=f"{type(node).__name__}_{way}", expressions=[node.this, node.expression])

    return turn


def _typed(types: Mapping[str, str]) -> _Turn:
    """Types by what they are to the database, where that is not what they are to DuckDB."""

    built = {kind: sge.DataType.build(each, dialect="duckdb") for kind, each in types.items()}

    def turn(node: sge.Expression) -> sge.Expression:
        kind = node.sql().removesuffix("(MAX)") if isinstance(node, sge.DataType) else ""
        return built[kind].copy() if kind in built else node

    return turn


def _without_collation(node: Any) -> Any:  # noqa: ANN401  # sqlglot's own
    """DuckDB compares by code point, as the binary collations do, and a text has no other character set."""
    if isinstance(node, sge.Collate):
        return node.this
    is_text = isinstance(node, sge.Cast) and isinstance(node.args["to"], sge.CharacterSet)
    return sge.cast(node.this, "TEXT") if is_text else node


def _plus(node: Any) -> Any:  # noqa: ANN401  # sqlglot's own
    """Of texts it puts them together."""
    sides: list[Any] = [node.args.get("this"), node.args.get("expression")]
    texts = (sge.National, sge.Collate, sge.DPipe)
    if isinstance(node, sge.Add) and any(isinstance(each.unnest(), texts) for each in sides):
        return sge.DPipe(this=node.this, expression=node.expression)
    return node


def _searched(node: sge.Expression) -> sge.Expression:
    """Perl's expressions, of which ours are no more than what RE2 knows."""
    if not isinstance(node, sge.RegexpCount):
        return node
    return sge.Anonymous(
        this="regexp_count", expressions=[node.this, node.expression, *map(sge.convert, (1, "p"))]
    )


def _trimmed(node: sge.Expression) -> sge.Expression:
    """Without a word on what is trimmed it is white space."""
    if not isinstance(node, sge.Trim) or node.expression:
        return node
    return sge.Anonymous(this="trim_white", expressions=[node.this])


def _like(node: sge.Expression) -> sge.Expression:
    """A bracket begins a set, and is a sign when it stands in one."""
    if isinstance(node, sge.Like):
        pattern = node.expression.name
        if "[" in pattern.replace("[[]", ""):
            raise RefusedQuery(f"DuckDB knows no sets in LIKE: {pattern}")
        node.set("expression", sge.convert(pattern.replace("[[]", "[")))
    return node


# ---- what is refused


def _refusing(what: str, *kinds: type[sge.Expression]) -> _Turn:
    def turn(node: sge.Expression) -> sge.Expression:
        if isinstance(node, kinds):
            raise RefusedQuery(f"there is no {what}: {node.sql()[:100]}")
        return node

    return turn


def _no_frames(node: sge.Expression) -> sge.Expression:
    if (
        isinstance(node, sge.Window)
        and node.args.get("spec")
        and isinstance(node.this, sge.Lag | sge.RowNumber)
    ):
        raise RefusedQuery(f"there is no frame for {node.this.sql()}")
    return node


#: Groups that do not capture and the like, short matches, ends by other names.
_PERL = re.compile(r"(?<!\\)(?:\(\?|[*+?}]\?)|\\[Az]")


def _posix(node: sge.Expression) -> sge.Expression:
    if isinstance(node, sge.RegexpLike) and any(
        _PERL.search(each.name) for each in node.find_all(sge.Literal)
    ):
        raise RefusedQuery(f"POSIX knows no such expression: {node.expression.sql()}")
    return node


_CONDITIONS = (*_OPERATORS, sge.Is, sge.In, sge.Like, sge.Exists, sge.And, sge.Or, sge.Not)


def _no_booleans(node: sge.Expression) -> sge.Expression:
    """SQL Server has conditions where it looks for one, and nowhere else."""
    if isinstance(node, sge.Paren) or not isinstance(node, sge.Condition):
        return node
    outer = node
    while isinstance(outer.parent, sge.Paren):
        outer = outer.parent
    looked_for = isinstance(outer.parent, sge.And | sge.Or | sge.Not | sge.Where) or (
        (type(outer.parent), outer.arg_key) in {(sge.If, "this"), (sge.Join, "on")}
    )
    if looked_for is not isinstance(node, _CONDITIONS):
        raise RefusedQuery(f"{'no' if looked_for else 'a'} condition: {node.sql()[:100]}")
    return node


_TURNS: Mapping[str, tuple[_Turn, ...]] = {
    "snowflake": (_posix,),
    "bigquery": (
        _trimmed,
        _typed({"DECIMAL": "DECIMAL(38, 9)", "BIGDECIMAL": "DECIMAL(38, 10)"}),
        _compared("nans"),
    ),
    "redshift": (
        _refusing("FILTER", sge.Filter),
        _refusing("IS NOT DISTINCT FROM", sge.NullSafeEQ),
        _no_frames,
        _searched,
        _typed({"DECIMAL": "DECIMAL(18, 0)"}),
        _compared("nans_and_blanks"),
    ),
    "trino": (
        _trimmed,
        _typed({"TIMESTAMP": "TIMESTAMP_MS", "DECIMAL": "DECIMAL(38, 0)"}),
        _compared("nans"),
    ),
    "mysql": (
        _typed({"DATETIME": "TIMESTAMP_S", "DECIMAL": "DECIMAL(10, 0)"}),
        _without_collation,
    ),
    "mssql": (
        _no_booleans,
        _like,
        _plus,
        _compared("blanks"),
        _without_collation,
        _typed({"BIT": "BOOLEAN", "FLOAT": "DOUBLE", "VARCHAR": "TEXT", "DECIMAL": "DECIMAL(18, 0)"}),
    ),
}  # fmt: skip


@frozen
class Translating:
    """A runner whose queries are written for one database and answered by DuckDB."""

    inner: Any
    dialect: Dialect

    def batches(self, query: object, shape: object) -> Iterator[Never]:
        """Splits are not asked."""
        raise NotImplementedError

    def rows(self, query: Any) -> list[tuple[object, ...]]:  # noqa: ANN401  # Ibis ships no types
        try:
            answer = self.inner.connection.execute(self.translated(self.dialect.sql(query)))
            if any("TIME ZONE" in str(kind) for _, kind, *_ in answer.description):
                return [tuple(row.values()) for row in answer.to_arrow_table().to_pylist()]  # without pytz
            return list(answer.fetchall())
        except duckdb.Error as trouble:
            raise RefusedQuery(first_line(trouble)) from trouble

    def translated(self, sql: str) -> str:
        """The query as DuckDB reads it."""
        try:
            whole = sge.Paren(
                this=sqlglot.parse_one(sql, read=_READ.get(self.dialect.name, self.dialect.name))
            )
            for turn in _TURNS.get(self.dialect.name, ()):
                for node in reversed(list(whole.this.walk(bfs=False))):  # parts before the whole
                    if (turned := turn(node)) is not node:
                        node.replace(turned)
            return str(whole.this.sql(dialect="duckdb", unsupported_level=sqlglot.ErrorLevel.RAISE))
        except sqlglot.errors.SqlglotError as trouble:
            raise RefusedQuery(f"it cannot be translated: {first_line(trouble)}") from trouble

    def cancel(self) -> None:
        self.inner.cancel()


@frozen
class StandIn:
    """The Ibis engine, as it asks a database, over the tables of a DuckDB."""

    name: str

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Table]:
        with open_source(dataset, None) as source:
            runner: Any = source.runner
            for macro in _MACROS.get(self.name, ()):
                runner.connection.execute(f"CREATE TEMP MACRO {macro}")
            yield IbisTable(evolve(source, runner=Translating(runner, DIALECTS[self.name])))
