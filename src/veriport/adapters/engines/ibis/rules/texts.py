"""Rules about texts that no database can check: the different texts come here, within bounds."""

from __future__ import annotations

from collections.abc import Callable

import ibis
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.asking import Ask, CannotEvaluate, Found, Mark, Plan
from veriport.adapters.engines.ibis.rules.aggregates import count
from veriport.adapters.engines.ibis.rules.rowwise import Test, breaks, never
from veriport.adapters.engines.ibis.views import View
from veriport.domain.formats import FORMATS
from veriport.domain.measurements import Measurement
from veriport.domain.rules.base import Nulls
from veriport.domain.rules.texts import DatetimeFormat, Format, JsonSchema
from veriport.ports.errors import MissingExtra

#: Different texts that are read from the database; with more of them a rule is not evaluated.
MOST_TEXTS = 100_000
_NAMED = 5_000  #: texts that a query for failing rows names

TextRule = Format | DatetimeFormat | JsonSchema
_Check = Callable[[str], bool]


def checked_here(rule: TextRule, view: View, samples: int) -> Plan:
    """Counts the texts that match the pattern of a format, if it has one, and asks Python about each."""
    del samples
    formed, check = _parts(rule, view)
    folds = {
        "rows": count(view, rule),
        "null": count(view, rule, view.raw(rule.column).isnull()),
        "failed": count(view, rule, ~formed(view)),
    }
    tables = (
        () if check is None else (_texts(view.of(view.table.filter(view.within(rule, formed(view)))), rule),)
    )
    answer = yield Ask(folds, tables)
    bad, refused = _refused(rule, check, answer.tables[0] if tables else [])
    rows, null, failed = answer.count("rows"), answer.count("null"), answer.count("failed") + refused

    def failing(seen: View) -> View:
        broken = breaks(rule, seen, formed)
        if bad:
            text = seen.value(rule.column).expr
            broken = broken | seen.within(rule, text.isin(bad[:_NAMED]))
        return seen.of(seen.table.filter(broken))

    if rule.nulls is Nulls.FAIL:
        return Found(Measurement(checked=rows, failed=failed + null), failing)
    return Found(Measurement(checked=rows - null, failed=failed), failing)


def _texts(view: View, rule: TextRule) -> ir.Table:
    """The different texts, and how often each occurs."""
    text = view.value(rule.column).expr
    rows = view.table.select(text=text, exact=view.dialect.exact(text))
    grouped = rows.group_by(["text", "exact"] if view.dialect.pads else "text").agg(size=rows.count())
    return grouped.select("text", "size").limit(MOST_TEXTS + 1)


def _refused(rule: TextRule, check: _Check | None, found: list[tuple[object, ...]]) -> tuple[list[str], int]:
    """The texts that the check refuses, and how many rows they are."""
    if check is None:
        return [], 0
    if len(found) > MOST_TEXTS:
        raise CannotEvaluate(
            f"{rule.type} is checked outside of the database, and column {rule.column!r} has more than "
            f"{MOST_TEXTS:,} different texts"
        )
    bad = [(str(text), int(str(size))) for text, size in found if not check(str(text))]
    return sorted(text for text, _ in bad), sum(size for _, size in bad)


def text_mark(rule: TextRule, view: View) -> Mark:
    """The rows come here in any case, so that Python checks the texts of as many as there are."""
    formed, check = _parts(rule, view)

    def text(seen: View) -> ir.StringValue:
        asked: ir.StringValue = seen.within(rule, formed(seen)).ifelse(
            seen.value(rule.column).expr, ibis.null("string")
        )
        return asked

    return Mark(lambda seen, _: breaks(rule, seen, formed), text=None if check is None else text, check=check)


def _parts(rule: TextRule, view: View) -> tuple[Test, _Check | None]:
    """What texts must be first, and the check of those that are."""
    pattern, check = _checks(rule)

    def formed(seen: View) -> ir.BooleanValue:
        text = seen.value(rule.column).expr
        if pattern is None:
            return text.notnull().ifelse(ibis.literal(value=True), ibis.null("boolean"))
        return seen.dialect.matches(text, pattern)

    return (never, None) if view.untyped(rule.column) else (formed, check)


def _checks(rule: TextRule) -> tuple[str | None, _Check | None]:
    """The pattern that texts must match, and the check of those that do."""
    match rule:
        case Format():
            wanted = FORMATS[rule.format]
            return wanted.pattern, wanted.check
        case DatetimeFormat():
            return None, rule.reader()
        case JsonSchema():
            try:
                from veriport.adapters.engines.json_schemas import accepts  # noqa: PLC0415  # an extra
            except ImportError as missing:
                raise MissingExtra("the rule json_schema", "jsonschema") from missing
            return None, accepts(rule.schema)
