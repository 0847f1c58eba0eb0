"""The engines besides Polars: the 17 rules in DuckDB, PostgreSQL and Spark, and engines around engines."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

from attrs import evolve, frozen

from benchmarks import data
from benchmarks.check import HAND, OURS, same_answers
from benchmarks.measure import Contestant, Figure, alternate, inside, ratio, table
from benchmarks.results import Goal, Section, at_most

Found: TypeAlias = tuple[list[str], list[Goal]]
_GOAL, _AROUND = 1.15, 1.05
_TABLE = "orders"


def engines(rows: int, fewer: int, runs: int) -> Section:
    """Measure all of it: DuckDB on so many rows, the others on fewer."""
    parts = [
        _duckdb("a file of DuckDB", data.orders_in_duckdb(rows), rows, runs),
        _duckdb("Parquet, by DuckDB", data.orders(rows), rows, runs),
        _postgres(fewer, runs),
        _spark(fewer, runs),
        _around(fewer, 2 * runs + 1),
    ]
    lines = [
        "By hand is one query of all counts, one group-by for the repeated ids, and a limited query of rows",
        "for each rule that failed (`benchmarks/pushed.py`).",
        "",
        *(line for found, _ in parts for line in found),
    ]
    return Section("Other engines, 17 rules", lines, [goal for _, goals in parts for goal in goals])


# ---- by hand, and ours


def _duckdb(name: str, path: Path, rows: int, runs: int) -> Found:
    commands = {HAND: inside("pushed", "duckdb_by_hand", path), OURS: inside("pushed", "duckdb_ours", path)}
    return _compared(f"{name}, {rows:,} rows", commands, runs)


def _postgres(rows: int, runs: int) -> Found:
    with _served(rows) as numbers:
        commands = {
            HAND: inside("pushed", "postgres_by_hand", Path(_TABLE), *numbers),
            OURS: inside("pushed", "postgres_ours", Path(_TABLE), *numbers),
        }
        return _compared(f"PostgreSQL, {rows:,} rows", commands, runs, _with_server)


def _with_server(figure: Figure) -> Figure:
    """The time without the wait for the server's figures, and processor time with that of the server."""
    runs = [
        evolve(
            run,
            seconds=run.answer["seconds"],
            cpu=run.cpu + run.answer["server"],
            answer=run.answer["found"],
        )
        for run in figure.runs
    ]
    return Figure(figure.name, tuple(runs))


def _as_it_is(figure: Figure) -> Figure:
    return figure


def _compared(
    title: str,
    commands: dict[str, list[str]],
    runs: int,
    read: Callable[[Figure], Figure] = lambda each: each,
) -> Found:
    alternated = alternate([Contestant(name, command, runs) for name, command in commands.items()])
    found = {name: read(figure) for name, figure in alternated.items()}
    same_answers(found)
    taken, busy = ratio(found[OURS], found[HAND]), ratio(found[OURS], found[HAND], "cpu")
    lines = [
        f"### {title}",
        "",
        *table(found),
        "",
        f"veriport over by hand: {taken}; processor time {busy}",
        "",
    ]
    detail = f" ({taken.least:.2f} to {taken.most:.2f}; processor time {busy.median:.2f} x)"
    return lines, [at_most(f"{title}: time over by hand", taken.median, _GOAL, detail=detail)]


@contextmanager
def _served(rows: int) -> Iterator[tuple[int, int]]:
    """The port and the process of a server that has the orders."""
    from tests.servers.postgres import cluster

    with cluster() as files, files.serving(shared_buffers="256MB", max_wal_size="4GB") as process:
        _load(files.url(), data.orders(rows))
        yield files.port, process.pid


_COLUMNS = """
    id bigint, customer bigint, amount double precision, quantity integer, discount double precision,
    status text, country text, created timestamp, email text, sku text, shipped timestamp
"""


