"""Times that Python does not have are read, written and put in order like those that it has."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veriport.domain.rules.aggregates import Aggregate
from veriport.domain.rules.eras import age_of, day_text, instant_of, iso_text, time_text
from veriport.domain.rules.reading import read_rules
from veriport.domain.rules.scalars import in_order

_EPOCH = date(1970, 1, 1)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("20240-01-01", "20240-01-01"),
        ("+20240-01-01 10:00:00", "20240-01-01T10:00:00"),
        ("20240-01-01 10:00:00.5+00", "20240-01-01T10:00:00.500000+00:00"),
        ("0044-03-15 (BC)", "-0043-03-15"),
        ("0044-03-15 (BC) 01:02:03+00", "-0043-03-15T01:02:03+00:00"),
        ("0044-03-15 01:02:03+00 BC", "-0043-03-15T01:02:03+00:00"),
        ("0001-12-31 BC", "0000-12-31"),
        ("-0043-03-15 01:02:03", "-0043-03-15T01:02:03"),
        ("infinity", "infinity"),
        ("24:00:00", "24:00:00"),
        ("20240-02-30", "20240-02-30"),  # no day, so it is some text
        ("20240-01-01 25:00:00", "20240-01-01 25:00:00"),
    ],
)
def test_what_databases_write_is_shown_in_one_form(written: str, shown: str) -> None:
    assert iso_text(written) == shown


_IN_ORDER = [
    "-infinity", "-290308-12-21", "-0043-03-15", "-0043-03-15T00:00:01", "0000-12-31", "0001-01-01", "2024-01-01",
    "9999-12-31T23:59:59", "10000-01-01", "20240-01-01T00:00:00", "20240-01-01T00:00:00.000001", "29349-01-27",
    "292277-01-09", "infinity",
]  # fmt: skip


@given(places=st.tuples(*[st.integers(0, len(_IN_ORDER) - 1)] * 2))
def test_times_of_all_eras_are_in_order(places: tuple[int, int]) -> None:
    low, high = (_IN_ORDER[place] for place in places)
    assert in_order(low, high) is (places[0] <= places[1])


def test_times_with_and_without_a_zone_do_not_compare() -> None:
    assert in_order("2024-01-01", "20240-01-01T00:00:00+00:00") is None
    assert in_order("2024-01-01T00:00:00+00:00", "20240-01-01T00:00:00+00:00") is True
    assert in_order("2024-01-01T00:00:00+00:00", "infinity") is True


def test_texts_that_are_no_times_are_in_the_order_of_texts() -> None:
    assert in_order("20240-99-99", "3000-01-01") is True
    assert in_order("20240-01-01", "b") is True
    assert in_order("infinity", "b") is False


@given(when=st.datetimes())
def test_times_that_python_has_are_written_as_python_does(when: datetime) -> None:
    microseconds = (when - datetime(1970, 1, 1)) // timedelta(microseconds=1)  # a local one
    assert time_text(microseconds, zoned=False) == when.isoformat()
    assert time_text(microseconds, zoned=True) == when.replace(tzinfo=UTC).isoformat()
    assert day_text((when.date() - _EPOCH).days) == when.date().isoformat()


@given(microseconds=st.integers(-(2**63) * 1000, 2**63 * 1000), zoned=st.booleans())
def test_what_is_written_is_read(microseconds: int, *, zoned: bool) -> None:
    found = instant_of(time_text(microseconds, zoned=zoned))
    assert found is not None
    assert (found.seconds * 1_000_000, found.zoned) == (microseconds, zoned)


@given(days=st.integers(-(2**31), 2**31 - 1))
def test_days_are_read_as_they_are_written(days: int) -> None:
    found = instant_of(day_text(days))
    assert found is not None
    assert found.seconds == days * 86_400


@pytest.mark.parametrize(
    ("of", "bound", "observed", "holds"),
    [
        ("max", {"max": "2030-01-01"}, "20240-01-01", False),
        ("max", {"min": "2030-01-01"}, "20240-01-01", True),
        ("min", {"min": "0001-01-01"}, "-0043-03-15", False),
        ("min", {"max": "0001-01-01"}, "-0043-03-15", True),
        ("max", {"max": "2030-01-01"}, "infinity", False),
        ("max", {"max": "2030-01-01T00:00:00+00:00"}, "20240-01-01T00:00:00+00:00", False),
    ],
)
def test_an_observed_time_of_any_era_is_compared_as_a_time(
    of: str, bound: dict[str, str], observed: str, *, holds: bool
) -> None:
    (rule,) = read_rules([{"column": "d", "type": "aggregate", "of": of, **bound}]).unwrap()
    assert isinstance(rule, Aggregate)
    assert rule.accepts(observed) is holds


def test_ages_of_any_era() -> None:
    now = datetime(2024, 1, 2, tzinfo=UTC)
    day = 86_400.0
    assert age_of(date(2024, 1, 1), now) == day
    assert age_of(datetime(2024, 1, 1), now) == day  # read as UTC
    assert age_of(datetime(2024, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), now) == day
    assert age_of("12024-01-02", now) == -day * 25 * 146_097
    assert age_of("-0376-01-02T00:00:00+00:00", now) == day * 6 * 146_097
    for ageless in ("infinity", "-infinity", "24:00:00"):
        with pytest.raises(ValueError, match="has no age"):
            age_of(ageless, now)
