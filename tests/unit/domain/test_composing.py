"""Orders of chains and verdicts of several engines, as tables and as laws."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veriport.domain.composing import Draw, Strategy, Voting, differ, order, verdict
from veriport.domain.results import RuleStatus
from veriport.domain.types import Column, DataType, Family

P, F, E, N = RuleStatus.PASSED, RuleStatus.FAILED, RuleStatus.ERROR, RuleStatus.NOT_EVALUATED


@pytest.mark.parametrize(
    ("strategy", "draw", "expected"),
    [
        ("fallback", Draw(turn=1), (0, 1, 2)),
        ("first_available", Draw(turn=1), (0, 1, 2)),
        ("round_robin", Draw(turn=0), (0, 1, 2)),
        ("round_robin", Draw(turn=4), (1, 2, 0)),
        ("random", Draw(chances=(0.2, 0.9, 0.5)), (1, 2, 0)),
        ("priority", Draw(numbers=(1, 10, 5)), (1, 2, 0)),
        ("priority", Draw(numbers=(1, 2, 2)), (1, 2, 0)),
        ("weighted", Draw(chances=(0.5, 0.5, 0.5), numbers=(1, 3, 2)), (1, 2, 0)),
        ("weighted", Draw(chances=(0.1, 0.9, 0.999), numbers=(1, 1, 0)), (1, 0, 2)),
    ],
)
def test_each_strategy_has_its_order(strategy: str, draw: Draw, expected: tuple[int, ...]) -> None:
    assert order(Strategy(strategy), 3, draw) == expected


@given(
    strategy=st.sampled_from(Strategy),
    engines=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.floats(0, 100)), min_size=1, max_size=6),
    turn=st.integers(0, 100),
)
def test_every_order_has_each_engine_once(
    strategy: Strategy, engines: list[tuple[float, float]], turn: int
) -> None:
    chances, numbers = zip(*engines, strict=True)
    draw = Draw(turn=turn, chances=chances, numbers=() if strategy is Strategy.RANDOM else numbers)
    assert sorted(order(strategy, len(engines), draw)) == list(range(len(engines)))


def test_round_robin_begins_with_each_equally_often() -> None:
    firsts = [order(Strategy.ROUND_ROBIN, 3, Draw(turn=turn))[0] for turn in range(9)]
    assert [firsts.count(place) for place in range(3)] == [3, 3, 3]


def test_weights_are_how_often_an_engine_comes_first() -> None:
    chance = random.Random(1).random  # noqa: S311  # a seed, no secret
    draws = [Draw(chances=(chance(), chance()), numbers=(1, 3)) for _ in range(1500)]
    share = sum(order(Strategy.WEIGHTED, 2, draw)[0] for draw in draws) / len(draws)
    assert abs(share - 0.75) < 0.08


TABLE = [
    # said            merge worst best majority consensus strict lenient
    ((P, P, P),       (P, P, P, P, P, P, P)),
    ((F, F, F),       (F, F, F, F, F, F, F)),
    ((P, P, F),       (P, F, P, P, None, F, P)),
    ((F, P, P),       (F, F, P, P, None, F, P)),
    ((P, F),          (P, F, P, None, None, F, P)),
    ((E, P, P),       (P, E, P, P, None, E, P)),
    ((E, F),          (F, E, F, None, None, E, E)),
    ((P, E),          (P, E, P, None, None, E, P)),
    ((E, E),          (E, E, E, E, E, E, E)),
    ((N, P),          (P, P, P, P, P, N, P)),
    ((N, F, F),       (F, F, F, F, F, F, F)),
    ((N, E),          (E, E, E, E, E, E, E)),
    ((N, N),          (N, N, N, N, N, N, N)),
    ((P,),            (P, P, P, P, P, P, P)),
]  # fmt: skip
VOTINGS = ("merge", "worst", "best", "majority", "consensus", "strict_all", "lenient_any")


@pytest.mark.parametrize(
    ("said", "voting", "expected"),
    [
        (said, voting, result)
        for said, results in TABLE
        for voting, result in zip(VOTINGS, results, strict=True)
    ],
)
def test_each_voting_has_its_table(
    said: tuple[RuleStatus, ...], voting: str, expected: RuleStatus | None
) -> None:
    assert verdict(Voting(voting), said) is expected


@pytest.mark.parametrize(
    ("said", "weights", "expected"),
    [
        ((P, F, F), (3, 1, 1), P),
        ((P, F, F), (2, 1, 1), None),
        ((P, F, F), (1, 1, 1), F),
        ((N, F, P), (9, 1, 2), P),
        ((P, F), (0, 1), F),
    ],
)
def test_weights_count_among_those_who_speak(
    said: tuple[RuleStatus, ...], weights: tuple[float, ...], expected: RuleStatus | None
) -> None:
    assert verdict(Voting.WEIGHTED, said, weights) is expected


_said = st.lists(st.sampled_from(RuleStatus), min_size=1, max_size=6)


@given(voting=st.sampled_from(Voting), said=_said)
def test_a_verdict_is_one_that_somebody_gave(voting: Voting, said: list[RuleStatus]) -> None:
    assert verdict(voting, said) in {*said, None}


@given(voting=st.sampled_from(Voting), status=st.sampled_from(RuleStatus), size=st.integers(1, 6))
def test_what_all_say_is_what_they_come_to(voting: Voting, status: RuleStatus, size: int) -> None:
    assert verdict(voting, [status] * size) is status


@given(
    voting=st.sampled_from([each for each in Voting if each is not Voting.MERGE]), data=st.data(), said=_said
)
def test_who_says_it_does_not_matter_unless_merged(
    voting: Voting, data: st.DataObject, said: list[RuleStatus]
) -> None:
    assert verdict(voting, data.draw(st.permutations(said))) is verdict(voting, said)


@given(said=_said, more=st.sampled_from(RuleStatus))
def test_another_voice_makes_the_worst_no_better_and_the_best_no_worse(
    said: list[RuleStatus], more: RuleStatus
) -> None:
    badness = [P, F, E]
    for voting, sign in ((Voting.WORST, 1), (Voting.BEST, -1)):
        before, after = verdict(voting, said), verdict(voting, [*said, more])
        if before in badness and after in badness:
            assert sign * badness.index(after) >= sign * badness.index(before)


def _column(name: str, family: Family, dtype: str, *, untyped: bool = False) -> Column:
    return Column(name, DataType(family, dtype), untyped=untyped)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (_column("x", Family.INTEGER, "int64"), None),
        (_column("x", Family.INTEGER, "int32"), None),
        (_column("y", Family.INTEGER, "int64"), "it sees other columns"),
        (_column("x", Family.STRING, "string"), "it sees column 'x' as string and not as int64"),
        (
            _column("x", Family.INTEGER, "int64", untyped=True),
            "it sees column 'x' as untyped int64 and not as int64",
        ),
    ],
)
def test_columns_differ_by_name_and_kind(other: Column, why: str | None) -> None:
    assert differ([_column("x", Family.INTEGER, "int64")], [other]) == why
