"""How a query of all rows tells those that break a rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ibis

from veriport.adapters.engines.ibis.asking import Asking, CannotEvaluate, Mark
from veriport.adapters.engines.ibis.rules.conditions import condition
from veriport.adapters.engines.ibis.rules.groups import duplicate_mark, unique_mark
from veriport.adapters.engines.ibis.rules.order import monotonic_mark
from veriport.adapters.engines.ibis.rules.outliers import OUTLIERS
from veriport.adapters.engines.ibis.rules.references import reference_mark
from veriport.adapters.engines.ibis.rules.rowwise import Test, breaks
from veriport.adapters.engines.ibis.rules.texts import text_mark
from veriport.adapters.engines.ibis.sources import Source
from veriport.adapters.engines.ibis.views import View
from veriport.domain.rules.base import AllColumnsRule, Rule
from veriport.domain.rules.references import ReferentialIntegrity
from veriport.domain.rules.rows import Duplicate, Unique
from veriport.domain.rules.spread import Monotonic
from veriport.domain.rules.texts import DatetimeFormat, Format, JsonSchema


def mark_for(rule: Rule, rows: View, again: View, source: Source) -> Asking[Mark]:
    """The mark of a rule about rows. ``again`` are the same ``rows`` for what a query has beside them.

    Raises ``InvalidRule`` or what Ibis raises where it cannot be compiled.
    """
    if isinstance(rule, AllColumnsRule) and not rule.columns:
        return Mark(lambda _, __: ibis.literal(value=False))
    if type(rule) in OUTLIERS:
        return _rowwise(rule, (yield from OUTLIERS[type(rule)](rule, again)))
    if isinstance(rule, Monotonic):
        return monotonic_mark(rule, rows)
    if isinstance(rule, ReferentialIntegrity):
        return reference_mark(rule, again, source)
    if (special := _SPECIAL.get(type(rule))) is not None:
        return special(rule, again)
    test = condition(rule)
    if test is None:
        raise CannotEvaluate(f"the ibis engine does not know {rule.type}")
    return _rowwise(rule, test)


def _rowwise(rule: Rule, test: Test) -> Mark:
    return Mark(lambda seen, _: breaks(rule, seen, test))


_SPECIAL: Mapping[type[Rule], Callable[..., Mark]] = {
    Unique: unique_mark,
    Duplicate: duplicate_mark,
    Format: text_mark,
    DatetimeFormat: text_mark,
    JsonSchema: text_mark,
}
