"""A checkpoint: a named check with actions, as data, and what a run of it came to (D8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar, TypeAlias

from attrs import Attribute, field, frozen

from veriport.domain.datasets import Dataset
from veriport.domain.errors import CheckFailedError, ConfigurationError
from veriport.domain.results import CheckResult, Gate, Status, exit_code
from veriport.domain.rules.base import Rule
from veriport.domain.suggestions import nearest


class NotifyOn(StrEnum):
    """After which runs an action is carried out."""

    ALWAYS = "always"
    SUCCESS = "success"  #: also with warnings
    WARNING = "warning"  #: something failed below the line
    FAILURE = "failure"
    ERROR = "error"
    FAILURE_OR_ERROR = "failure_or_error"
    NOT_SUCCESS = "not_success"  #: anything but a clean success


_WANTED: Mapping[NotifyOn, frozenset[Status]] = {
    NotifyOn.ALWAYS: frozenset(Status),
    NotifyOn.SUCCESS: frozenset({Status.SUCCESS, Status.WARNING}),
    NotifyOn.WARNING: frozenset({Status.WARNING}),
    NotifyOn.FAILURE: frozenset({Status.FAILURE}),
    NotifyOn.ERROR: frozenset({Status.ERROR}),
    NotifyOn.FAILURE_OR_ERROR: frozenset({Status.FAILURE, Status.ERROR}),
    NotifyOn.NOT_SUCCESS: frozenset(Status) - {Status.SUCCESS},
}


def notify_on(word: object) -> NotifyOn:
    """Read a condition; raises ``ConfigurationError`` that lists them."""
    known = {member.value: member for member in NotifyOn}
    found = known.get(str(word))
    if found is None:
        listed = ", ".join(known)
        hint = nearest(str(word), known).hint
        raise ConfigurationError(f"unknown notify_on {word!r}: use one of {listed}{hint}")
    return found


def _positive(_: object, attribute: Attribute[Any], value: float | None) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value <= 0):
        raise ConfigurationError(f"{attribute.name} must be a number of seconds above 0, not {value!r}")


@frozen(kw_only=True)
class Action:
    """What a run does with its result. Each kind is a small subclass that holds its settings."""

    kind: ClassVar[str] = ""

    name: str = ""
    notify_on: NotifyOn = field(default=NotifyOn.ALWAYS, converter=notify_on)
    timeout_seconds: float = field(default=30.0, validator=_positive)
    enabled: bool = True

    def wanted(self, status: Status) -> bool:
        """Whether a run that ended so is one to act on."""
        return self.enabled and status in _WANTED[self.notify_on]


class PartitionBy(StrEnum):
    """How stored results are put into folders."""

    NONE = "none"
    DATE = "date"  #: ``2024-01-31``, in UTC
    CHECKPOINT = "checkpoint"
    STATUS = "status"


def _partition(word: object) -> PartitionBy:
    known = {member.value: member for member in PartitionBy}
    found = known.get("none" if word is None else str(word))
    if found is None:
        hint = nearest(str(word), known).hint
        raise ConfigurationError(f"unknown partition_by {word!r}: use one of {', '.join(known)}{hint}")
    return found


@frozen(kw_only=True)
class StoreResult(Action):
    """Keep the result as a JSON document, one file a run."""

    kind: ClassVar[str] = "store_result"

    store_path: str = ".veriport/results"
    partition_by: PartitionBy = field(default=PartitionBy.DATE, converter=_partition)


def _headers(value: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType({str(key): str(item) for key, item in value.items()})


@frozen(kw_only=True)
class Webhook(Action):
    """Send the result as JSON to an HTTP endpoint.

    ``allow_hosts`` names the private or local hosts that may be reached. Headers are not printed.
    """

    kind: ClassVar[str] = "webhook"

    url: str = field(repr=False)
    method: str = "POST"
    headers: Mapping[str, str] = field(factory=dict, converter=_headers, repr=False, hash=False)
    include_full_result: bool = True
    allow_hosts: tuple[str, ...] = field(default=(), converter=tuple)


@frozen(kw_only=True)
class Callback(Action):
    """Call a Python function of this program with the ``CheckpointResult``."""

    kind: ClassVar[str] = "callback"

    callback: Callable[[CheckpointResult], object] = field(eq=False)


#: Every kind of action by the name that configuration uses.
ACTIONS: Mapping[str, type[Action]] = {cls.kind: cls for cls in (StoreResult, Webhook, Callback)}


def _name(_: object, __: Attribute[str], value: object) -> None:
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"a checkpoint needs a name, not {value!r}")


def _mapping(value: Mapping[str, object]) -> Mapping[str, object]:
    return MappingProxyType(dict(value))


@frozen
class EngineRef:
    """Which engine checks: its kind in the catalog, and its own settings."""

    kind: str = "polars"
    options: Mapping[str, object] = field(factory=dict, converter=_mapping, hash=False, repr=False)


@frozen(kw_only=True)
class CheckpointSpec:
    """What a checkpoint is, as data.

    ``rules`` is ``None`` where none are given: the run then describes the data. ``run_name_template``
    is a ``strftime`` format of the start in UTC. ``sample_size`` checks only the first so many rows.
    ``timeout_seconds`` bounds the check, not the actions, which have their own.
    """

    name: str = field(validator=_name)
    data: Dataset
    rules: tuple[Rule, ...] | None = None
    actions: tuple[Action, ...] = ()
    tags: Mapping[str, str] = field(factory=dict, converter=_mapping, hash=False)
    metadata: Mapping[str, object] = field(factory=dict, converter=_mapping, hash=False)
    gate: Gate = Gate()
    engine: EngineRef = EngineRef()
    key: tuple[str, ...] = ()
    samples: int = 20
    where: str | None = None
    timeout_seconds: float | None = field(default=None, validator=_positive)
    sample_size: int | None = None
    run_name_template: str = "%Y%m%dT%H%M%SZ"

    def actions_named(self) -> tuple[tuple[str, Action], ...]:
        """Each action under a name of its own: given, or its kind, then ``kind-2``."""
        named: dict[str, Action] = {}
        for action in self.actions:
            base = action.name or action.kind
            names = (base, *(f"{base}-{n}" for n in range(2, len(self.actions) + 2)))
            named[next(name for name in names if name not in named)] = action
        return tuple(named.items())


class ActionStatus(StrEnum):
    """How one action ended."""

    SUCCESS = "success"
    FAILURE = "failure"  #: the receiver refused
    SKIPPED = "skipped"  #: ``notify_on`` does not want this run, or the action is disabled
    ERROR = "error"  #: it could not be carried out, or not in time
    PENDING = "pending"  #: it is still to be delivered
    COMPENSATED = "compensated"  #: it was undone


@frozen(kw_only=True)
class ActionResult:
    """How one action of a run ended. Times are UTC; ``duration_ms`` is wall time in milliseconds."""

    action_name: str
    action_type: str
    status: ActionStatus
    message: str = ""
    started_at: datetime | None = None
    completed_at: datetime | None = None
    details: Mapping[str, object] = field(factory=dict, converter=_mapping, hash=False)

    @property
    def duration_ms(self) -> float:
        """Milliseconds from start to end; 0 for what never began."""
        if self.started_at is None or self.completed_at is None:
            return 0.0
        return (self.completed_at - self.started_at).total_seconds() * 1000


@frozen(kw_only=True)
class CheckpointResult:
    """What a run of a checkpoint came to.

    ``check`` is ``None`` and ``error`` says why where the data could not be checked at all.
    """

    run_id: str
    name: str
    run_name: str
    run_time: datetime
    check: CheckResult | None = None
    error: str = ""
    action_results: tuple[ActionResult, ...] = ()
    tags: Mapping[str, str] = field(factory=dict, converter=_mapping, hash=False)
    metadata: Mapping[str, object] = field(factory=dict, converter=_mapping, hash=False)
    duration_seconds: float = 0.0

    @property
    def status(self) -> Status:
        """The status of the check; ``error`` where there is none. Actions never change it."""
        return Status.ERROR if self.check is None else self.check.status

    @property
    def ok(self) -> bool:
        """Whether the data may be used."""
        return self.check is not None and self.check.ok

    @property
    def checkpoint_name(self) -> str:
        """The name of the checkpoint."""
        return self.name

    @property
    def validation_result(self) -> CheckResult | None:
        """The result of the check."""
        return self.check

    @property
    def duration_ms(self) -> float:
        """Milliseconds from start to end, actions included."""
        return self.duration_seconds * 1000

    def exit_code(self, *, strict: bool = False) -> int:
        """The exit code of D2; under ``strict`` any failed rule makes 1."""
        failed = 0 if self.check is None else self.check.failed_count
        return exit_code(self.status, failed, strict=strict)

    def raise_if_failed(self) -> CheckpointResult:
        """Return this result if it is ``ok``; otherwise raise ``CheckFailedError`` with the summary."""
        if not self.ok:
            raise CheckFailedError(self.summary(), self)
        return self

    def summary(self) -> str:
        """A few lines for people: the check, then every action that did not simply succeed."""
        head = f"checkpoint {self.name}, run {self.run_id}"
        body = f"ERROR: {self.error}" if self.check is None else self.check.summary()
        actions = [
            f"  action {action.action_name}: {action.status.value}{action.message and f': {action.message}'}"
            for action in self.action_results
        ]
        return "\n".join([head, body, *actions])

    def to_dict(self) -> dict[str, object]:
        """The document of ``checkpoint run --format json``, as plain data."""
        from veriport.domain import codec  # noqa: PLC0415  # cattrs is imported on use

        return codec.checkpoint_document(self)

    def to_json(self, *, indent: int | None = 2) -> str:
        """The same document as JSON text."""
        from veriport.domain import codec  # noqa: PLC0415  # cattrs is imported on use

        return codec.to_json(self.to_dict(), indent=indent)

    @classmethod
    def from_dict(cls, document: Mapping[str, object]) -> CheckpointResult:
        """Read a document of ``to_dict``. Raises ``DocumentError`` for anything else."""
        from veriport.domain import codec  # noqa: PLC0415  # cattrs is imported on use

        return codec.read_checkpoint(document)


CheckpointStatus: TypeAlias = Status


@frozen(kw_only=True)
class Message:
    """One thing to tell one receiver.

    ``id`` is the same for every attempt, so that a receiver can drop repeats. ``receiver`` names a
    configured notifier and never holds its settings. ``body`` is the run's document, plain data.
    """

    id: str
    receiver: str
    run_id: str
    checkpoint: str
    status: Status
    occurred_at: datetime
    body: Mapping[str, object] = field(converter=_mapping, hash=False)


def plan_messages(spec: CheckpointSpec, result: CheckpointResult) -> tuple[Message, ...]:
    """The messages that a finished run owes, one for each action that wants it."""
    body = result.to_dict()
    return tuple(
        Message(
            id=f"{result.run_id}:{name}",
            receiver=name,
            run_id=result.run_id,
            checkpoint=spec.name,
            status=result.status,
            occurred_at=result.run_time,
            body=body,
        )
        for name, action in spec.actions_named()
        if action.wanted(result.status)
    )


def repeated_names(specs: Iterable[CheckpointSpec]) -> tuple[str, ...]:
    """Names that more than one checkpoint has."""
    names = [spec.name for spec in specs]
    return tuple(dict.fromkeys(name for name in names if names.count(name) > 1))
