"""What a sample of the rows tells of a rule about all of them.

A sample may miss the rows that break a rule, so that a pass is of the sample alone. Beyond that it says one
of three: a failure that is certain, since the whole has the rows that make it; an estimate; or nothing, and
then the rule is not evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from veriport.domain.measurements import Measurement, NotEvaluated, Outcome
from veriport.domain.rules.aggregates import Aggregate, Correlation, DistinctSet, ModeInSet, Of, Relation
from veriport.domain.rules.base import Rule
from veriport.domain.rules.native import Native
from veriport.domain.rules.references import RowCountMatch
from veriport.domain.rules.scalars import Scalar
from veriport.domain.rules.spread import InterquartileRange, ZScore
from veriport.domain.rules.tables import RowCount
from veriport.domain.rules.times import Freshness

_WHOLE = frozenset({Of.SUM, Of.NULL_COUNT, Of.DISTINCT_COUNT, Of.DISTINCT_RATIO})
#: What the other rows can only move one way, by how a sample falls short of a bound that they may reach.
_ENDS: Mapping[Of, Callable[[Aggregate, Scalar], bool]] = {Of.MIN: Aggregate.above, Of.MAX: Aggregate.below}


def untold(rule: Rule) -> str | None:
    """Why a sample says nothing of a rule, whatever is in it; ``None`` where it says something.

    Counts, sums, values that must occur and the newest time are about all rows.
    """
    match rule:
        case RowCount() | RowCountMatch():
            return "a sample does not tell how many rows there are"
        case Aggregate(of=of) if of in _WHOLE:
            return f"a sample does not tell the {of.value} of all rows"
        case DistinctSet(relation=relation) if relation is not Relation.SUBSET:
            return "a value that is not in a sample may be in the other rows"
        case Freshness():
            return "the newest time may not be in a sample"
        case Native():
            return "nobody knows what a sample says of a native rule"
    return None


def told(rule: Rule, outcome: Outcome) -> Outcome:
    """What the outcome of a sample says of all rows.

    A greatest value below the low end, or a least one above the high end, says nothing: that of the other
    rows may reach it.
    """
    if not isinstance(outcome, Measurement) or not isinstance(rule, Aggregate) or rule.of not in _ENDS:
        return outcome
    if not _ENDS[rule.of](rule, rule.read(outcome.observed)):
        return outcome
    return NotEvaluated(f"the {rule.of.value} of all rows may not be in a sample")


def estimated(rule: Rule) -> bool:
    """Whether what a sample says of a rule, a failure too, is an estimate.

    That is a value made of all rows other than the least and the greatest, what is an outlier by such values,
    and the share of rows that break a rule with ``mostly``.
    """
    match rule:
        case Aggregate(of=of):
            return of not in _ENDS
        case Correlation() | ModeInSet() | ZScore() | InterquartileRange():
            return True
    return rule.share < 1
