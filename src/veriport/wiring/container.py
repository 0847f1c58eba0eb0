"""The container: one provider for each port and use case. Nothing else knows the DI library.

Swap an adapter with ``container.clock.override(...)``, or with one line of configuration.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

from dependency_injector import containers, providers

from veriport.adapters.clocks.system import SystemClock
from veriport.adapters.expressions.sqlglot import parse
from veriport.adapters.folders.local import LocalFolder
from veriport.application.checking import CheckData
from veriport.application.delivering import DeliverInline
from veriport.application.running import RunCheckpoint
from veriport.domain.checkpoints import EngineRef
from veriport.ports.engines import Engine
from veriport.ports.telemetry import Telemetry
from veriport.wiring import catalog
from veriport.wiring.notifiers import build_notifier
from veriport.wiring.settings import AdapterRef, Settings


def build_engine(ref: EngineRef) -> Engine:
    """The engine that configuration names."""
    engine: Engine = catalog.build("engines", ref.kind, **ref.options)
    return engine


def _engine_for(default: Callable[[], Engine], default_ref: EngineRef) -> Callable[[EngineRef], Engine]:
    """The engine of a checkpoint: the default one, which a program may override, or its own."""

    def engine_for(ref: EngineRef) -> Engine:
        return default() if ref == default_ref and ref.options == default_ref.options else build_engine(ref)

    return engine_for


def _telemetry(ref: AdapterRef) -> Telemetry:
    telemetry: Telemetry = catalog.build("telemetry", ref.kind, **ref.options)
    return telemetry


def _token() -> str:
    return uuid.uuid4().hex[:8]


class Container(containers.DeclarativeContainer):
    """What the application needs, built when it is asked for."""

    settings = providers.Dependency(instance_of=Settings, default=Settings())

    clock = providers.Singleton(SystemClock)
    parse = providers.Object(parse)
    telemetry = providers.Singleton(_telemetry, settings.provided.telemetry)
    engine = providers.Singleton(build_engine, settings.provided.engine)
    engine_for = providers.Singleton(_engine_for, engine.provider, settings.provided.engine)
    notifier_for = providers.Object(build_notifier)
    deliver = providers.Singleton(DeliverInline, clock=clock, telemetry=telemetry)
    new_token = providers.Object(_token)
    folder = providers.Singleton(LocalFolder)

    check_data = providers.Factory(CheckData, engine=engine, parse=parse, clock=clock, folder=folder)
    run_checkpoint = providers.Factory(
        RunCheckpoint,
        engine_for=engine_for,
        notifier_for=notifier_for,
        parse=parse,
        deliver=deliver,
        clock=clock,
        telemetry=telemetry,
        new_token=new_token,
        folder=folder,
    )
