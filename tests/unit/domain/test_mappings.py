"""A mapping that does not change equals a dict and travels between processes."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest

from veriport.domain.mappings import FrozenMapping


def test_it_equals_a_dict_with_the_same_items_from_both_sides() -> None:
    frozen, plain = FrozenMapping({"a": 1, "b": [2]}), {"a": 1, "b": [2]}
    assert frozen == plain
    assert plain == frozen
    assert frozen != {"a": 1}


def test_it_keeps_the_order_and_shows_itself_as_a_dict() -> None:
    frozen = FrozenMapping({"b": 1, "a": 2})
    assert list(frozen) == ["b", "a"]
    assert repr(frozen) == "{'b': 1, 'a': 2}"


def test_later_changes_of_what_it_was_made_from_do_not_reach_it() -> None:
    source = {"a": 1}
    frozen = FrozenMapping(source)
    source["a"] = 2
    assert frozen["a"] == 1


def test_it_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        FrozenMapping({"a": 1})["a"] = 2  # type: ignore[index]  # that is the point


def pickled(value: object) -> object:
    return pickle.loads(pickle.dumps(value))  # noqa: S301  # our own bytes


@pytest.mark.parametrize("twin", [pickled, copy.deepcopy])
def test_a_copy_is_equal_and_of_the_same_kind(twin: Callable[[object], object]) -> None:
    frozen = FrozenMapping({"a": [1]})
    made = twin(frozen)
    assert isinstance(made, FrozenMapping)
    assert made == frozen
    assert made["a"] is not frozen["a"]
