"""Carry out what a run owes to its receivers. The durable outbox takes the place of ``DeliverInline``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from attrs import evolve, frozen

from veriport.application.deadlines import Task
from veriport.domain.checkpoints import ActionResult, ActionStatus, Message
from veriport.domain.errors import ConfigurationError, VeriportError
from veriport.ports.clocks import Clock
from veriport.ports.errors import DeadlineExceeded, PermanentError
from veriport.ports.notifiers import Notifier
from veriport.ports.telemetry import Telemetry


@frozen(kw_only=True)
class Receiver:
    """Whom a message is for: what kind it is, how long it may take and how it is reached.

    ``open`` makes the notifier; what it raises is the outcome of the message.
    """

    kind: str
    timeout_seconds: float
    open: Callable[[], Notifier]


class Deliver(Protocol):
    """The one seam through which messages leave."""

    def __call__(
        self, messages: Sequence[Message], receivers: Mapping[str, Receiver]
    ) -> tuple[ActionResult, ...]:
        """Carry out every message; one outcome each, in their order. Never raises for a message."""
        ...


@frozen(kw_only=True)
class DeliverInline:
    """Send all messages at once, each up to its own timeout, and forget what fails."""

    clock: Clock
    telemetry: Telemetry

    def __call__(
        self, messages: Sequence[Message], receivers: Mapping[str, Receiver]
    ) -> tuple[ActionResult, ...]:
        """See ``Deliver``."""
        started = [self._start(message, receivers[message.receiver]) for message in messages]
        return tuple(self._outcome(message, *each) for message, each in zip(messages, started, strict=True))

    def _start(self, message: Message, receiver: Receiver) -> tuple[ActionResult, Task[ActionResult], float]:
        begun = ActionResult(
            action_name=message.receiver,
            action_type=receiver.kind,
            status=ActionStatus.PENDING,
            started_at=self.clock.now(),
        )
        task = Task(partial(self._send, message, receiver, begun), name=f"action {message.receiver}")
        return begun, task, receiver.timeout_seconds

    def _send(self, message: Message, receiver: Receiver, begun: ActionResult) -> ActionResult:
        try:
            receipt = receiver.open().send(message, receiver.timeout_seconds)
            done = evolve(
                begun, status=ActionStatus.SUCCESS, message=receipt.message, details=receipt.details
            )
        except BaseException as error:  # noqa: BLE001  # foreign code: whatever it does is its outcome, exit() too
            done = evolve(begun, status=_status_of(error), message=_text_of(error))
        return evolve(done, completed_at=self.clock.now())

    def _outcome(
        self, message: Message, begun: ActionResult, task: Task[ActionResult], timeout: float
    ) -> ActionResult:
        try:
            result = task.result(timeout)
        except DeadlineExceeded as late:
            result = evolve(
                begun, status=ActionStatus.ERROR, message=str(late), completed_at=self.clock.now()
            )
        self.telemetry.event(
            "action.finished", receiver=message.receiver, status=result.status.value, run=message.run_id
        )
        return result


def _status_of(error: BaseException) -> ActionStatus:
    refused = isinstance(error, PermanentError) and not isinstance(error, ConfigurationError)
    return ActionStatus.FAILURE if refused else ActionStatus.ERROR


def _text_of(error: BaseException) -> str:
    return str(error) if isinstance(error, VeriportError) else f"{type(error).__name__}: {error}"
