"""Times that Python does not have, and values that no client has, are judged and shown by databases.

A rule whose failing rows cannot be shown keeps its verdict.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

import veriport
from tests.databases import Postgres, Spark
from veriport.domain.results import CheckResult, RuleStatus
from veriport.ports.errors import DataError

#: Columns of a date, a time without a zone and an instant, as each database writes their values.
COLUMNS = "id, d, t, z"
ROWS = {
    "duckdb": (
        "(1, DATE '2024-01-01', TIMESTAMP '2024-01-01 00:00:00', TIMESTAMPTZ '2024-01-01 00:00:00+00')",
        "(2, DATE '20240-01-01', TIMESTAMP '20240-01-01 10:00:00.5', TIMESTAMPTZ '20240-01-01 10:00:00+00')",
        "(3, DATE '0044-03-15 (BC)', TIMESTAMP '0044-03-15 (BC) 01:02:03', TIMESTAMPTZ '0044-03-15 (BC) 01:02:03+00')",
    ),
    "postgres": (
        "(1, DATE '2024-01-01', TIMESTAMP '2024-01-01 00:00:00', TIMESTAMPTZ '2024-01-01 00:00:00+00')",
        "(2, DATE '20240-01-01', TIMESTAMP '20240-01-01 10:00:00.5', TIMESTAMPTZ '20240-01-01 10:00:00+00')",
        "(3, DATE '0044-03-15 BC', TIMESTAMP '0044-03-15 01:02:03 BC', TIMESTAMPTZ '0044-03-15 01:02:03+00 BC')",
    ),
    "spark": (
        "(1, DATE '2024-01-01', TIMESTAMP_NTZ '2024-01-01 00:00:00', TIMESTAMP '2024-01-01 00:00:00+00:00')",
        "(2, CAST('+20240-01-01' AS DATE), CAST('+20240-01-01 10:00:00.5' AS TIMESTAMP_NTZ), CAST('+20240-01-01 10:00:00Z' AS TIMESTAMP))",
        "(3, CAST('-0043-03-15' AS DATE), CAST('-0043-03-15 01:02:03' AS TIMESTAMP_NTZ), CAST('-0043-03-15 01:02:03Z' AS TIMESTAMP))",
    ),
}  # fmt: skip
SHOWN = {
    "d": ("2024-01-01", "20240-01-01", "-0043-03-15"),
    "t": ("2024-01-01T00:00:00", "20240-01-01T10:00:00.500000", "-0043-03-15T01:02:03"),
    "z": ("2024-01-01T00:00:00+00:00", "20240-01-01T10:00:00+00:00", "-0043-03-15T01:02:03+00:00"),
}
#: A rule about a time, with the time of the first row for its bound; its verdict, what fails, what is observed.
RULES: list[tuple[dict[str, Any], bool, set[int], int | None]] = [
    ({"type": "not_future"}, False, {2}, None),
    ({"type": "in_range", "max": 1}, False, {2}, None),
    ({"type": "in_range", "min": 1}, False, {3}, None),
    ({"type": "in_set", "values": [1]}, False, {2, 3}, None),
    ({"type": "null"}, False, {1, 2, 3}, None),
    ({"type": "unique"}, True, set(), None),
    ({"type": "distinct_set", "values": [1]}, False, {2, 3}, None),
    ({"type": "mode_in_set", "values": [1]}, False, set(), 3),
    ({"type": "aggregate", "of": "max", "max": 1}, False, set(), 2),
    ({"type": "aggregate", "of": "max", "min": 1}, True, set(), 2),
    ({"type": "aggregate", "of": "min", "min": 1}, False, set(), 3),
    ({"type": "aggregate", "of": "min", "max": 1}, True, set(), 3),
    ({"type": "freshness", "max_age": "1d"}, True, set(), None),
]

Made = Callable[[str], object]


def _written(rule: dict[str, Any], column: str) -> dict[str, Any]:
    bound = SHOWN[column][0]
    times = {key: bound for key in ("min", "max") if key in rule} | (
        {"values": [bound]} if "values" in rule else {}
    )
    return {**rule, **times, "column": column}


def check(data: object, *rules: dict[str, Any], **options: Any) -> CheckResult:  # noqa: ANN401  # those of check
    return veriport.check(data, list(rules), **options)


@pytest.fixture
def made_by_duckdb(tmp_path: Path) -> Made:
    def made(query: str) -> str:
        path = tmp_path / "far.db"
        with duckdb.connect(str(path)) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"CREATE OR REPLACE TABLE far AS {query}")
        return f"duckdb://{path}?table=far"

    return made


@pytest.fixture
def made_by_postgres(postgresql_tables: Postgres) -> Made:
    def made(query: str) -> str:
        schema = postgresql_tables.schema
        postgresql_tables.connection.execute(f'DROP TABLE IF EXISTS "{schema}".far')
        postgresql_tables.connection.execute(f'CREATE TABLE "{schema}".far AS {query}')
        return postgresql_tables.address("far")

    return made


@pytest.fixture
def made_by_spark(spark_tables: Spark) -> Made:
    def made(query: str) -> object:
        return spark_tables.session.sql(query)

    return made


@pytest.fixture(params=["duckdb", "postgres", "spark"])
def far(request: pytest.FixtureRequest) -> object:
    """The rows in a database."""
    query = f"SELECT * FROM (VALUES {', '.join(ROWS[request.param])}) AS v({COLUMNS})"  # noqa: S608  # ours
    return request.getfixturevalue(f"made_by_{request.param}")(query)


@pytest.mark.parametrize("column", SHOWN)
def test_far_times_are_judged_and_shown(far: object, column: str) -> None:
    result = check(far, *(_written(rule, column) for rule, *_ in RULES), key=["id"])
    assert not result.notes
    for (rule, passes, failing, observed), found in zip(RULES, result.rules, strict=True):
        assert found.status is (RuleStatus.PASSED if passes else RuleStatus.FAILED), (rule, found.message)
        shown = {sample.values[column] for sample in found.samples}
        assert shown == {SHOWN[column][row - 1] for row in failing}, rule
        if observed is not None:
            assert found.observed == SHOWN[column][observed - 1], rule


def test_what_does_not_occur_is_shown_from_the_least(far: object) -> None:
    rule = _written({"type": "distinct_set", "values": [1]}, "d")
    (result,) = check(far, rule, samples=1).rules
    assert [sample.values["d"] for sample in result.samples] == ["-0043-03-15"]


def test_far_times_in_a_key_alone(far: object) -> None:
    (result,) = check(far, {"column": "id", "type": "in_set", "values": [1, 3]}, key=["d", "t", "z"]).rules
    assert [dict(sample.key) for sample in result.samples] == [{name: SHOWN[name][1] for name in SHOWN}]


@pytest.mark.parametrize("made", ["duckdb", "postgres"])
@pytest.mark.parametrize(("of", "kind"), [("DATE", "d"), ("TIMESTAMP", "t"), ("TIMESTAMPTZ", "z")])
def test_infinity_is_after_all_times(request: pytest.FixtureRequest, made: str, of: str, kind: str) -> None:
    data = request.getfixturevalue(f"made_by_{made}")(f"SELECT {of} 'infinity' AS {kind}")
    rules: list[dict[str, Any]] = [
        {"type": "not_future"},
        {"type": "aggregate", "of": "max", "max": 1},
        {"type": "freshness", "max_age": "1d"},
    ]
    later, most, age = check(data, *(_written(rule, kind) for rule in rules)).rules
    assert [sample.values[kind] for sample in later.samples] == ["infinity"]
    assert (most.status, most.observed) == (RuleStatus.FAILED, "infinity")
    assert (age.status, age.message) == (RuleStatus.ERROR, "the newest value is infinity, which has no age")


@pytest.mark.parametrize("made", ["duckdb", "postgres"])
def test_the_end_of_a_day(request: pytest.FixtureRequest, made: str) -> None:
    data = request.getfixturevalue(f"made_by_{made}")("SELECT TIME '24:00:00' AS u")
    rules = [{"type": "null"}, {"type": "aggregate", "of": "max", "max": "23:00:00"}]
    each, most = check(data, *({"column": "u", **rule} for rule in rules)).rules
    assert [sample.values["u"] for sample in each.samples] == ["24:00:00"]
    assert (most.status, most.observed) == (RuleStatus.FAILED, "24:00:00")


def test_frames_are_judged_and_shown_as_by_polars() -> None:
    days = pl.Series([19_723, 10**7, -(10**6)], dtype=pl.Int64)
    times = pl.Series(days * 86_400_000_000, dtype=pl.Int64)
    frame = pl.DataFrame(
        {
            "d": days.cast(pl.Int32).cast(pl.Date),
            "t": times.cast(pl.Datetime("us")),
            "z": times.cast(pl.Datetime("us", "UTC")),
            "l": pl.Series([[19_723, 10**7], None, [0]], dtype=pl.List(pl.Int32)).cast(pl.List(pl.Date)),
        }
    )
    rules = [_written(rule, column) for column in SHOWN for rule, *_ in RULES]
    polars, ibis = (
        check(frame, *rules, {"column": "l", "type": "null"}, engine=engine).rules
        for engine in ("polars", "ibis")
    )
    for mine, other in zip(polars, ibis, strict=True):
        assert (mine.status, mine.failed_count, mine.samples) == (
            other.status,
            other.failed_count,
            other.samples,
        )
        assert mine.observed == other.observed or mine.rule.type == "freshness"  # at another moment


#: What no client of Python has a value for, and how it is shown; nested values are so in the words of the database.
ODD: dict[str, dict[str, object]] = {
    "duckdb": {"[TIMESTAMPTZ '20240-01-01 10:00:00+00']": ["20240-01-01 10:00:00+00"]},
    "postgres": {"ARRAY[DATE '20240-01-01']": "{20240-01-01}"},
    "spark": {
        "INTERVAL '1-2' YEAR TO MONTH": "INTERVAL '1-2' YEAR TO MONTH",
        "array(CAST('+20240-01-01' AS DATE))": "[+20240-01-01]",
        "INTERVAL '3' DAY": "3 days, 0:00:00",
        "INTERVAL '3 04' DAY TO HOUR": "3 days, 4:00:00",
        "INTERVAL '5' HOUR": "5:00:00",
        "INTERVAL '1.5' SECOND": "0:00:01.500000",
    },
}


@pytest.mark.parametrize(
    ("made", "value", "shown"),
    [(made, value, shown) for made, values in ODD.items() for value, shown in values.items()],
)
def test_odd_values_are_shown(request: pytest.FixtureRequest, made: str, value: str, shown: object) -> None:
    data = request.getfixturevalue(f"made_by_{made}")(f"SELECT 1 AS id, {value} AS x")
    null, key, filled = check(
        data,
        {"column": "x", "type": "null"},
        {"column": "id", "type": "in_set", "values": [2]},
        {"column": "x", "type": "not_null"},
        key=["x"],
    ).rules
    assert (null.status, null.failed_count, filled.status) == (RuleStatus.FAILED, 1, RuleStatus.PASSED)
    assert [sample.values["x"] for sample in null.samples] == [shown]
    assert [sample.key["x"] for sample in key.samples] == [shown]


def test_spans_of_spark_of_any_part_are_measured(made_by_spark: Made) -> None:
    data = made_by_spark("SELECT * FROM VALUES (INTERVAL '3' DAY), (INTERVAL '4' DAY) AS v(x)")
    unique, each, most = check(
        data,
        {"column": "x", "type": "unique"},
        {"column": "x", "type": "in_range", "max": 3 * 86_400},
        {"column": "x", "type": "aggregate", "of": "max", "max": 1},
    ).rules
    assert (unique.status, each.failed_count, most.observed) == (RuleStatus.PASSED, 1, 4 * 86_400)


def test_a_rule_whose_rows_cannot_be_shown_keeps_its_verdict(made_by_duckdb: Made) -> None:
    path = str(made_by_duckdb("SELECT 1 AS id, 'a' AS secret")).replace("?table=far", "")
    refusing = "SELECT id, CASE WHEN id = 1 THEN error(secret) ELSE secret END AS x FROM far"
    rules: list[dict[str, Any]] = [
        {"column": "id", "type": "in_set", "values": [2]},
        {"column": "id", "type": "not_null"},
    ]
    result = check({"path": path, "sql": refusing}, *rules, key=["x"])
    failed, passed = result.rules
    assert (failed.status, failed.failed_count, failed.samples) == (RuleStatus.FAILED, 1, ())
    assert passed.status is RuleStatus.PASSED
    assert result.notes == ("id.in_set: the rows that break it could not be read to show them",)


@pytest.mark.parametrize(
    "infinite",
    ["TIMESTAMPTZ 'infinity'", "TIMESTAMP '-infinity'", "DATE 'infinity'", "'infinity'::TIMESTAMP_S"],
)
def test_no_infinite_time_is_written_to_a_file(made_by_duckdb: Made, tmp_path: Path, infinite: str) -> None:
    data = made_by_duckdb(f"SELECT unnest([1, 2]) AS id, unnest([{infinite}, NULL]) AS z")
    result = check(data, {"column": "id", "type": "in_set", "values": [2]})
    with pytest.raises(DataError, match=r"column 'z' .*holds infinity"):
        result.split(tmp_path / "apart")


def test_far_instants_keep_their_place_in_a_file(made_by_duckdb: Made, tmp_path: Path) -> None:
    data = made_by_duckdb("SELECT 1 AS id, TIMESTAMPTZ '20240-01-01 10:00:00+00' AS z")
    check(data, {"column": "id", "type": "in_set", "values": [2]}).split(tmp_path / "apart")
    (result,) = check(tmp_path / "apart" / "failing.parquet", {"column": "z", "type": "null"}).rules
    assert [sample.values["z"] for sample in result.samples] == ["20240-01-01T10:00:00+00:00"]
