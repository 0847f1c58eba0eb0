"""Rules about a table as a whole."""

from __future__ import annotations

from typing import Any

import pytest

from veriport.domain.errors import InvalidRule
from veriport.domain.rules.base import SchemaRule
from veriport.domain.rules.reading import fingerprint
from veriport.domain.rules.scalars import Scalar
from veriport.domain.rules.tables import (
    ColumnCount,
    ColumnExists,
    ColumnsOrdered,
    ColumnsSet,
    DType,
    RowCount,
    TableSchema,
)
from veriport.domain.types import Column, DataType, Family

_COLUMNS = {"a": Column("a", DataType(Family.INTEGER, "int64"))}


@pytest.mark.parametrize(
    ("parameters", "observed", "accepted"),
    [
        ({"min": 1}, 0, False),
        ({"min": 1}, 1, True),
        ({"max": 2}, 2, True),
        ({"max": 2}, 3, False),
        ({"min": 1, "max": 2}, 2, True),
        ({"min": 0}, 0, True),
        ({"min": 1}, None, False),
        ({"min": 1}, "2", False),
    ],
)
def test_a_count_lies_between_its_ends(parameters: dict[str, Any], observed: Scalar, accepted: bool) -> None:
    assert RowCount(**parameters).accepts(observed) is accepted


@pytest.mark.parametrize(
    ("parameters", "key", "message"),
    [
        ({}, "min", "row_count needs min, max or both"),
        ({"min": 3, "max": 2}, "min", "min 3 is greater than max 2"),
        ({"min": -1}, "min", "min must be a whole number of at least 0, not -1"),
        ({"max": "many"}, "max", "max must be a whole number of at least 0, not 'many'"),
        ({"max": 1.5}, "max", "max must be a whole number of at least 0, not 1.5"),
        ({"max": 1e308}, "max", "max must be a whole number of at least 0, not 1e+308"),
        ({"max": float("inf")}, "max", "max must be a whole number of at least 0, not inf"),
        ({"max": True}, "max", "max must be a whole number of at least 0, not True"),
    ],
)
@pytest.mark.parametrize("cls", [RowCount, ColumnCount])
def test_a_wrong_count_is_refused(
    cls: type[RowCount], parameters: dict[str, Any], key: str, message: str
) -> None:
    with pytest.raises(InvalidRule) as caught:
        cls(**parameters)
    expected = message.replace("row_count", cls.type)
    assert (caught.value.key, str(caught.value)) == (key, expected)


def test_a_count_says_what_it_expects_and_reads_no_column() -> None:
    assert RowCount(min=1, max=5).expectation() == "1 <= rows <= 5"
    assert RowCount(min=1).reads == ()


def test_a_column_is_there_or_not() -> None:
    there, absent = ColumnExists(column="a"), ColumnExists(column="b")
    assert (there.holds(_COLUMNS), there.observe(_COLUMNS)) == (True, "int64")
    assert (absent.holds(_COLUMNS), absent.observe(_COLUMNS)) == (False, None)
    assert absent.expectation() == "a column 'b'"


def test_asking_for_a_column_does_not_read_it() -> None:
    assert ColumnExists(column="b").reads == ()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("int", ("integer",)),
        (["i64", "int64"], ("int64",)),
        (("str", "Decimal(9,2)"), ("string", "decimal(9, 2)")),
    ],
)
def test_types_are_read_by_any_name(written: object, read: tuple[str, ...]) -> None:
    assert DType(column="a", dtype=written).dtype == read


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("integr", "unknown type 'integr'; did you mean 'integer'?"),
        (["int", "qqqqqq"], "unknown type 'qqqqqq'"),
        ([], "dtype must name at least one type"),
        (5, "dtype must be text or a list of texts, not 5"),
        ([int], "dtype must hold texts, not <class 'int'>"),
        (None, "dtype must be text or a list of texts, not None"),
    ],
)
def test_an_unknown_type_is_refused(written: object, message: str) -> None:
    with pytest.raises(InvalidRule) as caught:
        DType(column="a", dtype=written)
    assert (caught.value.key, str(caught.value)) == ("dtype", message)


@pytest.mark.parametrize(
    ("wanted", "holds"), [("int64", True), ("integer", True), (["str", "int"], True), ("float", False)]
)
def test_the_type_is_one_of_those_allowed(wanted: object, holds: bool) -> None:
    rule = DType(column="a", dtype=wanted)
    assert rule.holds(_COLUMNS) is holds
    assert rule.observe(_COLUMNS) == "int64"


def test_a_type_says_what_it_expects() -> None:
    assert DType(column="a", dtype=["int", "str"]).expectation() == "integer or string"


# --- the columns of a table -----------------------------------------------------------------------


def _table(**types: str) -> dict[str, Column]:
    families = {"int64": Family.INTEGER, "float64": Family.FLOAT, "string": Family.STRING}
    return {name: Column(name, DataType(families[dtype], dtype)) for name, dtype in types.items()}


_AB = _table(a="int64", b="string")


