"""The signs of a SQL text that are refused before it is parsed, because the parsed tree no longer shows them.

Comments, parameters, a second statement, quotes and parentheses that are not closed, and comparisons
that chain: versions of sqlglot disagree on whether ``a = b IS NULL`` means ``(a = b) IS NULL``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from veriport.adapters.expressions.refusals import Refused

MAX_LENGTH = 20_000  #: characters in a condition
MAX_PARENTHESES = 30  #: parentheses inside each other

_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
_SIGN = re.compile(
    r"""
    '(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*`
  | (?P<quote>['"`])
  | (?P<comment>--|/\*|\{\#)
  | (?P<statement>;)
  | (?P<template>[{}])
  | (?P<parameter>[?$@]|(?<!:):(?!:))
  | (?P<symmetric>\bBETWEEN\s+A?SYMMETRIC\b)
  | (?P<compares><=>|[<>!=]=|<>|[<>=]|\bIS\b)
  | (?P<bang>!)
  | (?P<opens>\(|\bCASE\b)
  | (?P<closes>\)|\bEND\b)
  | (?P<parts>,|\b(?:AND|OR|WHEN|THEN|ELSE)\b)
  | (?P<odd>[\x01-\x08\x0B\x0C\x0E-\x1F\x7F])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_REFUSED: Mapping[str, str] = {
    "quote": "a quote that is not closed",
    "comment": "comments are not available: use the option description",
    "statement": "one condition is wanted, without a ;",
    "template": "templates and structs are not available",
    "parameter": 'parameters are not available: write the value, or "..." around the name of a column',
    "symmetric": "BETWEEN SYMMETRIC is not available: write the smaller value first",
    "bang": "! is not available: write NOT",
    "odd": "a character that is not text",
}


def check_signs(text: str) -> None:
    """Raise ``Refused`` for the first sign that no condition has."""
    if len(text) > MAX_LENGTH:
        raise Refused(f"it has {len(text):,} characters; at most {MAX_LENGTH:,} are allowed")
    if not text.strip():
        raise Refused("it is empty")
    if found := _NOT_TEXT.search(text):
        raise Refused(_REFUSED["odd"], found.start() + 1)
    scopes = _Scopes()
    for sign in _SIGN.finditer(text):
        position, kind = sign.start() + 1, sign.lastgroup or "quoted"
        if kind in _REFUSED:
            raise Refused(_REFUSED[kind], position)
        scopes.note(kind, sign.group(), position)
    scopes.check_closed()


class _Scopes:
    """The parentheses and CASEs that are open, each with the comparisons in it since its last part began."""

    def __init__(self) -> None:
        self.open: list[tuple[str, int]] = []
        self.comparisons = [0]

    def note(self, kind: str, sign: str, position: int) -> None:
        if kind == "opens":
            self._opened(sign, position)
        elif kind == "closes":
            self._closed(sign, position)
        elif kind == "parts":
            self.comparisons[-1] = 0
        elif kind == "compares":
            self._compared(position)

    def _opened(self, sign: str, position: int) -> None:
        self.open.append((sign, position))
        self.comparisons.append(0)
        if [each for each, _ in self.open].count("(") > MAX_PARENTHESES:
            raise Refused(f"more than {MAX_PARENTHESES} parentheses inside each other", position)

    def _closed(self, sign: str, position: int) -> None:
        if sign != ")" and (not self.open or self.open[-1][0] == "("):
            return  # END is the name of a column here, or sqlglot will say
        while self.open and sign == ")" and self.open[-1][0] != "(":
            self._pop()
        if not self.open:
            raise Refused("a ) without its (", position)
        self._pop()

    def _pop(self) -> None:
        self.open.pop()
        self.comparisons.pop()

    def _compared(self, position: int) -> None:
        self.comparisons[-1] += 1
        if self.comparisons[-1] > 1:
            raise Refused("comparisons do not chain: write parentheses around the first", position)

    def check_closed(self) -> None:
        for sign, position in reversed(self.open):
            if sign == "(":
                raise Refused("a ( without its )", position)
