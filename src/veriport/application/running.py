"""Run a checkpoint: check its data, then carry out its actions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from attrs import evolve, frozen
from returns.result import Result, Success

from veriport.application.checking import CheckData, CheckOptions
from veriport.application.deadlines import within
from veriport.application.delivering import Deliver, Receiver
from veriport.domain.checkpoints import (
    Action,
    ActionResult,
    ActionStatus,
    CheckpointResult,
    CheckpointSpec,
    EngineRef,
    plan_messages,
)
from veriport.domain.errors import ConfigurationError
from veriport.domain.results import CheckResult
from veriport.domain.rules.reading import Problems
from veriport.ports.clocks import Clock
from veriport.ports.engines import Engine
from veriport.ports.errors import PortError
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

    def __call__(self, spec: CheckpointSpec) -> Result[CheckpointResult, Problems]:
        """The result of the run; ``Failure`` for SQL that does not parse.

        Data that cannot be read, an engine in trouble, a bug in it and a timeout are results of status
        ``error``, and the actions that want such a run are carried out. Raises ``ConfigurationError``
        for what is wrong without reading data, before anything happens.
        """
        engine = self.engine_for(spec.engine)
        began, started = self.clock.now(), self.clock.monotonic()
        with self.telemetry.span("checkpoint.run", checkpoint=spec.name):
            return (
                self._check(spec, engine)
                .map(lambda verdict: self._describe(spec, began, verdict))
                .map(lambda result: self._finish(spec, result, started))
            )

    def _check(self, spec: CheckpointSpec, engine: Engine) -> Result[CheckResult | str, Problems]:
        check = CheckData(engine=engine, parse=self.parse, clock=self.clock, folder=self.folder)
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
            )
        except ConfigurationError:
            raise
        except PortError as trouble:
            return Success(str(trouble))
        except Exception as error:  # noqa: BLE001  # an engine is foreign code: those who wait for the run must hear
            what = "its words may quote masked values" if spec.masks else str(error)
            return Success(f"engine {engine.name} failed: {type(error).__name__}: {what}")

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

    def _finish(self, spec: CheckpointSpec, result: CheckpointResult, started: float) -> CheckpointResult:
        result = evolve(result, duration_seconds=self.clock.monotonic() - started)
        messages = plan_messages(spec, result)
        receivers = {
            name: Receiver(
                kind=action.kind,
                timeout_seconds=action.timeout_seconds,
                open=lambda action=action: self.notifier_for(action),  # type: ignore[misc]  # bound per action
            )
            for name, action in spec.actions_named()
        }
        done = {outcome.action_name: outcome for outcome in self.deliver(messages, receivers)}
        outcomes = tuple(
            done.get(name) or _skipped(name, action, result) for name, action in spec.actions_named()
        )
        self.telemetry.event(
            "checkpoint.finished", checkpoint=spec.name, run=result.run_id, status=result.status.value
        )
        return evolve(result, action_results=outcomes, duration_seconds=self.clock.monotonic() - started)


def _skipped(name: str, action: Action, result: CheckpointResult) -> ActionResult:
    why = f"notify_on is {action.notify_on.value} and the run is {result.status.value}"
    return ActionResult(
        action_name=name,
        action_type=action.kind,
        status=ActionStatus.SKIPPED,
        message=why if action.enabled else "the action is disabled",
    )
