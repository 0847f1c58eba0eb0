"""A chain asks one engine after the other, each at most once, and tells who failed."""

from __future__ import annotations

from contextlib import AbstractContextManager

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_engine import TinyEngine

from tests.unit.adapters.engines.composed.fakes import (
    FRAME,
    NOT_NULL,
    UNIQUE,
    Playing,
    always,
    check,
    failing,
    nothing,
    playing,
)
from veriport.adapters.engines.composed.chain import EngineChain
from veriport.adapters.engines.polars import PolarsEngine
from veriport.adapters.telemetry.memory import MemoryTelemetry
from veriport.domain.composing import NUMBERS, Strategy
from veriport.domain.datasets import Dataset, Handle
from veriport.domain.errors import ConfigurationError
from veriport.domain.results import RuleStatus
from veriport.ports.engines import Engine, SupportsSplit, Table
from veriport.ports.errors import DataError, TransientError

LATER = TransientError("the database is starting")
UNABLE = ConfigurationError("it reads no frames")


def chain(*engines: Engine, strategy: str = "fallback", **more: object) -> EngineChain:
    return EngineChain(engines=engines, strategy=strategy, **more)  # type: ignore[arg-type]  # plain values


def test_the_first_answers_and_nobody_else_is_asked() -> None:
    first, second = Playing(name="first"), Playing(name="second")
    result = check(chain(first, second), FRAME, NOT_NULL)
    assert (result.failed_count, result.notes, result.engine) == (1, (), "chain(first, second)")
    assert second.asked == []


@pytest.mark.parametrize("error", [LATER, UNABLE], ids=["later", "unable"])
def test_the_next_is_asked_when_one_cannot_open(error: Exception) -> None:
    telemetry = MemoryTelemetry()
    engines = Playing(name="first", opening=always(error)), Playing(name="second")
    result = check(chain(*engines, telemetry=telemetry), FRAME, NOT_NULL)
    assert result.failed_count == 1
    assert result.notes == ("measured by second", f"first did not answer: {error}")
    (event,) = telemetry.events
    assert event.name == "engine.failed"
    assert event.attributes == {
        "chain": "chain(first, second)",
        "engine": "first",
        "dataset": "polars.DataFrame",
        "error": type(error).__name__,
    }


def test_the_next_is_asked_when_one_fails_in_the_middle() -> None:
    first, second = Playing(name="first", measuring=always(LATER)), Playing(name="second")
    result = check(chain(first, second), FRAME, NOT_NULL)
    assert result.failed_count == 1
    assert "first did not answer: the database is starting" in result.notes
    assert first.asked == ["open", "measure", "close"]


def test_data_that_is_wrong_is_wrong_for_all() -> None:
    second = Playing(name="second")
    for wrong in ({"opening": always(DataError("x: torn"))}, {"measuring": always(DataError("x: torn"))}):
        with pytest.raises(DataError, match="torn"):
            check(chain(playing("first", **wrong), second), FRAME, NOT_NULL)
    assert second.asked == []


def test_all_reasons_are_told_when_nobody_answers() -> None:
    engines = Playing(name="first", opening=always(UNABLE)), Playing(name="second", measuring=always(LATER))
    with pytest.raises(TransientError, match="first: it reads no frames; second: the database is starting"):
        check(chain(*engines), FRAME, NOT_NULL)
    with pytest.raises(ConfigurationError, match=r"polars\.DataFrame: no engine of chain\(first\) answered"):
        check(chain(engines[0]), FRAME, NOT_NULL)


def test_the_first_available_has_the_last_word() -> None:
    engines = Playing(name="first", measuring=always(LATER)), Playing(name="second")
    with pytest.raises(TransientError, match="starting"):
        check(chain(*engines, strategy="first_available"), FRAME, NOT_NULL)
    engines = Playing(name="first", opening=always(LATER)), Playing(name="second")
    assert check(chain(*engines, strategy="first_available"), FRAME, NOT_NULL).failed_count == 1


def test_rules_that_one_does_not_know_are_put_to_the_next() -> None:
    first, second = Playing(name="first", knows=("not_null",)), Playing(name="second")
    result = check(chain(first, second), FRAME, UNIQUE, NOT_NULL)
    unique, not_null = result.rules
    assert (unique.failed_count, unique.remarks) == (2, ("evaluated by second",))
    assert (not_null.failed_count, not_null.remarks) == (1, ())
    assert [rule.type for rule in second.requests[0].rules] == ["unique"]


def test_what_nobody_knows_is_not_evaluated() -> None:
    engines = [Playing(name=name, knows=()) for name in "ab"]
    (result,) = check(chain(*engines), FRAME, NOT_NULL).rules
    assert (result.status, result.message) == (RuleStatus.NOT_EVALUATED, "a does not know not_null")


@pytest.mark.parametrize("error", [LATER, DataError("torn")], ids=["later", "torn"])
@pytest.mark.parametrize("where", ["opening", "measuring"])
def test_who_fails_to_fill_a_gap_leaves_it(error: Exception, where: str) -> None:
    filling = playing("second", **{where: always(error)})
    result = check(chain(Playing(name="first", knows=("not_null",)), filling), FRAME, UNIQUE, NOT_NULL)
    assert [each.status for each in result.rules] == [RuleStatus.NOT_EVALUATED, RuleStatus.FAILED]
    assert f"second did not answer: {error}" in result.notes


