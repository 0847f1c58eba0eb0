"""Let rules ask together, round by round: one query for all that folds, one for each small table.

A query that the database refuses is taken apart until the rule is found that it refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeAlias

from attrs import define, field
from ibis.common.annotations import ValidationError
from ibis.common.exceptions import IbisError
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.asking import Answer, Ask, Asking, CannotEvaluate, T
from veriport.adapters.engines.ibis.sources import RefusedQuery, Source
from veriport.adapters.engines.ibis.views import View
from veriport.domain.errors import InvalidRule
from veriport.ports.errors import DataError

#: What Ibis raises for what it cannot compile.
TROUBLE = (IbisError, ValidationError, TypeError, NotImplementedError)

_OWN = -1  #: the place of what is asked for beside the rules
_REASONS = (CannotEvaluate, InvalidRule, DataError, RefusedQuery, *TROUBLE)
_Folded: TypeAlias = dict[str, object] | Exception


@define
class Rounds(Generic[T]):
    """What many ask of the rows of a view."""

    source: Source
    view: View
    _found: dict[int, T | Exception] = field(factory=dict, init=False)

    def run(
        self, starts: Sequence[Callable[[], Asking[T]]], own: Mapping[str, ir.Scalar]
    ) -> tuple[Answer, list[T | Exception]]:
        """The answer to ``own``, and what each comes to: its result, or why there is none."""
        asking = {place: self._started(place, start) for place, start in enumerate(starts)}
        asks = {place: ask for place, each in asking.items() if (ask := self._step(place, each)) is not None}
        folded = self._folded({_OWN: own, **{place: ask.folds for place, ask in asks.items()}})
        mine = folded.pop(_OWN)
        if not isinstance(mine, dict):
            raise mine
        while asks:
            answers = {place: self._answer(ask, folded[place]) for place, ask in asks.items()}
            asks = {
                place: ask
                for place, answer in answers.items()
                if (ask := self._told(place, asking[place], answer)) is not None
            }
            folded = self._folded({place: ask.folds for place, ask in asks.items()})
        return Answer(mine), [self._found[place] for place in asking]

    def _started(self, place: int, start: Callable[[], Asking[T]]) -> Asking[T] | None:
        try:
            return start()
        except _REASONS as reason:
            self._found[place] = reason
            return None

    def _step(self, place: int, asking: Asking[T] | None, answer: Answer | None = None) -> Ask | None:
        """Let one go on; what it asks for next, or ``None`` when it is done."""
        if asking is None:
            return None
        try:
            return next(asking) if answer is None else asking.send(answer)
        except StopIteration as done:
            self._found[place] = done.value
        except _REASONS as reason:
            self._found[place] = reason
        return None

    def _told(self, place: int, asking: Asking[T] | None, answer: Answer | Exception) -> Ask | None:
        if isinstance(answer, Answer):
            return self._step(place, asking, answer)
        self._found[place] = answer
        return None

    def _answer(self, ask: Ask, folds: _Folded) -> Answer | Exception:
        if not isinstance(folds, dict):
            return folds
        try:
            return Answer(folds, tuple(self.source.runner.rows(table) for table in ask.tables))
        except (RefusedQuery, *TROUBLE) as refused:
            return refused

    def _folded(self, asked: Mapping[int, Mapping[str, ir.Scalar]]) -> dict[int, _Folded]:
        """The values of what folds, in one query where the database takes it, else by halves."""
        if not any(asked.values()):
            return {place: {} for place in asked}
        try:
            return self._in_one(asked)
        except (RefusedQuery, *TROUBLE) as refused:
            places = list(asked)
            if len(places) == 1:
                return {places[0]: refused}
            half = len(places) // 2
            parts = ({place: asked[place] for place in part} for part in (places[:half], places[half:]))
            return {place: found for part in parts for place, found in self._folded(part).items()}

    def _in_one(self, asked: Mapping[int, Mapping[str, ir.Scalar]]) -> dict[int, _Folded]:
        """The same expression is calculated once, whoever asks for it."""
        distinct = {each.op(): each for folds in asked.values() for each in folds.values()}
        values: dict[object, object] = {}
        for chunk in _chunks(list(distinct), self.source.runner.dialect.folds):
            named = {f"f{number}": distinct[op] for number, op in enumerate(chunk)}
            (row,) = self.source.runner.rows(self.view.table.aggregate(**named))
            values.update(zip(chunk, row, strict=True))
        return {
            place: {name: values[each.op()] for name, each in folds.items()} for place, folds in asked.items()
        }


def _chunks(listed: Sequence[object], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(listed), size):
        yield listed[start : start + size]
