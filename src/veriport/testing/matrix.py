"""The conformance matrix: what engines answer of every case of ``veriport.testing.cases``.

An engine agrees with a case, does not evaluate it, or differs; the last two with a reason. The contract
suite asks case by case, ``veriport engines --matrix`` what is installed, and ``docs/engines.md`` shows all.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, TypeGuard

from attrs import field, frozen

from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.expressions.sqlglot import parse
from veriport.application.checking import CheckData, CheckOptions
from veriport.domain.datasets import Dataset, Handle
from veriport.domain.results import CheckResult, RuleResult, RuleStatus
from veriport.domain.rules.base import Shape
from veriport.domain.rules.reading import read_rules
from veriport.domain.rules.scalars import plain
from veriport.ports.engines import Engine
from veriport.ports.errors import MissingExtra
from veriport.testing.cases import NOW, Case, cases


class Answer(StrEnum):
    """What an engine makes of a case."""

    AGREES = "agrees"
    NOT_EVALUATED = "not evaluated"
    DIFFERS = "differs"


@frozen
class Verdict:
    """An answer, and the reason for any but the right one."""

    answer: Answer
    reason: str = ""

    def __str__(self) -> str:
        """``agrees``, ``not evaluated: reason`` or ``differs: reason``."""
        return f"{self.answer}: {self.reason}" if self.reason else str(self.answer)


class Tables(Protocol):
    """Where the tables of cases are put for an engine to open."""

    def lacks(self, case: Case) -> str:
        """What of a case cannot be put there, in words; empty where all can."""
        ...

    def load(self, case: Case) -> Dataset:
        """The table of a case, as the engine opens it."""
        ...

    def refer(self, case: Case) -> object:
        """The reference of a case, as a rule names it."""
        ...


@frozen
class Frames:
    """Tables as Polars frames, and references as Parquet files in a folder."""

    folder: Path
    _numbers: Iterator[int] = field(factory=itertools.count, eq=False, repr=False)

    def lacks(self, case: Case) -> str:
        """See ``Tables``: frames hold everything."""
        del case
        return ""

    def load(self, case: Case) -> Dataset:
        """See ``Tables``."""
        return Handle(case.frame())

    def refer(self, case: Case) -> object:
        """See ``Tables``."""
        path = self.folder / f"reference{next(self._numbers)}.parquet"
        (case.reference or case).frame().write_parquet(path)
        return str(path)


def check(
    engine: Engine, dataset: Dataset, *rules: object, now: datetime = NOW, **options: object
) -> CheckResult:
    """Check through the use case, as a caller would."""
    read = read_rules(list(rules)).unwrap() if rules else None
    use_case = CheckData(engine=engine, parse=parse, clock=FrozenClock(now))
    return use_case(dataset, read, CheckOptions(**options)).unwrap()  # type: ignore[arg-type]  # they judge


def verdict(engine: Engine, tables: Tables, case: Case) -> Verdict:
    """What an engine makes of a case, down to counts and failing rows. Raises nothing."""
    if case.needs and find_spec(case.needs) is None:
        return Verdict(Answer.NOT_EVALUATED, f"{case.needs} is not installed")
    if lacking := tables.lacks(case):
        return Verdict(Answer.NOT_EVALUATED, lacking)
    rule = case.rule if case.reference is None else {**case.rule, "reference": tables.refer(case)}
    try:
        (result,) = check(engine, tables.load(case), rule, now=case.now, samples=100).rules
    except MissingExtra as missing:
        return Verdict(Answer.NOT_EVALUATED, str(missing))
    except Exception as raised:  # noqa: BLE001  # whatever an engine does is an answer
        return Verdict(Answer.DIFFERS, f"it raises {type(raised).__name__}: {raised}")
    if result.status is RuleStatus.NOT_EVALUATED and result.message:
        return Verdict(Answer.NOT_EVALUATED, result.message)
    wrong = "; ".join(_wrong(result, case))
    return Verdict(Answer.DIFFERS, wrong) if wrong else Verdict(Answer.AGREES)


def _wrong(result: RuleResult, case: Case) -> Iterator[str]:
    """What of a result is not as the case says."""
    right = RuleStatus.ERROR if case.refused else RuleStatus.PASSED if case.holds else RuleStatus.FAILED
    if result.status is not right:
        yield f"{result.status} where {right} is right" + (f": {result.message}" if result.message else "")
    if case.refused:
        if not result.message:
            yield "an error that does not say why"
        return
    found: Mapping[str, tuple[object, object]] = {
        "checked": (result.checked_count, case.checked),
        "failed": (result.failed_count, len(case.rows)),
    }
    if result.rule.shape is Shape.ROWS:
        rows = tuple(sample.row for sample in result.samples)
        unnumbered = rows == (None,) * len(case.rows)
        found = {**found, "rows": (case.rows if unnumbered else rows, case.rows)}
        yield from _ill_shown(result, case)
    else:
        shown = tuple((sample.row, *sample.values.values()) for sample in result.samples)
        found = {
            **found,
            "observed": (result.observed, case.observed),
            "samples": (shown, tuple((None, value) for value in case.shown)),
        }
    yield from (
        f"{what} {mine!r} where {right!r} is right"
        for what, (mine, right) in found.items()
        if not _alike(mine, right)
    )


def _ill_shown(result: RuleResult, case: Case) -> Iterator[str]:
    """Samples whose values are not those of their row; a sample without a number may be any failing row."""
    held = case.frame().rows(named=True)
    for sample in result.samples:
        rows = case.rows if sample.row is None else (sample.row,)
        if not any(all(shows(each, held[row][name]) for name, each in sample.values.items()) for row in rows):
            yield f"the sample {dict(sample.values)!r} is in no failing row"


def shows(shown: object, held: object) -> bool:
    """Whether what a sample shows is what a row holds, written as the engine does.

    Databases show whole numbers that are wide as decimals, 32-bit floats as the shortest number that is
    rounded to them, and instants in a zone of their own.
    """
    match plain(held):
        case dict() as fields:
            return (
                isinstance(shown, Mapping)
                and list(shown) == list(fields)
                and all(shows(shown[name], each) for name, each in fields.items())
            )
        case list() as items:
            return isinstance(shown, list) and len(shown) == len(items) and all(map(shows, shown, items))
        case float() as number:
            return _is_number(shown) and math.isclose(shown, number, rel_tol=1e-6)
        case right if isinstance(held, Decimal | int) and not isinstance(held, bool):
            return right == shown or (isinstance(shown, str) and Decimal(shown) == held)
        case right if isinstance(held, datetime) and held.tzinfo and isinstance(shown, str):
            return datetime.fromisoformat(shown) == held
        case right:
            return type(shown) is type(right) and shown == right


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _alike(one: object, other: object) -> bool:
    """Floats are calculated in an order that is up to the engine."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-12)
    return one == other


#: Verdicts by the name of the case, in the order of the cases.
Column = Mapping[str, Verdict]


def column(engine: Engine, tables: Tables) -> Column:
    """What an engine makes of every case."""
    return {case.name: verdict(engine, tables, case) for case in cases()}


def summary(verdicts: Column) -> Counter[Answer]:
    """How often each answer was given."""
    return Counter(each.answer for each in verdicts.values())


def of_group(verdicts: Column, group: str) -> Column:
    """The verdicts on the cases of one group, see ``veriport.testing.cases.groups``."""
    return {name: each for name, each in verdicts.items() if name.startswith(f"{group}: ")}
