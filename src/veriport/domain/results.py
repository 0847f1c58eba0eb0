"""Measurements judged: rule results, check results, and how results add up (D2, D4).

``mostly``, severity and status are decided here and nowhere else, with exact fractions.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Collection, Iterable, Mapping
from enum import StrEnum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen
from attrs.validators import optional
from returns.pipeline import is_successful
from returns.result import Failure, Result, Success

from veriport.domain.errors import CheckFailedError, VeriportError, shown
from veriport.domain.failures import NotMergeable
from veriport.domain.masking import hidden
from veriport.domain.measurements import Broken, Measurement, NotEvaluated, Outcome, Sample
from veriport.domain.rules.base import Missing, Rule, SchemaRule, Shape, ValueRule
from veriport.domain.rules.native import Native
from veriport.domain.rules.scalars import Scalar
from veriport.domain.severity import Severity, severity_of
from veriport.domain.types import Column
from veriport.domain.validators import yes_or_no

if TYPE_CHECKING:
    from veriport.domain.splits import Split


class RuleStatus(StrEnum):
    """How one rule ended."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"  #: it could not be evaluated on this data
    NOT_EVALUATED = "not_evaluated"  #: the engine cannot do it, or the rule says skip


class Status(StrEnum):
    """How a check or a checkpoint ended; of several, the first in this order."""

    ERROR = "error"  #: a rule, or all of it, could not be evaluated
    FAILURE = "failure"  #: a rule failed whose severity reaches the line
    INCOMPLETE = "incomplete"  #: something was not evaluated
    WARNING = "warning"  #: only rules below the line failed
    SUCCESS = "success"

    @property
    def exit_code(self) -> int:
        """What a command exits with: 3, 1, 4, 0 and 0 in the order above."""
        return _EXIT_CODES[self]


_EXIT_CODES = {
    Status.ERROR: 3,
    Status.FAILURE: 1,
    Status.INCOMPLETE: 4,
    Status.WARNING: 0,
    Status.SUCCESS: 0,
}


@frozen(kw_only=True)
class Gate:
    """Where the line between a failure and a warning runs.

    A failed rule of ``fail_on`` or worse makes a failure. ``fail_on_critical`` and ``fail_on_high``
    decide for their level alone when they are given. Rules below ``min_severity`` never count.
    """

    fail_on: Severity = field(default=Severity.HIGH, converter=severity_of)
    fail_on_critical: bool | None = field(default=None, validator=optional(yes_or_no))
    fail_on_high: bool | None = field(default=None, validator=optional(yes_or_no))
    min_severity: Severity = field(default=Severity.LOW, converter=severity_of)

    def counts(self, severity: Severity) -> bool:
        """Whether a rule of that severity can change the status."""
        return severity.at_least(self.min_severity)

    def fails(self, severity: Severity) -> bool:
        """Whether a failed rule of that severity is a failure and not a warning."""
        own = {Severity.CRITICAL: self.fail_on_critical, Severity.HIGH: self.fail_on_high}.get(severity)
        return severity.at_least(self.fail_on) if own is None else own


@frozen(kw_only=True)
class RuleResult:
    """How one rule ended, with the rows that show it.

    ``checked_count`` and ``failed_count`` are rows. ``parts`` names the parts of the data that the
    rule saw (keys of ``CheckResult.parts``). ``samples`` are the first failing rows. ``absent`` names
    columns of the rule that are not there, in one part at least. ``remarks`` are what else there is to say
    of how it was measured, such as that engines disagree; ``message`` ends in them.
    """

    rule: Rule
    status: RuleStatus
    failed_count: int = 0
    checked_count: int = 0
    observed: Scalar = None
    samples: tuple[Sample, ...] = ()
    message: str = ""
    parts: frozenset[str] = frozenset()
    absent: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """What the rule expects, in a few words."""
        return self.rule.expectation()

    @property
    def passed(self) -> bool:
        """Whether the rule was evaluated and holds."""
        return self.status is RuleStatus.PASSED


def judge(
    rule: Rule, outcome: Outcome, parts: Iterable[str] = (), masked: Collection[str] = ()
) -> RuleResult:
    """Decide how a rule ended from what the engine measured; no value of ``masked`` columns is shown."""
    where = frozenset(parts)
    match outcome:
        case NotEvaluated():
            return _judge_unmeasured(rule, RuleStatus.NOT_EVALUATED, outcome, where)
        case Broken():
            return _judge_unmeasured(rule, RuleStatus.ERROR, outcome, where)
        case Measurement():
            return _judge_measured(rule, outcome, where, masked)
        case _:  # an engine of somebody else may give anything
            return judge(rule, Broken(f"the engine reports {shown(outcome)}, which is no outcome"), where)


