"""Polars says of random tables what the reference engine says, for every class of rules."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.adapters.engines.checking import check, refer
from veriport.adapters.engines.polars import PolarsEngine
from veriport.domain.measurements import Sample
from veriport.domain.results import RuleResult, RuleStatus
from veriport.domain.rules.base import Rule
from veriport.domain.rules.values import Bounds
from veriport.testing.cases import Case
from veriport.testing.random_cases import RULES, batches, options
from veriport.testing.reference import ReferenceEngine

EXAMPLES = settings().max_examples // 2  #: of each class; ``pytest --hypothesis-profile=search`` tries more
CLOSE = 1e-9  #: how far apart floats may be that were calculated in another order


def told(result: RuleResult) -> tuple[object, ...]:
    return (result.status, result.checked_count, result.failed_count, [seen(each) for each in result.samples])


def seen(sample: Sample) -> tuple[object, ...]:
    return sample.row, dict(sample.key), dict(sample.values)


def is_close(left: object, right: object) -> bool:
    numbers = (left, right)
    if all(isinstance(each, float | int) and not isinstance(each, bool) for each in numbers):
        return math.isclose(left, right, rel_tol=CLOSE, abs_tol=CLOSE)  # type: ignore[arg-type]  # numbers
    return left == right


def stands_on_an_edge(result: RuleResult) -> bool:
    """Whether a value that is calculated in floats is as good as equal to a bound."""
    rule, observed = result.rule, result.observed
    if not isinstance(rule, Bounds) or not isinstance(observed, float):
        return False
    return any(isinstance(end, int | float) and is_close(float(end), observed) for end in rule.ends)


def agree(batch: list[Case], options: Mapping[str, object]) -> None:
    expected, found = (check(engine, *batch, **options) for engine in (ReferenceEngine(), PolarsEngine()))
    assert found.row_count == expected.row_count
    for right, mine in zip(expected.rules, found.rules, strict=True):
        assert right.status is not RuleStatus.ERROR, right.message
        assert mine.status is not RuleStatus.ERROR, (mine.message, mine.rule)
        assert is_close(mine.observed, right.observed), (mine.observed, right.observed, mine.rule)
        assert stands_on_an_edge(right) or told(mine) == told(right), mine.rule


@pytest.mark.parametrize("cls", RULES, ids=lambda cls: cls.type)
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_polars_agrees_with_the_reference(cls: type[Rule], tmp_path: Path, data: st.DataObject) -> None:
    batch = refer(data.draw(batches(cls)), tmp_path)
    agree(batch, data.draw(options(batch[0])))


@settings(max_examples=4 * EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_rules_of_any_class_do_not_disturb_each_other(tmp_path: Path, data: st.DataObject) -> None:
    batch = refer(data.draw(batches()), tmp_path)
    agree(batch, data.draw(options(batch[0])))
