"""A schema of the user as native rules, and single checks of Pandera by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from importlib import import_module
from typing import Any, Self

from attrs import field, frozen

from veriport.adapters.engines.libraries.tables import Frame, Said, Verdict
from veriport.adapters.engines.pandera.validating import WANTED, Wrong, called, telling, wrongs
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
        schema = telling(schema)
        return cls(schema, {(rule.given.get("column"), rule.name): rule for rule in _rules(schema)})

    @property
    def rules(self) -> tuple[Native, ...]:
        """The rules of the schema."""
        return tuple(self.known.values())

    def said(self, rules: tuple[Native, ...], frame: Frame) -> tuple[Said, ...]:
        """What Pandera says of native rules: the schema is validated once for all of its own."""
        mine = {_meant(rule) for rule in self.rules}
        found = self._wrongs(frame) if any(_meant(rule) in mine for rule in rules) else []
        return tuple(
            self._of_schema(rule, found, frame) if _meant(rule) in mine else _alone(rule, frame)
            for rule in rules
        )

    def _wrongs(self, frame: Frame) -> list[Wrong]:
        if not self._of_pandas:
            return wrongs(self.schema, frame.polars)
        schema = copy(self.schema)
        if not frame.is_pandas:
            schema.index = None
        wanted = {str(name) for name, column in schema.columns.items() if _is_nullable(column.dtype)}
        nullable = wanted.union(frame.masked)
        return wrongs(schema, frame.pandas(nullable=nullable, index=schema.index is not None))

    @property
    def _of_pandas(self) -> bool:
        return "pandas" in type(self.schema).__module__

    def _of_schema(self, rule: Native, found: list[Wrong], frame: Frame) -> Said:
        verdict = _verdict([each for each in found if _meant(self._rule_of(each)) == _meant(rule)], frame)
        indexed = getattr(self.schema, "index", None) is not None
        if rule.name == _REST and verdict.holds and indexed and not frame.is_pandas:
            return NotEvaluated("pandera: the schema has an index, which only a frame of pandas has")
        return verdict

    def _rule_of(self, wrong: Wrong) -> Native:
        return self.known.get((wrong.column, wrong.check)) or self.known[None, _REST]


def _meant(rule: Native) -> tuple[str, str]:
    """What a rule asks, whatever its id and severity; ``where`` has chosen the rows before."""
    return rule.name, rule.parameters


def _is_nullable(dtype: object) -> bool:
    """Whether a type is one of those of pandas for whole numbers and truth values that may be null."""
    return str(dtype) == "boolean" or str(dtype).startswith(("Int", "UInt"))


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
                yield Native(name=check, parameters={"column": str(name)}, missing=missing)
    for check in map(called, schema.checks):
        yield Native(name=check)
    if schema.unique:
        yield Native(name="multiple_fields_uniqueness")
    yield Native(name=_REST)


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
        schema = pandera.DataFrameSchema({"c0": pandera.Column(checks=checks, nullable=True)})
        found = wrongs(telling(schema), seen)
    except Exception as trouble:  # noqa: BLE001  # a check of others raises whatever it does
        return Broken(f"pandera: {type(trouble).__name__}: {trouble}".partition("\n")[0])
    return _verdict(found, frame)


def _verdict(found: list[Wrong], frame: Frame) -> Verdict:
    """What is wrong with the rows; of what only warns, the words are remarks beside a pass."""
    rows = sorted({row for wrong in found for row in wrong.rows or ()})
    return Verdict(
        holds=all(wrong.warns for wrong in found),
        checked=frame.polars.height,
        failed=len(rows),
        rows=rows,
        note="; ".join(dict.fromkeys(wrong.reason for wrong in found if wrong.rows is None)),
        remarks=tuple(dict.fromkeys(f"a warning: {wrong.reason}" for wrong in found if wrong.warns)),
    )