def _judge_unmeasured(
    rule: Rule, status: RuleStatus, outcome: NotEvaluated | Broken, parts: frozenset[str]
) -> RuleResult:
    message = "; ".join((str(outcome.reason), *outcome.remarks))
    return RuleResult(rule=rule, status=status, message=message, parts=parts, remarks=outcome.remarks)


def _judge_measured(
    rule: Rule, found: Measurement, parts: frozenset[str], masked: Collection[str]
) -> RuleResult:
    if not (_are_counts(found.failed, found.checked) and found.failed <= found.checked):
        reason = (
            f"the engine reports {found.failed} failed of {found.checked} checked rows, which is impossible"
        )
        return judge(rule, Broken(reason), parts)
    if isinstance(rule, ValueRule) and found.observed is None and not rule.optional:
        return judge(rule, Broken("the engine reports no value"), parts)
    if isinstance(rule, Native) and found.holds is None:
        return judge(rule, Broken("the engine reports no verdict"), parts)
    holds = _holds(rule, found)
    shown = hidden(rule, found, masked)
    return RuleResult(
        rule=rule,
        status=RuleStatus.PASSED if holds else RuleStatus.FAILED,
        failed_count=shown.failed,
        checked_count=shown.checked,
        observed=shown.observed,
        samples=shown.samples,
        message="; ".join(filter(None, (_message(rule, shown, holds=holds), *shown.remarks))),
        parts=parts,
        remarks=shown.remarks,
    )


def _are_counts(*values: object) -> bool:
    return all(type(value) is int and value >= 0 for value in values)


def _holds(rule: Rule, found: Measurement) -> bool:
    if isinstance(rule, Native):
        return found.holds is True
    if isinstance(rule, ValueRule):
        return rule.accepts(found.observed)
    return found.checked - found.failed >= rule.share * found.checked


def _message(rule: Rule, found: Measurement, *, holds: bool) -> str:
    if isinstance(rule, Native):
        broken = f"{found.failed:,} of {found.checked:,} rows break it" if found.failed else ""
        observed = "" if found.observed is None else f"observed {found.observed}"
        return "" if holds else "; ".join(filter(None, (broken, observed, found.note))) or "it does not hold"
    if rule.shape is Shape.VALUE and found.observed is None:
        return "there is no value to check"
    if rule.shape is Shape.VALUE:
        note = f" ({found.note})" if found.note else ""
        return "" if holds else f"observed {found.observed}{note}, expected {rule.expectation()}"
    if found.checked == 0:
        return "no row to check"
    allowed = "" if rule.share == 1 else f" (at least {rule.mostly:.6g} of them must pass)"
    if found.failed == 0:
        return ""
    return f"{found.failed:,} of {found.checked:,} rows break it{allowed}"


def judge_absent(rule: Rule, columns: Iterable[str], parts: Iterable[str] = ()) -> RuleResult:
    """Decide how a rule ended whose columns are not there: as its ``missing`` says."""
    absent = tuple(columns)
    reason = f"there is no column {', '.join(repr(name) for name in absent)}"
    status = {
        Missing.ERROR: RuleStatus.ERROR,
        Missing.FAIL: RuleStatus.FAILED,
        Missing.SKIP: RuleStatus.NOT_EVALUATED,
    }[rule.missing]
    return RuleResult(rule=rule, status=status, message=reason, parts=frozenset(parts), absent=absent)


def judge_schema(rule: SchemaRule, columns: Mapping[str, Column], parts: Iterable[str] = ()) -> RuleResult:
    """Decide a rule about the columns themselves; it has no rows to count."""
    holds, observed = rule.holds(columns), rule.observe(columns)
    have = "nothing" if observed is None else observed
    return RuleResult(
        rule=rule,
        status=RuleStatus.PASSED if holds else RuleStatus.FAILED,
        observed=observed,
        message="" if holds else f"found {have}, expected {rule.expectation()}",
        parts=frozenset(parts),
    )


@frozen(kw_only=True)
class Part:
    """A piece of data that was read: its label for people, its rows that were checked."""

    label: str
    rows: int


@frozen(kw_only=True)
class ColumnSummary:
    """A column as a check without rules reports it; ``null_count`` is ``None`` if not counted."""

    column: Column
    null_count: int | None = None


def _parts(value: Mapping[str, Part]) -> Mapping[str, Part]:
    return dict(sorted(value.items()))


@frozen(kw_only=True)
class CheckResult:
    """The verdict on a data set, rule by rule.

    ``parts`` maps a key of each piece of data to its label and rows: one piece for one check, more
    where results were merged. ``columns`` is filled by a check without rules. ``scans`` counts the passes
    over the data and ``bytes_read`` the bytes of its local files, ``None`` where that is not known.
    ``notes`` are what people must know of how it was measured: that only a sample was, which engine failed.
    ``splitter`` writes valid and failing rows apart; only the result of a check in this program has one.
    """

    rules: tuple[RuleResult, ...] = ()
    parts: Mapping[str, Part] = field(factory=dict, converter=_parts, hash=False)
    engine: str = ""
    gate: Gate = Gate()
    columns: tuple[ColumnSummary, ...] = ()
    scans: int | None = None
    bytes_read: int | None = None
    notes: tuple[str, ...] = ()
    duration_seconds: float = 0.0
    splitter: Callable[..., Any] | None = field(default=None, eq=False, repr=False)

    @property
    def status(self) -> Status:
        """The worst of what the rules say, under the gate."""
        return status_of(self.rules, self.gate)

    @property
    def ok(self) -> bool:
        """Whether the data may be used: ``success`` or ``warning``."""
        return self.status in {Status.SUCCESS, Status.WARNING}

    @property
    def dataset(self) -> str:
        """The label of the data set, or of all merged ones."""
        return " + ".join(dict.fromkeys(part.label for part in self.parts.values()))

    @property
    def row_count(self) -> int:
        """Rows that the check's own ``where`` let through, over all parts."""
        return sum(part.rows for part in self.parts.values())

    def count(self, status: RuleStatus) -> int:
        """How many rules ended so."""
        return sum(result.status is status for result in self.rules)

    @property
    def passed_count(self) -> int:
        """Rules that hold."""
        return self.count(RuleStatus.PASSED)

    @property
    def failed_count(self) -> int:
        """Rules that do not hold."""
        return self.count(RuleStatus.FAILED)

    @property
    def error_count(self) -> int:
        """Rules that could not be evaluated on this data."""
        return self.count(RuleStatus.ERROR)

    @property
    def not_evaluated_count(self) -> int:
        """Rules that nobody evaluated."""
        return self.count(RuleStatus.NOT_EVALUATED)

    @property
    def failures(self) -> tuple[RuleResult, ...]:
        """The rules that failed, worst severity first."""
        failed = [result for result in self.rules if result.status is RuleStatus.FAILED]
        return tuple(sorted(failed, key=lambda result: -result.rule.severity.rank))

    def raise_if_failed(self) -> CheckResult:
        """Return this result if it is ``ok``; otherwise raise ``CheckFailedError`` with the summary."""
        if not self.ok:
            raise CheckFailedError(self.summary(), self)
        return self

    def exit_code(self, *, strict: bool = False) -> int:
        """The exit code of D2; under ``strict`` any failed rule of any severity makes 1."""
        return exit_code(self.status, self.failed_count, strict=strict)

    def split(self, directory: str | PurePath, *, severity: str | Severity | None = None) -> Split:
        """Write the rows apart: ``valid.parquet`` and ``failing.parquet`` in ``directory``, which is made.

        A row that breaks a rule about rows is failing, whatever the ``mostly`` of the rule, and lists
        the ids of all that it breaks. Rules count whose failure makes the check a failure, or those of
        ``severity`` and worse. The data is read again; see ``docs/quarantine.md``.

        Raises ``SplitError`` where a rule that counts was not evaluated, where the data has changed, and
        for a result that was stored or merged; ``ConfigurationError`` for a directory that holds such
        files already or cannot be written; what the engine raises for data that cannot be read.
        """
        from veriport.domain.splits import SplitError  # noqa: PLC0415  # it knows results

        if self.splitter is None:
            raise SplitError(
                "only the result of a check in this program can split rows, not one that was stored, merged "
                "or sent: check the data again"
            )
        line = None if severity is None else severity_of(severity)
        split: Split = self.splitter(self, str(directory), line)
        return split

    def merge(self, other: CheckResult) -> CheckResult:
        """Unite with the result of other rules, or of the same rules over other rows.

        Raises ``MergeError`` where two results of a rule do not add up.
        """
        merged = merge(self, other)
        if is_successful(merged):
            return merged.unwrap()
        raise MergeError(str(merged.failure()))

    def summary(self) -> str:
        """A few lines for people, worst first."""
        lines = [f"{self.status.upper()}: {self.dataset}: {describe_counts(self)}"]
        lines += [
            f"  {result.status.value} {result.rule.id} [{result.rule.severity.value}]: {result.message}"
            for result in sorted(self.rules, key=_worst_first)
            if not result.passed or result.remarks
        ]
        lines += [f"  note: {note}" for note in self.notes]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, object]:
        """The document of ``check --format json``, as plain data."""
        from veriport.domain import codec  # noqa: PLC0415  # cattrs is imported on use

        return codec.check_document(self)

    def to_json(self, *, indent: int | None = 2) -> str:
        """The same document as JSON text."""
        from veriport.domain import codec  # noqa: PLC0415  # cattrs is imported on use

        return codec.to_json(self.to_dict(), indent=indent)

    @classmethod
    def from_dict(cls, document: Mapping[str, object]) -> CheckResult:
        """Read a document of ``to_dict``. Raises ``DocumentError`` for anything else."""
        from veriport.domain import codec  # noqa: PLC0415  # cattrs is imported on use

        return codec.read_check(document)

    def _repr_html_(self) -> str:
        """A table for notebooks; every text is escaped."""
        rows = "".join(
            f"<tr><td>{html.escape(r.status.value)}</td><td>{html.escape(r.rule.id)}</td>"
            f"<td>{html.escape(r.rule.severity.value)}</td><td>{r.failed_count:,}</td>"
            f"<td>{r.checked_count:,}</td><td>{html.escape(r.expected)}</td><td>{html.escape(r.message)}</td></tr>"
            for r in self.rules
        )
        heads = "".join(
            f"<th>{h}</th>" for h in ("status", "rule", "severity", "failed", "checked", "expected", "")
        )
        title = f"{html.escape(self.status.value)}: {html.escape(self.dataset)}, {self.row_count:,} rows"
        noted = "".join(f"; {html.escape(note)}" for note in self.notes)
        return f"<table><caption>{title}{noted}</caption><tr>{heads}</tr>{rows}</table>"


class MergeError(VeriportError):
    """Two results do not add up; the text says which rule and why."""


def _worst_first(result: RuleResult) -> tuple[int, int]:
    order = (RuleStatus.ERROR, RuleStatus.FAILED, RuleStatus.NOT_EVALUATED, RuleStatus.PASSED)
    return (order.index(result.status), -result.rule.severity.rank)


def describe_counts(result: CheckResult) -> str:
    """``1,000 rows, 3 rules: 2 passed, 1 failed``."""
    rows = f"{result.row_count:,} row{'' if result.row_count == 1 else 's'}"
    if not result.rules:
        return f"{rows}, no rule was given"
    counts = ", ".join(
        f"{result.count(status)} {status.value.replace('_', ' ')}"
        for status in RuleStatus
        if result.count(status)
    )
    return f"{rows}, {len(result.rules)} rule{'' if len(result.rules) == 1 else 's'}: {counts}"


def status_of(results: Iterable[RuleResult], gate: Gate) -> Status:
    """The first of error, failure, incomplete, warning and success that applies."""
    found = {_status(result, gate) for result in results if gate.counts(result.rule.severity)}
    return next((status for status in Status if status in found), Status.SUCCESS)


def _status(result: RuleResult, gate: Gate) -> Status:
    match result.status:
        case RuleStatus.PASSED:
            return Status.SUCCESS
        case RuleStatus.ERROR:
            return Status.ERROR
        case RuleStatus.NOT_EVALUATED:
            return Status.INCOMPLETE
        case RuleStatus.FAILED:
            return Status.FAILURE if gate.fails(result.rule.severity) else Status.WARNING


def exit_code(status: Status, failed_rules: int, *, strict: bool) -> int:
    """What a command exits with. ``strict`` turns any failed rule into 1; an error stays 3."""
    if strict and failed_rules and status is not Status.ERROR:
        return Status.FAILURE.exit_code
    return status.exit_code


