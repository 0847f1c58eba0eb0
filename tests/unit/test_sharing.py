"""Which tests stay in one process when several share them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sharing import EARLY, LONG, TOGETHER, rank_of, unit_of

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("named", [*TOGETHER, *EARLY, *LONG])
def test_what_is_named_is_there(named: str) -> None:
    module, _, name = named.partition("::")
    assert name in (ROOT / module).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("test", "unit"),
    [
        ("tests/unit/test_a.py::test_b", "tests/unit/test_a.py"),
        ("tests/unit/test_a.py::TestA::test_b[c::d]", "tests/unit/test_a.py"),
        ("tests/contract/test_splits.py::TestA::test_b[c]", "tests/contract/test_splits.py::TestA"),
        ("tests/contract/test_splits.py::test_a[b::c]", "tests/contract/test_splits.py"),
        ("tests/contract/test_splits.py::TestSparkSplits::test_a", "together"),
        ("tests/contract/test_matrix.py::test_a", "together"),
    ],
)
def test_a_module_is_a_unit_and_so_is_a_class_of_a_long_one(test: str, unit: str) -> None:
    assert unit_of(test) == unit


def test_what_takes_longest_begins_first() -> None:
    tests = ["tests/unit/test_a.py::test_a", *EARLY, *TOGETHER]
    assert sorted(tests, key=rank_of) == [*TOGETHER, *EARLY, "tests/unit/test_a.py::test_a"]
