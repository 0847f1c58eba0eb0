"""Ports played by plain classes, for the tests of use cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from attrs import field, frozen
from returns.result import Failure, Result, Success

from veriport.domain.datasets import Dataset
from veriport.domain.delivery import Message
from veriport.domain.expressions import Call, Expr, Literal, Name
from veriport.domain.failures import InvalidExpression
from veriport.domain.measurements import Measured, Measurement, Outcome
from veriport.domain.rules.base import Rule
from veriport.domain.types import Column, DataType, Family
from veriport.ports.engines import Request, Table
from veriport.ports.notifiers import Receipt

COLUMNS = (
    Column("id", DataType(Family.INTEGER, "int64")),
    Column("email", DataType(Family.STRING, "string")),
)

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


def all_pass(rule: Rule) -> Outcome:
    """Ten rows, none of which breaks anything."""
    return Measurement(checked=10, observed=10 if rule.type == "row_count" else None)


@frozen(kw_only=True)
class FakeEngine:
    """Measures what it is told to, and remembers what it was asked for."""

    name: str = "fake"
    columns: tuple[Column, ...] = COLUMNS
    outcome: Callable[[Rule], Outcome] = all_pass
    opening: Callable[[], object] = lambda: None
    measuring: Callable[[], object] = lambda: None
    lost: int = 0
    requests: list[Request] = field(factory=list)
    events: list[str] = field(factory=list)

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Table]:
        """See ``Engine``."""
        self.opening()
        self.events.append(f"opened {dataset.label}")
        try:
            yield _FakeTable(self)
        finally:
            self.events.append("closed")


@frozen
class _FakeTable:
    engine: FakeEngine

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.engine.columns

    def measure(self, request: Request) -> Measured:
        self.engine.requests.append(request)
        self.engine.measuring()
        outcomes = [self.engine.outcome(rule) for rule in request.rules]
        kept = outcomes[: len(outcomes) - self.engine.lost]
        nulls = {} if request.rules else {column.name: 3 for column in self.engine.columns}
        return Measured(row_count=10, outcomes=tuple(kept), null_counts=nulls)


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
