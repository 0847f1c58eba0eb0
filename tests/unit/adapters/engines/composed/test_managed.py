"""Engines that are started and stopped, in order, once, and with nothing left running."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from attrs import field, frozen

from tests.unit.adapters.engines.composed.fakes import FRAME, NOT_NULL, Playing, always, check, nothing
from veriport import EngineChain, InstrumentedEngine, MultiEngineAggregator, get_engine
from veriport.adapters.engines.composed.managed import (
    EngineHealthChecker,
    EngineLifecycleManager,
    ManagedEngine,
)
from veriport.adapters.engines.composed.sampled import SampledEngine
from veriport.adapters.engines.composed.wrapping import StopError
from veriport.adapters.engines.polars import PolarsEngine
from veriport.domain.datasets import Handle
from veriport.domain.errors import ConfigurationError
from veriport.domain.lifecycle import EngineState
from veriport.domain.measurements import Broken, Measured, Measurement, NotEvaluated, Outcome
from veriport.domain.rules.base import Rule
from veriport.ports.engines import AsyncEngine, Engine
from veriport.ports.errors import TransientError
from veriport.testing.engines import AsyncFakeEngine, FakeEngine
from veriport.wiring.engines import build_engine

BUSY = TransientError("busy")


@frozen(kw_only=True)
class Living(Playing):
    """An engine that is told what to do when it is started and stopped, and writes it into ``diary``."""

    starting: Callable[[], object] = nothing
    stopping: Callable[[], object] = nothing
    diary: list[str] = field(factory=list)

    def start(self) -> None:
        self.diary.append(f"start {self.name}")
        self.starting()

    def stop(self) -> None:
        self.diary.append(f"stop {self.name}")
        self.stopping()


def test_an_engine_is_used_between_start_and_stop_and_not_before_or_after() -> None:
    living = Living(name="x")
    engine = ManagedEngine(living)
    with pytest.raises(ConfigurationError, match="the engine x is created, not running: start it first"):
        check(engine, FRAME, NOT_NULL)
    with engine:
        assert engine.state is EngineState.RUNNING
        assert check(engine, FRAME, NOT_NULL).failed_count == 1
    with pytest.raises(ConfigurationError, match="the engine x is stopped, not running"):
        check(engine, FRAME, NOT_NULL)
    assert living.asked == ["open", "measure", "close"]


def test_start_and_stop_happen_once_however_often_they_are_called() -> None:
    living = Living(name="x")
    engine = ManagedEngine(living)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: engine.start(), range(8)))
        list(pool.map(lambda _: engine.stop(), range(8)))
    assert living.diary == ["start x", "stop x"]
    engine.start().stop()
    assert living.diary == ["start x", "stop x"] * 2


def test_an_engine_without_a_life_of_its_own_has_one() -> None:
    with ManagedEngine(PolarsEngine()) as engine:
        assert check(engine, FRAME, NOT_NULL).failed_count == 1


def test_an_engine_that_cannot_be_started_failed_and_can_be_tried_again() -> None:
    errors = iter([BUSY])

    def starting() -> None:
        for error in errors:
            raise error

    engine = ManagedEngine(Living(name="x", starting=starting))
    with pytest.raises(TransientError, match="busy"):
        engine.start()
    assert engine.state is EngineState.FAILED
    with pytest.raises(ConfigurationError, match="is failed, not running"):
        check(engine, FRAME, NOT_NULL)
    assert engine.start().state.value == "running"


def test_stop_lets_a_check_come_to_its_end() -> None:
    begun, go = threading.Event(), threading.Event()
    diary: list[str] = []

    def measuring() -> None:
        begun.set()
        assert go.wait(30)
        diary.append("measured")

    engine = ManagedEngine(Living(name="x", measuring=measuring, diary=diary)).start()
    with ThreadPoolExecutor(2) as pool:
        checking = pool.submit(check, engine, FRAME, NOT_NULL)
        assert begun.wait(30)
        stopping = pool.submit(engine.stop)
        while engine.state is EngineState.RUNNING:
            pass
        with pytest.raises(ConfigurationError, match="is stopping"):
            check(engine, FRAME, NOT_NULL)
        go.set()
        stopping.result()
        assert checking.result().failed_count == 1
    assert diary == ["start x", "measured", "stop x"]


def test_stop_does_not_wait_for_ever() -> None:
    engine = ManagedEngine(PolarsEngine(), grace_seconds=0.01).start()
    with engine.open(Handle(FRAME)):
        engine.stop()
        assert engine.state is EngineState.STOPPED


def manager(**told: dict[str, Callable[[], object]]) -> tuple[EngineLifecycleManager, list[str]]:
    diary: list[str] = []
    living = [Living(name=name, diary=diary, **what) for name, what in told.items()]  # type: ignore[arg-type]  # by name
    return EngineLifecycleManager(living), diary


def test_engines_start_in_order_and_stop_in_reverse() -> None:
    managing, diary = manager(a={}, b={}, c={})
    with managing:
        assert set(managing.states.values()) == {EngineState.RUNNING}
    assert diary == ["start a", "start b", "start c", "stop c", "stop b", "stop a"]


def test_all_are_stopped_even_if_some_cannot_be() -> None:
    managing, diary = manager(a={"stopping": always(BUSY)}, b={}, c={"stopping": always(KeyError("bug"))})
    managing.start()
    with pytest.raises(StopError, match="c could not be stopped: 'bug'; a could not be stopped: busy"):
        managing.stop()
    assert diary[3:] == ["stop c", "stop b", "stop a"]
    assert managing.states == {"a": "failed", "b": "stopped", "c": "failed"}


def test_those_before_one_that_cannot_be_started_are_stopped() -> None:
    managing, diary = manager(a={"stopping": always(BUSY)}, b={}, c={"starting": always(BUSY)}, d={})
    with pytest.raises(TransientError, match="busy") as raised:
        managing.start()
    assert diary == ["start a", "start b", "start c", "stop b", "stop a"]
    assert raised.value.__notes__ == ["a could not be stopped: busy"]


def test_engines_of_one_name_are_numbered() -> None:
    living = [Living(name="x"), Living(name="x (2)"), Living(name="x")]
    managing = EngineLifecycleManager(living)
    managing.engines[2].start()
    assert managing.states == {"x": "created", "x (2)": "created", "x (3)": "running"}


@pytest.mark.parametrize("wrong", [0, -1, "x", float("nan"), True, None])
def test_times_are_numbers_of_seconds(wrong: Any) -> None:  # noqa: ANN401  # whatever is wrong
    with pytest.raises(ConfigurationError, match="grace_seconds must be a number of seconds, above 0"):
        EngineLifecycleManager([PolarsEngine()], grace_seconds=wrong)
    with pytest.raises(ConfigurationError, match="timeout_seconds must be a number of seconds, above 0"):
        EngineHealthChecker(timeout_seconds=wrong)


AROUND: dict[str, Callable[[Engine], Engine]] = {
    **{
        kind: partial(lambda kind, how, engine: build_engine(kind, {"engine": engine, **how}), kind, how)
        for kind, how in {
            "batched": {"rows": 2}, "cached": {}, "instrumented": {}, "retried": {}, "sampled": {"first": 9},
        }.items()
    },
    "chain": lambda engine: EngineChain([engine, PolarsEngine()]),
    "combined": lambda engine: MultiEngineAggregator([PolarsEngine(), engine]),
    "what Python is given": lambda engine: get_engine("instrumented", engine=engine),
    "a chain of what is instrumented": lambda engine: EngineChain([InstrumentedEngine(engine)]),
}  # fmt: skip


@pytest.mark.parametrize("around", AROUND)
def test_an_engine_inside_another_one_is_started_and_stopped_with_it(around: str) -> None:
    living = Living(name="x")
    with EngineLifecycleManager([AROUND[around](living)]) as managing:
        assert living.diary == ["start x"]
        assert check(managing.engines[0], FRAME, NOT_NULL).failed_count == 1
    assert living.diary == ["start x", "stop x"]


def test_an_engine_that_stands_in_a_chain_twice_has_one_life() -> None:
    living = Living(name="x")
    with ManagedEngine(EngineChain([living, living])):
        pass
    assert living.diary == ["start x", "stop x"]


def test_engines_of_a_chain_start_in_order_and_none_is_left_running() -> None:
    diary: list[str] = []
    last = Living(name="c", diary=diary, starting=always(BUSY))
    chain = EngineChain([Living(name="a", diary=diary), Living(name="b", diary=diary), last])
    with pytest.raises(TransientError, match="busy"):
        ManagedEngine(chain).start()
    assert diary == ["start a", "start b", "start c", "stop b", "stop a"]


def test_health_is_to_measure_in_time() -> None:
    go = threading.Event()
    checker = EngineHealthChecker(timeout_seconds=0.2)
    assert EngineHealthChecker().check(PolarsEngine()).healthy
    for engine, reason in (
        (Playing(measuring=always(BUSY)), "busy"),
        (Playing(opening=always(KeyError())), "KeyError"),
        (Playing(measuring=lambda: go.wait(60)), "it did not answer in 0.2 s"),
        (ManagedEngine(PolarsEngine()), "the engine polars is created, not running: start it first"),
        (FakeEngine(outcome=lambda _: Broken("the disk is gone")), "the disk is gone"),
        (FakeEngine(outcome=lambda _: NotEvaluated("not mine")), "not mine"),
        (FakeEngine(row_count=1, answer=lambda _: Measured(row_count=1)), "it gave 0 outcomes for 2 rules"),
        (FakeEngine(row_count=10), "it counts 10 rows of 1"),
    ):
        health = checker.check(engine)
        assert (health.healthy, health.reason) == (False, reason)
    go.set()


@pytest.mark.parametrize("breaking", ["row_count", "not_null"])
def test_an_engine_that_breaks_one_rule_is_not_healthy(breaking: str) -> None:
    def outcome(rule: Rule) -> Outcome:
        return Broken("torn") if rule.type == breaking else Measurement(checked=1)

    assert EngineHealthChecker().check(FakeEngine(row_count=1, outcome=outcome)).reason == "torn"


def test_health_is_found_on_the_data_that_is_given() -> None:
    playing = Playing()
    assert EngineHealthChecker(Handle(FRAME)).check(playing).healthy
    assert playing.asked == ["open", "measure", "close"]
    assert EngineHealthChecker(Handle(FRAME)).check(FakeEngine(row_count=10)).healthy


@pytest.mark.parametrize(
    "engine",
    [SampledEngine(PolarsEngine(), first=1), AsyncFakeEngine(fake=FakeEngine(row_count=1))],
    ids=["sampled", "asynchronous"],
)
def test_engines_of_every_kind_are_healthy(engine: Engine | AsyncEngine) -> None:
    """A sample cannot tell how many rows there are."""
    health = EngineHealthChecker().check(engine)
    assert (health.healthy, health.reason) == (True, "")
