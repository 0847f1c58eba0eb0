"""The tree of a row expression: its equality, its columns, its text, its documentation."""

from __future__ import annotations

from pathlib import Path

import pytest

from veriport.domain.expressions import FUNCTIONS, Call, Expr, Kind, Literal, Name, columns_of, write
from veriport.domain.rules.scalars import Scalar

A, B, C = Name("a"), Name("b"), Name("c")
PAGE = Path(__file__).parents[3] / "docs" / "expressions.md"


@pytest.mark.parametrize("other", [1.0, True, "1", None])
def test_constants_of_different_types_are_different(other: Scalar) -> None:
    assert Literal(1) != Literal(other)
    assert len({Literal(1), Literal(other)}) == 2


def test_equal_trees_hash_alike() -> None:
    assert hash(Call("=", (A, Literal(1)))) == hash(Call("=", (Name("a"), Literal(1))))


def test_columns_come_once_each_in_order_of_appearance() -> None:
    tree = Call("and", (Call("<", (B, A)), Call("in", (A, C, Literal("d"), B))))
    assert columns_of(tree) == ("b", "a", "c")


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (Name('odd "name"'), '"odd ""name"""'),
        (Literal(None), "NULL"),
        (Literal(True), "TRUE"),  # noqa: FBT003  # a constant
        (Literal(-5), "-5"),
        (Literal(1e-7), "1e-07"),
        (Literal("it's"), "'it''s'"),
        (Literal("2024-06-30", "date"), "DATE '2024-06-30'"),
        (Literal("2024-06-30T12:00:00", "datetime"), "TIMESTAMP '2024-06-30T12:00:00'"),
        (Literal("12:00:00", "time"), "TIME '12:00:00'"),
        (Call("+", (Call("-", (A, B)), C)), '"a" - "b" + "c"'),
        (Call("-", (A, Call("+", (B, C)))), '"a" - ("b" + "c")'),
        (Call("*", (Call("+", (A, B)), C)), '("a" + "b") * "c"'),
        (Call("-", (A, Literal(-1))), '"a" - -1'),
        (Call("negate", (Literal(-1),)), "-(-1)"),
        (Call("and", (Call("and", (A, B)), C)), '("a" AND "b") AND "c"'),
        (Call("not", (Call("is_null", (A,)),)), 'NOT ("a" IS NULL)'),
        (Call("in", (A, Literal(1), B)), '"a" IN (1, "b")'),
        (Call("like", (A, Literal("x%"))), "\"a\" LIKE 'x%'"),
        (Call("to_double", (A,)), 'TRY_CAST("a" AS DOUBLE)'),
        (Call("case", (A, B, Literal(0))), 'CASE WHEN "a" THEN "b" ELSE 0 END'),
        (Call("round", (A, Literal(2))), 'round("a", 2)'),
    ],
)
def test_writes_sql(tree: Expr, text: str) -> None:
    assert write(tree) == text


@pytest.mark.parametrize(("name", "function"), FUNCTIONS.items())
def test_every_function_is_described(name: str, function: object) -> None:
    entry = FUNCTIONS[name]
    assert entry is function
    assert entry.meaning
    assert entry.most is None or entry.least <= entry.most
    assert entry.takes
    assert entry.gives in {Kind.BOOLEAN, Kind.NUMBER, Kind.TEXT, Kind.TIME, Kind.ALIKE}


def test_the_documentation_lists_every_function_with_its_meaning() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("| name | gives | meaning |\n")[2].partition("\n\n")[0]
    lines = table.splitlines()[1:]
    rows = [[cell.strip().strip("`") for cell in line.strip("|").split(" | ")] for line in lines]
    listed = {row[0]: row[1:] for row in rows}
    shown = {
        name.replace("|", r"\|"): [entry.gives.value, entry.meaning] for name, entry in FUNCTIONS.items()
    }
    assert listed == shown, "run: python -m tests.unit.domain.test_expressions"


if __name__ == "__main__":  # the table for the page
    for name, entry in FUNCTIONS.items():
        print(f"| `{name.replace('|', chr(92) + '|')}` | {entry.gives.value} | {entry.meaning} |")  # noqa: T201
