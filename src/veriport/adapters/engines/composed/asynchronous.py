"""An engine of ``async def``s as one that the synchronous core can use.

Its coroutines run in the event loop of the program, where ``veriport.aio`` checks, else in one of their own.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from contextlib import AbstractAsyncContextManager, contextmanager
from contextvars import ContextVar

from anyio.from_thread import BlockingPortal, start_blocking_portal
from attrs import frozen

from veriport.adapters.engines.composed.wrapping import rules_of_all
from veriport.domain.datasets import Dataset
from veriport.domain.measurements import Measured
from veriport.domain.rules.base import Rule
from veriport.domain.types import Column
from veriport.ports.engines import AsyncEngine, AsyncTable, Request, Table
from veriport.ports.errors import TransientError

#: The way into the event loop of the program, for a thread that it started.
PORTAL: ContextVar[BlockingPortal | None] = ContextVar("veriport_portal", default=None)


@frozen
class SynchronousEngine:
    """An asynchronous engine, synchronously.

    A measurement that runs can be cancelled (``SupportsCancel``), which cancels its coroutine. Other
    abilities are not kept.
    """

    engine: AsyncEngine

    @property
    def name(self) -> str:
        """That of the engine."""
        return self.engine.name

    @property
    def own_rules(self) -> tuple[Rule, ...]:
        """Those of the engine."""
        return rules_of_all([self.engine])  # type: ignore[list-item]  # it looks for the attribute

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Table]:
        """See ``veriport.ports.engines.Engine``."""
        with _portal() as portal:
            context = portal.call(_context, self.engine, dataset)
            with portal.wrap_async_context_manager(context) as table:
                yield _SynchronousTable(table, portal)


@contextmanager
def _portal() -> Iterator[BlockingPortal]:
    """The way into the loop of the program, or into one that lives as long as the context."""
    here = PORTAL.get()
    if here is not None:
        yield here
        return
    with start_blocking_portal() as portal:
        yield portal


async def _context(engine: AsyncEngine, dataset: Dataset) -> AbstractAsyncContextManager[AsyncTable]:
    opened = engine.open(dataset)
    return await opened if inspect.isawaitable(opened) else opened


class _SynchronousTable:
    """A table whose coroutines run in a loop."""

    def __init__(self, inner: AsyncTable, portal: BlockingPortal) -> None:
        self._inner, self._portal = inner, portal
        self._running: Future[Measured] | None = None

    @property
    def columns(self) -> tuple[Column, ...]:
        """See ``veriport.ports.engines.Table``."""
        return self._inner.columns

    def measure(self, request: Request) -> Measured:
        """See ``veriport.ports.engines.Table``."""
        running = self._running = self._portal.start_task_soon(self._inner.measure, request)
        try:
            return running.result()
        except CancelledError as cancelled:
            raise TransientError("the measurement was cancelled") from cancelled
        finally:
            self._running = None

    def cancel(self) -> None:
        """See ``veriport.ports.engines.SupportsCancel``."""
        if (running := self._running) is not None:
            running.cancel()
