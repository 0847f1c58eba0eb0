"""The examples do what they say: one checkpoint passes, one fails, and both keep their result."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.cli import COMMAND, Done, veriport

CONFIGURATION = "examples/veriport.yaml"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, examples: Path) -> Path:
    """A folder that holds a copy of ``examples/``, as a clone would."""
    folder = tmp_path_factory.mktemp("project")
    kept = shutil.ignore_patterns("results", "__pycache__")
    shutil.copytree(examples, folder / "examples", ignore=kept)
    return folder


@pytest.fixture(scope="module")
def runs(project: Path) -> dict[str, Done]:
    """Both checkpoints, each run once."""
    return {
        name: veriport("checkpoint", "run", name, "--config", CONFIGURATION, "--format", "json", cwd=project)
        for name in ("flights_usable", "flights_strict")
    }


def document(done: Done) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(done.out)
    return read


def test_the_configuration_is_valid(project: Path) -> None:
    done = veriport("checkpoint", "validate", CONFIGURATION, cwd=project)
    assert (done.code, done.err) == (0, "")
    assert "2 checkpoints: flights_usable, flights_strict" in done.out


def test_one_passes_with_every_rule(runs: dict[str, Done]) -> None:
    counts = document(runs["flights_usable"])["check"]["counts"]
    assert (runs["flights_usable"].code, runs["flights_usable"].err) == (0, "")
    assert counts == {"passed": sum(counts.values()), "failed": 0, "error": 0, "not_evaluated": 0}


def test_one_fails_for_the_reasons_that_the_readme_gives(runs: dict[str, Done], examples: Path) -> None:
    found = document(runs["flights_strict"])
    failed = [rule["failed_count"] for rule in found["check"]["rules"]]
    readme = " ".join((examples / "README.md").read_text(encoding="utf-8").split())
    assert (runs["flights_strict"].code, found["status"]) == (1, "failure")
    assert failed[:5] == [42, 2435, 728, 2871, 1]
    for reason in (
        "42 rows",
        "2,435 flights have no `dep_time`",
        "728 no `tailnum`",
        "2,871 have no `air_time`",
    ):
        assert reason in readme


def test_the_counts_of_the_failing_one_are_those_of_plain_polars(
    runs: dict[str, Done], examples: Path
) -> None:
    flights = pl.read_parquet(examples / "flights.parquet")
    by_hand = flights.select(
        unique=pl.struct("year", "month", "day", "carrier", "flight").is_duplicated().sum(),
        started=pl.col("dep_time").is_null().sum(),
        registered=pl.col("tailnum").is_null().sum(),
        flown=pl.col("air_time").is_null().sum(),
        american=pl.col("tailnum").str.contains("^N[0-9A-Z]{1,5}$").not_().sum(),
        late=(pl.col("dep_delay") > 720).sum(),
        measured=pl.col("distance").is_null().sum(),
    )
    rules = document(runs["flights_strict"])["check"]["rules"]
    assert [rule["failed_count"] for rule in rules] == list(by_hand.row(0))


@pytest.mark.parametrize("name", ["flights_usable", "flights_strict"])
def test_each_keeps_its_result_where_it_says(project: Path, runs: dict[str, Done], name: str) -> None:
    printed = document(runs[name])
    [stored] = [
        path for path in (project / "examples" / "results" / name).iterdir() if printed["run_id"] in path.name
    ]
    kept = json.loads(stored.read_text(encoding="utf-8"))
    [action] = printed["actions"]
    assert (action["status"], action["details"]) == ("success", {"address": str(stored)})
    assert kept["check"] == printed["check"]


def test_the_demo_shows_all_of_it(project: Path) -> None:
    done = subprocess.run(
        ["bash", "examples/demo.sh"],
        cwd=project,
        env={**os.environ, "PATH": f"{Path(COMMAND[0]).parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r"^\(exit code (\d)\)$", done.stdout, re.MULTILINE) == ["0", "0", "1", "1"]
    assert "SUCCESS: examples/flights.parquet" in done.stdout
    assert "FAILURE: examples/flights.parquet" in done.stdout
    assert done.stdout.count("examples/results/flights_strict/flights_strict-") >= 2
