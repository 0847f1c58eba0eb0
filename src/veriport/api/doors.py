"""What every public door does: read what callers pass, and turn a ``Failure`` into an exception."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeVar

from returns.pipeline import is_successful
from returns.result import Failure, Result, Success

from veriport.domain.errors import ConfigurationError
from veriport.domain.rules.reading import Problems, read_rules
from veriport.domain.validators import texts
from veriport.wiring.json_schemas import wrong_schemas

if TYPE_CHECKING:
    from veriport.domain.rules.base import Rule

_T = TypeVar("_T")


def unwrap(result: Result[_T, Problems]) -> _T:
    """The value; raises ``ConfigurationError`` with every problem, a line each."""
    if is_successful(result):
        return result.unwrap()
    raise ConfigurationError("\n".join(_located(problem.path, str(problem)) for problem in result.failure()))


def _located(path: tuple[int | str, ...], text: str) -> str:
    if path and isinstance(path[0], int):
        return f"rule {path[0] + 1}: {text}"
    return text


def rules_of(rules: object) -> tuple[Rule, ...] | None:
    """Rules from a list of mappings or rule objects, from the path of a rules file, or ``None``."""
    if rules is None:
        return None
    if isinstance(rules, str | PurePath):
        from veriport.wiring.rule_files import load_rules  # noqa: PLC0415  # imported on use

        return load_rules(str(rules))
    return _sound(rules)


def _sound(entries: object) -> tuple[Rule, ...]:
    """Rules such that nothing is wrong with them but, perhaps, their SQL, which the use case reads."""
    rules = unwrap(read_rules(entries))
    problems = wrong_schemas(rules)
    return unwrap(Failure(problems) if problems else Success(rules))


def checkpoint_rules(rules: object, validators: object, config: object) -> tuple[Rule, ...] | None:
    """The rules that are given and those that validators stand for; ``None`` where neither is given."""
    if validators is None:
        return rules_of(rules)
    from veriport.domain.rules.shorthand import expand  # noqa: PLC0415  # imported on use

    meant = [each.entry for each in unwrap(expand(validators, config))]
    return _sound([*(rules_of(rules) or ()), *meant])


def names_of(names: object, parameter: str = "key") -> tuple[str, ...]:
    """Column names from one name or several; raises ``ConfigurationError`` for anything else."""
    if isinstance(names, Iterable) and not isinstance(names, str | Mapping):
        return texts(parameter, tuple(names))
    return texts(parameter, names)
