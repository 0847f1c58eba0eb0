"""The state machine of a message, and how long it waits: every step, and laws of any sequence of steps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from returns.pipeline import is_successful

from veriport.domain.delivery import (
    STEPS,
    Delivery,
    Event,
    IllegalStep,
    Policy,
    State,
    lane_of,
    step,
)
from veriport.domain.results import Status

_NOON = datetime(2024, 1, 31, 12, tzinfo=UTC)


def _delivery(state: State = State.WAITING, **counts: int) -> Delivery:
    return Delivery(
        id="r-1:a",
        receiver="orders/a",
        lane="orders|a",
        run_id="r-1",
        checkpoint="orders",
        status=Status.FAILURE,
        occurred_at=_NOON,
        body="runs/r-1.json",
        queued_at=_NOON,
        deadline=_NOON + timedelta(hours=1),
        state=state,
        begun_at=_NOON if state is State.SENDING else None,
        **counts,  # type: ignore[arg-type]  # counts
    )


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Event)
def test_only_what_the_table_allows_happens(state: State, event: Event) -> None:
    stepped = step(_delivery(state, attempts=1), event, _NOON)
    if (state, event) in STEPS:
        assert stepped.unwrap().state is STEPS[state, event]
    else:
        assert stepped.failure() == IllegalStep(state, event)


def test_an_illegal_step_says_so() -> None:
    assert str(IllegalStep(State.DELIVERED, Event.BEGIN)) == "a message that is delivered cannot be begin"


def test_every_state_but_the_first_is_reached_and_only_delivered_is_final() -> None:
    assert set(STEPS.values()) == set(State)
    assert {state for state, _ in STEPS} == set(State) - {State.DELIVERED}


@pytest.mark.parametrize(
    ("events", "attempts", "ambiguous", "deaths", "failures"),
    [
        ([Event.BEGIN], 1, 0, 0, 0),
        ([Event.BEGIN, Event.TAKEN], 1, 0, 0, 0),
        ([Event.BEGIN, Event.BEGIN], 2, 1, 1, 0),
        ([Event.BEGIN, Event.BEGIN, Event.BEGIN], 3, 2, 2, 0),
        ([Event.BEGIN, Event.BEGIN, Event.FAILED], 2, 1, 0, 1),
        ([Event.BEGIN, Event.UNKNOWN], 1, 1, 0, 1),
        ([Event.BEGIN, Event.UNSENT], 0, 0, 0, 0),
        ([Event.BEGIN, Event.FAILED, Event.BEGIN, Event.FAILED], 2, 0, 0, 2),
        ([Event.BEGIN, Event.POISONED], 1, 1, 0, 0),
        ([Event.EXPIRED], 0, 0, 0, 0),
        ([Event.BEGIN, Event.UNKNOWN, Event.BEGIN, Event.REFUSED, Event.RETRY], 2, 1, 0, 0),
    ],
)
def test_what_is_counted(
    events: list[Event], attempts: int, ambiguous: int, deaths: int, failures: int
) -> None:
    delivery = _delivery()
    for event in events:
        delivery = step(delivery, event, _NOON).unwrap()
    counted = (delivery.attempts, delivery.ambiguous, delivery.deaths, delivery.failures)
    assert counted == (attempts, ambiguous, deaths, failures)


def test_the_reason_is_that_of_the_last_trouble() -> None:
    failed = step(_delivery(State.SENDING, attempts=1), Event.FAILED, _NOON, "busy").unwrap()
    assert failed.reason == "busy"
    assert step(failed, Event.BEGIN, _NOON).unwrap().reason == "busy"


@given(st.lists(st.sampled_from(Event), max_size=40))
def test_laws_of_any_sequence(events: list[Event]) -> None:
    """No attempt is forgotten, only attempts are ambiguous, and what is delivered stays so."""
    delivery, began, over = _delivery(), 0, False
    for event in events:
        stepped = step(delivery, event, _NOON)
        if not is_successful(stepped):
            continue
        assert not over
        delivery = stepped.unwrap()
        began += (event is Event.BEGIN) - (event is Event.UNSENT)
        over = delivery.state is State.DELIVERED
        assert delivery.attempts == began
        assert 0 <= delivery.ambiguous <= max(delivery.attempts, 0) + (delivery.state is State.SENDING)
        assert (delivery.begun_at is not None) == (delivery.state is State.SENDING)


def test_a_message_is_what_the_receiver_is_told() -> None:
    message = _delivery().message({"a": 1})
    assert (message.id, message.receiver, message.body) == ("r-1:a", "orders/a", {"a": 1})


# --- waiting --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failures", "chance", "retry_after", "seconds"),
    [
        (1, 0.0, None, 2),
        (2, 0.0, None, 4),
        (1, 1.0, None, 1),
        (8, 0.0, None, 256),
        (9, 0.0, None, 300),
        (100_000, 0.0, None, 300),
        (1, 0.0, 7, 7),
        (8, 0.0, 7, 256),
        (1, 0.0, 10**9, 86_400),
    ],
)
def test_waits_double_up_to_a_limit_and_never_end_before_the_receiver_wants(
    failures: int, chance: float, retry_after: float | None, seconds: float
) -> None:
    assert Policy().wait(failures, chance, retry_after) == timedelta(seconds=seconds)


@given(st.integers(1, 10**6), st.floats(0, 1), st.none() | st.floats(0, 10**6))
def test_no_wait_is_shorter_than_half_of_the_base_or_longer_than_a_day(
    failures: int, chance: float, retry_after: float | None
) -> None:
    policy = Policy()
    wait = policy.wait(failures, chance, retry_after).total_seconds()
    assert policy.base / 2 <= wait <= max(policy.cap, 86_400)
    assert retry_after is None or wait >= min(retry_after, 86_400) - 1e-6  # a time has microseconds


def test_a_message_ends_at_its_deadline() -> None:
    delivery = _delivery(attempts=3)
    late = delivery.deadline
    assert Policy().end_of(delivery, late - timedelta(microseconds=1)) is None
    assert Policy().end_of(delivery, late) == (Event.EXPIRED, "not delivered in time, 3 attempts")
    said = Policy().end_of(evolve(delivery, reason="busy", attempts=1), late)
    assert said == (Event.EXPIRED, "not delivered in time, 1 attempt: busy")


@pytest.mark.parametrize(
    ("state", "deaths", "poison"),
    [
        (State.WAITING, 4, False),
        (State.WAITING, 5, True),
        (State.SENDING, 3, False),
        (State.SENDING, 4, True),
    ],
)
def test_a_message_whose_senders_die_is_poison(state: State, deaths: int, poison: bool) -> None:
    end = Policy().end_of(_delivery(state, deaths=deaths), _NOON)
    assert end == ((Event.POISONED, "whoever sent it died, 5 attempts in a row") if poison else None)


# --- lanes ----------------------------------------------------------------------------------------


def test_a_receiver_has_one_lane_unless_it_wants_more() -> None:
    assert {lane_of("orders", f"r-{number}", 1) for number in range(20)} == {"orders"}
    lanes = {lane_of("orders", f"r-{number}", 4) for number in range(100)}
    assert lanes == {f"orders|{place}" for place in range(4)}


def test_lanes_of_different_receivers_differ() -> None:
    names = ["a/b", "a|b", "a|0", "a-b", "a", "é", "x" * 300, "x" * 301, "\ud800", "", "A"]
    lanes = {lane_of(name, key, lanes) for name in names for key in map(str, range(20)) for lanes in (1, 2)}
    assert len(lanes) == 3 * len(names)
    assert not any("/" in lane for lane in lanes)
