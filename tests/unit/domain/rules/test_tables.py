"""Rules about a table as a whole."""

from __future__ import annotations

from typing import Any

import pytest

from veriport.domain.errors import InvalidRule
from veriport.domain.rules.scalars import Scalar
from veriport.domain.rules.tables import ColumnExists, DType, RowCount
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
    ],
)
def test_a_wrong_count_is_refused(parameters: dict[str, Any], key: str, message: str) -> None:
    with pytest.raises(InvalidRule) as caught:
        RowCount(**parameters)
    assert (caught.value.key, str(caught.value)) == (key, message)


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
