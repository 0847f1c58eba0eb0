"""Names of types mean the same whoever writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veriport.domain.types import (
    GROUPS,
    DataType,
    Family,
    is_of_type,
    known_types,
    type_hint,
    type_named,
)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("int64", "int64"),
        ("Int64", "int64"),
        (" i64 ", "int64"),
        ("u8", "uint8"),
        ("bigint", "int64"),
        ("int", "integer"),
        ("double", "float64"),
        ("str", "string"),
        ("object", "string"),
        ("bool", "boolean"),
        ("timestamp", "datetime"),
        ("datetime64[ns]", "datetime"),
        ("timedelta64[us]", "duration"),
        ("number", "numeric"),
        ("category", "categorical"),
        ("decimal(10,2)", "decimal(10, 2)"),
        ("Decimal( 10 , 2 )", "decimal(10, 2)"),
        ("datetime(us)", "datetime(us)"),
        ("datetime(us,Europe/Paris)", "datetime(us, Europe/Paris)"),
        ("timestamp(ms, UTC)", "datetime(ms, UTC)"),
        ("duration(ns)", "duration(ns)"),
        ("list(i64)", "list(int64)"),
        ("array(list(str))", "list(list(string))"),
    ],
)
def test_other_names_become_canonical(written: str, canonical: str) -> None:
    assert type_named(written) == canonical


@pytest.mark.parametrize(
    "written",
    [
        "", "(", "integr", "varchar(20)", "int64(5)", "numeric(10,2)", "decimal(10", "decimal(10)",
        "decimal(a,b)", "datetime(hours)", "list()", "list(foo)", "list(int64", "int64)",
    ],
)  # fmt: skip
def test_what_no_column_can_be_is_unknown(written: str) -> None:
    assert type_named(written) is None


@pytest.mark.parametrize("name", known_types())
def test_a_canonical_name_stays(name: str) -> None:
    canonical = type_named(name)
    assert canonical is not None
    assert type_named(canonical) == canonical


@given(st.text())
def test_any_text_is_read_or_unknown(text: str) -> None:
    canonical = type_named(text)
    assert canonical is None or type_named(canonical) == canonical


def test_the_hint_names_the_nearest_type() -> None:
    assert type_hint("integr") == "; did you mean 'integer'?"


@pytest.mark.parametrize(
    ("dtype", "wanted"),
    [
        (DataType(Family.INTEGER, "int32"), "int32"),
        (DataType(Family.INTEGER, "uint8"), "integer"),
        (DataType(Family.INTEGER, "uint8"), "numeric"),
        (DataType(Family.DECIMAL, "decimal(10, 2)"), "numeric"),
        (DataType(Family.DECIMAL, "decimal(10, 2)"), "decimal(10, 2)"),
        (DataType(Family.CATEGORICAL, "categorical"), "string"),
        (DataType(Family.DATETIME, "datetime(us, UTC)"), "datetime"),
        (DataType(Family.DATETIME, "datetime(us, UTC)"), "temporal"),
        (DataType(Family.LIST, "list(int64)"), "list"),
        (DataType(Family.LIST, "list(int64)"), "nested"),
        (DataType(Family.LIST, "list(int64)"), "list(integer)"),
        (DataType(Family.LIST, "list(list(int64))"), "list(list(numeric))"),
        (DataType(Family.LIST, "list(decimal(10, 2))"), "list(decimal)"),
    ],
)
def test_a_column_is_of_its_type_its_family_and_its_groups(dtype: DataType, wanted: str) -> None:
    assert is_of_type(dtype, wanted)


@pytest.mark.parametrize(
    ("dtype", "wanted"),
    [
        (DataType(Family.INTEGER, "int32"), "int64"),
        (DataType(Family.INTEGER, "int32"), "float"),
        (DataType(Family.STRING, "string"), "categorical"),
        (DataType(Family.DATETIME, "datetime(us)"), "datetime(us, UTC)"),
        (DataType(Family.DATETIME, "datetime(us)"), "date"),
        (DataType(Family.LIST, "list(string)"), "list(integer)"),
        (DataType(Family.LIST, "list(string)"), "string"),
        (DataType(Family.STRING, "string"), "list(string)"),
    ],
)
def test_a_column_is_of_no_other_type(dtype: DataType, wanted: str) -> None:
    assert not is_of_type(dtype, wanted)


@pytest.mark.parametrize("family", Family)
def test_every_family_is_a_group(family: Family) -> None:
    assert family in GROUPS[family.value]


@pytest.mark.parametrize(
    ("dtype", "zoned"),
    [
        (DataType(Family.DATETIME, "datetime(us, UTC)"), True),
        (DataType(Family.DATETIME, "datetime(us)"), False),
        (DataType(Family.DECIMAL, "decimal(10, 2)"), False),
    ],
)
def test_only_a_time_with_a_zone_is_zoned(dtype: DataType, zoned: bool) -> None:
    assert dtype.zoned is zoned
