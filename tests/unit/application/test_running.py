"""A run of a checkpoint: check, judge, tell, whatever goes wrong on the way."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, field, frozen
from returns.result import Result

from tests.unit.application.fakes import FakeNotifier, fails_with, parse
from veriport.adapters.blobs.memory import MemoryBlobStore
from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.stores.memory import MemoryStateStore
from veriport.adapters.telemetry.memory import MemoryTelemetry
from veriport.application.delivering import DeliverDurably
from veriport.application.idempotency import Idempotency
from veriport.application.running import RunCheckpoint, RunInProgress, request_of
from veriport.application.runs import Runs
from veriport.domain.checkpoints import (
    Action,
    ActionStatus,
    CheckpointResult,
    CheckpointSpec,
    EngineRef,
    StoreResult,
)
from veriport.domain.errors import ConfigurationError
from veriport.domain.measurements import Measured, Measurement
from veriport.domain.records import Change, Conflict
from veriport.domain.results import Gate, Status
from veriport.domain.rules.values import NotNull
from veriport.domain.severity import Severity
from veriport.ports.errors import DataError, MissingExtra, TransientError
from veriport.testing.engines import FakeEngine

_NOON = datetime(2024, 1, 31, 12, 5, 6, tzinfo=UTC)
_RULES = (NotNull(column="id"),)
_tenant: ContextVar[str] = ContextVar("_tenant", default="nobody")


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """An event that nobody sets until the test is over."""
    event = threading.Event()
    yield event
    event.set()


def _no_notifier(_: Action) -> FakeNotifier:
    return FakeNotifier()


@frozen(kw_only=True)
class World:
    """Everything that a run touches."""

    engine: FakeEngine = field(factory=FakeEngine)
    notifier_for: Callable[[Action], FakeNotifier] = _no_notifier
    clock: FrozenClock = field(factory=lambda: FrozenClock(_NOON))
    telemetry: MemoryTelemetry = field(factory=MemoryTelemetry)
    asked: list[EngineRef] = field(factory=list)
    blobs: MemoryBlobStore = field(factory=MemoryBlobStore)
    holders: Iterator[int] = field(factory=itertools.count)
    store: MemoryStateStore = field()

    @store.default
    def _store(self) -> MemoryStateStore:
        return MemoryStateStore(self.clock)

    def use_case(self) -> RunCheckpoint:
        """The use case over fakes."""
        return RunCheckpoint(
            engine_for=self._engine_for,
            notifier_for=self.notifier_for,
            parse=parse,
            deliver=DeliverDurably(
                store=self.store, blobs=self.blobs, clock=self.clock, telemetry=self.telemetry
            ),
            clock=self.clock,
            telemetry=self.telemetry,
            new_token=lambda: "abc",
            idempotency=Idempotency(store=self.store, new_holder=lambda: str(next(self.holders))),
            runs=Runs(store=self.store, blobs=self.blobs),
        )

    def _engine_for(self, ref: EngineRef) -> FakeEngine:
        self.asked.append(ref)
        return self.engine

    def run(self, **settings: Any) -> CheckpointResult:  # noqa: ANN401  # any setting
        """Run a checkpoint with these settings."""
        return self.use_case()(_spec(**settings)).unwrap()


def _spec(**settings: Any) -> CheckpointSpec:  # noqa: ANN401  # any setting
    return CheckpointSpec(**{"name": "orders", "data": "orders.csv", "rules": _RULES, **settings})


def _failing() -> FakeEngine:
    return FakeEngine(outcome=lambda _: Measurement(checked=10, failed=1))


# --- a run ----------------------------------------------------------------------------------------


def test_a_run_has_a_name_a_time_and_a_verdict() -> None:
    run = World().run(tags={"team": "a"}, metadata={"n": 1})
    assert (run.run_id, run.name, run.run_name) == ("20240131T120506Z-abc", "orders", "20240131T120506Z")
    assert (run.run_time, run.status, run.error) == (_NOON, Status.SUCCESS, "")
    assert (run.tags, run.metadata) == ({"team": "a"}, {"n": 1})


def test_a_run_is_named_as_the_template_says() -> None:
    assert World().run(run_name_template="day %Y-%m-%d").run_name == "day 2024-01-31"


def test_the_settings_of_the_checkpoint_reach_the_engine() -> None:
    world = World()
    ref = EngineRef("tiny", {"a": 1})
    world.run(engine=ref, key="id", samples=3, where="id > 0", sample_size=5)
    (request,) = world.engine.requests
    assert world.asked == [ref]
    assert (request.key, request.samples, request.where, request.limit) == (("id",), 3, "id > 0", 5)


def test_the_gate_of_the_checkpoint_decides() -> None:
    rules = (NotNull(column="id", severity="low"),)
    assert World(engine=_failing()).run(rules=rules).status is Status.WARNING
    assert World(engine=_failing()).run(rules=rules, gate=Gate(fail_on=Severity.LOW)).status is Status.FAILURE


def test_a_run_says_how_long_it_took_actions_included() -> None:
    clock = FrozenClock(_NOON)
    world = World(
        clock=clock,
        engine=FakeEngine(measuring=lambda: clock.advance(2)),
        notifier_for=lambda _: FakeNotifier(lambda _: clock.advance(3)),
    )
    assert world.run(actions=[StoreResult()]).duration_seconds == 5


def test_without_rules_the_data_is_described() -> None:
    run = World().run(rules=None)
    assert run.check is not None
    assert [summary.column.name for summary in run.check.columns] == ["id", "email"]


def test_a_run_is_a_span_and_its_end_an_event() -> None:
    world = World()
    world.run()
    assert [(span.name, dict(span.attributes)) for span in world.telemetry.spans] == [
        ("checkpoint.run", {"checkpoint": "orders"})
    ]
    assert [(event.name, dict(event.attributes)) for event in world.telemetry.events] == [
        ("checkpoint.finished", {"checkpoint": "orders", "run": "20240131T120506Z-abc", "status": "success"})
    ]


# --- actions --------------------------------------------------------------------------------------


def test_actions_get_the_document_of_the_run() -> None:
    notifier = FakeNotifier()
    run = World(engine=_failing(), notifier_for=lambda _: notifier).run(actions=[StoreResult()])
    (message,) = notifier.received
    assert (message.id, message.status) == ("20240131T120506Z-abc:store_result", Status.FAILURE)
    assert message.body["check"] == run.to_dict()["check"]


def test_every_action_has_an_outcome_in_order() -> None:
    actions = [
        StoreResult(name="always"),
        StoreResult(name="errors", notify_on="error"),
        StoreResult(name="off", enabled=False),
        StoreResult(name="failures", notify_on="failure"),
    ]
    run = World(engine=_failing()).run(actions=actions)
    assert [(each.action_name, each.status, each.message) for each in run.action_results] == [
        ("always", ActionStatus.SUCCESS, "taken"),
        ("errors", ActionStatus.SKIPPED, "notify_on is error and the run is failure"),
        ("off", ActionStatus.SKIPPED, "the action is disabled"),
        ("failures", ActionStatus.SUCCESS, "taken"),
    ]


def test_each_action_is_made_of_its_own_settings() -> None:
    made: list[Action] = []

    def notifier_for(action: Action) -> FakeNotifier:
        made.append(action)
        return FakeNotifier()

    actions = [StoreResult(name=name, store_path=name) for name in "abc"]
    World(notifier_for=notifier_for).run(actions=actions)
    assert sorted(action.name for action in made) == ["a", "b", "c"]


def test_what_is_skipped_is_never_made() -> None:
    world = World(notifier_for=fails_with(AssertionError("made")))  # type: ignore[arg-type]  # it raises
    (outcome,) = world.run(actions=[StoreResult(notify_on="failure")]).action_results
    assert outcome.status is ActionStatus.SKIPPED


def test_actions_that_fail_never_change_the_verdict() -> None:
    world = World(notifier_for=lambda _: FakeNotifier(fails_with(TransientError("busy"))))
    run = world.run(actions=[StoreResult()])
    assert (run.status, run.exit_code()) == (Status.SUCCESS, 0)
    assert run.action_results[0].message.startswith("busy; ")


def test_one_action_in_trouble_hides_no_other(never: threading.Event) -> None:
    deeds: dict[str, Callable[..., object]] = {
        "raises": fails_with(ValueError("oops")),
        "exits": fails_with(SystemExit(1)),
        "hangs": lambda _: never.wait(),
        "fine": lambda _: None,
    }
    world = World(notifier_for=lambda action: FakeNotifier(deeds[action.name]))
    run = world.run(actions=[StoreResult(name=name, timeout_seconds=0.2) for name in deeds])
    assert {each.action_name: each.status for each in run.action_results} == {
        "raises": ActionStatus.ERROR,
        "exits": ActionStatus.ERROR,
        "hangs": ActionStatus.ERROR,
        "fine": ActionStatus.SUCCESS,
    }


@pytest.mark.parametrize("timeout", [None, 5])
def test_context_variables_cross_into_the_check_and_the_actions(timeout: float | None) -> None:
    seen: list[str] = []
    world = World(
        engine=FakeEngine(measuring=lambda: seen.append(_tenant.get())),
        notifier_for=lambda _: FakeNotifier(lambda _: seen.append(_tenant.get())),
    )
    token = _tenant.set("acme")
    try:
        world.run(actions=[StoreResult()], timeout_seconds=timeout)
    finally:
        _tenant.reset(token)
    assert seen == ["acme", "acme"]


# --- trouble --------------------------------------------------------------------------------------

_ACTIONS = [
    StoreResult(name="always"),
    StoreResult(name="errors", notify_on="error"),
    StoreResult(name="either", notify_on="failure_or_error"),
    StoreResult(name="fine", notify_on="success"),
    StoreResult(name="failures", notify_on="failure"),
]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (DataError("orders.csv: there is no such file"), "orders.csv: there is no such file"),
        (TransientError("the bucket is busy"), "the bucket is busy"),
        (
            ZeroDivisionError("division by zero"),
            "the engine fake breaks its contract: {where} raised ZeroDivisionError: division by zero",
        ),
    ],
)
@pytest.mark.parametrize("where", ["opening", "measuring"])
@pytest.mark.parametrize("timeout", [None, 5])
def test_an_engine_in_trouble_makes_an_error_and_those_who_want_it_are_told(
    error: Exception, message: str, where: str, timeout: float | None
) -> None:
    engine = FakeEngine(**{where: fails_with(error)})  # type: ignore[arg-type]  # a function
    run = World(engine=engine).run(actions=_ACTIONS, timeout_seconds=timeout)
    assert (run.status, run.error, run.check, run.exit_code()) == (
        Status.ERROR, message.format(where=where), None, 3,
    )  # fmt: skip
    told = {each.action_name for each in run.action_results if each.status is ActionStatus.SUCCESS}
    assert told == {"always", "errors", "either"}


def test_an_engine_that_breaks_its_contract_makes_an_error() -> None:
    run = World(engine=FakeEngine(answer=lambda _: Measured(row_count=10))).run()
    assert run.status is Status.ERROR
    assert run.error == "the engine fake breaks its contract: it gave 0 outcomes for 1 rules"


def test_a_check_that_takes_too_long_is_abandoned_and_says_so(never: threading.Event) -> None:
    world = World(engine=FakeEngine(measuring=never.wait))
    run = world.run(timeout_seconds=0.1, actions=[StoreResult(notify_on="error")])
    assert run.error == (
        "the check of orders did not finish in 0.1 s; it was abandoned and may still be running"
    )
    assert [each.status for each in run.action_results] == [ActionStatus.SUCCESS]


@pytest.mark.parametrize("error", [ConfigurationError("it cannot"), MissingExtra("reading it", "aws")])
@pytest.mark.parametrize("timeout", [None, 5])
def test_wrong_configuration_is_raised_and_nobody_is_told(error: Exception, timeout: float | None) -> None:
    notifier = FakeNotifier()
    world = World(engine=FakeEngine(opening=fails_with(error)), notifier_for=lambda _: notifier)
    with pytest.raises(type(error)):
        world.run(actions=[StoreResult()], timeout_seconds=timeout)
    assert notifier.received == []


def test_sql_that_does_not_parse_is_a_failure_and_nobody_is_told() -> None:
    notifier = FakeNotifier()
    world = World(notifier_for=lambda _: notifier)
    spec = _spec(rules=(NotNull(column="id", where="id >"),), actions=[StoreResult()])
    (problem,) = world.use_case()(spec).failure()
    assert problem.path == (0, "where")
    assert (notifier.received, world.engine.events) == ([], [])


def test_an_interrupt_is_not_swallowed() -> None:
    world = World(engine=FakeEngine(measuring=fails_with(KeyboardInterrupt())))
    with pytest.raises(KeyboardInterrupt):
        world.run()


# --- under an idempotency key ---------------------------------------------------------------------


def test_a_repeat_gets_the_result_of_the_first_and_tells_nobody() -> None:
    told = FakeNotifier()
    world = World(notifier_for=lambda _: told, engine=_failing())
    spec = _spec(actions=[StoreResult(), StoreResult(name="errors", notify_on="error")])
    first = world.use_case()(spec, "key").unwrap()
    again = world.use_case()(spec, "key").unwrap()
    assert (first.repeated, again.repeated) == (False, True)
    assert (again.run_id, again.status, again.exit_code()) == (first.run_id, Status.FAILURE, 1)
    assert again.action_results == first.action_results
    assert (len(world.engine.requests), len(told.received)) == (1, 1)


def test_a_repeat_after_its_time_runs_again() -> None:
    world = World()
    world.use_case()(_spec(), "key")
    world.clock.advance(86_401)
    assert not world.use_case()(_spec(), "key").unwrap().repeated


def test_of_two_at_once_one_is_told_that_the_other_is_at_it() -> None:
    world, refused = World(), list[RunInProgress]()

    def measuring() -> None:
        with pytest.raises(
            RunInProgress, match="'key' is in progress elsewhere, at the latest until 12:06:06 UTC"
        ) as it:
            world.use_case()(_spec(), "key")
        refused.append(it.value)

    world = evolve(world, engine=FakeEngine(measuring=measuring))
    assert world.use_case()(_spec(), "key").unwrap().ok
    assert len(refused) == 1


@pytest.mark.parametrize(
    "other", [{"name": "other"}, {"data": "other.csv"}, {"rules": ()}, {"where": "id > 0"}]
)
def test_a_key_that_was_used_for_another_checkpoint_is_refused(other: dict[str, object]) -> None:
    world = World()
    world.use_case()(_spec(), "key")
    with pytest.raises(ConfigurationError, match="the key 'key' was used for another request"):
        world.use_case()(_spec(**other), "key")


def test_the_folder_from_which_a_run_is_started_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path)
    here = request_of(_spec(data="sub/orders.csv"))
    monkeypatch.chdir(tmp_path / "sub")
    assert request_of(_spec(data="orders.csv")) == here
    assert request_of(_spec(data="../orders.csv")) != here


def test_a_run_that_never_began_gives_its_key_back() -> None:
    world = World(engine=FakeEngine(opening=fails_with(ConfigurationError("no such option"))))
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="no such option"):
            world.use_case()(_spec(), "key")


class Unreachable(MemoryStateStore):
    """A store that nobody reaches."""

    def commit(self, changes: Sequence[Change]) -> Result[int, Conflict]:
        """See ``StateStore``."""
        del changes
        raise TransientError("state.db cannot be reached")


@pytest.mark.parametrize("actions", [[], [StoreResult()]])
def test_a_run_that_cannot_be_recorded_has_its_verdict_and_says_so(actions: list[Action]) -> None:
    clock = FrozenClock(_NOON)
    world = World(clock=clock, store=Unreachable(clock), engine=_failing())
    run = world.run(actions=actions)
    assert (run.status, run.exit_code()) == (Status.FAILURE, 1)
    assert run.not_recorded == "state.db cannot be reached"
    assert {action.status for action in run.action_results} <= {ActionStatus.ERROR}
    assert CheckpointResult.from_dict(run.to_dict()).not_recorded == run.not_recorded


def test_a_run_that_is_recorded_says_nothing_of_it() -> None:
    assert World().run().not_recorded == ""
