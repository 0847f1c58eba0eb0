"""What the engines over other libraries share, with a library that is made for the test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest
from attrs import frozen

import veriport
from veriport.adapters.engines.great_expectations.suites import read_suite
from veriport.adapters.engines.libraries.columns import End, PlainColumn
from veriport.adapters.engines.libraries.engines import LibraryEngine
from veriport.adapters.engines.libraries.patterns import like, literal, portable, python
from veriport.adapters.engines.libraries.questions import (
    Broke,
    Counted,
    Question,
    Translations,
    question,
)
from veriport.adapters.engines.libraries.tables import Frame, LibraryTable, Said, Verdict
from veriport.adapters.engines.libraries.versions import Wanted
from veriport.adapters.engines.polars import PolarsEngine
from veriport.domain.datasets import Dataset
from veriport.domain.errors import ConfigurationError
from veriport.domain.measurements import NotEvaluated
from veriport.domain.rules.base import Rule
from veriport.domain.rules.native import Native
from veriport.domain.rules.values import InRange, InSet, NotInSet
from veriport.ports.engines import Engine
from veriport.ports.errors import MissingExtra

FRAME = pl.DataFrame({"x": [3, 1, None, 2], "y": ["a", "b", "c", "d"]})


@frozen
class Odd:
    """A library that finds every odd number wrong, counts one row for ``not_in_set``, and knows a name."""

    name: str = "odd"

    def question(self, rule: Rule, columns: tuple[PlainColumn, ...]) -> Question | NotEvaluated:
        known: Translations = {
            InSet: lambda *_: Question(ask=lambda frame: Broke((frame["c0"] % 2 == 1).arg_true().to_list())),
            NotInSet: lambda *_: Question(ask=lambda _: Counted(1)),
        }
        return question(self.name, known, rule, columns)

    def natives(self, rules: tuple[Native, ...], frame: Frame) -> tuple[Said, ...]:
        return tuple(
            Verdict(holds=False, checked=frame.polars.height, failed=1, rows=(0,), observed=7, note="why")
            if rule.name == "known"
            else NotEvaluated("odd does not know it")
            for rule in rules
        )


@frozen(kw_only=True)
class OddEngine:
    """An engine over it."""

    name: str = "odd"
    fallback: Engine | None = None
    own_rules: tuple[Rule, ...] = ()

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[LibraryTable]:
        yield LibraryTable(Odd(), dataset, self.fallback)


IN = {"column": "x", "type": "in_set", "values": [0]}


def test_the_library_sees_rows_with_a_value_and_ours_are_counted_beside_them() -> None:
    plain, strict, some = veriport.check(
        FRAME, [IN, {**IN, "nulls": "fail"}, {**IN, "where": "y <> 'a'"}], engine=OddEngine(), key="y"
    ).rules
    assert [(each.checked_count, each.failed_count) for each in (plain, strict, some)] == [
        (3, 2),
        (4, 3),
        (2, 1),
    ]
    assert [sample.row for sample in strict.samples] == [0, 1, 2]
    assert [(sample.row, dict(sample.key)) for sample in some.samples] == [(1, {"y": "b"})]


def test_times_that_python_does_not_have_are_shown() -> None:
    far = pl.Series("far", [10**7], dtype=pl.Int32).cast(pl.Date)
    (result,) = veriport.check(
        pl.DataFrame([pl.Series("x", [3]), far]), [IN], engine=OddEngine(), key="far"
    ).rules
    assert [dict(sample.key) for sample in result.samples] == [{"far": "29349-01-26"}]
    assert PlainColumn("far", "c0", pl.Date()).shown(10**7) == "29349-01-26"


def test_no_row_is_no_question() -> None:
    (result,) = veriport.check(FRAME, [{**IN, "where": "y = 'zz'"}], engine=OddEngine()).rules
    assert (result.status.value, result.checked_count) == ("passed", 0)


@pytest.mark.parametrize(("listed", "status"), [([3], "failed"), ([3, 1], "not_evaluated")])
def test_a_count_is_shown_where_polars_counts_as_many(listed: list[int], status: str) -> None:
    rule = {"column": "x", "type": "not_in_set", "values": listed}
    (result,) = veriport.check(FRAME, [rule], engine=OddEngine()).rules
    assert result.status.value == status
    assert [sample.row for sample in result.samples] == ([0] if status == "failed" else [])


def test_what_the_library_has_not_another_engine_evaluates_and_that_is_said() -> None:
    rules = [{"column": "x", "type": "mean", "min": 0}, IN]
    alone, both = (
        veriport.check(FRAME, rules, engine=OddEngine(fallback=each)).rules for each in (None, PolarsEngine())
    )
    assert [each.status.value for each in alone] == ["not_evaluated", "failed"]
    assert alone[0].message == "odd has no aggregate"
    assert (both[0].observed, both[0].remarks, both[1].remarks) == (2, ("evaluated by polars",), ())


def test_native_rules_have_the_verdict_of_the_library() -> None:
    engine = OddEngine(fallback=PolarsEngine(), own_rules=(Native(name="known"),))
    other, known = veriport.check(FRAME, [{"type": "native", "name": "other"}], engine=engine).rules
    assert (other.rule.id, other.status.value) == ("other", "not_evaluated")
    assert (known.rule.id, known.message) == ("known", "1 of 4 rows break it; observed 7; why")
    (polars,) = veriport.check(FRAME, [{"type": "native", "name": "other"}]).rules
    assert polars.status.value == "not_evaluated"


def test_native_rules_show_nothing_of_a_check_with_masked_columns() -> None:
    engine = OddEngine(own_rules=(Native(name="known", parameters={"column": "x"}),))
    (known,) = veriport.check(FRAME, engine=engine, mask="y").rules
    assert (known.observed, known.message) == ("***", "1 of 4 rows break it; observed ***; ***")


def test_without_samples_the_words_of_a_library_are_left_out() -> None:
    engine = OddEngine(own_rules=(Native(name="known", parameters={"column": "x"}),))
    (known,) = veriport.check(FRAME, engine=engine, samples=0).rules
    assert (known.observed, known.message) == (7, "1 of 4 rows break it; observed 7")


@pytest.mark.parametrize("name", ["pandera", "great_expectations", "truthound"])
def test_a_library_that_is_not_installed_is_named_with_its_extra(name: str) -> None:
    with pytest.raises(MissingExtra, match=r"pip install 'veriport\[\w+\]'"):
        veriport.get_engine(name)


@pytest.mark.parametrize(
    ("wanted", "error", "says"),
    [
        (Wanted("no-such-library", "x", (1,)), MissingExtra, r"veriport\[x\]"),
        (Wanted("polars", "x", (999,)), ConfigurationError, r"polars \d.* is installed, .* needs >=999"),
        (Wanted("polars", "x", (0, 1), (1,)), ConfigurationError, "needs >=0.1,<1"),
    ],
)
def test_a_version_that_is_not_meant_is_told(wanted: Wanted, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        wanted.require()


def test_only_an_engine_is_a_fallback() -> None:
    @frozen(kw_only=True)
    class Here(LibraryEngine):
        wanted = Wanted("polars", "x", (0,))

    assert isinstance(Here(fallback="polars").fallback, PolarsEngine)
    for wrong in ("ibis", 5):
        with pytest.raises(ConfigurationError, match="fallback must be polars, or an engine"):
            Here(fallback=wrong)


@pytest.mark.parametrize(
    ("dtype", "rule", "ends"),
    [
        (pl.Int8(), {"min": 0.5, "max": 300}, (End(1, closed=True), End(127, closed=True))),
        (pl.Int8(), {"min": 300}, (End(127, closed=False), None)),
        (pl.Date(), {"min": "2024-01-02", "inclusive": "neither"}, (End(19725, closed=True), None)),
        (pl.Decimal(9, 2), {"max": 0.1}, (None, End(10, closed=True))),
        (pl.Float64(), {"max": 1}, (End(-float("inf"), closed=True), End(1.0, closed=True))),
    ],
)
def test_bounds_stand_on_the_grid_of_the_column(
    dtype: pl.DataType, rule: dict[str, object], ends: tuple[End | None, End | None]
) -> None:
    made = InRange(column="x", **rule)  # type: ignore[arg-type]  # converted
    assert PlainColumn("x", "c0", dtype).ends(made) == ends


def test_patterns_for_other_languages() -> None:
    assert portable("^a$") == r"\Aa$"
    assert portable(r"\ba") is None
    assert python("a$") == r"(?a:a\Z)"
    assert like("a_%") == r"\A(?:a(?s:.)(?s:.*))\z"
    assert literal("a\nb.é") == r"a\x0ab\x2eé"


def test_a_suite_is_read_without_its_library(tmp_path: Path) -> None:
    entry = {"expectation_type": "expect_column_to_exist", "kwargs": {"column": "a", "batch_id": "b"}}
    path = tmp_path / "suite.json"
    path.write_text(json.dumps({"expectations": [{**entry, "severity": "info"}]}), encoding="utf-8")
    (rule,) = read_suite(path)
    assert (rule.name, rule.given, rule.severity.value, rule.missing.value) == (
        "expect_column_to_exist", {"column": "a"}, "low", "fail",
    )  # fmt: skip


@pytest.mark.parametrize("wrong", ["absent.json", 5, {"a": 1}, {"expectations": [5]}, {"expectations": "x"}])
def test_what_is_no_suite_is_refused(wrong: object) -> None:
    with pytest.raises(ConfigurationError, match="suite"):
        read_suite(wrong)


def test_a_constant_beyond_64_bits_is_none_of_a_column_in_whole_units() -> None:
    column = PlainColumn("x", "c0", pl.Decimal(38, 4))
    assert column.constants((-2, 2**40)) == [-20_000, 2**40 * 10_000]
    assert column.constants((-2, 2**60)) == [-20_000]
    assert PlainColumn("x", "c0", pl.UInt64()).constants((2**64 - 1,)) == [2**64 - 1]
