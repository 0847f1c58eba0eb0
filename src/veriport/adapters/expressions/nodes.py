"""The tables that turn what sqlglot parsed into the tree of ``veriport.domain.expressions``.

Only this file imports sqlglot. A kind of node that is in no table is refused, and so is an option of
a node that its table does not know: what a later sqlglot adds is refused until it is added here.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from sqlglot import Dialect, TokenType, exp, parse_one
from sqlglot import Parser as SqlParser
from sqlglot import Tokenizer as SqlTokenizer
from sqlglot.errors import ParseError

from veriport.adapters.expressions.refusals import (
    FUNCTION_HINTS,
    NO_CLOCK,
    NO_QUERY,
    NODE_HINTS,
    OPTION_HINTS,
    STATEMENTS,
    Refused,
)
from veriport.domain.expressions import FUNCTIONS, Call, Expr, Literal, Name
from veriport.domain.suggestions import nearest

if TYPE_CHECKING:
    from sqlglot import Expression as Node

_Reader: TypeAlias = "Callable[[Node], Expr]"


class RowSql(Dialect):
    """SQL as sqlglot has it by default, with functions left as they were written."""

    class Tokenizer(SqlTokenizer):
        """Names are quoted with " or `."""

        IDENTIFIERS: ClassVar = ['"', "`"]

    class Parser(SqlParser):
        """Functions are known to us and not to sqlglot, which would rewrite them."""

        FUNCTIONS: ClassVar = {}  # type: ignore[misc]  # sqlglot declares no class variables
        FUNCTION_PARSERS: ClassVar = {  # type: ignore[misc]  # the same
            name: parser
            for name, parser in SqlParser.FUNCTION_PARSERS.items()
            if name in {"CAST", "TRY_CAST", "EXTRACT"}
        }
        # Some versions of sqlglot have % bind as + does.
        TERM: ClassVar = {TokenType.DASH: exp.Sub, TokenType.PLUS: exp.Add}  # type: ignore[misc]  # the same
        FACTOR: ClassVar = {  # type: ignore[misc]  # the same
            TokenType.DIV: exp.IntDiv,
            TokenType.MOD: exp.Mod,
            TokenType.SLASH: exp.Div,
            TokenType.STAR: exp.Mul,
        }


def read(text: str) -> Expr:
    """The tree of a condition; raises ``Refused`` or ``RecursionError``."""
    with _quiet():
        return _read(_parse(text))


def _parse(text: str) -> Node:
    try:
        return parse_one(text, into=exp.Condition, dialect=RowSql)
    except ParseError as problem:
        raise _explained(text, problem) from None
    except RecursionError:
        raise
    except Exception as bug:  # whatever sqlglot stumbles over is not SQL that it can read
        raise Refused(f"it is not SQL ({type(bug).__name__})") from bug


@contextmanager
def _quiet() -> Iterator[None]:
    """Drop what sqlglot logs about this text; the program may use sqlglot for its own purposes."""
    logger, here = logging.getLogger("sqlglot"), threading.get_ident()

    def elsewhere(record: logging.LogRecord) -> bool:
        return record.thread != here

    logger.addFilter(elsewhere)
    try:
        yield
    finally:
        logger.removeFilter(elsewhere)


def _explained(text: str, problem: ParseError) -> Refused:
    """What sqlglot complains of, in our words, with the place in the text."""
    details = problem.errors[0] if problem.errors else {}
    near = str(details.get("highlight") or "")
    before = str(details.get("start_context") or "")
    found = text.find(before + near)
    position = found + len(before) + 1 if near and found >= 0 else 0
    description = str(details.get("description") or "")
    if near.upper() in STATEMENTS:
        return Refused(NO_QUERY, position)
    if "'expression' missing" in description:
        return Refused(f"something is missing after {near}", position)
    if "'this' missing" in description:
        return Refused(f"something is missing before {near}", position)
    quote = f'; the name of a column may need quotes: "{near}"' if near.isidentifier() else ""
    return Refused(f"{near} is not expected here{quote}" if near else "it is not a condition", position)


