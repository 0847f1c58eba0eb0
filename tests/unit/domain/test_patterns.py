"""The dialect of patterns: what is accepted runs in every engine and means the same in all of them."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from veriport.domain.errors import InvalidRule
from veriport.domain.patterns import MAX_NESTING, parse_pattern

RUST = {r"\b": r"(?-u:\b)"}
PYTHON = {r"\z": r"\Z"}


def rust(pattern: str, texts: list[str]) -> list[bool]:
    return list(pl.Series(texts, dtype=pl.String).str.contains(pattern, strict=True))


def re2(pattern: str, texts: list[str]) -> list[bool]:
    """What DuckDB's RE2 finds. Without a group DuckDB makes LIKE of ``0\\A``, which forgets the anchor."""
    pattern = f"({pattern})"
    query = "SELECT regexp_matches(t, ?) FROM (SELECT unnest(?::VARCHAR[]) AS t)"
    return [found for (found,) in duckdb.execute(query, [pattern, texts]).fetchall()]


def python(pattern: str, texts: list[str]) -> list[bool]:
    compiled = re.compile(pattern, re.ASCII)
    return [compiled.search(text) is not None for text in texts]


ENGINES: dict[str, Callable[[str, list[str]], list[bool]]] = {
    "rust": lambda source, texts: rust(parse_pattern(source).spell(RUST), texts),
    "re2": lambda source, texts: re2(parse_pattern(source).spell(), texts),
    "python": lambda source, texts: python(parse_pattern(source).spell(PYTHON), texts),
}


@pytest.fixture(params=ENGINES)
def found(request: pytest.FixtureRequest) -> Callable[[str, str], bool]:
    """Whether a text contains a match, by each engine."""
    return lambda source, text: ENGINES[request.param](source, [text])[0]


class TestMeaning:
    @pytest.mark.parametrize(
        ("source", "text"),
        [
            ("b", "abc"),
            ("", ""),
            ("", "x"),
            ("^a$", "a"),
            (r"\Aa\z", "a"),
            ("(?m)^b$", "a\nb\nc"),
            (r"\d\w\s\D\W\S", "1a\t--x"),
            (r"\s", "\v"),
            ("[[:space:]]", "\v"),
            (r"\bé", "aé"),
            (r"\W", "é"),
            ("a.b", "aéb"),
            ("a.b", "a\rb"),
            ("(?s)a.b", "a\nb"),
            ("[^a]", "\n"),
            (r"\D", "\n"),
            ("^.$", "😀"),
            ("(?i)straße", "STRAßE"),
            ("(?i)é", "É"),
            ("(?i)σ", "ς"),
            ("(?i)[à-ý]", "Ý"),
            ("(?i)[^a]", "b"),
            (r"(?i)\p{Lu}", "x"),
            ("a(?i)b|c", "C"),
            ("a(?i:b)c", "aBc"),
            ("^(?:a|)$", ""),
            ("(|a)+b", "b"),
            ("^()*$", ""),
            ("^()", "a"),
            ("^((?i))", "a"),
            (r"^\p{L}+$", "Žluťoučký漢字"),
            (r"^\pN$", "٣"),
            (r"[\p{L}\d_]", "_"),
            (r"^\P{L}$", "1"),
            (r"^[^\W\d_]+$", "abc"),
            ("[]a]", "]"),
            ("[^]a]", "b"),
            ("[a-]", "-"),
            ("[a^]", "^"),
            (r"[\]\-\\]", "\\"),
            ("]}", "]}"),
            (r"\x41\x{1F600}", "A😀"),
            (r"\a\f\v\t\n\r", "\a\f\v\t\n\r"),
            (r"\.\*\_\ \#\~", ".*_ #~"),
            ("(?P<year>[0-9]{4})-(?<month>[0-9]{2})", "2024-06"),
            ("^a{2,}?$", "aaa"),
            ("^a{02}$", "aa"),
            ("^a{0,01}$", "a"),
            ("^(?:a{2}){3}$", "aaaaaa"),
            ("a\x00b", "a\x00b"),
            ("#", "#"),
        ],
    )
    def test_contains(self, found: Callable[[str, str], bool], source: str, text: str) -> None:
        assert found(source, text)

    @pytest.mark.parametrize(
        ("source", "text"),
        [
            ("^a$", "a\n"),
            ("^b$", "a\nb"),
            (r"\d", "٣"),
            (r"\w", "é"),
            (r"\s", "\u00a0"),
            (r"\bé", " é"),
            ("a.b", "a\nb"),
            ("(?i)k", "\u212a"),
            ("(?i)s", "ſ"),
            ("(?i)ſ", "s"),
            ("(?i)[^a]", "A"),
            (r"(?i)^\P{Lu}$", "a"),
            ("(?i:a)b", "aB"),
            ("(?:(?i)a)b", "aB"),
            ("(?i)a(?-i)b", "AB"),
            ("(?s:a)b.", "ab\n"),
            (r"\p{Lu}", "x"),
            ("^(?:ab|c)$", "abc"),
            ("^a{2,3}$", "aaaa"),
        ],
    )
    def test_does_not_contain(self, found: Callable[[str, str], bool], source: str, text: str) -> None:
        assert not found(source, text)


