"""Which rows a check sees."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
from attrs import field, frozen
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.databases.errors import first_line
from veriport.adapters.engines.ibis.rounds import TROUBLE
from veriport.adapters.engines.ibis.rules.strays import refuse_strays_of_where
from veriport.adapters.engines.ibis.sources import ROW, Source
from veriport.adapters.engines.ibis.views import View
from veriport.domain.errors import InvalidRule
from veriport.ports.engines import Request
from veriport.ports.errors import DataError


@frozen
class Viewing:
    """The rows of a request. ``order_by`` are columns that order them, where nothing else does."""

    source: Source
    request: Request
    order_by: Sequence[str] = field(default=())

    def rows(self, *, numbered: bool) -> View:
        """Those rows; with their numbers in the whole table where they have an order, for those who ask."""
        view = self._first(numbered=numbered)
        return view if self.request.where is None else view.of(view.table.filter(self._where(view)))

    def again(self) -> View:
        """The same rows, for a query that has them already.

        What a query reads twice DuckDB would keep, with all of its columns, so that the condition is
        written another way. Which rows are the first, one place of the query says to both.
        """
        view = self._first(numbered=False)
        if self.request.where is None:
            return view
        return view.of(view.table.filter(self._where(view).fill_null(ibis.literal(value=False))))

    def refuse_strays(self) -> None:
        """Raise ``DataError`` where the condition of the request reads a value that is none of its column."""
        if self.request.where is not None:
            try:
                refuse_strays_of_where(self._first(numbered=False), self.source, self.request.where)
            except DataError as strays:
                raise DataError(f"{self.source.label}: where: {strays}") from strays

    def _first(self, *, numbered: bool) -> View:
        """The rows that the limit lets through."""
        fields = {each.column.name: each for each in self.source.fields}
        table, row = self.source.table, self.source.row
        if row is None and self.order_by and (numbered or self.request.limit is not None):
            order = [table[fields[name].physical] for name in self.order_by]
            table, row = table.mutate(**{ROW: ibis.row_number().over(order_by=order)}), ROW
        if self.request.limit is not None:
            table = (
                table.limit(self.request.limit)
                if row is None
                else table.filter(table[row] < self.request.limit)
            )
        return View(
            table=table,
            fields=fields,
            dialect=self.source.runner.dialect,
            parsed=self.request.parsed,
            now=self.request.now,
            row=row,
        )

    def _where(self, view: View) -> ir.BooleanValue:
        try:
            return view.sql(self.request.where or "")
        except (InvalidRule, *TROUBLE) as wrong:
            raise DataError(f"{self.source.label}: where: {first_line(wrong)}") from wrong
