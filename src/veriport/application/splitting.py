"""Split a checked data set: read it again, and write valid and failing rows apart."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from attrs import evolve, frozen
from returns.pipeline import is_successful

from veriport.application.holding import opened, violation
from veriport.application.masking import silent_about
from veriport.domain.datasets import Dataset
from veriport.domain.results import CheckResult, RuleResult
from veriport.domain.severity import Severity
from veriport.domain.splits import FAILING, VALID, Split, SplitError, splitting
from veriport.domain.types import Column
from veriport.ports.engines import ROW_COLUMN, RULES_COLUMN, Divided, Engine, Request, SupportsSplit
from veriport.ports.folders import Folder


@frozen(kw_only=True, eq=False)
class SplitData:
    """Split the data set of one check, with the request that was measured.

    It holds on to a frame in memory as long as the result does. Pickled, it becomes ``None``: where a
    result is sent to, neither the engine nor the data may be.
    """

    engine: Engine
    folder: Folder
    dataset: Dataset
    request: Request
    masked: bool = False

    def __call__(self, result: CheckResult, directory: str, severity: Severity | None) -> Split:
        """See ``CheckResult.split``."""
        found = splitting(result, severity)
        if not is_successful(found):
            raise SplitError(str(found.failure()))
        counting = found.unwrap()
        with self.folder.place(directory, (FAILING, VALID)) as (failing, valid):
            divided = self._divided(counting, valid, failing)
            self._compare(result, counting, divided)
        return Split(
            valid=Path(directory, VALID),
            failing=Path(directory, FAILING),
            valid_count=divided.valid,
            failing_count=divided.failing,
        )

    def _divided(self, counting: Iterable[RuleResult], valid: str, failing: str) -> Divided:
        ids = {each.rule.id for each in counting}
        rules = tuple(rule for rule in self.request.rules if rule.id in ids)
        with opened(self.engine, self.dataset, masked=self.masked) as held:
            table = held.table
            if not isinstance(table, SupportsSplit):
                raise SplitError(f"the engine {self.engine.name} cannot split rows; polars and ibis can")
            self._refuse_own(held.columns)
            with silent_about(self.dataset.label, masked=self.masked), held.holding("splitting"):
                divided = table.split(evolve(self.request, rules=rules), valid, failing)
        if len(divided.broken) != len(rules):
            raise violation(self.engine, f"it split by {len(divided.broken)} rules, not by {len(rules)}")
        return divided

    def _refuse_own(self, columns: Iterable[Column]) -> None:
        for column in columns:
            if column.name in {ROW_COLUMN, RULES_COLUMN}:
                raise SplitError(
                    f"{self.dataset.label} has a column {column.name!r}, as the failing rows of a split do: "
                    "drop it or rename it first"
                )

    def _compare(self, result: CheckResult, counting: Iterable[RuleResult], divided: Divided) -> None:
        """Refuse files that do not agree with the verdict: the data is not what was checked."""
        rules = zip(counting, divided.broken, strict=True)
        counts = [
            ("rows", result.row_count, divided.valid + divided.failing),
            *((f"rows that break {each.rule.id}", each.failed_count, broken) for each, broken in rules),
        ]
        for what, then, now in counts:
            if now != then:
                raise SplitError(
                    f"{self.dataset.label}: there are {now:,} {what} and were {then:,} when it was checked: "
                    "the data has changed; check it again"
                )

    def __reduce__(self) -> tuple[object, ...]:
        """As ``None``."""
        return (_nothing, ())


def _nothing() -> None:
    return None
