"""Which rules a sample says something of."""

from __future__ import annotations

import pytest

from veriport.domain.measurements import Broken, Measurement, NotEvaluated
from veriport.domain.rules.reading import read_rules
from veriport.domain.sampling import estimated, told, untold

X = {"column": "x"}
UNTOLD = [
    {"type": "row_count", "min": 1},
    {"type": "row_count_match", "reference": "other.csv"},
    {**X, "type": "aggregate", "of": "sum", "min": 1},
    {**X, "type": "aggregate", "of": "null_count", "max": 1},
    {**X, "type": "aggregate", "of": "distinct_count", "min": 1},
    {**X, "type": "aggregate", "of": "distinct_ratio", "min": 1},
    {**X, "type": "distinct_set", "values": [1]},
    {**X, "type": "distinct_set", "values": [1], "relation": "superset"},
    {**X, "type": "freshness", "max_age": "1d"},
]
TOLD = [
    {**X, "type": "not_null"},
    {**X, "type": "unique"},
    {**X, "type": "monotonic"},
    {**X, "type": "aggregate", "of": "mean", "min": 1},
    {**X, "type": "aggregate", "of": "null_ratio", "max": 1},
    {**X, "type": "distinct_set", "values": [1], "relation": "subset"},
    {**X, "type": "mode_in_set", "values": [1]},
]


@pytest.mark.parametrize(
    ("rule", "told"), [*((r, False) for r in UNTOLD), *((r, True) for r in TOLD)], ids=str
)
def test_a_sample_says_nothing_of_the_whole(rule: dict[str, object], *, told: bool) -> None:
    (read,) = read_rules([rule]).unwrap()
    assert (untold(read) is None) is told


@pytest.mark.parametrize(
    ("rule", "observed", "says"),
    [
        ({"of": "max", "min": 15}, 5, False),
        ({"of": "max", "min": 15}, 15, True),
        ({"of": "max", "min": 15, "inclusive": "neither"}, 15, False),
        ({"of": "max", "min": 1, "max": 15}, 16, True),
        ({"of": "max", "min": 10, "max": 15}, 5, False),
        ({"of": "max", "max": 15}, 5, True),
        ({"of": "max", "min": 15}, "nan", True),
        ({"of": "max", "min": 15}, "-inf", False),
        ({"of": "max", "min": 15}, "inf", True),
        ({"of": "max", "min": 15}, None, True),
        ({"of": "max", "min": "2024-01-01"}, "-0043-03-15", False),
        ({"of": "max", "min": "2024-01-01"}, "20240-01-01", True),
        ({"of": "min", "max": 15}, 16, False),
        ({"of": "min", "max": 15}, 15, True),
        ({"of": "min", "max": 15, "inclusive": "left"}, 15, False),
        ({"of": "min", "min": 5}, 4, True),
        ({"of": "min", "max": 15}, "inf", False),
        ({"of": "mean", "min": 15}, 5, True),
    ],
    ids=str,
)
def test_an_end_that_other_rows_may_reach_is_not_told(
    rule: dict[str, object], observed: float | str | None, *, says: bool
) -> None:
    (read,) = read_rules([{**X, "type": "aggregate", **rule}]).unwrap()
    outcome = Measurement(checked=3, observed=observed)
    assert told(read, outcome) == (
        outcome if says else NotEvaluated(f"the {rule['of']} of all rows may not be in a sample")
    )
    assert told(read, Broken("torn")) == Broken("torn")


@pytest.mark.parametrize(
    ("rule", "is_one"),
    [
        ({"type": "not_null"}, False),
        ({"type": "not_null", "mostly": 0.9}, True),
        ({"type": "unique"}, False),
        ({"type": "z_score"}, True),
        ({"type": "iqr", "mostly": 0.9}, True),
        ({"type": "mode_in_set", "values": [1]}, True),
        ({"type": "distinct_set", "values": [1], "relation": "subset"}, False),
        *(({"type": "aggregate", "of": of, "min": 1}, False) for of in ("min", "max")),
        *(
            ({"type": "aggregate", "of": of, "max": 1}, True)
            for of in ("mean", "median", "std", "variance", "skew", "kurtosis", "null_ratio")
        ),
        ({"type": "aggregate", "of": "quantile", "q": 0.9, "min": 1}, True),
    ],
    ids=str,
)
def test_what_is_an_estimate(rule: dict[str, object], *, is_one: bool) -> None:
    (read,) = read_rules([{**X, **rule}]).unwrap()
    assert estimated(read) is is_one


def test_a_correlation_is_an_estimate() -> None:
    (read,) = read_rules([{"type": "correlation", "columns": ["x", "y"], "min": 0}]).unwrap()
    assert estimated(read)
