"""What a sample of the rows tells of a rule about all of them."""

from __future__ import annotations

from veriport.domain.rules.aggregates import Aggregate, DistinctSet, Of, Relation
from veriport.domain.rules.base import Rule
from veriport.domain.rules.native import Native
from veriport.domain.rules.references import RowCountMatch
from veriport.domain.rules.tables import RowCount
from veriport.domain.rules.times import Freshness

_WHOLE = frozenset({Of.SUM, Of.NULL_COUNT, Of.DISTINCT_COUNT, Of.DISTINCT_RATIO})


def untold(rule: Rule) -> str | None:
    """Why a sample says nothing of a rule, or ``None`` where it says something.

    A sample may miss the rows that break a rule. It must not break a rule that the whole keeps: counts,
    sums, values that must occur and the newest time are about all rows.
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
