"""What databases say differently: signs of patterns, orders of texts, names of functions, kinds of types."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import ibis
import ibis.expr.datashape as ds
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import sqlglot.expressions as sge
from attrs import field, frozen
from ibis.common.exceptions import UnsupportedOperationError
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.dialects.compilers import MARK, compiler_of
from veriport.adapters.engines.ibis.dialects.functions import trim, trim_of
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
#: The extended expressions of POSIX, in which ends are those of the text; they know no lines.
_POSIX: Mapping[str, str] = {"(?:": "(", r"\A": "^", r"\z": "$", "(?s:.)": r"(.|\n)"}
_LAZY = re.compile(r"([*+?]|\{[0-9,]+\})\?")


@frozen
class Dialect:
    r"""The facts of one database that measuring needs.

    ``compiler`` is the module and class of Ibis' compiler, ``collation`` what orders texts by code point
    where the database may not. ``wide`` is the type in which whole numbers and decimals of ``scale`` are
    exact, ``None`` where there is none. ``text_times`` says that times are kept as texts, ``loose_types``
    that a column may hold values of other types than its own. ``like`` says that LIKE minds case and reads
    ``\`` as an escape. ``folds`` is how many values a query may give.
    ``filters`` says that many aggregates may each have a FILTER: DuckDB copies all columns for each.
    ``shares`` says that what a query reads twice is made once, ``joins_nulls`` that a join in which nulls
    equal nulls takes no longer than another. ``digits`` is the function that tells the digits behind the
    point of a number whose type does not, ``months`` says that a span of time may have months.
    ``null_character`` is the function that makes one of 0, where texts can hold it. ``text_type`` is that
    which a text must have for the collation, ``pads`` says that blanks at the ends of texts do not count
    where they are compared. ``types`` are those of casts that mean something narrower to the database, by
    what it should be told instead. ``equal_nans`` says that NaN equals NaN, ``trims_spaces`` that TRIM
    takes spaces alone. ``patterns`` says that there are regular expressions, ``posix`` that they are no
    more than POSIX has. ``in_like`` are signs as LIKE must write them, a backslash among them where it is
    one like others. ``casing`` is the collation by which letters have the upper and lower case of Unicode,
    where the database goes by collations; ``cases`` says that it knows them at all.
    """

    name: str
    compiler: tuple[str, str]
    spelling: Mapping[str, str] = field(factory=dict, hash=False)
    collation: str | None = None
    wide: Callable[[int], dt.DataType | None] = field(default=lambda scale: dt.Decimal(38, scale), eq=False)
    has_nan: bool = True
    has_infinity: bool = True
    text_times: bool = False
    loose_types: bool = False
    like: bool = True
    folds: int = 1_000
    filters: bool = True
    shares: bool = False
    joins_nulls: bool = False
    digits: str = ""
    months: bool = False
    null_character: str = ""
    text_type: str = ""
    pads: bool = False
    types: Mapping[str, str] = field(factory=dict, hash=False)
    equal_nans: bool = True
    trims_spaces: bool = True
    patterns: bool = True
    posix: bool = False
    in_like: Mapping[str, str] = field(factory=dict, hash=False)
    casing: str = ""
    cases: bool = True

    def sql(self, expression: ir.Expr) -> str:
        """The query of an expression."""
        compiler = compiler_of(self)
        tree = compiler.to_sqlglot(expression)
        for each in list(tree.find_all(sge.DataType)) if self.types else ():
            if named := self.types.get(each.sql()):
                each.replace(sge.DataType.build(named))
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
        return text.re_search(f"({self._spelt(pattern)})")

    def _spelt(self, pattern: str) -> str:
        """A pattern in the words of the database; what asks for a short match asks for any."""
        if not self.patterns:
            raise UnsupportedOperationError(f"{self.name} has no regular expressions")
        parsed = parse_pattern(pattern)
        if not self.posix:
            return parsed.spell(self.spelling)
        if {"(?m:^)", "(?m:$)"} & set(parsed.pieces):
            raise UnsupportedOperationError(f"regular expressions of {self.name} know no lines")
        greedy = (_LAZY.sub(r"\1", piece) if _LAZY.fullmatch(piece) else piece for piece in parsed.pieces)
        return "".join(self.spelling.get(piece, piece) for piece in greedy)

    def like_pattern(self, text: ir.StringValue, pattern: str) -> ir.BooleanValue:
        """SQL's LIKE in which case counts and nothing escapes."""
        if self.like and ("\\" not in pattern or "\\" in self.in_like):
            return text.like("".join(self.in_like.get(sign, sign) for sign in pattern))
        if set(pattern) == {"%"}:
            return text.notnull().ifelse(ibis.literal(value=True), ibis.null(dt.boolean))
        parts = ("(?s:.)*" if c == "%" else "(?s:.)" if c == "_" else _plain(c) for c in pattern)
        return self.matches(text, rf"^{''.join(parts)}$")

    def exact(self, text: ir.StringValue) -> ir.StringValue:
        """A text whose groups are those of equal texts."""
        return text + MARK if self.pads else text

    def trimmed(self, text: ir.StringValue) -> ir.Value:
        """A text without the spaces at its ends, and with other white space there."""
        return trim(text) if self.trims_spaces else trim_of(text, " ")

    def upper(self, text: ir.StringValue) -> ir.Value:
        """A text in upper case."""
        return self._cased(text).upper()

    def lower(self, text: ir.StringValue) -> ir.Value:
        """A text in lower case."""
        return self._cased(text).lower()

    def _cased(self, text: ir.StringValue) -> ir.StringValue:
        if not self.cases:
            raise UnsupportedOperationError(
                f"this {self.name} has no collation that knows the case of all letters"
            )
        return text

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