@pytest.mark.parametrize(
    ("rule", "observed", "holds"),
    [
        (ColumnCount(min=2), 2, True),
        (ColumnCount(max=1), 2, False),
        (ColumnCount(min=3), 2, False),
        (ColumnCount(min=2, max=2), 2, True),
        (ColumnsSet(columns=["b", "a"]), None, True),
        (ColumnsSet(columns=["a"]), "extra b", False),
        (ColumnsSet(columns=["a"], exact=False), None, True),
        (ColumnsSet(columns=["a", "c", "d"], exact=False), "missing c, d", False),
        (ColumnsSet(columns=["a", "c"]), "missing c; extra b", False),
        (ColumnsOrdered(columns=["a", "b"]), "a, b", True),
        (ColumnsOrdered(columns=["b", "a"]), "a, b", False),
        (ColumnsOrdered(columns=["a"]), "a, b", False),
        (TableSchema(schema={"a": "int64", "b": "string"}), None, True),
        (TableSchema(schema={"a": "integer"}), None, True),
        (TableSchema(schema={"a": ["string", "numeric"]}), None, True),
        (TableSchema(schema={"a": "string", "c": "date"}), "a is int64; c is missing", False),
        (TableSchema(schema={"a": "integer"}, exact=True), "b is extra", False),
        (TableSchema(schema={"a": "float64", "b": "string"}, exact=True), "a is int64", False),
    ],
    ids=repr,
)
def test_the_columns_are_as_expected(rule: SchemaRule, observed: Scalar, holds: bool) -> None:
    assert (rule.observe(_AB), rule.holds(_AB), rule.reads) == (observed, holds, ())


def test_a_table_without_columns_has_none() -> None:
    assert not ColumnsSet(columns=["a"]).holds({})
    assert ColumnCount(max=0).holds({})


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (ColumnCount(min=1, max=3), "1 <= columns <= 3"),
        (ColumnsSet(columns=["a", "b"]), "exactly the columns a, b"),
        (ColumnsSet(columns=["a", "b"], exact=False), "at least the columns a, b"),
        (ColumnsOrdered(columns=["a", "b"]), "the columns a, b in this order"),
        (TableSchema(schema={"a": "int", "b": ["str", "date"]}), "a: integer, b: string or date"),
        (TableSchema(schema={"a": "int"}, exact=True), "exactly a: integer"),
    ],
    ids=repr,
)
def test_rules_about_columns_say_what_they_expect(rule: SchemaRule, expected: str) -> None:
    assert rule.expectation() == expected


@pytest.mark.parametrize("cls", [ColumnsSet, ColumnsOrdered])
@pytest.mark.parametrize(
    ("written", "message"),
    [
        ([], "columns must name at least one column"),
        (None, "columns must be text or a list of texts, not None"),
        ([1], "columns must hold texts, not 1"),
        (["a", "a"], "columns names 'a' twice"),
        ({"a": "int"}, "columns must be text or a list of texts, not {'a': 'int'}"),
    ],
)
def test_wrong_names_are_refused(cls: type[ColumnsSet], written: object, message: str) -> None:
    with pytest.raises(InvalidRule) as caught:
        cls(columns=written)
    assert (caught.value.key, str(caught.value)) == ("columns", message)


@pytest.mark.parametrize("exact", [None, "yes", 1])
def test_exact_is_yes_or_no(exact: object) -> None:
    with pytest.raises(InvalidRule, match="exact must be true or false, not "):
        ColumnsSet(columns=["a"], exact=exact)
    with pytest.raises(InvalidRule, match="exact must be true or false, not ") as caught:
        TableSchema(schema={"a": "int"}, exact=exact)
    assert caught.value.key == "exact"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (None, "schema must map columns to types, not None"),
        ({}, "schema must map columns to types, not {}"),
        ([], "schema must map columns to types, not []"),
        ("int", "schema must map columns to types, not 'int'"),
        (["a"], "schema must map columns to types, and holds 'a'"),
        ([["a"]], "schema must map columns to types, and holds ['a']"),
        ([["a", "int", "str"]], "schema must map columns to types, and holds ['a', 'int', 'str']"),
        ({1: "int"}, "schema must map columns to types, and holds (1, 'int')"),
        ({"a": None}, "column 'a': dtype must be text or a list of texts, not None"),
        ({"a": []}, "column 'a': dtype must name at least one type"),
        ({"a": "integr"}, "column 'a': unknown type 'integr'; did you mean 'integer'?"),
        ([["a", "int"], ["a", "str"]], "schema names 'a' twice"),
    ],
)
def test_a_wrong_schema_is_refused(written: object, message: str) -> None:
    with pytest.raises(InvalidRule) as caught:
        TableSchema(schema=written)
    assert (caught.value.key, str(caught.value)) == ("schema", message)


def test_the_order_of_columns_has_a_meaning_only_where_it_is_the_rule() -> None:
    ab, ba = ["a", "b"], ["b", "a"]
    assert fingerprint(ColumnsOrdered(columns=ab)) != fingerprint(ColumnsOrdered(columns=ba))
    assert fingerprint(ColumnsSet(columns=ab)) == fingerprint(ColumnsSet(columns=ba))
    one, other = {"a": ["int", "str"], "b": "date"}, {"b": "date", "a": ["str", "int"]}
    assert fingerprint(TableSchema(schema=one)) == fingerprint(TableSchema(schema=other))


@pytest.mark.parametrize("rule", [ColumnCount, ColumnsSet, ColumnsOrdered, TableSchema, RowCount])
@pytest.mark.parametrize("option", ["mostly", "nulls"])
def test_rules_about_tables_have_no_rows(rule: type[SchemaRule], option: str) -> None:
    needed: dict[type[SchemaRule], dict[str, Any]] = {
        ColumnsSet: {"columns": ["a"]},
        ColumnsOrdered: {"columns": ["a"]},
        TableSchema: {"schema": {"a": "int"}},
    }
    given = needed.get(rule, {"min": 1})
    with pytest.raises(InvalidRule, match=f"{option} has no meaning for {rule.type}") as caught:
        rule(**given, **{"mostly": 0.5} if option == "mostly" else {"nulls": "fail"})
    assert caught.value.key == option
