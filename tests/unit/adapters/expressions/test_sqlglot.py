"""SQL conditions are read into the tree that they mean, or refused with words and a place."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from returns.result import Success

from veriport.adapters.expressions.nodes import _OTHER_NAMES
from veriport.adapters.expressions.sqlglot import parse
from veriport.domain.expressions import Call, Expr, Literal, Name, write
from veriport.domain.failures import InvalidExpression
from veriport.ports.expressions import ExpressionParser
from veriport.testing.expressions import conditions
from veriport.testing.oracle import evaluate

_: ExpressionParser = parse  # mypy holds the port to this


def tree_of(text: str) -> Expr:
    return parse(text).unwrap()


def refusal_of(text: str) -> InvalidExpression:
    return parse(text).failure()


A, B, C = Name("a"), Name("b"), Name("c")


class TestMeaning:
    @pytest.mark.parametrize(
        ("text", "tree"),
        [
            ("a", A),
            ("A", Name("A")),
            ('"a.b"', Name("a.b")),
            ('"say ""hi"""', Name('say "hi"')),
            ('"📦 box" = 1', Call("=", (Name("📦 box"), Literal(1)))),
            ("`a b` = 1", Call("=", (Name("a b"), Literal(1)))),
            ("naïve_1", Name("naïve_1")),
            ("TRUE", Literal(True)),  # noqa: FBT003  # a constant
            ("null", Literal(None)),
            ("a = 'it''s \\ '", Call("=", (A, Literal("it's \\ ")))),
            ("a = 9223372036854775807", Call("=", (A, Literal(2**63 - 1)))),
            ("a = -9223372036854775808", Call("=", (A, Literal(-(2**63))))),
            ("a = 007", Call("=", (A, Literal(7)))),
            ("a = 1.0", Call("=", (A, Literal(1.0)))),
            ("a = .5", Call("=", (A, Literal(0.5)))),
            ("a = 1e3", Call("=", (A, Literal(1000.0)))),
            ("a = - 5", Call("=", (A, Literal(-5)))),
            ("a = -(5)", Call("=", (A, Call("negate", (Literal(5),))))),
            ("a = -b", Call("=", (A, Call("negate", (B,))))),
            ("a = +b", Call("=", (A, B))),
            ("a == b", Call("=", (A, B))),
            ("a != b", Call("<>", (A, B))),
            ("a <> b", Call("<>", (A, B))),
            ("not a = b", Call("not", (Call("=", (A, B)),))),
            ("a || b = 'x'", Call("=", (Call("||", (A, B)), Literal("x")))),
            ("a BETWEEN 1 AND 2", Call("and", (Call(">=", (A, Literal(1))), Call("<=", (A, Literal(2)))))),
            ("a IN (1, b)", Call("in", (A, Literal(1), B))),
            ("a NOT IN (1)", Call("not", (Call("in", (A, Literal(1))),))),
            ("a LIKE 'x%'", Call("like", (A, Literal("x%")))),
            ("a NOT LIKE 'x%'", Call("not", (Call("like", (A, Literal("x%"))),))),
            ("a ILIKE 'x%'", Call("ilike", (A, Literal("x%")))),
            ("a IS NULL", Call("is_null", (A,))),
            ("a IS NOT NULL", Call("not", (Call("is_null", (A,)),))),
            ("a IS TRUE", Call("coalesce", (A, Literal(False)))),  # noqa: FBT003  # a constant
            ("a IS NOT FALSE", Call("not", (Call("coalesce", (Call("not", (A,)), Literal(False))),))),  # noqa: FBT003
            ("CASE WHEN a THEN b ELSE c END", Call("case", (A, B, C))),
            ("CASE WHEN a THEN b END", Call("case", (A, B, Literal(None)))),
            (
                "CASE a WHEN 1 THEN b WHEN 2 THEN c END",
                Call("case", (Call("=", (A, Literal(1))), B, Call("=", (A, Literal(2))), C, Literal(None))),
            ),
            ("IF(a, b, c)", Call("case", (A, B, C))),
            ("DATE '2024-06-30' < a", Call("<", (Literal("2024-06-30", "date"), A))),
            (
                "TIMESTAMP '2024-06-30 01:02' < a",
                Call("<", (Literal("2024-06-30T01:02:00", "datetime"), A)),
            ),
            (
                "TIMESTAMP '2024-06-30T01:02:03Z' < a",
                Call("<", (Literal("2024-06-30T01:02:03+00:00", "datetime"), A)),
            ),
            ("TIME '01:02' < a", Call("<", (Literal("01:02:00", "time"), A))),
            ("CAST('2024-06-30' AS DATE) < a", Call("<", (Literal("2024-06-30", "date"), A))),
            ("CAST(a AS INTEGER) = 1", Call("=", (Call("to_integer", (A,)), Literal(1)))),
            ("a::BIGINT = 1", Call("=", (Call("to_integer", (A,)), Literal(1)))),
            ("TRY_CAST(a AS DOUBLE PRECISION) = 1", Call("=", (Call("to_double", (A,)), Literal(1)))),
            ("CAST(a AS VARCHAR) = 'x'", Call("=", (Call("to_text", (A,)), Literal("x")))),
            ("CAST(a AS DATE) = b", Call("=", (Call("to_date", (A,)), B))),
            ("CAST(a AS TIMESTAMP) = b", Call("=", (Call("to_datetime", (A,)), B))),
            ("LENGTH(a) = 1", Call("=", (Call("length", (A,)), Literal(1)))),
            ("char_length(a) = 1", Call("=", (Call("length", (A,)), Literal(1)))),
            ("substr(a, 1) = 'x'", Call("=", (Call("substring", (A, Literal(1))), Literal("x")))),
            ("year(a) = 1", Call("=", (Call("year", (A,)), Literal(1)))),
            ("EXTRACT(YEAR FROM a) = 1", Call("=", (Call("year", (A,)), Literal(1)))),
            ("regexp_like(a, '^x')", Call("regexp_like", (A, Literal("^x")))),
            ("date = 1", Call("=", (Name("date"), Literal(1)))),
            ("year = 1", Call("=", (Name("year"), Literal(1)))),
            ("\n a\t=\r\n1 ", Call("=", (A, Literal(1)))),
        ],
    )
    def test_reads(self, text: str, tree: Expr) -> None:
        assert tree_of(text) == tree

    @pytest.mark.parametrize(
        ("text", "grouped"),
        [
            ("a OR b AND c", "a OR (b AND c)"),
            ("NOT a AND b", "(NOT a) AND b"),
            ("NOT a IN (1) OR b", "(NOT (a IN (1))) OR b"),
            ("a + b * c = 1", "(a + (b * c)) = 1"),
            ("a + b % c = 1", "(a + (b % c)) = 1"),
            ("a - b - c = 1", "((a - b) - c) = 1"),
            ("a / b * c = 1", "((a / b) * c) = 1"),
            ("-a * b = 1", "((-a) * b) = 1"),
            ("a BETWEEN 1 AND 2 AND b", "(a BETWEEN 1 AND 2) AND b"),
            ("a < b OR c IS NULL", "(a < b) OR (c IS NULL)"),
            ("-a::INT < 1", "(-(a::INT)) < 1"),
        ],
    )
    def test_operators_bind_as_in_sql(self, text: str, grouped: str) -> None:
        assert tree_of(text) == tree_of(grouped)

    def test_is_not_distinct_from_holds_for_two_nulls(self) -> None:
        tree = tree_of("a IS NOT DISTINCT FROM b")
        assert [evaluate(tree, {"a": a, "b": b}) for a in (1, None) for b in (1, None)] == [
            True,
            False,
            False,
            True,
        ]

    def test_a_long_row_of_conditions_is_not_deep(self) -> None:
        tree = tree_of(" OR ".join(f"a = {number}" for number in range(1_500)))
        assert evaluate(tree, {"a": 1_499}) is True
        assert evaluate(tree, {"a": 1_500}) is False

    def test_a_long_list_is_fine(self) -> None:
        assert evaluate(tree_of(f"a IN ({', '.join(map(str, range(3_000)))})"), {"a": 2_999}) is True

    @given(tree=conditions())
    def test_what_is_written_reads_the_same(self, tree: Expr) -> None:
        assert tree_of(write(tree)) == tree


