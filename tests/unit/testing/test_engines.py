"""The fakes do what they are told, and remember what they were asked."""

from __future__ import annotations

import asyncio

import pytest

import veriport
from veriport import aio
from veriport.domain.measurements import Broken, Measurement
from veriport.testing.engines import AsyncFakeEngine, FakeEngine

RULES = [
    {"column": "id", "type": "unique"},
    {"column": "email", "type": "not_null"},
    {"type": "row_count", "min": 11},
]


def test_every_rule_holds_but_those_that_are_told_to_fail() -> None:
    engine = FakeEngine(row_count=20, failed={"id.unique": 2})
    result = veriport.check("no/such.file", RULES, engine=engine, samples=3)
    assert [(each.status.value, each.failed_count) for each in result.rules] == [
        ("failed", 2), ("passed", 0), ("passed", 0)
    ]  # fmt: skip
    assert (result.row_count, result.engine) == (20, "fake")
    assert [request.samples for request in engine.requests] == [3]


def test_a_rule_about_one_value_fails_by_what_is_observed() -> None:
    rule = {"id": "high", "column": "id", "type": "aggregate", "of": "max", "max": 3}
    with pytest.raises(veriport.ConfigurationError, match="'high' is about one value, which no rows fail"):
        veriport.check("x.csv", [rule], engine=FakeEngine(failed={"high": 3}))
    nine = FakeEngine(outcome=lambda _: Measurement(checked=10, observed=9))
    assert [
        veriport.check("x.csv", [rule], engine=engine).rules[0].passed for engine in (FakeEngine(), nine)
    ] == [True, False]


@pytest.mark.parametrize(("failed", "passed"), [({}, True), ({"own": 2}, False)])
def test_a_native_rule_holds_unless_it_is_told_to_fail(failed: dict[str, int], *, passed: bool) -> None:
    rule = {"id": "own", "type": "native", "name": "q"}
    (found,) = veriport.check("x.csv", [rule], engine=FakeEngine(failed=failed)).rules
    assert (found.passed, found.failed_count) == (passed, failed.get("own", 0))


def test_it_has_the_columns_that_it_is_given() -> None:
    columns = veriport.check(
        "x.csv", engine=FakeEngine(columns={"at": "datetime(us, UTC)", "n": "int8"})
    ).columns
    assert [(each.column.name, each.column.dtype.family.value) for each in columns] == [
        ("at", "datetime"), ("n", "integer")
    ]  # fmt: skip


def test_an_outcome_is_what_is_made_of_the_rule() -> None:
    result = veriport.check("x.csv", RULES, engine=FakeEngine(outcome=lambda rule: Broken(f"no {rule.type}")))
    assert result.rules[0].message == "no unique"


def test_errors_come_when_they_are_told_to() -> None:
    def down() -> None:
        raise veriport.DataError("the database is down")

    engine = FakeEngine(measuring=down)
    with pytest.raises(veriport.DataError, match="the database is down"):
        veriport.check("x.csv", RULES, engine=engine)
    assert engine.events == ["opened x.csv", "closed"]


def test_a_rule_that_is_not_there_cannot_fail() -> None:
    engine = FakeEngine(failed={"id.uniqe": 2})
    with pytest.raises(
        veriport.ConfigurationError,
        match=r"no measured rule has the id 'id\.uniqe'; did you mean 'id\.unique'",
    ):
        veriport.check("x.csv", RULES, engine=engine)


def test_a_type_that_nobody_knows_is_refused() -> None:
    with pytest.raises(veriport.ConfigurationError, match="unknown type 'flaot64'; did you mean 'float64'"):
        FakeEngine(columns={"n": "flaot64"})


def test_it_has_a_life() -> None:
    engine = FakeEngine()
    with veriport.EngineLifecycleManager([engine]):
        assert engine.events == ["started"]
    assert engine.events == ["started", "stopped"]


def test_the_asynchronous_one_is_awaited() -> None:
    async def later() -> None:
        await asyncio.sleep(0)
        seen.append("awaited")

    seen: list[str] = []
    engine = AsyncFakeEngine(fake=FakeEngine(failed={"id.unique": 2}), measuring=later)
    result = asyncio.run(aio.check("x.csv", RULES, engine=engine))
    assert (result.failed_count, seen, engine.fake.events) == (2, ["awaited"], ["opened x.csv", "closed"])
