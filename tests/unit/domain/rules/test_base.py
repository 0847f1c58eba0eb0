"""The options that every rule has."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from attrs import fields
from hypothesis import given
from hypothesis import strategies as st

from veriport.domain.errors import InvalidRule
from veriport.domain.rules.base import OPTIONS, ColumnRule, Missing, Nulls, Rule, Shape, WithoutRows
from veriport.domain.rules.rows import Unique
from veriport.domain.rules.tables import ColumnExists, DType, RowCount
from veriport.domain.rules.values import InSet, NotNull
from veriport.domain.rules.vocabulary import CLASSES
from veriport.domain.severity import Severity


def _rule(**options: Any) -> NotNull:  # noqa: ANN401  # anything may be written
    return NotNull(column="a", **options)


def test_the_defaults_are_those_of_the_documentation() -> None:
    rule = _rule()
    assert (rule.id, rule.severity, rule.mostly, rule.where) == ("", Severity.HIGH, 1.0, None)
    assert (rule.nulls, rule.missing, rule.mask) == (Nulls.IGNORE, Missing.ERROR, False)
    assert (rule.description, rule.tags) == ("", ())


@pytest.mark.parametrize(
    ("option", "written", "read"),
    [
        ("id", "a-1", "a-1"),
        ("severity", "critical", Severity.CRITICAL),
        ("severity", "WARN", Severity.MEDIUM),
        ("mostly", 0, 0.0),
        ("mostly", 1, 1.0),
        ("mostly", 0.95, 0.95),
        ("mostly", np.float64(0.5), 0.5),
        ("where", "b > 0", "b > 0"),
        ("where", None, None),
        ("nulls", "fail", Nulls.FAIL),
        ("missing", "skip", Missing.SKIP),
        ("mask", True, True),
        ("description", "why", "why"),
        ("tags", "one", ("one",)),
        ("tags", ["one", "two"], ("one", "two")),
        ("tags", ("one",), ("one",)),
        ("tags", [], ()),
    ],
)
def test_an_option_is_read(option: str, written: object, read: object) -> None:
    assert getattr(_rule(**{option: written}), option) == read


@pytest.mark.parametrize(
    ("option", "written", "message"),
    [
        ("id", 5, "id must be text, not 5"),
        ("id", None, "id must be text, not None"),
        (
            "severity",
            "hihg",
            "unknown severity 'hihg': use one of critical, high, medium, low; did you mean 'high'?",
        ),
        ("severity", None, "unknown severity None: use one of critical, high, medium, low"),
        ("mostly", "0.9", "mostly must be a share from 0 to 1, not '0.9'"),
        ("mostly", True, "mostly must be a share from 0 to 1, not True"),
        ("mostly", None, "mostly must be a share from 0 to 1, not None"),
        ("mostly", 95, "mostly must be a share from 0 to 1, not 95; did you mean '0.95'?"),
        ("mostly", 99.5, "mostly must be a share from 0 to 1, not 99.5; did you mean '0.995'?"),
        ("mostly", 101, "mostly must be a share from 0 to 1, not 101"),
        ("mostly", -0.1, "mostly must be a share from 0 to 1, not -0.1"),
        ("mostly", float("nan"), "mostly must be a share from 0 to 1, not nan"),
        ("where", "", "where must be text, not ''"),
        ("where", 5, "where must be text, not 5"),
        ("where", ["b > 0"], "where must be text, not ['b > 0']"),
        ("nulls", "pass", "nulls must be one of ignore, fail, not 'pass'"),
        ("nulls", "igonre", "nulls must be one of ignore, fail, not 'igonre'; did you mean 'ignore'?"),
        ("nulls", None, "nulls must be one of ignore, fail, not None"),
        ("nulls", True, "nulls must be one of ignore, fail, not True"),
        ("missing", "Skip", "missing must be one of error, fail, skip, not 'Skip'; did you mean 'skip'?"),
        ("missing", None, "missing must be one of error, fail, skip, not None"),
        ("mask", "yes", "mask must be true or false, not 'yes'"),
        ("mask", 1, "mask must be true or false, not 1"),
        ("mask", None, "mask must be true or false, not None"),
        ("description", None, "description must be text, not None"),
        ("tags", None, "tags must be text or a list of texts, not None"),
        ("tags", {"a": 1}, "tags must be text or a list of texts, not {'a': 1}"),
        ("tags", b"ab", "tags must be text or a list of texts, not b'ab'"),
        ("tags", [1], "tags must hold texts, not 1"),
        ("tags", [["a"]], "tags must hold texts, not ['a']"),
        ("column", "", "column must be the name of a column, not ''"),
        ("column", 5, "column must be the name of a column, not 5"),
        ("column", None, "column must be the name of a column, not None"),
    ],
)
def test_a_wrong_option_is_refused_by_name(option: str, written: object, message: str) -> None:
    with pytest.raises(InvalidRule) as caught:
        NotNull(**{"column": "a", option: written})  # type: ignore[arg-type]  # wrong on purpose
    assert (caught.value.key, str(caught.value)) == (option, message)


@given(st.decimals(0, 1, allow_nan=False, allow_infinity=False, places=3))
def test_the_share_is_exactly_what_was_written(written: object) -> None:
    assert _rule(mostly=float(str(written))).share == Fraction(str(written))


@pytest.mark.parametrize("rule", [RowCount(min=1), ColumnExists(column="a"), DType(column="a", dtype="int")])
@pytest.mark.parametrize("option", [{"mostly": 0.5}, {"nulls": "fail"}])
def test_options_about_rows_are_refused_where_there_are_none(rule: Rule, option: dict[str, object]) -> None:
    written = {"min": 1} if isinstance(rule, RowCount) else {"column": "a"}
    extra = {"dtype": "int"} if isinstance(rule, DType) else {}
    with pytest.raises(
        InvalidRule, match=f"has no meaning for {rule.type}: it does not look at rows one by one"
    ) as caught:
        type(rule)(**written, **extra, **option)  # type: ignore[arg-type]  # wrong on purpose
    assert caught.value.key == next(iter(option))


def test_a_rule_about_the_schema_has_no_where() -> None:
    with pytest.raises(InvalidRule, match="where has no meaning for column_exists") as caught:
        ColumnExists(column="a", where="b > 0")
    assert caught.value.key == "where"


def test_a_count_of_rows_has_a_where() -> None:
    assert RowCount(min=1, where="b > 0").where == "b > 0"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([], "columns must name at least one column"),
        ([""], "columns must name at least one column"),
        (["a", "a"], "columns names 'a' twice"),
        ([1], "columns must hold texts, not 1"),
        (None, "columns must be text or a list of texts, not None"),
        ({"a": 1}, "columns must be text or a list of texts, not {'a': 1}"),
        (np.array(5), "columns must be text or a list of texts, not array(5)"),
    ],
)
def test_columns_are_names_once_each(columns: object, message: str) -> None:
    with pytest.raises(InvalidRule) as caught:
        Unique(columns=columns)
    assert (caught.value.key, str(caught.value)) == ("columns", message)


@pytest.mark.parametrize("columns", ["a", ["a"], ("a",), np.array(["a"])])
def test_columns_are_one_text_or_a_list(columns: object) -> None:
    assert Unique(columns=columns).columns == ("a",)


@pytest.mark.parametrize("cls", CLASSES.values())
def test_every_rule_has_every_option(cls: type[Rule]) -> None:
    assert set(OPTIONS) <= {attribute.name for attribute in fields(cls)}


@pytest.mark.parametrize("cls", CLASSES.values())
def test_every_parameter_says_what_it_is_for(cls: type[Rule]) -> None:
    assert all(attribute.metadata.get("doc") for attribute in fields(cls))


@pytest.mark.parametrize("cls", CLASSES.values())
def test_every_rule_has_a_type_and_a_shape_and_says_what_it_means(cls: type[Rule]) -> None:
    assert cls.type == cls.type.lower() != ""
    assert cls.shape in Shape
    assert cls.__doc__


@pytest.mark.parametrize("cls", CLASSES.values())
def test_only_rules_without_rows_look_at_no_rows(cls: type[Rule]) -> None:
    assert issubclass(cls, WithoutRows) is (cls.shape is not Shape.ROWS)


def test_a_rule_can_be_a_key() -> None:
    assert len({_rule(), _rule(), NotNull(column="b")}) == 2


def test_true_and_one_are_different_values() -> None:
    assert InSet(column="a", values=[1]) != InSet(column="a", values=[True])
    assert InSet(column="a", values=[1]) == InSet(column="a", values=[1.0])


def test_a_plain_rule_reads_nothing_and_objects_to_nothing() -> None:
    assert (Rule().reads, Rule().objection({})) == ((), None)


def test_a_rule_about_a_column_reads_it() -> None:
    assert ColumnRule(column="a").reads == ("a",)
