r"""Regular expressions in the one dialect that every engine can run in linear time.

The dialect is what Rust's ``regex`` and RE2 share (https://github.com/google/re2/wiki/Syntax,
https://docs.rs/regex/latest/regex/#syntax), with what they leave to the implementation defined:
``\d``, ``\w``, ``\s`` and ``\b`` mean ASCII, and ``$`` outside ``(?m)`` is the very end of the text.
A pattern is read once into tokens; each engine spells the tokens in its own dialect.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from attrs import frozen

from veriport.domain.errors import InvalidRule

MAX_LENGTH = 10_000  #: characters in a pattern
_MAX_REPEAT = 1_000  #: RE2's limit of ``{n,m}``

_TOKEN = re.compile(
    r"""
    (?P<group>\(\?(?:P?<(?P<name>[A-Za-z_]\w*)>|(?P<flags>[imsU]*(?:-[imsU]+)?)(?P<scoped>[:)])))
  | (?P<other_group>\(\?.{0,2})
  | (?P<open>\()
  | (?P<close>\))
  | (?P<set>\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\])
  | (?P<open_set>\[)
  | (?P<escape>\\(?:[pP](?:\{\^?\w+\}|\w)|x\{[0-9A-Fa-f]+\}|x[0-9A-Fa-f]{2}|.|$))
  | (?P<repeat>\{\d+(?:,\d*)?\}|[*+?])
  | (?P<anchor>[\^$])
  | (?P<bar>\|)
  | (?P<literal>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\f\r "}
_ESCAPES = frozenset("aftnrvAzbB")
_POSIX = re.compile(r"\[:(\^?)(\w+):\]")
_POSIX_NAMES = frozenset({
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
})  # fmt: skip


@frozen
class Token:
    """A piece of a pattern: its kind (a group name of the lexer above) and its text."""

    kind: str
    text: str


@frozen
class Pattern:
    r"""A pattern that every engine understands.

    >>> parse_pattern(r"^\d+$").source
    '^\\d+$'
    """

    source: str
    tokens: tuple[Token, ...]

    def spell(self, spelling: Mapping[str, str]) -> str:
        r"""The pattern in another dialect.

        ``spelling`` maps a token's text to what the dialect calls it, for instance
        ``{"$": r"\z", r"\b": r"(?-u:\b)"}``; tokens that it leaves out stay as they are.
        """
        return "".join(spelling.get(token.text, token.text) for token in self.tokens)


def parse_pattern(source: str) -> Pattern:
    r"""Read a pattern, with ``\d``, ``\w`` and ``\s`` already spelt out as sets of ASCII characters.

    Raises ``InvalidRule`` that says what is outside the dialect and where.
    """
    if len(source) > MAX_LENGTH:
        message = f"the pattern has {len(source):,} characters; at most {MAX_LENGTH:,} are allowed"
        raise InvalidRule(message, key="pattern")
    tokens = tuple(_tokens(source))
    _check_structure(source, tokens)
    return Pattern(source, tokens)


def _tokens(source: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(source):
        kind = match.lastgroup or ""
        kind = "group" if kind in {"name", "flags", "scoped"} else kind
        text = match.group()
        if kind in _REFUSED:
            raise _refuse(source, match.start(), _REFUSED[kind])
        if kind == "escape":
            text = _escape(source, match.start(), text)
        if kind == "set":
            text = _set(source, match.start(), text)
        if text == "{":
            raise _refuse(source, match.start(), r"a { that begins no repeat: write \{")
        if kind == "group" and "U" in text:
            raise _refuse(source, match.start(), "the flag U is not available in every engine")
        if kind == "group" and text.startswith("(?<"):
            text = "(?P" + text[2:]
        yield Token(kind, text)


_REFUSED = {
    "other_group": "look-around, atomic groups, conditions and comments are not available",
    "open_set": "unterminated character set",
}


def _escape(source: str, at: int, text: str) -> str:
    letter = text[1:2]
    if letter.lower() in _CLASSES:
        negation = "^" if letter.isupper() else ""
        return f"[{negation}{_CLASSES[letter.lower()]}]"
    if letter.isdigit():
        raise _refuse(source, at, "back-references are not available")
    if letter == "":
        raise _refuse(source, at, "a lone backslash at the end")
    if letter.isalnum() and letter not in _ESCAPES and letter not in "pPx":
        raise _refuse(source, at, f"the escape {text} is not available in every engine")
    if letter.isalnum() or not letter.isascii() or letter.isspace():
        return text if letter.isalnum() else letter
    return text


def _set(source: str, at: int, text: str) -> str:
    if re.search(r"&&|--|~~", text):
        raise _refuse(source, at, "set operations inside [...] are not available")
    for posix in _POSIX.finditer(text):
        if posix.group(2) not in _POSIX_NAMES:
            raise _refuse(source, at, f"unknown character class {posix.group()}")
    inside = _POSIX.sub("", text)
    if re.search(r"(?<!\\)\[", inside[1:]):
        raise _refuse(source, at, r"a [ inside a character set: write \[")
    if re.search(r"\\[DWS]", text) and len(text) > len(r"[\D]"):
        raise _refuse(source, at, r"\D, \W and \S inside a larger set are not available")
    spelt = re.sub(r"(-?)\\([dws])(-?)", _spell_class, text)
    spelt = re.sub(r"\\([DWS])", lambda m: "^" + _CLASSES[m.group(1).lower()], spelt)
    spelt = spelt.replace("[^^", "[")
    try:
        re.compile(_POSIX.sub("a", re.sub(r"\\[pP](?:\{\^?\w+\}|\w)", "a", spelt)))
    except re.error as problem:
        raise _refuse(source, at, problem.msg) from None
    return spelt


def _spell_class(found: re.Match[str]) -> str:
    """A class inside a set; a dash beside it is a dash and not a range."""
    before, letter, after = found.groups()
    return before.replace("-", r"\-") + _CLASSES[letter] + after.replace("-", r"\-")


def _check_structure(source: str, tokens: tuple[Token, ...]) -> None:
    depth = 0
    previous = Token("bar", "|")
    for token in tokens:
        depth += (token.kind == "open" or _opens(token)) - (token.kind == "close")
        if depth < 0:
            raise _refuse(source, source.find(")"), "a ) without its (")
        if token.kind == "repeat":
            _check_repeat(source, previous, token)
        previous = token
    if depth > 0:
        raise _refuse(source, source.find("("), "a ( without its )")


def _opens(token: Token) -> bool:
    return token.kind == "group" and not token.text.endswith(")")


def _check_repeat(source: str, before: Token, repeat: Token) -> None:
    at = source.find(repeat.text)
    if before.kind in {"bar", "open"} or _opens(before) or before.text == "^":
        raise _refuse(source, at, f"nothing to repeat before {repeat.text}")
    if before.kind == "repeat" and (repeat.text != "?" or before.text.endswith("??")):
        raise _refuse(source, at, "a repeat of a repeat; possessive repeats are not available")
    bounds = [int(bound) for bound in re.findall(r"\d+", repeat.text)]
    if any(bound > _MAX_REPEAT for bound in bounds):
        raise _refuse(source, at, f"a repeat may count to {_MAX_REPEAT:,} at most")
    if bounds != sorted(bounds):
        raise _refuse(source, at, f"the repeat {repeat.text} ends before it begins")


def _refuse(source: str, at: int, why: str) -> InvalidRule:
    shown = source if len(source) <= 80 else source[:77] + "..."  # noqa: PLR2004
    return InvalidRule(f"the pattern {shown!r} is not usable: {why} (at character {at + 1})", key="pattern")
