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


def copy(folder: Path) -> Path:
    """A folder that holds a copy of the package."""
    shutil.copytree(SOURCE, folder / "veriport", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def plant(module: Path, line: str) -> None:
    module.write_text(f"{module.read_text()}\n{line}\n")


def test_the_inside_imports_only_what_it_may() -> None:
    done = check_inside(SOURCE.parent)
    assert (done.stdout.strip(), done.stderr, done.returncode) == ("", "", 0)


def test_imports_point_inward() -> None:
    done = check_layers(SOURCE.parent)
    assert done.returncode == 0, done.stdout


#: What a line planted at the end of a module breaks, by the program that looks at the inside.
INSIDE = [
    ("domain/severity.py", "import veriport.adapters.engines", "imports veriport.adapters.engines"),
    ("domain/severity.py", "import veriport", "imports veriport"),
    ("domain/severity.py", "import cattrs", "imports cattrs"),
    ("domain/severity.py", "from time import monotonic", "imports time"),
    ("domain/rules/base.py", "import polars", "imports polars"),
    ("ports/engines.py", "import polars", "imports polars"),
    ("ports/clocks.py", "import veriport.application.checking", "imports veriport.application.checking"),
    ("application/running.py", "import httpx", "imports httpx"),
    ("application/running.py", "import dependency_injector", "imports dependency_injector"),
    ("rules.py", "import dependency_injector.providers", "imports dependency_injector"),
]

#: What points outward.
OUTWARD = [
    ("domain/severity.py", "import veriport.adapters.engines"),
    ("ports/engines.py", "import veriport.application.checking"),
    ("adapters/engines/__init__.py", "import veriport.application.checking"),
    ("adapters/engines/__init__.py", "import veriport.adapters.blobs"),
    ("adapters/engines/__init__.py", "import veriport.wiring"),
    ("application/running.py", "import veriport.adapters.engines"),
    ("wiring/__init__.py", "import veriport.api"),
    ("api/__init__.py", "import veriport.testing"),
    ("testing/__init__.py", "import veriport.adapters.cli"),
]


def named(module: str) -> str:
    """A module as Python names it, from its path in the package."""
    return f"veriport.{module.removesuffix('.py').removesuffix('/__init__').replace('/', '.')}"


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """What is said of a package with all of INSIDE planted; one look at it takes a second."""
    copied = copy(tmp_path_factory.mktemp("inside"))
    for module, line, _ in INSIDE:
        plant(copied / "veriport" / module, line)
    return check_inside(copied)


@pytest.mark.parametrize(("module", "line", "breach"), INSIDE)
def test_a_planted_import_is_found(
    inside: subprocess.CompletedProcess[str], module: str, line: str, breach: str
) -> None:
    assert f"{named(module)} {breach}" in inside.stdout.splitlines(), line
    assert inside.returncode == 1


@pytest.fixture(scope="module")
def outward(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """What import-linter says of a package with all of OUTWARD planted."""
    copied = copy(tmp_path_factory.mktemp("outward"))
    for module, line in OUTWARD:
        plant(copied / "veriport" / module, line)
    return check_layers(copied)


@pytest.mark.parametrize(("module", "line"), OUTWARD)
def test_a_planted_import_that_points_outward_breaks_a_contract(
    outward: subprocess.CompletedProcess[str], module: str, line: str
) -> None:
    imported = line.removeprefix("import ")
    assert f"{named(module)} -> {imported} " in " ".join(outward.stdout.split())
    assert "BROKEN" in outward.stdout
    assert outward.returncode == 1


def test_a_package_that_no_contract_names_breaks_them(tmp_path: Path) -> None:
    copied = copy(tmp_path)
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
