"""Run a checkpoint: check its data, then carry out its actions."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from attrs import evolve, frozen
from returns.pipeline import is_successful
from returns.result import Result, Success

from veriport.application.checking import CheckData, CheckOptions
from veriport.application.deadlines import within
from veriport.application.delivering import Deliver
from veriport.application.idempotency import Idempotency
from veriport.application.receivers import Receiver
from veriport.application.runs import Runs
from veriport.application.watching import Watch
from veriport.domain.checkpoints import (
    Action,
    ActionResult,
    ActionStatus,
    CheckpointResult,
    CheckpointSpec,
    EngineRef,
    plan_messages,
    receiver_name,
)
from veriport.domain.datasets import Handle
from veriport.domain.errors import ConfigurationError
from veriport.domain.idempotency import Claim, InProgress, OtherRequest, Stored, fingerprint_of
from veriport.domain.records import Change
from veriport.domain.results import CheckResult
from veriport.domain.rules.reading import Problems, write_rule
from veriport.ports.clocks import Clock
from veriport.ports.engines import Engine
from veriport.ports.errors import PortError, TransientError
from veriport.ports.expressions import ExpressionParser
from veriport.ports.folders import Folder
from veriport.ports.notifiers import Notifier
from veriport.ports.telemetry import Telemetry


@frozen(kw_only=True)
class RunCheckpoint:
    """Check, judge, tell. ``engine_for`` and ``notifier_for`` build adapters when they are needed."""

    engine_for: Callable[[EngineRef], Engine]
    notifier_for: Callable[[Action], Notifier]
    parse: ExpressionParser
    deliver: Deliver
    clock: Clock
    telemetry: Telemetry
    new_token: Callable[[], str]
    folder: Folder | None = None
    idempotency: Idempotency
    runs: Runs
    lease_seconds: float = 60.0
    ttl_seconds: float = 86_400.0

    def __call__(
        self, spec: CheckpointSpec, idempotency_key: str | None = None
    ) -> Result[CheckpointResult, Problems]:
        """The result of the run; ``Failure`` for SQL that does not parse.

        Data that cannot be read, an engine in trouble, a bug in it and a timeout are results of status
        ``error``, and the actions that want such a run are carried out. Raises ``ConfigurationError``
        for what is wrong without reading data, before anything happens.

        Under an ``idempotency_key`` the run happens once: a repeat within ``ttl_seconds`` gets the result of
        the first, ``repeated``, and tells nobody again. Raises ``RunInProgress`` while another one is at it,
        ``ConfigurationError`` when the key was used for another checkpoint, and ``TransientError`` when the
        store cannot be reached to find out.
        """
        if idempotency_key is None:
            return self._run(spec, lambda _: ())
        reserved = self.idempotency.reserve(idempotency_key, request_of(spec), self.lease_seconds)
        match reserved:
            case Stored(outcome=dict(outcome)):
                return Success(evolve(self.runs.result(str(outcome["run_id"])), repeated=True))
            case InProgress() | Stored():
                raise RunInProgress(str(reserved))
            case OtherRequest():
                raise ConfigurationError(str(reserved))
        return self._claimed(spec, reserved)

    def _claimed(self, spec: CheckpointSpec, claim: Claim) -> Result[CheckpointResult, Problems]:
        """Run under a claim that is renewed meanwhile; its outcome is committed with the run."""
        with self.idempotency.renewing(claim, self.lease_seconds) as stop:

            def completion(result: CheckpointResult) -> tuple[Change, ...]:
                outcome = {"run_id": result.run_id}
                return self.idempotency.completion(stop(), outcome, self.ttl_seconds, ok=result.ok)

            try:
                ran = self._run(spec, completion)
            except ConfigurationError:
                self.idempotency.release(stop())
                raise
            if not is_successful(ran):
                self.idempotency.release(stop())
            return ran

    def _run(
        self, spec: CheckpointSpec, also: Callable[[CheckpointResult], tuple[Change, ...]]
    ) -> Result[CheckpointResult, Problems]:
        engine = self.engine_for(spec.engine)
        began, started = self.clock.now(), self.clock.monotonic()
        with self.telemetry.span("checkpoint.run", checkpoint=spec.name):
            return (
                self._check(spec, engine)
                .map(lambda verdict: self._describe(spec, began, verdict))
                .map(lambda result: self._finish(spec, result, started, also))
            )

    def _check(self, spec: CheckpointSpec, engine: Engine) -> Result[CheckResult | str, Problems]:
        watch = Watch()
        check = CheckData(engine=watch.over(engine), parse=self.parse, clock=self.clock, folder=self.folder)
        options = CheckOptions(
            key=spec.key,
            samples=spec.samples,
            where=spec.where,
            limit=spec.sample_size,
            gate=spec.gate,
            mask=spec.mask,
        )
        try:
            return within(
                spec.timeout_seconds,
                lambda: check(spec.data, spec.rules, options),
                name=f"the check of {spec.name}",
                stop=watch.cancel,
            )
        except ConfigurationError:
            raise
        except PortError as trouble:
            return Success(str(trouble))
        except Exception as error:  # noqa: BLE001  # whatever it is, those who wait for the run must hear
            what = "its words may quote masked values" if spec.masks else str(error)
            return Success(f"the check failed: {type(error).__name__}: {what}")

    def _describe(
        self, spec: CheckpointSpec, began: datetime, verdict: CheckResult | str
    ) -> CheckpointResult:
        token = self.new_token()
        return CheckpointResult(
            run_id=f"{began:%Y%m%dT%H%M%SZ}-{token}",
            name=spec.name,
            run_name=began.strftime(spec.run_name_template),
            run_time=began,
            check=verdict if isinstance(verdict, CheckResult) else None,
            error=verdict if isinstance(verdict, str) else "",
            tags=spec.tags,
            metadata=spec.metadata,
        )

    def _finish(
        self,
        spec: CheckpointSpec,
        result: CheckpointResult,
        started: float,
        also: Callable[[CheckpointResult], tuple[Change, ...]],
    ) -> CheckpointResult:
        result = evolve(result, duration_seconds=self.clock.monotonic() - started)
        messages = plan_messages(spec, result)
        receivers = receivers_of(spec, self.notifier_for)
        planned = tuple(_skipped(name, action, result) for name, action in spec.actions_named())
        result = evolve(result, action_results=planned)
        delivered = self.deliver(result, messages, receivers, lambda: also(result))
        done = {action.action_name: action for action in delivered.actions}
        outcomes = tuple(done.get(action.action_name, action) for action in planned)
        self.telemetry.event(
            "checkpoint.finished", checkpoint=spec.name, run=result.run_id, status=result.status.value
        )
        return evolve(
            result,
            action_results=outcomes,
            not_recorded=delivered.not_recorded,
            duration_seconds=self.clock.monotonic() - started,
        )


class RunInProgress(TransientError):
    """Another run under the same idempotency key is not yet finished."""


def request_of(spec: CheckpointSpec) -> str:
    """What tells one checkpoint from another under the same idempotency key: its name, data and rules.

    A path is an absolute one: from which folder a run is started does not matter.
    """
    label = spec.data.label
    data = label if "://" in label or isinstance(spec.data, Handle) else str(Path(label).absolute())
    rules = json.dumps([write_rule(rule) for rule in spec.rules or ()], default=str, sort_keys=True)
    return fingerprint_of(spec.name, data, spec.where or "", rules)


def receivers_of(spec: CheckpointSpec, notifier_for: Callable[[Action], Notifier]) -> dict[str, Receiver]:
    """Those who are told of the runs of a checkpoint, by the names that messages have for them."""
    return {
        receiver_name(spec.name, name): Receiver(
            name=name,
            kind=action.kind,
            timeout_seconds=action.timeout_seconds,
            deadline_seconds=action.deadline_seconds,
            lanes=action.lanes,
            open=partial(notifier_for, action),
        )
        for name, action in spec.actions_named()
    }


def _skipped(name: str, action: Action, result: CheckpointResult) -> ActionResult:
    why = f"notify_on is {action.notify_on.value} and the run is {result.status.value}"
    return ActionResult(
        action_name=name,
        action_type=action.kind,
        status=ActionStatus.SKIPPED,
        message=why if action.enabled else "the action is disabled",
    )
