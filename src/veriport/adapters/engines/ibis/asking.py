"""How a rule asks for what it needs, in rounds of which all rules share a query; and what it then knows."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import TypeAlias, TypeVar

from attrs import field, frozen
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.views import View
from veriport.domain.measurements import Measurement


class CannotEvaluate(Exception):
    """The database, or a connection to it, has no way to evaluate a rule."""


@frozen
class Ask:
    """Values that fold over the rows of the request, all of one query; and small tables, a query each."""

    folds: Mapping[str, ir.Scalar] = field(factory=dict)
    tables: tuple[ir.Table, ...] = ()


@frozen
class Answer:
    """What was found, under the same names and in the same order."""

    folds: Mapping[str, object]
    tables: tuple[list[tuple[object, ...]], ...] = ()

    def count(self, name: str) -> int:
        """A number of rows; to some databases that of no rows is null."""
        value = self.folds[name]
        return int(str(value)) if value is not None else 0

    def number(self, name: str) -> float | None:
        """A number as a float."""
        value = self.folds[name]
        return None if value is None else float(str(value))

    @property
    def only(self) -> object:
        """The one value of the first table."""
        return self.tables[0][0][0]


@frozen
class Found:
    """A measurement, and how to come to the rows that break the rule, where there are any to show."""

    measurement: Measurement
    failing: Callable[[View], View] | None = field(default=None, eq=False)


def _as_they_are(view: View, name: str) -> View:
    del name
    return view


@frozen
class Mark:
    """How a query of all rows tells those that break a rule.

    ``prepared`` adds columns that ``test`` needs, under names that begin with the given one; it neither
    drops rows nor doubles them. ``test`` is TRUE for the rows that break the rule. ``text`` is what Python
    is asked about, null where it is not: the rows whose text ``check`` refuses break the rule, too.
    """

    test: Callable[[View, str], ir.BooleanValue]
    prepared: Callable[[View, str], View] = _as_they_are
    text: Callable[[View], ir.StringValue] | None = None
    check: Callable[[str], bool] | None = None


T = TypeVar("T")
Asking: TypeAlias = Generator[Ask, Answer, T]
Plan: TypeAlias = Asking[Found]
