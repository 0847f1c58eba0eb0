"""Rules about texts: LIKE patterns, parts, formats, dates written as text, JSON documents."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from attrs import Attribute, field, frozen

from veriport.domain.errors import InvalidRule, shown
from veriport.domain.formats import FORMATS
from veriport.domain.patterns import MAX_LENGTH
from veriport.domain.rules.base import ColumnRule, choose, param
from veriport.domain.rules.scalars import json_text, scalar
from veriport.domain.rules.values import text_only
from veriport.domain.suggestions import nearest
from veriport.domain.types import Column


@frozen(kw_only=True)
class TextRule(ColumnRule):
    """A rule that has a meaning for texts only."""

    def objection(self, columns: Mapping[str, Column]) -> str | None:
        """Numbers and times are no texts."""
        return text_only(self, columns)


def some_text(_: object, attribute: Attribute[str], value: object) -> None:
    """Validate a parameter that is a text with something in it."""
    if not isinstance(value, str) or not value:
        raise InvalidRule(f"{attribute.name} must be text, not {shown(value)}", key=attribute.name)
    scalar(attribute.name, value)


def like_pattern(_: object, __: Attribute[str], value: object) -> None:
    """Validate a pattern of LIKE, which engines run as a regular expression."""
    if not isinstance(value, str) or not value:
        raise InvalidRule(f"pattern must be text, not {shown(value)}", key="pattern")
    if len(value) > MAX_LENGTH:
        raise InvalidRule(
            f"the pattern has {len(value):,} characters; at most {MAX_LENGTH:,} are allowed", key="pattern"
        )
    scalar("pattern", value)


@frozen(kw_only=True)
class Like(TextRule):
    """Every text matches a pattern of SQL as a whole: ``%`` is any text, ``_`` any one character."""

    type: ClassVar[str] = "like"
    pattern: str = field(validator=like_pattern, metadata=param("the pattern, in which case counts"))

    def expectation(self) -> str:
        """In words."""
        return f"like {self.pattern}"


@frozen(kw_only=True)
class NotLike(TextRule):
    """No text matches a pattern of SQL as a whole: ``%`` is any text, ``_`` any one character."""

    type: ClassVar[str] = "not_like"
    pattern: str = field(validator=like_pattern, metadata=param("the pattern, in which case counts"))

    def expectation(self) -> str:
        """In words."""
        return f"not like {self.pattern}"


class At(StrEnum):
    """Where in a text."""

    START = "start"
    END = "end"
    ANYWHERE = "anywhere"


def _at(value: object) -> At:
    return choose(At, "at", value)


@frozen(kw_only=True)
class Contains(TextRule):
    """Every text has ``text`` in it: anywhere, at its start or at its end. Case counts."""

    type: ClassVar[str] = "contains"
    text: str = field(validator=some_text, metadata=param("the part", aliases=("value", "substring")))
    at: At = field(default=At.ANYWHERE, converter=_at, metadata=param("start, end or anywhere"))

    def expectation(self) -> str:
        """In words."""
        return {At.START: "starts with ", At.END: "ends with ", At.ANYWHERE: "contains "}[self.at] + repr(
            self.text
        )


def _format(value: object) -> str:
    word = value.lower() if isinstance(value, str) else ""
    word = _OTHER_NAMES.get(word, word)
    if word not in FORMATS:
        raise InvalidRule(
            f"format must be one of {', '.join(FORMATS)}, not {shown(value)}",
            key="format",
            suggestion=nearest(word, FORMATS).word,
        )
    return word


_OTHER_NAMES = {
    "iso_country": "country",
    "country_code": "country",
    "ip": "ipv4",
    "host": "hostname",
    "uri": "url",
}


@frozen(kw_only=True)
class Format(TextRule):
    """Every text is of a well-known format, such as an e-mail address or an IBAN."""

    type: ClassVar[str] = "format"
    format: str = field(converter=_format, metadata=param(f"one of {', '.join(FORMATS)}", aliases=("name",)))

    def expectation(self) -> str:
        """In words."""
        return FORMATS[self.format].meaning


_DIRECTIVES = frozenset("YmdHMSfjyzpIbBaA%")


def _directives(_: object, __: Attribute[str], value: object) -> None:
    if not isinstance(value, str) or "%" not in value:
        raise InvalidRule(
            f"format must be a strptime format such as %Y-%m-%d, not {shown(value)}", key="format"
        )
    directives = re.findall(r"(?s)%(.?)", value)
    for found in directives:
        if found not in _DIRECTIVES:
            raise InvalidRule(f"the directive %{found} is not available in a datetime format", key="format")
        if found != "%" and directives.count(found) > 1:  # strptime takes none twice
            raise InvalidRule(f"a datetime format names %{found} twice", key="format")


@frozen(kw_only=True)
class DatetimeFormat(TextRule):
    """Every text is a date or time written as ``format`` says, and one that exists."""

    type: ClassVar[str] = "datetime_format"
    format: str = field(
        validator=_directives,
        metadata=param("directives of strptime: %Y %m %d %H %M %S %f %z ...", aliases=("datetime_format",)),
    )

    def expectation(self) -> str:
        """In words."""
        return f"a time as {self.format}"

    def reader(self) -> Callable[[str], bool]:
        """Whether a text is such a time."""

        def reads(text: str) -> bool:
            try:
                datetime.strptime(text, self.format)  # noqa: DTZ007  # only whether it parses
            except ValueError:
                return False
            return True

        return reads


def _schema(value: object) -> str:
    """A JSON Schema as canonical text, so that it can be compared and hashed."""
    document = value
    if isinstance(value, str):
        try:
            document = json.loads(value)
        except (ValueError, RecursionError):
            raise InvalidRule("schema must be a JSON Schema: a mapping, or JSON text", key="schema") from None
    if not isinstance(document, Mapping | bool):
        raise InvalidRule(f"schema must be a mapping, not {shown(value)}", key="schema")
    return json_text("schema", document)


@frozen(kw_only=True)
class JsonSchema(TextRule):
    """Every text is a JSON document that a JSON Schema accepts (needs ``veriport[jsonschema]``).

    The schema may refer to parts of itself, such as ``#/$defs/NAME``; other documents are never fetched.
    """

    type: ClassVar[str] = "json_schema"
    schema: str = field(
        converter=_schema,
        metadata=param("the schema, as a mapping or as JSON text", aliases=("json_schema",)),
    )

    def expectation(self) -> str:
        """In words."""
        return "a document of the JSON Schema"
