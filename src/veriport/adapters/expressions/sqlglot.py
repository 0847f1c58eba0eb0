"""Reads SQL conditions with sqlglot, the way of ``veriport.ports.expressions.ExpressionParser``.

``signs`` looks at the signs of the text before sqlglot does, for what its tree no longer shows.
``nodes`` turns the tree that sqlglot makes into ours, by an allow-list.
"""

from __future__ import annotations

from returns.result import Failure, Result, Success

from veriport.adapters.expressions.refusals import Refused
from veriport.adapters.expressions.signs import check_signs
from veriport.domain.conditions import MAX_DEPTH, objection
from veriport.domain.expressions import Expr
from veriport.domain.failures import InvalidExpression


def parse(text: str) -> Result[Expr, InvalidExpression]:
    """See ``veriport.ports.expressions.ExpressionParser``."""
    from veriport.adapters.expressions.nodes import read  # noqa: PLC0415  # sqlglot takes 100 ms to import

    try:
        check_signs(text)
        expression = read(text)
    except Refused as refused:
        return Failure(InvalidExpression(text, refused.why, refused.position))
    except RecursionError:
        return Failure(InvalidExpression(text, f"more than {MAX_DEPTH} operations inside each other"))
    reason = objection(expression)
    return Success(expression) if reason is None else Failure(InvalidExpression(text, reason))
