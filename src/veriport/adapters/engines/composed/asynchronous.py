"""An engine of ``async def``s as one that the synchronous core can use.

Its coroutines run in the event loop of the program, where ``veriport.aio`` checks, else in one of their own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import AbstractAsyncContextManager, ExitStack, contextmanager, nullcontext
from contextvars import ContextVar

from anyio.from_thread import BlockingPortal, start_blocking_portal
from attrs import field, frozen

from veriport.domain.datasets import Dataset
from veriport.domain.measurements import Measured
from veriport.domain.rules.base import Rule
from veriport.domain.types import Column
from veriport.ports.engines import AsyncEngine, AsyncTable, Request, SupportsLifecycle, Table, own_rules_of
from veriport.ports.errors import TransientError

#: The way into the event loop of the program, for a thread that it started.
PORTAL: ContextVar[BlockingPortal | None] = ContextVar("veriport_portal", default=None)


@frozen
class SynchronousEngine:
    """An asynchronous engine, synchronously.

    A measurement that runs can be cancelled (``SupportsCancel``), which cancels its coroutine. Other
    abilities are not kept. An engine with a life lives in an event loop of its own, in which all its
    coroutines run from ``start`` to ``stop``: what it holds belongs to a loop.
    """

    engine: AsyncEngine
    _life: list[_Life] = field(factory=list, init=False, eq=False, repr=False)

    @property
    def name(self) -> str:
        """That of the engine."""
        return self.engine.name

    @property
    def own_rules(self) -> tuple[Rule, ...]:
        """Those of the engine."""
        return own_rules_of(self.engine)  # type: ignore[arg-type]  # it looks for the attribute

    def start(self) -> None:
        """See ``veriport.ports.engines.SupportsLifecycle``; nothing for an engine without a life."""
        if not isinstance(self.engine, SupportsLifecycle):
            return
        with ExitStack() as stack:
            portal = stack.enter_context(start_blocking_portal())
            portal.call(_awaited, self.engine.start)
            self._life.append(_Life(portal, stack.pop_all()))

    def stop(self) -> None:
        """See ``veriport.ports.engines.SupportsLifecycle``; nothing for an engine without a life."""
        if not isinstance(self.engine, SupportsLifecycle):
            return
        with ExitStack() as stack:
            if self._life:
                life = self._life.pop()
                stack.push(life.end)
                portal = life.portal
            else:
                portal = stack.enter_context(_portal())
            portal.call(_awaited, self.engine.stop)

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Table]:
        """See ``veriport.ports.engines.Engine``."""
        with nullcontext(self._life[-1].portal) if self._life else _portal() as portal:
            context = portal.call(_context, self.engine, dataset)
            with portal.wrap_async_context_manager(context) as table:
                yield _SynchronousTable(table, portal)


@frozen
class _Life:
    """The loop in which an engine was started, and what ends that."""

    portal: BlockingPortal
    end: ExitStack


async def _awaited(method: Callable[[], object]) -> None:
    """Call what may be a coroutine."""
    given = method()
    if inspect.isawaitable(given):
        await given


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