def _read(node: Node) -> Expr:
    kind = type(node)
    if kind not in _NODES:
        raise Refused(_why_not(node), _position(node))
    reader, options = _NODES[kind]
    for option, value in node.args.items():
        if value and option not in options and option not in _IMMATERIAL:
            raise Refused(OPTION_HINTS.get(option, f"{_shown(node)} is not available"), _position(node))
    return reader(node)


#: What sqlglot notes of its own accord about a node.
_IMMATERIAL = frozenset({"typed", "safe", "_type", "coalesce"})


def _position(node: Node) -> int:
    starts = [part.meta["start"] + 1 for part in node.walk() if "start" in part.meta]
    return min(starts, default=0)


def _shown(node: Node) -> str:
    written = node.sql(dialect=RowSql)
    return written if len(written) <= 60 else f"{written[:57]}..."  # noqa: PLR2004  # a terminal line


# ---- names and constants


def _column(node: Node) -> Expr:
    identifier = node.this
    if not isinstance(identifier, exp.Identifier):
        raise Refused("* is not available: name a column")
    name = identifier.name
    if identifier.args.get("quoted") or name.isidentifier():
        if not name:
            raise Refused("a column without a name", _position(node))
        return Name(name)
    raise Refused(f'this name needs quotes: "{name}"', _position(node))


def _constant(node: Node) -> Expr:
    if node.args["is_string"]:
        return Literal(str(node.this))
    return Literal(_number(str(node.this)))


def _number(text: str, most: int = 2**63 - 1) -> int | float:
    if text.isdecimal():
        digits = text.lstrip("0") or "0"
        if len(digits) > len(str(most)) or int(digits) > most:
            raise Refused(f"{text[:40]} has more than 64 bits: write it with a fraction, {text[:40]}.0")
        return int(digits)
    try:
        number = float(text)
    except ValueError:
        raise Refused(f"{text[:40]} is not a number") from None
    if not math.isfinite(number):
        raise Refused(f"{text[:40]} is too large a number")
    return number


def _negative(node: Node) -> Expr:
    operand = node.this
    if isinstance(operand, exp.Literal) and not operand.is_string:
        return Literal(-_number(str(operand.this), most=2**63))
    return Call("negate", (_read(_operand(operand)),))


_MOMENTS: Mapping[str, tuple[str, Callable[[str], date | time]]] = {
    "DATE": ("date", date.fromisoformat),
    "DATETIME": ("datetime", datetime.fromisoformat),
    "TIMESTAMP": ("datetime", datetime.fromisoformat),
    "TIMESTAMPTZ": ("datetime", datetime.fromisoformat),
    "TIME": ("time", time.fromisoformat),
}
_CASTS: Mapping[str, str] = {
    **dict.fromkeys(("INT", "BIGINT"), "to_integer"),
    **dict.fromkeys(("DOUBLE", "FLOAT"), "to_double"),
    **dict.fromkeys(("TEXT", "VARCHAR"), "to_text"),
    "DATE": "to_date",
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMPNTZ", "DATETIME"), "to_datetime"),
}


def _cast(node: Node) -> Expr:
    """``DATE '2024-06-30'`` is a constant, which sqlglot has as ``CAST('2024-06-30' AS DATE)``."""
    target = node.args["to"]
    name = str(getattr(target.this, "name", target.this))
    if isinstance(node.this, exp.Literal) and node.this.is_string and name in _MOMENTS:
        return _moment(name, str(node.this.this), zoned=name == "TIMESTAMPTZ")
    return _try_cast(node)


def _moment(name: str, text: str, *, zoned: bool) -> Literal:
    kind, read_moment = _MOMENTS[name]
    try:
        moment = read_moment(text)
    except ValueError:
        raise Refused(f"'{text}' is not a {kind}: write it as in ISO 8601, 2024-06-30T12:34:56") from None
    if zoned and getattr(moment, "tzinfo", None) is None:
        raise Refused(f"'{text}' has no time zone: add one, as in 2024-06-30T12:34:56+02:00")
    return Literal(moment.isoformat(), kind)


