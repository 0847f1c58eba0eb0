"""JSON documents against a JSON Schema, by the library jsonschema (an extra)."""

from __future__ import annotations

import json
from collections.abc import Callable

import jsonschema

from veriport.domain.errors import InvalidRule


def accepts(schema: str) -> Callable[[str], bool]:
    """Whether a text is a JSON document of the schema. Raises ``InvalidRule`` for a wrong schema."""
    document = json.loads(schema)
    validator = jsonschema.validators.validator_for(document)
    try:
        validator.check_schema(document)
    except jsonschema.SchemaError as wrong:
        raise InvalidRule(f"schema is no JSON Schema: {wrong.message}", key="schema") from None
    check = validator(document)

    def accepted(text: str) -> bool:
        try:
            return bool(check.is_valid(json.loads(text, parse_constant=_refuse)))
        except (ValueError, RecursionError):
            return False

    return accepted


def _refuse(constant: str) -> object:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(constant)
