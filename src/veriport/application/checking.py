"""Check a data set: open it, bind the rules, measure, judge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import evolve, field, frozen
from attrs.validators import optional
from returns.result import Failure, Result, Success

from veriport.application.holding import opened
from veriport.application.identities import identity_of
from veriport.application.masking import silent_about
from veriport.application.splitting import SplitData
from veriport.domain.binding import Binding, bind, columns_read
from veriport.domain.conditions import objection
from veriport.domain.datasets import Dataset, Handle
from veriport.domain.expressions import Expr, columns_of
from veriport.domain.failures import InvalidExpression
from veriport.domain.measurements import MASK, Broken, Measured, Measurement, NotEvaluated, Outcome
from veriport.domain.results import CheckResult, ColumnSummary, Gate, Part, RuleResult, judge
from veriport.domain.rules.base import Rule
from veriport.domain.rules.native import Native
from veriport.domain.rules.reading import Problems, RuleProblem, read_rules
from veriport.domain.rules.rows import Expression
from veriport.domain.suggestions import nearest
from veriport.domain.types import Column
from veriport.domain.validators import at_least, text, texts
from veriport.ports.clocks import Clock
from veriport.ports.engines import Engine, Request, own_rules_of
from veriport.ports.errors import DataError
from veriport.ports.expressions import ExpressionParser
from veriport.ports.folders import Folder


def _key(value: object) -> tuple[str, ...]:
    return texts("key", value)


def _mask(value: object) -> tuple[str, ...]:
    return texts("mask", value)


@frozen(kw_only=True)
class CheckOptions:
    """How to check: see ``veriport.ports.engines.Request`` for ``key``, ``samples``, ``where``, ``limit``.

    ``mask`` names columns whose values nothing shows that comes of the check. Raises
    ``ConfigurationError`` for values that cannot be meant.
    """

    key: tuple[str, ...] = field(default=(), converter=_key)
    samples: int = field(default=20, validator=at_least(0))
    where: str | None = field(default=None, validator=optional(text))
    limit: int | None = field(default=None, validator=optional(at_least(1)))
    gate: Gate = Gate()
    mask: tuple[str, ...] = field(default=(), converter=_mask)


@frozen(kw_only=True)
class CheckData:
    """Measure rules on a data set with an engine and judge them.

    With a ``folder`` the result can split the rows.
    """

    engine: Engine
    parse: ExpressionParser
    clock: Clock
    folder: Folder | None = None

    def __call__(
        self, dataset: Dataset, rules: Iterable[Rule] | None, options: CheckOptions
    ) -> Result[CheckResult, Problems]:
        """The verdict; ``Failure`` for SQL that does not parse and for rules that share an id.

        The rules that the engine brings stand after those that are given.

        Raises what the engine raises: ``DataError`` for data that cannot be read.
        """
        started = self.clock.monotonic()
        own = own_rules_of(self.engine)
        return (
            _identified((*(rules or ()), *own))
            .bind(lambda listed: self._measured(dataset, listed, options))
            .map(lambda result: evolve(result, duration_seconds=self.clock.monotonic() - started))
        )

    def _measured(
        self, dataset: Dataset, rules: tuple[Rule, ...], options: CheckOptions
    ) -> Result[CheckResult, Problems]:
        parsed = parse_all(self.parse, rules, options.where)
        return parsed.map(lambda trees: self._check(dataset, rules, options, trees))

    def _check(
        self, dataset: Dataset, rules: tuple[Rule, ...], options: CheckOptions, parsed: Mapping[str, Expr]
    ) -> CheckResult:
        part = _part_of(dataset)
        masked = bool(options.mask) or any(rule.mask for rule in rules)
        with opened(self.engine, dataset, masked=masked) as table:
            columns = table.columns
            _require_columns(dataset, columns, options, parsed)
            bound = bind(rules, columns, parsed, part)
            request = self._request(bound, options, parsed)
            with silent_about(dataset.label, masked=masked):
                measured = table.measure(request)
        return CheckResult(
            rules=_in_order(rules, bound, measured, part, _Mask(options.mask, parsed)),
            parts={part: Part(label=dataset.label, rows=measured.row_count)},
            engine=self.engine.name,
            gate=options.gate,
            columns=() if rules else tuple(_summaries(columns, measured)),
            scans=measured.scans,
            bytes_read=measured.bytes_read,
            notes=measured.notes,
            splitter=self._splitter(dataset, request, masked=masked),
        )

    def _splitter(self, dataset: Dataset, request: Request, *, masked: bool) -> SplitData | None:
        if self.folder is None:
            return None
        return SplitData(
            engine=self.engine, folder=self.folder, dataset=dataset, request=request, masked=masked
        )

    def _request(self, bound: Binding, options: CheckOptions, parsed: Mapping[str, Expr]) -> Request:
        return Request(
            rules=bound.measurable,
            parsed=parsed,
            key=options.key,
            samples=options.samples,
            where=options.where,
            limit=options.limit,
            now=self.clock.now(),
        )


def _identified(listed: tuple[Rule, ...]) -> Result[tuple[Rule, ...], Problems]:
    return read_rules(listed) if listed else Success(listed)


def parse_all(
    parse: ExpressionParser, rules: Iterable[Rule], where: str | None = None
) -> Result[Mapping[str, Expr], Problems]:
    """Parse every SQL text of the rules and of the check; ``Failure`` names each rule at fault."""
    parsed: dict[str, Expr] = {}
    problems: list[RuleProblem] = []
    for path, sql in _sql_texts(rules, where):
        if sql in parsed:
            continue
        match parse(sql):
            case Success(tree):
                parsed[sql] = tree
            case Failure(InvalidExpression() as reason):
                problems.append(RuleProblem(str(reason), path))
    return Failure(tuple(problems)) if problems else Success(parsed)


def _sql_texts(rules: Iterable[Rule], where: str | None) -> Iterable[tuple[tuple[int | str, ...], str]]:
    if where is not None:
        yield ("where",), where
    for index, rule in enumerate(rules):
        if rule.where is not None:
            yield (index, "where"), rule.where
        if isinstance(rule, Expression):
            yield (index, "expression"), rule.expression


def _require_columns(
    dataset: Dataset, columns: Iterable[Column], options: CheckOptions, parsed: Mapping[str, Expr]
) -> None:
    present = [column.name for column in columns]
    wanted = (*options.key, *options.mask, *(columns_of(parsed[options.where]) if options.where else ()))
    for name in wanted:
        if name not in present:
            raise DataError(f"{dataset.label}: there is no column {name!r}{nearest(name, present).hint}")
    if options.where is not None and (why := objection(parsed[options.where], columns)) is not None:
        raise DataError(f"{dataset.label}: where: {why}")


def _part_of(dataset: Dataset) -> str:
    if isinstance(dataset, Handle):
        return f"{dataset.label}#{identity_of(dataset.frame)}"
    return dataset.label if dataset.sql is None else f"{dataset.label}: {dataset.sql}"


def _in_order(
    rules: Iterable[Rule], bound: Binding, measured: Measured, part: str, mask: _Mask
) -> tuple[RuleResult, ...]:
    """One result a rule, in the order that they were written, without the values of masked columns."""
    outcomes = {
        rule.id: mask.silence(rule, each)
        for rule, each in zip(bound.measurable, measured.outcomes, strict=True)
    }
    return tuple(
        bound.decided.get(rule.id) or judge(rule, outcomes[rule.id], (part,), mask.columns) for rule in rules
    )


@frozen
class _Mask:
    """The masked columns, and the trees that tell which columns a rule reads."""

    columns: tuple[str, ...]
    parsed: Mapping[str, Expr]

    def silence(self, rule: Rule, outcome: Outcome) -> Outcome:
        """The outcome without a reason, or remarks beside one, that may quote values of masked columns."""
        reads = set(columns_read(rule, self.parsed)) & set(self.columns)
        may_read = isinstance(rule, Native) and self.columns  # any column
        if not (rule.mask or reads or may_read):
            return outcome
        if isinstance(outcome, Measurement | NotEvaluated):
            # A remark may tell the reason of another engine.
            return evolve(outcome, remarks=(MASK,) if outcome.remarks else ())
        return Broken("it could not be evaluated; the reason may quote masked values and is not shown")


def _summaries(columns: Iterable[Column], measured: Measured) -> Iterable[ColumnSummary]:
    for column in columns:
        yield ColumnSummary(column=column, null_count=measured.null_counts.get(column.name))