def _try_cast(node: Node) -> Expr:
    target = node.args["to"]
    function = _CASTS.get(str(getattr(target.this, "name", target.this)))
    if function is None or target.expressions:
        known = "INTEGER, DOUBLE, TEXT, DATE and TIMESTAMP"
        raise Refused(f"CAST to {target.sql(dialect=RowSql)} is not available: {known} are", _position(node))
    return Call(function, (_read(node.this),))


# ---- operators


def _operator(function: str, *names: str) -> Callable[[Node], Expr]:
    """The operands under these names in the node, as arguments of a function."""

    def reader(node: Node) -> Expr:
        operands = [node.args.get(name) for name in names]
        call = Call(function, tuple(_read(_operand(operand)) for operand in operands if operand is not None))
        return Call("not", (call,)) if node.args.get("negate") else call

    return reader


def _operand(node: Node) -> Node:
    """What stands beside an operator; that it is a comparison itself is most often a mistake."""
    if type(node) in _TRUTHS:
        raise Refused(f"write parentheses around {_shown(node)}: comparisons do not chain", _position(node))
    return node


def _chain(function: str) -> Callable[[Node], Expr]:
    """A row of ANDs or ORs as a balanced tree, lest a long one be a deep one."""

    def reader(node: Node) -> Expr:
        kind, waiting, terms = type(node), [node], list[Expr]()
        while waiting:
            term = waiting.pop()
            if type(term) is kind:
                waiting += [term.expression, term.this]
            else:
                terms.append(_read(term))
        return _balanced(function, terms)

    return reader


def _balanced(function: str, terms: list[Expr]) -> Expr:
    if len(terms) == 1:
        return terms[0]
    middle = len(terms) // 2
    return Call(function, (_balanced(function, terms[:middle]), _balanced(function, terms[middle:])))


def _not(node: Node) -> Expr:
    return Call("not", (_read(node.this),))


def _parenthesis(node: Node) -> Expr:
    return _read(node.this)


def _between(node: Node) -> Expr:
    value, low, high = (_read(_operand(node.args[name])) for name in ("this", "low", "high"))
    within = Call("and", (Call(">=", (value, low)), Call("<=", (value, high))))
    return Call("not", (within,)) if node.args.get("negate") else within


def _in(node: Node) -> Expr:
    if not node.expressions:
        raise Refused("IN takes at least one value", _position(node))
    found = Call("in", (_read(_operand(node.this)), *(_read(each) for each in node.expressions)))
    return Call("not", (found,)) if node.args.get("negate") else found


def _is(node: Node) -> Expr:
    value, what = _read(_operand(node.this)), node.args["expression"]
    if isinstance(what, exp.Null):
        found = Call("is_null", (value,))
    elif isinstance(what, exp.Boolean):
        found = Call("coalesce", (value if what.this else Call("not", (value,)), Literal(False)))  # noqa: FBT003  # a constant
    else:
        raise Refused(f"{_shown(node)} is not available: IS takes NULL, TRUE or FALSE", _position(node))
    return Call("not", (found,)) if node.args.get("negate") else found


def _same(node: Node) -> Expr:
    """``IS NOT DISTINCT FROM``: equal, or both NULL."""
    left, right = _read(_operand(node.this)), _read(_operand(node.args["expression"]))
    both_null = Call("and", (Call("is_null", (left,)), Call("is_null", (right,))))
    return Call("coalesce", (Call("=", (left, right)), both_null))


def _distinct(node: Node) -> Expr:
    return Call("not", (_same(node),))


def _case(node: Node) -> Expr:
    operand = _read(node.this) if node.this is not None else None
    arguments: list[Expr] = []
    for branch in node.args["ifs"]:
        condition = _read(branch.this)
        arguments.append(condition if operand is None else Call("=", (operand, condition)))
        arguments.append(_read(branch.args["true"]))
    return Call("case", (*arguments, _otherwise(node.args.get("default"))))


def _if(node: Node) -> Expr:
    return Call("case", (_read(node.this), _read(node.args["true"]), _otherwise(node.args.get("false"))))


def _otherwise(node: Node | None) -> Expr:
    return Literal(None) if node is None else _read(node)


# ---- functions

_OTHER_NAMES: Mapping[str, str] = {
    "ceiling": "ceil",
    "char_length": "length",
    "character_length": "length",
    "len": "length",
    "ifnull": "coalesce",
    "substr": "substring",
    "startswith": "starts_with",
    "endswith": "ends_with",
    "regexp_matches": "regexp_like",
}
#: The functions that are called by their name; the others have a syntax of their own.
_CALLED = frozenset(
    name
    for name in FUNCTIONS
    if name.isidentifier()
    and not name.startswith("to_")
    and name not in {"and", "or", "not", "negate", "in", "is_null", "like", "ilike", "case"}
)


def _function(node: Node) -> Expr:
    written = node.this if isinstance(node.this, str) else node.this.name
    name = _OTHER_NAMES.get(written.lower(), written.lower())
    if name not in _CALLED or not isinstance(node.this, str):
        known = (*_CALLED, *_OTHER_NAMES)
        why = FUNCTION_HINTS.get(name, f"there is no function {written}{nearest(written, known).hint}")
        raise Refused(why, _position(node))
    return Call(name, tuple(_read(argument) for argument in node.expressions))


def _extract(node: Node) -> Expr:
    part = node.this.name.lower()
    if part not in {"year", "month", "day", "hour"}:
        raise Refused(f"EXTRACT({part} FROM ...) is not available: year, month, day and hour are")
    return Call(part, (_read(node.args["expression"]),))


# ---- the tables

_TWO = ("this", "expression")
_BINARY: Mapping[type[Node], str] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%", exp.DPipe: "||",
    exp.Like: "like", exp.ILike: "ilike", exp.RegexpLike: "regexp_like",
}  # fmt: skip
_READERS: tuple[tuple[type[Node], _Reader, str], ...] = (
    (exp.Anonymous, _function, "this expressions"),
    (exp.And, _chain("and"), "this expression"),
    (exp.Between, _between, "this low high negate"),
    (exp.Boolean, lambda node: Literal(bool(node.this)), "this"),
    (exp.Case, _case, "this ifs default"),
    (exp.Cast, _cast, "this to"),
    (exp.Column, _column, "this"),
    (exp.Extract, _extract, "this expression"),
    (exp.If, _if, "this true false"),
    (exp.In, _in, "this expressions negate"),
    (exp.Is, _is, "this expression negate"),
    (exp.Literal, _constant, "this is_string"),
    (exp.Neg, _negative, "this"),
    (exp.Not, _not, "this"),
    (exp.Null, lambda _: Literal(None), ""),
    (exp.NullSafeEQ, _same, "this expression"),
    (exp.NullSafeNEQ, _distinct, "this expression"),
    (exp.Or, _chain("or"), "this expression"),
    (exp.Paren, _parenthesis, "this"),
    (exp.TryCast, _try_cast, "this to"),
    *((kind, _operator(function, *_TWO), "this expression negate") for kind, function in _BINARY.items()),
)
#: How a kind of node is read, and the options of it that are understood.
_NODES: Mapping[type[Node], tuple[_Reader, frozenset[str]]] = {
    kind: (reader, frozenset(options.split())) for kind, reader, options in _READERS
}
_TRUTHS = frozenset(
    {kind for kind, function in _BINARY.items() if function not in {"+", "-", "*", "/", "%", "||"}}
    | {exp.And, exp.Or, exp.Not, exp.Between, exp.In, exp.Is, exp.NullSafeEQ, exp.NullSafeNEQ}
)


def _why_not(node: Node) -> str:
    name = type(node).__name__
    if name.startswith("Current"):
        return NO_CLOCK
    return NODE_HINTS.get(name, f"{_shown(node)} is not available")
