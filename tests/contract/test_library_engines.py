"""The engines over other validation libraries keep the contract, each in an environment with its library.

What a library has not, its engine does not evaluate; what it evaluates has to be right.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.libraries.environments import NAMES, python_of

ROOT = Path(__file__).parents[2]

#: How many tests of the suite each engine must do more than skip.
EVALUATED = {"great_expectations": 408, "pandera": 278, "truthound": 300}


def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python_of(name), "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def pytest_in(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Pytest without the configuration of this project, whose plug-ins are not there."""
    return run(
        name,
        "pytest",
        "-q",
        "--noconftest",
        "-c",
        "/dev/null",
        "--rootdir",
        str(ROOT),
        "-p",
        "no:cacheprovider",
        *arguments,
    )


def test_every_library_has_its_figure() -> None:
    assert set(EVALUATED) == set(NAMES)


@pytest.mark.library
@pytest.mark.parametrize("name", NAMES)
def test_the_engine_keeps_the_contract(name: str) -> None:
    done = pytest_in(name, "--pyargs", "veriport.testing.conformance", "--veriport-engine", name)
    assert done.returncode == 0, done.stdout[-3000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) >= EVALUATED[name]


@pytest.mark.library
@pytest.mark.parametrize("name", NAMES)
def test_what_is_the_librarys_own_passes_through(name: str) -> None:
    done = pytest_in(name, f"tests/libraries/own_{name}.py")
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.library
@pytest.mark.parametrize("name", NAMES)
def test_the_engine_agrees_with_the_reference_on_random_tables(name: str) -> None:
    done = run(name, "tests.libraries.agreement", name, "5")
    assert done.returncode == 0, done.stdout[-3000:]
