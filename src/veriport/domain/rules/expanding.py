"""Entries that stand for others: a rule under a condition, bounds of several quantiles, a list of columns.

They end as plain entries, one for each rule, and each knows where its keys were written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from attrs import field, frozen

from veriport.domain.errors import InvalidRule, shown
from veriport.domain.rules.base import OPTIONS
from veriport.domain.suggestions import nearest

Path: TypeAlias = tuple[int | str, ...]


@frozen
class Plain:
    """An entry, and the way to each of its keys in the one that was written, where it differs."""

    entry: Mapping[str, object]
    ways: Mapping[str, Path] = field(factory=dict)

    def way(self, key: str) -> Path:
        """The way to a key; to the entry itself for a key that it does not have."""
        return self.ways.get(key, (key,)) if key in self.entry else ()


class PlacedError(Exception):
    """What is wrong with an entry, and the way to it."""

    def __init__(self, wrong: InvalidRule, path: Path) -> None:
        super().__init__(wrong, path)
        self.wrong = wrong
        self.path = path


def expanded(plain: Plain, depth: int = 0) -> Iterator[Plain]:
    """The plain entries that one stands for; raises ``PlacedError``."""
    word = plain.entry.get("type")
    expand = _EXPANSIONS.get(word.lower() if isinstance(word, str) else "")
    try:
        if expand is None:
            yield from _one_per_column(plain)
            return
        inner = list(expand(plain))
    except InvalidRule as wrong:
        raise PlacedError(wrong, plain.way(wrong.key)) from None
    if depth == _DEEPEST:
        raise PlacedError(InvalidRule(f"more than {_DEEPEST} rules inside each other"), ())
    for each in inner:
        yield from expanded(each, depth + 1)


_DEEPEST = 20


# --- a condition ----------------------------------------------------------------------------------


def _conditional(plain: Plain) -> Iterator[Plain]:
    """``{type: conditional, when: SQL, then: RULE}`` as the rule with the condition in its ``where``."""
    when, then = _either(plain.entry, "when", "condition"), _either(plain.entry, "then", "rule")
    if when is None or then is None:
        raise InvalidRule("conditional needs 'when', a SQL condition, and 'then', a rule", key="type")
    inner = plain.entry[then]
    if not isinstance(inner, Mapping):
        raise InvalidRule(f"{then} must be a rule, a mapping with a 'type', not {shown(inner)}", key=then)
    rest = {key: value for key, value in plain.entry.items() if key not in {"type", when, then}}
    for key in rest:
        if key not in OPTIONS or (key in inner and key != "where"):
            raise InvalidRule(f"{shown(key)} belongs into the rule under {then!r}", key=str(key))
    ways = {key: (*plain.way(then), str(key)) for key in inner} | {key: plain.way(key) for key in rest}
    conditions = [_condition(plain.entry[when], when, plain.way(when))]
    for where, way in ((rest.get("where"), plain.way("where")), (inner.get("where"), ways.get("where", ()))):
        conditions += [] if where is None else [_condition(where, "where", way)]
    yield Plain({**inner, **rest, "where": _all_of(conditions)}, {**ways, "where": plain.way(when)})


def _either(entry: Mapping[str, object], name: str, other: str) -> str | None:
    """Which of two names for one thing is written, with something under it."""
    if name in entry and other in entry:
        raise InvalidRule(f"{other!r} says again what another key already says", key=other)
    return next((key for key in (name, other) if entry.get(key) is not None), None)


def _condition(value: object, key: str, way: Path) -> str:
    if not isinstance(value, str) or not value.strip():
        raise PlacedError(InvalidRule(f"{key} must be a SQL condition, not {shown(value)}", key=key), way)
    return value


def _all_of(conditions: list[str]) -> str:
    return conditions[0] if len(conditions) == 1 else " AND ".join(f"({each})" for each in conditions)


# --- quantiles ------------------------------------------------------------------------------------


def _quantiles(plain: Plain) -> Iterator[Plain]:
    """``{type: quantiles, quantiles: {0.5: {min: 1}, 0.9: [2, 3]}}`` as one ``aggregate`` each."""
    bounds = plain.entry.get("quantiles")
    if not isinstance(bounds, Mapping) or not bounds:
        raise InvalidRule(
            "quantiles needs 'quantiles': a mapping such as {0.5: {min: 1, max: 2}}", key="quantiles"
        )
    rest = {key: value for key, value in plain.entry.items() if key not in {"type", "quantiles"}}
    for key in rest:
        if key not in _KNOWN:
            near = nearest(str(key), _KNOWN).word
            raise InvalidRule(f"unknown key {shown(key)} in quantiles", key=str(key), suggestion=near)
    if "id" in rest and len(bounds) > 1:
        raise InvalidRule("an id cannot be shared: each quantile makes a rule", key="id")
    ways = {key: plain.way(key) for key in rest}
    for q, ends in bounds.items():
        here = (*plain.way("quantiles"), str(q))
        bound, keys = _ends(ends, here)
        made = {**rest, "type": "aggregate", "of": "quantile", "q": _number_in(q), **bound}
        yield Plain(made, {**dict.fromkeys(made, here), **ways, **keys})


_KNOWN = ("column", *OPTIONS)
_ENDS = frozenset({"min", "max", "min_value", "max_value", "inclusive"})


def _ends(value: object, here: Path) -> tuple[Mapping[str, object], Mapping[str, Path]]:
    """Bounds as parameters, with the way to each."""
    match value:
        case Mapping() if set(value) <= _ENDS:
            return value, {key: (*here, key) for key in value}
        case [low, high]:
            return {"min": low, "max": high}, {}
    wrong = InvalidRule(f"a quantile has bounds such as {{min: 1, max: 2}}, not {shown(value)}")
    raise PlacedError(wrong, here)


def _number_in(key: object) -> object:
    """A key of JSON or TOML is a text, whatever it means."""
    try:
        return float(key) if isinstance(key, str) else key
    except ValueError:
        return key


# --- a list of columns ----------------------------------------------------------------------------


def _one_per_column(plain: Plain) -> Iterable[Plain]:
    columns = plain.entry.get("column")
    if not isinstance(columns, list | tuple):
        return (plain,)
    if not columns:
        raise InvalidRule("column is an empty list: name a column", key="column")
    if "id" in plain.entry and len(columns) > 1:
        raise InvalidRule("an id cannot be shared: a list of columns makes one rule each", key="id")
    times = Counter(name for name in columns if isinstance(name, str))
    if (repeated := next((name for name in times if times[name] > 1), None)) is not None:
        raise InvalidRule(f"column names {shown(repeated)} twice", key="column")
    return (Plain({**plain.entry, "column": column}, plain.ways) for column in columns)


_EXPANSIONS = {"conditional": _conditional, "when": _conditional, "quantiles": _quantiles}

#: Words that are read as other entries.
EXPANDING = tuple(_EXPANSIONS)
