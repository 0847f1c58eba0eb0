"""Veriport gates data: check tables against rules with any engine, and tell who must know.

>>> import veriport
>>> result = veriport.check("orders.parquet", rules=[{"column": "id", "type": "unique"}])
>>> result.ok
False
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from veriport import aio, rules
    from veriport.adapters.engines.composed.batched import BatchExecutor
    from veriport.adapters.engines.composed.chain import EngineChain
    from veriport.adapters.engines.composed.combined import MultiEngineAggregator
    from veriport.adapters.engines.composed.instrumented import InstrumentedEngine
    from veriport.adapters.engines.composed.managed import EngineHealthChecker, EngineLifecycleManager
    from veriport.api.apps import App, bootstrap
    from veriport.api.checkpoints import (
        Checkpoint,
        CustomAction,
        StoreValidationResult,
        WebhookAction,
        load_checkpoints,
    )
    from veriport.api.checks import check
    from veriport.api.engines import get_engine
    from veriport.api.idempotency import IdempotencyService, WorkFailed
    from veriport.api.libraries import GreatExpectationsAdapter, PanderaAdapter, TruthoundEngine
    from veriport.application.outbox import ClaimLost
    from veriport.application.running import RunInProgress
    from veriport.domain.checkpoints import ActionResult, ActionStatus, CheckpointResult, CheckpointStatus
    from veriport.domain.errors import CheckFailedError, ConfigurationError, InvalidRule, VeriportError
    from veriport.domain.lifecycle import EngineState
    from veriport.domain.results import CheckResult, RuleResult, RuleStatus, Status
    from veriport.domain.severity import Severity
    from veriport.ports.errors import DataError, MissingExtra
    from veriport.wiring.versions import (
        SemanticVersion,
        VersionConstraint,
        VersionRange,
        parse_constraint,
        parse_version,
        require_version,
    )

__version__ = "0.1.0"

#: Where each public name is; it is imported when it is first used.
_HOMES = {
    "ActionResult": "veriport.domain.checkpoints",
    "ActionStatus": "veriport.domain.checkpoints",
    "App": "veriport.api.apps",
    "BatchExecutor": "veriport.adapters.engines.composed.batched",
    "CheckFailedError": "veriport.domain.errors",
    "CheckResult": "veriport.domain.results",
    "Checkpoint": "veriport.api.checkpoints",
    "CheckpointResult": "veriport.domain.checkpoints",
    "CheckpointStatus": "veriport.domain.checkpoints",
    "ClaimLost": "veriport.application.outbox",
    "ConfigurationError": "veriport.domain.errors",
    "CustomAction": "veriport.api.checkpoints",
    "DataError": "veriport.ports.errors",
    "EngineChain": "veriport.adapters.engines.composed.chain",
    "EngineHealthChecker": "veriport.adapters.engines.composed.managed",
    "EngineLifecycleManager": "veriport.adapters.engines.composed.managed",
    "EngineState": "veriport.domain.lifecycle",
    "GreatExpectationsAdapter": "veriport.api.libraries",
    "IdempotencyService": "veriport.api.idempotency",
    "InstrumentedEngine": "veriport.adapters.engines.composed.instrumented",
    "InvalidRule": "veriport.domain.errors",
    "MissingExtra": "veriport.ports.errors",
    "MultiEngineAggregator": "veriport.adapters.engines.composed.combined",
    "PanderaAdapter": "veriport.api.libraries",
    "RuleResult": "veriport.domain.results",
    "RuleStatus": "veriport.domain.results",
    "RunInProgress": "veriport.application.running",
    "SemanticVersion": "veriport.wiring.versions",
    "Severity": "veriport.domain.severity",
    "Status": "veriport.domain.results",
    "StoreValidationResult": "veriport.api.checkpoints",
    "TruthoundEngine": "veriport.api.libraries",
    "VeriportError": "veriport.domain.errors",
    "VersionConstraint": "veriport.wiring.versions",
    "VersionRange": "veriport.wiring.versions",
    "WebhookAction": "veriport.api.checkpoints",
    "WorkFailed": "veriport.api.idempotency",
    "aio": "veriport",
    "bootstrap": "veriport.api.apps",
    "check": "veriport.api.checks",
    "get_engine": "veriport.api.engines",
    "load_checkpoints": "veriport.api.checkpoints",
    "parse_constraint": "veriport.wiring.versions",
    "parse_version": "veriport.wiring.versions",
    "require_version": "veriport.wiring.versions",
    "rules": "veriport",
}

__all__ = [
    "ActionResult",
    "ActionStatus",
    "App",
    "BatchExecutor",
    "CheckFailedError",
    "CheckResult",
    "Checkpoint",
    "CheckpointResult",
    "CheckpointStatus",
    "ClaimLost",
    "ConfigurationError",
    "CustomAction",
    "DataError",
    "EngineChain",
    "EngineHealthChecker",
    "EngineLifecycleManager",
    "EngineState",
    "GreatExpectationsAdapter",
    "IdempotencyService",
    "InstrumentedEngine",
    "InvalidRule",
    "MissingExtra",
    "MultiEngineAggregator",
    "PanderaAdapter",
    "RuleResult",
    "RuleStatus",
    "RunInProgress",
    "SemanticVersion",
    "Severity",
    "Status",
    "StoreValidationResult",
    "TruthoundEngine",
    "VeriportError",
    "VersionConstraint",
    "VersionRange",
    "WebhookAction",
    "WorkFailed",
    "aio",
    "bootstrap",
    "check",
    "get_engine",
    "load_checkpoints",
    "parse_constraint",
    "parse_version",
    "require_version",
    "rules",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401  # a public name of any kind
    """Import a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'veriport' has no attribute {name!r}")
    home = _HOMES[name]
    value = import_module(f"veriport.{name}") if home == __name__ else getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, also those not yet imported."""
    return sorted({*__all__, "__version__"})
