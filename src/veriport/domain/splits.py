"""The rows of a checked data set written apart: which rules split them, and what came of it."""

from __future__ import annotations

from pathlib import Path

from attrs import frozen
from returns.result import Failure, Result, Success

from veriport.domain.errors import VeriportError
from veriport.domain.failures import NotSplittable
from veriport.domain.results import CheckResult, RuleResult, RuleStatus
from veriport.domain.rules.base import Shape
from veriport.domain.severity import Severity

#: The names of the two files.
VALID, FAILING = "valid.parquet", "failing.parquet"


class SplitError(VeriportError):
    """Rows cannot be split; the text says why."""


@frozen(kw_only=True)
class Split:
    """Two Parquet files that hold every row that was checked, each row once and in its order.

    ``valid`` has the columns of the data. ``failing`` has two more: ``__veriport_row``, the number of the
    row in the data, from 0, and ``__veriport_rules``, the ids of the rules that it breaks.
    """

    valid: Path
    failing: Path
    valid_count: int
    failing_count: int


def splitting(
    result: CheckResult, severity: Severity | None
) -> Result[tuple[RuleResult, ...], NotSplittable]:
    """The rules about rows that split, in their order.

    They are those of ``severity`` and worse, by default those whose failure makes the check a failure.
    ``Failure`` where one of them was not evaluated: no row may pass as valid that nobody checked.
    """
    if not result.rules:
        return Failure(NotSplittable("no rule was given"))
    counting = [
        each for each in result.rules if each.rule.shape is Shape.ROWS and _counts(each, result, severity)
    ]
    unknown = [each for each in counting if not _evaluated(each)]
    if unknown:
        return Failure(NotSplittable("; ".join(f"{each.rule.id}: {each.message}" for each in unknown)))
    return Success(tuple(counting))


def _counts(each: RuleResult, result: CheckResult, severity: Severity | None) -> bool:
    own = each.rule.severity
    if severity is not None:
        return own.at_least(severity)
    return result.gate.counts(own) and result.gate.fails(own)


def _evaluated(each: RuleResult) -> bool:
    return each.status in {RuleStatus.PASSED, RuleStatus.FAILED} and not each.absent
