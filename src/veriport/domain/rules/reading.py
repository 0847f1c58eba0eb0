"""Rules from the mapping form that every platform shares, and back: ``load(dump(rule)) == rule``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum

from attrs import NOTHING, evolve, fields, frozen
from returns.result import Failure, Result, Success

from veriport.domain.errors import InvalidRule, shown
from veriport.domain.rules.base import OPTIONS, ColumnRule, ColumnsRule, Rule
from veriport.domain.rules.vocabulary import SPELLINGS, Spelling
from veriport.domain.suggestions import nearest

#: Options that decide what a rule means over time; the others are about how it is shown.
_MEANING = frozenset({"mostly", "where", "nulls"})


@frozen
class RuleProblem:
    """What is wrong with one entry of a list of rules.

    ``path`` leads to it from the list: the index, then the key. ``suggestion`` is the nearest right
    word, or empty.
    """

    message: str
    path: tuple[int | str, ...] = ()
    suggestion: str = ""

    def __str__(self) -> str:
        """Without the path, which a file's line and column say better."""
        return f"{self.message}; did you mean {self.suggestion!r}?" if self.suggestion else self.message

    def under(self, *steps: int | str) -> RuleProblem:
        """The same problem, seen from further up."""
        return evolve(self, path=(*steps, *self.path))


Problems = tuple[RuleProblem, ...]


def read_rules(entries: object) -> Result[tuple[Rule, ...], Problems]:
    """Read a list of mappings or rules; each gets its id.

    Returns ``Failure`` with every problem found, in order of the entries.
    """
    if isinstance(entries, str | Mapping) or not isinstance(entries, Iterable):
        return Failure((RuleProblem("rules must be a list of mappings, each with a 'type'"),))
    listed = list(entries)
    if not listed:
        return Failure((RuleProblem("the list of rules is empty: leave it out to describe the data only"),))
    rules: list[tuple[int, Rule]] = []
    problems: list[RuleProblem] = []
    for index, entry in enumerate(listed):
        match read_rule(entry):
            case Success(found):
                rules += [(index, rule) for rule in found]
            case Failure(problem):
                problems.append(problem.under(index))
    return Failure(tuple(problems)) if problems else _with_ids(rules)


def read_rule(entry: object) -> Result[tuple[Rule, ...], RuleProblem]:
    """Read one entry; ``column: [a, b]`` makes one rule each. The ids stay as they are written."""
    if isinstance(entry, Rule):
        return Success((entry,))
    if not isinstance(entry, Mapping):
        return Failure(_not_a_mapping(entry))
    try:
        return Success(tuple(_make(dict(each)) for each in _one_per_column(entry)))
    except InvalidRule as wrong:
        path = (wrong.key,) if wrong.key in entry else ()
        return Failure(RuleProblem(wrong.message, path, wrong.suggestion))


def _not_a_mapping(entry: object) -> RuleProblem:
    if entry is None:
        return RuleProblem("a rule is null: YAML reads an unquoted null as nothing", suggestion="not_null")
    if isinstance(entry, str):
        return RuleProblem(f"a rule is a mapping such as {{column: NAME, type: {entry}}}, not a text")
    return RuleProblem(f"a rule is a mapping with a 'type', not {shown(entry)}")


def _one_per_column(entry: Mapping[str, object]) -> Iterable[Mapping[str, object]]:
    columns = entry.get("column")
    if not isinstance(columns, list | tuple):
        return (entry,)
    if not columns:
        raise InvalidRule("column is an empty list", key="column")
    if "id" in entry and len(columns) > 1:
        raise InvalidRule("an id cannot be shared: a list of columns makes one rule each", key="id")
    return ({**entry, "column": column} for column in columns)


def _make(entry: dict[str, object]) -> Rule:
    word = entry.pop("type", _ABSENT)
    spelling = _spelling(word, entry)
    arguments = _arguments(str(word), spelling, entry)
    required = (a.name for a in fields(spelling.rule) if a.default is NOTHING)
    for name in required:
        if name not in arguments:
            raise InvalidRule(f"{word} needs {name!r}")
    make: Callable[..., Rule] = spelling.rule
    return make(**arguments)


_ABSENT = object()


