"""Rules from mappings and back: ids, lists of columns, problems with their place, fingerprints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from attrs import evolve, fields
from hypothesis import given, settings
from hypothesis import strategies as st
from returns.result import Success

from veriport.domain.rules.base import OPTIONS, Rule
from veriport.domain.rules.reading import (
    RuleProblem,
    fingerprint,
    identified,
    origins,
    read_rule,
    read_rules,
    write_rule,
)
from veriport.domain.rules.rows import Unique
from veriport.domain.rules.tables import RowCount
from veriport.domain.rules.values import InRange, InSet, NotNull
from veriport.domain.rules.vocabulary import CLASSES, SPELLINGS
from veriport.testing.strategies import PARAMETERS, rule_lists, rules


def _problem(entry: object) -> RuleProblem:
    return read_rule(entry).failure()


# --- one entry ------------------------------------------------------------------------------------


def test_a_mapping_is_a_rule() -> None:
    assert read_rule({"column": "a", "type": "not_null"}) == Success((NotNull(column="a"),))


def test_a_rule_is_itself() -> None:
    assert read_rule(NotNull(column="a")) == Success((NotNull(column="a"),))


def test_a_list_of_columns_means_one_rule_each() -> None:
    read = read_rule({"column": ["a", "b"], "type": "not_null", "severity": "low"})
    assert read.unwrap() == (NotNull(column="a", severity="low"), NotNull(column="b", severity="low"))


def test_a_list_of_columns_means_one_rule_each_for_unique_too() -> None:
    read = read_rule({"column": ["a", "b"], "type": "unique"})
    assert read.unwrap() == (Unique(columns="a"), Unique(columns="b"))


def test_columns_means_them_together() -> None:
    assert read_rule({"columns": ["a", "b"], "type": "unique"}).unwrap() == (Unique(columns=["a", "b"]),)


def test_reading_changes_nothing_in_the_entry() -> None:
    entry = {"column": ["a", "b"], "type": "not_null"}
    read_rule(entry)
    assert entry == {"column": ["a", "b"], "type": "not_null"}


@pytest.mark.parametrize(
    ("entry", "message", "path"),
    [
        (None, "a rule is null: YAML reads an unquoted null as nothing; did you mean 'not_null'?", ()),
        ("not_null", "a rule is a mapping such as {column: NAME, type: not_null}, not a text", ()),
        ("anything", "a rule is a mapping with a 'type', not 'anything'", ()),
        (5, "a rule is a mapping with a 'type', not 5", ()),
        ([], "a rule is a mapping with a 'type', not []", ()),
        (b"x", "a rule is a mapping with a 'type', not b'x'", ()),
        (
            NotNull,
            "a rule is a mapping with a 'type', not <class 'veriport.domain.rules.values.NotNull'>",
            (),
        ),
        ({}, "a rule needs a 'type'", ()),
        ({"column": "a"}, "a rule needs a 'type'", ()),
        ({"tpye": "not_null"}, "a rule needs a 'type'; is 'tpye' meant to be it?", ()),
        ({"not_null": "a"}, "a rule needs a 'type'; write it as {column: NAME, type: not_null}", ()),
        ({5: "a", None: "b", ("c",): "d"}, "a rule needs a 'type'", ()),
        (
            {"type": None},
            "type is null: YAML reads an unquoted null as nothing; did you mean 'not_null'?",
            ("type",),
        ),
        ({"type": "not_nul"}, "unknown rule type 'not_nul'; did you mean 'not_null'?", ("type",)),
        ({"type": "qqqqqq"}, "unknown rule type 'qqqqqq'", ("type",)),
        ({"type": ["not_null"]}, "unknown rule type ['not_null']", ("type",)),
        ({"type": True}, "unknown rule type True", ("type",)),
        ({"type": ""}, "unknown rule type ''", ("type",)),
        ({"type": "not_null"}, "not_null needs 'column'", ()),
        ({"type": "in_set", "column": "a"}, "in_set needs 'values'", ()),
        ({"type": "not_null", "column": None}, "column is null: name a column", ("column",)),
        ({"type": "not_null", "column": []}, "column is an empty list: name a column", ("column",)),
        (
            {"type": "not_null", "column": [["a"]]},
            "column must be the name of a column, not ['a']",
            ("column",),
        ),
        ({"type": "not_null", "column": ["a", 5]}, "column must be the name of a column, not 5", ("column",)),
        (
            {"type": "not_null", "columns": ["a"]},
            "unknown key 'columns' in not_null; did you mean 'column'?",
            ("columns",),
        ),
        (
            {"type": "not_null", "column": "a", "mostyl": 0.5},
            "unknown key 'mostyl' in not_null; did you mean 'mostly'?",
            ("mostyl",),
        ),
        ({"type": "not_null", "column": "a", 5: 6}, "unknown key 5 in not_null", ()),
        ({"type": "not_null", "column": "a", None: 6}, "unknown key None in not_null", ()),
        (
            {"type": "in_range", "column": "a", "min": 1, "min_value": 2},
            "'min_value' says again what another key already says",
            ("min_value",),
        ),
        (
            {"type": "not_null", "column": ["a", "b"], "id": "x"},
            "an id cannot be shared: a list of columns makes one rule each",
            ("id",),
        ),
        (
            {"type": "unique", "column": ["a", ["b"]]},
            "column is a single one; write columns for a list",
            ("column",),
        ),
    ],
)
def test_what_is_no_rule_says_why_and_where(entry: object, message: str, path: tuple[str, ...]) -> None:
    problem = _problem(entry)
    assert (str(problem), problem.path) == (message, path)


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        ({"type": "in_range", "column": "a", "min_value": True}, ("min_value",)),
        ({"type": "in_range", "column": "a", "max_value": [1]}, ("max_value",)),
        ({"type": "equal", "column": "a", "value": None}, ("value",)),
        ({"type": "unique", "column": 5}, ("column",)),
        ({"type": "min_length", "column": "a", "length": "x"}, ("length",)),
        ({"type": "matches", "column": "a", "regex": "("}, ("regex",)),
        ({"type": "isin", "column": "a", "value_set": "abc"}, ("value_set",)),
        ({"type": "dtype", "column": "a", "data_type": "integr"}, ("data_type",)),
        ({"type": "row_count", "min_value": -1}, ("min_value",)),
        ({"type": "row_count", "min": 1, "mostly": 0.5}, ("mostly",)),
        ({"type": "compare", "column": "a", "op": "!", "other": "b"}, ("op",)),
        ({"type": "compare", "column": "a", "op": "<", "column_b": "a"}, ("column_b",)),
        ({"type": "expression", "expr": 5}, ("expr",)),
    ],
)
def test_the_path_is_the_key_that_was_written(entry: Mapping[str, object], path: tuple[str, ...]) -> None:
    assert _problem(entry).path == path


def test_a_problem_can_be_seen_from_further_up() -> None:
    problem = RuleProblem("wrong", ("min",), "right").under("rules", 3)
    assert (problem.path, str(problem)) == (("rules", 3, "min"), "wrong; did you mean 'right'?")


# --- a list of entries ----------------------------------------------------------------------------


@pytest.mark.parametrize("entries", [None, "not_null", {"type": "not_null"}, 5, b"x", NotNull(column="a")])
def test_rules_are_a_list(entries: object) -> None:
    (problem,) = read_rules(entries).failure()
    assert str(problem) == "rules must be a list of mappings, each with a 'type'"
    assert problem.path == ()


def test_an_empty_list_is_a_mistake() -> None:
    (problem,) = read_rules([]).failure()
    assert str(problem) == "the list of rules is empty: leave it out to describe the data only"


def test_every_problem_is_told_at_once_in_order() -> None:
    entries = [
        {"type": "not_null", "column": "a", "id": "x"},
        None,
        {"type": "uniqe", "column": "a"},
        {"type": "not_null", "column": "b", "id": "x"},
        {"type": "in_range", "column": "a", "min": 2, "max": 1},
    ]
    assert [problem.path for problem in read_rules(entries).failure()] == [
        (0, "id"), (1,), (2, "type"), (3, "id"), (4, "min"),
    ]  # fmt: skip


def test_a_repeated_id_is_told_of_each() -> None:
    problems = read_rules([NotNull(column="a", id="x"), NotNull(column="b", id="x")]).failure()
    assert [str(problem) for problem in problems] == ["the id 'x' is used by another rule"] * 2


@pytest.mark.parametrize(
    "entries",
    [
        ({"type": "not_null", "column": "a"},),
        [NotNull(column="a")],
        iter([NotNull(column="a")]),
    ],
)
def test_any_list_of_rules_is_read(entries: object) -> None:
    assert read_rules(entries).unwrap() == (NotNull(column="a", id="a.not_null"),)


# --- ids ------------------------------------------------------------------------------------------


def _ids(*entries: object) -> list[str]:
    return [rule.id for rule in read_rules(entries).unwrap()]


def test_an_id_is_made_of_column_and_type() -> None:
    assert _ids(
        {"type": "not_null", "column": "a"},
        {"type": "unique", "columns": ["a", "b"]},
        {"type": "row_count", "min": 1},
        {"type": "expression", "expression": "a > b"},
        {"type": "gt", "column": "a", "value": 5},
        {"type": "gt", "column": "a", "other": "b"},
        {"type": "column_exists", "column": "a"},
    ) == ["a.not_null", "a,b.unique", "row_count", "expression", "a.in_range", "a.compare", "a.column_exists"]


def test_a_second_one_gets_a_number() -> None:
    rule = {"type": "not_null", "column": "a"}
    assert _ids(rule, rule, rule) == ["a.not_null", "a.not_null-2", "a.not_null-3"]


def test_a_given_id_is_never_taken_by_a_made_one() -> None:
    rule = {"type": "not_null", "column": "a"}
    ids = _ids(rule, rule, {**rule, "id": "a.not_null"}, {**rule, "id": "a.not_null-2"})
    assert ids == ["a.not_null-3", "a.not_null-4", "a.not_null", "a.not_null-2"]


def test_an_empty_id_is_none_given() -> None:
    assert _ids({"type": "not_null", "column": "a", "id": ""}) == ["a.not_null"]


@given(rule_lists())
def test_ids_are_there_and_distinct_and_stay(listed: tuple[Rule, ...]) -> None:
    ids = [rule.id for rule in listed]
    assert all(ids)
    assert len(set(ids)) == len(ids)
    assert identified(listed) == listed


# --- where rules come from ------------------------------------------------------------------------


def test_each_rule_knows_the_entry_that_it_comes_from() -> None:
    entries = [
        {"type": "not_null", "column": ["a", "b"]},
        NotNull(column="c"),
        {"type": "unique", "columns": ["a", "b"]},
        {"type": "unique", "column": ["a", "b", "c"]},
    ]
    assert origins(entries) == (0, 0, 1, 2, 3, 3, 3)
    assert len(origins(entries)) == len(read_rules(entries).unwrap())


def test_an_entry_that_is_no_rule_is_the_origin_of_none() -> None:
    assert origins([None, {"type": "not_null", "column": "a"}]) == (1,)


# --- writing --------------------------------------------------------------------------------------


@given(rules())
def test_a_written_rule_reads_as_the_same(rule: Rule) -> None:
    assert read_rule(write_rule(rule)) == Success((rule,))


@given(rules())
def test_a_written_rule_survives_json(rule: Rule) -> None:
    text = json.dumps(write_rule(rule), allow_nan=False)
    assert read_rule(json.loads(text)) == Success((rule,))


@given(rule_lists())
def test_written_lists_read_as_the_same(listed: tuple[Rule, ...]) -> None:
    assert not listed or read_rules([write_rule(rule) for rule in listed]).unwrap() == listed


@pytest.mark.parametrize("cls", CLASSES.values())
@settings(max_examples=25)
@given(data=st.data())
def test_every_class_is_written_whole(cls: type[Rule], data: st.DataObject) -> None:
    rule = data.draw(rules(cls))
    assert type(rule) is cls
    assert read_rule(write_rule(rule)) == Success((rule,))


def test_what_has_its_default_is_left_out() -> None:
    assert write_rule(NotNull(column="a")) == {"type": "not_null", "column": "a"}


def test_only_plain_values_are_written() -> None:
    rule = InRange(
        column="a", min=date(2024, 1, 2), inclusive="left", severity="low", nulls="fail", tags=["t"]
    )
    written = write_rule(rule)
    assert written == {
        "type": "in_range", "column": "a", "min": "2024-01-02", "inclusive": "left",
        "severity": "low", "nulls": "fail", "tags": ["t"],
    }  # fmt: skip
    assert {type(value) for value in written.values()} == {str, list}


# --- fingerprints ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "digits"),
    [
        ({"type": "not_null", "column": "a"}, "6b5b4c0023c785af"),
        ({"type": "unique", "columns": ["a", "b"]}, "4f334ca66e24f891"),
        ({"type": "in_range", "column": "a", "min": 0, "max": 10.5}, "f93256e9e0acdb25"),
        ({"type": "in_set", "column": "a", "values": ["x", 1, True]}, "b947cabe017cae9b"),
        ({"type": "row_count", "min": 1, "where": "a > 0"}, "d72aafcba28e5d69"),
        ({"type": "length", "column": "größe", "max": 9, "mostly": 0.9, "nulls": "fail"}, "24025458c889be51"),
    ],
)
def test_fingerprints_never_change_between_versions(entry: Mapping[str, object], digits: str) -> None:
    (rule,) = read_rule(entry).unwrap()
    assert fingerprint(rule) == digits


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"type": "not_null", "column": "a"}, {"column": "a", "type": "notnull"}),
        (
            {"type": "gt", "column": "a", "value": 5},
            {"type": "in_range", "column": "a", "min": 5.0, "inclusive": False},
        ),
        ({"type": "in_range", "column": "a", "min": 0}, {"type": "in_range", "column": "a", "min": -0.0}),
        (
            {"type": "in_range", "column": "a", "min": Decimal(5)},
            {"type": "gte", "column": "a", "value": np.int64(5)},
        ),
        (
            {"type": "in_range", "column": "a", "min": date(2024, 1, 2)},
            {"type": "ge", "column": "a", "value": "2024-01-02"},
        ),
        (
            {"type": "in_set", "column": "a", "values": [1, "x"]},
            {"type": "isin", "column": "a", "values": ["x", 1.0]},
        ),
        ({"type": "unique", "columns": ["a", "b"]}, {"type": "unique", "columns": ["b", "a"]}),
        (
            {"type": "dtype", "column": "a", "dtype": ["int", "str"]},
            {"type": "dtype", "column": "a", "dtype": ["string", "integer"]},
        ),
        ({"type": "not_null", "column": "a", "mostly": 1}, {"type": "not_null", "column": "a"}),
    ],
)
def test_equal_meaning_has_one_fingerprint(one: Mapping[str, object], other: Mapping[str, object]) -> None:
    (left,), (right,) = read_rule(one).unwrap(), read_rule(other).unwrap()
    assert fingerprint(left) == fingerprint(right)


@given(rules(), st.data())
def test_how_a_rule_is_shown_has_no_part_in_its_fingerprint(rule: Rule, data: st.DataObject) -> None:
    another = data.draw(rules(type(rule)))
    shown = {name: getattr(another, name) for name in OPTIONS if name not in {"mostly", "where", "nulls"}}
    assert fingerprint(_evolved(rule, shown)) == fingerprint(rule)


@settings(max_examples=200)
@given(st.data())
def test_rules_of_other_meaning_have_other_fingerprints(data: st.DataObject) -> None:
    left, right = data.draw(rules()), data.draw(rules())
    same = fingerprint(left) == fingerprint(right)
    shown: dict[str, Any] = {
        "id": "",
        "severity": "high",
        "missing": "error",
        "mask": False,
        "description": "",
        "tags": (),
    }
    assert same is (_sorted(_evolved(left, shown)) == _sorted(_evolved(right, shown)))


def _evolved(rule: Rule, changes: dict[str, Any]) -> Rule:
    return evolve(rule, **changes)


def _sorted(rule: Rule) -> tuple[object, ...]:
    """A rule with its lists in order where that has no meaning, ``True`` told from 1."""
    named = ((each.name, getattr(rule, each.name)) for each in fields(type(rule)))
    return (rule.type, *(_in_order(value, keep=name in rule.ordered) for name, value in named))


def _in_order(value: object, *, keep: bool) -> object:
    if not isinstance(value, tuple):
        return _told(value)
    if any(isinstance(item, tuple) for item in value):
        return sorted((_in_order(item, keep=keep) for item in value), key=repr)
    told = [_told(item) for item in value]
    return told if keep else sorted(told)


def _told(value: object) -> tuple[str, str]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return ("number", str(int(value) if value == int(value) else value))
    return (type(value).__name__, str(value))


@pytest.mark.parametrize(
    "change",
    [
        {"column": "b"},
        {"min": 1},
        {"inclusive": "left"},
        {"mostly": 0.5},
        {"where": "b > 0"},
        {"nulls": "fail"},
    ],
)
def test_a_change_of_meaning_changes_the_fingerprint(change: dict[str, Any]) -> None:
    rule = InRange(column="a", min=0, max=9)
    assert fingerprint(evolve(rule, **change)) != fingerprint(rule)


def test_true_and_one_have_fingerprints_of_their_own() -> None:
    assert fingerprint(InSet(column="a", values=[1])) != fingerprint(InSet(column="a", values=[True]))


@given(rules())
def test_a_fingerprint_is_16_hexadecimal_digits(rule: Rule) -> None:
    digits = fingerprint(rule)
    assert len(digits) == 16
    assert set(digits) <= set("0123456789abcdef")


# --- attacks --------------------------------------------------------------------------------------

_numbers = st.integers() | st.floats() | st.decimals() | st.fractions() | st.complex_numbers()
_times = st.dates() | st.datetimes(timezones=st.none() | st.timezones()) | st.timedeltas()
_oddities = st.binary(max_size=3) | st.sampled_from([object, NotNull, np.float32(1), np.array(1)])
_words = st.none() | st.booleans() | st.integers() | st.text(max_size=4)
_anything = st.recursive(
    _words | _numbers | _times | _oddities,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_words, inner, max_size=2),
    max_leaves=4,
)
_keys = st.sampled_from(["type", "column", *OPTIONS, *(a.name for cls in PARAMETERS for a in fields(cls))])


@settings(max_examples=200)
@given(_anything)
def test_anything_at_all_is_a_rule_or_a_problem(entry: object) -> None:
    read_rule(entry)
    read_rules(entry)


@settings(max_examples=200)
@given(st.sampled_from(list(SPELLINGS)), st.dictionaries(_keys | st.text(max_size=3), _anything, max_size=5))
def test_any_values_make_a_rule_or_a_problem_that_names_a_key(word: str, values: dict[str, object]) -> None:
    entry = {**values, "type": word}
    read = read_rule(entry)
    for rule in read.value_or(()):
        assert read_rule(write_rule(rule)) == Success((rule,))
        fingerprint(rule)
    if not isinstance(read, Success):
        problem = read.failure()
        assert str(problem)
        assert set(problem.path) <= set(entry)


def test_a_thousand_rules_are_read_in_a_moment() -> None:
    entries = [{"type": "row_count", "min": 1}] * 1000
    assert read_rules(entries).unwrap()[-1] == RowCount(min=1, id="row_count-1000")
