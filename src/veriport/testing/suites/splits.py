"""The contract suite of splitting rows: subclass ``SplitSuite`` and give it an engine that can.

    class TestMySplits(SplitSuite):
        @pytest.fixture
        def engine(self):
            return MyEngine()

All of it is skipped for an engine whose tables cannot split. ``numbered = False`` says that the rows of its
data sets have no order, as those of a database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attrs import frozen

from veriport.adapters.expressions.sqlglot import parse
from veriport.application.checking import parse_all
from veriport.domain.binding import bind
from veriport.domain.measurements import NotEvaluated
from veriport.domain.rules.base import Rule, Shape
from veriport.domain.rules.reading import read_rules
from veriport.ports.engines import ROW_COLUMN, RULES_COLUMN, Divided, Engine, Request, SupportsSplit
from veriport.testing.cases import NAN, NOW, Case, cases
from veriport.testing.matrix import Frames, Tables

if TYPE_CHECKING:
    import polars as pl


@frozen
class Files:
    """What a split wrote, and what it said that it wrote."""

    valid: pl.DataFrame
    failing: pl.DataFrame
    divided: Divided
    case: Case
    numbered: bool

    def hold(self, broken: Mapping[int, list[str]], valid: Iterable[int]) -> bool:
        """Whether they hold these rows of the case, by their numbers, with the rules that each one breaks."""
        rows = self.case.frame()
        numbers = list(broken) if self.numbered else [None] * len(broken)
        wanted = zip(_texts(rows[list(broken)]), numbers, broken.values(), strict=True)
        added = (self.failing[name].to_list() for name in (ROW_COLUMN, RULES_COLUMN))
        found = zip(_texts(self.failing.drop(ROW_COLUMN, RULES_COLUMN)), *added, strict=True)
        return (
            self.valid.columns == rows.columns
            and self.failing.columns == [*rows.columns, ROW_COLUMN, RULES_COLUMN]
            and self._alike(_texts(self.valid), _texts(rows[list(valid)]))
            and self._alike(list(found), list(wanted))
        )

    def _alike(self, found: Sequence[object], wanted: Sequence[object]) -> bool:
        """The same in the same order, where there is one."""
        return found == wanted if self.numbered else sorted(map(repr, found)) == sorted(map(repr, wanted))


Split = Callable[..., Files]


def _about_rows() -> Iterator[Case]:
    return (case for case in cases() if _rule(case).shape is Shape.ROWS and not case.refused)


def _rule(case: Case) -> Rule:
    other = {} if case.reference is None else {"reference": "other.csv"}
    (rule,) = read_rules([{**case.rule, **other}]).unwrap()
    return rule


class SplitSuite:
    """Every sentence of ``SupportsSplit``, with every case about rows of ``veriport.testing.cases``."""

    #: Whether the rows of a data set have an order, and so numbers.
    numbered = True

    @pytest.fixture
    def engine(self) -> Engine:
        """The engine under test."""
        raise NotImplementedError

    @pytest.fixture
    def tables(self, tmp_path: Path) -> Tables:
        """Where the engine finds the tables of cases: by default Polars frames and Parquet files."""
        return Frames(tmp_path)

    @pytest.fixture
    def split(self, engine: Engine, tables: Tables, tmp_path: Path) -> Split:
        """Split a case by rules, at the port."""
        import polars as pl  # noqa: PLC0415  # imported on use

        def split(
            case: Case, *rules: Mapping[str, object], where: str | None = None, limit: int | None = None
        ) -> Files:
            if lacking := tables.lacks(case):
                pytest.skip(f"not evaluated: {lacking}")
            other = {} if case.reference is None else {"reference": tables.refer(case)}
            read = read_rules([{**rule, **other} for rule in rules]).unwrap() if rules else ()
            parsed = parse_all(parse, read, where).unwrap()
            valid, failing = str(tmp_path / "valid"), str(tmp_path / "failing")
            with engine.open(tables.load(case)) as table:
                if not isinstance(table, SupportsSplit):
                    pytest.skip(f"the engine {engine.name} does not split rows")
                bound = bind(read, table.columns, parsed, "the case").measurable
                request = Request(rules=bound, parsed=parsed, where=where, limit=limit, now=case.now)
                for outcome in table.measure(request).outcomes:
                    if isinstance(outcome, NotEvaluated):
                        pytest.skip(f"not evaluated: {outcome.reason}")
                divided = table.split(request, valid, failing)
            files = pl.read_parquet(valid), pl.read_parquet(failing)
            return Files(*files, divided=divided, case=case, numbered=self.numbered)

        return split

    @pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in _about_rows()])
    def test_the_failing_rows_are_those_that_break_the_rule(self, split: Split, case: Case) -> None:
        if case.needs:
            pytest.importorskip(case.needs)
        files = split(case, case.rule)
        others = [number for number in range(case.frame().height) if number not in case.rows]
        assert files.hold({number: [_rule(case).id] for number in case.rows}, others)
        assert files.divided == Divided(valid=len(others), failing=len(case.rows), broken=(len(case.rows),))

    def test_a_row_names_every_rule_that_it_breaks_in_their_order(self, split: Split) -> None:
        above = {"column": "a", "type": "in_range", "min": 2, "id": "z"}
        once = {"column": "a", "type": "unique", "id": "a"}
        files = split(_PAIRS, above, {"column": "b", "type": "not_null"}, once)
        assert files.hold({0: ["z"], 1: ["a"], 2: ["b.not_null", "a"], 4: ["b.not_null"]}, [3])
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
        places = [place for place, number in enumerate(numbers) if not number % 3]
        others = [place for place, number in enumerate(numbers) if number % 3]
        assert files.hold({place: ["expression"] for place in places}, others)

    def test_only_the_rows_of_the_check_are_written(self, split: Split) -> None:
        files = split(_PAIRS, {"column": "b", "type": "not_null"}, where="a > 1")
        assert files.hold({2: ["b.not_null"], 4: ["b.not_null"]}, [1, 3])

    def test_the_first_rows_are_those_of_the_check(self, split: Split) -> None:
        rules = [{"column": "b", "type": "not_null"}, {"column": "a", "type": "unique"}]
        files = split(_PAIRS, *rules, where="a > 1", limit=4)
        if self.numbered:
            assert files.hold({1: ["a.unique"], 2: ["b.not_null", "a.unique"]}, [3])
        assert files.divided.valid + files.divided.failing in {3, 4}

    def test_what_a_rule_says_of_all_rows_it_says_of_those_of_the_check(self, split: Split) -> None:
        files = split(_PAIRS, {"column": "a", "type": "unique"}, where="b IS NULL")
        assert files.hold({}, [2, 4])

    def test_without_rules_every_row_is_valid(self, split: Split) -> None:
        files = split(_PAIRS)
        assert files.hold({}, range(5))
        assert files.divided == Divided(valid=5, failing=0, broken=())

    def test_no_rows_make_two_files_with_columns(self, split: Split) -> None:
        files = split(_table(a=[]), {"column": "a", "type": "not_null"}, {"column": "a", "type": "unique"})
        assert (files.valid.shape, files.failing.shape) == ((0, 1), (0, 3))

    def test_values_are_what_they_were(self, split: Split) -> None:
        case = _table(a=[0.1 + 0.2, -0.0, NAN, None], b=["", "\0", "a\nb", None], c=[2**63 - 1, -1, None, 0])
        files = split(case, {"column": "c", "type": "in_range", "min": 0})
        assert files.hold({1: ["c.in_range"]}, [0, 2, 3])

    def test_names_of_columns_may_be_strange(self, split: Split) -> None:
        case = Case(name="", columns={'a "b".c': [1, None], "👍": [1, 2], "": [1, 2]}, rule={})
        files = split(case, {"column": 'a "b".c', "type": "not_null"})
        assert files.valid.rows() == [(1, 1, 1)]

    def test_splitting_twice_writes_the_same(self, split: Split) -> None:
        rules = [{"column": "a", "type": "unique"}, {"column": "b", "type": "not_null"}]
        first, second = split(_PAIRS, *rules), split(_PAIRS, *rules)
        broken = {1: ["a.unique"], 2: ["a.unique", "b.not_null"], 4: ["b.not_null"]}
        assert first.hold(broken, [0, 3])
        assert second.hold(broken, [0, 3])


def _table(**columns: Iterable[object]) -> Case:
    return Case(name="", columns={name: list(values) for name, values in columns.items()}, rule={}, now=NOW)


_PAIRS = _table(b=["x", "y", None, "z", None], a=[1, 3, 3, 4, 5])


def _texts(rows: pl.DataFrame) -> list[list[str]]:
    """Rows such that equal ones are equal, also where an engine widens a type."""
    return [[repr(_plain(value)) for value in row] for row in rows.rows()]


def _plain(value: object) -> object:
    """A whole number may have become a decimal, and an instant stand in another zone."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else value.normalize()
        case datetime() if value.tzinfo is not None:
            return value.astimezone(UTC)
        case _:
            return value
