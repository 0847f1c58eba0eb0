"""Times and spans that Python does not have are judged and shown by the Polars engine like all others."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import veriport
from veriport.adapters.engines.polars.answers import told
from veriport.domain.results import CheckResult, RuleStatus

NEAR, FAR, EARLY = 19_723, 10**7, -(10**6)  # days
SHOWN = {NEAR: "2024-01-01", FAR: "29349-01-26", EARLY: "-0768-02-04"}
_PER_DAY = 86_400_000
FRAME = pl.DataFrame(
    {
        "id": [1, 2, 3],
        "d": pl.Series([NEAR, FAR, EARLY], dtype=pl.Int32).cast(pl.Date),
        "t": pl.Series([day * _PER_DAY for day in SHOWN], dtype=pl.Int64).cast(pl.Datetime("ms")),
        "z": pl.Series([day * _PER_DAY for day in SHOWN], dtype=pl.Int64).cast(pl.Datetime("ms", "UTC")),
    }
)
#: What stands behind a day in a time of each column.
TAILS = {"d": "", "t": "T00:00:00", "z": "T00:00:00+00:00"}
RULES: list[tuple[dict[str, Any], list[int], object]] = [
    # rule, days that break it, what is observed
    ({"type": "not_future"}, [FAR], None),
    ({"type": "not_past"}, [NEAR, EARLY], None),
    ({"type": "in_range", "min": "2024-01-01"}, [EARLY], None),
    ({"type": "in_range", "max": "2024-01-01"}, [FAR], None),
    ({"type": "in_set", "values": ["2024-01-01"]}, [FAR, EARLY], None),
    ({"type": "null"}, [NEAR, FAR, EARLY], None),
    ({"type": "monotonic"}, [EARLY], None),
    ({"type": "distinct_set", "values": ["2024-01-01"]}, [EARLY, FAR], 2),
    ({"type": "mode_in_set", "values": ["2024-01-01"]}, [], EARLY),
    ({"type": "aggregate", "of": "max", "max": "2030-01-01"}, [], FAR),
    ({"type": "aggregate", "of": "min", "min": "2000-01-01"}, [], EARLY),
]


def check(rules: list[dict[str, Any]], **options: Any) -> CheckResult:  # noqa: ANN401  # those of check
    return veriport.check(FRAME, rules, **options)


def in_column(column: str, rule: dict[str, Any]) -> dict[str, Any]:
    """The rule about a column, with the times that it has written as times of the column."""
    tail = TAILS[column]
    written = {
        key: [f"{each}{tail}" for each in value] if key == "values" else f"{value}{tail}"
        for key, value in rule.items()
        if key in {"min", "max", "values"}
    }
    return {**rule, **written, "column": column}


@pytest.mark.parametrize("column", TAILS)
@pytest.mark.parametrize(("rule", "failing", "observed"), RULES, ids=lambda rule: str(rule)[:40])
def test_a_rule_about_far_times(
    column: str, rule: dict[str, Any], failing: list[int], observed: object, capfd: pytest.CaptureFixture[str]
) -> None:
    others = [{"column": "id", "type": "not_null"}]
    result, other = check([in_column(column, rule), *others], key=["id", column]).rules
    assert (result.status, other.status) == (RuleStatus.FAILED, RuleStatus.PASSED)
    tail = TAILS[column]
    assert [sample.values[column] for sample in result.samples] == [f"{SHOWN[day]}{tail}" for day in failing]
    wanted = f"{SHOWN[observed]}{tail}" if isinstance(observed, int) and observed in SHOWN else observed
    assert result.observed == wanted
    assert not capfd.readouterr().err  # Polars panics there


@pytest.mark.parametrize("column", TAILS)
def test_far_times_pass_what_they_keep(column: str) -> None:
    kept = [
        {"type": "aggregate", "of": "max", "min": "2030-01-01"},
        {"type": "aggregate", "of": "min", "max": "2000-01-01"},
        {"type": "not_null"},
        {"type": "unique"},
        {"type": "freshness", "max_age": "1d"},
    ]
    result = check([in_column(column, rule) for rule in kept])
    assert {each.status for each in result.rules} == {RuleStatus.PASSED}


def test_an_old_newest_time_has_its_age() -> None:
    early = FRAME.filter(pl.col("id") == 3)
    rule = {"column": "t", "type": "freshness", "max_age": "1d"}
    (result,) = veriport.check(early, [rule]).rules
    assert result.status is RuleStatus.FAILED
    assert isinstance(result.observed, float)
    assert result.observed > -EARLY * 86_400
    assert "the newest value is -0768-02-04T00:00:00" in result.message


def test_far_times_in_a_key_alone() -> None:
    (result,) = check([{"column": "id", "type": "in_range", "min": 3}], key=["d", "z"]).rules
    assert [dict(sample.key) for sample in result.samples] == [
        {"d": "2024-01-01", "z": "2024-01-01T00:00:00+00:00"},
        {"d": "29349-01-26", "z": "29349-01-26T00:00:00+00:00"},
    ]


def test_far_spans_are_seconds() -> None:
    spans = pl.DataFrame({"u": pl.Series([0, 2**62], dtype=pl.Int64).cast(pl.Duration("ms"))})
    rules = [
        {"column": "u", "type": "aggregate", "of": "max", "max": 5},
        {"column": "u", "type": "in_range", "max": 5},
    ]
    most, each = veriport.check(spans, rules).rules
    assert (most.status, most.observed) == (RuleStatus.FAILED, 2**62 / 1000)
    assert [sample.values["u"] for sample in each.samples] == ["4611686018427387.904"]


def test_far_times_in_columns_whose_names_look_like_patterns() -> None:
    frame = FRAME.select(pl.col("d").alias("^d.*$"), pl.struct("d").alias("^s.*$"))
    rules = [{"column": name, "type": "null"} for name in frame.columns]
    days, structs = veriport.check(frame, rules).rules
    assert [sample.values["^d.*$"] for sample in days.samples] == list(SHOWN.values())
    assert [sample.values["^s.*$"] for sample in structs.samples] == [{"d": day} for day in SHOWN.values()]


def test_far_times_inside_lists_and_structs() -> None:
    days = pl.Series([NEAR, FAR], dtype=pl.Int32).cast(pl.Date)
    nested = pl.DataFrame(
        {
            "l": pl.Series([days, None]),
            "s": pl.Series([{"l": days}, None], dtype=pl.Struct({"l": pl.List(pl.Date)})),
        }
    )
    rules = [{"column": "l", "type": "null"}, {"column": "s", "type": "null"}]
    lists, structs = veriport.check(nested, rules).rules
    shown = [SHOWN[NEAR], SHOWN[FAR]]
    assert [dict(sample.values) for sample in lists.samples] == [{"l": shown}]
    assert [dict(sample.values) for sample in structs.samples] == [{"s": {"l": shown}}]


_TYPES = [
    pl.Date(), pl.Time(), *(pl.Datetime(unit, zone) for unit in ("ms", "us", "ns") for zone in (None, "Asia/Tokyo")),
    *(pl.Duration(unit) for unit in ("ms", "us", "ns")), pl.Struct({"x": pl.Date()}), pl.Array(pl.Date(), 1),
]  # fmt: skip


@given(dtype=st.sampled_from(_TYPES), data=st.data())
def test_what_python_has_is_told_as_polars_tells_it(dtype: pl.DataType, data: st.DataObject) -> None:
    near = {
        pl.Date: st.dates(),
        pl.Time: st.times(),
        pl.Datetime: st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)),  # Polars' zone
        pl.Duration: st.timedeltas(dt.timedelta(days=-(10**5)), dt.timedelta(days=10**5)),
        pl.Struct: st.fixed_dictionaries({"x": st.none() | st.dates()}),
        pl.Array: st.lists(st.dates(), min_size=1, max_size=1),
    }[type(dtype)]
    values = data.draw(st.lists(st.none() | near, max_size=4))
    series = pl.Series(values, dtype=pl.Datetime("us") if isinstance(dtype, pl.Datetime) else dtype)
    if isinstance(dtype, pl.Datetime):
        series = series.dt.cast_time_unit(dtype.time_unit).dt.replace_time_zone(dtype.time_zone)
    assert told(series) == series.to_list()


@given(days=st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=5))
def test_any_day_is_judged_by_its_place(days: list[int]) -> None:
    frame = pl.DataFrame({"d": pl.Series(days, dtype=pl.Int32).cast(pl.Date)})
    rules = [
        {"column": "d", "type": "in_range", "max": "2024-01-01"},
        {"column": "d", "type": "aggregate", "of": "max", "max": "2024-01-01"},
        {"column": "d", "type": "aggregate", "of": "min", "min": "2024-01-01"},
    ]
    each, most, least = veriport.check(frame, rules).rules
    assert each.failed_count == sum(day > NEAR for day in days)
    assert (most.passed, least.passed) == (max(days) <= NEAR, min(days) >= NEAR)