class TestRefusal:
    @pytest.mark.parametrize(
        ("source", "at", "why"),
        [
            ("ab(", 3, "a ( without its )"),
            ("ab)", 3, "a ) without its ("),
            ("a[bc", 2, "a [ without its ]"),
            ("[]", 1, "a [ without its ]"),
            ("[[:alpha:]", 1, "a [ without its ]"),
            ("a{", 2, r"write \{"),
            ("{2}", 1, "nothing to repeat"),
            ("a{,3}", 2, "write {0,"),
            ("a|*", 3, "nothing to repeat"),
            ("^*", 2, "nothing to repeat"),
            (r"\b+", 3, "nothing to repeat"),
            ("(?i)+", 5, "nothing to repeat"),
            ("a**", 3, "a repeat of a repeat"),
            ("a*+", 3, "a repeat of a repeat"),
            ("a??+", 4, "a repeat of a repeat"),
            ("a{2}{3}", 5, "a repeat of a repeat"),
            ("a{3,2}", 2, "ends before it begins"),
            ("a{1001}", 2, "1,000 at most"),
            ("a{99999999999999999999}", 2, "1,000 at most"),
            ("(?:a{20}){51}", 10, "inside each other may count to 1,000"),
            ("a(?=b)", 2, "look-ahead"),
            ("a(?!b)", 2, "look-ahead"),
            ("(?<=a)b", 1, "look-behind"),
            ("(?<!a)b", 1, "look-behind"),
            ("(?>a)", 1, "atomic"),
            ("(?#a)", 1, "comments"),
            ("(?P=a)", 1, "back-references"),
            ("(?P<1>a)", 1, "a group is named"),
            ("(?P<a>x)(?P<a>y)", 9, "two groups named a"),
            ("(?x) a", 1, "the flag x"),
            ("(?U)a", 1, "the flag U"),
            ("(?ii)a", 1, "twice"),
            ("(?i-i)a", 1, "twice"),
            ("(?)", 1, "without a flag"),
            ("(?i", 1, "begins no group"),
            (r"(a)\1", 4, "back-references"),
            (r"a\B", 2, r"\B is not available"),
            (r"\Qa\E", 1, r"\Q...\E"),
            (r"a\Z", 2, r"write $ or \z"),
            (r"\u0041", 1, r"write \x{...}"),
            (r"\<a", 1, r"write < or \b"),
            (r"\é", 1, r"there is no \é"),
            (r"\y", 1, r"there is no \y"),
            ("a\\", 2, r"a \ at the end"),
            (r"\x4", 1, "hexadecimal"),
            (r"\x{110000}", 1, "not the code of a character"),
            (r"\x{D800}", 1, "not the code of a character"),
            ("\ud800", 1, "not the code of a character"),
            (r"\p{Greek}", 1, "general category"),
            (r"\p{Cn}", 1, "general category"),
            (r"\p", 1, "general category"),
            ("[:alpha:]", 1, "write [[:alpha:]]"),
            ("[[:word:][:nope:]]", 10, "there is no class [:nope:]"),
            ("[z-a]", 2, "ends before it begins"),
            (r"[\w-.]", 4, r"write \-"),
            (r"[a-\d]", 3, r"write \-"),
            ("[a-b-c]", 5, r"write \-"),
            ("[+--]", 3, r"write \-"),
            ("[--a]", 3, r"write \-"),
            ("[a&&b]", 3, r"write \&"),
            ("[a~~b]", 3, r"write \~"),
            ("[a[b]", 3, r"write \["),
            (r"[\b]", 2, "no meaning inside a set"),
            (r"[^\d\D]", 1, "no character is in"),
        ],
    )
    def test_says_why_and_where(self, source: str, at: int, why: str) -> None:
        with pytest.raises(InvalidRule) as caught:
            parse_pattern(source)
        assert why in caught.value.message
        assert caught.value.message.endswith(f"(at character {at})")
        assert caught.value.key == "pattern"

    def test_shows_the_pattern_as_it_was_written(self) -> None:
        with pytest.raises(InvalidRule, match=re.escape(r"the pattern '^\d+(\n' is not usable")):
            parse_pattern("^\\d+(\n")

    def test_shows_what_stands_around_the_place_in_a_long_pattern(self) -> None:
        with pytest.raises(InvalidRule, match=r"the pattern '\.\.\.a*<here>\(\?=b\)a*\.\.\.' is not usable"):
            parse_pattern("a" * 500 + "<here>(?=b)" + "a" * 500)

    def test_a_very_long_pattern(self) -> None:
        with pytest.raises(InvalidRule, match="100,000 characters; at most 10,000"):
            parse_pattern("a" * 100_000)

    @pytest.mark.parametrize(
        "source", [r"\p{L}{900}", r"(?i)" + r"\pL" * 3000, "(?:" + "ab" * 400 + "){999}"]
    )
    def test_a_pattern_that_grows_too_large(self, source: str) -> None:
        with pytest.raises(InvalidRule, match="too large"):
            parse_pattern(source)

    def test_groups_inside_each_other_without_end(self) -> None:
        with pytest.raises(InvalidRule, match="more than 50 groups"):
            parse_pattern("(" * 9_000)


