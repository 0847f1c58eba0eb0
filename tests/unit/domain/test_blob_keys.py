"""Any text becomes a part of a key, and texts stay apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veriport.domain.blob_keys import MAX_KEY_BYTES, check_key, safe_part
from veriport.domain.errors import ConfigurationError

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(ANY_TEXT)
def test_any_text_becomes_a_part(text: str) -> None:
    part = safe_part(text)
    assert "/" not in part
    check_key(part)


@given(ANY_TEXT, st.integers(16, 255))
def test_a_part_keeps_its_limit(text: str, limit: int) -> None:
    assert len(safe_part(text, limit=limit).encode()) <= limit


@given(ANY_TEXT, st.integers(16, 255))
def test_a_part_stays_as_it_is(text: str, limit: int) -> None:
    part = safe_part(text, limit=limit)
    assert safe_part(part, limit=limit) == part


@given(ANY_TEXT)
def test_a_part_prints(text: str) -> None:
    assert safe_part(text).isprintable()


@pytest.mark.parametrize("text", ["orders", "orders 2024-01", "Größe", "数据", "a.b_c-d", "v1.2"])
def test_a_readable_part_is_not_changed(text: str) -> None:
    assert safe_part(text) == text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a/b", "a\\b"),
        ("a/b", "a-b"),
        ("", "."),
        (".", ".."),
        ("a", "a "),
        ("nul", "nul-"),
        ("x" * 300, "x" * 301),
        ("a\ud800", "a\ud801"),
        ("e\u0301/", "é/"),
    ],
)
def test_different_texts_stay_apart(one: str, other: str) -> None:
    assert safe_part(one) != safe_part(other)


@pytest.mark.parametrize(
    ("text", "begins"),
    [("a/b c", "a-b c-"), ("../../etc/passwd", "-..-etc-passwd-"), ("NUL.txt", "NUL-.txt-")],
)
def test_a_changed_text_can_still_be_read(text: str, begins: str) -> None:
    assert safe_part(text).startswith(begins)


def test_the_part_at_fault_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"the part 'b\\x1b' holds '\\x1b'"):
        check_key("a/b\x1b/c")


def test_the_error_shows_no_control_character() -> None:
    with pytest.raises(ConfigurationError) as raised:
        check_key("a\x1b[31m\n")
    assert str(raised.value).isprintable()


def test_a_long_part_is_named_with_its_length() -> None:
    with pytest.raises(ConfigurationError, match=r"has 300 bytes, 255 at most"):
        check_key("a/" + "b" * 300)


@given(st.lists(st.text("ab. /\\:\0é", max_size=6), max_size=4).map("/".join))
def test_a_key_has_no_part_that_leads_elsewhere(key: str) -> None:
    try:
        check_key(key)
    except ConfigurationError:
        return
    assert not {"", ".", ".."} & set(key.split("/"))
    assert len(key.encode()) <= MAX_KEY_BYTES
