"""JSON Schemas of rules, looked at when rules are read; the library is imported only for such rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from veriport.domain.errors import InvalidRule
from veriport.domain.rules.base import Rule
from veriport.domain.rules.reading import Problems, RuleProblem
from veriport.domain.rules.texts import JsonSchema
from veriport.ports.errors import MissingExtra


def wrong_schemas(rules: Iterable[Rule]) -> Problems:
    """What is wrong with each schema that is none, or that refers to what is not in it.

    Paths begin with the index of the rule. Raises ``MissingExtra`` where there are schemas and the
    library is not installed.
    """
    written = [(index, rule.schema) for index, rule in enumerate(rules) if isinstance(rule, JsonSchema)]
    return tuple(_wrong(written)) if written else ()


def _wrong(written: Iterable[tuple[int, str]]) -> Iterator[RuleProblem]:
    try:
        from veriport.adapters.engines.json_schemas import require_sound  # noqa: PLC0415  # an extra
    except ImportError as missing:
        raise MissingExtra("the rule json_schema", "jsonschema") from missing
    for index, schema in written:
        try:
            require_sound(schema)
        except InvalidRule as wrong:
            yield RuleProblem(wrong.message, (index, wrong.key), wrong.suggestion)
