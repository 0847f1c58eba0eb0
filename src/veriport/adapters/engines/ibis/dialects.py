"""What databases say differently: signs of patterns, orders of texts, names of functions, kinds of types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, reduce
from importlib import import_module
from typing import Any

import ibis
import ibis.expr.datashape as ds
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import sqlglot as sg
import sqlglot.expressions as sge
from attrs import field, frozen
from ibis.backends.sql.compilers.base import NULL, STAR, AggGen
from ibis.common.exceptions import UnsupportedOperationError
from ibis.config import Config
from ibis.expr import types as ir

from veriport.domain.patterns import parse_pattern


class Collated(ops.Unary):  # type: ignore[misc]  # Ibis ships no types
    """A text in the order of its code points, whatever the order of its database is."""

    arg: ops.Value[dt.String, Any]
    dtype = dt.string


class NullCharacter(ops.Value):  # type: ignore[misc]  # Ibis ships no types
    """The character that no query can be written with."""

    dtype = dt.string
    shape = ds.scalar


_INFINITY = float("inf")
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
    ``filters`` says that many aggregates may each have a FILTER: DuckDB copies all columns for each.
    ``shares`` says that what a query reads twice is made once, ``joins_nulls`` that a join in which nulls
    equal nulls takes no longer than another. ``digits`` is the function that tells the digits behind the
    point of a number whose type does not, ``months`` says that a span of time may have months.
    ``null_character`` is the function that makes one of 0, where texts can hold it.
    """

    name: str
    compiler: tuple[str, str]
    spelling: Mapping[str, str] = field(factory=dict, hash=False)
    collation: str | None = None
    wide: Callable[[int], dt.DataType | None] = field(default=lambda scale: dt.Decimal(38, scale), eq=False)
    has_nan: bool = True
    has_infinity: bool = True
    text_times: bool = False
    like: bool = True
    folds: int = 1_000
    filters: bool = True
    shares: bool = False
    joins_nulls: bool = False
    digits: str = ""
    months: bool = False
    null_character: str = ""

    def sql(self, expression: ir.Expr) -> str:
        """The query of an expression."""
        compiler = _compiler(self.compiler, self.collation, self.null_character, self.filters)
        tree = compiler.to_sqlglot(expression)
        return str(tree.sql(dialect=compiler.dialect))

    def holds(self, text: str) -> bool:
        """Whether a text of this database can be this one."""
        return bool(self.null_character) or "\0" not in text

    def text(self, value: str) -> ir.StringValue:
        """A constant text; a null character ends what is written in a query."""
        if "\0" not in value:
            return ibis.literal(value)
        if not self.null_character:
            raise UnsupportedOperationError(f"texts of {self.name} hold no null character")
        null = NullCharacter().to_expr()
        first, *others = (ibis.literal(part) for part in value.split("\0"))
        return reduce(lambda made, part: made + null + part, others, first)

    def collated(self, text: ir.StringValue) -> ir.StringValue:
        """A text that compares by code point."""
        made: ir.StringValue = text if self.collation is None else Collated(text).to_expr()
        return made

    def matches(self, text: ir.StringValue, pattern: str) -> ir.BooleanValue:
        """Whether a text contains a match of a pattern of ``veriport.domain.patterns``.

        The group around it keeps DuckDB from making LIKE of it, which forgets an anchor in the middle.
        """
        return text.re_search(f"({parse_pattern(pattern).spell(self.spelling)})")

    def like_pattern(self, text: ir.StringValue, pattern: str) -> ir.BooleanValue:
        """SQL's LIKE in which case counts and nothing escapes."""
        if self.like and "\\" not in pattern:
            return text.like(pattern)
        if set(pattern) == {"%"}:
            return text.notnull().ifelse(ibis.literal(value=True), ibis.null(dt.boolean))
        parts = ("(?s:.)*" if c == "%" else "(?s:.)" if c == "_" else _plain(c) for c in pattern)
        return self.matches(text, rf"^{''.join(parts)}$")

    def is_finite(self, number: ir.FloatingValue) -> ir.BooleanValue:
        """Whether a number is neither infinite nor NaN, which is not below infinity; null of a null."""
        if not self.has_infinity:
            return number == number  # noqa: PLR0124  # TRUE, or null
        return number.abs() < _INFINITY

    def is_infinite(self, number: ir.FloatingValue, sign: int) -> ir.BooleanValue:
        """Whether a number is infinite with this sign."""
        return number == sign * _INFINITY if self.has_infinity else ibis.literal(value=False)

    def is_nan(self, number: ir.FloatingValue) -> ir.BooleanValue:
        """Whether a number is NaN."""
        return number.isnan() if self.has_nan else ibis.literal(value=False)


