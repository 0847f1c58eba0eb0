"""What the fields of configured values must hold."""

from __future__ import annotations

import pytest
from attrs import field, frozen

from veriport.domain.errors import ConfigurationError
from veriport.domain.validators import (
    LONGEST_SECONDS,
    any_text,
    at_least,
    hidden_text,
    mapping,
    seconds,
    text,
    text_mapping,
    texts,
    yes_or_no,
)


@frozen(kw_only=True)
class Settings:
    """One field of each kind."""

    name: str = field(default="x", validator=text)
    note: str = field(default="", validator=any_text)
    url: str = field(default="x", validator=hidden_text)
    on: bool = field(default=True, validator=yes_or_no)
    wait: float = field(default=1, validator=seconds)
    rows: int = field(default=5, validator=at_least(5))


@pytest.mark.parametrize(
    "values",
    [
        {"name": "a"},
        {"note": ""},
        {"url": "https://x"},
        {"on": False},
        {"wait": 0.001},
        {"wait": LONGEST_SECONDS},
        {"rows": 5},
        {"rows": 10**30},
    ],
)
def test_what_fits_is_taken(values: dict[str, object]) -> None:
    settings = Settings(**values)  # type: ignore[arg-type]  # as configuration gives it
    assert {name: getattr(settings, name) for name in values} == values


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": ""}, "name must be text, not ''"),
        ({"name": " "}, "name must be text, not ' '"),
        ({"name": None}, "name must be text, not None"),
        ({"note": 5}, "note must be text, not 5"),
        ({"url": ["https://secret"]}, "url must be text, not a list"),
        ({"url": ""}, "url must be text, not a str"),
        ({"on": "yes"}, "on must be true or false, not 'yes'"),
        ({"on": 1}, "on must be true or false, not 1"),
        ({"wait": 0}, "wait must be a number of seconds, above 0 and up to 100,000,000, not 0"),
        ({"wait": -1.5}, "wait must be a number of seconds, above 0 and up to 100,000,000, not -1.5"),
        ({"wait": True}, "wait must be a number of seconds, above 0 and up to 100,000,000, not True"),
        ({"wait": "5"}, "wait must be a number of seconds, above 0 and up to 100,000,000, not '5'"),
        ({"wait": None}, "wait must be a number of seconds, above 0 and up to 100,000,000, not None"),
        ({"wait": float("nan")}, "wait must be a number of seconds, above 0 and up to 100,000,000, not nan"),
        ({"wait": float("inf")}, "wait must be a number of seconds, above 0 and up to 100,000,000, not inf"),
        (
            {"wait": LONGEST_SECONDS * 2},
            f"wait must be a number of seconds, above 0 and up to 100,000,000, not {LONGEST_SECONDS * 2}",
        ),
        ({"rows": 4}, "rows must be a whole number of at least 5, not 4"),
        ({"rows": 5.0}, "rows must be a whole number of at least 5, not 5.0"),
        ({"rows": True}, "rows must be a whole number of at least 5, not True"),
        ({"rows": "5"}, "rows must be a whole number of at least 5, not '5'"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings(**values)  # type: ignore[arg-type]  # wrong on purpose
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("value", "listed"), [("a", ("a",)), (["a", "b"], ("a", "b")), ((), ()), ({"a"}, ("a",))]
)
def test_texts_are_one_or_a_list(value: object, listed: tuple[str, ...]) -> None:
    assert texts("key", value) == listed


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "key must be text or a list of texts, not None"),
        (5, "key must be text or a list of texts, not 5"),
        ({"a": 1}, "key must be text or a list of texts, not {'a': 1}"),
        (["a", 5], "key must hold texts, not 5: put it in quotes"),
    ],
)
def test_anything_else_is_no_list_of_texts(value: object, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        texts("key", value)
    assert str(caught.value) == message


def test_a_mapping_is_copied_and_cannot_be_changed() -> None:
    given = {"a": [1], 5: 2}
    copied = mapping("metadata", given)
    given["a"] = []
    assert copied == {"a": [1], "5": 2}
    with pytest.raises(TypeError, match="does not support item assignment"):
        copied["a"] = 1  # type: ignore[index]  # wrong on purpose


@pytest.mark.parametrize("value", [None, "secret", ["secret"], 5])
def test_what_is_no_mapping_is_refused_unseen(value: object) -> None:
    with pytest.raises(ConfigurationError, match="headers must be a mapping, not a ") as caught:
        mapping("headers", value)
    assert "secret" not in str(caught.value)


def test_numbers_in_a_mapping_of_texts_become_text() -> None:
    assert text_mapping("tags", {"a": "b", "n": 5, "on": True}) == {"a": "b", "n": "5", "on": "True"}


@pytest.mark.parametrize("value", [None, ["secret"], {"b": "secret"}])
def test_what_is_no_text_in_a_mapping_of_texts_is_refused_unseen(value: object) -> None:
    with pytest.raises(ConfigurationError, match=r"headers holds a .* under 'a': texts only") as caught:
        text_mapping("headers", {"a": value})
    assert "secret" not in str(caught.value)
