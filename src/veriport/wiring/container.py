"""The container: one provider for each port and use case. Nothing else knows the DI library.

Swap an adapter with ``container.clock.override(...)``, or with one line of configuration.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterable

from dependency_injector import containers, providers

from veriport.adapters.clocks.system import SystemClock
from veriport.adapters.expressions.sqlglot import parse
from veriport.adapters.folders.local import LocalFolder
from veriport.application.checking import CheckData
from veriport.application.delivering import DeliverDurably
from veriport.application.desk import OutboxDesk
from veriport.application.draining import DrainLane
from veriport.application.idempotency import Idempotency
from veriport.application.receivers import Receivers
from veriport.application.running import RunCheckpoint, receivers_of
from veriport.application.runs import Runs
from veriport.application.settling import Settle
from veriport.application.tidying import Tidy
from veriport.application.working import Work
from veriport.domain.checkpoints import Action, CheckpointSpec, EngineRef
from veriport.domain.delivery import Policy
from veriport.ports.blobs import BlobStore
from veriport.ports.clocks import Clock
from veriport.ports.engines import Engine
from veriport.ports.notifiers import Notifier
from veriport.ports.telemetry import Telemetry
from veriport.wiring import catalog
from veriport.wiring.delivery import DeliverySettings
from veriport.wiring.engines import build_engine
from veriport.wiring.notifiers import build_notifier
from veriport.wiring.refs import AdapterRef
from veriport.wiring.settings import Settings
from veriport.wiring.stores import build_store


def _engine(ref: EngineRef, clock: Clock, telemetry: Telemetry) -> Engine:
    """The engine that configuration names."""
    return build_engine(ref.kind, ref.options, clock=clock, telemetry=telemetry)


def _engine_for(
    default: Callable[[], Engine], default_ref: EngineRef, clock: Clock, telemetry: Telemetry
) -> Callable[[EngineRef], Engine]:
    """The engine of a checkpoint: the default one, which a program may override, or its own."""

    def engine_for(ref: EngineRef) -> Engine:
        is_default = ref == default_ref and ref.options == default_ref.options
        return default() if is_default else _engine(ref, clock, telemetry)

    return engine_for


def _telemetry(ref: AdapterRef) -> Telemetry:
    telemetry: Telemetry = catalog.build("telemetry", ref.kind, **ref.options)
    return telemetry


def _blobs(ref: AdapterRef) -> BlobStore:
    blobs: BlobStore = catalog.build("blobs", ref.kind, **ref.options)
    return blobs


def _policy(settings: DeliverySettings) -> Policy:
    return settings.policy


def _token() -> str:
    return uuid.uuid4().hex[:8]


def _holder() -> str:
    return uuid.uuid4().hex


def _receivers(
    checkpoints: Iterable[CheckpointSpec], notifier_for: Callable[[Action], Notifier]
) -> Receivers:
    """Everybody whom the configuration names."""
    return {
        name: receiver for spec in checkpoints for name, receiver in receivers_of(spec, notifier_for).items()
    }


class Container(containers.DeclarativeContainer):
    """What the application needs, built when it is asked for."""

    settings = providers.Dependency(instance_of=Settings, default=Settings())

    clock = providers.Singleton(SystemClock)
    parse = providers.Object(parse)
    telemetry = providers.Singleton(_telemetry, settings.provided.telemetry)
    engine = providers.Singleton(_engine, settings.provided.engine, clock, telemetry)
    engine_for = providers.Singleton(_engine_for, engine.provider, settings.provided.engine, clock, telemetry)
    notifier_for = providers.Object(build_notifier)
    store = providers.Singleton(build_store, settings.provided.store, clock, telemetry)
    blobs = providers.Singleton(_blobs, settings.provided.blobs)
    policy = providers.Singleton(_policy, settings.provided.delivery)
    chance = providers.Object(random.random)
    deliver = providers.Singleton(
        DeliverDurably,
        store=store,
        blobs=blobs,
        clock=clock,
        telemetry=telemetry,
        policy=policy,
        chance=chance,
        keep_days=settings.provided.delivery.keep_days,
    )
    idempotency = providers.Singleton(Idempotency, store=store, new_holder=providers.Object(_holder))
    runs = providers.Singleton(Runs, store=store, blobs=blobs)
    receivers = providers.Singleton(_receivers, settings.provided.checkpoints, notifier_for)
    drain_lane = providers.Singleton(
        DrainLane,
        store=store,
        blobs=blobs,
        clock=clock,
        telemetry=telemetry,
        receiver_for=receivers.provided.get,
        chance=chance,
        policy=policy,
        keep_days=settings.provided.delivery.keep_days,
    )
    tidy = providers.Singleton(Tidy, queues=store, runs=runs, clock=clock, telemetry=telemetry)
    work = providers.Factory(
        Work, queues=store, drain=drain_lane, clock=clock, telemetry=telemetry, tidy=tidy
    )
    settle = providers.Singleton(Settle, drain=drain_lane, runs=runs)
    outbox_desk = providers.Singleton(
        OutboxDesk,
        store=store,
        clock=clock,
        receiver_for=receivers.provided.get,
        policy=policy,
        keep_days=settings.provided.delivery.keep_days,
    )
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
        idempotency=idempotency,
        runs=runs,
    )