def _spelling(word: object, entry: Mapping[str, object]) -> Spelling:
    if word is _ABSENT:
        near = nearest("type", (key for key in entry if isinstance(key, str))).word
        raise InvalidRule(f"a rule needs a 'type'{f'; is {near!r} meant to be it?' if near else ''}")
    if word is None:
        message = "type is null: YAML reads an unquoted null as nothing"
        raise InvalidRule(message, key="type", suggestion="not_null")
    name = word.lower() if isinstance(word, str) else shown(word)
    choices = SPELLINGS.get(name)
    if choices is None:
        near = nearest(name, SPELLINGS).word
        raise InvalidRule(f"unknown rule type {shown(word)}", key="type", suggestion=near)
    return next(s for s in choices if not s.given or any(key in entry for key in s.given))


def _arguments(word: str, spelling: Spelling, entry: Mapping[str, object]) -> dict[str, object]:
    names = {**_parameter_names(spelling.rule), **spelling.renamed}
    for fixed in spelling.fixed:
        names = {key: name for key, name in names.items() if name != fixed}
    arguments: dict[str, object] = {}
    for key, value in entry.items():
        name = names.get(key)
        if name is None:
            raise InvalidRule(
                f"unknown key {key!r} in {word}", key=str(key), suggestion=nearest(str(key), names).word
            )
        if name in arguments:
            raise InvalidRule(f"{key!r} says again what another key already says", key=str(key))
        arguments[name] = _plural(key, name, value)
    return {**arguments, **spelling.fixed}


def _parameter_names(rule: type[Rule]) -> dict[str, str]:
    names: dict[str, str] = {}
    for attribute in fields(rule):
        for name in (attribute.name, *attribute.metadata.get("aliases", ())):
            names[name] = attribute.name
    if issubclass(rule, ColumnsRule):
        names["column"] = "columns"
    return names


def _plural(key: str, name: str, value: object) -> object:
    """``column: a`` for a rule over columns, ``value: 1`` for a rule over values."""
    one = (key == "value" and name == "values") or (key == "column" and name == "columns")
    if one and isinstance(value, list | tuple):
        raise InvalidRule(f"{key} is a single one; write {name} for a list", key=key)
    if name == "column" and value is None:
        raise InvalidRule("column is null: name a column", key="column")
    return [value] if one else value


def _with_ids(rules: Sequence[tuple[int, Rule]]) -> Result[tuple[Rule, ...], Problems]:
    given = [rule.id for _, rule in rules if rule.id]
    repeated = {name for name in given if given.count(name) > 1}
    if repeated:
        return Failure(
            tuple(
                RuleProblem(f"the id {rule.id!r} is used by another rule", (index, "id"))
                for index, rule in rules
                if rule.id in repeated
            )
        )
    return Success(identified(rule for _, rule in rules))


def identified(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules, those without an id given one: ``column.type``, then ``column.type-2``."""
    listed = tuple(rules)
    taken = {rule.id for rule in listed}
    named: list[Rule] = []
    for rule in listed:
        name = rule.id or _free(_default_id(rule), taken)
        taken.add(name)
        named.append(rule if rule.id else evolve(rule, id=name))
    return tuple(named)


def _default_id(rule: Rule) -> str:
    subject = rule.column if isinstance(rule, ColumnRule) else ",".join(rule.reads)
    return f"{subject}.{rule.type}" if subject else rule.type


def _free(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    return next(f"{name}-{n}" for n in range(2, len(taken) + 3) if f"{name}-{n}" not in taken)


def write_rule(rule: Rule) -> dict[str, object]:
    """A rule as the mapping that reads as the same rule; what has its default is left out."""
    written = {
        attribute.name: _plain(getattr(rule, attribute.name))
        for attribute in fields(type(rule))
        if getattr(rule, attribute.name) != attribute.default
    }
    return {"type": rule.type, **written}


def _plain(value: object) -> object:
    match value:
        case Enum():
            return value.value
        case tuple():
            return [_plain(item) for item in value]
        case _:
            return value


def fingerprint(rule: Rule) -> str:
    """16 hexadecimal digits that change exactly when the meaning of the rule changes.

    The meaning is its type and parameters with ``mostly``, ``where`` and ``nulls``.
    """
    skipped = frozenset(OPTIONS) - _MEANING
    meaning = {key: value for key, value in write_rule(rule).items() if key not in skipped}
    text = json.dumps(meaning, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