SOUP = st.lists(
    st.sampled_from(
        "a b 1 2.5 'x' \"y\" ( ) , + - * / % = <> < <= AND OR NOT IN IS NULL TRUE LIKE BETWEEN CASE".split()
        + "WHEN THEN ELSE END CAST AS DATE INT :: || SELECT FROM . abs( IF( [ ] ; -- /* ? : $ @ !".split()
        + list("#~^&|\\")
    ),
    max_size=12,
).map(" ".join)


class TestRefusal:
    @pytest.mark.parametrize(
        ("text", "position", "why"),
        [
            ("", 0, "it is empty"),
            (" \n", 0, "it is empty"),
            ("SELECT 1", 1, "queries and statements are not available"),
            ("DROP TABLE t", 1, "queries and statements are not available"),
            ("a IN (SELECT b FROM c)", 1, "queries and statements are not available"),
            ("EXISTS (SELECT 1 FROM c)", 16, "queries and statements are not available"),
            ("a = 1; DROP TABLE t", 6, "one condition is wanted"),
            ("a = 1;", 6, "one condition is wanted"),
            ("a = 1 -- fine", 7, "comments are not available"),
            ("a = 1 /* fine */", 7, "comments are not available"),
            ("a = 1 /*", 7, "comments are not available"),
            ("a = ?", 5, "parameters are not available"),
            ("a = :b", 5, "parameters are not available"),
            ("a = $1", 5, "parameters are not available"),
            ("a = @b", 5, "parameters are not available"),
            ("a = {{ b }}", 5, "templates"),
            ("!a", 1, "write NOT"),
            ("a = 'x", 5, "a quote that is not closed"),
            ('"a = 1', 1, "a quote that is not closed"),
            ("(a = 1", 1, "a ( without its )"),
            ("a = 1)", 6, "a ) without its ("),
            ("a\x00 = 1", 2, "not text"),
            ("a = '\ud800'", 6, "not text"),
            ("a = '\x00'", 6, "not text"),
            ("t.a = 1", 1, 'write "..." around it'),
            ("s.t.a = 1", 1, 'write "..." around it'),
            ("*", 1, "* is not available"),
            ('"" = 1', 1, "a column without a name"),
            ("a# = 1", 2, "# is not expected here"),
            ("📦 = 1", 1, 'this name needs quotes: "📦"'),
            ("sum(a) > 1", 1, "aggregates and window functions are not available"),
            ("count(*) > 1", 1, "aggregates and window functions are not available"),
            ("rank() OVER (ORDER BY a) = 1", 1, "aggregates and window functions are not available"),
            ("now() > a", 1, "what the moment of the run decides"),
            ("a > CURRENT_DATE", 0, "what the moment of the run decides"),
            ("random() > a", 1, "what the moment of the run decides"),
            ("lenght(a) = 1", 1, "there is no function lenght; did you mean 'length'?"),
            ("to_integer(a) = 1", 1, "there is no function to_integer"),
            ('"length"(a) = 1', 1, "there is no function length"),
            ("concat(a, b) = 'x'", 1, "write a || b"),
            ("a LIKE 'x' ESCAPE '!'", 1, "LIKE ... ESCAPE is not available"),
            ("a LIKE ANY ('x', 'y')", 13, "not available"),
            ("a IN b", 1, "IN takes a list in parentheses"),
            ("a IN ()", 1, "IN takes at least one value"),
            ("a BETWEEN SYMMETRIC b AND c", 3, "BETWEEN SYMMETRIC is not available"),
            ("a DIV 2 = 1", 1, "write floor(a / b)"),
            ("a & 1 = 1", 1, "a & 1 is not available"),
            ("a ^ 2 = 1", 1, "a ^ 2 is not available"),
            ("a[1] = 1", 1, "lists and structs are not available"),
            ("(a, b) = (1, 2)", 2, "lists and structs are not available"),
            ("a -> 'b'", 1, "lists and structs are not available"),
            ("a COLLATE nocase = 'x'", 3, "is not expected here"),
            ("a + INTERVAL '1' DAY > b", 14, "intervals are not available"),
            ("a = 'x' 'y'", 5, "write a || b"),
            ("a = 0x1F", 6, "is not expected here"),
            ("a = 9223372036854775808", 0, "more than 64 bits"),
            ("a = 1e999", 0, "too large a number"),
            ("a = 1e", 0, "not a number"),
            ("a < b < c", 7, "comparisons do not chain"),
            ("a = b = c", 7, "comparisons do not chain"),
            ("a = b IS NULL", 7, "comparisons do not chain"),
            ("a AND b > 1 IS TRUE", 13, "comparisons do not chain"),
            ("a = CASE WHEN b = c THEN 1 END IS NULL", 32, "comparisons do not chain"),
            ("f((a = b), c = b = c)", 18, "comparisons do not chain"),
            ("a = NOT b", 9, "write parentheses around NOT b"),
            ("a = NOT b IS NULL", 11, "comparisons do not chain"),
            ("a = b LIKE 'x'", 5, "write parentheses around b LIKE 'x'"),
            ("a IN (1) = b", 1, "write parentheses around a IN (1)"),
            ("a BETWEEN 1 AND 2 IS NULL", 1, "write parentheses around a BETWEEN 1 AND 2"),
            ("CAST(a AS DECIMAL(10, 2)) = 1", 6, "CAST to DECIMAL(10, 2) is not available"),
            ("CAST(a AS VARCHAR(3)) = 'x'", 6, "CAST to VARCHAR(3) is not available"),
            ("CAST(a AS BOOLEAN)", 6, "CAST to BOOLEAN is not available"),
            ("a > DATE '2024-02-30'", 0, "'2024-02-30' is not a date"),
            ("a > TIMESTAMPTZ '2024-02-03'", 0, "no time zone"),
            ("EXTRACT(DOW FROM a) = 1", 0, "EXTRACT(dow FROM ...) is not available"),
            ("a >", 3, "something is missing after >"),
            ("a b", 3, 'b is not expected here; the name of a column may need quotes: "b"'),
            ("a, b", 2, ", is not expected here"),
            ("a = 1 AS b", 7, "is not expected here"),
            ("a\n= 1\nAND b c", 13, "c is not expected here"),
            ("a + 1", 0, "a condition is TRUE or FALSE"),
            ("lower(a)", 0, "a condition is TRUE or FALSE"),
            ("a = 1 AND 2", 0, "AND takes a truth value, and 2 is a number"),
            ("regexp_like(a, '(')", 0, "the pattern '(' is not usable"),
            ("round(a, b) = 1", 0, "round takes a constant"),
        ],
    )
    def test_says_why_and_where(self, text: str, position: int, why: str) -> None:
        refusal = refusal_of(text)
        assert why in refusal.reason
        assert refusal.text == text
        assert refusal.position in {position, 0}  # old versions of sqlglot know fewer places

    @pytest.mark.parametrize(
        "text",
        [
            "(" * 20_000,
            "(" * 31 + "a" + ")" * 31,
            "NOT " * 4_000 + "a",
            "- " * 8_000 + "a = 1",
            "CASE WHEN " * 2_000,
            "[" * 10_000,
            "a" + " + a" * 4_000 + " = 1",
            "a." * 6_000 + "a",
            "a" + "::INT" * 3_000 + " = 1",
            "abs(" * 29 + "a" + ")" * 29 + " BETWEEN 1 AND 2" * 500,
        ],
    )
    def test_what_is_too_deep_is_refused(self, text: str) -> None:
        refusal_of(text)

    def test_a_tree_that_would_double_again_and_again_is_refused(self) -> None:
        text = "a"
        for _ in range(25):
            text = f"({text}) BETWEEN FALSE AND TRUE"
        assert refusal_of(text).reason == "more than 10,000 names, constants and operations"

    def test_a_text_of_100_000_characters_is_refused(self) -> None:
        assert (
            refusal_of("a = '" + "x" * 100_000 + "'").reason
            == "it has 100,006 characters; at most 20,000 are allowed"
        )

    def test_nesting_as_deep_as_allowed_is_read(self) -> None:
        assert tree_of("(" * 30 + "a" + ")" * 30) == A

    @given(text=SOUP | st.text(max_size=20))
    @example("\ud800")
    @example("'\ud800'")
    @example("a = 1 \\")
    @example("a IS NOT")
    def test_no_text_raises(self, text: str) -> None:
        result = parse(text)
        if isinstance(result, Success):
            assert tree_of(write(result.unwrap())) == result.unwrap()
        else:
            assert result.failure().reason
            assert 0 <= result.failure().position <= max(len(text), 1)