class TestLimits:
    """What is just allowed compiles in every engine."""

    @pytest.mark.parametrize(
        "source",
        [
            "(" * MAX_NESTING + "a" + "b|c)*" * MAX_NESTING,
            "(?:x|y{0}[de]*" * MAX_NESTING + "a" + ")+?" * MAX_NESTING,
            "(?:a{10}){100}",
            "(?:(?:a{0,10}){0,10}){0,10}",
            r"^\p{L}{1,50}$",
            r"(?i)^\p{Lu}{1,50}$",
            "[^a]{1000}",
            "(?s:.{1000})",
            "[一-龥ぁ-んァ-ン]{1000}",
            "é" * 10_000,
        ],
    )
    def test_compiles(self, source: str) -> None:
        for engine in ("rust", "re2"):
            ENGINES[engine](source, ["zzz"])

    @pytest.mark.parametrize(
        "unit",
        [
            *("a", "é", "[ac]", "[!#%)+/13579;=?ACEGIKMOQSUWY_acegikmoqsuwy]", "[^a]", ".", "(?s:.)"),
            *(r"\pL", r"(?i:\p{Lu})", r"\PL", "[é-ü]", "[à-ヺ]", "a?", "(?:a|b)", "(?:a*|b)+", "(?m:^)b"),
        ],
    )
    @pytest.mark.parametrize("repeat", ["{40}", "{500,}"])
    def test_the_largest_of_a_kind_compiles(self, unit: str, repeat: str) -> None:
        copies = [int(1.1**power) for power in range(97) if 1.1**power * len(unit) < 9_000]
        most = bisect(copies, 0, key=lambda some: not _accepted(f"(?:{unit * some}){repeat}"))
        largest = f"(?:{unit * copies[most - 1]}){repeat}" if most else unit
        for engine in ("rust", "re2"):
            ENGINES[engine](largest, ["zzz"])


def _accepted(source: str) -> bool:
    try:
        parse_pattern(source)
    except InvalidRule:
        return False
    return True


CHARACTERS = "aAbBkKsS09_- .\n\r\t\v\x00éÉßẞσςΣ٣漢😀\u0301\u00a0\u2028ſ\u212a"
TEXTS = st.text(alphabet=CHARACTERS, max_size=8)

