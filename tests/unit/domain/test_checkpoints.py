"""Checkpoints as data: when actions are wanted, what settings may be, what a run owes."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from veriport.domain.checkpoints import (
    ACTIONS,
    Action,
    ActionResult,
    ActionStatus,
    Callback,
    CheckpointResult,
    CheckpointSpec,
    EngineRef,
    NotifyOn,
    PartitionBy,
    StoreResult,
    Webhook,
    notify_on,
    plan_messages,
    repeated_names,
)
from veriport.domain.datasets import Address
from veriport.domain.errors import CheckFailedError, ConfigurationError
from veriport.domain.measurements import Measurement
from veriport.domain.results import CheckResult, Gate, Part, RuleResult, RuleStatus, Status, judge
from veriport.domain.rules.values import NotNull
from veriport.domain.severity import Severity

_NOON = datetime(2024, 1, 31, 12, tzinfo=UTC)
_SECRETS = ("hunter2", "s3cr3t")


def _webhook(**settings: Any) -> Webhook:  # noqa: ANN401  # anything may be written
    given = {"url": "https://u:hunter2@host/hook?t=hunter2", "headers": {"Authorization": "Bearer s3cr3t"}}
    return Webhook(**{**given, **settings})


def _spec(**settings: Any) -> CheckpointSpec:  # noqa: ANN401  # anything may be written
    return CheckpointSpec(**{"name": "orders", "data": "orders.csv", **settings})


def _called(_: CheckpointResult) -> None:
    """Stands for the function of a user."""


# --- when an action is wanted ---------------------------------------------------------------------

_E, _F, _I, _W, _S = Status.ERROR, Status.FAILURE, Status.INCOMPLETE, Status.WARNING, Status.SUCCESS


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("always", {_E, _F, _I, _W, _S}),
        ("success", {_S, _W}),
        ("warning", {_W}),
        ("failure", {_F}),
        ("error", {_E}),
        ("failure_or_error", {_F, _E}),
        ("not_success", {_E, _F, _I, _W}),
    ],
)
@pytest.mark.parametrize("status", Status)
def test_a_condition_wants_some_runs(condition: str, wanted: set[Status], status: Status) -> None:
    assert StoreResult(notify_on=condition).wanted(status) is (status in wanted)


@pytest.mark.parametrize("condition", NotifyOn)
@pytest.mark.parametrize("status", Status)
def test_a_disabled_action_wants_none(condition: NotifyOn, status: Status) -> None:
    assert not StoreResult(notify_on=condition, enabled=False).wanted(status)


@pytest.mark.parametrize("condition", NotifyOn)
def test_a_condition_is_read_by_its_name(condition: NotifyOn) -> None:
    assert notify_on(condition.value) is notify_on(condition) is condition


@pytest.mark.parametrize(
    ("written", "hint"),
    [("failures", "; did you mean 'failure'?"), (None, ""), (["failure"], ""), (True, ""), ("", "")],
)
def test_an_unknown_condition_lists_the_known(written: object, hint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        notify_on(written)
    assert str(caught.value) == (
        f"unknown notify_on {written!r}: use one of always, success, warning, failure, error, "
        f"failure_or_error, not_success{hint}"
    )


# --- settings of actions --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "read"),
    [(None, "none"), ("none", "none"), ("date", "date"), ("checkpoint", "checkpoint"), ("status", "status")],
)
def test_results_are_put_into_folders(written: str | None, read: str) -> None:
    assert StoreResult(partition_by=written).partition_by is PartitionBy(read)


def test_a_store_path_may_be_a_path() -> None:
    assert StoreResult(store_path=Path("a") / "b").store_path == str(Path("a") / "b")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"partition_by": "dat"},
            "unknown partition_by 'dat': use one of none, date, checkpoint, status; did you mean 'date'?",
        ),
        ({"partition_by": 5}, "unknown partition_by 5: use one of none, date, checkpoint, status"),
        ({"store_path": ""}, "store_path must be text, not ''"),
        ({"store_path": None}, "store_path must be text, not None"),
        ({"name": 5}, "name must be text, not 5"),
        ({"enabled": "no"}, "enabled must be true or false, not 'no'"),
        (
            {"timeout_seconds": 0},
            "timeout_seconds must be a number of seconds, above 0 and up to 100,000,000, not 0",
        ),
        (
            {"timeout_seconds": None},
            "timeout_seconds must be a number of seconds, above 0 and up to 100,000,000, not None",
        ),
        (
            {"timeout_seconds": "5"},
            "timeout_seconds must be a number of seconds, above 0 and up to 100,000,000, not '5'",
        ),
    ],
)
def test_a_wrong_setting_of_a_store_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        StoreResult(**settings)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"url": None}, "url must be text, not a NoneType"),
        ({"url": ["https://hunter2"]}, "url must be text, not a list"),
        ({"method": 5}, "method must be text, not 5"),
        ({"headers": None}, "headers must be a mapping, not a NoneType"),
        ({"headers": ["s3cr3t"]}, "headers must be a mapping, not a list"),
        ({"headers": {"X": ["s3cr3t"]}}, "headers holds a list under 'X': texts only"),
        ({"include_full_result": "yes"}, "include_full_result must be true or false, not 'yes'"),
        ({"allow_hosts": 5}, "allow_hosts must be text or a list of texts, not 5"),
        ({"allow_hosts": [5]}, "allow_hosts must hold texts, not 5: put it in quotes"),
    ],
)
def test_a_wrong_setting_of_a_webhook_is_refused_without_showing_secrets(
    settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _webhook(**settings)
    assert str(caught.value) == message
    assert not any(secret in str(caught.value) for secret in _SECRETS)


def test_one_allowed_host_is_a_list_of_one() -> None:
    assert _webhook(allow_hosts="localhost").allow_hosts == ("localhost",)


@pytest.mark.parametrize("callback", [None, "module:function", 5])
def test_a_callback_can_be_called(callback: object) -> None:
    with pytest.raises(ConfigurationError, match="callback must be a function, not "):
        Callback(callback=callback)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("action", [_webhook(), _spec(actions=[_webhook()]), [_webhook()]])
def test_what_is_printed_shows_no_url_and_no_header(action: object) -> None:
    assert not any(secret in repr(action) for secret in _SECRETS)


def test_every_kind_of_action_is_known_by_its_name() -> None:
    assert {kind: cls.__name__ for kind, cls in ACTIONS.items()} == {
        "store_result": "StoreResult",
        "webhook": "Webhook",
        "callback": "Callback",
    }


# --- the checkpoint -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": ""}, "name must be text, not ''"),
        ({"name": None}, "name must be text, not None"),
        ({"data": None}, "no data given: name a file, a URI or a frame"),
        ({"data": {"paht": "x"}}, "unknown key 'paht' in data; did you mean 'path'?"),
        ({"key": 5}, "key must be text or a list of texts, not 5"),
        ({"samples": -1}, "samples must be a whole number of at least 0, not -1"),
        ({"samples": True}, "samples must be a whole number of at least 0, not True"),
        ({"sample_size": 0}, "sample_size must be a whole number of at least 1, not 0"),
        ({"sample_size": 1.5}, "sample_size must be a whole number of at least 1, not 1.5"),
        ({"where": ""}, "where must be text, not ''"),
        ({"where": 5}, "where must be text, not 5"),
        (
            {"timeout_seconds": float("nan")},
            "timeout_seconds must be a number of seconds, above 0 and up to 100,000,000, not nan",
        ),
        (
            {"timeout_seconds": -5},
            "timeout_seconds must be a number of seconds, above 0 and up to 100,000,000, not -5",
        ),
        ({"tags": ["a"]}, "tags must be a mapping, not a list"),
        ({"tags": {"a": ["b"]}}, "tags holds a list under 'a': texts only"),
        ({"metadata": None}, "metadata must be a mapping, not a NoneType"),
        ({"run_name_template": ""}, "run_name_template must be text, not ''"),
        ({"actions": [_webhook(name="x"), StoreResult(name="x")]}, "two actions are named 'x'"),
        ({"actions": ["store"]}, "actions: 'store' is no Action"),
        ({"rules": [{"type": "not_null"}]}, "rules: {'type': 'not_null'} is no Rule"),
        ({"rules": NotNull}, "rules: <class 'veriport.domain.rules.values.NotNull'> is no Rule"),
    ],
)
def test_a_wrong_setting_of_a_checkpoint_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _spec(**settings)
    assert str(caught.value) == message


def test_a_name_of_a_run_that_cannot_be_made_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="run_name_template"):
        _spec(run_name_template="\ud800")


def test_lists_and_mappings_are_kept_as_what_does_not_change() -> None:
    spec = _spec(
        key="id", rules=[NotNull(column="a")], actions=[StoreResult()], tags={"n": 5}, metadata={"a": [1]}
    )
    assert (spec.key, spec.rules, spec.actions) == (("id",), (NotNull(column="a"),), (StoreResult(),))
    assert (spec.tags, spec.metadata) == ({"n": "5"}, {"a": [1]})
    assert spec.data == Address(path="orders.csv")
    hash(spec)


def test_no_rules_and_an_empty_list_are_different() -> None:
    assert _spec().rules is None
    assert _spec(rules=[]).rules == ()


def test_settings_of_an_engine_are_not_printed() -> None:
    assert "hunter2" not in repr(_spec(engine=EngineRef("tiny", {"password": "hunter2"})))


@pytest.mark.parametrize(
    ("actions", "names"),
    [
        ([], []),
        ([StoreResult()], ["store_result"]),
        ([StoreResult(), StoreResult(), _webhook()], ["store_result", "store_result-2", "webhook"]),
        ([StoreResult(), StoreResult(name="store_result")], ["store_result-2", "store_result"]),
        (
            [_webhook(), _webhook(), _webhook(name="webhook-2")],
            ["webhook", "webhook-3", "webhook-2"],
        ),
        ([_webhook(name="a"), StoreResult(name="b")], ["a", "b"]),
    ],
)
def test_each_action_has_a_name_of_its_own(actions: list[Action], names: list[str]) -> None:
    assert [name for name, _ in _spec(actions=actions).actions_named()] == names


_given_names = st.sampled_from(["", "", "store_result", "store_result-2", "x"])


@given(
    st.lists(_given_names, max_size=6).filter(
        lambda names: len(set(filter(None, names))) == len(list(filter(None, names)))
    )
)
def test_names_are_distinct_and_given_ones_stay(given_names: list[str]) -> None:
    named = _spec(actions=[StoreResult(name=name) for name in given_names]).actions_named()
    assert len({name for name, _ in named}) == len(given_names)
    assert [name for (name, _), given_name in zip(named, given_names, strict=True) if given_name] == [
        given_name for given_name in given_names if given_name
    ]


def test_repeated_names_of_checkpoints_are_told_once_each() -> None:
    specs = [_spec(name=name) for name in ("a", "b", "a", "c", "b", "a")]
    assert repeated_names(specs) == ("a", "b")


def test_a_checkpoint_can_be_sent_to_another_process() -> None:
    spec = _spec(actions=[_webhook()], tags={"a": "b"})
    assert pickle.loads(pickle.dumps(spec)) == spec  # noqa: S301  # our own bytes


# --- what a run came to ---------------------------------------------------------------------------


def _rule_result(status: RuleStatus, severity: Severity = Severity.HIGH) -> RuleResult:
    return RuleResult(rule=NotNull(column="a", id="r", severity=severity), status=status, message="why")


def _run(*results: RuleResult, gate: Gate | None = None, **settings: Any) -> CheckpointResult:  # noqa: ANN401  # any field
    parts = {"p": Part(label="orders.csv", rows=5)}
    check = CheckResult(rules=results, parts=parts, gate=gate or Gate())
    fields = {"run_id": "r-1", "name": "orders", "run_name": "n", "run_time": _NOON, "check": check}
    return CheckpointResult(**{**fields, **settings})


_ENDINGS = {
    Status.ERROR: _rule_result(RuleStatus.ERROR),
    Status.FAILURE: _rule_result(RuleStatus.FAILED),
    Status.INCOMPLETE: _rule_result(RuleStatus.NOT_EVALUATED),
    Status.WARNING: _rule_result(RuleStatus.FAILED, Severity.LOW),
    Status.SUCCESS: _rule_result(RuleStatus.PASSED),
}


@pytest.mark.parametrize("status", Status)
def test_a_run_ends_as_its_check(status: Status) -> None:
    run = _run(_ENDINGS[status])
    assert (run.status, run.exit_code()) == (status, status.exit_code)
    assert run.ok is (status in {Status.SUCCESS, Status.WARNING})
    assert run.validation_result is run.check


def test_a_run_without_a_check_is_an_error() -> None:
    run = _run(check=None, error="there is no file")
    assert (run.status, run.ok, run.exit_code(strict=True)) == (Status.ERROR, False, 3)


def test_a_strict_run_fails_for_any_failed_rule() -> None:
    assert _run(_ENDINGS[Status.WARNING]).exit_code(strict=True) == 1


def test_actions_never_change_the_status() -> None:
    broken = ActionResult(action_name="a", action_type="webhook", status=ActionStatus.ERROR)
    assert _run(_ENDINGS[Status.SUCCESS], action_results=(broken,)).status is Status.SUCCESS


def test_a_run_that_is_not_ok_can_be_raised() -> None:
    run = _run(check=None, error="there is no file")
    with pytest.raises(CheckFailedError, match="ERROR: there is no file") as caught:
        run.raise_if_failed()
    assert caught.value.result is run


def test_a_good_run_raises_nothing() -> None:
    run = _run(_ENDINGS[Status.WARNING])
    assert run.raise_if_failed() is run


def test_a_summary_tells_the_check_and_every_action() -> None:
    actions = (
        ActionResult(
            action_name="store", action_type="store_result", status=ActionStatus.SUCCESS, message="kept"
        ),
        ActionResult(action_name="hook", action_type="webhook", status=ActionStatus.SKIPPED),
    )
    assert _run(_ENDINGS[Status.FAILURE], action_results=actions).summary().splitlines() == [
        "checkpoint orders, run r-1",
        "FAILURE: orders.csv: 5 rows, 1 rule: 1 failed",
        "  failed r [high]: why",
        "  action store: success: kept",
        "  action hook: skipped",
    ]


@pytest.mark.parametrize(
    ("started", "completed", "milliseconds"),
    [(None, None, 0), (_NOON, None, 0), (_NOON, _NOON + timedelta(seconds=1.5), 1500)],
)
def test_an_action_lasts_from_start_to_end(
    started: datetime | None, completed: datetime | None, milliseconds: float
) -> None:
    result = ActionResult(
        action_name="a",
        action_type="webhook",
        status=ActionStatus.SUCCESS,
        started_at=started,
        completed_at=completed,
    )
    assert result.duration_ms == milliseconds


def test_a_run_lasts_as_long_as_it_took() -> None:
    assert _run(duration_seconds=1.5).duration_ms == 1500


# --- what a run owes ------------------------------------------------------------------------------


def test_each_action_that_wants_the_run_gets_a_message() -> None:
    spec = _spec(
        actions=[
            StoreResult(),
            _webhook(notify_on="failure"),
            _webhook(notify_on="error"),
            StoreResult(enabled=False),
        ]
    )
    run = _run(judge(NotNull(column="a", id="r"), Measurement(checked=5, failed=1)))
    messages = plan_messages(spec, run)
    assert [message.receiver for message in messages] == ["orders/store_result", "orders/webhook"]
    assert [message.id for message in messages] == ["r-1:store_result", "r-1:webhook"]
    for message in messages:
        assert (message.run_id, message.checkpoint, message.status) == ("r-1", "orders", Status.FAILURE)
        assert (message.occurred_at, message.body) == (_NOON, run.to_dict())


def test_planning_twice_gives_the_same_messages() -> None:
    spec = _spec(actions=[StoreResult(), StoreResult()])
    assert plan_messages(spec, _run()) == plan_messages(spec, _run())


def test_messages_of_another_run_have_other_ids() -> None:
    spec = _spec(actions=[StoreResult()])
    other = evolve(_run(), run_id="r-2")
    assert plan_messages(spec, _run())[0].id != plan_messages(spec, other)[0].id


def test_no_message_holds_settings_of_its_receiver() -> None:
    (message,) = plan_messages(_spec(actions=[_webhook()]), _run())
    assert not any(secret in repr(message) for secret in _SECRETS)
