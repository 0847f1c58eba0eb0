"""Rules about texts: what they take, what they refuse, what columns they fit."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any

import pytest

from tests.unit.domain.rules.columns import NOTHING, TEXTS, columns
from veriport.domain.errors import InvalidRule
from veriport.domain.formats import FORMATS
from veriport.domain.mappings import FrozenMapping
from veriport.domain.rules.base import ColumnRule
from veriport.domain.rules.texts import At, Contains, DatetimeFormat, Format, JsonSchema, Like, NotLike
from veriport.domain.types import Family

_RULES = [
    Like(column="a", pattern="x%"),
    NotLike(column="a", pattern="x%"),
    Contains(column="a", text="x"),
    Format(column="a", format="email"),
    DatetimeFormat(column="a", format="%Y"),
    JsonSchema(column="a", schema={}),
]


def _refused(cls: type[ColumnRule], **parameters: Any) -> tuple[str, str]:  # noqa: ANN401  # anything may be written
    with pytest.raises(InvalidRule) as caught:
        cls(column="a", **parameters)
    return caught.value.key, str(caught.value)


@pytest.mark.parametrize("family", Family)
@pytest.mark.parametrize("rule", _RULES, ids=lambda rule: rule.type)
def test_only_texts_have_characters(rule: ColumnRule, family: Family) -> None:
    reason = f"{rule.type} is for texts and column 'a' is {family.value}"
    assert rule.objection(columns(family)) == (None if family in TEXTS | NOTHING else reason)
    assert rule.reads == ("a",)


# --- like and contains ----------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [Like, NotLike])
@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("", "pattern must be text, not ''"),
        (None, "pattern must be text, not None"),
        (5, "pattern must be text, not 5"),
        (["a%", "b%"], "pattern must be text, not ['a%', 'b%']"),
        ("%" * 10_001, "the pattern has 10,001 characters; at most 10,000 are allowed"),
    ],
)
def test_a_pattern_of_like_is_some_text(cls: type[Like], pattern: object, message: str) -> None:
    assert _refused(cls, pattern=pattern) == ("pattern", message)


def test_like_says_what_it_expects() -> None:
    assert Like(column="a", pattern="x%").expectation() == "like x%"
    assert NotLike(column="a", pattern="x%").expectation() == "not like x%"


@pytest.mark.parametrize(
    ("at", "expected"),
    [("start", "starts with 'x'"), ("end", "ends with 'x'"), ("anywhere", "contains 'x'")],
)
def test_a_part_says_where_it_is_expected(at: str, expected: str) -> None:
    rule = Contains(column="a", text="x", at=at)
    assert (rule.expectation(), rule.at) == (expected, At(at))


@pytest.mark.parametrize(
    ("parameters", "key"),
    [
        ({"text": ""}, "text"), ({"text": None}, "text"), ({"text": 5}, "text"), ({"text": ["a"]}, "text"),
        ({"text": "\ud800"}, "text"), ({"text": "x", "at": "middle"}, "at"), ({"text": "x", "at": None}, "at"),
    ],
)  # fmt: skip
def test_a_wrong_part_is_refused(parameters: dict[str, Any], key: str) -> None:
    assert _refused(Contains, **parameters)[0] == key


# --- format ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_named_in_any_case_and_says_what_it_is(name: str) -> None:
    rule = Format(column="a", format=name.upper())
    assert (rule.format, rule.expectation()) == (name, FORMATS[name].meaning)


@pytest.mark.parametrize(
    ("word", "name"),
    [("iso_country", "country"), ("country_code", "country"), ("ip", "ipv4"), ("host", "hostname"), ("uri", "url")],
)  # fmt: skip
def test_other_names_of_formats_are_read(word: str, name: str) -> None:
    assert Format(column="a", format=word).format == name


@pytest.mark.parametrize(
    ("word", "hint"), [("emial", "; did you mean 'email'?"), (5, ""), (None, ""), (["email"], ""), ("", "")]
)
def test_an_unknown_format_lists_the_known(word: object, hint: str) -> None:
    key, message = _refused(Format, format=word)
    assert key == "format"
    assert message == f"format must be one of {', '.join(FORMATS)}, not {word!r}{hint}"


# --- datetime_format ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "text", "reads"),
    [
        ("%Y-%m-%d", "2024-02-29", True),
        ("%Y-%m-%d", "2023-02-29", False),
        ("%Y-%m-%d", "2024-02-29 ", False),
        ("%d.%m.%Y", "31.12.2024", True),
        ("%d.%m.%Y", "12/31/2024", False),
        ("%H:%M:%S.%f", "23:59:59.123456", True),
        ("%H:%M", "24:00", False),
        ("%Y%j", "2024366", True),
        ("%Y%j", "2023367", False),
        ("100 %% am %d", "100 % am 5", True),
        ("%Y-%m-%dT%H:%M:%S%z", "2024-01-01T00:00:00+01:00", True),
        ("%Y-%m-%dT%H:%M:%S%z", "2024-01-01T00:00:00", False),
        ("%Y", "", False),
    ],
)
def test_a_text_is_a_time_by_its_format(form: str, text: str, reads: bool) -> None:
    rule = DatetimeFormat(column="a", format=form)
    assert rule.reader()(text) is reads
    assert rule.expectation() == f"a time as {form}"


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("YYYY-MM-DD", "format must be a strptime format such as %Y-%m-%d, not 'YYYY-MM-DD'"),
        ("", "format must be a strptime format such as %Y-%m-%d, not ''"),
        (None, "format must be a strptime format such as %Y-%m-%d, not None"),
        (["%Y"], "format must be a strptime format such as %Y-%m-%d, not ['%Y']"),
        ("%Q", "the directive %Q is not available in a datetime format"),
        ("%Y-%", "the directive % is not available in a datetime format"),
        ("%\n", "the directive %\n is not available in a datetime format"),
        ("%-d.%m.%Y", "the directive %- is not available in a datetime format"),
        ("%Y-%m-%Y", "a datetime format names %Y twice"),
        ("%%%d%d", "a datetime format names %d twice"),
    ],
)
def test_what_strptime_cannot_read_is_refused(form: object, message: str) -> None:
    assert _refused(DatetimeFormat, format=form) == ("format", message)


def test_an_escaped_sign_is_no_directive() -> None:
    assert DatetimeFormat(column="a", format="%%Y %Y").reader()("%Y 2024")


# --- json_schema ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "required": ["id"]},
        '{"required": ["id"], "type": "object"}',
        MappingProxyType({"type": "object", "required": ("id",)}),
        FrozenMapping({"required": ["id"], "type": "object"}),
    ],
)
def test_a_schema_has_one_form(schema: object) -> None:
    rule = JsonSchema(column="a", schema=schema)
    assert json.loads(rule.schema) == {"required": ["id"], "type": "object"}
    assert rule == JsonSchema(column="a", schema={"type": "object", "required": ["id"]})
    assert rule.expectation() == "a document of the JSON Schema"


def test_mappings_of_any_kind_may_be_inside() -> None:
    rule = JsonSchema(column="a", schema={"properties": FrozenMapping({"id": MappingProxyType({})})})
    assert rule.schema == '{"properties": {"id": {}}}'


@pytest.mark.parametrize("schema", [True, False, "true"])
def test_a_schema_may_be_true_or_false(schema: object) -> None:
    assert JsonSchema(column="a", schema=schema).schema in {"true", "false"}


@pytest.mark.parametrize(
    ("schema", "begins"),
    [
        (None, "schema must be a mapping, not None"),
        (5, "schema must be a mapping, not 5"),
        ([], "schema must be a mapping, not []"),
        ("5", "schema must be a mapping, not '5'"),
        ("{", "schema must be a JSON Schema: a mapping, or JSON text"),
        ("[" * 100_000, "schema must be a JSON Schema: a mapping, or JSON text"),
        ({"minimum": float("nan")}, "schema is not plain data: "),
        ('{"minimum": NaN}', "schema is not plain data: "),
        ({"enum": {1, 2}}, "schema is not plain data: "),
        ({"type": object()}, "schema is not plain data: "),
        ({("a",): 1}, "schema is not plain data: "),
        ({"maximum": 10**5000}, "schema is not plain data: "),
    ],
)
def test_what_is_no_plain_json_is_refused(schema: object, begins: str) -> None:
    key, message = _refused(JsonSchema, schema=schema)
    assert key == "schema"
    assert message.startswith(begins)
