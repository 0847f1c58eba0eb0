"""What is found in two halves adds up to what is found in the whole, where a rule says that it does."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.adapters.engines.checking import check, refer
from veriport.adapters.engines.polars import PolarsEngine
from veriport.domain.measurements import Sample
from veriport.domain.rules.base import Rule
from veriport.testing.cases import Case
from veriport.testing.random_cases import RULES, cases


def halves(case: Case, at: int) -> tuple[Case, Case]:
    first = {name: list(values)[:at] for name, values in case.columns.items()}
    second = {name: list(values)[at:] for name, values in case.columns.items()}
    return evolve(case, columns=first), evolve(case, columns=second)


def values(samples: tuple[Sample, ...]) -> list[dict[str, object]]:
    return [dict(sample.values) for sample in samples]


@pytest.mark.parametrize("cls", [cls for cls in RULES if cls.additive], ids=lambda cls: cls.type)
@settings(
    max_examples=settings().max_examples // 4, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_halves_add_up(cls: type[Rule], tmp_path: Path, data: st.DataObject) -> None:
    (case,) = refer([data.draw(cases(cls))], tmp_path)
    at = data.draw(st.integers(0, len(case.columns["k"])))
    first, second = (check(PolarsEngine(), half, samples=100) for half in halves(case, at))
    whole = check(PolarsEngine(), case, samples=100)
    merged = first.merge(second)
    (added,), (found,) = merged.rules, whole.rules
    assert (added.status, added.checked_count, added.failed_count, added.observed) == (
        found.status,
        found.checked_count,
        found.failed_count,
        found.observed,
    )
    assert merged.row_count == whole.row_count
    assert values(added.samples) == values(found.samples)


def test_rules_that_do_not_add_up_say_so() -> None:
    assert {cls.type for cls in RULES if not cls.additive} == {
        "unique", "duplicate", "monotonic", "z_score", "iqr", "aggregate", "distinct_set", "mode_in_set",
        "correlation", "row_count_match", "freshness",
    }  # fmt: skip
