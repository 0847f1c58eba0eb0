"""Carry out what a run owes to its receivers. The durable outbox takes the place of ``DeliverInline``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from attrs import frozen

from veriport.application.deadlines import Task
from veriport.domain.checkpoints import ActionResult, ActionStatus, Message
from veriport.ports.clocks import Clock
from veriport.ports.errors import PermanentError, PortError
from veriport.ports.notifiers import Notifier, Receipt
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
        started = [(message, self._start(message, receivers[message.receiver])) for message in messages]
        return tuple(self._outcome(message, receivers[message.receiver], task) for message, task in started)

    def _start(self, message: Message, receiver: Receiver) -> Task[Receipt]:
        def send() -> Receipt:
            return receiver.open().send(message, receiver.timeout_seconds)

        return Task(send, name=f"action {message.receiver}")

    def _outcome(self, message: Message, receiver: Receiver, task: Task[Receipt]) -> ActionResult:
        began = self.clock.now()
        status, text, details = _settle(task, receiver.timeout_seconds)
        self.telemetry.event(
            "action.finished", receiver=message.receiver, status=status.value, run=message.run_id
        )
        return ActionResult(
            action_name=message.receiver,
            action_type=receiver.kind,
            status=status,
            message=text,
            started_at=began,
            completed_at=self.clock.now(),
            details=details,
        )


def _settle(task: Task[Receipt], timeout: float) -> tuple[ActionStatus, str, Mapping[str, object]]:
    try:
        receipt = task.result(timeout)
    except PermanentError as refused:
        return ActionStatus.FAILURE, str(refused), {}
    except PortError as trouble:
        return ActionStatus.ERROR, str(trouble), {}
    except Exception as error:  # noqa: BLE001  # an action is foreign code: its failure is an outcome
        return ActionStatus.ERROR, f"{type(error).__name__}: {error}", {}
    return ActionStatus.SUCCESS, receipt.message, receipt.details
