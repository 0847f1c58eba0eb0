"""Sets of characters as ranges of code points: the arithmetic behind ``veriport.domain.patterns``.

General categories and letter cases are those of Python's ``unicodedata``. Writing them out here
makes a pattern mean the same for every engine, whatever edition of Unicode it was built with.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from itertools import chain, groupby
from typing import TypeAlias

#: Closed ranges of code points, sorted and apart from each other.
Ranges: TypeAlias = tuple[tuple[int, int], ...]

#: Every character. The surrogates between the two ranges are halves of UTF-16 pairs and no characters.
EVERY: Ranges = ((0, 0xD7FF), (0xE000, 0x10FFFF))
DIGIT: Ranges = ((0x30, 0x39),)
SPACE: Ranges = ((0x09, 0x0D), (0x20, 0x20))
WORD: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
NEWLINE: Ranges = ((0x0A, 0x0A),)

#: POSIX classes; ASCII only.
POSIX: Mapping[str, Ranges] = {
    "alnum": ((0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)),
    "alpha": ((0x41, 0x5A), (0x61, 0x7A)),
    "ascii": ((0x00, 0x7F),),
    "blank": ((0x09, 0x09), (0x20, 0x20)),
    "cntrl": ((0x00, 0x1F), (0x7F, 0x7F)),
    "digit": DIGIT,
    "graph": ((0x21, 0x7E),),
    "lower": ((0x61, 0x7A),),
    "print": ((0x20, 0x7E),),
    "punct": ((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)),
    "space": SPACE,
    "upper": ((0x41, 0x5A),),
    "word": WORD,
    "xdigit": ((0x30, 0x39), (0x41, 0x46), (0x61, 0x66)),
}

_LAST_CASED = 0x1E943
_ASSIGNED = (range(0x323B0), range(0xE0000, 0xE01F0))  #: planes of nothing but private use left out


def union(parts: Iterable[Ranges]) -> Ranges:
    """The characters of any of the parts."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(chain.from_iterable(parts)):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def complement(ranges: Ranges) -> Ranges:
    """Every character that is not in ``ranges``."""
    rest: list[tuple[int, int]] = []
    for start, end in EVERY:
        for low, high in ranges:
            if start <= high and low <= end:
                if start < low:
                    rest.append((start, low - 1))
                start = high + 1  # noqa: PLW2901  # what is left of this stretch
        if start <= end:
            rest.append((start, end))
    return tuple(rest)


def between(low: int, high: int) -> Ranges:
    """The characters from one to another."""
    return tuple((max(low, start), min(high, end)) for start, end in EVERY if low <= end and start <= high)


@lru_cache(maxsize=256)
def both_cases(ranges: Ranges) -> Ranges:
    """The characters with the other case of every letter among them.

    ASCII letters have ASCII partners only: the Kelvin sign is not a ``k``, nor the long s an ``s``.
    """
    others = (_other_cases(low, high) for low, high in ranges)
    return union([ranges, *others])


def _other_cases(low: int, high: int) -> Ranges:
    shifted = [
        (max(low, first) + shift, min(high, last) + shift)
        for first, last, shift in ((0x41, 0x5A, 32), (0x61, 0x7A, -32))
        if low <= last and first <= high
    ]
    if high <= 0x7F:  # noqa: PLR2004  # the end of ASCII
        return tuple(shifted)
    orbits = _orbits()
    cased = tuple(orbits)
    within = cased[bisect_left(cased, low) : bisect_right(cased, high)]
    return (*shifted, *((other, other) for code in within for other in orbits[code]))


@cache
def _orbits() -> Mapping[int, tuple[int, ...]]:
    """For every cased character beyond ASCII all that differ from it by case only, in order of code point."""
    families: defaultdict[str, list[int]] = defaultdict(list)
    for code in range(0x80, _LAST_CASED + 1):
        character = chr(code)
        folded = character.casefold()
        folded = folded if len(folded) == 1 else character.lower()
        if len(folded) == 1:
            families[folded].append(code)
    shared = (codes for codes in families.values() if len(codes) > 1)
    return dict(sorted((code, tuple(codes)) for codes in shared for code in codes))


def category(name: str) -> Ranges | None:
    """The characters of a general category, such as ``L`` or ``Lu``; ``None`` for an unknown name.

    Without those that say what Unicode has not assigned (``C``, ``Cn``, ``Co``, ``Cs``), which changes
    with every edition.
    """
    if name in {"C", "Cn", "Co", "Cs"} or not name:
        return None
    found = [ranges for known, ranges in _categories().items() if known.startswith(name)]
    return union(found) if found else None


@cache
def _categories() -> Mapping[str, Ranges]:
    found: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for stretch in _ASSIGNED:
        for name, run in groupby(stretch, key=lambda code: unicodedata.category(chr(code))):
            codes = list(run)
            found[name].append((codes[0], codes[-1]))
    return {name: tuple(ranges) for name, ranges in found.items()}


def spell_character(code: int) -> str:
    """One character, in a form that every engine reads as itself, inside and outside of sets."""
    character = chr(code)
    if character.isalnum() or code > 0x7F or character in " _-,:;<>=!@%/\"'`~#&":  # noqa: PLR2004  # ASCII
        return character
    return f"\\{character}" if character.isprintable() else f"\\x{code:02X}"


def spell_set(ranges: Ranges, *, negated: bool = False) -> str:
    """A set in brackets."""
    parts = (
        _in_set(low) if low == high else f"{_in_set(low)}{'-' if high > low + 1 else ''}{_in_set(high)}"
        for low, high in ranges
    )
    return f"[{'^' if negated else ''}{''.join(parts)}]"


def _in_set(code: int) -> str:
    character = chr(code)
    return f"\\{character}" if character in "-&~" else spell_character(code)
