"""``docs/engines.md``: what each engine answers of each case, asked of real engines.

``python -m tests.matrix`` starts them and writes the page; ``tests/contract/test_matrix.py`` compares.
"""

from __future__ import annotations

import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

from attrs import define, field

from tests.databases import DuckDB, Postgres, Spark, SQLite, spark_session
from tests.libraries.environments import NAMES
from tests.libraries.verdicts import verdicts
from tests.servers.postgres import cluster
from veriport.adapters.engines.ibis import IbisEngine
from veriport.adapters.engines.polars import PolarsEngine
from veriport.ports.engines import Engine
from veriport.testing.cases import Case, cases, groups
from veriport.testing.matrix import (
    Answer,
    Column,
    Frames,
    Tables,
    Verdict,
    column,
    of_group,
    summary,
    verdict,
)

PAGE = Path(__file__).parents[1] / "docs" / "engines.md"

#: The columns of the page, by the names that engines have here.
HEADS: Mapping[str, str] = {
    "polars": "Polars",
    "duckdb": "DuckDB",
    "postgresql": "PostgreSQL",
    "sqlite": "SQLite",
    "spark": "Spark",
    "pandera": "Pandera",
    "great_expectations": "Great Expectations",
    "truthound": "Truthound",
}


@define
class Asked:
    """What was asked in this run, so that nobody is asked twice."""

    _known: dict[tuple[str, str], Verdict] = field(factory=dict)

    def verdict(self, name: str, engine: Engine, tables: Tables, case: Case) -> Verdict:
        """What an engine answers of a case."""
        if (name, case.name) not in self._known:
            self._known[name, case.name] = verdict(engine, tables, case)
        return self._known[name, case.name]

    def column(self, name: str, engine: Engine, tables: Tables) -> Column:
        """What an engine answers of every case."""
        return {case.name: self.verdict(name, engine, tables, case) for case in cases()}


_HEAD = """\
# What each engine answers

The same rules give the same verdict wherever the data lives. This page is the proof: real engines are asked every
case of `veriport.testing.cases`, the small tables that hold the [semantics](semantics.md), and what they answer is
written here. The tests ask again and compare (`python -m tests.matrix` writes the page anew).

A cell is `agrees`, down to the counts, the failing rows and what is shown of them; or `not evaluated` with the number of a
[reason](#reasons), where the engine cannot, or its database has no such values: such a rule ends as not evaluated
and is never a pass; or `differs`. **Nothing differs.**

Polars reads files and frames. DuckDB, PostgreSQL, SQLite and Spark are asked by [the Ibis engine](sql-engines.md);
Spark Connect answers as Spark does. Pandera, Great Expectations and Truthound are
[the libraries](library-engines.md) without a `fallback`. For what you have installed, run `veriport engines --matrix`.
"""


def page(columns: Mapping[str, Column]) -> str:
    """The page, of the columns by name."""
    return "\n".join(_lines(columns)) + "\n"


def _lines(columns: Mapping[str, Column]) -> Iterator[str]:
    reasons = _reasons(columns)
    heads = " | ".join(HEADS[name] for name in columns)
    rule = "--- | " * len(columns)
    yield _HEAD
    yield f"| cases | {heads} |"
    yield f"| --- | {rule}".rstrip()
    for group in groups():
        cells = " | ".join(_count(of_group(each, group)) for each in columns.values())
        yield f"| [{group}](#{_anchor(group)}) | {cells} |"
    yield f"| all | {' | '.join(map(_count, columns.values()))} |"
    for group in groups():
        yield from (
            "",
            f"## {group} {{ #{_anchor(group)} }}",
            "",
            f"| case | {heads} |",
            f"| --- | {rule}".rstrip(),
        )
        for name in of_group(next(iter(columns.values())), group):
            cells = " | ".join(_cell(each[name], reasons) for each in columns.values())
            yield f"| {_escaped(name.removeprefix(f'{group}: '))} | {cells} |"
    yield from ("", "## Reasons", "")
    yield from (f"{number}. {_escaped(reason)}" for reason, number in reasons.items())


def _reasons(columns: Mapping[str, Column]) -> Mapping[str, int]:
    """The reasons in the order of the page, and their numbers."""
    said = (_short(each[case.name].reason) for case in cases() for each in columns.values())
    return {reason: number for number, reason in enumerate(dict.fromkeys(filter(None, said)), start=1)}


def _anchor(group: str) -> str:
    return "cases-" + group.lower().replace(" ", "-").replace("_", "-")


def _cell(said: Verdict, reasons: Mapping[str, int]) -> str:
    return f"{said.answer} ({reasons[_short(said.reason)]})" if said.reason else str(said.answer)


def _short(reason: str) -> str:
    """A reason that quotes a long pattern, without its end."""
    return textwrap.shorten(reason, 160, placeholder=" ...")


def _count(verdicts: Column) -> str:
    counts = summary(verdicts)
    if len(counts) > 1:
        return ", ".join(f"{counts[answer]} {word}" for answer, word in _WORDS.items() if counts[answer])
    ((answer, count),) = counts.items()
    return f"{answer} ({count})"


_WORDS = {Answer.AGREES: "agree", Answer.NOT_EVALUATED: "not evaluated", Answer.DIFFERS: "**differ**"}


def _escaped(text: str) -> str:
    return text.replace("|", r"\|").replace("*", r"\*").replace("_", r"\_").replace("<", r"\<")


def main() -> None:
    """Ask all engines and write the page."""
    with tempfile.TemporaryDirectory() as name, cluster() as server, server.serving():
        folder, ibis = Path(name), IbisEngine()
        session = spark_session()
        columns = {
            "polars": column(PolarsEngine(), Frames(folder)),
            "duckdb": column(ibis, DuckDB(folder)),
            "postgresql": column(ibis, Postgres(server.url())),
            "sqlite": column(ibis, SQLite(folder / "cases.db")),
            "spark": column(ibis, Spark(session, folder)),
            **{name: verdicts(name) for name in NAMES},
        }
        session.stop()
    PAGE.write_text(page({name: columns[name] for name in HEADS}), encoding="utf-8")


if __name__ == "__main__":
    main()
