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
    from veriport import rules
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
    from veriport.domain.results import CheckResult, RuleResult, RuleStatus, Status
    from veriport.domain.severity import Severity
    from veriport.ports.errors import DataError, MissingExtra

__version__ = "0.1.0"

#: Where each public name is; it is imported when it is first used.
_HOMES = {
    "ActionResult": "veriport.domain.checkpoints",
    "ActionStatus": "veriport.domain.checkpoints",
    "App": "veriport.api.apps",
    "CheckFailedError": "veriport.domain.errors",
    "CheckResult": "veriport.domain.results",
    "Checkpoint": "veriport.api.checkpoints",
    "CheckpointResult": "veriport.domain.checkpoints",
    "CheckpointStatus": "veriport.domain.checkpoints",
    "ClaimLost": "veriport.application.outbox",
    "ConfigurationError": "veriport.domain.errors",
    "CustomAction": "veriport.api.checkpoints",
    "DataError": "veriport.ports.errors",
    "GreatExpectationsAdapter": "veriport.api.libraries",
    "IdempotencyService": "veriport.api.idempotency",
    "InvalidRule": "veriport.domain.errors",
    "MissingExtra": "veriport.ports.errors",
    "PanderaAdapter": "veriport.api.libraries",
    "RuleResult": "veriport.domain.results",
    "RuleStatus": "veriport.domain.results",
    "RunInProgress": "veriport.application.running",
    "Severity": "veriport.domain.severity",
    "Status": "veriport.domain.results",
    "StoreValidationResult": "veriport.api.checkpoints",
    "TruthoundEngine": "veriport.api.libraries",
    "VeriportError": "veriport.domain.errors",
    "WebhookAction": "veriport.api.checkpoints",
    "WorkFailed": "veriport.api.idempotency",
    "bootstrap": "veriport.api.apps",
    "check": "veriport.api.checks",
    "get_engine": "veriport.api.engines",
    "load_checkpoints": "veriport.api.checkpoints",
    "rules": "veriport",
}

__all__ = [
    "ActionResult",
    "ActionStatus",
    "App",
    "CheckFailedError",
    "CheckResult",
    "Checkpoint",
    "CheckpointResult",
    "CheckpointStatus",
    "ClaimLost",
    "ConfigurationError",
    "CustomAction",
    "DataError",
    "GreatExpectationsAdapter",
    "IdempotencyService",
    "InvalidRule",
    "MissingExtra",
    "PanderaAdapter",
    "RuleResult",
    "RuleStatus",
    "RunInProgress",
    "Severity",
    "Status",
    "StoreValidationResult",
    "TruthoundEngine",
    "VeriportError",
    "WebhookAction",
    "WorkFailed",
    "bootstrap",
    "check",
    "get_engine",
    "load_checkpoints",
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
