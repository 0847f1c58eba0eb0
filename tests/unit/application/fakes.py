"""Ports played by plain classes, for the tests of use cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import field, frozen
from returns.result import Failure, Result, Success

from veriport.domain.delivery import Message
from veriport.domain.expressions import Call, Expr, Literal, Name
from veriport.domain.failures import InvalidExpression
from veriport.ports.notifiers import Receipt
from veriport.testing.engines import FakeEngine

COLUMNS = FakeEngine().columns

#: Every SQL text that the fake parser knows.
TREES: Mapping[str, Expr] = {
    "id > 0": Call(">", (Name("id"), Literal(0))),
    "id > 1": Call(">", (Name("id"), Literal(1))),
    "email > 0": Call(">", (Name("email"), Literal(0))),
    "gone > 0": Call(">", (Name("gone"), Literal(0))),
}


def parse(text: str) -> Result[Expr, InvalidExpression]:
    """Read one of ``TREES``."""
    tree = TREES.get(text)
    return Failure(InvalidExpression(text, "it is not known")) if tree is None else Success(tree)


@frozen
class FakeNotifier:
    """Does what a test says with each message."""

    act: Callable[[Message], object] = lambda _: None
    received: list[Message] = field(factory=list)

    def send(self, message: Message, timeout_seconds: float) -> Receipt:
        """See ``Notifier``."""
        del timeout_seconds
        self.received.append(message)
        answer = self.act(message)
        return answer if isinstance(answer, Receipt) else Receipt(message="taken")


def fails_with(error: BaseException) -> Callable[..., object]:
    """A function that raises ``error``."""

    def act(*_: object) -> object:
        raise error

    return act
