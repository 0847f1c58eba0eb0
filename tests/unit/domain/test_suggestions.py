"""The nearest right word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veriport.domain.suggestions import Suggestion, nearest


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("not_nul", "not_null"),
        ("NOT_NULL", "not_null"),
        ("uniqe", "unique"),
        ("regexp", "regex"),
        ("qqqqqqq", ""),
        ("", ""),
    ],
)
def test_a_slip_is_recognised_and_noise_is_not(word: str, near: str) -> None:
    assert nearest(word, ["not_null", "unique", "regex"]).word == near


def test_the_word_comes_back_as_it_is_written() -> None:
    assert nearest("userid", ["UserId"]).word == "UserId"


def test_nothing_near_gives_no_hint() -> None:
    assert Suggestion("").hint == ""


def test_a_hint_can_be_appended_to_a_message() -> None:
    assert Suggestion("unique").hint == "; did you mean 'unique'?"


def test_a_text_of_any_length_costs_no_time() -> None:
    assert nearest("not_null" * 10_000, ["not_null"]) == Suggestion("")


@given(st.text(), st.lists(st.text()))
def test_it_never_fails_and_never_invents(word: str, known: list[str]) -> None:
    assert nearest(word, known).word in {*known, ""}
