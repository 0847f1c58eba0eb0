"""Conditions of SQL Server, which has no type for them: bits where values stand, tests of bits elsewhere."""

from __future__ import annotations

from typing import Any

import sqlglot as sg
import sqlglot.expressions as sge

_CONDITIONS = (
    sge.EQ, sge.NEQ, sge.LT, sge.LTE, sge.GT, sge.GTE, sge.Is, sge.In, sge.Like, sge.Between, sge.Exists,
    sge.And, sge.Or, sge.Not, sge.Boolean,
)  # fmt: skip
#: Where a condition stands: under these, or under this word of theirs.
_TESTS = (sge.And, sge.Or, sge.Not, sge.Where, sge.Having)
_TESTED = ((sge.If, "this"), (sge.Join, "on"))


def as_bits(tree: sge.Expression) -> sge.Expression:
    """A query as SQL Server reads it; a condition that is not known stays so, as a bit that is null.

    Texts get the sign of Unicode, and what puts them together the sign that null passes.
    """
    root: Any = sge.Paren(this=tree)
    for node in reversed(list(root.walk(bfs=False))):  # parts before the whole
        if isinstance(node, sge.Literal) and node.is_string:
            node.replace(sge.National(this=node.this))
        elif isinstance(node, sge.DPipe):
            node.replace(sge.Add(this=node.this, expression=node.expression))
        elif isinstance(node, sge.Condition) and not isinstance(node, sge.Paren):
            _place(node)
    made: sge.Expression = root.this
    return made


def _place(node: sge.Expression) -> None:
    outer = node
    while isinstance(outer.parent, sge.Paren) and outer.parent.parent is not None:
        outer = outer.parent
    is_condition, tested = isinstance(node, _CONDITIONS), _is_tested(outer)
    if is_condition and not tested:
        outer.replace(_bit(node.copy()))
    elif tested and not is_condition:
        outer.replace(sge.EQ(this=sge.Paren(this=outer.copy()), expression=sge.convert(1)))


def _is_tested(node: sge.Expression) -> bool:
    parent = node.parent
    return isinstance(parent, _TESTS) or any(
        isinstance(parent, kind) and node.arg_key == word for kind, word in _TESTED
    )


def _bit(condition: sge.Expression) -> sge.Expression:
    match condition:
        case sge.Boolean():
            made: sge.Expression = sge.convert(int(condition.this))
        case sge.Is() | sge.Exists():
            made = sge.Case(ifs=[sge.If(this=condition, true=sge.convert(1))], default=sge.convert(0))
        case _:
            refuted = sge.If(this=sge.Not(this=sge.Paren(this=condition.copy())), true=sge.convert(0))
            made = sge.Case(ifs=[sge.If(this=condition, true=sge.convert(1)), refuted])
    return sg.cast(made, "BIT")
