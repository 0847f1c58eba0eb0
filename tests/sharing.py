"""How processes share the tests (``pytest -n 2``): module by module, and a long module class by class.

What a session makes once, each process makes for itself. What takes long to make is therefore asked for in one
process: Spark, and what engines answered of all cases. Nothing else depends on who runs what.
"""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling

#: What has to be in one process together, by how ids of tests begin; it takes longest, so it begins first.
TOGETHER = (
    "tests/contract/test_ibis_engines.py",
    "tests/contract/test_matrix.py",
    "tests/contract/test_spark_connect.py",
    "tests/contract/test_splits.py::TestSparkSplits",
    "tests/contract/test_ibis_agreement.py::test_rules_of_any_class_on_spark",
    "tests/contract/test_ibis_far_times.py",
    "tests/contract/test_ibis_frames.py::test_two_columns_of_spark_have_one_name",
)
#: What a test asks for if it has to be named there.
_STARTS_SPARK = "spark"

#: What takes so long that the end would be waited for, were it not begun next.
EARLY = ("tests/contract/test_library_engines.py",)

#: Modules that are shared out class by class.
LONG = ("tests/contract/test_splits.py", "tests/contract/test_composed_engines.py")


def unit_of(test: str) -> str:
    """What a test runs together with, in one process and in the usual order; by its id."""
    if test.startswith(TOGETHER):
        return "together"
    module, _, rest = test.partition("::")
    name, _, inside = rest.partition("[")[0].partition("::")
    return f"{module}::{name}" if module in LONG and inside else module


def rank_of(test: str) -> int:
    """When a test begins; what is equal keeps its order."""
    return 0 if test.startswith(TOGETHER) else 1 if test.startswith(EARLY) else 2


class Units(LoadScopeScheduling):  # type: ignore[misc]  # it ships no types
    """Gives unit by unit to whoever has nothing to do."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Units:
    """For the controller, with any ``--dist``."""
    config.option.loadscopereorder = False  # in our order, and not by how many tests a unit has
    return Units(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """For the processes; one alone keeps the usual order. Raises where a test that starts Spark is not named."""
    for item in items:
        if _STARTS_SPARK in getattr(item, "fixturenames", ()) and not item.nodeid.startswith(TOGETHER):
            raise pytest.UsageError(f"{item.nodeid} starts Spark: name it among those of tests/sharing.py")
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: rank_of(item.nodeid))
