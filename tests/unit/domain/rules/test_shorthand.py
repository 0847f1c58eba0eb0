"""Validators by name become rules that a user can see, and never guess."""

from __future__ import annotations

import pytest
from returns.result import Failure, Success

from veriport.domain.rules.reading import read_rules
from veriport.domain.rules.shorthand import expand


def entries(validators: object, config: object = None) -> list[object]:
    return [placed.entry for placed in expand(validators, config).unwrap()]


def problems(validators: object, config: object = None) -> list[tuple[tuple[int | str, ...], str]]:
    return [(problem.path, str(problem)) for problem in expand(validators, config).failure()]


EXPANDED: dict[str, tuple[object, object, list[object]]] = {
    "null finds nulls": (["null"], None, [{"type": "rows_complete"}]),
    "not_null of some columns": (
        ["not_null"],
        {"not_null": {"columns": ["a", "b"], "severity": "low"}},
        [{"type": "not_null", "column": ["a", "b"], "severity": "low"}],
    ),
    "duplicate is about whole rows": (["duplicate"], None, [{"type": "duplicate"}]),
    "duplicate of some columns": (
        ["duplicate"],
        {"duplicate": {"columns": ["a", "b"]}},
        [{"type": "duplicate", "columns": ["a", "b"]}],
    ),
    "range, a column each": (
        ["range"],
        {"range": {"columns": {"age": {"min_value": 0}, "price": {"max_value": 9}}}},
        [
            {"type": "in_range", "column": "age", "min_value": 0},
            {"type": "in_range", "column": "price", "max_value": 9},
        ],
    ),
    "regex by patterns": (
        ["regex"],
        {"regex": {"patterns": {"email": "@"}, "mostly": 0.9}},
        [{"type": "regex", "column": "email", "mostly": 0.9, "pattern": "@"}],
    ),
    "type by columns": (
        ["type"],
        {"type": {"columns": {"id": "int64"}}},
        [{"type": "dtype", "column": "id", "dtype": "int64"}],
    ),
    "any rule type": (
        ["email", "row_count"],
        {"email": {"columns": ["e"]}, "row_count": {"min": 1}},
        [{"type": "email", "column": ["e"]}, {"type": "row_count", "min": 1}],
    ),
    "a value for a column": (
        ["matches", "in_set", "Like"],
        {
            "matches": {"patterns": {"email": "@"}},
            "in_set": {"columns": {"status": ["new", "paid"]}},
            "Like": {"columns": {"sku": "A%"}},
        },
        [
            {"type": "matches", "column": "email", "pattern": "@"},
            {"type": "in_set", "column": "status", "values": ["new", "paid"]},
            {"type": "like", "column": "sku", "pattern": "A%"},
        ],
    ),
    "a schema is about the table": (
        ["schema"],
        {"schema": {"columns": {"id": "int64"}, "exact": True}},
        [{"type": "schema", "columns": {"id": "int64"}, "exact": True}],
    ),
    "case does not matter": (["NULL", "Duplicate"], None, [{"type": "rows_complete"}, {"type": "duplicate"}]),
    "several columns together": (
        ["unique"],
        {"unique": {"columns": ["a", "b"]}},
        [{"type": "unique", "column": ["a", "b"]}],
    ),
    "one name": ("duplicate", None, [{"type": "duplicate"}]),
    "none": ([], None, []),
}


@pytest.mark.parametrize("name", EXPANDED)
def test_a_validator_stands_for_entries(name: str) -> None:
    validators, config, expected = EXPANDED[name]
    assert entries(validators, config) == expected
    assert not expected or isinstance(read_rules(expected), Success)


@pytest.mark.parametrize("name", ["range", "regex", "unique", "email", "outlier", "in_set"])
def test_a_validator_that_would_have_to_guess_says_what_to_write(name: str) -> None:
    ((path, message),) = problems([name])
    assert path == ("validators", 0)
    assert f"{name} would have to guess its columns: write validator_config: {{{name}: {{columns:" in message


def test_what_to_write_is_right() -> None:
    ((_, message),) = problems(["range"])
    assert message.endswith("{range: {columns: {COLUMN: {min: 0, max: 100}}}}")
    assert isinstance(expand(["range"], {"range": {"columns": {"COLUMN": {"min": 0, "max": 100}}}}), Success)


def test_names_of_columns_are_no_evidence() -> None:
    assert isinstance(expand(["email"]), Failure)


@pytest.mark.parametrize(
    ("validators", "config", "path", "message"),
    [
        (["nul"], None, ("validators", 0), "unknown validator 'nul'; did you mean 'null'?"),
        ([None], None, ("validators", 0), "did you mean 'not_null'?"),
        ([3], None, ("validators", 0), "unknown validator 3"),
        (["unique"], {"uniqe": {}}, ("validator_config", "uniqe"), "did you mean 'unique'?"),
        ({"a": 1}, None, ("validators",), "validators must be a list of names"),
        (["duplicate"], ["x"], ("validator_config",), "must map validators to settings"),
        (["range"], {"range": 3}, ("validator_config", "range"), "must be a mapping, not 3"),
        ([["range"]], None, ("validators", 0), "unknown validator ['range']"),
        ([{"range": {}}], None, ("validators", 0), "unknown validator {'range': {}}"),
        (["range"], {"range": {}, 5: {}}, ("validator_config", "5"), "is about 5, which is not among"),
        (["range"], {"range": None}, ("validator_config", "range"), "must be a mapping, not None"),
        (
            ["null"],
            {"null": {"columns": {"a": True}}},
            ("validator_config", "null"),
            "must be a mapping, not True",
        ),
        (5, None, ("validators",), "validators must be a list of names"),
        ([""], None, ("validators", 0), "unknown validator ''"),
        (["range"], {"range": {"columns": {"a": 3}}}, ("validator_config", "range"), "must be a mapping"),
    ],
)
def test_each_problem_has_its_place(
    validators: object, config: object, path: tuple[int | str, ...], message: str
) -> None:
    found = problems(validators, config)
    assert path in [where for where, _ in found]
    assert any(message in text for _, text in found)


def test_an_entry_knows_where_it_was_written() -> None:
    placed = expand(["duplicate", "range"], {"range": {"columns": {"age": {"min": 0}}}}).unwrap()
    assert [each.path for each in placed] == [
        ("validators", 0),
        ("validator_config", "range", "columns", "age"),
    ]
