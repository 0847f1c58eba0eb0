"""What batches say, put together."""

from __future__ import annotations

import pytest

from veriport.domain.batches import adds_up, together
from veriport.domain.measurements import Broken, Measurement, NotEvaluated, Sample
from veriport.domain.rules.aggregates import Aggregate
from veriport.domain.rules.base import Rule
from veriport.domain.rules.reading import read_rules
from veriport.domain.rules.tables import RowCount
from veriport.domain.rules.times import Freshness
from veriport.domain.rules.values import NotNull
from veriport.domain.types import Column, DataType, Family

RULE = NotNull(id="x", column="x")


def _columns(family: Family) -> dict[str, Column]:
    return {"x": Column("x", DataType(family, family.value))}


def _aggregate(of: str) -> Rule:
    return Aggregate(id="x", column="x", of=of, min=0)


@pytest.mark.parametrize(
    ("of", "found", "expected"),
    [
        ("null_count", [(2, 1), (3, 0)], 1),
        ("null_ratio", [(3, 1 / 3), (3, 2 / 3), (0, None)], 0.5),
        ("null_ratio", [(0, None)], None),
        ("sum", [(2, 2**70), (1, 1), (0, None)], 2**70 + 1),
        ("sum", [(0, None), (0, None)], None),
        ("min", [(1, 3), (1, -1), (0, None)], -1),
        ("min", [(1, 2**53 + 1), (1, 2**53)], 2**53),
        ("max", [(1, 1.5), (1, "inf")], "inf"),
        ("min", [(1, 1.5), (1, "-inf")], "-inf"),
        ("max", [(1, 1.5), (1, "nan")], "nan"),
        ("min", [(0, None)], None),
    ],
)
def test_values_are_made_of_those_of_batches(
    of: str, found: list[tuple[int, object]], expected: object
) -> None:
    outcomes = [Measurement(checked=checked, observed=observed) for checked, observed in found]  # type: ignore[arg-type]  # scalars
    whole = together(_aggregate(of), outcomes, 9)
    assert isinstance(whole, Measurement)
    assert (whole.checked, whole.observed) == (sum(checked for checked, _ in found), expected)


def test_counts_add_up_and_samples_are_the_first() -> None:
    found = [
        Measurement(checked=2, failed=2, samples=(Sample(row=0), Sample(row=1)), remarks=("a", "b")),
        Measurement(checked=1, failed=1, samples=(Sample(row=2),), remarks=("b",)),
    ]
    whole = together(RULE, found, 2)
    assert whole == Measurement(
        checked=3, failed=3, samples=(Sample(row=0), Sample(row=1)), remarks=("a", "b")
    )
    rows = [Measurement(checked=n, observed=n) for n in (2, 3)]
    assert together(RowCount(id="n", min=1), rows, 0) == Measurement(checked=5, observed=5)


def test_the_note_is_that_of_the_batch_whose_value_it_is() -> None:
    rule = Freshness(id="x", column="x", max_age="1d")
    nothing = Measurement(checked=0, note="there is no value")
    old, new = (Measurement(checked=1, observed=age, note=f"{age} s") for age in (90.0, 5.0))
    for found in ([nothing, old, new], [new, old, nothing]):
        assert together(rule, found, 9) == Measurement(checked=2, observed=5.0, note="5.0 s")
    assert together(rule, [nothing, nothing], 9) == nothing


def test_no_trouble_of_a_batch_is_hidden() -> None:
    fine, broken, unknown = Measurement(checked=1), Broken("odd"), NotEvaluated("unknown")
    assert together(RULE, [fine, unknown, broken, fine], 9) == broken
    assert together(RULE, [fine, unknown], 9) == unknown


@pytest.mark.parametrize(
    ("rule", "family", "expected"),
    [
        ({"type": "not_null", "column": "x"}, Family.STRING, True),
        ({"type": "unique", "column": "x"}, Family.INTEGER, False),
        ({"type": "row_count", "min": 1}, Family.INTEGER, True),
        ({"type": "aggregate", "of": "min", "column": "x", "min": 1}, Family.FLOAT, True),
        ({"type": "aggregate", "of": "min", "column": "x", "min": "2024-01-01"}, Family.DATE, False),
        ({"type": "aggregate", "of": "sum", "column": "x", "min": 1}, Family.INTEGER, True),
        ({"type": "aggregate", "of": "sum", "column": "x", "min": 1}, Family.FLOAT, False),
        ({"type": "aggregate", "of": "mean", "column": "x", "min": 1}, Family.INTEGER, False),
        ({"type": "aggregate", "of": "null_ratio", "column": "x", "max": 1}, Family.LIST, True),
        ({"type": "freshness", "column": "x", "max_age": "1d"}, Family.DATETIME, True),
        ({"type": "monotonic", "column": "x"}, Family.INTEGER, False),
    ],
)
def test_what_needs_all_rows_does_not_add_up(
    rule: dict[str, object], family: Family, *, expected: bool
) -> None:
    (read,) = read_rules([rule]).unwrap()
    assert adds_up(read, _columns(family)) is expected