def test_who_has_nothing_to_say_does_not_answer() -> None:
    """It may not even have seen the rows: the small engine knows no SQL and counts none."""
    engines = TinyEngine(), Playing(name="second", knows=("not_null",)), Playing(name="third")
    result = check(chain(*engines), FRAME, NOT_NULL, UNIQUE, where="id > 1")
    assert (result.row_count, [each.failed_count for each in result.rules]) == (2, [1, 2])
    assert result.notes == ("measured by second",)


class OneRowLess:
    """An engine that sees other rows."""

    name = "less"

    def open(self, dataset: Dataset) -> AbstractContextManager[Table]:
        del dataset
        return PolarsEngine().open(Handle(FRAME.head(3)))


class OtherColumns:
    """An engine that sees other types."""

    name = "other"

    def open(self, dataset: Dataset) -> AbstractContextManager[Table]:
        del dataset
        return PolarsEngine().open(Handle(FRAME.cast({"id": pl.String})))


def test_who_sees_other_rows_fills_no_gap() -> None:
    result = check(chain(Playing(name="first", knows=("not_null",)), OneRowLess()), FRAME, UNIQUE, NOT_NULL)
    assert [each.status for each in result.rules] == [RuleStatus.NOT_EVALUATED, RuleStatus.FAILED]
    assert "less did not answer: it sees 3 rows and not 4" in result.notes


def test_who_sees_other_columns_does_not_take_over() -> None:
    engines = Playing(name="first", measuring=always(LATER)), OtherColumns()
    with pytest.raises(TransientError, match="other: it sees column 'id' as string and not as int64"):
        check(chain(*engines), FRAME, UNIQUE)


def test_turns_go_round() -> None:
    engines = [Playing(name=name) for name in "abc"]
    taking = chain(*engines, strategy="round_robin")
    for _ in range(6):
        check(taking, FRAME, NOT_NULL)
    assert [len(each.requests) for each in engines] == [2, 2, 2]


def test_chance_is_given() -> None:
    engines = [Playing(name=name) for name in "ab"]
    draws = iter([0.1, 0.9, 0.9, 0.1])
    taking = chain(*engines, strategy="random", chance=lambda: next(draws))
    assert [check(taking, FRAME, NOT_NULL).notes for _ in range(2)] == [("measured by b",), ()]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"strategy": "priority"}, "priorities must be 1 numbers"),
        ({"strategy": "weighted", "weights": [0]}, "weights must be 1 numbers"),
        ({"strategy": "weighted", "weights": ["1"]}, "weights must be 1 numbers"),
        ({"weights": [1]}, "weights has no meaning for the strategy fallback"),
        ({"strategy": "falback"}, "did you mean 'fallback'"),
        ({"engines": []}, "engines must be a list"),
        ({"engines": ["polars"]}, "'polars' is not an engine"),
    ],
)
def test_what_cannot_be_meant_is_refused(more: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        EngineChain(**{"engines": [PolarsEngine()], **more})  # type: ignore[arg-type]  # plain values


def test_it_splits_as_the_engine_that_it_opened() -> None:
    with chain(Playing(), PolarsEngine()).open(Handle(FRAME)) as table:
        assert not isinstance(table, SupportsSplit)
    with chain(PolarsEngine(), Playing()).open(Handle(FRAME)) as table:
        assert isinstance(table, SupportsSplit)


_events = st.sampled_from([None, LATER, UNABLE])


@given(
    strategy=st.sampled_from(Strategy),
    fates=st.lists(st.tuples(_events, st.sampled_from([None, LATER]), st.booleans()), min_size=1, max_size=4),
)
def test_each_engine_is_tried_at_most_once_and_closed(
    strategy: Strategy, fates: list[tuple[Exception | None, Exception | None, bool]]
) -> None:
    engines = [
        Playing(
            name=str(place),
            opening=failing(opening) if opening else nothing,
            measuring=failing(measuring) if measuring else nothing,
            knows=("not_null",) if knows else None,
        )
        for place, (opening, measuring, knows) in enumerate(fates)
    ]
    numbers = {NUMBERS[strategy]: [1.0] * len(engines)} if strategy in NUMBERS else {}
    try:
        result = check(chain(*engines, strategy=strategy, **numbers), FRAME, UNIQUE, NOT_NULL)
    except (TransientError, ConfigurationError):
        result = None
    for engine in engines:
        assert engine.asked.count("open") <= 1
        assert engine.asked.count("measure") <= 1
    if result is not None:
        assert result.rules[1].failed_count == 1
        if strategy is Strategy.FALLBACK:
            sound = [
                place for place, (opening, measuring, _) in enumerate(fates) if not (opening or measuring)
            ]
            assert engines[sound[0]].asked == ["open", "measure", "close"]
            failed = [place for place in range(sound[0]) if fates[place][0] or fates[place][1]]
            assert all(any(note.startswith(f"{place} did") for note in result.notes) for place in failed)
