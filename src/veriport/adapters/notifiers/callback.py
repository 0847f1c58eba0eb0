"""Calls a Python function of this program: the action ``callback``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import field, frozen

from veriport.adapters.notifiers.deadline import Deadline, MachineClock
from veriport.domain.checkpoints import CheckpointResult
from veriport.domain.delivery import Message
from veriport.domain.rules.scalars import plain
from veriport.ports.clocks import Clock
from veriport.ports.notifiers import Receipt


@frozen
class CallbackNotifier:
    """Calls ``callback`` with the ``CheckpointResult`` that the message tells of.

    A mapping that it returns becomes the receipt's ``details``, a text its ``message``, ``None`` nothing
    and anything else the ``returned`` of the details. What it raises passes through as it is. A call
    cannot be interrupted: one that takes longer than it may comes to its end, and then raises
    ``DeadlineExceeded``.
    """

    callback: Callable[[CheckpointResult], object]
    clock: Clock = field(factory=MachineClock, repr=False)

    def send(self, message: Message, timeout_seconds: float) -> Receipt:
        """See ``Notifier``."""
        deadline = Deadline(self.clock, timeout_seconds, "the callback")
        returned = self.callback(CheckpointResult.from_dict(message.body))
        deadline.left()
        return _receipt(returned)


def _receipt(returned: object) -> Receipt:
    match returned:
        case None:
            return Receipt()
        case str():
            return Receipt(message=returned)
        case Mapping():
            return Receipt(details={str(key): plain(value) for key, value in returned.items()})
        case _:
            return Receipt(details={"returned": plain(returned)})
