"""The Ibis engine says of random tables what the reference engine says, on each database, for every class of rules."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.engines.ibis import IbisEngine
from veriport.adapters.expressions.sqlglot import parse
from veriport.application.checking import CheckData, CheckOptions
from veriport.domain.datasets import Dataset, Handle
from veriport.domain.results import CheckResult, RuleResult, RuleStatus
from veriport.domain.rules.base import Rule
from veriport.domain.rules.reading import read_rules
from veriport.domain.rules.values import Bounds
from veriport.ports.engines import Engine
from veriport.testing.cases import Case
from veriport.testing.matrix import Tables
from veriport.testing.random_cases import RULES, batches, options
from veriport.testing.reference import ReferenceEngine

EXAMPLES = settings().max_examples // 10  #: of each class; ``pytest --hypothesis-profile=search`` tries more
CLOSE = 1e-9  #: how far apart floats may be that were calculated in another order
NARROW = 1e-6  #: the same of 32-bit floats, which some databases show as the shortest number

_few = settings(
    max_examples=EXAMPLES,
    phases=[Phase.generate],  # to shrink takes a query for each attempt
    suppress_health_check=[*HealthCheck],
)


def checked(
    engine: Engine, dataset: Dataset, batch: Sequence[Case], options: Mapping[str, Any]
) -> CheckResult:
    rules = read_rules([case.rule for case in batch]).unwrap()
    use_case = CheckData(engine=engine, parse=parse, clock=FrozenClock(batch[0].now))
    return use_case(dataset, rules, CheckOptions(**options)).unwrap()


def referring(batch: Sequence[Case], where: Tables) -> list[Case]:
    return [
        case if case.reference is None else evolve(case, rule={**case.rule, "reference": where.refer(case)})
        for case in batch
    ]


def is_close(left: object, right: object, within: float = CLOSE) -> bool:
    numbers = (left, right)
    if all(isinstance(each, float | int) and not isinstance(each, bool) for each in numbers):
        return math.isclose(left, right, rel_tol=within, abs_tol=within)  # type: ignore[arg-type]  # numbers
    return left == right or _plainly(left) == _plainly(right)


def _plainly(value: object) -> object:
    """A database may have decimals where a frame has wide whole numbers, and instants in UTC."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]+", value):
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"[0-9-]{10}T.*[0-9]{2}:[0-9]{2}", value):
        return datetime.fromisoformat(value).astimezone(UTC)
    return value


def stands_on_an_edge(result: RuleResult) -> bool:
    """Whether a value that is calculated in floats is as good as equal to a bound."""
    rule, observed = result.rule, result.observed
    if not isinstance(rule, Bounds) or not isinstance(observed, float):
        return False
    return any(isinstance(end, int | float) and is_close(float(end), observed) for end in rule.ends)


def shown_by(result: RuleResult) -> list[Mapping[str, object]]:
    return [{**each.key, **each.values} for each in result.samples]


def one_of(row: Mapping[str, object], rows: list[Mapping[str, object]]) -> bool:
    return any(all(is_close(row[name], other[name], NARROW) for name in row) for other in rows)


def agree(batch: list[Case], options: Mapping[str, Any], here: Tables, there: Tables) -> None:
    expected = checked(ReferenceEngine(), there.load(batch[0]), referring(batch, there), options)
    every = checked(
        ReferenceEngine(), there.load(batch[0]), referring(batch, there), {**options, "samples": 100}
    )
    found = checked(IbisEngine(), here.load(batch[0]), referring(batch, here), options)
    assert found.row_count == expected.row_count
    for right, mine, whole in zip(expected.rules, found.rules, every.rules, strict=True):
        if mine.status is RuleStatus.NOT_EVALUATED:
            continue
        assert mine.status is not RuleStatus.ERROR, (mine.message, mine.rule)
        assert is_close(mine.observed, right.observed), (mine.observed, right.observed, mine.rule)
        if stands_on_an_edge(right):
            continue
        counted = (mine.status, mine.checked_count, mine.failed_count, len(mine.samples))
        assert counted == (right.status, right.checked_count, right.failed_count, len(right.samples)), (
            mine.rule
        )
        assert all(one_of(row, shown_by(whole)) for row in shown_by(mine)), (mine.rule, mine.samples)
        if isinstance(here.load(batch[0]), Handle) and all(each.row is not None for each in mine.samples):
            assert [each.row for each in mine.samples] == [each.row for each in right.samples]


def drawn(data: st.DataObject, here: Tables, *classes: type[Rule], most: int = 4) -> list[Case]:
    fits = batches(*classes, most=most).filter(lambda batch: not any(map(here.lacks, batch)))
    return list(data.draw(fits))


@pytest.mark.parametrize("cls", RULES, ids=lambda cls: cls.type)
class TestEachClass:
    @_few
    @given(data=st.data())
    def test_on_duckdb(self, cls: type[Rule], duckdb_tables: Tables, data: st.DataObject) -> None:
        batch = drawn(data, duckdb_tables, cls)
        agree(batch, data.draw(options(batch[0])), duckdb_tables, duckdb_tables)

    @pytest.mark.server
    @settings(_few, max_examples=EXAMPLES // 2)
    @given(data=st.data())
    def test_on_postgresql(
        self, cls: type[Rule], postgresql_tables: Tables, duckdb_tables: Tables, data: st.DataObject
    ) -> None:
        batch = drawn(data, postgresql_tables, cls)
        agree(batch, data.draw(options(batch[0])), postgresql_tables, duckdb_tables)

    @settings(_few, max_examples=EXAMPLES // 2)
    @given(data=st.data())
    def test_on_sqlite(
        self, cls: type[Rule], sqlite_tables: Tables, duckdb_tables: Tables, data: st.DataObject
    ) -> None:
        batch = drawn(data, sqlite_tables, cls, most=1)
        agree(batch, data.draw(options(batch[0])), sqlite_tables, duckdb_tables)


@pytest.mark.server
@settings(_few, max_examples=EXAMPLES)
@given(data=st.data())
def test_rules_of_any_class_on_spark(
    spark_tables: Tables, duckdb_tables: Tables, data: st.DataObject
) -> None:
    batch = drawn(data, spark_tables)
    agree(batch, data.draw(options(batch[0])), spark_tables, duckdb_tables)
