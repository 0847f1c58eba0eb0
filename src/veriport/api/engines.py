"""Engines by name, for those who hold one in their hands."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Self

from attrs import frozen

from veriport.adapters.engines.composed.wrapping import made_synchronous
from veriport.domain.datasets import engine_kind
from veriport.domain.errors import ConfigurationError
from veriport.ports.engines import is_engine, own_rules_of
from veriport.wiring.engines import build_engine

if TYPE_CHECKING:
    from pathlib import PurePath
    from types import TracebackType

    from returns.result import Result

    from veriport.domain.datasets import Dataset
    from veriport.domain.expressions import Expr
    from veriport.domain.failures import InvalidExpression
    from veriport.domain.results import CheckResult
    from veriport.domain.rules.base import Rule
    from veriport.ports.engines import AsyncEngine, Engine, Table


def parse_expression(text: str) -> Result[Expr, InvalidExpression]:
    """Read a SQL condition; the parser is imported when there is one to read."""
    from veriport.adapters.expressions.sqlglot import parse  # noqa: PLC0415  # imported on use

    return parse(text)


def engine_of(engine: object, dataset: Dataset) -> Engine:
    """The engine that a caller means by a name, by an object or by nothing: then the one for such data."""
    if engine is None:
        return build_engine(engine_kind(dataset))
    if isinstance(engine, str):
        return build_engine(engine)
    return _made(engine)


def _made(engine: object) -> Engine:
    """An engine object. Raises ``ConfigurationError`` for anything else."""
    if not is_engine(engine):
        raise ConfigurationError(
            f"{type(engine).__name__} is not an engine: it needs 'name' and 'open(dataset)' "
            "(see docs/write-an-engine.md)"
        )
    return made_synchronous(engine)


@frozen
class BoundEngine:
    """An engine with ``check`` on it: ``get_engine("polars").check(frame, rules)``.

    It is an engine itself, and may be used in a ``with`` block.
    """

    engine: Engine

    @property
    def name(self) -> str:
        """The engine's own name."""
        return self.engine.name

    @property
    def own_rules(self) -> tuple[Rule, ...]:
        """The rules that the engine brings."""
        return own_rules_of(self.engine)

    def open(self, dataset: Dataset) -> AbstractContextManager[Table]:
        """See ``veriport.ports.engines.Engine``."""
        return self.engine.open(dataset)

    def start(self) -> None:
        """Start the engine, if it has a life: see ``veriport.EngineLifecycleManager``."""
        getattr(self.engine, "start", _nothing)()

    def stop(self) -> None:
        """Stop the engine, if it has a life."""
        getattr(self.engine, "stop", _nothing)()

    def check(
        self,
        data: object,
        rules: object = None,
        *,
        key: str | Iterable[str] = (),
        samples: int = 20,
        where: str | None = None,
        mask: str | Iterable[str] = (),
        auto_schema: bool | str | PurePath = False,
    ) -> CheckResult:
        """``veriport.check`` with this engine."""
        from veriport.api.checks import check  # noqa: PLC0415  # the two use each other

        return check(
            data, rules, engine=self.engine, key=key, samples=samples, where=where, mask=mask,
            auto_schema=auto_schema,
        )  # fmt: skip

    def __enter__(self) -> Self:
        """Nothing is opened before data is."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is left open."""


def _nothing() -> None:
    """What an engine without a life does."""


def get_engine(name: str | Engine | AsyncEngine = "polars", **options: object) -> BoundEngine:
    """The engine of that name, or the engine itself, with ``check`` on it.

    Raises ``ConfigurationError`` that lists the known names, and for options of an engine that is made.
    """
    if isinstance(name, str):
        return BoundEngine(build_engine(name, options))
    made = _made(name)
    if options:
        raise ConfigurationError(f"engine {made.name!r} is made already: it takes no {', '.join(options)}")
    return made if isinstance(made, BoundEngine) else BoundEngine(made)
