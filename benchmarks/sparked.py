"""The work in Spark, by hand and by Veriport in turn in one session, and the jobs that it takes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyspark  # noqa: F401  # a process without it says so at once

import veriport
import veriport.adapters.engines.ibis.databases.spark
import veriport.api.doors
import veriport.application.checking
from benchmarks.pushed import by_hand, failing
from benchmarks.work import RULES

_MATCHES = "{} RLIKE '{}'"
_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.driver.memory": "2g",
}
_FOLDING = [rule for rule in RULES if rule["type"] != "unique"]


def spark(path: Path, rounds: int) -> dict[str, list[Any]]:
    """By what is done: its jobs, with adaptive execution and without, and its seconds in each round."""
    from pyspark.sql import SparkSession

    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder: Any = SparkSession.builder
    for name, value in _SETTINGS.items():
        builder = builder.config(name, value)
    session = builder.master("local[2]").getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    frame = session.read.parquet(str(path))
    frame.createOrReplaceTempView("orders")
    counts = ", ".join(f"count(*) FILTER (WHERE {test})" for _, test in failing(_MATCHES).values())

    def run(sql: str) -> list[Any]:
        return [tuple(row) for row in session.sql(sql).collect()]

    ways: dict[str, Callable[[], object]] = {
        "folds, by hand": lambda: run(f"SELECT {counts}, count(*) FROM orders"),  # noqa: S608  # ours
        "folds, veriport": lambda: _ours(frame, _FOLDING, samples=0),
        "all, by hand": lambda: by_hand(run, "orders", _MATCHES),
        "all, veriport": lambda: _ours(frame, RULES, samples=20),
    }
    found: dict[str, list[Any]] = {name: [] for name in ways}
    answers = [ways["all, by hand"](), ways["all, veriport"]()]
    for adaptive in ("true", "false"):
        session.conf.set("spark.sql.adaptive.enabled", adaptive)
        for name, work in ways.items():
            found[name].append(_jobs(session, f"{name}, {adaptive}", work))
    session.conf.set("spark.sql.adaptive.enabled", "true")
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, work in ways.items():
            began = time.perf_counter()
            work()
            taken[name].append(time.perf_counter() - began)
    session.stop()
    return {name: [*found[name], taken[name]] for name in ways} | {"answers": answers}


def _jobs(session: Any, group: str, work: Callable[[], object]) -> int:  # noqa: ANN401  # Spark's own class
    """How many jobs Spark starts for some work."""
    session.sparkContext.setJobGroup(group, group)
    work()
    return len(session.sparkContext.statusTracker().getJobIdsForGroup(group))


def _ours(frame: object, rules: list[dict[str, Any]], samples: int) -> list[list[int]]:
    result = veriport.check(frame, rules, engine="ibis", samples=samples)
    return [[rule.failed_count, len(rule.samples)] for rule in result.rules]