def _load(url: str, path: Path) -> None:
    import polars as pl
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE {_TABLE} ({_COLUMNS})")
        with connection.cursor().copy(f"COPY {_TABLE} FROM STDIN (FORMAT csv)") as copy:
            for frame in pl.read_parquet(path).iter_slices(100_000):
                copy.write(frame.write_csv(include_header=False))
        connection.execute(f"VACUUM (ANALYZE, FREEZE) {_TABLE}")


# ---- Spark


def _spark(rows: int, runs: int) -> Found:
    title = f"Spark local[2], {rows:,} rows"
    if find_spec("pyspark") is None:
        return [f"### {title}", "", "Not measured: pyspark is not installed.", ""], []
    answer = _once("sparked", "spark", data.orders(rows), runs)
    hand, ours = answer.pop("answers")
    if hand != ours:
        raise SystemExit(f"the answers differ:\n{ours}\n{hand}")
    lines = [
        f"### {title}",
        "",
        "One session. With adaptive execution, which is usual, Spark makes a job of each stage of a query.",
        "",
        "| what | jobs | without adaptive execution | median s | spread |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(
            f"| {name} | {jobs[0]} | {jobs[1]} | {_spread(taken)} |"
            for name, (*jobs, taken) in answer.items()
        ),
        "",
        *(f"- {what}: veriport over by hand {_over(answer, what)}" for what in ("folds", "all")),
        "",
    ]
    adaptive, jobs, _ = answer["folds, veriport"]
    by_hand = answer["folds, by hand"][0]
    shown = f"{jobs} (with adaptive execution {adaptive}, by hand {by_hand})"
    goal = Goal(f"{title}: jobs for all that folds", shown, "1", jobs == 1 and adaptive == by_hand)
    return lines, [goal]


def _over(answer: dict[str, Any], what: str) -> _Pairs:
    ours, hand = (answer[f"{what}, {who}"][2] for who in (OURS, HAND))
    return _Pairs.of(ours, hand)


def _spread(taken: Sequence[float]) -> str:
    return f"{statistics.median(taken):.3f} | {min(taken):.3f} to {max(taken):.3f}"


# ---- engines around engines


def _around(rows: int, rounds: int) -> Found:
    found: dict[str, list[list[float]]] = _once("wrapped", "wrapped", data.orders(rows), rounds)
    plain, *others = found
    title = f"Engines around Polars, {rows:,} rows"
    ratios = {
        name: [_Pairs.of(*([pair[n] for pair in found[each]] for each in (name, plain))) for n in (0, 1)]
        for name in others
    }
    lines = [
        f"### {title}",
        "",
        f"In turn in one process, {rounds} rounds.",
        "",
        "| what | median s | processor s | time over Polars alone | processor time |",
        "| --- | ---: | ---: | --- | --- |",
        *(
            f"| {name} | {_medians(pairs)} | {_two(ratios.get(name, ('', '')))} |"
            for name, pairs in found.items()
        ),
        "",
    ]
    goals = [
        at_most(
            f"{name}, over Polars, {rows:,} rows", taken.median, _AROUND, detail=f" (processor time {busy})"
        )
        for name, (taken, busy) in ratios.items()
    ]
    return lines, goals


def _medians(pairs: Sequence[Sequence[float]]) -> str:
    return " | ".join(f"{statistics.median(pair[n] for pair in pairs):.3f}" for n in (0, 1))


def _two(cells: Iterable[object]) -> str:
    return " | ".join(map(str, cells))


@frozen
class _Pairs:
    """A ratio of pairs that ran one after the other in one process."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, ours: Sequence[float], theirs: Sequence[float]) -> _Pairs:
        """Pair by pair."""
        pairs = [a / b for a, b in zip(ours, theirs, strict=True)]
        return cls(statistics.median(pairs), min(pairs), max(pairs))

    def __str__(self) -> str:
        """As it is read in a table."""
        return f"{self.median:.2f} ({self.least:.2f} to {self.most:.2f})"


def _once(module: str, function: str, path: Path, rounds: int) -> Any:  # noqa: ANN401  # JSON
    """What one process found that takes turns inside."""
    found = alternate([Contestant(function, inside(module, function, path, rounds), 1)], warm_up=False)
    return found[function].runs[0].answer
