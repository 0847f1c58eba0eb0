r"""Regular expressions in the one dialect that every engine can run in linear time.

The dialect is what Rust's ``regex`` and RE2 share (https://docs.rs/regex/latest/regex/#syntax,
https://github.com/google/re2/wiki/Syntax), with what they leave open or see differently settled:
``\d``, ``\w``, ``\s`` and ``\b`` mean ASCII, ``$`` outside ``(?m)`` is the very end of the text, ``.``
is anything but ``\n``, and what they cannot be made to agree on is refused.

A pattern is read once, with its flags, classes and categories worked out, and spelt with so little
syntax that it means the same everywhere. It only ever says whether a text contains a match, so its
groups do not capture.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from attrs import define, field, frozen

from veriport.domain import characters
from veriport.domain.characters import Ranges
from veriport.domain.errors import InvalidRule

MAX_LENGTH = 10_000  #: characters in a pattern
MAX_REPEAT = 1_000  #: what repeats inside each other may count to, by RE2's limit
MAX_NESTING = 50  #: groups inside each other; Rust's limit is 250 levels, of which a group needs four
MAX_SIZE = 150_000  #: states, roughly; Rust stops at 10 MB, RE2 at the memory that its host grants


@frozen
class Pattern:
    r"""A pattern that every engine understands.

    >>> parse_pattern(r"^(?i)a\d+$").spell()
    '\\A[Aa][0-9]+\\z'
    """

    source: str
    pieces: tuple[str, ...]

    def spell(self, spelling: Mapping[str, str] | None = None) -> str:
        r"""The pattern for an engine, without flags; as it is for RE2.

        ``spelling`` has the engine's own words for the pieces ``\A``, ``\z``, ``\b``, ``(?m:^)``,
        ``(?m:$)`` and ``(?s:.)``, where they differ: ``{r"\b": r"(?-u:\b)"}`` for Rust, ``{r"\z":
        r"\Z"}`` for Python with ``re.ASCII``.
        """
        words = spelling or {}
        return "".join(words.get(piece, piece) for piece in self.pieces)


def parse_pattern(source: str) -> Pattern:
    """Read a pattern.

    Raises ``InvalidRule`` that says what is outside the dialect, where, and what to write instead.
    """
    if len(source) > MAX_LENGTH:
        raise InvalidRule(
            f"the pattern has {len(source):,} characters; at most {MAX_LENGTH:,} are allowed", key="pattern"
        )
    return Pattern(source, _Reader(source).read().pieces)


@frozen
class _Part:
    """Something read: its spelling, its size in states, how far its repeats count."""

    pieces: tuple[str, ...]
    size: int = 1
    count: int = 1
    repeatable: bool = True


_EMPTY = _Part((), size=0)
_NOTHING = _Part((), size=0, repeatable=False)
_REPEAT = re.compile(r"(?:[*+?]|\{(?P<least>[0-9]+)(?:,(?P<most>[0-9]*))?\})\??")
_GROUP = re.compile(
    r"\(\?(?:P?<(?P<name>[A-Za-z_][A-Za-z0-9_]*)>|(?P<on>[A-Za-z]*)(?P<off>-[A-Za-z]+)?(?P<end>[:)]))"
)
_POSIX = re.compile(r"\[:(\^?)([A-Za-z]+):\]")
_CATEGORY = re.compile(r"[pP](?:\{(?P<caret>\^?)(?P<long>[A-Za-z_&]+)\}|(?P<short>[A-Za-z]))")
_CODE = re.compile(r"x(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{2}))")

_CLASSES: Mapping[str, Ranges] = {"d": characters.DIGIT, "w": characters.WORD, "s": characters.SPACE}
_CONTROLS: Mapping[str, str] = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_FLAGS: Mapping[str, str] = {
    "U": "the flag U is not available: write *? for a short match",
    "x": "the flag x is not available: write the pattern without spaces and comments",
    "u": "the flag u is not available: \\d, \\w, \\s and \\b mean ASCII, \\p{L} is any letter",
    "a": "the flag a is not needed: \\d, \\w, \\s and \\b mean ASCII",
}
_NO_GROUPS: Mapping[str, str] = {
    "(?=": "look-ahead is not available: add a second rule",
    "(?!": "look-ahead is not available: add a rule, such as an expression with NOT regexp_like(...)",
    "(?<=": "look-behind is not available",
    "(?<!": "look-behind is not available",
    "(?>": "atomic groups are not available: write (?:",
    "(?|": "branch resets are not available: write (?:",
    "(?#": "comments are not available: use the option description",
    "(?(": "conditions are not available",
    "(?P=": "back-references are not available",
    "(?P>": "recursion is not available",
    "(?R": "recursion is not available",
    "(?P<": "a group is named with letters, digits and _: (?P<name>...)",
    "(?<": "a group is named with letters, digits and _: (?P<name>...)",
}
_UNKNOWN_GROUP = "(? begins no group here: (?:...), (?P<name>...), (?i) and (?i:...) are known"
_NO_ESCAPES: Mapping[str, str] = {
    "0": "octal codes are not available: write \\x00",
    "B": "\\B is not available: engines disagree on it beside characters that are not ASCII",
    "Q": "\\Q...\\E is not available: put a \\ before each sign",
    "Z": "\\Z is not available: write $ or \\z for the end of the text",
    "u": "\\u is not available: write \\x{...}",
    "U": "\\U is not available: write \\x{...}",
    "h": "\\h is not available: write [ \\t]",
    "R": "\\R is not available: write (?:\\r\\n|\\n)",
    "X": "\\X is not available: write . for one character",
    "C": "\\C is not available: write . for one character",
    "<": "\\< is a < to some engines and the start of a word to others: write < or \\b",
    ">": "\\> is a > to some engines and the end of a word to others: write > or \\b",
    "k": "back-references are not available",
    "g": "back-references are not available",
    **dict.fromkeys("123456789", "back-references are not available"),
}


@define
class _Reader:
    """Reads a pattern from left to right, one method for each level of its grammar."""

    source: str
    at: int = 0
    depth: int = 0
    size: int = 0  #: of all characters and sets so far
    flags: frozenset[str] = frozenset()
    names: set[str] = field(factory=set)

    def read(self) -> _Part:
        part = self._alternation()
        if self.at < len(self.source):
            raise self._refuse(self.at, "a ) without its (: write \\) for the sign")
        return self._sized(part)

    def _alternation(self) -> _Part:
        branches = [self._sequence()]
        while self._take("|"):
            branches.append(self._sequence())
        return _either(branches)

    def _sequence(self) -> _Part:
        parts: list[_Part] = []
        while self.at < len(self.source) and self.source[self.at] not in "|)":
            parts.append(self._repeated())
        return _joined(parts)

    def _repeated(self) -> _Part:
        atom = self._atom()
        found = _REPEAT.match(self.source, self.at)
        if found is None:
            return atom
        if not atom.repeatable:
            raise self._refuse(self.at, f"nothing to repeat before {found.group()}")
        part = self._counted(atom, found)
        self.at = found.end()
        if self.source[self.at : self.at + 1] in {"*", "+", "?"} or _REPEAT.match(self.source, self.at):
            raise self._refuse(self.at, "a repeat of a repeat: write (?:...) around the first")
        return part

    def _counted(self, atom: _Part, found: re.Match[str]) -> _Part:
        if found["least"] is None:
            return _Part(_repeat(atom, found.group()), atom.size + 1, atom.count)
        least, most = self._bound(found["least"]), self._bound(found["most"] or found["least"])
        if most < least:
            raise self._refuse(self.at, f"the repeat {found.group()} ends before it begins")
        count = atom.count * max(most, 1)
        if count > MAX_REPEAT:
            raise self._refuse(self.at, f"repeats inside each other may count to {MAX_REPEAT:,} at most")
        upper = f"{most}" if found["most"] else ""
        spelt = f"{{{least}{'' if found['most'] is None else ','}{upper}}}{'?' * found.group().endswith('?')}"
        return self._sized(_Part(_repeat(atom, spelt), (atom.size + 1) * max(most, 1), count))

    def _bound(self, digits: str) -> int:
        digits = digits.lstrip("0") or "0"  # RE2 takes {02} for three plain characters
        if len(digits) > len(str(MAX_REPEAT)) or int(digits) > MAX_REPEAT:
            raise self._refuse(self.at, f"a repeat may count to {MAX_REPEAT:,} at most")
        return int(digits)

    def _sized(self, part: _Part) -> _Part:
        if part.size > MAX_SIZE:
            raise self._refuse(self.at, "the pattern is too large here: repeat less, or use smaller sets")
        return part

    def _atom(self) -> _Part:
        sign = self.source[self.at]
        if sign == "(":
            return self._group()
        if sign == "[":
            ranges, negated = self._set()
            return self._chosen(ranges, negated=negated)
        if sign == "\\":
            return self._escape()
        if sign in "*+?":
            raise self._refuse(self.at, f"nothing to repeat before {sign}: write \\{sign} for the sign")
        if sign == "{":
            raise self._refuse(self.at, self._brace())
        self.at += 1
        match sign:
            case ".":
                return self._any()
            case "^":
                return _Part(("(?m:^)" if "m" in self.flags else r"\A",), repeatable=False)
            case "$":
                return _Part(("(?m:$)" if "m" in self.flags else r"\z",), repeatable=False)
            case _:
                return self._chosen(self._cased(self._character(self.at - 1, ord(sign))))

    def _any(self) -> _Part:
        if "s" in self.flags:
            return self._noted(_Part(("(?s:.)",), _range_size(0, characters.EVERY[-1][1])))
        return self._chosen(characters.NEWLINE, negated=True)

    def _brace(self) -> str:
        if re.match(r"\{,[0-9]+\}", self.source[self.at :]):
            return "a repeat begins with a number: write {0,"
        if _REPEAT.match(self.source, self.at):
            return "nothing to repeat before the {: write \\{ for the sign"
        return "a { that begins no repeat: write \\{ for the sign"

    def _group(self) -> _Part:
        start, before = self.at, self.flags
        if not self._take("(?"):
            self.at += 1
        elif self._opening(start):
            return _NOTHING
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise self._refuse(start, f"more than {MAX_NESTING} groups inside each other")
        inside = self._alternation()
        if not self._take(")"):
            raise self._refuse(start, "a ( without its ): write \\( for the sign")
        self.depth -= 1
        self.flags = before
        if not inside.pieces:  # spelt as nothing: RE2 takes ^(?:) for the empty text alone
            return _EMPTY
        return _Part(("(?:", *inside.pieces, ")"), inside.size, inside.count)

    def _opening(self, start: int) -> bool:
        """Read what follows ``(?``; whether it was flags for the rest of the group, and no group."""
        found = _GROUP.match(self.source, start)
        if found is None:
            raise self._refuse(start, _longest(_NO_GROUPS, self.source, start) or _UNKNOWN_GROUP)
        self.at = found.end()
        if found["name"] is not None:
            if found["name"] in self.names:
                raise self._refuse(start, f"two groups named {found['name']}")
            self.names.add(found["name"])
            return False
        self._set_flags(start, found["on"], (found["off"] or "")[1:])
        if found["end"] == ")" and not found["on"] and not found["off"]:
            raise self._refuse(start, "a group of flags without a flag: write (?:...) for a group")
        return found["end"] == ")"

    def _set_flags(self, start: int, on: str, off: str) -> None:
        for flag in on + off:
            if flag not in "ims":
                why = _FLAGS.get(flag, f"the flag {flag} is not available: i, m and s are")
                raise self._refuse(start, why)
            if (on + off).count(flag) > 1:
                raise self._refuse(start, f"the flag {flag} is there twice")
        self.flags = (self.flags | set(on)) - set(off)

    def _set(self) -> tuple[Ranges, bool]:
        start = self.at
        if found := _POSIX.match(self.source, start):
            raise self._refuse(start, f"a class outside a set: write [{found.group()}]")
        self.at += 1
        negated = self._take("^")
        items: list[Ranges] = []
        while not items or not self._take("]"):
            if self.at >= len(self.source):
                raise self._refuse(start, "a [ without its ]: write \\[ for the sign")
            items.append(self._item(first=not items))
        chosen = characters.union(items)
        if negated and not characters.complement(chosen):
            raise self._refuse(start, "a set that no character is in")
        return chosen, negated

    def _item(self, *, first: bool) -> Ranges:
        start = self.at
        low = self._one(first=first)
        dash = self.at
        if not self.source.startswith("-", dash) or self.source[dash + 1 : dash + 2] in {"", "]"}:
            return self._cased(low) if isinstance(low, int) else low
        self.at += 1
        high = self._one(first=False)
        bare_dash = "-" in {self.source[start], self.source[dash + 1]}
        if bare_dash or not isinstance(low, int) or not isinstance(high, int):
            raise self._refuse(dash, "a range needs a character at both ends: write \\- for the sign")
        if high < low:
            raise self._refuse(start, f"the range {self.source[start : self.at]} ends before it begins")
        return self._cased(low, high)

    def _one(self, *, first: bool) -> int | Ranges:
        """One character or class of a set; ``first`` lets it be a ``]`` or a ``-``."""
        start = self.at
        if found := _POSIX.match(self.source, start):
            return self._posix(found)
        sign = self.source[start]
        if sign == "\\":
            read = self._class_or_code()
            if read is None:
                raise self._refuse(start, f"{self.source[start : start + 2]} has no meaning inside a set")
            return read
        if sign == "[" or self.source[start : start + 2] in {"&&", "~~"}:
            raise self._refuse(start, f"a {sign} inside a set: write \\{sign} for the sign")
        if sign == "-" and not first and self.source[start + 1 : start + 2] != "]":
            raise self._refuse(start, "a - between other characters of a set: write \\- for the sign")
        self.at += 1
        return self._character(start, ord(sign))

    def _posix(self, found: re.Match[str]) -> Ranges:
        ranges = characters.POSIX.get(found[2])
        if ranges is None:
            known = ", ".join(characters.POSIX)
            raise self._refuse(self.at, f"there is no class {found.group()}; known: {known}")
        self.at = found.end()
        return self._folded(ranges, negated=bool(found[1]))

    def _escape(self) -> _Part:
        start = self.at
        read = self._class_or_code()
        if read is None:
            return _Part((self.source[start : self.at],), repeatable=False)
        return self._chosen(self._cased(read) if isinstance(read, int) else read)

    def _class_or_code(self) -> int | Ranges | None:
        """What follows a backslash: one character, a class of them, or ``None`` for an assertion."""
        start = self.at
        self.at += 2
        letter = self.source[start + 1 : start + 2]
        if letter in {"A", "z", "b"}:
            return None
        if letter.lower() in _CLASSES:
            ranges = _CLASSES[letter.lower()]
            return characters.complement(ranges) if letter.isupper() else ranges
        if letter in {"p", "P"}:
            return self._category(start)
        if letter == "x":
            return self._code(start)
        if letter in _CONTROLS:
            return ord(_CONTROLS[letter])
        if letter in _NO_ESCAPES:
            raise self._refuse(start, _NO_ESCAPES[letter])
        if not letter:
            raise self._refuse(start, "a \\ at the end: write \\\\ for the sign")
        if not letter.isascii() or not letter.isprintable() or letter.isalnum():
            raise self._refuse(start, f"there is no \\{letter}")
        return ord(letter)

    def _category(self, start: int) -> Ranges:
        found = _CATEGORY.match(self.source, start + 1)
        ranges = characters.category(found["long"] or found["short"]) if found else None
        if found is None or ranges is None:
            raise self._refuse(
                start, "there is no such class: \\p takes a general category, as in \\p{L}, \\p{Lu} or \\p{N}"
            )
        self.at = found.end()
        return self._folded(ranges, negated=(self.source[start + 1] == "P") != bool(found["caret"]))

    def _code(self, start: int) -> int:
        found = _CODE.match(self.source, start + 1)
        if found is None:
            raise self._refuse(start, "\\x takes two hexadecimal digits, or one to six in braces: \\x{1F600}")
        self.at = found.end()
        return self._character(start, int(found[1] or found[2], 16))

    def _character(self, start: int, code: int) -> int:
        if not characters.between(code, code):
            raise self._refuse(start, f"{code:X} is not the code of a character")
        return code

    def _cased(self, low: int, high: int | None = None) -> Ranges:
        return self._folded(characters.between(low, low if high is None else high), negated=False)

    def _folded(self, ranges: Ranges, *, negated: bool) -> Ranges:
        """With both cases of every letter, under the flag ``i``; the other characters if negated."""
        folded = characters.both_cases(ranges) if "i" in self.flags else ranges
        return characters.complement(folded) if negated else folded

    def _chosen(self, ranges: Ranges, *, negated: bool = False) -> _Part:
        """One character out of ``ranges``."""
        low, high = ranges[0]
        if len(ranges) == 1 and low == high and not negated:
            return self._noted(_Part((characters.spell_character(low),), _width(low)))
        seen = characters.complement(ranges) if negated else ranges
        size = sum(_range_size(first, last) for first, last in seen)
        return self._noted(_Part((characters.spell_set(ranges, negated=negated),), size))

    def _noted(self, part: _Part) -> _Part:
        self.size += part.size
        self._sized(_Part((), self.size))
        return part

    def _take(self, text: str) -> bool:
        taken = self.source.startswith(text, self.at)
        self.at += len(text) if taken else 0
        return taken

    def _refuse(self, at: int, why: str) -> InvalidRule:
        shown = _excerpt(self.source, at)
        message = f"the pattern '{shown}' is not usable: {why} (at character {at + 1})"
        return InvalidRule(message, key="pattern")


def _joined(parts: Iterable[_Part]) -> _Part:
    listed = list(parts)
    pieces = tuple(piece for part in listed for piece in part.pieces)
    return _Part(pieces, sum(part.size for part in listed), max((part.count for part in listed), default=1))


def _repeat(atom: _Part, sign: str) -> tuple[str, ...]:
    """What an atom and its repeat are spelt as; nothing repeated is nothing."""
    return (*atom.pieces, sign) if atom.pieces else ()


def _either(branches: list[_Part]) -> _Part:
    if len(branches) == 1:
        return branches[0]
    first, *others = branches
    bar = _Part(("|",))
    return _joined([first, *(part for branch in others for part in (bar, branch))])


def _longest(table: Mapping[str, str], source: str, at: int) -> str | None:
    found = [key for key in table if source.startswith(key, at)]
    return table[max(found, key=len)] if found else None


def _width(code: int) -> int:
    """Bytes of a character in UTF-8."""
    return len(chr(code).encode())


def _range_size(low: int, high: int) -> int:
    """Roughly the states that a range takes in an engine that reads UTF-8 byte by byte."""
    if low == high or high <= 0x7F:  # noqa: PLR2004  # the end of ASCII
        return 1
    return 4 + 8 * (_width(high) - _width(low))


def _excerpt(source: str, at: int, width: int = 74) -> str:
    """What stands around a place, on one line."""
    start = max(0, min(at - width // 2, len(source) - width))
    near = source[start : start + width]
    near = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in near)
    return f"{'...' if start else ''}{near}{'...' if start + width < len(source) else ''}"
