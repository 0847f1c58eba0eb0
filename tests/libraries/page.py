"""The table of ``docs/library-engines.md``: what each engine over a library answers of the contract suite.

``python -m tests.libraries.page`` asks the engines, each in its environment, and writes it; with the name of an
engine it answers for that one alone, in the environment.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from attrs import evolve

from tests.libraries.environments import NAMES, python_of
from veriport.domain.results import RuleStatus
from veriport.testing.cases import Case, cases, groups
from veriport.testing.suites.engines import EngineSuite
from veriport.wiring import catalog

PAGE = Path(__file__).parents[2] / "docs" / "library-engines.md"
_BEGIN, _END = "<!-- made by python -m tests.libraries.page -->\n", "<!-- until here -->\n"
Answers = Mapping[str, Mapping[str, int]]


def answers(name: str) -> dict[str, Counter[str]]:
    """How often an engine agrees with a group of cases, differs, and does not evaluate."""
    suite, engine = EngineSuite(), catalog.build("engines", name)
    found: dict[str, Counter[str]] = {group: Counter() for group in groups()}
    with tempfile.TemporaryDirectory() as folder:
        for case in cases():
            if case.reference is not None:
                refers = suite.refer(case, Path(folder))
                case = evolve(case, rule={**case.rule, "reference": refers})  # noqa: PLW2901  # the same, complete
            (result,) = suite.check(engine, suite.load(case), case.rule, now=case.now).rules
            found[case.name.partition(": ")[0]][_kind(case, result.status)] += 1
    return found


def _kind(case: Case, status: RuleStatus) -> str:
    if status is RuleStatus.NOT_EVALUATED:
        return "none"
    right = RuleStatus.ERROR if case.refused else RuleStatus.PASSED if case.holds else RuleStatus.FAILED
    return "agrees" if status is right else "differs"


def table(by_engine: Mapping[str, Answers]) -> Iterator[str]:
    """The lines of the table."""
    yield "| cases | " + " | ".join(f"`{name}`" for name in by_engine) + " |"
    yield "| --- |" + " --- |" * len(by_engine)
    for group in groups():
        cells = (_cell(found[group]) for found in by_engine.values())
        yield f"| {group} | {' | '.join(cells)} |"
    totals: list[Counter[str]] = [Counter() for _ in by_engine]
    for total, found in zip(totals, by_engine.values(), strict=True):
        for each in found.values():
            total.update(each)
    yield f"| all | {' | '.join(map(_cell, totals))} |"


def _cell(found: Mapping[str, int]) -> str:
    words = {"agrees": "agree", "none": "not evaluated", "differs": "DIFFER"}
    counts = [f"{found[kind]} {word}" for kind, word in words.items() if found.get(kind)]
    return (
        {"none": "-", "agrees": "all"}.get(next(iter(found)), "") if len(counts) == 1 else ", ".join(counts)
    )


def page() -> str:
    """The page with the table as it is now."""
    asked = {name: subprocess.run(
        [python_of(name), "-m", "tests.libraries.page", name], check=True, capture_output=True, text=True
    ).stdout for name in NAMES}  # fmt: skip
    made = "\n".join(table({name: json.loads(said) for name, said in asked.items()}))
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
    return f"{head}{_BEGIN}\n{made}\n\n{_END}{rest.partition(_END)[2]}"


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(answers(sys.argv[1])))  # noqa: T201  # an answer
    else:
        PAGE.write_text(page(), encoding="utf-8")
