"""A learned schema holds for the data that it was learned from, and for no data with other columns."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veriport.adapters.engines.polars import PolarsEngine
from veriport.domain.datasets import Handle
from veriport.domain.rules.base import SchemaRule
from veriport.domain.rules.reading import read_rules
from veriport.domain.schemas import schema_entry
from veriport.domain.types import Column, DataType, Family
from veriport.testing.cases import cases


def learned(*columns: Column) -> SchemaRule:
    (rule,) = read_rules([schema_entry(columns)]).unwrap()
    assert isinstance(rule, SchemaRule)
    return rule


def by_name(*columns: Column) -> Mapping[str, Column]:
    return {column.name: column for column in columns}


_INT, _TEXT = DataType(Family.INTEGER, "int64"), DataType(Family.STRING, "string")


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases()])
def test_it_holds_for_what_it_was_learned_from(case: object) -> None:
    with PolarsEngine().open(Handle(case.frame())) as table:  # type: ignore[attr-defined]  # a case
        columns = table.columns
    assert learned(*columns).holds(by_name(*columns))


@given(st.permutations(["a", "b", "c"]))
def test_the_order_of_columns_does_not_count(names: list[str]) -> None:
    rule = learned(*(Column(name, _INT) for name in "abc"))
    assert rule.holds(by_name(*(Column(name, _INT) for name in names)))


@pytest.mark.parametrize(
    "later",
    [
        [Column("a", _INT)],
        [Column("a", _INT), Column("b", _TEXT), Column("c", _TEXT)],
        [Column("a", _TEXT), Column("b", _TEXT)],
        [Column("a", DataType(Family.INTEGER, "int32")), Column("b", _TEXT)],
        [],
    ],
    ids=["one is missing", "one is extra", "another family", "another width", "none"],
)
def test_it_does_not_hold_for_other_columns(later: list[Column]) -> None:
    assert not learned(Column("a", _INT), Column("b", _TEXT)).holds(by_name(*later))


@pytest.mark.parametrize("family", Family)
def test_a_column_of_nulls_may_turn_out_to_be_of_any_type(family: Family) -> None:
    rule = learned(Column("a", DataType(Family.NULL, "null")))
    assert rule.holds(by_name(Column("a", DataType(family, family.value))))


def test_a_type_that_rules_cannot_name_is_wanted_by_its_family() -> None:
    rule = learned(Column("a", DataType(Family.STRUCT, "struct(x: int64)")))
    assert rule.holds(by_name(Column("a", DataType(Family.STRUCT, "struct(y: string)"))))
    assert not rule.holds(by_name(Column("a", _INT)))


def test_of_a_table_without_columns_none_are_wanted() -> None:
    assert learned().holds({})
    assert not learned().holds(by_name(Column("a", _INT)))
