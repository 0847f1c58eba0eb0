"""What was found in batches of the rows, put together to what is true of all of them (ADR 0013)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from veriport.domain.measurements import Broken, Measurement, NotEvaluated, Outcome
from veriport.domain.rules.aggregates import Aggregate, Of
from veriport.domain.rules.base import Rule
from veriport.domain.rules.native import Native
from veriport.domain.rules.scalars import Scalar
from veriport.domain.rules.tables import RowCount
from veriport.domain.rules.times import Freshness
from veriport.domain.types import NUMERIC, Column, Family

_ALL = frozenset(Family)
#: Values made of a column that can be made of those of its parts, exactly, for columns of these families.
_MADE: Mapping[Of, frozenset[Family]] = {
    Of.NULL_COUNT: _ALL,
    Of.NULL_RATIO: _ALL,
    Of.MIN: NUMERIC,
    Of.MAX: NUMERIC,
    Of.SUM: frozenset({Family.INTEGER}),
}


def adds_up(rule: Rule, columns: Mapping[str, Column]) -> bool:
    """Whether what batches say of a rule can be put together to what the whole says.

    Rules about rows among each other (``unique``, ``monotonic``, outliers), distinct values, means and the
    like need all rows at once.
    """
    match rule:
        case Native():
            return False
        case Aggregate(of=of, column=name):
            return columns[name].dtype.family in _MADE.get(of, ())
        case Freshness():
            return True
    return rule.additive


def together(rule: Rule, found: Sequence[Outcome], samples: int) -> Outcome:
    """One outcome of those of batches, which are in reading order; the rule ``adds_up``.

    What broke in one batch is broken, what one could not evaluate is not evaluated.
    """
    for kind in (Broken, NotEvaluated):
        for outcome in found:
            if isinstance(outcome, kind):
                return outcome
    measured = [outcome for outcome in found if isinstance(outcome, Measurement)]
    shown = tuple(sample for each in measured for sample in each.samples)
    observed = _observed(rule, measured)
    return Measurement(
        checked=sum(each.checked for each in measured),
        failed=sum(each.failed for each in measured),
        observed=observed,
        samples=shown[:samples],
        note=next((each.note for each in measured if each.note and each.observed == observed), ""),
        remarks=tuple(dict.fromkeys(remark for each in measured for remark in each.remarks)),
    )


def _observed(rule: Rule, measured: Sequence[Measurement]) -> Scalar:
    match rule:
        case Aggregate(of=of):
            return _BY[of](measured)
        case Freshness():
            return _extreme(min)(measured)
        case RowCount():
            return _sum(measured)
    return None


def _values(measured: Iterable[Measurement]) -> list[Scalar]:
    return [each.observed for each in measured if each.observed is not None]


def _sum(measured: Sequence[Measurement]) -> Scalar:
    values = [value for value in _values(measured) if isinstance(value, int | float)]
    return sum(values) if values else None


def _ratio(measured: Sequence[Measurement]) -> Scalar:
    """Nulls per row. A ratio of small counts tells the count."""
    checked = sum(each.checked for each in measured)
    shares = [(each.observed, each.checked) for each in measured]
    nulls = sum(round(share * rows) for share, rows in shares if isinstance(share, int | float))
    return nulls / checked if checked else None


def _extreme(choose: Callable[..., Scalar]) -> Callable[[Sequence[Measurement]], Scalar]:
    def found(measured: Sequence[Measurement]) -> Scalar:
        values = _values(measured)
        if "nan" in values:
            return "nan"
        return choose(values, key=_number) if values else None

    return found


def _number(value: Scalar) -> float | int:
    """Infinities are reported as texts."""
    return value if isinstance(value, int | float) else float(str(value))


_BY: Mapping[Of, Callable[[Sequence[Measurement]], Scalar]] = {
    Of.NULL_COUNT: _sum,
    Of.NULL_RATIO: _ratio,
    Of.SUM: _sum,
    Of.MIN: _extreme(min),
    Of.MAX: _extreme(max),
}
