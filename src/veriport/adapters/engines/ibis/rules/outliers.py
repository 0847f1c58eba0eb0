"""Rules about a value among all values of its column: what they need of those, and then say of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from ibis.expr import types as ir

from veriport.adapters.engines.ibis.asking import Asking
from veriport.adapters.engines.ibis.rules import aggregates
from veriport.adapters.engines.ibis.rules.rowwise import Test, never
from veriport.adapters.engines.ibis.rules.values import number
from veriport.adapters.engines.ibis.views import View
from veriport.domain.rules.base import Rule
from veriport.domain.rules.spread import InterquartileRange, ZScore

_Near: TypeAlias = Callable[[ir.Value], ir.BooleanValue]


def _z_score(rule: ZScore, view: View) -> Asking[Test]:
    """Equal values get no deviation from a mean that was rounded, and a single value has none."""
    if view.untyped(rule.column):
        return never
    known = yield from aggregates.spread(rule, view)
    reach: float | None = None
    if known.count > 1 and not known.equal:
        (squares,) = yield from aggregates.moments(rule, view, known.mean, 2)
        reach = rule.threshold * (squares / (known.count - 1)) ** 0.5

    def near(value: ir.Value) -> ir.BooleanValue:
        return value == value if reach is None else (value - number(known.mean)).abs() <= number(reach)  # noqa: PLR0124  # TRUE, or null

    return _finite_and(rule, near)


def _iqr(rule: InterquartileRange, view: View) -> Asking[Test]:
    if view.untyped(rule.column):
        return never
    known = yield from aggregates.spread(rule, view)
    low, high = known.low, known.high
    if known.count:
        low = yield from aggregates.quantile(rule, view, known.count, 0.25, finite=True)
        high = yield from aggregates.quantile(rule, view, known.count, 0.75, finite=True)
    reach = rule.factor * (high - low)

    def inside(value: ir.Value) -> ir.BooleanValue:
        return (value >= number(low - reach)) & (value <= number(high + reach))

    return _finite_and(rule, inside)


def _finite_and(rule: ZScore | InterquartileRange, test: _Near) -> Test:
    def both(view: View) -> ir.BooleanValue:
        value = view.value(rule.column).expr.cast("float64")
        return view.dialect.is_finite(value) & test(value)

    return both


#: How each comes to its test.
OUTLIERS: Mapping[type[Rule], Callable[..., Asking[Test]]] = {
    ZScore: _z_score,
    InterquartileRange: _iqr,
}
