"""Starting costs what is used: a command imports no library that it does not need."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli import COMMAND

ALWAYS_HEAVY = {
    "dependency_injector",
    "httpx",
    "numpy",
    "pandas",
    "pyarrow",
    "pytest",
    "sqlglot",
    "structlog",
}
CHECK = ("check", "orders.csv", "--rule", "{column: id, type: not_null}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "orders.csv").write_text("id,name\n1,Ann\n2,Bob\n")
    (tmp_path / "rules.yaml").write_text("rules:\n  - {column: id, type: unique}\n")
    (tmp_path / "veriport.yaml").write_text(
        "checkpoints:\n"
        "  - name: stored\n"
        "    data: orders.csv\n"
        "    rules: [{column: id, type: unique}]\n"
        "    actions: [{type: store_result, store_path: kept}]\n"
    )
    return tmp_path


def imported(folder: Path, *arguments: str) -> set[str]:
    """The top-level packages that a command imports, by Python's own account."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *COMMAND, *arguments],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    timed = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    packages = {line.rpartition("|")[2].strip().partition(".")[0] for line in timed}
    assert "veriport" in packages
    return packages


@pytest.mark.parametrize(
    "command", [("--help",), ("check", "--help"), ("--version",), ("rules",), ("engines",)]
)
def test_help_imports_nothing_heavy(folder: Path, command: tuple[str, ...]) -> None:
    assert imported(folder, *command) & (ALWAYS_HEAVY | {"polars", "rich", "ruamel", "cattrs"}) == set()


@pytest.mark.parametrize("more", [(), ("--rules", "rules.yaml"), ("--format", "json")], ids=str)
def test_a_simple_check_imports_its_engine_and_little_else(folder: Path, more: tuple[str, ...]) -> None:
    found = imported(folder, *CHECK, *more)
    assert "polars" in found
    assert found & ALWAYS_HEAVY == set()


def test_a_check_prints_json_without_the_library_for_tables(folder: Path) -> None:
    assert "rich" not in imported(folder, *CHECK, "--format", "json")


def test_sql_is_parsed_by_its_library_when_there_is_some(folder: Path) -> None:
    assert "sqlglot" in imported(folder, *CHECK, "--where", "id > 0")


@pytest.mark.parametrize("command", ["validate", "list"])
def test_a_configuration_is_read_without_the_engine(folder: Path, command: str) -> None:
    found = imported(folder, "checkpoint", command)
    assert found & {"polars", "httpx", "sqlglot", "rich"} == set()


def test_a_run_that_calls_nobody_imports_no_client_for_http(folder: Path) -> None:
    found = imported(folder, "checkpoint", "run", "stored")
    assert found & {"httpx", "sqlglot", "pandas", "numpy"} == set()


def test_the_python_face_checks_without_a_container(folder: Path) -> None:
    program = (
        "import veriport, sys; veriport.check('orders.csv', [{'column': 'id', 'type': 'unique'}]);"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True
    )
    found = set(done.stdout.split())
    assert "polars" in found
    assert found & (ALWAYS_HEAVY | {"typer", "click", "rich", "ruamel"}) == set()
