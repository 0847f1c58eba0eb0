"""What a library is asked about a rule, and what it may answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import polars as pl
from attrs import field, frozen

from veriport.adapters.engines.libraries.columns import PlainColumn
from veriport.domain.measurements import NotEvaluated
from veriport.domain.rules.aggregates import Aggregate, Of
from veriport.domain.rules.base import Rule, Shape
from veriport.domain.rules.tables import RowCount


class View(StrEnum):
    """Which rows of the columns a library sees, and what of their values."""

    PRESENT = "present"  #: rows with a value in every column
    ALL = "all"  #: every row, nulls among them
    NULLS = "nulls"  #: every row, with 1 in the place of each value


@frozen
class Broke:
    """The places of the rows that break a rule, in the frame that was shown."""

    rows: Sequence[int]


@frozen
class Counted:
    """How many rows break a rule, from a library that does not tell which."""

    failed: int


@frozen
class Observed:
    """The value that a library made of the frame."""

    value: object


Answer = Broke | Counted | Observed | NotEvaluated


@frozen(kw_only=True)
class Question:
    """How a library is asked: ``ask`` gets a frame of the ``columns`` by their aliases."""

    ask: Callable[[pl.DataFrame], Answer]
    columns: tuple[PlainColumn, ...] = field(default=())
    view: View = View.PRESENT


#: Makes a question of a rule and the columns that it reads.
Translate = Callable[[Any, tuple[PlainColumn, ...]], Question | NotEvaluated]
Translations = Mapping[type[Rule], Translate]


def question(
    library: str, translations: Translations, rule: Rule, columns: tuple[PlainColumn, ...]
) -> Question | NotEvaluated:
    """What to ask a library about a rule, or why it cannot be asked."""
    translate = translations.get(type(rule))
    if translate is None:
        return NotEvaluated(f"{library} has no {rule.type}")
    made = translate(rule, columns)
    if isinstance(made, NotEvaluated) or made.view is View.NULLS:
        return made
    for each in made.columns or columns:
        if each.unknown is not None:
            return NotEvaluated(f"{library} is not asked about such values: {each.unknown}")
        if each.untyped and _takes_numbers(rule):
            return NotEvaluated(f"{library} does not read the texts of column {each.name!r} as numbers")
    return made


def _takes_numbers(rule: Rule) -> bool:
    """Whether the constants of a rule are numbers, beside which a text without a type is read as one."""
    values = getattr(rule, "values", None) or getattr(rule, "ends", None) or ()
    return any(not isinstance(value, str) for value in values)


def nothing_to_see(rule: Rule) -> Answer:
    """The answer over no rows, which no library has to be asked for."""
    if rule.shape is Shape.ROWS:
        return Broke(())
    counts = isinstance(rule, RowCount) or (
        isinstance(rule, Aggregate) and rule.of in {Of.DISTINCT_COUNT, Of.NULL_COUNT}
    )
    return Observed(0 if counts else None)
