"""Read SQL conditions with sqlglot into the tree of ``veriport.domain.expressions``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from returns.result import Failure, Result, Success

from veriport.domain.expressions import FUNCTIONS, Call, Expr, Literal, Name
from veriport.domain.failures import InvalidExpression
from veriport.domain.suggestions import nearest

if TYPE_CHECKING:
    from sqlglot import exp

_MOST_CHARACTERS = 20_000


def parse(text: str) -> Result[Expr, InvalidExpression]:
    """See ``veriport.ports.expressions.ExpressionParser``."""
    import sqlglot  # noqa: PLC0415  # it takes 0.1 s to import
    from sqlglot.errors import SqlglotError  # noqa: PLC0415

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    if len(text) > _MOST_CHARACTERS:
        return Failure(InvalidExpression(text, f"it is longer than {_MOST_CHARACTERS:,} characters"))
    try:
        trees = [tree for tree in sqlglot.parse(text, dialect="duckdb") if tree is not None]
        if len(trees) != 1:
            return Failure(InvalidExpression(text, "it is not one condition" if trees else "it is empty"))
        return Success(_read(trees[0]))
    except _Refused as refused:
        return Failure(InvalidExpression(text, str(refused)))
    except (SqlglotError, RecursionError) as wrong:
        return Failure(InvalidExpression(text, str(wrong).partition("\n")[0] or type(wrong).__name__))


class _Refused(Exception):
    pass


def _read(node: exp.Expression) -> Expr:
    from sqlglot import exp  # noqa: PLC0415

    simple: Mapping[type[exp.Expression], str] = {
        exp.And: "and", exp.Or: "or", exp.Not: "not", exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=",
        exp.GT: ">", exp.GTE: ">=", exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%",
        exp.Neg: "negate", exp.Abs: "abs", exp.Lower: "lower", exp.Upper: "upper", exp.Trim: "trim",
        exp.Length: "length", exp.Like: "like", exp.ILike: "ilike", exp.StartsWith: "starts_with",
        exp.Floor: "floor", exp.Ceil: "ceil", exp.Year: "year", exp.Month: "month", exp.Day: "day",
        exp.Nullif: "nullif",
    }  # fmt: skip
    if isinstance(node, exp.Paren):
        return _read(node.this)
    if isinstance(node, exp.Column):
        return Name(node.name)
    if isinstance(node, exp.Boolean):
        return Literal(bool(node.this))
    if isinstance(node, exp.Null):
        return Literal(None)
    if isinstance(node, exp.Literal):
        return Literal(node.this if node.is_string else (int(node.this) if node.is_int else float(node.this)))
    if isinstance(node, exp.Between):
        low, high = node.args["low"], node.args["high"]
        return Call("and", (Call(">=", (_read(node.this), _read(low))), Call("<=", (_read(node.this), _read(high)))))
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        return Call("is_null", (_read(node.this),))
    if isinstance(node, exp.In) and node.expressions:
        return Call("in", (_read(node.this), *(_read(item) for item in node.expressions)))
    if isinstance(node, exp.Coalesce):
        return Call("coalesce", (_read(node.this), *(_read(item) for item in node.expressions)))
    name = simple.get(type(node))
    if name is None:
        raise _Refused(f"{node.sql()[:40]} is not available here{nearest(node.key, FUNCTIONS).hint}")
    arguments = [node.this] + ([node.expression] if node.args.get("expression") is not None else [])
    return Call(name, tuple(_read(argument) for argument in arguments))
