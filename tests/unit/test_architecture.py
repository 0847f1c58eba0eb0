"""The hexagon holds, and what holds it can fail: a planted import is found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import veriport

ROOT = Path(__file__).parents[2]
SOURCE = Path(veriport.__file__).parent

#: What ``import veriport`` and finding ``veriport.check`` must not cost anybody.
HEAVY = frozenset({
    "boto3", "click", "dependency_injector", "httpx", "hvac", "numpy", "pandas", "polars", "pyarrow",
    "pytest", "rich", "ruamel", "sqlglot", "structlog", "typer",
})  # fmt: skip


def run(*command: str, source: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a Python program that imports ``veriport`` from the folder ``source``."""
    environment = {**os.environ, "PYTHONPATH": str(source)}
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def check_inside(source: Path) -> subprocess.CompletedProcess[str]:
    return run(str(ROOT / "tests" / "architecture.py"), source=source, folder=ROOT)


def check_layers(source: Path) -> subprocess.CompletedProcess[str]:
    linter = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    config = str(ROOT / "pyproject.toml")
    return run("-c", linter, "--no-cache", "--config", config, source=source, folder=source)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A folder that holds a copy of the package."""
    shutil.copytree(SOURCE, tmp_path / "veriport", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def plant(module: Path, line: str) -> None:
    module.write_text(f"{module.read_text()}\n{line}\n")


def test_the_inside_imports_only_what_it_may() -> None:
    done = check_inside(SOURCE.parent)
    assert (done.stdout.strip(), done.stderr, done.returncode) == ("", "", 0)


def test_imports_point_inward() -> None:
    done = check_layers(SOURCE.parent)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "line", "breach"),
    [
        ("domain/severity.py", "import veriport.adapters.engines", "imports veriport.adapters"),
        ("domain/severity.py", "import veriport", "imports veriport"),
        ("domain/severity.py", "import cattrs", "imports cattrs"),
        ("domain/severity.py", "from time import monotonic", "imports time"),
        ("domain/rules/base.py", "import polars", "imports polars"),
        ("ports/engines.py", "import polars", "imports polars"),
        ("ports/clocks.py", "import veriport.application.checking", "imports veriport.application"),
        ("application/running.py", "import httpx", "imports httpx"),
        ("application/running.py", "import dependency_injector", "imports dependency_injector"),
        ("rules.py", "import dependency_injector.providers", "imports dependency_injector"),
    ],
)
def test_a_planted_import_is_found(copied: Path, module: str, line: str, breach: str) -> None:
    plant(copied / "veriport" / module, line)
    done = check_inside(copied)
    assert breach in done.stdout
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("domain/severity.py", "import veriport.adapters.engines"),
        ("ports/engines.py", "import veriport.application.checking"),
        ("adapters/engines/__init__.py", "import veriport.application.checking"),
        ("adapters/engines/__init__.py", "import veriport.adapters.blobs"),
        ("adapters/engines/__init__.py", "import veriport.wiring"),
        ("application/running.py", "import veriport.adapters.engines"),
        ("wiring/__init__.py", "import veriport.api"),
        ("api/__init__.py", "import veriport.testing"),
        ("testing/__init__.py", "import veriport.adapters.cli"),
    ],
)
def test_a_planted_import_that_points_outward_breaks_a_contract(copied: Path, module: str, line: str) -> None:
    plant(copied / "veriport" / module, line)
    done = check_layers(copied)
    assert "BROKEN" in done.stdout
    assert done.returncode == 1


def test_a_package_that_no_contract_names_breaks_them(copied: Path) -> None:
    (copied / "veriport" / "helpers.py").write_text("")
    (copied / "veriport" / "adapters" / "queues").mkdir()
    (copied / "veriport" / "adapters" / "queues" / "__init__.py").write_text("")
    done = check_layers(copied)
    assert "helpers" in done.stdout
    assert "queues" in done.stdout


def test_importing_the_package_is_light() -> None:
    done = run("-X", "importtime", "-c", "import veriport; veriport.check", source=SOURCE.parent, folder=ROOT)
    assert done.returncode == 0, done.stderr[-2000:]
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "veriport" in imported
    assert not imported & HEAVY