def _numeric(_: int) -> dt.DataType:
    return dt.Decimal(None, None)


def _bignumeric(_: int) -> dt.DataType:
    """BigQuery's other type has 9 digits behind the point."""
    return dt.Decimal(76, 38)


def _none(_: int) -> None:
    return None


#: Those that tests hold to the semantics. DuckDB forgets ``C`` where a column has no collation of its own.
DUCKDB = Dialect(
    "duckdb", ("duckdb", "DuckDBCompiler"), collation="C", text_type="VARCHAR", folds=2_000, filters=False,
    shares=True, joins_nulls=True, months=True, null_character="chr",
)  # fmt: skip
POSTGRES = Dialect(
    "postgres", ("postgres", "PostgresCompiler"), _POSTGRES, collation="C", wide=_numeric, shares=True,
    digits="scale", months=True,
)  # fmt: skip
SQLITE = Dialect(
    "sqlite", ("sqlite", "SQLiteCompiler"), _PYTHON, collation="BINARY", wide=_none,
    has_nan=False, text_times=True, loose_types=True, like=False, shares=True, null_character="char",
)  # fmt: skip
SPARK = Dialect(
    "pyspark", ("pyspark", "PySparkCompiler"), _LOOKING, shares=True, joins_nulls=True, null_character="chr"
)

#: TIMESTAMP and TIME without their digits have three to Trino and none to MySQL.
_SIX: Mapping[str, str] = {name: f"{name}(6)" for name in ("TIMESTAMP", "TIMESTAMPTZ", "TIME")}

#: Those of which tests run a translation, see ``tests/transpiled.py``.
SNOWFLAKE = Dialect(
    "snowflake", ("snowflake", "SnowflakeCompiler"), _POSIX, posix=True, types={"TIMESTAMP": "TIMESTAMPNTZ"}
)
BIGQUERY = Dialect(
    "bigquery", ("bigquery", "BigQueryCompiler"), wide=_bignumeric, equal_nans=False, trims_spaces=False
)
DATABRICKS = Dialect(
    "databricks", ("databricks", "DatabricksCompiler"), _LOOKING, types={"TIMESTAMP": "TIMESTAMPNTZ"}
)
REDSHIFT = Dialect(
    "redshift", ("postgres", "PostgresCompiler"), _LOOKING, types={"VARCHAR": "VARCHAR(MAX)"}, pads=True,
    equal_nans=False,
)  # fmt: skip
TRINO = Dialect(
    "trino", ("trino", "TrinoCompiler"), _LOOKING, types=_SIX, equal_nans=False, trims_spaces=False
)
MYSQL = Dialect(
    "mysql", ("mysql", "MySQLCompiler"), _LOOKING, collation="utf8mb4_0900_bin",
    text_type="CHAR CHARACTER SET utf8mb4", types=_SIX, has_nan=False, has_infinity=False,
)  # fmt: skip
MSSQL = Dialect(
    "mssql", ("mssql", "MSSQLCompiler"), collation="Latin1_General_100_BIN2", text_type="NVARCHAR(MAX)",
    types={"VARCHAR(max)": "NVARCHAR(MAX)"}, pads=True, has_nan=False, has_infinity=False, patterns=False,
    in_like={"[": "[[]", "\\": "\\"},
)  # fmt: skip

#: Every database that Ibis can compile for here.
DIALECTS: Mapping[str, Dialect] = {
    each.name: each
    for each in (
        DUCKDB, POSTGRES, SQLITE, SPARK,
        SNOWFLAKE, BIGQUERY, DATABRICKS, REDSHIFT, TRINO, MYSQL, MSSQL,
    )
}  # fmt: skip