def _plain(character: str) -> str:
    if not character.isascii() or character.isalnum():
        return character
    return f"\\{character}" if character.isprintable() else f"\\x{ord(character):02X}"


@cache
def _compiler(where: tuple[str, str], collation: str | None, null_character: str, filters: bool) -> Any:  # noqa: ANN401, FBT001  # a class made here
    module, name = where
    base = getattr(import_module(f"ibis.backends.sql.compilers.{module}"), name)
    if ibis.options.pyspark is None:  # without PySpark nobody sets it, and its compiler asks
        ibis.options.pyspark = _SparkOptions()

    def collated(self: object, op: object, *, arg: sge.Expression) -> sge.Expression:
        del self, op
        return sge.Paren(this=sge.Collate(this=arg, expression=sg.to_identifier(collation, quoted=True)))

    def null(self: object, op: object) -> sge.Expression:
        del self, op
        return sge.Anonymous(this=null_character, expressions=[sge.convert(0)])

    def is_null(self: object, op: object, *, arg: sge.Expression) -> sge.Expression:
        """Of NaN too, which Ibis takes for a null of Spark."""
        del self, op
        inside = arg if isinstance(arg, sge.Column) else sge.Paren(this=arg)
        return sge.Paren(this=sge.Is(this=inside, expression=sge.Null()))

    def not_null(self: object, op: object, *, arg: sge.Expression) -> sge.Expression:
        return sge.Not(this=is_null(self, op, arg=arg))

    ours = {
        "visit_Collated": collated,
        "visit_NullCharacter": null,
        "visit_IsNull": is_null,
        "visit_NotNull": not_null,
        "SQLGLOT_NEEDS_PARENS": base.SQLGLOT_NEEDS_PARENS | {sge.Not},  # NOT binds less than <=
        "__slots__": (),
    }
    if not filters:
        ours["agg"] = _Unfiltered(supports_filter=True, supports_order_by=True)
    return type(f"Our{name}", (base,), ours)()


class _Unfiltered(AggGen):  # type: ignore[misc]  # Ibis ships no types
    """Aggregates of some rows without FILTER, where that is the same."""

    def aggregate(self, compiler: Any, name: str, *args: Any, where: Any = None, order_by: Any = ()) -> Any:  # noqa: ANN401  # Ibis' own
        if where is not None and name == "count" and args == (STAR,):
            return compiler.f.count_if(where)
        if where is not None and name in {"sum", "min", "max", "avg"}:
            return compiler.f[name](compiler.if_(where, args[0], NULL))
        return super().aggregate(compiler, name, *args, where=where, order_by=order_by)


class _SparkOptions(Config):  # type: ignore[misc]  # Ibis ships no types
    treat_nan_as_null: bool = False


def _numeric(_: int) -> dt.DataType:
    return dt.Decimal(None, None)


def _none(_: int) -> None:
    return None


#: Those that tests hold to the semantics.
DUCKDB = Dialect(
    "duckdb", ("duckdb", "DuckDBCompiler"), folds=2_000, filters=False, shares=True, joins_nulls=True,
    months=True, null_character="chr",
)  # fmt: skip
POSTGRES = Dialect(
    "postgres", ("postgres", "PostgresCompiler"), _POSTGRES, collation="C", wide=_numeric, shares=True,
    digits="scale", months=True,
)  # fmt: skip
SQLITE = Dialect(
    "sqlite", ("sqlite", "SQLiteCompiler"), _PYTHON, collation="BINARY", wide=_none,
    has_nan=False, text_times=True, like=False, shares=True, null_character="char",
)  # fmt: skip
SPARK = Dialect(
    "pyspark", ("pyspark", "PySparkCompiler"), _LOOKING, shares=True, joins_nulls=True, null_character="chr"
)

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
        Dialect(
            "mysql", ("mysql", "MySQLCompiler"), collation="utf8mb4_bin", has_nan=False, has_infinity=False
        ),
        Dialect(
            "mssql",
            ("mssql", "MSSQLCompiler"),
            collation="Latin1_General_BIN2",
            has_nan=False,
            has_infinity=False,
        ),
    )
}
