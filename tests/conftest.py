"""What every test can ask for: the example data, and how Hypothesis searches."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest
from hypothesis import settings

from tests.databases import duckdb_tables, postgresql_tables, spark, spark_tables, sqlite_tables  # noqa: F401  # fixtures
from tests.matrix import Asked
from tests.servers.postgres import postgres, postgres_url  # noqa: F401  # fixtures
from tests.servers.redis import redis_url, valkey_url  # noqa: F401  # fixtures
from tests.sharing import pytest_collection_modifyitems, pytest_xdist_make_scheduler  # noqa: F401  # hooks

ROOT = Path(__file__).parents[1]

# The same commit gives the same answer, everywhere. For other examples: pytest --hypothesis-profile=fresh,
# and for a search that takes an hour: --hypothesis-profile=search. A law that needs more says so itself.
settings.register_profile("same", deadline=None, print_blob=True, max_examples=40, derandomize=True)
settings.register_profile("fresh", deadline=None, print_blob=True, max_examples=40)
settings.register_profile("search", deadline=None, print_blob=True, max_examples=5_000)
settings.load_profile("same")


@pytest.fixture(scope="session")
def asked() -> Asked:
    """What engines answered of cases in this run."""
    return Asked()


@pytest.fixture(scope="session")
def examples() -> Path:
    """The folder with ``flights.parquet``, ``orders.csv`` and ``veriport.yaml``; not to be written to."""
    return ROOT / "examples"


@pytest.fixture
def shown_data(tmp_path: Path, examples: Path) -> Path:
    """A folder with the files that the documentation and the docstrings speak of, and ``examples/``."""
    kept = shutil.ignore_patterns("results", "__pycache__")
    shutil.copytree(examples, tmp_path / "examples", ignore=kept)
    for name in ("flights.parquet", "orders.csv"):
        shutil.copy(examples / name, tmp_path)
    pl.read_csv(examples / "orders.csv", try_parse_dates=True).write_parquet(tmp_path / "orders.parquet")
    return tmp_path
