"""Which rules a sample says something of."""

from __future__ import annotations

import pytest

from veriport.domain.rules.reading import read_rules
from veriport.domain.sampling import untold

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
