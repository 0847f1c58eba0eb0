"""An observed engine tells what happens and is disturbed by nobody who listens."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.unit.adapters.engines.composed.fakes import (
    FRAME,
    NOT_NULL,
    UNIQUE,
    Playing,
    always,
    check,
    playing,
)
from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.engines.composed.instrumented import InstrumentedEngine
from veriport.adapters.engines.polars import PolarsEngine
from veriport.adapters.telemetry.memory import MemoryTelemetry
from veriport.domain.datasets import Handle
from veriport.ports.errors import DataError


def test_spans_events_and_sums_tell_what_was_done() -> None:
    clock, telemetry = FrozenClock(), MemoryTelemetry()
    engine = InstrumentedEngine(
        Playing(measuring=lambda: clock.advance(2)), telemetry=telemetry, monotonic=clock.monotonic
    )
    assert check(engine, FRAME, NOT_NULL, UNIQUE).failed_count == 2
    assert [span.name for span in telemetry.spans] == ["engine.open", "engine.measure"]
    opened, measured = telemetry.events
    about = {"engine": "playing", "dataset": "polars.DataFrame"}
    assert (opened.name, dict(opened.attributes)) == ("engine.opened", about)
    assert measured.name == "engine.measured"
    assert dict(measured.attributes) == {
        **about, "rows": 4, "rules": 2, "broken": 0, "not_evaluated": 0, "scans": None, "bytes_read": None,
        "seconds": 2.0,
    }  # fmt: skip
    assert engine.statistics.as_dict() == {
        "opened": 1, "measured": 1, "rows": 4, "rules": 2, "broken": 0, "not_evaluated": 0, "seconds": 2.0,
    }  # fmt: skip


@pytest.mark.parametrize("where", ["opening", "measuring"])
def test_an_exception_passes_through_and_is_told_without_its_words(where: str) -> None:
    telemetry = MemoryTelemetry()
    inner = playing("inner", **{where: always(DataError("the secret"))})
    engine = InstrumentedEngine(inner, telemetry=telemetry)
    with pytest.raises(DataError, match="secret"):
        check(engine, FRAME, NOT_NULL)
    failed = telemetry.events[-1]
    assert (failed.name, failed.attributes["error"]) == ("engine.failed", "DataError")
    assert telemetry.spans[-1].error == "DataError"
    assert engine.statistics["failed"] == 1
    assert "secret" not in str(telemetry.events)


def test_hooks_hear_everything_and_break_nothing() -> None:
    heard: list[str] = []
    telemetry = MemoryTelemetry()

    def broken(name: str, attributes: Mapping[str, object]) -> None:
        raise RuntimeError(name, attributes)

    def hear(name: str, _: Mapping[str, object]) -> None:
        heard.append(name)

    hooks = (broken, hear)
    engine = InstrumentedEngine(PolarsEngine(), telemetry=telemetry, hooks=hooks)
    assert check(engine, FRAME, NOT_NULL).failed_count == 1
    assert heard == ["engine.opened", "engine.measured"]
    assert [
        event.attributes.get("about") for event in telemetry.events if event.name == "engine.hook_failed"
    ] == heard
    assert check(InstrumentedEngine(PolarsEngine(), hooks=hooks), FRAME, NOT_NULL).failed_count == 1


def test_the_inner_table_is_closed_with_the_exception_of_the_body() -> None:
    inner = Playing()
    with InstrumentedEngine(inner).open(Handle(FRAME)) as table:
        assert table.columns
    assert inner.asked == ["open", "close"]
    with pytest.raises(KeyError), InstrumentedEngine(inner).open(Handle(FRAME)):
        raise KeyError


def test_sums_add_up_over_threads() -> None:
    engine = InstrumentedEngine(PolarsEngine())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: check(engine, FRAME, NOT_NULL), range(40)))
    assert (engine.statistics["measured"], engine.statistics["rows"]) == (40, 160)
