"""Upper and lower case as Unicode has them in full: ``ß`` becomes ``SS``, ``Σ`` at the end of a word ``ς``.

Databases map each letter to one, or know those of ASCII alone. Source: the Unicode Standard, 3.13 and
SpecialCasing.txt, of which Python knows the letters.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import sqlglot as sg
import sqlglot.expressions as sge

if TYPE_CHECKING:
    from veriport.adapters.engines.ibis.dialects import Dialect

_Any: TypeAlias = Any  #: Ibis ships no types
_Made: TypeAlias = Callable[[str], str]  #: from the SQL of a text to that of another

#: What does not end a word, and letters that have a case, as RE2 writes them.
_PASSED_OVER = r"\p{M}\p{Cf}\p{Lm}\p{Sk}.·'\x{2019}:"
_CASED = r"\p{Lu}\p{Ll}\p{Lt}"
_FINAL_SIGMA = rf"([{_CASED}][{_PASSED_OVER}]*)Σ([{_PASSED_OVER}]*)([^{_CASED}{_PASSED_OVER}]|$)"


def casing(dialect: Dialect) -> Mapping[str, _Any]:
    """The methods by which a compiler of Ibis writes the two functions, where the plain ones will not do."""
    if dialect.casing:
        return _methods(lambda name, text: f'{name}({text} COLLATE "{dialect.casing}")', "postgres")
    if dialect.name == "sqlite":
        return _methods(lambda name, text: f"veriport_{name}({text})", "sqlite")
    if dialect.name == "duckdb":
        return _methods(lambda name, text: f"{name}({_DUCKDB[name](text)})", "duckdb")
    return {}


def lend_casing(connection: sqlite3.Connection) -> None:
    """Give SQLite the two functions of Python, under names of ours."""
    for name, function in (("upper", str.upper), ("lower", str.lower)):
        connection.create_function(f"veriport_{name}", 1, _of_texts(function), deterministic=True)


def _of_texts(function: Callable[[str], str]) -> Callable[[object], str | None]:
    return lambda value: None if value is None else function(str(value))


def _methods(write: Callable[[str, str], str], language: str) -> Mapping[str, _Any]:
    def method(name: str) -> _Any:
        def visit(self: object, op: object, *, arg: sge.Expression) -> sge.Expression:
            del self, op
            made = sg.parse_one(write(name, _HERE), read=language)
            filled: sge.Expression = made.transform(lambda node: arg.copy() if _is_here(node) else node)
            return filled

        return visit

    return {"visit_Uppercase": method("upper"), "visit_Lowercase": method("lower")}


_HERE = "veriport_text"


def _is_here(node: sge.Expression) -> bool:
    return isinstance(node, sge.Column) and node.name == _HERE


def _expanded(text: str) -> str:
    """A text with the letters in upper case of which several come; others stay as they are."""
    letters = _of_several()
    cases = " ".join(f"WHEN '{letter}' THEN '{several}'" for letter, several in letters.items())
    each = f"[CASE c {cases} ELSE c END FOR c IN regexp_extract_all({text}, '(?s:.)')]"
    found = f"regexp_matches({text}, '[{''.join(letters)}]')"
    return f"CASE WHEN {found} THEN array_to_string({each}, '') ELSE {text} END"


@cache
def _of_several() -> Mapping[str, str]:
    """The letters whose upper case is several; all are in the first plane."""
    letters = (chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000)  # noqa: PLR2004  # surrogates
    return {letter: letter.upper() for letter in letters if len(letter.upper()) > 1}


def _dotted_and_ended(text: str) -> str:
    """A text with the two letters in lower case that need more than their own code."""
    dotted = f"replace({text}, 'İ', '{'İ'.lower()}')"
    pattern = _FINAL_SIGMA.replace("'", "''")
    ended = rf"regexp_replace({dotted}, '{pattern}', '\1ς\2\3', 'g')"
    return f"CASE WHEN contains({text}, 'İ') OR contains({text}, 'Σ') THEN {ended} ELSE {text} END"


_DUCKDB: Mapping[str, _Made] = {"upper": _expanded, "lower": _dotted_and_ended}
