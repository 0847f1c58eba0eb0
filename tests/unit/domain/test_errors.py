"""Messages of errors show any value, and the family can be caught as one."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veriport.domain.errors import ConfigurationError, InvalidRule, VeriportError, shown
from veriport.ports.errors import MissingExtra, PortError, TransientError


class _Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "'a'"),
        (None, "None"),
        (Decimal("1.5"), "Decimal('1.5')"),
        ("line\nfeed", r"'line\nfeed'"),
        pytest.param(10**5000, "<int>", id="huge"),
        (_Hostile(), "<_Hostile>"),
    ],
)
def test_any_value_can_be_shown(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_long_value_is_cut_to_a_line() -> None:
    assert shown("x" * 1000) == "'" + "x" * 76 + "..."


@given(st.text() | st.binary() | st.lists(st.text()))
def test_what_is_shown_is_one_short_line(value: object) -> None:
    text = shown(value)
    assert len(text) <= 80
    assert "\n" not in text


def test_an_invalid_rule_is_a_value_error_with_its_key_and_suggestion() -> None:
    wrong = InvalidRule("unknown type 'x'", key="type", suggestion="y")
    assert isinstance(wrong, ValueError)
    assert (str(wrong), wrong.message) == ("unknown type 'x'; did you mean 'y'?", "unknown type 'x'")
    assert (wrong.key, wrong.suggestion) == ("type", "y")


@pytest.mark.parametrize("error", [InvalidRule("x"), TransientError("x"), MissingExtra("reading", "aws")])
def test_everything_raised_on_purpose_is_one_family(error: Exception) -> None:
    assert isinstance(error, VeriportError)


def test_a_missing_extra_is_wrong_configuration_and_names_the_command() -> None:
    missing = MissingExtra("reading pandas frames", "pandas")
    assert isinstance(missing, ConfigurationError)
    assert isinstance(missing, PortError)
    assert str(missing) == "reading pandas frames needs an extra: pip install 'veriport[pandas]'"


def test_a_transient_error_carries_the_wish_of_the_receiver() -> None:
    assert TransientError("busy", retry_after_seconds=2.5).retry_after_seconds == 2.5
