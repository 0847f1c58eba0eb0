"""Ibis' compilers, mended where a database would refuse what they write, or take it for something else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, reduce
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

import ibis
import sqlglot as sg
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.base import NULL, STAR, AggGen, SQLGlotCompiler
from ibis.config import Config

from veriport.adapters.engines.ibis.dialects.bits import as_bits
from veriport.adapters.engines.ibis.dialects.casing import casing

if TYPE_CHECKING:
    from veriport.adapters.engines.ibis.dialects import Dialect

_Any: TypeAlias = Any  #: Ibis ships no types

#: A character that is no blank and comes before all that texts hold: with it at their ends, blanks count.
MARK = "\x01"


@cache
def compiler_of(dialect: Dialect) -> _Any:
    """A compiler of Ibis for a database, which writes as its facts ask."""
    module, name = dialect.compiler
    base = getattr(import_module(f"ibis.backends.sql.compilers.{module}"), name)
    if ibis.options.pyspark is None:  # without PySpark nobody sets it, and its compiler asks
        ibis.options.pyspark = _SparkOptions()
    made = type(f"Our{name}", (base,), {"__slots__": ()})
    mended = _MENDED[dialect.name](base) if dialect.name in _MENDED else {}
    for what, each in {**_common(base, dialect), **mended}.items():
        setattr(made, what, each)  # a class of Ibis would put its own methods over those that it is made with
    for what, each in _with_blanks(made).items() if dialect.pads else ():
        setattr(made, what, each)
    return made()


class _SparkOptions(Config):  # type: ignore[misc]  # Ibis ships no types
    treat_nan_as_null: bool = False


# ---- all of them


def _common(base: _Any, dialect: Dialect) -> dict[str, _Any]:
    kind = sg.parse_one(f"CAST(x AS {dialect.text_type or 'VARCHAR'})", read=base.dialect).args["to"]

    def collated(self: object, op: object, *, arg: sge.Expression) -> sge.Expression:
        del self, op
        text = sge.Cast(this=arg, to=kind.copy()) if dialect.text_type else arg
        order = sg.to_identifier(dialect.collation, quoted=not dialect.text_type)
        return sge.Paren(this=sge.Collate(this=text, expression=order))

    def null(self: object, op: object) -> sge.Expression:
        del self, op
        return sge.Anonymous(this=dialect.null_character, expressions=[sge.convert(0)])

    def is_null(self: object, op: object, *, arg: sge.Expression) -> sge.Expression:
        """Of NaN too, which Ibis takes for a null of Spark."""
        del self, op
        inside = arg if isinstance(arg, sge.Column) else sge.Paren(this=arg)
        return sge.Paren(this=sge.Is(this=inside, expression=sge.Null()))

    def not_null(self: object, op: object, *, arg: sge.Expression) -> sge.Expression:
        return sge.Not(this=is_null(self, op, arg=arg))

    filters = {} if dialect.filters else {"agg": _Unfiltered(supports_filter=True, supports_order_by=True)}
    return {
        "visit_Collated": collated,
        "visit_NullCharacter": null,
        "visit_IsNull": is_null,
        "visit_NotNull": not_null,
        **casing(dialect),
        "SQLGLOT_NEEDS_PARENS": base.SQLGLOT_NEEDS_PARENS | {sge.Not},  # NOT binds less than <=
        **filters,
    }


class _Unfiltered(AggGen):  # type: ignore[misc]  # Ibis ships no types
    """Aggregates of some rows without FILTER, where that is the same."""

    def aggregate(
        self, compiler: _Any, name: str, *args: _Any, where: _Any = None, order_by: _Any = ()
    ) -> _Any:
        if where is not None and name == "count" and args == (STAR,):
            return compiler.f.count_if(where)
        if where is not None and name in {"sum", "min", "max", "avg"}:
            return compiler.f[name](compiler.if_(where, args[0], NULL))
        return super().aggregate(compiler, name, *args, where=where, order_by=order_by)


# ---- texts that compare without the blanks at their ends

_COMPARED = tuple(
    f"visit_{name}"
    for name in ("Equals", "NotEquals", "Less", "LessEqual", "Greater", "GreaterEqual", "IdenticalTo")
)


def _with_blanks(made: _Any) -> dict[str, _Any]:
    in_values = made.visit_InValues

    def among(self: _Any, op: _Any, *, value: _Any, options: _Any) -> _Any:
        if op.value.dtype.is_string():
            value, options = _marked(value), tuple(map(_marked, options))
        return in_values(self, op, value=value, options=options)

    compared = {name: _comparing(getattr(made, name)) for name in _COMPARED}
    return {**compared, "visit_InValues": among}


def _comparing(compare: Callable[..., _Any]) -> Callable[..., _Any]:
    def visit(self: _Any, op: _Any, *, left: _Any, right: _Any) -> _Any:
        if op.left.dtype.is_string():
            left, right = _marked(left), _marked(right)
        return compare(self, op, left=left, right=right)

    return visit


def _marked(text: sge.Expression) -> sge.Expression:
    if isinstance(text, sge.Literal):
        return sge.Literal.string(text.this + MARK)
    return sge.Paren(this=sge.DPipe(this=text, expression=sge.Literal.string(MARK)))


# ---- Redshift, which is like a PostgreSQL of long ago


def _redshift(base: _Any) -> dict[str, _Any]:
    def search(self: _Any, op: _Any, *, arg: _Any, pattern: _Any) -> _Any:
        r"""In the dialect of Perl: its own operator knows no ``\A`` and no groups that do not capture."""
        del op
        return self.f.anon.regexp_count(arg, pattern, 1, "p") > 0

    def count(self: _Any, op: _Any, *, arg: _Any, where: _Any) -> _Any:
        del op, arg
        return self.f.count(STAR if where is None else self.if_(where, 1, NULL))

    def count_distinct(self: _Any, op: _Any, *, arg: _Any, where: _Any) -> _Any:
        del op
        counted = arg if where is None else self.if_(where, arg, NULL)
        return self.f.count(sge.Distinct(expressions=[counted]))

    def is_nan(self: _Any, op: _Any, *, arg: _Any) -> _Any:
        """Whether NaN equals itself or not."""
        del op
        return sge.Paren(this=sg.or_(arg.eq(self.NAN), arg.neq(arg)))

    def substring(self: _Any, op: _Any, *, arg: _Any, start: _Any, length: _Any) -> _Any:
        made = base.visit_Substring(self, op, arg=arg, start=start, length=length)
        parts = (made.this, made.args.get("start"), made.args.get("length"))
        return self.f.anon.substring(*(part for part in parts if part is not None))

    return {
        "dialect": "redshift",
        "agg": AggGen(supports_filter=False, supports_order_by=True),
        "visit_RegexSearch": search,
        "visit_CountStar": count,
        "visit_CountDistinct": count_distinct,
        "visit_IsNan": is_nan,
        "visit_Substring": substring,
        "visit_IdenticalTo": _identical_or_nan,
        "_minimize_spec": staticmethod(_no_frame),
    }


def _identical(self: _Any, op: _Any, *, left: _Any, right: _Any) -> _Any:
    """Equal or both null, in words that old versions know."""
    del self, op
    both_null = sg.and_(left.is_(NULL), right.is_(NULL))
    return sge.Paren(this=sg.or_(left.eq(right), both_null))


def _identical_or_nan(self: _Any, op: _Any, *, left: _Any, right: _Any) -> _Any:
    same = _identical(self, op, left=left, right=right)
    if not op.left.dtype.is_floating():
        return same
    both_nan = sg.and_(*(self.visit_IsNan(op, arg=each) for each in (left, right)))
    return sge.Paren(this=sg.or_(same, both_nan))


def _no_frame(op: _Any, spec: _Any) -> _Any:
    """Our windows are all of numbers of rows and rows before, or of whole groups."""
    return spec if op.order_by and not _is_analytic(op.func) else None


def _is_analytic(function: object) -> bool:
    import ibis.expr.operations as ops  # noqa: PLC0415  # one use

    return isinstance(function, ops.Analytic)


# ---- MySQL


def _mysql(base: _Any) -> dict[str, _Any]:
    del base

    def contains(self: _Any, op: _Any, *, haystack: _Any, needle: _Any) -> _Any:
        """Ibis gives the place, which would be summed where it is counted."""
        del op
        return self.f.anon.locate(needle, haystack) > 0

    def find(self: _Any, op: _Any, *, arg: _Any, substr: _Any, start: _Any, end: _Any) -> _Any:
        del op, start, end
        return self.f.anon.locate(substr, arg)

    return {
        "visit_Equals": SQLGlotCompiler.visit_Equals,  # Ibis takes one side as bytes
        "visit_StringContains": contains,
        "visit_StringFind": find,
    }


# ---- Databricks


def _databricks(base: _Any) -> dict[str, _Any]:
    """With the OFFSET that Ibis replaces by numbers of rows in an order that nothing holds to."""
    from ibis.backends.sql.compilers.pyspark import offset_to_filter  # noqa: PLC0415  # of the module of ``base``

    return {"rewrites": tuple(each for each in base.rewrites if each is not offset_to_filter)}


# ---- SQL Server

#: Ends of surrogate pairs count once there; such collations are no binary ones.
_CHARACTERS = "Latin1_General_100_CI_AS_SC"


def _mssql(base: _Any) -> dict[str, _Any]:
    def part(self: _Any, op: _Any, *, arg: _Any, start: _Any, length: _Any) -> _Any:
        """To the end of the text, with the blanks there."""
        rest = sge.convert(2**31 - 1) if length is None else length
        return base.visit_Substring(self, op, arg=arg, start=start, length=rest)

    return {
        "to_sqlglot": _with_bits,
        "visit_Not": _negated,
        "visit_StringFind": _found,
        "visit_StringContains": _contained,
        "visit_StringLength": _length,
        "visit_Substring": part,
        "visit_StringConcat": _concatenated,
        "visit_Min": _least,
        "visit_Max": _greatest,
        "visit_IdenticalTo": _identical,
    }


def _with_bits(self: _Any, expr: _Any, **options: _Any) -> _Any:
    return as_bits(SQLGlotCompiler.to_sqlglot(self, expr, **options))


def _negated(self: _Any, op: _Any, *, arg: _Any) -> _Any:
    """Ibis makes TRUE of what is not known."""
    del self, op
    return sge.Not(this=sge.Paren(this=arg))


def _found(self: _Any, op: _Any, *, arg: _Any, substr: _Any, start: _Any, end: _Any) -> _Any:
    """An empty text is at the start of every text, where CHARINDEX finds none."""
    del op, start, end
    return self.if_(self.f.anon.datalength(substr).eq(0), 1, self.f.anon.charindex(substr, arg))


def _contained(self: _Any, op: _Any, *, haystack: _Any, needle: _Any) -> _Any:
    """Ibis asks for a word of a full-text index."""
    return _found(self, op, arg=haystack, substr=needle, start=None, end=None) > 0


def _length(self: _Any, op: _Any, *, arg: _Any) -> _Any:
    """LEN leaves out the blanks at the end, and counts the halves of some characters."""
    del op
    whole = sge.Paren(this=sge.DPipe(this=arg, expression=sge.Literal.string(".")))
    counted = sge.Collate(this=whole, expression=sg.to_identifier(_CHARACTERS))
    return sge.Paren(this=self.f.anon.len(counted) - 1)


def _concatenated(self: _Any, op: _Any, *, arg: _Any) -> _Any:
    del self, op
    return sge.Paren(this=reduce(lambda made, part: sge.DPipe(this=made, expression=part), arg))


def _least(self: _Any, op: _Any, *, arg: _Any, where: _Any) -> _Any:
    return self.agg.min(_number_of(op, arg), where=where)


def _greatest(self: _Any, op: _Any, *, arg: _Any, where: _Any) -> _Any:
    return self.agg.max(_number_of(op, arg), where=where)


def _number_of(op: _Any, arg: _Any) -> _Any:
    """What MIN and MAX take: no bits."""
    return sg.cast(arg, "INT") if op.arg.dtype.is_boolean() else arg


_MENDED: Mapping[str, Callable[[_Any], dict[str, _Any]]] = {
    "redshift": _redshift,
    "mysql": _mysql,
    "databricks": _databricks,
    "mssql": _mssql,
}
