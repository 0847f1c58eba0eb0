"""Every parameter of every class, written wrongly: a problem at its key that says what is wanted.

The tables are compared with the classes, so that a new class, or a new parameter, needs its lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import pytest
from attrs import NOTHING, fields, frozen
from returns.result import Success

from tests.unit.domain.rules.entries import ENTRIES
from veriport.domain.rules.base import OPTIONS, Rule, Shape, WithoutRows
from veriport.domain.rules.reading import RuleProblem, read_rule
from veriport.domain.rules.vocabulary import CLASSES

_NAN, _NUMBER, _LIST, _MAPPING, _ITEM = float("nan"), 5, ["a"], {"a": 1}, [[["a"]]]


@frozen
class Wanted:
    """What the message says is wanted, and values that are something else."""

    says: str
    wrong: Sequence[object]


_COLUMN = Wanted("name", [_NUMBER, _MAPPING, "", True, None, [_NUMBER], [_LIST], [None], []])
_NAMES = Wanted("a list of texts", [_NUMBER, _MAPPING, True, None])
_COLUMNS = [_NAMES, Wanted("must hold texts", [[_NUMBER], [_LIST], [None]]),
            Wanted("at least one column", [[], [""], ""]), Wanted("twice", [["a", "a"]])]  # fmt: skip
#: A table may have a column without a name, and no columns at all means all of them.
_ALL = [Wanted("a list of texts", [_NUMBER, _MAPPING, True]), _COLUMNS[1], Wanted("at least one column", [[]]),
        _COLUMNS[3]]  # fmt: skip
_LISTED = [_NAMES, _COLUMNS[1], Wanted("at least one column", [[]]), _COLUMNS[3]]
_ODD = [_LIST, _MAPPING, _ITEM]
_VALUES = [Wanted("must be a list", ["a", _NUMBER, True, None, _MAPPING]),
           Wanted("a number, a text or a time", [[_LIST], [_MAPPING]]), Wanted("is null", [[None]]),
           Wanted("a finite number", [[_NAN], [1j]]), Wanted("at least one value", [[]])]  # fmt: skip
_PAIRS = [Wanted("a list of lists", ["a", _NUMBER, True, None, _MAPPING, [], ["a"], [[]], [_MAPPING]]),
          Wanted("a number, a text or a time", [[[_LIST, "a"]], [[_MAPPING, "a"]]]),
          Wanted("is null", [[[None, "a"]]]), Wanted("no combination of 2 columns", [[["a"]], [["a", "b", "c"]]])]  # fmt: skip
_END = [Wanted("a number, a text or a time", [*_ODD, True]), Wanted("a finite number", [_NAN, 1j, 2**127])]
_NUMBER_END = [*_END, Wanted("must be a number", ["a"])]
_SHARE_END = [*_NUMBER_END, Wanted("a number from -1 to 1", [2, -5])]
_COUNT = [Wanted("a whole number of at least 0", [*_ODD, "5", True, -1, 1.5, _NAN, 2**127])]
_ONE_OF = [Wanted("must be one of", [*_ODD, "x", _NUMBER, None, ""])]
_EITHER = [Wanted("true or false", [*_ODD, "yes", 1, None])]
_TEXT = [Wanted("must be text", [*_ODD, _NUMBER, True, None, ""])]
_SIGNIFICANT = [*_TEXT, Wanted("half of a surrogate pair", ["\ud800"])]
_LIKE = [*_SIGNIFICANT, Wanted("at most 10,000 are allowed", ["a" * 100_000])]
_PATTERN = [Wanted("must be text", [_NUMBER, _MAPPING, True, None, [], [_NUMBER], _ITEM]),
            Wanted("is not usable", ["(", ["a", "("]]), Wanted("look-ahead is not available", ["(?=a)"]),
            Wanted("at most 10,000 are allowed", ["a" * 100_000, ["a", "(" * 100_000]])]  # fmt: skip
_ABOVE_0 = [Wanted("a number above 0", [*_ODD, "5", True, None, _NAN, 0, -1])]
_SHARE = [Wanted("a share from 0 to 1", [*_ODD, "0.5", True, _NAN, -0.1, 101])]
_REFERENCE = [Wanted("a path", [_NUMBER, _LIST, True, None]), Wanted("needs 'path'", ["", {"path": None}]),
              Wanted("unknown key", [{"path": "x", "pth": 1}])]  # fmt: skip
_TYPES = [_NAMES, _COLUMNS[1], Wanted("unknown type", ["intt", ["int64", "intt"]]),
          Wanted("at least one type", [[]])]  # fmt: skip

#: What each parameter of each class wants; the options of all are below.
PARAMETERS: Mapping[str, Mapping[str, Sequence[Wanted]]] = {
    "not_null": {"column": [_COLUMN]},
    "null": {"column": [_COLUMN]},
    "unique": {"columns": _COLUMNS},
    "in_set": {"column": [_COLUMN], "values": _VALUES},
    "not_in_set": {"column": [_COLUMN], "values": _VALUES},
    "in_range": {"column": [_COLUMN], "min": _END, "max": _END, "inclusive": [Wanted("must be one of", [*_ODD, "x"])]},
    "not_in_range": {"column": [_COLUMN], "min": _END, "max": _END, "inclusive": [Wanted("must be one of", [*_ODD, 1])]},
    "compare": {"column": [_COLUMN], "operator": _ONE_OF, "other": [Wanted("the name of a column", [*_ODD, 5, "", None])]},
    "regex": {"column": [_COLUMN], "pattern": _PATTERN, "match": _ONE_OF, "how": _ONE_OF},
    "not_regex": {"column": [_COLUMN], "pattern": _PATTERN, "match": _ONE_OF, "how": _ONE_OF},
    "like": {"column": [_COLUMN], "pattern": _LIKE},
    "not_like": {"column": [_COLUMN], "pattern": _LIKE},
    "contains": {"column": [_COLUMN], "text": _SIGNIFICANT, "at": _ONE_OF},
    "length": {"column": [_COLUMN], "min": _COUNT, "max": _COUNT},
    "format": {"column": [_COLUMN], "format": _ONE_OF},
    "datetime_format": {
        "column": [_COLUMN],
        "format": [Wanted("a strptime format such as", [*_ODD, _NUMBER, True, None, "", "Y-m"]),
                   Wanted("not available", ["%Q", "%"]), Wanted("names %Y twice", ["%Y %Y"])],
    },
    "json_schema": {
        "column": [_COLUMN],
        "schema": [Wanted("must be a mapping", [_LIST, _NUMBER, None, "5"]), Wanted("a JSON Schema", ["{", ""]),
                   Wanted("not plain data", [{"enum": {1}}, {"minimum": _NAN}])],
    },
    "not_future": {"column": [_COLUMN]},
    "not_past": {"column": [_COLUMN]},
    "monotonic": {"column": [_COLUMN], "direction": _ONE_OF, "strictly": _EITHER},
    "z_score": {"column": [_COLUMN], "threshold": _ABOVE_0},
    "iqr": {"column": [_COLUMN], "factor": _ABOVE_0},
    "expression": {"expression": [Wanted("a SQL condition", [*_ODD, _NUMBER, True, None, "", " "])]},
    "duplicate": {"columns": _ALL},
    "pair_in_set": {"columns": _COLUMNS, "values": _PAIRS},
    "rows_complete": {"columns": _ALL},
    "row_sum": {"columns": _COLUMNS, "min": _NUMBER_END, "max": _NUMBER_END, "inclusive": [Wanted("must be one of", [*_ODD, "x"])]},
    "row_unique": {"columns": [*_COLUMNS, Wanted("two columns or more", ["a", ["a"]])]},
    "referential_integrity": {"columns": _COLUMNS, "reference": _REFERENCE, "reference_columns": _LISTED},
    "aggregate": {"column": [_COLUMN], "of": _ONE_OF, "q": [Wanted("a share from 0 to 1", [*_ODD, "0.5", True, _NAN, 2, -1])],
                  "min": _NUMBER_END, "max": _NUMBER_END, "inclusive": [Wanted("must be one of", [*_ODD, "x"])]},
    "distinct_set": {"column": [_COLUMN], "values": _VALUES, "relation": _ONE_OF},
    "mode_in_set": {"column": [_COLUMN], "values": _VALUES},
    "correlation": {"columns": [*_COLUMNS, Wanted("two columns", ["a", ["a", "b", "c"]])], "min": _SHARE_END,
                    "max": _SHARE_END, "inclusive": [Wanted("must be one of", [*_ODD, "x"])]},
    "row_count": {"min": _COUNT, "max": _COUNT},
    "row_count_match": {"reference": _REFERENCE, "tolerance": [Wanted("a share of at least 0", [*_ODD, "1", True, None, -1])]},
    "column_exists": {"column": [_COLUMN]},
    "dtype": {"column": [_COLUMN], "dtype": _TYPES},
    "column_count": {"min": _COUNT, "max": _COUNT},
    "columns_set": {"columns": _LISTED, "exact": _EITHER},
    "columns_ordered": {"columns": _LISTED},
    "schema": {
        "schema": [Wanted("must map columns to types", [_NUMBER, "a", True, None, [], {}, ["a"], [[1, "int64"]], {1: "int64"}]),
                   Wanted("unknown type", [{"a": "intt"}]), Wanted("a list of texts", [{"a": 1}, {"a": {}}]),
                   Wanted("twice", [[["a", "int64"], ["a", "int64"]]])],
        "exact": _EITHER,
    },
    "freshness": {
        "column": [_COLUMN],
        "max_age": [Wanted("a duration such as 24h", [*_ODD, "soon", "3 months", True, None, _NAN]),
                    Wanted("must not be negative", [-1]), Wanted("longer than any time", ["9" * 400 + "d"])],
    },
    "native": {
        "name": _SIGNIFICANT,
        "parameters": [Wanted("must be a mapping", [_LIST, _NUMBER, None, "5"]),
                       Wanted("a mapping, or JSON text", ["{", ""]),
                       Wanted("not plain data", [{"a": {1}}, {"a": _NAN}])],
    },
}  # fmt: skip

#: What the options of every rule want.
WANTED: Mapping[str, Sequence[Wanted]] = {
    "id": [Wanted("must be text", [*_ODD, _NUMBER, True, None])],
    "severity": [Wanted("critical, high, medium, low", [*_ODD, _NUMBER, "x", True, None])],
    "mostly": [Wanted("a share from 0 to 1", [*_ODD, "0.5", True, None, _NAN, -0.1, 95])],
    "where": [Wanted("must be text", [*_ODD, _NUMBER, True, "", " "])],
    "nulls": _ONE_OF,
    "missing": _ONE_OF,
    "mask": _EITHER,
    "description": [Wanted("must be text", [*_ODD, _NUMBER, True, None])],
    "tags": [Wanted("a list of texts", [_NUMBER, _MAPPING, True, None]), Wanted("must hold texts", [[_NUMBER], _ITEM])],
}  # fmt: skip

Entry: TypeAlias = Mapping[str, object]

#: Parameters that contradict each other: what is written beside the right entry (``...`` takes a key away),
#: the key that is at fault, and what the message says.
CONTRADICTIONS: Mapping[str, Sequence[tuple[Entry, str, str]]] = {
    "not_null": [],
    "null": [],
    "unique": [({"column": "b"}, "column", "says again")],
    "in_set": [({"value_set": [1]}, "value_set", "says again")],
    "not_in_set": [({"value": 1}, "value", "unknown key")],
    "in_range": [
        ({"min": ..., "max": ...}, "", "in_range needs min, max or both"),
        ({"min": 5, "max": 1}, "min", "min 5 is greater than max 1"),
        ({"min": "2024-02-01", "max": "2024-01-01"}, "min", "is greater than"),
        ({"min": 5, "max": "a"}, "max", "cannot be compared"),
        ({"min": "2024-01-01", "max": "2024-01-01T00:00Z"}, "max", "cannot be compared"),
        ({"min": 5, "max": 5, "inclusive": "left"}, "inclusive", "a range of one point that excludes it"),
        ({"min_value": 5}, "min_value", "says again"),
    ],
    "not_in_range": [
        ({"min": ..., "max": ...}, "", "not_in_range needs min, max or both"),
        ({"min": 5, "max": 1}, "min", "min 5 is greater than max 1"),
        ({"min": 5, "max": 5, "inclusive": "neither"}, "inclusive", "a range of one point that excludes it"),
    ],
    "compare": [({"column": "b"}, "other", "compares column 'b' with itself")],
    "regex": [({"regex": "x"}, "regex", "says again"), ({"how": "fullmatch", "pattern": "(" * 50 + "a" + ")" * 50}, "pattern", "more than 50")],
    "not_regex": [({"regex": "x"}, "regex", "says again")],
    "like": [],
    "not_like": [],
    "contains": [({"value": "x"}, "value", "says again")],
    "length": [({"min": ..., "max": ...}, "", "length needs min, max or both"), ({"min": 5, "max": 1}, "min", "greater than max 1")],
    "format": [({"name": "url"}, "name", "says again")],
    "datetime_format": [({"datetime_format": "%Y"}, "datetime_format", "says again")],
    "json_schema": [({"json_schema": {}}, "json_schema", "says again")],
    "not_future": [],
    "not_past": [],
    "monotonic": [({"strict": False}, "strict", "says again")],
    "z_score": [({"sigma": 3}, "sigma", "says again")],
    "iqr": [({"threshold": 3}, "threshold", "says again")],
    "expression": [({"expr": "a"}, "expr", "says again")],
    "duplicate": [({"column": "a", "columns": ["b"]}, "columns", "says again")],
    "pair_in_set": [({"columns": ["a"]}, "values", "no combination of 1 columns")],
    "rows_complete": [({"column": "a"}, "column", "says again")],
    "row_sum": [({"min": 2, "max": 1}, "min", "greater than max 1"), ({"min": ..., "max": ...}, "", "row_sum needs min, max")],
    "row_unique": [({"columns": ["a"]}, "columns", "needs two columns or more")],
    "referential_integrity": [
        ({"reference_columns": ["a", "b"]}, "reference_columns", "1 columns cannot refer to 2"),
        ({"columns": ["a", "b"]}, "reference_columns", "2 columns cannot refer to 1"),
        ({"reference_table": "x"}, "reference_table", "says again"),
    ],
    "aggregate": [
        ({"min": ..., "max": ...}, "", "aggregate needs min, max or both"),
        ({"min": 5, "max": 1}, "min", "min 5 is greater than max 1"),
        ({"of": "quantile"}, "", "of: quantile needs it"),
        ({"q": 0.5}, "q", "q goes with of: quantile"),
        ({"of": "null_ratio", "min": ..., "max": 90}, "max", "a number from 0 to 1"),
        ({"of": "mean", "min": "a", "max": "b"}, "min", "must be a number"),
    ],
    "distinct_set": [({"value_set": [1]}, "value_set", "says again")],
    "mode_in_set": [({"value_set": [1]}, "value_set", "says again")],
    "correlation": [
        ({"min": ...}, "", "correlation needs min, max or both"),
        ({"min": 0.5, "max": 0.1}, "min", "min 0.5 is greater than max 0.1"),
    ],
    "row_count": [({"min": ...}, "", "row_count needs min, max or both"), ({"min": 5, "max": 1}, "min", "greater than max 1")],
    "row_count_match": [({"threshold": 1}, "threshold", "says again")],
    "column_exists": [],
    "dtype": [({"dtypes": ["int64"]}, "dtypes", "says again")],
    "column_count": [({"min": ..., "max": ...}, "", "column_count needs min, max or both"), ({"min": 5, "max": 1}, "min", "greater")],
    "columns_set": [({"column_set": ["a"]}, "column_set", "says again")],
    "columns_ordered": [({"column_list": ["a"]}, "column_list", "says again")],
    "schema": [({"columns": {"a": "int64"}}, "columns", "says again")],
    "freshness": [({"older_than": 5}, "older_than", "says again")],
    "native": [({"expectation": "x"}, "expectation", "says again")],
}  # fmt: skip


def _own(cls: type[Rule]) -> dict[str, tuple[str, ...]]:
    """The parameters of a class that are no options, with their other spellings."""
    return {
        each.name: tuple(each.metadata.get("aliases", ())) for each in fields(cls) if each.name not in OPTIONS
    }


def _problem(entry: Entry) -> RuleProblem:
    read = read_rule(entry)
    assert not isinstance(read, Success), entry
    return read.failure()


def _with(entry: Entry, **changed: object) -> Entry:
    """An entry with other values; ``...`` takes a key away."""
    return {key: value for key, value in {**entry, **changed}.items() if value is not ...}


@pytest.mark.parametrize("table", [ENTRIES, PARAMETERS, CONTRADICTIONS], ids=["entries", "parameters", "contradictions"])  # fmt: skip
def test_no_class_is_forgotten(table: Mapping[str, object]) -> None:
    assert set(table) == set(CLASSES)


@pytest.mark.parametrize("word", CLASSES)
def test_no_parameter_is_forgotten(word: str) -> None:
    assert set(PARAMETERS[word]) == set(_own(CLASSES[word]))
    assert set(WANTED) == set(OPTIONS)


@pytest.mark.parametrize("word", CLASSES)
def test_the_entry_is_right_before_it_is_made_wrong(word: str) -> None:
    assert isinstance(read_rule(ENTRIES[word]), Success)


def _wrongs() -> Iterator[tuple[str, str, Wanted]]:
    for word, parameters in PARAMETERS.items():
        for key, wanted in parameters.items():
            yield from ((word, key, each) for each in wanted)


@pytest.mark.parametrize(("word", "key", "wanted"), list(_wrongs()), ids=str)
def test_a_wrong_value_is_told_at_its_key_with_what_is_wanted(word: str, key: str, wanted: Wanted) -> None:
    for name in (key, *_own(CLASSES[word])[key]):  # by whichever of its names
        for wrong in wanted.wrong:
            problem = _problem(_with(ENTRIES[word], **{key: ..., name: wrong}))
            assert problem.path[:1] == (name,), (name, wrong, problem)
            assert wanted.says in str(problem), (name, wrong, str(problem))
            assert len(str(problem)) < 300, (name, wrong)


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("word", CLASSES)
def test_a_wrong_option_is_told_at_its_key_by_every_class(word: str, option: str) -> None:
    for wanted in WANTED[option]:
        for wrong in wanted.wrong:
            problem = _problem({**ENTRIES[word], option: wrong})
            assert problem.path == (option,), wrong
            assert wanted.says in str(problem), (wrong, str(problem))


@pytest.mark.parametrize("word", CLASSES)
def test_each_required_parameter_is_missed_by_name(word: str) -> None:
    required = [each.name for each in fields(CLASSES[word]) if each.default is NOTHING]
    for name in required:
        problem = _problem(_with(ENTRIES[word], **{name: ...}))
        assert (problem.path, str(problem)) == ((), f"{word} needs {name!r}")


def _contradictions() -> Iterator[tuple[str, Entry, str, str]]:
    for word, listed in CONTRADICTIONS.items():
        yield from ((word, *each) for each in listed)


@pytest.mark.parametrize(("word", "changed", "key", "says"), list(_contradictions()), ids=str)
def test_parameters_that_contradict_each_other(word: str, changed: Entry, key: str, says: str) -> None:
    problem = _problem(_with(ENTRIES[word], **changed))
    assert problem.path[:1] == ((key,) if key else ())
    assert says in str(problem)


@pytest.mark.parametrize("word", [word for word, cls in CLASSES.items() if issubclass(cls, WithoutRows)])
def test_an_option_that_would_do_nothing_is_refused(word: str) -> None:
    nothing: dict[str, object] = {"mostly": 0.5, "nulls": "fail"}
    if CLASSES[word].shape is Shape.SCHEMA:
        nothing["where"] = "a > 0"
    for option, value in nothing.items():
        problem = _problem({**ENTRIES[word], option: value})
        assert problem.path == (option,)
        assert f"{option} has no meaning for {word}" in str(problem)


@pytest.mark.parametrize("word", CLASSES)
def test_an_unknown_parameter_has_the_nearest(word: str) -> None:
    problem = _problem({**ENTRIES[word], "severty": "low"})
    assert (problem.path, problem.suggestion) == (("severty",), "severity")
