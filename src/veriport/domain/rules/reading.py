"""Rules from the mapping form that every platform shares, and back: ``load(dump(rule)) == rule``."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from operator import itemgetter

from attrs import NOTHING, evolve, fields, fields_dict, frozen
from returns.result import Failure, Result, Success

from veriport.domain.errors import InvalidRule, shown
from veriport.domain.rules.base import OPTIONS, ColumnRule, Rule, items
from veriport.domain.rules.expanding import EXPANDING, PlacedError, Plain, expanded
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
    listed = items(entries)
    if listed is None:
        return Failure((RuleProblem("rules must be a list of mappings, each with a 'type'"),))
    if not listed:
        return Failure((RuleProblem("the list of rules is empty: leave it out to describe the data only"),))
    rules: list[tuple[int, Rule]] = []
    problems: list[tuple[int, RuleProblem]] = []
    for index, entry in enumerate(listed):
        match read_rule(entry):
            case Success(found):
                rules += [(index, rule) for rule in found]
            case Failure(problem):
                problems.append((index, problem))
    problems = sorted([*problems, *_repeated_ids(rules)], key=itemgetter(0))
    if problems:
        return Failure(tuple(problem.under(index) for index, problem in problems))
    return Success(identified(rule for _, rule in rules))


def origins(entries: Iterable[object]) -> tuple[int, ...]:
    """For each rule that ``read_rules`` makes of ``entries``, the index of its entry.

    They differ where ``column: [a, b]`` makes two rules of one entry. An entry that cannot be read
    makes none.
    """
    return tuple(index for index, entry in enumerate(entries) for _ in read_rule(entry).value_or(()))


def read_rule(entry: object) -> Result[tuple[Rule, ...], RuleProblem]:
    """Read one entry; ``column: [a, b]`` makes one rule each. The ids stay as they are written."""
    if isinstance(entry, Rule):
        return Success((entry,))
    if not isinstance(entry, Mapping):
        return Failure(_not_a_mapping(entry))
    try:
        return Success(tuple(_made(plain) for plain in expanded(Plain(entry))))
    except PlacedError as placed:
        wrong = placed.wrong
        return Failure(RuleProblem(wrong.message, placed.path, wrong.suggestion))


def _made(plain: Plain) -> Rule:
    try:
        return _make(dict(plain.entry))
    except InvalidRule as wrong:
        raise PlacedError(wrong, plain.way(wrong.key)) from None


def _not_a_mapping(entry: object) -> RuleProblem:
    if entry is None:
        return RuleProblem("a rule is null: YAML reads an unquoted null as nothing", suggestion="not_null")
    if isinstance(entry, str) and entry.lower() in {*SPELLINGS, *EXPANDING}:
        return RuleProblem(f"a rule is a mapping such as {{column: NAME, type: {entry}}}, not a text")
    return RuleProblem(f"a rule is a mapping with a 'type', not {shown(entry)}")


def _make(entry: dict[str, object]) -> Rule:
    word = entry.pop("type", _ABSENT)
    spelling = _spelling(word, entry)
    names = _names(str(word), spelling, entry)
    arguments = {name: _plural(spelling.rule, key, name, entry[key]) for key, name in names.items()}
    make: Callable[..., Rule] = spelling.rule
    try:
        return make(**arguments, **spelling.fixed)
    except InvalidRule as wrong:
        written = {name: key for key, name in names.items()}
        key = written.get(wrong.key, wrong.key)
        raise InvalidRule(wrong.message, key=key, suggestion=wrong.suggestion) from None


_ABSENT = object()


def _spelling(word: object, entry: Mapping[str, object]) -> Spelling:
    if word is _ABSENT:
        raise InvalidRule(f"a rule needs a 'type'{_meant_as_type(entry)}")
    if word is None:
        message = "type is null: YAML reads an unquoted null as nothing"
        raise InvalidRule(message, key="type", suggestion="not_null")
    name = word.lower() if isinstance(word, str) else ""
    choices = SPELLINGS.get(name)
    if choices is None:
        near = nearest(name, (*SPELLINGS, *EXPANDING)).word
        raise InvalidRule(f"unknown rule type {shown(word)}", key="type", suggestion=near)
    return next(s for s in choices if not s.given or any(key in entry for key in s.given))


def _meant_as_type(entry: Mapping[str, object]) -> str:
    keys = [key for key in entry if isinstance(key, str)]
    known = next((key for key in keys if key.lower() in SPELLINGS), None)
    if known is not None:
        return f"; write it as {{column: NAME, type: {known}}}"
    near = nearest("type", keys).word
    return f"; is {near!r} meant to be it?" if near else ""


def _names(word: str, spelling: Spelling, entry: Mapping[str, object]) -> dict[str, str]:
    """The parameter that each key of the entry means."""
    known = {**_parameter_names(spelling.rule), **spelling.renamed}
    known = {key: name for key, name in known.items() if name not in spelling.fixed}
    names: dict[str, str] = {}
    for key in entry:
        name = known.get(key)
        if name is None:
            near = nearest(str(key), known).word
            raise InvalidRule(f"unknown key {shown(key)} in {word}", key=str(key), suggestion=near)
        if name in names.values():
            raise InvalidRule(f"{key!r} says again what another key already says", key=str(key))
        names[key] = name
    present = [name for key, name in names.items() if entry[key] is not None or name not in spelling.needs]
    for name in _needed(spelling):
        if name not in present:
            others = spelling.renamed if word.lower() != spelling.rule.type else {}
            written = next((key for key, meant in others.items() if meant == name), name)
            raise InvalidRule(f"{word} needs {written!r}")
    return names


def _needed(spelling: Spelling) -> Iterable[str]:
    required = (
        a.name for a in fields(spelling.rule) if a.default is NOTHING and a.name not in spelling.fixed
    )
    return (*required, *spelling.needs)


def _parameter_names(rule: type[Rule]) -> dict[str, str]:
    names: dict[str, str] = {}
    for attribute in fields(rule):
        for name in (attribute.name, *attribute.metadata.get("aliases", ())):
            names[name] = attribute.name
        for name in attribute.metadata.get("singular", ()):
            names.setdefault(name, attribute.name)
    return names


def _plural(rule: type[Rule], key: str, name: str, value: object) -> object:
    """``column: a`` for a rule over columns, ``pattern: x`` for a rule over patterns."""
    one = key in fields_dict(rule)[name].metadata.get("singular", ()) or (key == "value" and name == "values")
    if one and isinstance(value, list | tuple):
        raise InvalidRule(f"{key} is a single one; write {name} for a list", key=key)
    if key == "column" and value is None:
        raise InvalidRule("column is null: name a column", key="column")
    return [value] if one else value


def _repeated_ids(rules: Sequence[tuple[int, Rule]]) -> list[tuple[int, RuleProblem]]:
    times = Counter(rule.id for _, rule in rules if rule.id)
    return [
        (index, RuleProblem(f"the id {shown(rule.id)} is used by another rule", ("id",)))
        for index, rule in rules
        if times[rule.id] > 1
    ]


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
    return f"{subject}.{rule.title}" if subject else rule.title


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

    The meaning is its type and parameters with ``mostly``, ``where`` and ``nulls``. The order of a list
    has none, not of values, types or columns, unless the class says so.
    """
    skipped = frozenset(OPTIONS) - _MEANING
    meaning = {
        key: _canonical(value, in_order=key in rule.ordered)
        for key, value in write_rule(rule).items()
        if key not in skipped
    }
    text = json.dumps(meaning, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _canonical(value: object, *, in_order: bool = False) -> object:
    """One form for what is equal: 5 for 5.0, lists in order of their text.

    ``in_order`` keeps a list as it is, and of a list of lists those inside.
    """
    match value:
        case [list(), *_]:
            return sorted((_canonical(item, in_order=in_order) for item in value), key=json.dumps)
        case list():
            listed = [_canonical(item) for item in value]
            return listed if in_order else sorted(listed, key=json.dumps)
        case float() if value.is_integer():
            return int(value)
        case _:
            return value
