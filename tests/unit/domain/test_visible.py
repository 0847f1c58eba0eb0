"""Text that is not ours can be read and does nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veriport.domain.visible import visible


@given(st.text(st.characters(exclude_categories=())))
def test_nothing_in_it_acts(text: str) -> None:
    assert visible(text).isprintable()


@given(st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" ")))
def test_what_prints_stays(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31m", r"a\x1b[31m"),
        ("a\nb\r\t", r"a\nb\r\t"),
        ("\u202egnp", r"\u202egnp"),
        ("\ud800", r"\ud800"),
        ("\U000e0001", r"\U000e0001"),
        ("a\xa0b", r"a\xa0b"),
        ("a\\b", "a\\b"),
    ],
)
def test_what_does_not_print_is_written_as_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown
