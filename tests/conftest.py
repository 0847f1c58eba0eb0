"""What every test can ask for: the example data, and how Hypothesis searches."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[1]

# At a desk every run tries other examples; in CI the same commit gives the same answer.
settings.register_profile("desk", deadline=None, print_blob=True)
settings.register_profile("ci", deadline=None, print_blob=True, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")


@pytest.fixture(scope="session")
def examples() -> Path:
    """The folder with ``flights.parquet``, ``orders.csv`` and ``veriport.yaml``; not to be written to."""
    return ROOT / "examples"
