"""The page of what each engine answers: ``python -m tests.engines_page`` asks real engines and writes it.

It takes minutes, since it starts a PostgreSQL server and a session of Spark and asks every case.
"""

from __future__ import annotations

import math
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from attrs import evolve, frozen

from tests.databases import Database, DuckDB, Postgres, Spark, SQLite, spark_session
from tests.servers.postgres import cluster
from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.engines.ibis import IbisEngine
from veriport.adapters.engines.polars import PolarsEngine
from veriport.adapters.expressions.sqlglot import parse
from veriport.application.checking import CheckData, CheckOptions
from veriport.domain.results import RuleResult, RuleStatus
from veriport.domain.rules.base import Shape
from veriport.domain.rules.reading import read_rules
from veriport.ports.engines import Engine
from veriport.testing.cases import Case, cases, groups

PAGE = Path(__file__).parents[1] / "docs" / "engines.md"
AGREES = "agrees"


@frozen
class Asked:
    """An engine, and where its tables are."""

    engine: Engine
    database: Database

    def verdict(self, case: Case) -> str:
        """What the engine makes of a case: ``agrees``, ``not evaluated: why`` or ``differs: how``."""
        if lacking := self.database.lacks(case):
            return f"not evaluated: {lacking}"
        if case.reference is not None:
            case = evolve(case, rule={**case.rule, "reference": self.database.refer(case)})
        result = self._result(case)
        if result.status is RuleStatus.NOT_EVALUATED:
            return f"not evaluated: {result.message}"
        return AGREES if _is_right(result, case) else f"differs: {result.status.value}: {result.message}"

    def _result(self, case: Case) -> RuleResult:
        rules = read_rules([case.rule]).unwrap()
        use_case = CheckData(engine=self.engine, parse=parse, clock=FrozenClock(case.now))
        (result,) = use_case(self.database.load(case), rules, CheckOptions(samples=100)).unwrap().rules
        return result


def _is_right(result: RuleResult, case: Case) -> bool:
    if case.refused:
        return result.status is RuleStatus.ERROR
    status = RuleStatus.PASSED if case.holds else RuleStatus.FAILED
    counted = (result.status, result.checked_count, result.failed_count)
    if counted != (status, case.checked, len(case.rows)):
        return False
    return result.rule.shape is Shape.ROWS or _alike(result.observed, case.observed)


def _alike(one: object, other: object) -> bool:
    floats = isinstance(one, float) and isinstance(other, float)
    return math.isclose(one, other, rel_tol=1e-12) if floats else one == other  # type: ignore[arg-type]  # floats


def page(asked: Mapping[str, Asked]) -> str:
    """The page, of the verdicts of these engines."""
    verdicts = {name: {case.name: each.verdict(case) for case in cases()} for name, each in asked.items()}
    return "\n".join(_lines(verdicts)) + "\n"


_HEAD = """\
# What each engine answers

Made by `python -m tests.engines_page`, which asks real engines every case of `veriport.testing.cases`, the small
tables that hold the [semantics](semantics.md). A cell says how many cases of a group the engine answers as it must,
and of how many it says that it cannot evaluate them, or its database has no such values. Such a rule ends as not
evaluated, with the reason, and is never a pass. An engine that answered otherwise would stand under
[differences](#differences).

Polars reads files and frames. The others are databases, by [the Ibis engine](sql-engines.md).
"""


def _lines(verdicts: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    yield _HEAD
    yield f"| cases | {' | '.join(verdicts)} |"
    yield f"| --- | {' | '.join('---' for _ in verdicts)} |"
    for group in groups():
        cells = (
            _cell([said for name, said in each.items() if name.startswith(f"{group}: ")])
            for each in verdicts.values()
        )
        yield f"| {group} | {' | '.join(cells)} |"
    yield from ("", "## Not evaluated", "")
    for engine, each in verdicts.items():
        yield from _reasons(engine, each)
    yield from ("## Differences", "")
    different = [
        f"- {engine}, *{name}*: {said.removeprefix('differs: ')}"
        for engine, each in verdicts.items()
        for name, said in each.items()
        if said.startswith("differs")
    ]
    yield from different or ["None."]


def _cell(said: list[str]) -> str:
    kinds = Counter(each.partition(":")[0] for each in said)
    if set(kinds) == {AGREES}:
        return f"agrees ({kinds[AGREES]})"
    if set(kinds) == {"not evaluated"}:
        return f"not evaluated ({len(said)})"
    words = {AGREES: "agree", "not evaluated": "not evaluated", "differs": "**differ**"}
    return ", ".join(f"{kinds[kind]} {word}" for kind, word in words.items() if kinds[kind])


def _reasons(engine: str, verdicts: Mapping[str, str]) -> Iterator[str]:
    found: defaultdict[str, int] = defaultdict(int)
    for said in verdicts.values():
        if said.startswith("not evaluated: "):
            found[said.removeprefix("not evaluated: ")] += 1
    if found:
        yield from (f"{engine}:", "")
        yield from (
            f"- {reason} ({count} cases)" if count > 1 else f"- {reason} (1 case)"
            for reason, count in found.items()
        )
        yield ""


def main() -> None:
    """Ask all engines and write the page."""
    with tempfile.TemporaryDirectory() as name, cluster() as server, server.serving():
        folder, ibis = Path(name), IbisEngine()
        session = spark_session()
        asked = {
            "Polars": Asked(PolarsEngine(), DuckDB(folder)),
            "DuckDB": Asked(ibis, DuckDB(folder)),
            "PostgreSQL": Asked(ibis, Postgres(server.url())),
            "SQLite": Asked(ibis, SQLite(folder / "cases.db")),
            "Spark": Asked(ibis, Spark(session, folder)),
        }
        PAGE.write_text(page(asked), encoding="utf-8")
        session.stop()


if __name__ == "__main__":
    main()
