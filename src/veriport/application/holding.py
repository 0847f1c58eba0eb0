"""Hold engines to their contract: what they raise or give back that their port does not know is a defect.

The text names the engine and what it did, so that nobody looks for the fault in the data or in Veriport.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from attrs import frozen

from veriport.domain.datasets import Dataset
from veriport.domain.errors import VeriportError, shown
from veriport.domain.measurements import Measured
from veriport.domain.types import Column, DataType
from veriport.ports.engines import Engine, Request, Table
from veriport.ports.errors import ContractViolation


@contextmanager
def opened(engine: Engine, dataset: Dataset, *, masked: bool) -> Iterator[HeldTable]:
    """The open data set. Raises ``ContractViolation`` where the engine breaks its contract.

    Where something is ``masked``, the text does not quote what the engine raised.
    """
    with ExitStack() as stack:
        with _holding(engine, "opening", masked=masked):
            table = stack.enter_context(engine.open(dataset))
            columns = table.columns
        names = [column.name for column in columns] if _are_columns(columns) else None
        if names is None or len(set(names)) < len(names):
            raise violation(engine, f"its columns are no tuple of columns, each name once: {shown(columns)}")
        try:
            yield HeldTable(engine, table, columns, masked=masked)
        except BaseException:
            with _holding(engine, "closing", masked=masked):
                stack.__exit__(*sys.exc_info())
            raise  # also where the engine would swallow it
        with _holding(engine, "closing", masked=masked):
            stack.close()


def _are_columns(columns: object) -> bool:
    return isinstance(columns, tuple) and all(
        isinstance(each, Column) and isinstance(each.dtype, DataType) for each in columns
    )


@contextmanager
def _holding(engine: Engine, doing: str, *, masked: bool) -> Iterator[None]:
    try:
        yield
    except (VeriportError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        said = "" if masked else f": {error}"
        raise violation(engine, f"{doing} raised {type(error).__name__}{said}") from error


def violation(engine: Engine, what: str) -> ContractViolation:
    """The error that names an engine and what it did."""
    return ContractViolation(f"the engine {engine.name} breaks its contract: {what}")


@frozen
class HeldTable:
    """An open data set of an engine, and the ``table`` itself for what only some can."""

    engine: Engine
    table: Table
    columns: tuple[Column, ...]
    masked: bool

    def holding(self, doing: str) -> AbstractContextManager[None]:
        """Name what the engine raises that its port does not know as a defect of the engine."""
        return _holding(self.engine, doing, masked=self.masked)

    def measure(self, request: Request) -> Measured:
        """See ``veriport.ports.engines.Table``. Raises ``ContractViolation`` for what it forbids."""
        with self.holding("measuring"):
            measured = self.table.measure(request)
        if not isinstance(measured, Measured):
            raise violation(self.engine, f"it gave a {type(measured).__name__} where a Measured belongs")
        if not _is_count(measured.row_count):
            raise violation(self.engine, f"it counted {shown(measured.row_count)} rows")
        if not isinstance(measured.outcomes, tuple | list):
            raise violation(
                self.engine, f"its outcomes are a {type(measured.outcomes).__name__}, not a tuple or a list"
            )
        if (have := len(measured.outcomes)) != (need := len(request.rules)):
            raise violation(self.engine, f"it gave {have} outcomes for {need} rules")
        return measured


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
