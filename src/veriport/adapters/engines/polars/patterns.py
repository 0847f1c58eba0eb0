"""Patterns of ours as Rust's regex crate spells them."""

from __future__ import annotations

import re

from veriport.domain.patterns import parse_pattern

_RUST = {r"\b": r"(?-u:\b)", r"\B": r"(?-u:\B)"}


def rust(pattern: str) -> str:
    """A regular expression of ``veriport.domain.patterns``."""
    return parse_pattern(pattern).spell(_RUST)


def like(pattern: str) -> str:
    """SQL's LIKE as a regular expression over the whole text."""
    parts = (".*" if c == "%" else "." if c == "_" else re.escape(c) for c in pattern)
    return rf"(?s)\A{''.join(parts)}\z"
