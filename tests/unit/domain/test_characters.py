"""Sets of characters behave as sets."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veriport.domain.characters import EVERY, Ranges, between, both_cases, category, complement, union

CODES = st.integers(0, 0x10FFFF) | st.integers(0, 0x200) | st.sampled_from([0xD7FF, 0xD800, 0xDFFF, 0xE000])
SETS = st.lists(st.tuples(CODES, CODES).map(sorted)).map(
    lambda pairs: union(between(low, high) for low, high in pairs)
)


def has(ranges: Ranges, code: int) -> bool:
    return any(low <= code <= high for low, high in ranges)


@given(one=SETS, other=SETS, code=CODES)
def test_a_union_has_what_either_has(one: Ranges, other: Ranges, code: int) -> None:
    assert has(union([one, other]), code) == (has(one, code) or has(other, code))


@given(ranges=SETS, code=CODES)
def test_a_complement_has_every_other_character(ranges: Ranges, code: int) -> None:
    assert has(complement(ranges), code) == (has(EVERY, code) and not has(ranges, code))


@given(ranges=SETS)
def test_the_complement_of_the_complement_is_the_set(ranges: Ranges) -> None:
    assert complement(complement(ranges)) == union(between(*each) for each in ranges)


@given(ranges=SETS)
def test_both_cases_of_both_cases_are_both_cases(ranges: Ranges) -> None:
    assert both_cases(both_cases(ranges)) == both_cases(ranges)


def test_no_range_holds_half_a_character() -> None:
    assert between(0xD000, 0xE100) == ((0xD000, 0xD7FF), (0xE000, 0xE100))


@pytest.mark.parametrize("name", ["L", "Lu", "Nd", "P", "Zs", "Cc", "Cf"])
def test_a_category_has_what_unicode_puts_there(name: str) -> None:
    ranges = category(name)
    assert ranges
    members = {code for low, high in ranges for code in range(low, high + 1)}
    for code in (*range(0x3100), *range(0x1F000, 0x20100), 0xE0020):
        assert (code in members) == unicodedata.category(chr(code)).startswith(name), hex(code)


@pytest.mark.parametrize("name", ["", "C", "Cn", "Co", "Cs", "X", "Greek", "LU", "l"])
def test_no_category_of_that_name(name: str) -> None:
    assert category(name) is None
