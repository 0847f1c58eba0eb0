"""The life of an engine, and breakers, as tables and as laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from returns.pipeline import is_successful

from veriport.domain.breaking import Breaker, Circuit
from veriport.domain.lifecycle import STEPS, EngineState, LifeEvent, step

S, L = EngineState, LifeEvent


@pytest.mark.parametrize("state", EngineState)
@pytest.mark.parametrize("event", LifeEvent)
def test_what_no_step_allows_is_refused_and_told(state: EngineState, event: LifeEvent) -> None:
    done = step(state, event)
    assert is_successful(done) is ((state, event) in STEPS)
    if not is_successful(done):
        assert str(done.failure()) == f"an engine that is {state.value} cannot {event.value}"


def test_a_life_from_birth_to_death_and_again() -> None:
    state = S.CREATED
    for event, after in (
        (L.START, S.STARTING), (L.STARTED, S.RUNNING), (L.STOP, S.STOPPING), (L.STOPPED, S.STOPPED),
        (L.START, S.STARTING), (L.FAIL, S.FAILED), (L.STOP, S.STOPPING), (L.FAIL, S.FAILED), (L.START, S.STARTING),
    ):  # fmt: skip
        state = step(state, event).unwrap()
        assert state is after


def test_every_state_is_reached_and_none_is_a_trap() -> None:
    assert {S.CREATED, *STEPS.values()} == set(EngineState)
    assert {state for state, _ in STEPS} == set(EngineState)


def test_failures_in_a_row_open_a_breaker_and_one_answer_closes_it() -> None:
    breaker = Breaker(threshold=2, rest_seconds=10)
    once = breaker.failed(0)
    assert once.state(0) is Circuit.CLOSED
    twice = once.failed(1)
    assert [twice.state(now) for now in (1, 10.9, 11)] == [Circuit.OPEN, Circuit.OPEN, Circuit.HALF_OPEN]
    assert (twice.patience(4), twice.patience(99)) == (7, 0)
    trying = twice.begun(11)
    assert trying.state(11) is Circuit.OPEN  # for all others
    assert trying.answered() == breaker
    again = trying.failed(12)
    assert [again.state(now) for now in (12, 21, 22)] == [Circuit.OPEN, Circuit.OPEN, Circuit.HALF_OPEN]
    assert once.answered().failed(2).state(2) is Circuit.CLOSED


@given(st.lists(st.booleans(), max_size=12), st.integers(1, 4))
def test_a_breaker_is_open_after_so_many_failures_in_a_row_and_not_before(
    answers: list[bool], threshold: int
) -> None:
    breaker, row = Breaker(threshold=threshold, rest_seconds=1), 0
    for now, answered in enumerate(answers):
        if breaker.state(now) is Circuit.OPEN:
            break
        breaker = breaker.begun(now)
        breaker = breaker.answered() if answered else breaker.failed(now)
        row = 0 if answered else row + 1
        assert (breaker.state(now) is not Circuit.CLOSED) is (row >= threshold)