def chained(terms: st.SearchStrategy[str], signs: list[str], most: int = 3) -> st.SearchStrategy[str]:
    """A few terms with signs between them, and no parentheses."""
    tails = st.lists(st.tuples(st.sampled_from(signs), terms).map(" ".join), max_size=most)
    return st.builds(lambda first, rest: " ".join([first, *rest]), terms, tails)


NUMBERS = chained(st.sampled_from(["n", "m", "2", "-3", "-n", "- -m", "(n - m)"]), ["+", "-", "*"])
RANGES = [
    "BETWEEN -1 AND 2",
    "NOT BETWEEN m AND 2",
    "IN (1, n)",
    "NOT IN (1, NULL)",
    "IS NULL",
    "IS NOT NULL",
]
TRUTHS = st.one_of(
    st.sampled_from(["yes", "no IS TRUE", "yes IS NOT FALSE", "NULL", "(yes OR no)", "(n < 1) = no"]),
    st.tuples(NUMBERS, st.sampled_from(["=", "<>", "!=", "<", ">=", "IS DISTINCT FROM"]), NUMBERS).map(
        " ".join
    ),
    st.tuples(NUMBERS, st.sampled_from(RANGES)).map(" ".join),
)
TEXTS = chained(TRUTHS | TRUTHS.map("NOT {}".format), ["AND", "OR"])
COLUMNS = {"n": "BIGINT", "m": "BIGINT", "yes": "BOOLEAN", "no": "BOOLEAN"}
ROWS = st.tuples(*[st.none() | st.integers(-3, 3)] * 2, *[st.none() | st.booleans()] * 2)


