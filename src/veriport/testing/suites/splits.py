"""The contract suite of splitting rows: subclass ``SplitSuite`` and give it an engine that can.

    class TestMySplits(SplitSuite):
        @pytest.fixture
        def engine(self):
            return MyEngine()

All of it is skipped for an engine whose tables cannot split.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attrs import evolve, frozen

from veriport.adapters.expressions.sqlglot import parse
from veriport.application.checking import parse_all
from veriport.domain.binding import bind
from veriport.domain.datasets import Dataset, Handle
from veriport.domain.measurements import NotEvaluated
from veriport.domain.rules.base import Shape
from veriport.domain.rules.reading import read_rules
from veriport.ports.engines import ROW_COLUMN, RULES_COLUMN, Divided, Engine, Request, SupportsSplit
from veriport.testing.cases import NAN, NOW, Case, cases

if TYPE_CHECKING:
    import polars as pl


@frozen
class Files:
    """What a split wrote, and what it said that it wrote."""

    valid: pl.DataFrame
    failing: pl.DataFrame
    divided: Divided

    @property
    def broken(self) -> dict[int, list[str]]:
        """The rules that each failing row breaks, by its number."""
        return dict(self.failing.select(ROW_COLUMN, RULES_COLUMN).iter_rows())


Split = Callable[..., Files]


def _about_rows() -> Iterator[Case]:
    for case in cases():
        other = {} if case.reference is None else {"reference": "other.csv"}
        (rule,) = read_rules([{**case.rule, **other}]).unwrap()
        if rule.shape is Shape.ROWS and not case.refused:
            yield case


class SplitSuite:
    """Every sentence of ``SupportsSplit``, with every case about rows of ``veriport.testing.cases``."""

    @pytest.fixture
    def engine(self) -> Engine:
        """The engine under test."""
        raise NotImplementedError

    def load(self, case: Case) -> Dataset:
        """The table of a case where the engine can open it; by default a Polars frame."""
        return Handle(case.frame())

    def refer(self, case: Case, folder: Path) -> object:
        """Where the engine finds the reference of a case; by default a Parquet file in ``folder``."""
        assert case.reference is not None
        path = folder / "reference.parquet"
        case.reference.frame().write_parquet(path)
        return str(path)

    @pytest.fixture
    def split(self, engine: Engine, tmp_path: Path) -> Split:
        """Split a case by rules, at the port."""
        import polars as pl  # noqa: PLC0415  # imported on use

        def split(case: Case, *rules: object, where: str | None = None, limit: int | None = None) -> Files:
            read = read_rules(list(rules)).unwrap() if rules else ()
            parsed = parse_all(parse, read, where).unwrap()
            valid, failing = str(tmp_path / "valid"), str(tmp_path / "failing")
            with engine.open(self.load(case)) as table:
                if not isinstance(table, SupportsSplit):
                    pytest.skip(f"the engine {engine.name} does not split rows")
                bound = bind(read, table.columns, parsed, "the case").measurable
                request = Request(rules=bound, parsed=parsed, where=where, limit=limit, now=case.now)
                for outcome in table.measure(request).outcomes:
                    if isinstance(outcome, NotEvaluated):
                        pytest.skip(f"not evaluated: {outcome.reason}")
                divided = table.split(request, valid, failing)
            return Files(pl.read_parquet(valid), pl.read_parquet(failing), divided)

        return split

    @pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in _about_rows()])
    def test_the_failing_rows_are_those_that_break_the_rule(
        self, split: Split, case: Case, tmp_path: Path
    ) -> None:
        if case.needs:
            pytest.importorskip(case.needs)
        if case.reference is not None:
            case = evolve(case, rule={**case.rule, "reference": self.refer(case, tmp_path)})
        (rule,) = read_rules([case.rule]).unwrap()
        files = split(case, case.rule)
        others = [number for number in range(case.frame().height) if number not in case.rows]
        assert files.broken == {number: [rule.id] for number in case.rows}
        assert _same(files.failing.drop(ROW_COLUMN, RULES_COLUMN), case.frame()[list(case.rows)])
        assert _same(files.valid, case.frame()[others])
        assert files.divided == Divided(valid=len(others), failing=len(case.rows), broken=(len(case.rows),))

    def test_a_row_names_every_rule_that_it_breaks_in_their_order(self, split: Split) -> None:
        above = {"column": "a", "type": "in_range", "min": 2, "id": "z"}
        once = {"column": "a", "type": "unique", "id": "a"}
        files = split(_PAIRS, above, {"column": "b", "type": "not_null"}, once)
        assert files.broken == {0: ["z"], 1: ["a"], 2: ["b.not_null", "a"], 4: ["b.not_null"]}
        assert files.divided == Divided(valid=1, failing=4, broken=(1, 2, 2))

    def test_the_files_have_the_columns_of_the_table_in_their_order(self, split: Split) -> None:
        files = split(_PAIRS, {"column": "a", "type": "not_null"})
        assert files.valid.columns == ["b", "a"]
        assert files.failing.columns == ["b", "a", ROW_COLUMN, RULES_COLUMN]

    def test_equal_rows_stay_as_many_as_they_are(self, split: Split) -> None:
        case = _table(a=[1, 1, None, None, 1])
        files = split(case, {"column": "a", "type": "not_null"})
        assert files.valid["a"].to_list() == [1, 1, 1]
        assert files.failing["a"].to_list() == [None, None]

    def test_rows_keep_their_order(self, split: Split) -> None:
        numbers = [(number * 7919) % 10_007 for number in range(10_007)]
        files = split(_table(a=numbers), {"type": "expression", "expression": "a % 3 > 0"})
        assert files.valid["a"].to_list() == [number for number in numbers if number % 3]
        assert files.failing["a"].to_list() == [number for number in numbers if not number % 3]

    def test_only_the_rows_of_the_check_are_written(self, split: Split) -> None:
        files = split(_PAIRS, {"column": "b", "type": "not_null"}, where="a > 1", limit=4)
        assert files.valid["a"].to_list() == [3, 4]
        assert files.broken == {2: ["b.not_null"]}

    def test_what_a_rule_says_of_all_rows_it_says_of_those_of_the_check(self, split: Split) -> None:
        files = split(_PAIRS, {"column": "a", "type": "unique"}, where="b IS NULL")
        assert files.broken == {}
        assert files.valid.height == 2

    def test_without_rules_every_row_is_valid(self, split: Split) -> None:
        files = split(_PAIRS)
        assert _same(files.valid, _PAIRS.frame())
        assert files.divided == Divided(valid=5, failing=0, broken=())

    def test_no_rows_make_two_files_with_columns(self, split: Split) -> None:
        files = split(_table(a=[]), {"column": "a", "type": "not_null"}, {"column": "a", "type": "unique"})
        assert (files.valid.shape, files.failing.shape) == ((0, 1), (0, 3))

    def test_values_are_what_they_were(self, split: Split) -> None:
        case = _table(a=[0.1 + 0.2, -0.0, NAN, None], b=["", "\0", "a\nb", None], c=[2**63 - 1, -1, None, 0])
        files = split(case, {"column": "c", "type": "in_range", "min": 0})
        assert _same(files.valid, case.frame()[[0, 2, 3]])
        assert _same(files.failing.drop(ROW_COLUMN, RULES_COLUMN), case.frame()[[1]])

    def test_names_of_columns_may_be_strange(self, split: Split) -> None:
        case = Case(name="", columns={'a "b".c': [1, None], "👍": [1, 2], "": [1, 2]}, rule={})
        files = split(case, {"column": 'a "b".c', "type": "not_null"})
        assert files.valid.rows() == [(1, 1, 1)]

    def test_splitting_twice_writes_the_same(self, split: Split) -> None:
        rules = [{"column": "a", "type": "unique"}, {"column": "b", "type": "not_null"}]
        first, second = split(_PAIRS, *rules), split(_PAIRS, *rules)
        assert _same(first.failing, second.failing)
        assert _same(first.valid, second.valid)


def _table(**columns: Iterable[object]) -> Case:
    return Case(name="", columns={name: list(values) for name, values in columns.items()}, rule={}, now=NOW)


_PAIRS = _table(b=["x", "y", None, "z", None], a=[1, 3, 3, 4, 5])


def _same(found: pl.DataFrame, wanted: pl.DataFrame) -> bool:
    """Whether two tables have the same columns and rows; an engine may widen a type."""
    return found.columns == wanted.columns and [_row(row) for row in found.rows()] == [
        _row(row) for row in wanted.rows()
    ]


def _row(row: tuple[object, ...]) -> list[str]:
    return [repr(value) for value in row]
