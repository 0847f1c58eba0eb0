"""The port that reads SQL conditions."""

from __future__ import annotations

from typing import Protocol

from returns.result import Result

from veriport.domain.expressions import Expr
from veriport.domain.failures import InvalidExpression


class ExpressionParser(Protocol):
    """Reads the text of a SQL condition into the tree of ``veriport.domain.expressions``."""

    def __call__(self, text: str) -> Result[Expr, InvalidExpression]:
        """The tree of one condition over one row.

        ``Failure`` for what does not parse, for more than one statement, and for everything outside
        the dialect: queries, aggregates, windows, parameters, unknown functions. Never evaluates
        anything and never raises for any text.
        """
        ...
