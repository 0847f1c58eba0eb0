"""One ladder, read by all its names."""

from __future__ import annotations

import itertools

import pytest

from veriport.domain.errors import ConfigurationError
from veriport.domain.severity import Severity, severity_of


def test_critical_is_worst_and_low_is_least() -> None:
    worst_first = sorted(Severity, key=lambda severity: severity.rank, reverse=True)
    assert worst_first == [Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW]


@pytest.mark.parametrize(("one", "other"), list(itertools.product(Severity, Severity)))
def test_at_least_compares_by_rank(one: Severity, other: Severity) -> None:
    assert one.at_least(other) is (one.rank >= other.rank)


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("critical", Severity.CRITICAL),
        ("high", Severity.HIGH),
        ("medium", Severity.MEDIUM),
        ("low", Severity.LOW),
        ("error", Severity.HIGH),
        ("warning", Severity.MEDIUM),
        ("warn", Severity.MEDIUM),
        ("info", Severity.LOW),
        ("High", Severity.HIGH),
        ("WARNING", Severity.MEDIUM),
        (Severity.LOW, Severity.LOW),
    ],
)
def test_every_name_is_read(word: str, severity: Severity) -> None:
    assert severity_of(word) is severity


def test_an_unknown_word_lists_the_ladder_and_names_the_nearest() -> None:
    with pytest.raises(ConfigurationError) as caught:
        severity_of("hihg")
    assert str(caught.value) == (
        "unknown severity 'hihg': use one of critical, high, medium, low; did you mean 'high'?"
    )


@pytest.mark.parametrize("wrong", [None, True, 3, 1.5, [], ["high"], {"high": 1}, b"high", ""])
def test_what_is_no_word_is_refused(wrong: object) -> None:
    with pytest.raises(ConfigurationError, match="unknown severity"):
        severity_of(wrong)


def test_a_number_too_long_to_print_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="unknown severity <int>"):
        severity_of(10**5000)