class TestAgreement:
    @given(text=TEXTS, values=ROWS)
    def test_a_text_means_what_duckdb_reads_in_it(
        self, text: str, values: tuple[int | bool | None, ...]
    ) -> None:
        columns = ", ".join(f"?::{kind} AS {name}" for name, kind in COLUMNS.items())
        query = f"SELECT {text} FROM (SELECT {columns})"  # noqa: S608  # our own text
        found = duckdb.execute(query, list(values)).fetchall()
        assert found == [(evaluate(tree_of(text), dict(zip(COLUMNS, values, strict=True))),)]


class TestManners:
    def test_nothing_is_printed_or_logged(
        self, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
    ) -> None:
        for text in (
            "a -> 'x['",
            "a = 1 /*+ hint */",
            "SHOW TABLES",
            "COMMENT ON a",
            "a = b'x'",
            "json '{' = a",
        ):
            parse(text)
        assert capfd.readouterr() == ("", "")
        assert not caplog.records

    def test_other_uses_of_sqlglot_still_log(self, caplog: pytest.LogCaptureFixture) -> None:
        parse("a = 1")
        logging.getLogger("sqlglot").warning("to be seen")
        assert "to be seen" in caplog.text

    def test_sqlglot_is_imported_when_a_text_is_parsed_and_not_before(self) -> None:
        code = "import sys, veriport.adapters.expressions.sqlglot; sys.exit('sqlglot' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestDocumentation:
    PAGE = Path(__file__).parents[4] / "docs" / "expressions.md"

    def test_the_conditions_of_the_page_are_read(self) -> None:
        lines = _block(self.PAGE.read_text(encoding="utf-8"), "sql")
        assert len(lines) > 10
        for line in lines:
            tree_of(line)

    def test_the_other_names_of_functions_are_on_the_page(self) -> None:
        page = self.PAGE.read_text(encoding="utf-8")
        assert [name for name in _OTHER_NAMES if f"`{name}`" not in page] == []


def _block(page: str, language: str) -> list[str]:
    return page.partition(f"```{language}\n")[2].partition("```")[0].splitlines()
