"""The plain values of rules: what is taken, what is refused, and what fits a column."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from veriport.domain.errors import InvalidRule
from veriport.domain.rules.scalars import in_order, mismatch, moment, number, plain, scalar
from veriport.domain.types import Column, DataType, Family


class Colour(str, Enum):  # noqa: UP042  # the older kind prints as Colour.RED
    RED = "red"


class Text(str):  # noqa: SLOT000  # what a YAML library gives
    def __str__(self) -> str:
        return "something else"


@pytest.mark.parametrize(
    ("value", "plainly"),
    [
        (True, True),
        (5, 5),
        (5.5, 5.5),
        ("a", "a"),
        ("", ""),
        (Text("a"), "a"),
        (Colour.RED, "red"),
        (Decimal("0.1"), 0.1),
        (Decimal(5), 5),
        (Decimal("5.00"), 5),
        (Fraction(1, 4), 0.25),
        (np.int64(5), 5),
        (np.float64(0.5), 0.5),
        (np.float32(0.5), 0.5),
        (np.str_("a"), "a"),
        (2**127 - 1, 2**127 - 1),
        (date(2024, 1, 2), "2024-01-02"),
        (datetime(2024, 1, 2, 3), "2024-01-02T03:00:00"),  # a bound may have no zone
        (datetime(2024, 1, 2, tzinfo=UTC), "2024-01-02T00:00:00+00:00"),
        (time(3, 4), "03:04:00"),
        (pd.Timestamp("2024-01-02"), "2024-01-02T00:00:00"),
    ],
)
def test_what_can_be_compared_becomes_plain(value: object, plainly: object) -> None:
    read = scalar("min", value)
    assert (read, type(read)) == (plainly, type(plainly))


@pytest.mark.parametrize(
    "value",
    [
        b"a", [], [1], {}, {"a": 1}, {1}, (1,), object(), 1j, timedelta(1), np.bool_(1),
        np.datetime64("2024-01-01"), np.timedelta64(1, "D"), np.array([1]), pd.NA, float("nan"), float("inf"),
        float("-inf"), Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), 2**127, -(2**127),
        Fraction(10) ** 400,
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_anything_else_is_refused_by_name(value: object) -> None:
    with pytest.raises(InvalidRule, match=r"^min must be ") as caught:
        scalar("min", value)
    assert caught.value.key == "min"


@pytest.mark.parametrize("value", [10**5000, Decimal("1E+5000")], ids=["int", "Decimal"])
def test_a_number_too_long_to_print_is_refused(value: object) -> None:
    with pytest.raises(InvalidRule, match=r"^min must be a finite number, not "):
        scalar("min", value)


def test_null_is_refused_with_advice() -> None:
    with pytest.raises(
        InvalidRule, match=r"min is null; a null is not a value to compare with \(see the option nulls\)"
    ):
        scalar("min", None)


def test_the_null_of_pandas_is_no_time() -> None:
    with pytest.raises(InvalidRule, match="min is not a time"):
        scalar("min", pd.NaT)


def test_a_decimal_that_a_float_cannot_carry_is_refused() -> None:
    with pytest.raises(
        InvalidRule, match=r"min has more digits than a float carries: Decimal\('0.1000000000000000001'\)"
    ):
        scalar("min", Decimal("0.1000000000000000001"))


@pytest.mark.parametrize("value", [True, "5", None, [], "inf"])
def test_only_numbers_are_numbers(value: object) -> None:
    with pytest.raises(InvalidRule, match="mostly must be a share, not "):
        number("mostly", value, expected="a share")


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=2))
def test_a_decimal_is_exact_or_refused(value: Decimal) -> None:
    try:
        read = number("min", value)
    except InvalidRule:
        return
    assert Decimal(str(read)) == value


# --- times ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "text", "meant"),
    [
        (Family.DATE, "2024-01-02", date(2024, 1, 2)),
        (Family.DATE, "2024-01-02T00:00:00", date(2024, 1, 2)),
        (Family.DATE, "2024-01-02T10:00:00", None),
        (Family.DATE, "2024-01-02T00:00:00Z", None),
        (Family.DATE, "2024-13-02", None),
        (Family.DATETIME, "2024-01-02", datetime(2024, 1, 2)),  # as written
        (Family.DATETIME, "2024-01-02T03:04:05Z", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (Family.DATETIME, "soon", None),
        (Family.TIME, "03:04", time(3, 4)),
        (Family.TIME, "2024-01-02", None),
        (Family.INTEGER, "2024", None),
    ],
)
def test_a_text_means_a_time_for_a_column_of_times(family: Family, text: str, meant: object) -> None:
    assert moment(family, text) == meant


@pytest.mark.parametrize(
    ("low", "high", "ordered"),
    [
        (1, 2, True), (2, 1, False), (1, 1.0, True), (1, 1.5, True), ("a", "b", True), ("b", "a", False),
        ("2024-01-02", "2024-01-02T01:00", True), ("2024-01-02T01:00", "2024-01-02", False),
        ("2024-01-02T00:00+01:00", "2024-01-02T00:00Z", True), ("2024-01-02", "2024-01-02T00:00Z", None),
        ("10:00", "11:00", True), ("11:00", "10:00", False),
        (1, "2", None), ("1", 2, None), (True, 2, None), (1, None, None), (2**126, 1e300, True),
    ],
)  # fmt: skip
def test_ends_of_one_kind_have_an_order(low: object, high: object, ordered: bool | None) -> None:
    assert in_order(low, high) is ordered  # type: ignore[arg-type]  # scalars all


# --- columns --------------------------------------------------------------------------------------


def _column(family: Family, name: str = "", *, untyped: bool = False) -> Column:
    return Column("c", DataType(family, name or family.value), untyped=untyped)


_ZONED = _column(Family.DATETIME, "datetime(us, UTC)")
_UNTYPED = _column(Family.STRING, untyped=True)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (_column(Family.INTEGER), 5), (_column(Family.INTEGER), 5.5), (_column(Family.FLOAT), 5),
        (_column(Family.DECIMAL), 0.1), (_column(Family.DURATION), 5), (_UNTYPED, 5), (_UNTYPED, "a"),
        (_column(Family.STRING), "5"), (_column(Family.CATEGORICAL), "a"), (_column(Family.BOOLEAN), True),
        (_column(Family.DATE), "2024-01-02"), (_column(Family.DATETIME), "2024-01-02"),
        (_ZONED, "2024-01-02T00:00Z"), (_column(Family.TIME), "10:00"),
        (_column(Family.NULL), 5), (_column(Family.NULL), "a"), (_column(Family.NULL), False),
    ],
)  # fmt: skip
def test_a_value_fits_a_column_of_its_kind(column: Column, value: bool | float | str) -> None:
    assert mismatch(column, value) is None


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        (_column(Family.STRING), 5, "column 'c' is string and cannot be compared with 5"),
        (_column(Family.INTEGER), "5", "column 'c' is integer and cannot be compared with the text '5'"),
        (_column(Family.INTEGER), True, "column 'c' is integer and cannot be compared with True"),
        (_column(Family.BOOLEAN), 1, "column 'c' is boolean and cannot be compared with 1"),
        (
            _column(Family.BOOLEAN),
            "true",
            "column 'c' is boolean and cannot be compared with the text 'true'",
        ),
        (_column(Family.DATE), 20240102, "column 'c' is date and cannot be compared with 20240102"),
        (_column(Family.DATE), "soon", "column 'c' is date and cannot be compared with the text 'soon'"),
        (_column(Family.LIST), "a", "column 'c' is list and cannot be compared with the text 'a'"),
        (
            _column(Family.DATETIME, "datetime(us)"),
            "2024-01-02T00:00Z",
            "'2024-01-02T00:00Z' has a time zone and column 'c' (datetime(us)) has no time zone",
        ),
        (
            _ZONED,
            "2024-01-02",
            "'2024-01-02' has no time zone and column 'c' (datetime(us, UTC)) has a time zone",
        ),
    ],
)
def test_a_value_of_another_kind_does_not_fit(column: Column, value: bool | float | str, why: str) -> None:
    assert mismatch(column, value) == why


# --- plain data -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "plainly"),
    [
        (None, None), (True, True), (1, 1), (1.5, 1.5), ("a", "a"),
        (float("nan"), "nan"), (float("inf"), "inf"), (Decimal("0.10"), "0.10"),
        (date(2024, 1, 2), "2024-01-02"), (time(1), "01:00:00"), (b"\x00\xff", "00ff"),
        ([1, b"\x01"], [1, "01"]), ((1, 2), [1, 2]), ({1: date(2024, 1, 2)}, {"1": "2024-01-02"}),
        (timedelta(days=1), "1 day, 0:00:00"),
    ],
)  # fmt: skip
def test_values_of_frames_become_what_json_carries(value: object, plainly: object) -> None:
    assert plain(value) == plainly
