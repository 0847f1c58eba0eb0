"""Several engines for one check: in which order a chain asks them, and what several of them say together.

Everything is pure: whose turn it is and chance are arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from attrs import field, frozen

from veriport.domain.results import RuleStatus
from veriport.domain.types import Column


class Strategy(StrEnum):
    """Which engine of a chain is asked first, and which after it."""

    FALLBACK = "fallback"  #: in their order
    FIRST_AVAILABLE = (
        "first_available"  #: in their order, until one opens the data; that one has the last word
    )
    ROUND_ROBIN = "round_robin"  #: each check begins with the next one
    RANDOM = "random"  #: by chance, each alike
    PRIORITY = "priority"  #: the greatest number first
    WEIGHTED = "weighted"  #: by chance, each as often as its number is greater; 0 comes last


@frozen(kw_only=True)
class Draw:
    """What an order is made of: how often the chain was asked, chance from 0 to 1 and a number an engine."""

    turn: int = 0
    chances: Sequence[float] = field(factory=tuple)
    numbers: Sequence[float] = field(factory=tuple)


def order(strategy: Strategy, size: int, draw: Draw) -> tuple[int, ...]:
    """The places of ``size`` engines in the order in which they are asked, each once."""
    return tuple(_ORDERS[strategy](size, draw))


def _as_they_stand(size: int, _: Draw) -> Sequence[int]:
    return range(size)


def _in_turn(size: int, draw: Draw) -> Sequence[int]:
    return [(draw.turn + place) % size for place in range(size)]


def _greatest_first(size: int, draw: Draw) -> Sequence[int]:
    return sorted(range(size), key=lambda place: -draw.numbers[place])


def _by_chance(size: int, draw: Draw) -> Sequence[int]:
    """Without numbers each is as likely. The draw without replacement of Efraimidis and Spirakis."""
    weights = draw.numbers or [1.0] * size
    drawn = zip(draw.chances, weights, strict=True)
    key = [chance ** (1 / weight) if weight else -1.0 for chance, weight in drawn]
    return sorted(range(size), key=lambda place: -key[place])


_ORDERS: Mapping[Strategy, Callable[[int, Draw], Sequence[int]]] = {
    Strategy.FALLBACK: _as_they_stand,
    Strategy.FIRST_AVAILABLE: _as_they_stand,
    Strategy.ROUND_ROBIN: _in_turn,
    Strategy.RANDOM: _by_chance,
    Strategy.PRIORITY: _greatest_first,
    Strategy.WEIGHTED: _by_chance,
}
#: Strategies that need a number an engine, by the option that gives it.
NUMBERS: Mapping[Strategy, str] = {Strategy.PRIORITY: "priorities", Strategy.WEIGHTED: "weights"}


def differ(left: Sequence[Column], right: Sequence[Column]) -> str | None:
    """Why rules that were bound to the columns ``left`` cannot be measured on ``right``, or ``None``.

    Widths may differ, kinds of values may not: engines read the same file into other widths.
    """
    if [column.name for column in left] != [column.name for column in right]:
        return "it sees other columns"
    for mine, other in zip(left, right, strict=True):
        if _kind(mine) != _kind(other):
            return f"it sees column {other.name!r} as {_said(other)} and not as {_said(mine)}"
    return None


def _said(column: Column) -> str:
    return f"untyped {column.dtype.name}" if column.untyped else column.dtype.name


def _kind(column: Column) -> tuple[object, ...]:
    return column.dtype.family, column.dtype.zoned, column.untyped


class Voting(StrEnum):
    """What the verdicts of several engines on one rule come to. An engine that cannot evaluate it is silent.

    Where all are silent the rule is not evaluated, whatever the voting.
    """

    MERGE = "merge"  #: the first that measured it; the others fill the gaps
    WORST = "worst"  #: an error before a failure before a pass
    BEST = "best"  #: a pass before a failure before an error
    MAJORITY = "majority"  #: what more than half say; else an error
    WEIGHTED = "weighted"  #: what has more than half of the weight; else an error
    CONSENSUS = "consensus"  #: what all say; else an error
    STRICT_ALL = "strict_all"  #: a pass only if all pass it, none silent
    LENIENT_ANY = "lenient_any"  #: a pass if one passes it; else the worst


_PASSED, _FAILED = RuleStatus.PASSED, RuleStatus.FAILED
_ERROR, _SILENT = RuleStatus.ERROR, RuleStatus.NOT_EVALUATED
_WORST_FIRST = (_ERROR, _FAILED, _SILENT, _PASSED)
_BEST_FIRST = (_PASSED, _FAILED, _ERROR, _SILENT)


def verdict(voting: Voting, said: Sequence[RuleStatus], weights: Sequence[float] = ()) -> RuleStatus | None:
    """What ``said``, one status an engine, comes to; ``None`` where they come to no verdict."""
    each = zip(said, weights or [1.0] * len(said), strict=True)
    spoken = [(status, weight) for status, weight in each if status is not _SILENT]
    if not spoken:
        return _SILENT
    if voting is Voting.STRICT_ALL:
        return next(status for status in _WORST_FIRST if status in said)
    return _VERDICTS[voting](spoken)


_Spoken = Sequence[tuple[RuleStatus, float]]


def _first(*wanted: RuleStatus) -> Callable[[_Spoken], RuleStatus | None]:
    def found(spoken: _Spoken) -> RuleStatus | None:
        return next((status for status in wanted if status in dict(spoken)), None)

    return found


def _first_measured(spoken: _Spoken) -> RuleStatus | None:
    return next((status for status, _ in spoken if status is not _ERROR), _ERROR)


def _more_than_half(spoken: _Spoken) -> RuleStatus | None:
    whole = sum(weight for _, weight in spoken)
    shares = {status: sum(weight for each, weight in spoken if each is status) for status, _ in spoken}
    return next((status for status, share in shares.items() if 2 * share > whole), None)


def _unweighted(spoken: _Spoken) -> RuleStatus | None:
    return _more_than_half([(status, 1.0) for status, _ in spoken])


def _unanimous(spoken: _Spoken) -> RuleStatus | None:
    statuses = {status for status, _ in spoken}
    return statuses.pop() if len(statuses) == 1 else None


def _any_pass(spoken: _Spoken) -> RuleStatus | None:
    return _PASSED if _PASSED in dict(spoken) else _first(*_WORST_FIRST)(spoken)


_VERDICTS: Mapping[Voting, Callable[[_Spoken], RuleStatus | None]] = {
    Voting.MERGE: _first_measured,
    Voting.WORST: _first(*_WORST_FIRST),
    Voting.BEST: _first(*_BEST_FIRST),
    Voting.MAJORITY: _unweighted,
    Voting.WEIGHTED: _more_than_half,
    Voting.CONSENSUS: _unanimous,
    Voting.LENIENT_ANY: _any_pass,
}
