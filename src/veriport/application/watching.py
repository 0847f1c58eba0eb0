"""The tables that are open, so that whoever waits for a check no longer can stop it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from attrs import field, frozen

from veriport.domain.datasets import Dataset
from veriport.domain.rules.base import Rule
from veriport.ports.engines import Engine, SupportsCancel, Table, own_rules_of
from veriport.ports.errors import TransientError


class Watch:
    """The tables that a check has open, to cancel what is measured on them."""

    def __init__(self) -> None:
        self._tables: list[Table] = []
        self._cancelled = False
        self._lock = threading.Lock()

    def over(self, engine: Engine) -> Engine:
        """The engine under watch."""
        return _Watched(engine, self)

    @contextmanager
    def table(self, table: Table) -> Iterator[Table]:
        """Watch a table as long as it is open."""
        with self._lock:
            if self._cancelled:
                raise TransientError("the check was cancelled")
            self._tables.append(table)
        try:
            yield table
        finally:
            with self._lock:
                self._tables.remove(table)

    def cancel(self) -> None:
        """Cancel what is measured, and refuse to open more."""
        with self._lock:
            self._cancelled, tables = True, tuple(self._tables)
        for table in tables:
            if isinstance(table, SupportsCancel):
                table.cancel()


@frozen
class _Watched:
    """An engine whose open tables are known; they keep all their abilities."""

    engine: Engine
    watch: Watch = field(repr=False, eq=False)

    @property
    def name(self) -> str:
        return self.engine.name

    @property
    def own_rules(self) -> tuple[Rule, ...]:
        return own_rules_of(self.engine)

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Table]:
        with self.engine.open(dataset) as table, self.watch.table(table):
            yield table
