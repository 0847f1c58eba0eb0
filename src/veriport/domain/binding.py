"""Which rules can be measured on which columns, decided once for every engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import evolve, field, frozen

from veriport.domain.conditions import objection
from veriport.domain.expressions import Expr, columns_of
from veriport.domain.measurements import Broken
from veriport.domain.results import RuleResult, judge, judge_absent, judge_schema
from veriport.domain.rules.base import Rule, SchemaRule
from veriport.domain.rules.rows import Expression
from veriport.domain.suggestions import nearest
from veriport.domain.types import Column


@frozen(kw_only=True)
class Binding:
    """The rules that an engine has to measure, and the results that need no engine."""

    measurable: tuple[Rule, ...]
    decided: Mapping[str, RuleResult] = field(hash=False)


def bind(
    rules: Iterable[Rule],
    columns: Iterable[Column],
    parsed: Mapping[str, Expr],
    part: str,
) -> Binding:
    """Sort rules into those to measure and those already decided, by rule id.

    Decided are the rules about the schema, those whose columns are absent and those that have no
    meaning for the type of their column. ``parsed`` holds every SQL text of the rules. A rule about all
    columns is measured with all of them named.
    """
    present = {column.name: column for column in columns}
    measurable: list[Rule] = []
    decided: dict[str, RuleResult] = {}
    for written in rules:
        rule = written.on(present)
        result = _decide(rule, present, parsed, part)
        if result is None:
            measurable.append(rule)
        else:
            decided[rule.id] = evolve(result, rule=written)
    return Binding(measurable=tuple(measurable), decided=decided)


def _decide(
    rule: Rule, columns: Mapping[str, Column], parsed: Mapping[str, Expr], part: str
) -> RuleResult | None:
    absent = [name for name in columns_read(rule, parsed) if name not in columns]
    if absent:
        return _with_hint(judge_absent(rule, absent, (part,)), absent[0], columns)
    objected = rule.objection(columns) or _wrong_condition(rule, columns, parsed)
    if objected is not None:
        return judge(rule, Broken(objected), (part,))
    if isinstance(rule, SchemaRule):
        return judge_schema(rule, columns, (part,))
    return None


def _wrong_condition(rule: Rule, columns: Mapping[str, Column], parsed: Mapping[str, Expr]) -> str | None:
    """Why a condition of the rule has no meaning for the types of its columns."""
    own = rule.expression if isinstance(rule, Expression) else None
    for key, text in (("where", rule.where), ("expression", own)):
        if text is not None:
            read = [columns[name] for name in columns_of(parsed[text])]
            if (why := objection(parsed[text], read)) is not None:
                return f"{key}: {why}"
    return None


def columns_read(rule: Rule, parsed: Mapping[str, Expr]) -> tuple[str, ...]:
    """Every column that a rule needs: its own, and those of its ``where`` and ``expression``."""
    texts = [rule.where, rule.expression if isinstance(rule, Expression) else None]
    named = (columns_of(parsed[text]) for text in texts if text is not None)
    return tuple(dict.fromkeys([*rule.reads, *(name for names in named for name in names)]))


def _with_hint(result: RuleResult, absent: str, columns: Mapping[str, Column]) -> RuleResult:
    return evolve(result, message=result.message + nearest(absent, columns).hint)
