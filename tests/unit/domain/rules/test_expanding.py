"""Entries that stand for others: conditions, quantiles, lists of columns."""

from __future__ import annotations

from typing import Any

import pytest

from veriport.domain.rules.aggregates import Aggregate
from veriport.domain.rules.base import Rule
from veriport.domain.rules.reading import read_rule, read_rules
from veriport.domain.rules.values import InRange, NotNull

_INNER = {"type": "not_null", "column": "b"}


def _rules(**entry: Any) -> tuple[Rule, ...]:  # noqa: ANN401  # anything may be written
    return read_rule(entry).unwrap()


def _problem(**entry: Any) -> tuple[tuple[int | str, ...], str]:  # noqa: ANN401  # anything may be written
    problem = read_rule(entry).failure()
    return problem.path, str(problem)


def _when(condition: object = "a > 1", then: object = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401  # anything may be written
    return {"type": "conditional", "when": condition, "then": _INNER if then is None else then, **more}


# --- conditions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "conditional", "when": "a > 1", "then": _INNER},
        {"type": "CONDITIONAL", "condition": "a > 1", "rule": _INNER},
        {"type": "when", "when": "a > 1", "rule": _INNER},
    ],
)
def test_a_condition_is_the_where_of_its_rule(entry: dict[str, Any]) -> None:
    assert _rules(**entry) == (NotNull(column="b", where="a > 1"),)


@pytest.mark.parametrize(
    "entry",
    [
        _when(then={**_INNER, "where": "c > 2"}),
        _when(where="c > 2"),
        _when(then=_when("c > 2")),
    ],
)
def test_conditions_hold_together(entry: dict[str, Any]) -> None:
    (rule,) = _rules(**entry)
    assert rule.where in {"(a > 1) AND (c > 2)", "(c > 2) AND (a > 1)"}


def test_no_condition_is_lost_however_they_are_written() -> None:
    (rule,) = _rules(
        **_when("a > 1", _when("b > 2", {**_INNER, "where": "c > 3"}, where="d > 4"), where="e > 5")
    )
    assert rule.where is not None
    assert all(each in rule.where for each in ("a > 1", "b > 2", "c > 3", "d > 4", "e > 5"))


def test_options_may_stand_outside() -> None:
    assert _rules(**_when(severity="low", id="x", tags=["t"])) == (
        NotNull(column="b", where="a > 1", severity="low", id="x", tags=["t"]),
    )


def test_a_rule_under_a_condition_may_be_several() -> None:
    assert _rules(**_when(then={"type": "not_null", "column": ["b", "c"]})) == (
        NotNull(column="b", where="a > 1"),
        NotNull(column="c", where="a > 1"),
    )


@pytest.mark.parametrize(
    ("entry", "path", "message"),
    [
        ({"type": "conditional"}, ("type",), "conditional needs 'when', a SQL condition, and 'then', a rule"),
        (_when(None), ("type",), "conditional needs 'when', a SQL condition, and 'then', a rule"),
        (_when(5), ("when",), "when must be a SQL condition, not 5"),
        (_when(" "), ("when",), "when must be a SQL condition, not ' '"),
        (_when(["a > 1"]), ("when",), "when must be a SQL condition, not ['a > 1']"),
        (_when(then="not_null"), ("then",), "then must be a rule, a mapping with a 'type', not 'not_null'"),
        (_when(then=[_INNER]), ("then",), "then must be a rule, a mapping with a 'type', not [{'type':"),
        (_when(then={"column": "b"}), (), "a rule needs a 'type'"),
        (_when(then={"type": "not_nul", "column": "b"}), ("then", "type"), "unknown rule type 'not_nul'"),
        (_when(then={**_INNER, "mostyl": 1}), ("then", "mostyl"), "unknown key 'mostyl' in not_null"),
        (_when(then={**_INNER, "where": 5}), ("then", "where"), "where must be a SQL condition, not 5"),
        (_when(where=""), ("where",), "where must be a SQL condition, not ''"),
        (
            _when(then={"type": "in_range", "column": "b", "min_value": "x", "max": 1}),
            ("then", "max"),
            "min 'x' and max 1 cannot be compared",
        ),
        (_when(then=_when(5)), ("then", "when"), "when must be a SQL condition, not 5"),
        (_when(then=_when(then={**_INNER, "mask": 1})), ("then", "then", "mask"), "mask must be true or false"),
        (_when(severity="hihg"), ("severity",), "unknown severity 'hihg'"),
        (_when(column="b"), ("column",), "'column' belongs into the rule under 'then'"),
        (_when(severity="low", then={**_INNER, "severity": "low"}), ("severity",), "'severity' belongs into the rule"),
        (_when(condition="a > 1") | {"condition": "b > 1"}, ("condition",), "'condition' says again what another"),
        (_when(rule=_INNER), ("rule",), "'rule' says again what another key already says"),
    ],
)  # fmt: skip
def test_a_wrong_condition_has_its_place(entry: dict[str, Any], path: tuple[str, ...], message: str) -> None:
    found, text = _problem(**entry)
    assert found == path
    assert text.startswith(message)


def test_conditions_inside_each_other_have_an_end() -> None:
    entry: dict[str, Any] = _when()
    for _ in range(5000):
        entry = _when(then=entry)
    assert _problem(**entry) == ((), "more than 20 rules inside each other")


# --- quantiles ------------------------------------------------------------------------------------


