"""The contract suite of the engine port: subclass ``EngineSuite`` and give it your engine.

    class TestMyEngine(EngineSuite):
        @pytest.fixture
        def engine(self):
            return MyEngine()

A rule that the engine does not know must be ``NotEvaluated``; such a case is skipped with the reason.
Set ``complete = True`` to forbid that.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import pytest
from returns.pipeline import is_successful

from veriport.domain.datasets import Address, Dataset
from veriport.domain.results import RuleResult, RuleStatus
from veriport.domain.rules.reading import read_rules
from veriport.ports.engines import Engine, Request, SupportsCancel
from veriport.ports.errors import DataError
from veriport.testing.cases import Case, cases
from veriport.testing.matrix import Answer, Frames, Tables, Verdict, check, verdict


class EngineSuite:
    """Every sentence of ``veriport.ports.engines``, and every case of ``veriport.testing.cases``."""

    #: Whether the engine must evaluate every rule.
    complete = False

    @pytest.fixture
    def engine(self) -> Engine:
        """The engine under test."""
        raise NotImplementedError

    @pytest.fixture
    def tables(self, tmp_path: Path) -> Tables:
        """Where the engine finds the tables of cases: by default Polars frames and Parquet files."""
        return Frames(tmp_path)

    def absent(self) -> Dataset:
        """A data set that is not there."""
        return Address(path="/nowhere/absent.parquet")

    def verdict(self, engine: Engine, tables: Tables, case: Case) -> Verdict:
        """What the engine makes of a case, see ``veriport.testing.matrix``."""
        return verdict(engine, tables, case)

    def one(self, engine: Engine, tables: Tables, case: Case, **options: object) -> RuleResult:
        """The result of the case's rule; skips what the engine does not evaluate."""
        (result,) = check(engine, tables.load(case), case.rule, now=case.now, **options).rules
        if result.status is RuleStatus.NOT_EVALUATED:
            self.skip(result.message)
        return result

    def skip(self, reason: str) -> NoReturn:
        """Pass over what the engine does not evaluate, if it may."""
        assert not self.complete, reason
        pytest.skip(f"not evaluated: {reason}")

    def test_has_a_name(self, engine: Engine) -> None:
        assert engine.name

    @pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases()])
    def test_means_what_the_semantics_say(self, engine: Engine, tables: Tables, case: Case) -> None:
        if case.needs:
            pytest.importorskip(case.needs)
        said = self.verdict(engine, tables, case)
        if said.answer is Answer.NOT_EVALUATED:
            self.skip(said.reason)
        assert said.answer is Answer.AGREES, said.reason

    def test_an_absent_data_set_is_a_data_error_that_names_it(self, engine: Engine) -> None:
        with pytest.raises(DataError, match=r"absent\.parquet"), engine.open(self.absent()) as table:
            table.columns  # noqa: B018  # an engine may open late

    def test_columns_stand_in_order(self, engine: Engine, tables: Tables) -> None:
        with engine.open(tables.load(_TWO)) as table:
            assert [column.name for column in table.columns] == ["b", "a"]

    def test_outcomes_stand_in_the_order_of_the_rules(self, engine: Engine, tables: Tables) -> None:
        rules = read_rules([{"column": "a", "type": "not_null"}, {"type": "row_count", "min": 1},
                            {"column": "b", "type": "not_null"}]).unwrap()  # fmt: skip
        with engine.open(tables.load(_TWO)) as table:
            alone = [table.measure(Request(rules=(rule,))).outcomes[0] for rule in rules]
            forth = table.measure(Request(rules=rules)).outcomes
            back = table.measure(Request(rules=rules[::-1])).outcomes
        assert list(forth) == alone
        assert list(back) == alone[::-1]

    def test_without_rules_the_nulls_of_every_column_are_counted(
        self, engine: Engine, tables: Tables
    ) -> None:
        with engine.open(tables.load(_TWO)) as table:
            measured = table.measure(Request())
        assert (measured.row_count, dict(measured.null_counts)) == (4, {"b": 1, "a": 0})

    def test_measuring_twice_gives_the_same(self, engine: Engine, tables: Tables) -> None:
        rules = read_rules([{"column": "b", "type": "not_null"}]).unwrap()
        with engine.open(tables.load(_TWO)) as table:
            assert table.measure(Request(rules=rules)) == table.measure(Request(rules=rules))

    def test_to_cancel_what_is_idle_does_nothing(self, engine: Engine, tables: Tables) -> None:
        rules = read_rules([{"column": "b", "type": "not_null"}]).unwrap()
        with engine.open(tables.load(_TWO)) as table:
            if not isinstance(table, SupportsCancel):
                pytest.skip("it cannot be cancelled")
            table.cancel()
            before = table.measure(Request(rules=rules))
            table.cancel()
            assert table.measure(Request(rules=rules)) == before

    def test_samples_are_the_first_failing_rows_and_no_more(self, engine: Engine, tables: Tables) -> None:
        result = self.one(engine, tables, _MANY, samples=2)
        assert result.failed_count == 3
        assert [sample.values for sample in result.samples] == [{"x": None}, {"x": None}]
        assert [sample.row for sample in result.samples] in ([1, 2], [None, None])

    def test_no_samples_are_shown_when_none_are_wanted(self, engine: Engine, tables: Tables) -> None:
        assert self.one(engine, tables, _MANY, samples=0).samples == ()

    def test_samples_show_the_key(self, engine: Engine, tables: Tables) -> None:
        result = self.one(engine, tables, _MANY, key=("id",))
        assert [sample.key for sample in result.samples] == [{"id": "b"}, {"id": "c"}, {"id": "e"}]

    def test_where_limits_the_whole_check(self, engine: Engine, tables: Tables) -> None:
        whole = check(engine, tables.load(_MANY), _MANY.rule, where="id > 'b'")
        (result,) = whole.rules
        if result.status is RuleStatus.NOT_EVALUATED:
            self.skip(result.message)
        assert whole.row_count == 3
        assert (result.checked_count, result.failed_count) == (3, 2)
        assert [sample.row for sample in result.samples] in ([2, 4], [None, None])

    def test_limit_checks_the_first_rows(self, engine: Engine, tables: Tables) -> None:
        assert check(engine, tables.load(_MANY), _MANY.rule, limit=2).row_count == 2

    def test_a_rule_that_breaks_does_not_keep_the_others(self, engine: Engine, tables: Tables) -> None:
        rules = ({"type": "expression", "expression": "s > 1"}, {"column": "s", "type": "not_null"})
        case = Case(name="", columns={"s": ["a", None]}, rule={})
        broken, sound = check(engine, tables.load(case), *rules).rules
        assert broken.status in {RuleStatus.ERROR, RuleStatus.NOT_EVALUATED}
        assert sound.failed_count == 1

    def test_serves_several_threads(self, engine: Engine, tables: Tables) -> None:
        def work(_: int) -> tuple[int, int]:
            result = self.one(engine, tables, _MANY)
            return result.checked_count, result.failed_count

        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(work, range(8))) == {(5, 3)}

    def test_checks_at_once_give_what_they_give_in_turn(self, engine: Engine, tables: Tables) -> None:
        several = [case for case in list(cases())[::30] if not (case.needs or tables.lacks(case))][:8]

        def work(case: Case) -> str:
            return str(verdict(engine, tables, case))

        in_turn = [work(case) for case in several]
        with ThreadPoolExecutor(len(several)) as pool:
            assert list(pool.map(work, several)) == in_turn

    def test_a_column_that_is_absent_is_not_asked_for(self, engine: Engine, tables: Tables) -> None:
        (result,) = check(engine, tables.load(_MANY), {"column": "zz", "type": "not_null"}).rules
        assert result.status is RuleStatus.ERROR

    def test_rules_are_readable_cases(self) -> None:
        """The cases themselves are sound: each rule can be read."""
        rules = ({"reference": "x.csv", **case.rule} if case.reference else case.rule for case in cases())
        assert all(is_successful(read_rules([rule])) for rule in rules)


_TWO = Case(name="two columns", columns={"b": [1, None, 2, 2], "a": ["x", "y", "z", "z"]}, rule={})
_MANY = Case(
    name="three failures",
    columns={"x": [1, None, None, 4, None], "id": ["a", "b", "c", "d", "e"]},
    rule={"column": "x", "type": "not_null"},
)
