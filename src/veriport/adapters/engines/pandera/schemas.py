"""A schema of the user as native rules, and single checks of Pandera by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Self

from attrs import field, frozen

from veriport.adapters.engines.libraries.tables import Frame, Said, Verdict
from veriport.adapters.engines.pandera.validating import WANTED, Wrong, called, wrongs
from veriport.domain.errors import ConfigurationError, shown
from veriport.domain.measurements import Broken, NotEvaluated
from veriport.domain.rules.native import Native

#: The rule for what no single check of the schema stands for: absent columns, their order, coercion.
_REST = "schema"


@frozen
class Schema:
    """A schema, or none, and the native rules that its checks become, each by column and name."""

    schema: Any = None
    known: Mapping[tuple[str | None, str], Native] = field(factory=dict)

    @classmethod
    def of(cls, given: object) -> Self:
        """Read what the user gives. Raises ``ConfigurationError``."""
        if given is None:
            return cls()
        schema = _imported(given) if isinstance(given, str) else given
        schema = schema.to_schema() if hasattr(schema, "to_schema") else schema
        if not hasattr(schema, "validate") or not hasattr(schema, "columns"):
            raise ConfigurationError(f"schema must be a schema of Pandera, not {shown(given)}")
        return cls(schema, {(rule.given.get("column"), rule.name): rule for rule in _rules(schema)})

    @property
    def rules(self) -> tuple[Native, ...]:
        """The rules of the schema."""
        return tuple(self.known.values())

    def said(self, rules: tuple[Native, ...], frame: Frame) -> tuple[Said, ...]:
        """What Pandera says of native rules: the schema is validated once for all of its own."""
        mine = {(rule.name, rule.parameters) for rule in self.rules}
        own = [rule for rule in rules if (rule.name, rule.parameters) in mine]
        found = wrongs(self.schema, frame.pandas() if self._of_pandas else frame.polars) if own else []
        return tuple(
            self._of_schema(rule, found, frame) if rule in own else _alone(rule, frame) for rule in rules
        )

    @property
    def _of_pandas(self) -> bool:
        return "pandas" in type(self.schema).__module__

    def _of_schema(self, rule: Native, found: list[Wrong], frame: Frame) -> Verdict:
        wrong = [
            each for each in found if self._rule_of(each).name == rule.name and self._rule_of(each) == rule
        ]
        return _verdict(wrong, frame)

    def _rule_of(self, wrong: Wrong) -> Native:
        return self.known.get((wrong.column, wrong.check)) or self.known[None, _REST]


def _imported(path: str) -> Any:  # noqa: ANN401  # it is not installed where types are checked
    module, _, name = path.partition(":")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as wrong:
        raise ConfigurationError(f"schema: write module:name, and {path!r} is none: {wrong}") from wrong


def _rules(schema: Any) -> Iterator[Native]:  # noqa: ANN401  # the same
    for name, column in schema.columns.items():
        if not getattr(column, "regex", False):
            missing = "fail" if column.required else "skip"
            for check in _of_column(column):
                yield Native(
                    id=f"{name}.{check}", name=check, parameters={"column": str(name)}, missing=missing
                )
    for check in map(called, schema.checks):
        yield Native(id=check, name=check)
    if schema.unique:
        yield Native(id="multiple_fields_uniqueness", name="multiple_fields_uniqueness")
    yield Native(id=_REST, name=_REST)


def _of_column(column: Any) -> Iterator[str]:  # noqa: ANN401  # the same
    if column.dtype is not None:
        yield f"dtype('{column.dtype}')"
    if not column.nullable:
        yield "not_nullable"
    if column.unique:
        yield "field_uniqueness"
    yield from map(called, column.checks)


def _alone(rule: Native, frame: Frame) -> Said:
    """A check by its name in ``pandera.Check``, with its column and arguments."""
    pandera = WANTED.module("pandera.polars")
    arguments = rule.given
    column = arguments.pop("column", None)
    make = getattr(pandera.Check, rule.name, None) if rule.name.isidentifier() else None
    if make is None or rule.name.startswith("_"):
        return NotEvaluated(f"pandera has no check {rule.name}")
    if not isinstance(column, str):
        return Broken("parameters must name the column to check")
    seen = frame.polars.select(c0=frame.polars[column])
    try:
        checks = [make(**arguments)]
        found = wrongs(pandera.DataFrameSchema({"c0": pandera.Column(checks=checks, nullable=True)}), seen)
    except Exception as trouble:  # noqa: BLE001  # a check of others raises whatever it does
        return Broken(f"pandera: {type(trouble).__name__}: {trouble}".partition("\n")[0])
    return _verdict(found, frame)


def _verdict(found: list[Wrong], frame: Frame) -> Verdict:
    rows = sorted({row for wrong in found for row in wrong.rows or ()})
    note = "; ".join(dict.fromkeys(wrong.reason for wrong in found if wrong.rows is None))
    return Verdict(holds=not found, checked=frame.polars.height, failed=len(rows), rows=rows, note=note)
