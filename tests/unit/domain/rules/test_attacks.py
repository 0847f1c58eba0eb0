"""What users write wrongly, in every parameter of every class: a rule or a problem, nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from attrs import fields
from returns.result import Success

from tests.unit.domain.rules.entries import ENTRIES as RIGHT
from veriport.domain.rules.base import OPTIONS
from veriport.domain.rules.reading import fingerprint, read_rule, write_rule
from veriport.domain.rules.vocabulary import CLASSES


class Hostile:
    """Cannot be compared, hashed or shown."""

    __hash__ = None  # type: ignore[assignment]  # it must not be hashable

    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    def __repr__(self) -> str:
        raise RuntimeError


def _deep() -> dict[str, Any]:
    outer: dict[str, Any] = {}
    inner = outer
    for _ in range(5000):
        inner["a"] = {}
        inner = inner["a"]
    return outer


_ITSELF: list[Any] = []
_ITSELF.append(_ITSELF)
_LOOP: dict[str, Any] = {"path": "x", "type": "conditional", "when": "a > 0", "separator": "x"}
_LOOP["then"] = _LOOP["schema"] = _LOOP

ODD: dict[str, object] = {
    "null": None,
    "true": True,
    "zero": 0,
    "negative": -1,
    "a number as text": "5",
    "5,000 digits": 10**5000,
    "128 bits": 2**127,
    "a huge float": 1e308,
    "nan": float("nan"),
    "infinity": float("inf"),
    "complex": 1j,
    "nan of Decimal": Decimal("NaN"),
    "huge Decimal": Decimal("1e400"),
    "empty": "",
    "a space": " ",
    "a null character": "\0",
    "half a pair": "\ud800",
    "halves listed": ["\ud800"],
    "100,000 characters": "a" * 100_000,
    "100,000 brackets": "(" * 100_000,
    "100,000 braces": "{" * 100_000,
    "100,000 square brackets": "[" * 100_000,
    "list of list of list": "list(" * 10_000 + "int" + ")" * 10_000,
    "no JSON": '{"a"',
    "an address as JSON": '{"path": 5}',
    "NaN in JSON": '{"a": NaN}',
    "a percent sign": "%",
    "no directive": "%Q",
    "look-ahead": "(?=a)",
    "a wrong pattern listed": ["a", "(?=a)"],
    "yesterday": "yesterday",
    "a negative age": "-1h",
    "half a second": "500ms",
    "months": "3 months",
    "ages": "9" * 400 + "d",
    "timedelta": timedelta(-1),
    "longest timedelta": timedelta.max,
    "a day": date(2024, 1, 1),
    "bytes": b"a",
    "empty list": [],
    "nulls": [None],
    "booleans": [True, 1],
    "list of lists": [[1]],
    "list of lists of lists": [[[1]]],
    "twice": ["a", "a"],
    "an empty name": [""],
    "mixed": [1, "a"],
    "mappings": [{}],
    "itself": _ITSELF,
    "empty mapping": {},
    "mapping to null": {"a": None},
    "mapping to list": {"a": [1]},
    "mapping of a number": {1: 2},
    "mapping of null": {None: 1},
    "mapping of all": {"a": 1, 1: 2, ("b",): 3},
    "no path": {"path": None},
    "an object inside": {"path": "x", "schema": {"a": object()}},
    "an unknown key": {"path": "x", "pth": 1},
    "a hostile one inside": {"path": "x", "schema": {"a": Hostile()}},
    "a loop": _LOOP,
    "deep": {"path": "x", "schema": _deep()},
    "proxy": MappingProxyType({"a": 1}),
    "set": {1},
    "range": range(3),
    "object": object(),
    "class": object,
    "hostile": Hostile(),
    "hostile ones": [Hostile()],
    "hostile mapping": {"a": Hostile()},
    "array of nothing": np.array(5),
    "empty array": np.array([]),
    "array": np.array(["a", "b"]),
    "table": np.array([[1, 2]]),
    "NaT of numpy": np.datetime64("NaT"),
    "NaT": pd.NaT,
    "NA": pd.NA,
    "series": pd.Series(["a"]),
    "frame": pd.DataFrame({"a": [1]}),
}

ENTRIES: Mapping[str, Mapping[str, object]] = {
    **RIGHT,
    "quantiles": {"type": "quantiles", "column": "a", "quantiles": {0.5: {"min": 1}}},
    "conditional": {"type": "conditional", "when": "a > 1", "then": {"type": "not_null", "column": "b"}},
}


def _keys(word: str) -> Iterator[str]:
    yield from ENTRIES[word]
    if word in CLASSES:
        yield from (
            each.name for each in fields(CLASSES[word]) if each.name not in {*OPTIONS, *ENTRIES[word]}
        )


@pytest.mark.parametrize("word", ENTRIES)
def test_every_entry_is_right_before_it_is_attacked(word: str) -> None:
    assert isinstance(read_rule(ENTRIES[word]), Success)


@pytest.mark.parametrize("word", ENTRIES)
def test_odd_values_make_a_sound_rule_or_a_problem_with_its_place(word: str) -> None:
    for key in _keys(word):
        for name, odd in ODD.items():
            entry = {**ENTRIES[word], key: odd}
            read = read_rule(entry)
            if not isinstance(read, Success):
                problem = read.failure()
                assert len(str(problem)) < 300, (key, name)
                assert problem.path == () or problem.path[0] in entry, (key, name)
                continue
            for rule in read.unwrap():
                written = json.loads(json.dumps(write_rule(rule), allow_nan=False))
                assert read_rule(written) == Success((rule,)), (key, name)
                assert all((rule.expectation(), fingerprint(rule), repr(rule))), (key, name)
                assert len({rule, *read_rule(written).unwrap()}) == 1, (key, name)
