"""What is wanted of a version, in the terms of PEP 440 and of npm, and what is installed."""

from __future__ import annotations

from importlib.metadata import version

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veriport.domain.errors import ConfigurationError
from veriport.wiring.versions import SemanticVersion, parse_constraint, parse_version, require_version

ALLOWED = [
    (">=3,<4", "3.0", "3.9.9", "3.1rc1"),
    ("~=3.1", "3.1", "3.9"),
    ("==3.*", "3.0", "3.7.2"),
    ("!=3.1", "3.2", "3.0"),
    ("^1.2", "1.2.0", "1.9.9", "1.2", "1.2.3.4"),
    ("^0.2", "0.2.0", "0.2.9"),
    ("~1.2", "1.2.0", "1.2.9"),
    ("1.x", "1.0.0", "1.99.0"),
    ("1.2", "1.2.0", "1.2.7"),
    ("1.2 - 2.0", "1.2.0", "2.0.9"),
    ("^1 || ^3", "1.5.0", "3.0.1"),
    (">=1.2 <2", "1.2.0", "1.9.0"),
    ("1.2.3", "1.2.3", "1.2.3+build"),
    ("*", "0.0.1", "9.9.9"),
]
REFUSED = [
    (">=3,<4", "2.9", "4.0", "4.0rc1"),
    ("~=3.1", "3.0", "4.0"),
    ("^1.2", "1.1.9", "2.0.0", "1.3.0rc1", "1.3.dev1"),
    ("^0.2", "0.3.0", "0.1.9"),
    ("~1.2", "1.3.0"),
    ("1.x", "2.0.0"),
    ("1.2 - 2.0", "2.1.0", "1.1.9"),
    ("^1 || ^3", "2.0.0"),
    ("1.2.3", "1.2.4"),
]


@pytest.mark.parametrize(
    ("wanted", "found", "allowed"),
    [
        *((wanted, each, True) for wanted, *found in ALLOWED for each in found),
        *((wanted, each, False) for wanted, *found in REFUSED for each in found),
    ],
)
def test_what_is_wanted_allows_some_versions_and_no_others(wanted: str, found: str, *, allowed: bool) -> None:
    assert parse_constraint(wanted).allows(found) is allowed


@pytest.mark.parametrize("text", ["", " ", "three", ">=", "^", "1.2.3.x.y", ">=1 || <=", "latest"])
def test_what_says_nothing_of_a_version_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_constraint(text)


@pytest.mark.parametrize(
    "text", ["1", "1.2", "01.2.3", "1.2.3-", "1.2.3-01", "v1.2.3", "1.2.3+", "1.2.-3", "1.2.3 ", ""]
)
def test_a_semantic_version_is_what_semver_says(text: str) -> None:
    with pytest.raises(ConfigurationError, match="no semantic version"):
        parse_version(text)


def test_versions_have_the_order_of_semver() -> None:
    """The example of SemVer 2.0.0, item 11."""
    listed = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
              "1.0.0-rc.1", "1.0.0", "2.0.0", "2.1.0", "2.1.1"]  # fmt: skip
    assert [str(each) for each in sorted(map(parse_version, reversed(listed)))] == listed


_numbers = st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))


@given(low=_numbers, version=_numbers)
def test_a_caret_keeps_the_first_number_that_is_not_zero(
    low: tuple[int, int, int], version: tuple[int, int, int]
) -> None:
    kept = next((place for place, number in enumerate(low) if number), 2) + 1
    expected = version >= low and version[:kept] == low[:kept]
    wanted, found = (".".join(map(str, each)) for each in (low, version))
    assert parse_constraint(f"^{wanted}").allows(found) is expected
    assert isinstance(parse_version(found), SemanticVersion)


def test_what_is_installed_is_compared() -> None:
    assert require_version("polars", ">=1") == version("polars")
    with pytest.raises(
        ConfigurationError, match=r"polars <1 is wanted and .* is installed: pip install 'polars<1'"
    ):
        require_version("polars", "<1")
    with pytest.raises(ConfigurationError, match=r"polars \^0\.1 is wanted and [0-9.]+ is installed$"):
        require_version("polars", "^0.1")
    with pytest.raises(ConfigurationError, match="no-such-package >=1 is wanted and not installed"):
        require_version("no-such-package", ">=1")
