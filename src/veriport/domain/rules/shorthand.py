"""Validators by name, as checkpoints of the older kind list them, made into rules.

    validators: [not_null, duplicate, range, regex]
    validator_config:
      range: {columns: {age: {min_value: 0, max_value: 150}}}
      regex: {patterns: {email: "^[^@]+@[^@]+$"}}

A validator becomes entries of the mapping form, so that a user can see what it stands for. It never
guesses: a name of a column is no evidence of what the column holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import fields, frozen
from returns.result import Failure, Result, Success

from veriport.domain.errors import InvalidRule, shown
from veriport.domain.rules.base import OPTIONS, ColumnRule, ColumnsRule, Rule, items
from veriport.domain.rules.reading import Problems, RuleProblem
from veriport.domain.rules.tables import DType
from veriport.domain.rules.texts import DatetimeFormat, Format, Like, NotLike
from veriport.domain.rules.values import InSet, NotInSet, NotRegex, Regex
from veriport.domain.rules.vocabulary import SPELLINGS
from veriport.domain.suggestions import nearest

Path = tuple[int | str, ...]
Entry = dict[str, object]


@frozen
class Placed:
    """An entry, and the way to what it was made of: in ``validators`` or in ``validator_config``."""

    entry: object
    path: Path


#: Names whose meaning differs from the rule of that name, or that have no rule of that name.
_MEANINGS: Mapping[str, str] = {"null": "not_null", "type": "dtype", "outlier": "iqr", "range": "in_range"}

#: What one value beside a column means: ``{columns: {email: '^...'}}``.
_SINGLE: Mapping[type[Rule], str] = {
    Regex: "pattern",
    NotRegex: "pattern",
    Like: "pattern",
    NotLike: "pattern",
    DType: "dtype",
    Format: "format",
    DatetimeFormat: "format",
    InSet: "values",
    NotInSet: "values",
}

#: Keys of a configuration that hold a mapping of columns to that one value.
_MAPPINGS = ("columns", "patterns", "types", "formats")


def expand(validators: object, config: object = None) -> Result[tuple[Placed, ...], Problems]:
    """The entries that validators stand for, in their order.

    ``Failure`` with every problem: an unknown name, a validator that would have to guess, a configuration
    for none of them.
    """
    names = (validators,) if isinstance(validators, str) else items(validators)
    if names is None:
        return Failure((RuleProblem("validators must be a list of names", ("validators",)),))
    settings = {} if config is None else config
    if not isinstance(settings, Mapping):
        return Failure(
            (RuleProblem("validator_config must map validators to settings", ("validator_config",)),)
        )
    problems = list(_unused(names, settings))
    placed: list[Placed] = []
    for index, name in enumerate(names):
        try:
            placed += _entries(name, settings, ("validators", index))
        except InvalidRule as wrong:
            configured = isinstance(name, str) and name in settings
            path: Path = ("validator_config", str(name)) if configured else ("validators", index)
            problems.append(RuleProblem(wrong.message, path, wrong.suggestion))
    return Failure(tuple(problems)) if problems else Success(tuple(placed))


def _unused(names: tuple[object, ...], settings: Mapping[str, object]) -> Iterator[RuleProblem]:
    for key in settings:
        if key not in names:
            near = nearest(str(key), [name for name in names if isinstance(name, str)]).word
            yield RuleProblem(f"validator_config is about {key!r}, which is not among the validators",
                              ("validator_config", str(key)), near)  # fmt: skip


def _entries(name: object, settings: Mapping[str, object], path: Path) -> Iterator[Placed]:
    if name is None:
        message = "a validator is null: YAML reads an unquoted null as nothing"
        raise InvalidRule(message, suggestion="not_null")
    known = {*SPELLINGS, *_MEANINGS}
    word = name.lower() if isinstance(name, str) else ""
    if not isinstance(name, str) or word not in known:
        raise InvalidRule(f"unknown validator {shown(name)}", suggestion=nearest(str(name), known).word)
    config = settings.get(name, {})
    if not isinstance(config, Mapping):
        raise InvalidRule(f"the settings of {name} must be a mapping, not {shown(config)}")
    inside: Path = ("validator_config", name) if name in settings else path
    for entry, steps in _configured(name, _MEANINGS.get(word, word), dict(config)):
        yield Placed(entry, (*inside, *steps))


def _configured(name: str, word: str, config: Entry) -> Iterator[tuple[Entry, Path]]:
    """The entries of one validator, with the way to each inside its settings."""
    rule = SPELLINGS[word][-1].rule
    about_columns = issubclass(rule, ColumnRule | ColumnsRule)
    key = next((each for each in _MAPPINGS if isinstance(config.get(each), Mapping)), None)
    if key is not None and about_columns:
        columns = config.pop(key)
        assert isinstance(columns, Mapping)  # noqa: S101  # asked for above
        for column, parameters in columns.items():
            yield (
                {"type": word, "column": column, **config, **_parameters(word, parameters)},
                (key, str(column)),
            )
        return
    listed = config.pop("columns", config.pop("column", None))
    if about_columns:
        yield from _over_columns(name, word, listed, config)
    else:
        yield {"type": word, **({} if listed is None else {"columns": listed}), **config}, ()


def _parameters(word: str, value: object) -> Entry:
    if isinstance(value, Mapping):
        return {str(key): item for key, item in value.items()}
    single = _SINGLE.get(SPELLINGS[word][-1].rule)
    if single is None:
        raise InvalidRule(f"the settings of a column must be a mapping, not {shown(value)}")
    return {single: value}


def _over_columns(name: str, word: str, listed: object, config: Entry) -> Iterator[tuple[Entry, Path]]:
    if listed is not None:
        yield {"type": word, "column": listed, **config}, ()
        return
    if word == "not_null" and not set(config) - set(OPTIONS):
        yield {"type": "rows_complete", **config}, ()
        return
    raise InvalidRule(_what_to_write(name, word))


def _what_to_write(name: str, word: str) -> str:
    spelling = SPELLINGS[word][-1]
    told = {*OPTIONS, *spelling.fixed, "column", "columns"}
    needs = [attribute.name for attribute in fields(spelling.rule) if attribute.name not in told]
    inner = _EXAMPLES.get(word, f"{{{needs[0]}: ...}}" if needs else "")
    columns = f"{{columns: {{COLUMN: {inner}}}}}" if inner else "{columns: [COLUMN]}"
    return f"{name} would have to guess its columns: write validator_config: {{{name}: {columns}}}"


_EXAMPLES = {"in_range": "{min: 0, max: 100}", "regex": "{pattern: '^...$'}", "iqr": "{factor: 1.5}"}
