"""An engine in somebody's hands is an engine like any other."""

from __future__ import annotations

import re
from collections.abc import Callable

import polars as pl
import pytest
from attrs import field, frozen

import veriport
import veriport.aio
from veriport.adapters.engines.composed.wrapping import rules_of_all
from veriport.adapters.engines.polars import PolarsEngine
from veriport.api.engines import BoundEngine
from veriport.domain.rules.base import Rule
from veriport.domain.rules.values import NotNull

FRAME = pl.DataFrame({"id": [1, None, 3]})
NOT_NULL = [{"column": "id", "type": "not_null"}]


@frozen
class Bringing(PolarsEngine):
    """An engine with a rule of its own, and a life."""

    own_rules: tuple[Rule, ...] = (NotNull(id="mine", column="id"),)
    diary: list[str] = field(factory=list)

    def start(self) -> None:
        self.diary.append("start")

    def stop(self) -> None:
        self.diary.append("stop")


def bound() -> BoundEngine:
    return veriport.get_engine(f"{__name__}:Bringing")


def test_wrappers_know_the_rules_that_an_engine_brings() -> None:
    inner = bound()
    assert [rule.id for rule in rules_of_all([inner, inner])] == ["mine"]
    wrappers: dict[str, dict[str, object]] = {
        "chain": {"engines": [inner]},
        "combined": {"engines": [inner, "polars"]},
        "batched": {"engine": inner, "rows": 1},
        "sampled": {"engine": inner, "first": 2},
        "cached": {"engine": inner},
        "retried": {"engine": inner},
        "instrumented": {"engine": inner},
    }
    for kind, options in wrappers.items():
        result = veriport.get_engine(kind, **options).check(FRAME)
        assert [(each.rule.id, each.failed_count) for each in result.rules] == [("mine", 1)]


def test_a_manager_starts_and_stops_it() -> None:
    inner = bound()
    with veriport.EngineLifecycleManager([inner, veriport.get_engine("polars")]) as manager:
        assert manager.engines[1].state == "running"
    assert isinstance(inner.engine, Bringing)
    assert inner.engine.diary == ["start", "stop"]


def test_wrappers_stand_inside_each_other() -> None:
    inner: object = "polars"
    layers: dict[str, dict[str, object]] = {
        "instrumented": {},
        "cached": {"frames": True},
        "retried": {},
        "batched": {"rows": 1},
    }
    for kind, options in layers.items():
        inner = {"kind": kind, "engine": inner, **options}
    engine = veriport.get_engine(
        "chain", engines=["tiny", {"kind": "combined", "engines": [inner, "polars"]}]
    )
    assert engine.check(FRAME, NOT_NULL).failed_count == 1
    assert engine.check(FRAME, [{"column": "id", "type": "in_range", "max": 2}]).rules[0].failed_count == 1


def test_an_engine_object_is_bound_and_a_bound_one_stays() -> None:
    made = PolarsEngine(name="mine")
    engine = veriport.get_engine(made)
    assert engine.engine is made
    assert veriport.get_engine(engine) is engine
    assert engine.check(FRAME, NOT_NULL).failed_count == 1
    assert veriport.aio.get_engine(made).engine is made


@pytest.mark.parametrize(
    ("engine", "options", "words"),
    [
        (None, {}, "NoneType is not an engine: it needs 'name' and 'open"),
        (42, {}, "int is not an engine"),
        (["polars"], {}, "list is not an engine"),
        (PolarsEngine, {}, "type is not an engine"),
        (PolarsEngine(), {"samples": 3}, "engine 'polars' is made already: it takes no samples"),
    ],
)
def test_what_is_neither_a_name_nor_an_engine_is_refused(
    engine: object, options: dict[str, object], words: str
) -> None:
    get_engines: list[Callable[..., object]] = [veriport.get_engine, veriport.aio.get_engine]
    for get_engine in get_engines:
        with pytest.raises(veriport.ConfigurationError, match=re.escape(words)):
            get_engine(engine, **options)
