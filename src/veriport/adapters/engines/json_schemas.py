"""JSON Schemas by the library jsonschema (an extra): whether one is sound, and what it accepts.

Nothing is ever fetched: a schema refers to itself, or to the specifications that the library brings.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import jsonschema
from jsonschema.exceptions import best_match
from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]  # it ships no types
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import specification_with

from veriport.domain.errors import InvalidRule, shown
from veriport.domain.suggestions import nearest

#: It knows no documents and fetches none; the library adds the specifications.
NOTHING_ELSE: Registry[Any] = Registry()


def accepts(schema: str) -> Callable[[str], bool]:
    """Whether a text is a JSON document of the schema. Raises ``InvalidRule`` as ``require_sound`` does."""
    check = _sound(schema)

    def accepted(text: str) -> bool:
        try:
            return bool(check.is_valid(json.loads(text, parse_constant=_refuse)))
        except (ValueError, RecursionError):
            return False

    return accepted


def require_sound(schema: str) -> None:
    """Raise ``InvalidRule`` for what is no JSON Schema, and for one that refers to what is not in it."""
    _sound(schema)


def _refuse(constant: str) -> object:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(constant)


def _sound(schema: str) -> Any:  # noqa: ANN401  # the library ships no types
    document: object = json.loads(schema)
    dialect = _dialect(document)
    try:
        _require_schema(dialect, document)
        _require_references(dialect, document)
        check = dialect(document, registry=NOTHING_ELSE)
        deque(check.iter_errors(None), maxlen=0)
    except RecursionError:
        raise _wrong("is nested too deeply, or refers to itself without end") from None
    return check


def _wrong(what: str, suggestion: str = "") -> InvalidRule:
    return InvalidRule(f"schema {what}", key="schema", suggestion=suggestion)


def _dialect(document: object) -> Any:  # noqa: ANN401  # a class of the library
    named = document.get("$schema") if isinstance(document, dict) else None
    if named is None:
        return jsonschema.validators.validator_for(True)  # noqa: FBT003  # any schema that names none
    found = jsonschema.validators.validator_for(document, default=None) if isinstance(named, str) else None
    if found is None:
        raise _wrong(f"names a dialect in $schema that is not known: {shown(named)}")
    return found


def _require_schema(dialect: Any, document: object) -> None:  # noqa: ANN401
    reader = jsonschema.validators.validator_for(dialect.META_SCHEMA)
    errors = reader(dialect.META_SCHEMA, format_checker=reader.FORMAT_CHECKER).iter_errors(document)
    try:
        error = best_match(errors)
    except OverflowError as wrong:  # a repetition in a pattern that Python cannot count to
        raise _wrong(f"is no JSON Schema: {wrong}") from None
    if error is None:
        return
    while error.context:  # of what it might have been, rather what it says than of what type it is
        error = min(error.context, key=lambda inner: inner.validator == "type")
    place = "".join(f"/{step}" for step in error.absolute_path)
    listed = error.validator_value if error.validator == "enum" and isinstance(error.instance, str) else ()
    near = nearest(str(error.instance), [each for each in listed if isinstance(each, str)]).word
    message = error.message if len(error.message) <= _LONGEST else f"{error.message[:_LONGEST]}..."
    raise _wrong(f"is no JSON Schema: {f'at {place}: ' if place else ''}{message}", near)


_LONGEST = 160


def _require_references(dialect: Any, document: object) -> None:  # noqa: ANN401
    """Raise ``InvalidRule`` for a reference that leads out of the document, to nothing, or to no schema."""
    written_in = specification_with(dialect.META_SCHEMA["$schema"])
    root = written_in.create_resource(document)
    waiting = [(root, REGISTRY.resolver_with_root(root))]
    seen: set[int] = set()
    while waiting:
        resource, resolver = waiting.pop()
        if id(resource.contents) in seen or not isinstance(resource.contents, Mapping):
            continue
        seen.add(id(resource.contents))
        for reference in filter(None, map(resource.contents.get, _REFERENCES)):
            try:
                found = resolver.lookup(reference)
            except (Unresolvable, ValueError, TypeError):  # the last two: a way through what is no container
                raise _wrong(_unresolved(reference)) from None
            if id(found.contents) not in seen:
                _require_schema(dialect, found.contents)
            waiting.append((Resource.from_contents(found.contents, written_in), found.resolver))
        waiting += [(each, resolver.in_subresource(each)) for each in resource.subresources()]


_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


def _unresolved(reference: str) -> str:
    if reference.startswith("#"):
        return f"refers to {shown(reference)}, which is not in it"
    return (
        f"refers to {shown(reference)}: other documents are never fetched; put it under $defs and write "
        "{$ref: '#/$defs/NAME'}"
    )
