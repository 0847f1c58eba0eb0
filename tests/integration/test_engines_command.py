"""``veriport engines``: what is installed, and what it answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli import veriport
from veriport.testing.cases import cases

#: An engine whose counts are right but for one: of failed rows it misses the last.
_FORGETFUL = """
from contextlib import contextmanager
from attrs import evolve, frozen
from veriport.adapters.engines.polars import PolarsEngine


@frozen
class Forgetful:
    table: object

    @property
    def columns(self):
        return self.table.columns

    def measure(self, request):
        measured = self.table.measure(request)
        forgot = lambda each: evolve(each, failed=each.failed - 1) if getattr(each, "failed", 0) else each
        return evolve(measured, outcomes=tuple(map(forgot, measured.outcomes)))


class Engine:
    name = "forgetful"

    @contextmanager
    def open(self, dataset):
        with PolarsEngine().open(dataset) as table:
            yield Forgetful(table)


class NeedsMore:
    def __init__(self, url): ...
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "forgetful.py").write_text(_FORGETFUL)
    return tmp_path


def test_tells_what_is_installed_and_what_is_missing(tmp_path: Path) -> None:
    done = veriport("engines", cwd=tmp_path)
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert done.code == 0
    assert any(line.startswith("polars veriport polars ") for line in lines)
    assert any(line.startswith("DuckDB duckdb 1.") for line in lines)
    assert "pandera veriport missing: pip install 'veriport[pandera]'" in lines
    assert "chain veriport made of others" in lines


def test_tells_programs_the_same(tmp_path: Path) -> None:
    document = json.loads(veriport("engines", "ibis", "truthound", "--format", "json", cwd=tmp_path).out)
    ibis, truthound = document["engines"]
    assert (document["version"], document["kind"]) == (1, "engines")
    assert [each["name"] for each in ibis["databases"]] == ["DuckDB", "PostgreSQL", "SQLite", "Spark"]
    assert truthound["lacking"] == "missing: pip install 'veriport[truthound]'"


def test_an_unknown_engine_is_wrong_usage(tmp_path: Path) -> None:
    done = veriport("engines", "polar", cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "did you mean 'polars'?" in done.err


def test_the_matrix_counts_what_agrees(tmp_path: Path) -> None:
    done = veriport("engines", "polars", "tiny", "--matrix", cwd=tmp_path)
    *_, every = (line for line in done.out.splitlines() if line.startswith("all "))
    assert done.code == 0
    assert every.split()[1] == str(len(list(cases())))
    assert "tiny does not evaluate" in done.out
    assert "the tiny engine does not know regex" in done.out


def test_an_engine_that_differs_is_told_and_is_exit_1(place: Path) -> None:
    done = veriport("engines", "forgetful:Engine", "--matrix", cwd=place, PYTHONPATH=str(place))
    assert done.code == 1
    assert "forgetful:Engine differs: nulls: a column of nulls: " in done.out
    assert "failed 0 where 1 is right" in done.out


def test_the_matrix_for_programs_tells_every_case(place: Path) -> None:
    done = veriport(
        "engines", "forgetful:Engine", "--matrix", "--format", "json", cwd=place, PYTHONPATH=str(place)
    )
    found = json.loads(done.out)["matrix"]["forgetful:Engine"]
    assert list(found) == [case.name for case in cases()]
    assert {each["answer"] for each in found.values()} == {"agrees", "differs"}


def test_what_an_engine_prints_is_in_no_document(place: Path) -> None:
    (place / "loud.py").write_text(
        "from tiny_engine import TinyEngine\n\nclass Loud(TinyEngine):\n    def open(self, dataset):\n"
        "        print('hello')\n        return super().open(dataset)\n"
    )
    (place / "d.csv").write_text("id\n1\n")
    rule = "{column: id, type: unique}"
    done = veriport(
        "check",
        "d.csv",
        "--rule",
        rule,
        "--engine",
        "loud:Loud",
        "--format",
        "json",
        cwd=place,
        PYTHONPATH=str(place),
    )
    assert json.loads(done.out)["engine"] == "tiny"
    assert "hello" in done.err


def test_one_that_needs_options_is_refused_by_name(place: Path) -> None:
    done = veriport("engines", "forgetful:NeedsMore", "--matrix", cwd=place, PYTHONPATH=str(place))
    assert (done.code, done.out) == (2, "")
    assert "needs 'url'" in done.err
