"""Validators of the user as native rules, and what Truthound says of native rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any, Self

import polars as pl
from attrs import field, frozen

from veriport.adapters.engines.libraries.tables import Frame, Said, Verdict
from veriport.adapters.engines.truthound.validators import NAME, exact, made
from veriport.domain.errors import ConfigurationError, shown
from veriport.domain.measurements import Broken, NotEvaluated
from veriport.domain.rules.native import Native


@frozen
class Validators:
    """The validators that an engine was built with: rules, and the objects behind some of them."""

    rules: tuple[Native, ...] = ()
    objects: Mapping[tuple[str, str], Any] = field(factory=dict)

    @classmethod
    def of(cls, given: object) -> Self:
        """Read what the user gives. Raises ``ConfigurationError``."""
        if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
            raise ConfigurationError(f"validators must be a list of them, not {shown(given)}")
        rules: list[Native] = []
        objects: dict[tuple[str, str], Any] = {}
        for place, each in enumerate(given):
            rule = _native(each, place)
            rules.append(rule)
            if callable(getattr(each, "validate", None)):
                objects[rule.name, rule.parameters] = exact(each)
        return cls(tuple(rules), objects)

    def said(self, rule: Native, frame: Frame) -> Said:
        """What the validator of a rule says of the rows."""
        try:
            known = self.objects.get((rule.name, rule.parameters))
            validator = made(rule.name, rule.given) if known is None else known
            if isinstance(validator, NotEvaluated):
                return validator
            return _asked(validator, frame.polars)
        except Exception as trouble:  # noqa: BLE001  # a validator of others raises whatever it does
            return Broken(f"{NAME}: {type(trouble).__name__}: {trouble}".partition("\n")[0])


def _native(each: object, place: int) -> Native:
    match each:
        case str():
            return Native(name=each)
        case Mapping():
            given = dict(each)
            name = given.pop("name", None)
            return Native(name=name, parameters=given)
        case _ if callable(getattr(each, "validate", None)) and isinstance(getattr(each, "name", None), str):
            columns = list(getattr(getattr(each, "config", None), "columns", None) or ())
            return Native(name=each.name, parameters={"columns": columns, "place": place})  # type: ignore[attr-defined]  # just seen
    raise ConfigurationError(f"validators: a validator, a name, or a mapping with one, not {shown(each)}")


def _asked(validator: Any, frame: pl.DataFrame) -> Said:  # noqa: ANN401  # it is not installed where types are checked
    """Its verdict; that nothing is wrong with columns that it did not look at is none."""
    mine = copy(validator)
    targets = getattr(mine, "_get_target_columns", None)
    looked: list[str] | None = None

    def noting(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as it is there
        nonlocal looked
        found = targets(*args, **kwargs)  # type: ignore[misc]  # only set where there is one
        looked = [*(looked or ()), *found]
        return found

    if targets is not None:
        mine._get_target_columns = noting  # noqa: SLF001  # the one place by which they pass columns over
    issues = mine.validate(frame.lazy())
    if issues or looked is None:
        return _verdict(issues, frame.height)
    wanted = getattr(mine.config, "columns", None) or ()
    passed_over = [name for name in wanted if name not in looked]
    if passed_over:
        told = ", ".join(f"{name!r} ({frame.schema[name]})" for name in passed_over)
        return NotEvaluated(f"{NAME}: {mine.name} does not look at columns of such types: {told}")
    if not looked:
        return NotEvaluated(f"{NAME}: {mine.name} finds no column of a type that it looks at")
    return _verdict(issues, frame.height)


def _verdict(issues: list[Any], height: int) -> Verdict:
    """One issue counts rows; of several, or more of them than there are, the words say it."""
    failed = int(issues[0].count) if len(issues) == 1 and int(issues[0].count) <= height else 0
    listed = getattr(issues[0].result, "unexpected_index_list", None) if len(issues) == 1 else None
    words = (f"{each.column}: {each.issue_type}: {each.details or each.count}" for each in issues)
    return Verdict(
        holds=not issues,
        checked=height,
        failed=failed,
        rows=tuple(listed or ())[:failed],
        note="; ".join(words),
    )