def _quantile(q: float, **ends: object) -> Aggregate:
    return Aggregate(column="a", of="quantile", q=q, **ends)  # type: ignore[arg-type]  # as it is written


@pytest.mark.parametrize(
    "bounds",
    [
        {0.5: {"min": 1}, 0.9: [2, 3]},
        {"0.5": {"min_value": 1}, "0.9": (2, 3)},
        {0.5: [1, None], 0.9: {"min": 2, "max": 3}},
    ],
)
def test_quantiles_are_a_rule_each(bounds: object) -> None:
    assert _rules(type="quantiles", column="a", quantiles=bounds) == (
        _quantile(0.5, min=1),
        _quantile(0.9, min=2, max=3),
    )


def test_quantiles_of_several_columns_are_a_rule_each() -> None:
    rules = _rules(type="Quantiles", column=["a", "b"], quantiles={0: [0, 1], 1: [8, 9]}, severity="low")
    assert [(each.column, each.q) for each in rules if isinstance(each, Aggregate)] == [
        ("a", 0), ("b", 0), ("a", 1), ("b", 1),
    ]  # fmt: skip


def test_quantiles_may_stand_under_a_condition() -> None:
    (rule,) = _rules(**_when(then={"type": "quantiles", "column": "a", "quantiles": {0.5: [1, 2]}}))
    assert rule == _quantile(0.5, min=1, max=2, where="a > 1")


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"quantiles": None}, ("quantiles",), "quantiles needs 'quantiles': a mapping such as {0.5: {min: 1, max: 2}}"),
        ({"quantiles": {}}, ("quantiles",), "quantiles needs 'quantiles'"),
        ({"quantiles": [0.5]}, ("quantiles",), "quantiles needs 'quantiles'"),
        ({"quantiles": {0.5: 5}}, ("quantiles", "0.5"), "a quantile has bounds such as {min: 1, max: 2}, not 5"),
        ({"quantiles": {0.5: [1]}}, ("quantiles", "0.5"), "a quantile has bounds such as"),
        ({"quantiles": {0.5: {"mim": 1}}}, ("quantiles", "0.5"), "a quantile has bounds such as"),
        ({"quantiles": {0.5: {"type": "null"}}}, ("quantiles", "0.5"), "a quantile has bounds such as"),
        ({"quantiles": {0.5: {}}}, (), "aggregate needs min, max or both"),
        ({"quantiles": {0.5: {"min": "x"}}}, ("quantiles", "0.5", "min"), "min must be a number, not 'x'"),
        ({"quantiles": {0.5: [2, 1]}}, ("quantiles", "0.5"), "min 2 is greater than max 1"),
        ({"quantiles": {50: [1, 2]}}, ("quantiles", "50"), "q must be a share from 0 to 1, not 50"),
        ({"quantiles": {"p50": [1, 2]}}, ("quantiles", "p50"), "q must be a share from 0 to 1, not 'p50'"),
        ({"quantiles": {True: [1, 2]}}, ("quantiles", "True"), "q must be a share from 0 to 1, not True"),
        ({"quantiles": {"nan": [1, 2]}}, ("quantiles", "nan"), "q must be a share from 0 to 1, not nan"),
        ({"column": 5}, ("column",), "column must be the name of a column, not 5"),
        ({"min": 5}, ("min",), "unknown key 'min' in quantiles"),
        ({"of": "mean"}, ("of",), "unknown key 'of' in quantiles"),
        ({"serverity": "low"}, ("serverity",), "unknown key 'serverity' in quantiles; did you mean 'severity'?"),
        ({"id": "x", "quantiles": {0.5: [1, 2], 0.9: [1, 2]}}, ("id",), "an id cannot be shared"),
    ],
)  # fmt: skip
def test_wrong_quantiles_have_their_place(
    changes: dict[str, Any], path: tuple[str, ...], message: str
) -> None:
    found, text = _problem(**{"type": "quantiles", "column": "a", "quantiles": {0.5: [1, 2]}, **changes})
    assert found == path
    assert text.startswith(message)


def test_quantiles_without_a_column_say_so() -> None:
    assert _problem(type="quantiles", quantiles={0.5: [1, 2]}) == ((), "aggregate needs 'column'")


# --- lists of columns -----------------------------------------------------------------------------


def test_a_column_is_listed_once() -> None:
    assert _problem(type="not_null", column=["a", "b", "a"]) == (("column",), "column names 'a' twice")


def test_columns_that_look_alike_when_shortened_are_two() -> None:
    names = ["x" * 100 + "a", "x" * 100 + "b"]
    assert len(_rules(type="not_null", column=names)) == 2


def test_each_problem_has_its_place_in_a_list_of_rules() -> None:
    entries = [_when(then={**_INNER, "mask": 1}), {"type": "in_range", "column": ["a"], "min": None}]
    problems = read_rules(entries).failure()
    assert [problem.path for problem in problems] == [(0, "then", "mask"), (1, "min")]


@pytest.mark.parametrize(("word", "meant"), [("conditonal", "conditional"), ("quantlies", "quantiles")])
def test_a_word_for_several_rules_is_suggested(word: str, meant: str) -> None:
    assert _problem(type=word)[1].endswith(f"did you mean {meant!r}?")


def test_a_plain_entry_stands_for_itself() -> None:
    assert _rules(type="in_range", column="a", min=1) == (InRange(column="a", min=1),)
