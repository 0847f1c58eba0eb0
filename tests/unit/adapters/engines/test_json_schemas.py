"""JSON Schemas are looked at whole, and nothing that they name is fetched."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from functools import reduce

import pytest

from tests.unit.adapters.engines.checking import check
from veriport.adapters.engines.json_schemas import accepts, require_sound
from veriport.adapters.engines.polars import PolarsEngine
from veriport.domain.errors import InvalidRule
from veriport.domain.results import RuleStatus
from veriport.ports.engines import Engine
from veriport.testing.cases import Case
from veriport.testing.reference import ReferenceEngine

DRAFT4, DRAFT7 = "http://json-schema.org/draft-04/schema#", "http://json-schema.org/draft-07/schema"
INTEGER = {"type": "integer"}
_DEEP: Mapping[str, object] = {}

#: Each sound schema with a document that it accepts and one that it does not.
SOUND: Mapping[str, tuple[object, str, str]] = {
    "anything": ({}, "1", ""),
    "true": (True, "1", "NaN"),
    "a type": (INTEGER, "1", '"1"'),
    "a definition": ({"$ref": "#/$defs/n", "$defs": {"n": INTEGER}}, "1", "null"),
    "a definition that is none by its place": ({"$ref": "#/n", "n": INTEGER}, "1", "null"),
    "an anchor": ({"items": {"$ref": "#n"}, "$defs": {"n": {"$anchor": "n", **INTEGER}}}, "[1]", "[null]"),
    "itself, further in": ({"properties": {"a": {"$ref": "#"}}, "type": "object"}, '{"a": {}}', '{"a": 1}'),
    "a part by its address": (
        {"$id": "http://a.test/b", "$ref": "n", "$defs": {"n": {"$id": "http://a.test/n", **INTEGER}}},
        "1",
        "null",
    ),
    "the specification": ({"$ref": "https://json-schema.org/draft/2020-12/schema"}, "{}", '{"type": 1}'),
    "another draft": ({"$schema": DRAFT4, "minimum": 1, "exclusiveMinimum": True}, "2", "1"),
    "a property that is called $ref": ({"properties": {"$ref": INTEGER}}, '{"$ref": 1}', '{"$ref": "a"}'),
    "a listed value that looks like a reference": ({"enum": [{"$ref": "http://a.test"}]},
                                                   '{"$ref": "http://a.test"}', "1"),
}  # fmt: skip

_ABROAD = "other documents are never fetched"
_NOT_IN_IT = "which is not in it"
_ENDLESS = "is nested too deeply, or refers to itself without end"

#: Each schema that is none, and what the problem says.
WRONG: Mapping[str, tuple[object, str]] = {
    "a type": ({"type": "strin"}, "at /type: 'strin' is not one of ["),
    "a type further in": (
        {"properties": {"a": {"type": ["strin"]}}},
        "at /properties/a/type/0: 'strin' is not",
    ),
    "a bound": ({"minimum": "a"}, "at /minimum: 'a' is not of type 'number'"),
    "a list of names": ({"required": "a"}, "at /required: 'a' is not of type 'array'"),
    "a pattern": ({"pattern": "("}, "at /pattern: '(' is not a 'regex'"),
    "a pattern of names": ({"patternProperties": {"(": {}}}, "at /patternProperties: '(' is not a 'regex'"),
    "a repetition beyond count": ({"pattern": "a{99999999999999}"}, "the repetition number is too large"),
    "a bound of an old draft": (
        {"$schema": DRAFT7, "exclusiveMinimum": True},
        "at /exclusiveMinimum: True is",
    ),
    "a long one": ({"type": ["a" * 100_000]}, "at /type/0: 'aaa"),
    "a dialect": ({"$schema": "http://a.test"}, "a dialect in $schema that is not known: 'http://a.test'"),
    "a dialect that is a number": ({"$schema": 5}, "a dialect in $schema that is not known: 5"),
    "a reference that is a number": ({"$ref": 5}, "at /$ref: 5 is not of type 'string'"),
    "abroad": ({"$ref": "http://a.test/b"}, _ABROAD),
    "abroad, from a part": ({"items": {"anyOf": [{}, {"$ref": "https://a.test"}]}}, _ABROAD),
    "abroad, by its own address": ({"$id": "http://a.test/b", "$ref": "c"}, _ABROAD),
    "abroad, from what is no part": ({"$ref": "#/n", "n": {"$ref": "http://a.test/b"}}, _ABROAD),
    "abroad, dynamically": ({"$dynamicRef": "http://a.test#b"}, _ABROAD),
    "a file": ({"$ref": "file:///etc/passwd"}, _ABROAD),
    "a file beside": ({"$ref": "other.json#/a"}, _ABROAD),
    "no address": ({"$ref": "http://["}, _ABROAD),
    "nowhere": ({"$ref": "#/$defs/n"}, _NOT_IN_IT),
    "no anchor": ({"items": {"$ref": "#n"}}, _NOT_IN_IT),
    "into a text": ({"$ref": "#/title/n", "title": "x"}, _NOT_IN_IT),
    "into a number": ({"$ref": "#/minimum/n", "minimum": 5}, _NOT_IN_IT),
    "what is no schema": ({"$ref": "#/title", "title": "x"}, "'x' is not of type"),
    "what is a wrong one": ({"$ref": "#/n", "n": {"type": "strin"}}, "at /type: 'strin' is not one of ["),
    "itself": ({"$ref": "#"}, _ENDLESS),
    "itself, as one of several": ({"allOf": [{"$ref": "#"}]}, _ENDLESS),
    "depth": (reduce(lambda inner, _: {"not": inner}, range(900), _DEEP), _ENDLESS),
}


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_schema_accepts_and_refuses(name: str) -> None:
    schema, right, wrong = SOUND[name]
    accepted = accepts(json.dumps(schema))
    assert (accepted(right), accepted(wrong)) == (True, False)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_schema_is_refused_in_a_line(name: str) -> None:
    schema, message = WRONG[name]
    with pytest.raises(InvalidRule) as caught:
        require_sound(json.dumps(schema))
    assert caught.value.key == "schema"
    assert message in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_wrong_type_has_the_nearest_right_one() -> None:
    with pytest.raises(InvalidRule) as caught:
        require_sound('{"type": "strin"}')
    assert caught.value.suggestion == "string"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Somebody on this machine who waits to be called."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield server


@pytest.mark.parametrize("engine", [PolarsEngine(), ReferenceEngine()], ids=lambda engine: engine.name)
def test_an_engine_calls_nobody_whoever_gives_it_the_rule(engine: Engine, listener: socket.socket) -> None:
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/schema"
    rule = {"column": "x", "type": "json_schema", "schema": {"$ref": address}}
    (result,) = check(engine, Case(name="", columns={"x": ["1"]}, rule=rule)).rules
    assert result.status is RuleStatus.ERROR
    with pytest.raises(TimeoutError):
        listener.accept()
