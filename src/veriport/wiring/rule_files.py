"""Rules files, and rules such that nothing is left to go wrong but the data."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import StringIO
from pathlib import Path

from attrs import evolve
from returns.pipeline import is_successful
from returns.result import Failure, Result, Success

from veriport.adapters.expressions.sqlglot import parse
from veriport.application.checking import parse_all
from veriport.domain.errors import ConfigurationError
from veriport.domain.rules.base import Rule
from veriport.domain.rules.reading import Problems, RuleProblem, origins, read_rules
from veriport.domain.rules.references import WithReference
from veriport.domain.rules.texts import JsonSchema
from veriport.domain.suggestions import nearest
from veriport.ports.errors import MissingExtra
from veriport.wiring.documents import Document, Problem, load_document
from veriport.wiring.json_schemas import wrong_schemas


def load_rules(path: str | Path, environment: Mapping[str, str] | None = None) -> tuple[Rule, ...]:
    """Read a rules file: a list under ``rules:``; other data sets that it names lie beside it.

    Raises ``ConfigurationError`` with every problem, a line each.
    """
    return rules_from([rules_document(path, environment)])


def rules_document(path: str | Path, environment: Mapping[str, str] | None = None) -> Document:
    """A rules file as the document of its list."""
    document = load_document(path, environment)
    content = document.value
    if not isinstance(content, dict) or "rules" not in content:
        raise document.error([Problem("a rules file is a mapping with a list under 'rules:'")])
    for key in content:
        if key != "rules":
            hint = nearest(str(key), ["rules"]).hint
            raise document.error([Problem(f"unknown key {key!r} in a rules file{hint}", (str(key),))])
    return document.at("rules")


def rules_text(entries: Iterable[Mapping[str, object]]) -> str:
    """Rules in their mapping form as the text of a rules file."""
    from ruamel.yaml import YAML  # noqa: PLC0415  # imported on use

    yaml, text = YAML(typ="safe", pure=True), StringIO()
    yaml.default_flow_style = False
    yaml.width = 1_000_000
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # it is typed by its default
    yaml.dump({"rules": list(entries)}, text)
    return text.getvalue()


def rules_json(entries: Iterable[Mapping[str, object]]) -> str:
    """The same as JSON, which ``load_rules`` reads, too."""
    return json.dumps({"rules": list(entries)}, indent=2, ensure_ascii=False) + "\n"


def rules_from(documents: Sequence[Document]) -> tuple[Rule, ...]:
    """The rules of several lists as one; other data sets that they name lie beside their file.

    Raises ``ConfigurationError`` with every problem.
    """
    entries: list[object] = []
    homes: list[tuple[Document, int]] = []
    for document in documents:
        listed = document.value
        if not isinstance(listed, list) or not listed:
            raise document.error(_placed(problem) for problem in read_rules(listed).failure())
        entries += listed
        homes += [(document, index) for index in range(len(listed))]
    read = sound_rules(entries, lambda index: Path(homes[index][0].file).parent)
    if is_successful(read):
        return read.unwrap()
    raise ConfigurationError("\n".join(_located(problem, homes) for problem in read.failure()))


def _located(problem: RuleProblem, homes: Sequence[tuple[Document, int]]) -> str:
    document, index = homes[int(problem.path[0])]
    return str(document.error([_placed(evolve(problem, path=(index, *problem.path[1:])))]))


def _placed(problem: RuleProblem) -> Problem:
    return Problem(str(problem), problem.path)


def sound_rules(entries: object, folder_of: Callable[[int], Path]) -> Result[tuple[Rule, ...], Problems]:
    """Read rules, their SQL and JSON Schemas; ``folder_of`` an entry is where its other data sets lie.

    The problems carry the index of the entry, not of the rule that it makes.
    """
    read = read_rules(entries)
    if not is_successful(read):
        return read
    rules = read.unwrap()
    homes = origins(entries if isinstance(entries, Iterable) else ())
    parsed = parse_all(parse, rules)
    unsound = [*([] if is_successful(parsed) else parsed.failure()), *_wrong_schemas(rules)]
    if not unsound:
        return Success(tuple(map(_beside, rules, map(folder_of, homes))))
    moved = (evolve(each, path=(homes[int(each.path[0])], *each.path[1:])) for each in unsound)
    return Failure(tuple(sorted(moved, key=lambda each: int(each.path[0]))))


def _wrong_schemas(rules: Sequence[Rule]) -> Problems:
    """The library that is not installed is one problem, told at the first rule that needs it."""
    try:
        return wrong_schemas(rules)
    except MissingExtra as missing:
        first = next(index for index, rule in enumerate(rules) if isinstance(rule, JsonSchema))
        return (RuleProblem(str(missing), (first, "type")),)


def _beside(rule: Rule, folder: Path) -> Rule:
    return rule.beside(str(folder)) if isinstance(rule, WithReference) and folder != Path() else rule
