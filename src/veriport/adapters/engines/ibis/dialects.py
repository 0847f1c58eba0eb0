"""What databases say differently: signs of patterns, orders of texts, names of functions, kinds of types."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import sqlglot as sg
import sqlglot.expressions as sge
from attrs import field, frozen
from ibis.config import Config
from ibis.expr import types as ir

from veriport.domain.patterns import parse_pattern


class Collated(ops.Unary):  # type: ignore[misc]  # Ibis ships no types
    """A text in the order of its code points, whatever the order of its database is."""

    arg: ops.Value[dt.String, Any]
    dtype = dt.string


_WORD = "[0-9A-Za-z_]"
#: For engines that know look-around, whose own words depend on a locale or on other ends of lines.
_LOOKING: Mapping[str, str] = {
    r"\b": f"(?:(?<={_WORD})(?!{_WORD})|(?<!{_WORD})(?={_WORD}))",
    "(?m:^)": r"(?:\A|(?<=\n))",
    "(?m:$)": r"(?=\n|\z)",
}
_POSTGRES: Mapping[str, str] = {**_LOOKING, r"\z": r"\Z", "(?m:$)": r"(?=\n|\Z)", "(?s:.)": r"(?:.|\n)"}
_PYTHON: Mapping[str, str] = {**_LOOKING, r"\z": r"\Z", "(?m:$)": r"(?=\n|\Z)"}


@frozen
class Dialect:
    r"""The facts of one database that measuring needs.

    ``compiler`` is the module and class of Ibis' compiler, ``collation`` what orders texts by code point
    where the database may not. ``wide`` is the type in which whole numbers and decimals of ``scale`` are
    exact, ``None`` where there is none. ``text_times`` says that times are kept as texts. ``like`` says
    that LIKE minds case and reads ``\`` as an escape. ``folds`` is how many values a query may give.
    """

    name: str
    compiler: tuple[str, str]
    spelling: Mapping[str, str] = field(factory=dict, hash=False)
    collation: str | None = None
    wide: Callable[[int], dt.DataType | None] = field(default=lambda scale: dt.Decimal(38, scale), eq=False)
    has_nan: bool = True
    has_regex: bool = True
    text_times: bool = False
    like: bool = True
    folds: int = 1_000
    keeps_order: bool = False

    def sql(self, expression: ir.Expr) -> str:
        """The query of an expression."""
        compiler = _compiler(self.compiler, self.collation)
        tree = compiler.to_sqlglot(expression)
        return str(tree.sql(dialect=compiler.dialect))

    def collated(self, text: ir.StringValue) -> ir.StringValue:
        """A text that compares by code point."""
        made: ir.StringValue = text if self.collation is None else Collated(text).to_expr()
        return made

    def matches(self, text: ir.StringValue, pattern: str) -> ir.BooleanValue:
        """Whether a text contains a match of a pattern of ``veriport.domain.patterns``."""
        return text.re_search(parse_pattern(pattern).spell(self.spelling))

    def like_pattern(self, text: ir.StringValue, pattern: str) -> ir.BooleanValue:
        """SQL's LIKE in which case counts and nothing escapes."""
        if self.like and "\\" not in pattern:
            return text.like(pattern)
        if set(pattern) == {"%"}:
            return text.notnull().ifelse(ibis.literal(value=True), ibis.null(dt.boolean))
        parts = ("(?s:.)*" if c == "%" else "(?s:.)" if c == "_" else _plain(c) for c in pattern)
        return self.matches(text, rf"^{''.join(parts)}$")

    def is_nan(self, number: ir.FloatingValue) -> ir.BooleanValue:
        """Whether a number is NaN."""
        return number.isnan() if self.has_nan else ibis.literal(value=False)


def _plain(character: str) -> str:
    return re.escape(character) if character.isascii() and not character.isalnum() else character


@cache
def _compiler(where: tuple[str, str], collation: str | None) -> Any:  # noqa: ANN401  # a class made here
    module, name = where
    base = getattr(import_module(f"ibis.backends.sql.compilers.{module}"), name)
    if ibis.options.pyspark is None:  # without PySpark nobody sets it, and its compiler asks
        ibis.options.pyspark = _SparkOptions()
    if collation is None:
        return base()

    def visit(self: object, op: object, *, arg: sge.Expression) -> sge.Expression:
        del self, op
        return sge.Paren(this=sge.Collate(this=arg, expression=sg.to_identifier(collation, quoted=True)))

    return type(f"Collating{name}", (base,), {"visit_Collated": visit, "__slots__": ()})()


class _SparkOptions(Config):  # type: ignore[misc]  # Ibis ships no types
    treat_nan_as_null: bool = False


def _numeric(_: int) -> dt.DataType:
    return dt.Decimal(None, None)


def _none(_: int) -> None:
    return None


#: Those that tests hold to the semantics.
DUCKDB = Dialect("duckdb", ("duckdb", "DuckDBCompiler"), folds=2_000)
POSTGRES = Dialect("postgres", ("postgres", "PostgresCompiler"), _POSTGRES, collation="C", wide=_numeric)
SQLITE = Dialect(
    "sqlite", ("sqlite", "SQLiteCompiler"), _PYTHON, collation="BINARY", wide=_none,
    has_nan=False, text_times=True, like=False,
)  # fmt: skip
SPARK = Dialect("pyspark", ("pyspark", "PySparkCompiler"), _LOOKING)

#: Every database that Ibis can compile for here; what is not above is compiled and parsed in tests, not run.
DIALECTS: Mapping[str, Dialect] = {
    each.name: each
    for each in (
        DUCKDB,
        POSTGRES,
        SQLITE,
        SPARK,
        Dialect("snowflake", ("snowflake", "SnowflakeCompiler"), _LOOKING),
        Dialect("bigquery", ("bigquery", "BigQueryCompiler")),
        Dialect("databricks", ("databricks", "DatabricksCompiler"), _LOOKING),
        Dialect("redshift", ("postgres", "PostgresCompiler"), wide=_numeric),
        Dialect("trino", ("trino", "TrinoCompiler"), _LOOKING),
        Dialect("mysql", ("mysql", "MySQLCompiler"), collation="utf8mb4_bin", has_nan=False),
        Dialect(
            "mssql",
            ("mssql", "MSSQLCompiler"),
            collation="Latin1_General_BIN2",
            has_nan=False,
            has_regex=False,
        ),
    )
}