SINGLES = st.sampled_from(
    [*"aAbkSs09_-é漢Σß😀\u0301", r"\.", r"\n", r"\t", r"\x41", r"\x{E9}", r"\x{1F600}", r"\-", "\n"]
)
CLASSES = st.sampled_from(
    [r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\pL", r"\PL", r"\p{Lu}", r"\P{Ll}", r"\p{Nd}", r"\p{Mn}"]
)
POSIX = st.sampled_from(["[:alpha:]", "[:^alpha:]", "[:upper:]", "[:punct:]", "[:^space:]", "[:word:]"])
RANGES = st.sampled_from(["a-z", "A-B", "0-9", "à-ý", "α-ω", r"\x00-\x1f", r"\x{100}-\x{10FFFF}"])
SETS = st.builds(
    lambda caret, items: f"[{caret}{''.join(items)}]",
    st.sampled_from(["", "^"]),
    st.lists(SINGLES.filter(lambda one: one != "-") | CLASSES | POSIX | RANGES, min_size=1, max_size=3),
)
ATOMS = SINGLES | CLASSES | SETS | st.just(".")
ANCHORS = st.sampled_from(["^", "$", r"\b", r"\A", r"\z", "(?i)", "(?s)", "(?m)", "(?-i)", "(?ms-i)"])
GROUPS = st.sampled_from(["(", "(?:", "(?i:", "(?s:", "(?m:", "(?-m:"])
REPEATS = st.sampled_from(["*", "+", "?", "*?", "{2}", "{0}", "{1,2}", "{2,}", "{0,2}?"])


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    grouped = st.builds(lambda opening, body: f"{opening}{body})", GROUPS, inner)
    return st.one_of(
        st.lists(inner | ANCHORS, min_size=1, max_size=3).map("".join),
        st.lists(inner | st.just(""), min_size=2, max_size=3).map("|".join).map("(?:{})".format),
        st.builds(str.__add__, ATOMS | grouped, REPEATS),
        grouped,
    )


PATTERNS = st.recursive(ATOMS | ANCHORS, _larger, max_leaves=8).filter(_accepted)


class TestAgreement:
    @given(source=PATTERNS, texts=st.lists(TEXTS, min_size=1, max_size=12))
    @example(source=r"(?i)[^\W]", texts=["\u212a", "k", "ſ"])
    @example(source="(?m)^$", texts=["", "\n", "a\n", "\na"])
    @settings(deadline=None)
    def test_engines_agree(self, source: str, texts: list[str]) -> None:
        answers = {name: run(source, texts) for name, run in ENGINES.items()}
        assert answers["rust"] == answers["re2"] == answers["python"]

    @given(source=PATTERNS, texts=st.lists(TEXTS, min_size=1, max_size=12))
    @settings(deadline=None)
    def test_a_pattern_means_what_re2_reads_in_it(self, source: str, texts: list[str]) -> None:
        """Apart from what the dialect settles: the vertical tab and two letters with an ASCII partner."""
        odd = re.compile("[\v\u212aſ]")
        plain = [text for text in texts if not odd.search(text)]
        assert re2(parse_pattern(source).spell(), plain) == re2(source, plain)

    @given(source=st.text(alphabet=r"ab0-,é\^$.|?*+(){}[]:&~<>=!Pimsxdw" + "\n", max_size=12))
    @example(source="(?i)(?-i:)*")
    @settings(deadline=None, max_examples=300)
    def test_any_text_is_refused_or_understood_by_all(self, source: str) -> None:
        assume(_accepted(source))
        texts = ["", "a", "ab0", "-,\n", "é{}"]
        answers = {name: run(source, texts) for name, run in ENGINES.items()}
        assert answers["rust"] == answers["re2"] == answers["python"]

    def test_letters_beyond_ascii_have_the_cases_that_rust_gives_them(self) -> None:
        cased = [chr(code) for code in range(0x80, 0x2D2E) if chr(code).lower() != chr(code).upper()]
        cased = [letter for letter in cased if letter not in "\u212aſİı"]
        for letter in cased[::7]:
            others = [other for other in cased if other != letter]
            assert ENGINES["rust"](f"(?i){letter}", others) == rust(f"(?i){letter}", others), letter


def test_the_patterns_of_the_documentation_are_read() -> None:
    page = (Path(__file__).parents[3] / "docs" / "expressions.md").read_text(encoding="utf-8")
    patterns = page.partition("```regex\n")[2].partition("```")[0].splitlines()
    assert len(patterns) > 5
    assert [pattern for pattern in patterns if not _accepted(pattern)] == []
