"""A checkpoint: a named check with actions, as data, and what a run of it came to (D8)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Container, Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import PurePath
from typing import Any, ClassVar, TypeAlias, TypeVar

from attrs import Attribute, field, frozen
from attrs.validators import optional

from veriport.domain.datasets import Dataset, dataset_of
from veriport.domain.delivery import Message
from veriport.domain.errors import CheckFailedError, ConfigurationError, shown
from veriport.domain.mappings import FrozenMapping
from veriport.domain.results import CheckResult, Gate, Status, exit_code
from veriport.domain.rules.base import Rule
from veriport.domain.suggestions import nearest
from veriport.domain.validators import (
    any_text,
    at_least,
    hidden_text,
    mapping,
    seconds,
    text,
    text_mapping,
    texts,
    yes_or_no,
)


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
    return _choice("notify_on", NotifyOn, word)


_Choice = TypeVar("_Choice", bound=StrEnum)


def _choice(key: str, members: type[_Choice], word: object) -> _Choice:
    known = {member.value: member for member in members}
    name = word if isinstance(word, str) else ""
    if name not in known:
        listed, hint = ", ".join(known), nearest(name, known).hint
        raise ConfigurationError(f"unknown {key} {shown(word)}: use one of {listed}{hint}")
    return known[name]


def _headers(value: object) -> Mapping[str, str]:
    return text_mapping("headers", value)


def _allow_hosts(value: object) -> tuple[str, ...]:
    return texts("allow_hosts", value)


def _options(value: object) -> Mapping[str, Any]:
    return mapping("options", value)


def _tags(value: object) -> Mapping[str, str]:
    return text_mapping("tags", value)


def _metadata(value: object) -> Mapping[str, Any]:
    return mapping("metadata", value)


def _key(value: object) -> tuple[str, ...]:
    return texts("key", value)


def _mask(value: object) -> tuple[str, ...]:
    return texts("mask", value)


@frozen(kw_only=True)
class Action:
    """What a run does with its result. Each kind is a small subclass that holds its settings.

    One attempt may take ``timeout_seconds``, and attempts are made for ``deadline_seconds``. ``lanes`` is how
    many messages may be on their way at once; with more than one they may arrive in another order.
    """

    kind: ClassVar[str] = ""

    name: str = field(default="", validator=any_text)
    notify_on: NotifyOn = field(default=NotifyOn.ALWAYS, converter=notify_on)
    timeout_seconds: float = field(default=30.0, validator=seconds)
    deadline_seconds: float = field(default=86_400.0, validator=seconds)
    lanes: int = field(default=1, validator=at_least(1))
    enabled: bool = field(default=True, validator=yes_or_no)

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
    return PartitionBy.NONE if word is None else _choice("partition_by", PartitionBy, word)


def _path(value: object) -> object:
    return str(value) if isinstance(value, PurePath) else value


@frozen(kw_only=True)
class StoreResult(Action):
    """Keep the result as a JSON document, one file a run."""

    kind: ClassVar[str] = "store_result"

    store_path: str = field(default=".veriport/results", converter=_path, validator=text)
    partition_by: PartitionBy = field(default=PartitionBy.DATE, converter=_partition)


@frozen(kw_only=True)
class Webhook(Action):
    """Send the result as JSON to an HTTP endpoint.

    ``allow_hosts`` names the private or local hosts that may be reached. Headers are not printed.
    """

    kind: ClassVar[str] = "webhook"

    url: str = field(repr=False, validator=hidden_text)
    method: str = field(default="POST", validator=text)
    headers: Mapping[str, str] = field(factory=dict, converter=_headers, repr=False, hash=False)
    include_full_result: bool = field(default=True, validator=yes_or_no)
    allow_hosts: tuple[str, ...] = field(default=(), converter=_allow_hosts)


@frozen(kw_only=True)
class Callback(Action):
    """Call a Python function of this program with the ``CheckpointResult``."""

    kind: ClassVar[str] = "callback"

    callback: Callable[[CheckpointResult], object] = field(eq=False)

    @callback.validator
    def _can_be_called(self, _: Attribute[Any], value: object) -> None:
        if not callable(value):
            raise ConfigurationError(f"callback must be a function, not {shown(value)}")


#: Every kind of action by the name that configuration uses.
ACTIONS: Mapping[str, type[Action]] = {cls.kind: cls for cls in (StoreResult, Webhook, Callback)}


def _mapping(value: Mapping[str, object]) -> Mapping[str, object]:
    return FrozenMapping(value)


@frozen
class EngineRef:
    """Which engine checks: its kind in the catalog, and its own settings."""

    kind: str = field(default="polars", validator=text)
    options: Mapping[str, object] = field(factory=dict, converter=_options, hash=False, repr=False)


def _rules(value: Iterable[Rule] | None) -> tuple[Rule, ...] | None:
    return None if value is None else _all(Rule, "rules", value)


def _actions(value: Iterable[Action]) -> tuple[Action, ...]:
    return _all(Action, "actions", value)


_Item = TypeVar("_Item")


def _all(kind: type[_Item], name: str, value: Iterable[_Item]) -> tuple[_Item, ...]:
    listed = tuple(value) if isinstance(value, Iterable) else (value,)
    for item in listed:
        if not isinstance(item, kind):
            raise ConfigurationError(f"{name}: {shown(item)} is no {kind.__name__}")
    return listed


@frozen(kw_only=True)
class CheckpointSpec:
    """What a checkpoint is, as data.

    ``rules`` is ``None`` where none are given: the run then describes the data. ``run_name_template``
    is a ``strftime`` format of the start in UTC. ``sample_size`` checks only the first so many rows.
    ``mask`` names columns whose values nothing shows that comes of the run.
    ``timeout_seconds`` bounds the check, not the actions, which have their own.
    """

    name: str = field(validator=text)
    data: Dataset = field(converter=dataset_of)
    rules: tuple[Rule, ...] | None = field(default=None, converter=_rules)
    actions: tuple[Action, ...] = field(default=(), converter=_actions)
    tags: Mapping[str, str] = field(factory=dict, converter=_tags, hash=False)
    metadata: Mapping[str, object] = field(factory=dict, converter=_metadata, hash=False)
    gate: Gate = Gate()
    engine: EngineRef = EngineRef()
    key: tuple[str, ...] = field(default=(), converter=_key)
    samples: int = field(default=20, validator=at_least(0))
    where: str | None = field(default=None, validator=optional(text))
    mask: tuple[str, ...] = field(default=(), converter=_mask)
    timeout_seconds: float | None = field(default=None, validator=optional(seconds))
    sample_size: int | None = field(default=None, validator=optional(at_least(1)))
    run_name_template: str = field(default="%Y%m%dT%H%M%SZ", validator=text)

    @actions.validator
    def _named_apart(self, _: Attribute[Any], actions: tuple[Action, ...]) -> None:
        given = [action.name for action in actions if action.name]
        for name in given:
            if given.count(name) > 1:
                raise ConfigurationError(f"two actions are named {shown(name)}")

    @run_name_template.validator
    def _formats(self, _: Attribute[Any], template: str) -> None:
        try:
            datetime(2024, 1, 31, tzinfo=UTC).strftime(template)
        except ValueError as problem:
            raise ConfigurationError(f"run_name_template {shown(template)}: {problem}") from None

    @property
    def masks(self) -> bool:
        """Whether there are values that must not be shown."""
        return bool(self.mask) or any(rule.mask for rule in self.rules or ())

    def actions_named(self) -> tuple[tuple[str, Action], ...]:
        """Each action under a name of its own: given, or its kind, then ``kind-2``."""
        taken = {action.name for action in self.actions}
        named: list[tuple[str, Action]] = []
        for action in self.actions:
            name = action.name or _free(action.kind, taken)
            taken.add(name)
            named.append((name, action))
        return tuple(named)


def _free(kind: str, taken: Container[str]) -> str:
    numbered = (f"{kind}-{number}" for number in itertools.count(2))
    return next(name for name in itertools.chain([kind], numbered) if name not in taken)


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

    ``check`` is ``None`` and ``error`` says why where the data could not be checked at all. ``repeated``
    says that the run was made before, under the same idempotency key, and did not happen again.
    ``not_recorded`` says why the store could not keep the run, empty if it did: nothing of such a run is
    delivered later.
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
    repeated: bool = False
    not_recorded: str = ""

    @property
    def status(self) -> Status:
        """The status of the check; ``error`` where there is none. Actions never change it."""
        return Status.ERROR if self.check is None else self.check.status

    @property
    def ok(self) -> bool:
        """Whether the data may be used."""
        return self.check is not None and self.check.ok

    @property
    def delivered(self) -> bool:
        """Whether every action was carried out that wanted this run."""
        done = {ActionStatus.SUCCESS, ActionStatus.SKIPPED}
        return all(action.status in done for action in self.action_results)

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


def plan_messages(spec: CheckpointSpec, result: CheckpointResult) -> tuple[Message, ...]:
    """The messages that a finished run owes, one for each action that wants it."""
    body = result.to_dict()
    return tuple(
        Message(
            id=f"{result.run_id}:{name}",
            receiver=receiver_name(spec.name, name),
            run_id=result.run_id,
            checkpoint=spec.name,
            status=result.status,
            occurred_at=result.run_time,
            body=body,
        )
        for name, action in spec.actions_named()
        if action.wanted(result.status)
    )


def receiver_name(checkpoint: str, action: str) -> str:
    """What messages call the receiver that an action of a checkpoint is."""
    return f"{checkpoint}/{action}"


def repeated_names(specs: Iterable[CheckpointSpec]) -> tuple[str, ...]:
    """Names that more than one checkpoint has."""
    names = [spec.name for spec in specs]
    return tuple(dict.fromkeys(name for name in names if names.count(name) > 1))