def merge(left: CheckResult, right: CheckResult) -> Result[CheckResult, NotMergeable]:
    """Unite two results: different rules stand side by side, equal ones add over disjoint rows.

    Associative, with ``CheckResult()`` as identity. ``Failure`` where one rule saw a part twice, where
    equal ids mean different rules, where a rule is not additive (``unique``), and where the results were
    judged under different gates. What one part could not evaluate stays so for the whole.
    """
    if not left.parts and not left.rules:
        return Success(right)
    if not right.parts and not right.rules:
        return Success(left)
    for key in left.parts.keys() & right.parts.keys():
        if left.parts[key] != right.parts[key]:
            return Failure(NotMergeable(key, "the two checks did not see the same rows of it"))
    if left.gate != right.gate:
        return Failure(NotMergeable(right.dataset, "they were judged under different gates"))
    mine = {result.rule.id: result for result in left.rules}
    merged = dict(mine)
    for result in right.rules:
        before = mine.get(result.rule.id)
        if before is None:
            merged[result.rule.id] = result
            continue
        match _merge_rule(before, result):
            case Success(both):
                merged[result.rule.id] = both
            case Failure() as failure:
                return failure
    return Success(
        evolve(
            left,
            rules=tuple(merged.values()),
            parts={**left.parts, **right.parts},
            engine=_engines(left.engine, right.engine),
            columns=left.columns if (left.columns, left.parts) == (right.columns, right.parts) else (),
            scans=_sum_known(left.scans, right.scans),
            bytes_read=_sum_known(left.bytes_read, right.bytes_read),
            notes=tuple(dict.fromkeys(left.notes + right.notes)),
            duration_seconds=left.duration_seconds + right.duration_seconds,
            splitter=None,
        )
    )


def _sum_known(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else left + right


def _engines(*names: str) -> str:
    """``a+b`` and ``b+c`` make ``a+b+c``."""
    each = (name for joined in names for name in joined.split("+") if name)
    return "+".join(dict.fromkeys(each))


_SEVEREST = (RuleStatus.ERROR, RuleStatus.NOT_EVALUATED, RuleStatus.FAILED, RuleStatus.PASSED)


def _merge_rule(left: RuleResult, right: RuleResult) -> Result[RuleResult, NotMergeable]:
    rule = left.rule
    if rule != right.rule:
        return Failure(NotMergeable(rule.id, "the id means two different rules"))
    if left.parts & right.parts:
        return Failure(NotMergeable(rule.id, f"both looked at {', '.join(sorted(left.parts & right.parts))}"))
    if rule.shape is Shape.SCHEMA:
        return _merge_schema(left, right)
    if not rule.additive:
        return Failure(NotMergeable(rule.id, f"{rule.type} over parts says nothing about the whole"))
    both = judge(rule, _sum(left, right), left.parts | right.parts)
    status, message = _unhidden(left, right) or (both.status, both.message)
    absent = tuple(dict.fromkeys(left.absent + right.absent))
    return Success(evolve(both, status=status, message=message, absent=absent))


def _sum(left: RuleResult, right: RuleResult) -> Measurement:
    return Measurement(
        checked=left.checked_count + right.checked_count,
        failed=left.failed_count + right.failed_count,
        observed=_add(left.observed, right.observed),
        samples=left.samples + right.samples,
        remarks=tuple(dict.fromkeys(left.remarks + right.remarks)),
    )


def _unhidden(left: RuleResult, right: RuleResult) -> tuple[RuleStatus, str] | None:
    """The ending that counts and samples of the other part must not hide, with its message."""
    worst = min(left, right, key=lambda result: _SEVEREST.index(result.status))
    if worst.status in {RuleStatus.ERROR, RuleStatus.NOT_EVALUATED}:
        return worst.status, worst.message
    lacking = next((result for result in (left, right) if result.absent), None)
    return None if lacking is None else (lacking.status, lacking.message)


def _merge_schema(left: RuleResult, right: RuleResult) -> Result[RuleResult, NotMergeable]:
    if (left.status, left.observed) != (right.status, right.observed):
        return Failure(NotMergeable(left.rule.id, "the parts have different columns"))
    return Success(evolve(left, parts=left.parts | right.parts))


def _add(left: Scalar, right: Scalar) -> Scalar:
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left + right
    return right if left is None else left
