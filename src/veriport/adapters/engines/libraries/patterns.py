"""Patterns of ours as validation libraries take them."""

from __future__ import annotations

import re

from veriport.domain.formats import FORMATS
from veriport.domain.patterns import parse_pattern


def portable(pattern: str) -> str | None:
    """A pattern that means the same to Python and to Rust; ``None`` where there is no such spelling."""
    spelt = parse_pattern(pattern).spell({r"\z": "$"})  # to Python before a last line feed, too
    try:
        re.compile(spelt)
    except re.error:
        return None
    return None if r"\b" in spelt or r"\B" in spelt else spelt


def python(pattern: str) -> str:
    """A pattern for Python's ``re`` without any flag."""
    return f"(?a:{parse_pattern(pattern).spell({chr(92) + 'z': chr(92) + 'Z'})})"


def literal(text: str) -> str:
    """A text as a regular expression of ours that matches it alone."""
    return "".join(c if c.isalnum() or not c.isascii() else f"\\x{ord(c):02x}" for c in text)


def like(pattern: str) -> str:
    """SQL's LIKE as a regular expression of ours over the whole text."""
    parts = ("(?s:.*)" if c == "%" else "(?s:.)" if c == "_" else literal(c) for c in pattern)
    return rf"\A(?:{''.join(parts)})\z"


def format_pattern(name: str) -> str | None:
    """The pattern of a format, ``None`` where a pattern is not enough for it."""
    wanted = FORMATS[name]
    return wanted.pattern if wanted.check is None else None
