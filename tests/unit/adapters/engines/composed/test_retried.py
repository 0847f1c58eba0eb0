"""What may go better is tried again, in time and not for ever."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.adapters.engines.composed.fakes import (
    FRAME,
    NOT_NULL,
    Playing,
    always,
    check,
    failing,
    playing,
)
from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.engines.composed.retried import RetriedEngine
from veriport.adapters.telemetry.memory import MemoryTelemetry
from veriport.domain.breaking import Circuit
from veriport.domain.errors import ConfigurationError
from veriport.ports.errors import ContractViolation, DataError, TransientError

LATER = TransientError("busy")


def retried(inner: Playing, **how: Any) -> RetriedEngine:  # noqa: ANN401  # what the fields are
    return RetriedEngine(inner, **{"clock": FrozenClock(), "chance": lambda: 0.0, **how})


@pytest.mark.parametrize("where", ["opening", "measuring"])
def test_what_fails_twice_is_done_at_the_third_attempt(where: str) -> None:
    clock, telemetry = FrozenClock(), MemoryTelemetry()
    engine = retried(playing("x", **{where: failing(LATER, LATER)}), clock=clock, telemetry=telemetry)
    result = check(engine, FRAME, NOT_NULL)
    assert result.failed_count == 1
    assert clock.monotonic() == 0.5 + 1.0
    what = "opened the data" if where == "opening" else "answered"
    assert result.notes == (f"x {what} at attempt 3",)
    assert [event.attributes["attempt"] for event in telemetry.events] == [1, 2]


def test_the_last_attempt_raises() -> None:
    inner = Playing(measuring=always(LATER))
    with pytest.raises(TransientError, match="busy"):
        check(retried(inner), FRAME, NOT_NULL)
    assert inner.asked.count("measure") == 3


@pytest.mark.parametrize("error", [DataError("torn"), ConfigurationError("no"), KeyError("bug")], ids=str)
def test_nothing_else_is_tried_again(error: Exception) -> None:
    inner = Playing(measuring=always(error))
    with pytest.raises(ContractViolation if isinstance(error, KeyError) else type(error)):
        check(retried(inner), FRAME, NOT_NULL)
    assert inner.asked.count("measure") == 1


def test_an_engine_that_names_a_time_is_not_asked_before() -> None:
    clock = FrozenClock()
    inner = Playing(measuring=failing(TransientError("busy", retry_after_seconds=20)))
    check(retried(inner, clock=clock), FRAME, NOT_NULL)
    assert clock.monotonic() == 20


@pytest.mark.parametrize("where", ["opening", "measuring"])
def test_an_engine_that_does_not_answer_is_left_alone_and_found_again(where: str) -> None:
    clock, telemetry = FrozenClock(), MemoryTelemetry()
    inner = playing("x", **{where: failing(LATER, LATER)})
    engine = retried(inner, clock=clock, telemetry=telemetry, attempts=1, threshold=2, rest_seconds=60)
    circuits = []
    for _ in range(2):
        circuits.append(engine.circuit)
        with pytest.raises(TransientError, match="busy"):
            check(engine, FRAME, NOT_NULL)
    assert [*circuits, engine.circuit] == [Circuit.CLOSED, Circuit.CLOSED, Circuit.OPEN]
    assert telemetry.events[-1].name == "engine.breaker"
    clock.advance(10)
    with pytest.raises(TransientError, match="left alone, it failed again and again: busy") as raised:
        check(engine, FRAME, NOT_NULL)
    assert raised.value.retry_after_seconds == 50
    assert inner.asked.count("open") == 2
    clock.advance(50)
    assert check(engine, FRAME, NOT_NULL).failed_count == 1
    assert engine.circuit.value == "closed"


@pytest.mark.parametrize(
    "how", [{"attempts": 0}, {"base_seconds": 9, "cap_seconds": 1}, {"rest_seconds": -1}]
)
def test_what_cannot_be_meant_is_refused(how: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        retried(Playing(), **how)
