"""The work pushed down to a database: by hand in SQL, and by the Ibis engine of Veriport.

By hand is one query of every count, one group-by that gives the number of repeated rows and the first
repeated ids, and a limited query of failing rows for each rule that failed. Nothing is read twice that
once will do.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import duckdb as duck
import ibis.backends.sql.compilers  # noqa: F401  # what the first check of a process would import, as some below
import psycopg

import veriport
import veriport.adapters.engines.ibis.databases.duckdb
import veriport.adapters.engines.ibis.databases.postgres
import veriport.api.doors
import veriport.application.checking
from benchmarks.work import COUNTRIES, EMAIL, RULES, SKU, STATUSES

Run: TypeAlias = Callable[[str], list[Any]]
_SAMPLES = 20


def url_of(port: int) -> str:
    """Of the server that the part has started."""
    return f"postgresql://postgres@127.0.0.1:{port}/postgres"


def duckdb_by_hand(path: Path) -> list[list[int]]:
    """Failed rows and samples of each rule, of a Parquet file or a table of a database file."""
    stored = path.suffix == ".duckdb"
    with duck.connect(str(path) if stored else ":memory:", read_only=stored) as connection:
        table = "orders" if stored else f"read_parquet('{path}')"
        return by_hand(lambda sql: connection.execute(sql).fetchall(), table, "regexp_matches({}, '{}')")


def duckdb_ours(path: Path) -> list[list[int]]:
    """The same by Veriport."""
    return _ours(f"duckdb://{path}?table=orders" if path.suffix == ".duckdb" else str(path))


def postgres_by_hand(table: Path, port: int, server: int) -> dict[str, Any]:
    """The same of a table of a server, in one snapshot, and the processor seconds of the server."""

    def work() -> list[list[int]]:
        with psycopg.connect(url_of(port)) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            return by_hand(lambda sql: connection.execute(sql.encode()).fetchall(), str(table), "{} ~ '{}'")

    return _served(server, work)


def postgres_ours(table: Path, port: int, server: int) -> dict[str, Any]:
    """The same by Veriport."""
    return _served(server, lambda: _ours(f"{url_of(port)}?table={table}"))


def _served(server: int, work: Callable[[], list[list[int]]]) -> dict[str, Any]:
    before, began = _children_seconds(server), time.perf_counter()
    found, seconds = work(), time.perf_counter() - began
    time.sleep(0.2)  # until the server has seen its process end
    return {"found": found, "seconds": seconds, "server": _children_seconds(server) - before}


def _children_seconds(process: int) -> float:
    """Processor seconds of all processes of a server that have ended, where Linux says it."""
    stat = Path(f"/proc/{process}/stat")
    fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split() if stat.exists() else []
    return sum(map(int, fields[13:15])) / os.sysconf("SC_CLK_TCK")


def _ours(address: str) -> list[list[int]]:
    result = veriport.check(address, RULES, engine="ibis")
    return [[rule.failed_count, len(rule.samples)] for rule in result.rules]


def by_hand(run: Run, table: str, matches: str) -> list[list[int]]:
    """The work in SQL; ``matches`` is how the database asks whether a text matches a pattern."""
    tests = failing(matches)
    counts = [f"count(*) FILTER (WHERE {test})" for _, test in tests.values()]
    (row,) = run(f"SELECT {', '.join(counts)}, CAST(count(*) < 1 AS INTEGER) FROM {table}")  # noqa: S608  # ours
    repeated = run(REPEATED.format(table=table))
    failed = dict(zip([*tests, 16], row, strict=True)) | {1: repeated[0][0] if repeated else 0}
    if repeated:
        tests[1] = ("id", f"id IN ({', '.join(str(each) for _, each in repeated)})")
    samples = {
        index: run(f"SELECT {columns} FROM {table} WHERE {test} LIMIT {_SAMPLES}")  # noqa: S608  # ours
        for index, (columns, test) in tests.items()
        if failed[index]
    }
    return [[int(failed[index]), len(samples.get(index, ()))] for index in range(len(RULES))]


#: How many rows have an id that others have, and some of those ids.
REPEATED = f"""
    WITH repeated AS (
        SELECT id, count(*) AS n FROM {{table}} WHERE id IS NOT NULL GROUP BY id HAVING count(*) > 1
    )
    SELECT (SELECT sum(n) FROM repeated), id FROM repeated LIMIT {_SAMPLES}
"""  # noqa: S608  # the texts are our own


def failing(matches: str) -> dict[int, tuple[str, str]]:
    """The columns that a rule reads and what a row that breaks it satisfies, by the index of the rule."""
    return {
        0: ("id", "id IS NULL"),
        2: ("customer", "customer IS NULL"),
        3: ("customer", "NOT customer BETWEEN 0 AND 499999"),
        4: ("amount", "amount IS NULL"),
        5: ("amount", "NOT amount >= 0"),
        6: ("quantity", "NOT quantity BETWEEN 1 AND 19"),
        7: ("discount", "discount IS NULL"),
        8: ("discount", "NOT discount BETWEEN 0 AND 1"),
        9: ("status", f"status NOT IN {tuple(STATUSES)}"),
        10: ("country", f"country NOT IN {tuple(COUNTRIES)}"),
        11: ("email", f"NOT {matches.format('email', EMAIL)}"),
        12: ("email", "NOT length(email) BETWEEN 5 AND 254"),
        13: ("sku", f"NOT {matches.format('sku', SKU)}"),
        14: ("created", "NOT created BETWEEN TIMESTAMP '2024-01-01' AND TIMESTAMP '2024-12-31'"),
        15: ("shipped, created", "NOT shipped >= created"),
    }
