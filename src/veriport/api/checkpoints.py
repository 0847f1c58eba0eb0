"""Checkpoints for Python programs: define one, or load them from a file, and run them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from attrs import evolve

from veriport.api.doors import checkpoint_rules, names_of, unwrap
from veriport.api.engines import engine_of
from veriport.api.stores import BlobChoice, StoreChoice, blob_choice, store_choice
from veriport.application.running import receivers_of
from veriport.domain.checkpoints import (
    Action,
    Callback,
    CheckpointResult,
    CheckpointSpec,
    EngineRef,
    StoreResult,
    Webhook,
)
from veriport.domain.datasets import dataset_of, engine_kind
from veriport.domain.errors import ConfigurationError
from veriport.domain.idempotency import sound_key
from veriport.domain.results import Gate
from veriport.domain.severity import Severity, severity_of
from veriport.ports.stores import forgets
from veriport.wiring import DEFAULT_FILE
from veriport.wiring.container import Container
from veriport.wiring.notifiers import build_notifier
from veriport.wiring.refs import AdapterRef
from veriport.wiring.settings import Settings

StoreValidationResult = StoreResult
WebhookAction = Webhook
CustomAction = Callback


class Checkpoint:
    """A named check with actions. ``run()`` checks, judges and tells.

    ``engine`` is a name, ``module:Class`` or an engine object. ``store`` is where runs are remembered, their
    messages and their idempotency keys: ``memory``, the path of a SQLite file or of the folder that holds it,
    a URL or a ``StateStore``. ``blobs`` is the folder (or ``BlobStore``) of their results: ``blobs`` beside a
    SQLite file by default, and needed with a server, since whoever sends a message later must find it there.
    The other parameters are those of ``CheckpointSpec``. Raises ``ConfigurationError`` for what cannot be
    meant.
    """

    def __init__(  # noqa: PLR0913  # a checkpoint has that many settings, all by keyword
        self,
        name: str,
        data: object = None,
        rules: object = None,
        *,
        data_source: object = None,
        validators: object = None,
        validator_config: object = None,
        actions: Iterable[Action] = (),
        engine: object = None,
        tags: Mapping[str, str] | None = None,
        metadata: Mapping[str, object] | None = None,
        min_severity: str | Severity = Severity.LOW,
        fail_on: str | Severity = Severity.HIGH,
        fail_on_critical: bool | None = None,
        fail_on_high: bool | None = None,
        timeout_seconds: float | None = None,
        sample_size: int | None = None,
        run_name_template: str = "%Y%m%dT%H%M%SZ",
        key: str | Iterable[str] = (),
        samples: int = 20,
        where: str | None = None,
        mask: str | Iterable[str] = (),
        store: object = "memory",
        blobs: object = None,
    ) -> None:
        if (data is None) == (data_source is None):
            raise ConfigurationError("a checkpoint needs data (also called data_source), once")
        gate = Gate(
            min_severity=severity_of(min_severity),
            fail_on=severity_of(fail_on),
            fail_on_critical=fail_on_critical,
            fail_on_high=fail_on_high,
        )
        dataset = dataset_of(data_source if data is None else data)
        spec = CheckpointSpec(
            name=name,
            data=dataset,
            rules=checkpoint_rules(rules, validators, validator_config),
            actions=tuple(actions),
            gate=gate,
            engine=EngineRef(engine if isinstance(engine, str) else engine_kind(dataset)),
            tags=tags or {},
            metadata=metadata or {},
            timeout_seconds=timeout_seconds,
            sample_size=sample_size,
            run_name_template=run_name_template,
            key=names_of(key),
            samples=samples,
            where=where,
            mask=names_of(mask, "mask"),
        )
        for action in spec.actions:
            build_notifier(action)  # what no run could carry out is refused here
        state = store_choice(store)
        container = _container(spec, state, blob_choice(blobs, state))
        if engine is not None and not isinstance(engine, str):
            container.engine.override(engine_of(engine, dataset))
        self._bind(spec, container)

    def _bind(self, spec: CheckpointSpec, container: Container) -> None:
        self.spec = spec
        self._container = container

    @classmethod
    def from_spec(cls, spec: CheckpointSpec, container: Container) -> Checkpoint:
        """A checkpoint that runs with the adapters of ``container``."""
        checkpoint = cls.__new__(cls)
        checkpoint._bind(spec, container)  # noqa: SLF001  # its own class
        return checkpoint

    @property
    def name(self) -> str:
        """The name, which identifies it among checkpoints."""
        return self.spec.name

    def run(self, *, data: object = None, idempotency_key: str | None = None) -> CheckpointResult:
        """Run it once, on ``data`` instead of its own where given.

        Bad data, unreadable data and failing actions are in the result and raise nothing. Raises
        ``ConfigurationError`` for what is wrong without reading data.

        Under an ``idempotency_key`` it runs once for all who share its store: a repeat within a day gets the
        result of the first, ``repeated``, and tells nobody again. Then also raises ``RunInProgress`` while
        another process is at it, ``ConfigurationError`` when the key was used for other data, rules or
        another checkpoint, ``ClaimLost`` when this process stood still for so long that another may have
        taken over (nothing is recorded or sent), and ``TransientError`` when the store cannot be reached.
        """
        key = None if idempotency_key is None else sound_key(idempotency_key)
        spec = self.spec if data is None else evolve(self.spec, data=dataset_of(data))
        return unwrap(self._container.run_checkpoint()(spec, key))

    @property
    def forgets(self) -> bool:
        """Whether its runs, messages and idempotency keys are gone when the program ends."""
        return forgets(self._container.store())

    def settle(self, result: CheckpointResult, wait_seconds: float = 60.0) -> CheckpointResult:
        """Keep delivering what a run of this checkpoint owes, until all is settled or so long has passed.

        The result with its actions as they stand then. Raises ``PermanentError`` for a store that cannot be
        used.
        """
        receivers = receivers_of(self.spec, self._container.notifier_for())
        return self._container.settle()(result, receivers, wait_seconds)

    def __repr__(self) -> str:
        """Name and data, no secret."""
        return f"Checkpoint({self.name!r}, data={self.spec.data.label!r})"


def _container(spec: CheckpointSpec, store: StoreChoice, blobs: BlobChoice) -> Container:
    """What a checkpoint runs in that no file configures."""
    settings = Settings(engine=spec.engine)
    if isinstance(store, AdapterRef):
        settings = evolve(settings, store=store)
    if isinstance(blobs, AdapterRef):
        settings = evolve(settings, blobs=blobs)
    container = Container(settings=settings)
    if not isinstance(store, AdapterRef):
        container.store.override(store)
    if not isinstance(blobs, AdapterRef):
        container.blobs.override(blobs)
    container.store()  # what cannot be built is refused here; it connects when it is used
    return container


def load_checkpoints(path: str | Path = DEFAULT_FILE) -> list[Checkpoint]:
    """The checkpoints of a configuration file, in its order."""
    from veriport.api.apps import bootstrap  # noqa: PLC0415  # the two use each other

    return list(bootstrap(path).checkpoints().values())
