"""The short form of ``make chaos``: workers are killed, and the promise holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.incidents import Tally, run
from tests.chaos.stores import STORES


@pytest.mark.server
@pytest.mark.parametrize(("store", "incidents"), [("sqlite", 100), ("postgresql", 40), ("redis", 40)])
def test_nothing_is_lost_or_doubled(store: str, incidents: int, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    with STORES[store](tmp_path) as url:
        tally = run(store, url, incidents, work)
    assert tally.kept, tally
    assert tally.kills > 0


@pytest.mark.parametrize(
    ("counts", "kept"),
    [
        ({}, True),
        ({"repeats": 2, "ambiguous": 2}, True),
        ({"repeats": 3, "ambiguous": 2}, False),
        ({"lost": 1}, False),
        ({"doubled_by_id": 1}, False),
    ],
)
def test_a_broken_promise_is_seen(counts: dict[str, int], kept: bool) -> None:
    none = {"ambiguous": 0, "lost": 0, "doubled_by_id": 0, "repeats": 0}
    tally = Tally(store="sqlite", incidents=1, kills=1, seconds=1.0, **none | counts)
    assert tally.kept is kept
