"""Rules about this data set beside another one: foreign keys and equal numbers of rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar, Self

from attrs import Attribute, evolve, field, fields, frozen

from veriport.domain.datasets import Address, dataset_of
from veriport.domain.errors import ConfigurationError, InvalidRule, shown
from veriport.domain.rules.base import ColumnsRule, Rule, ValueRule, column_names, param
from veriport.domain.rules.rows import nested
from veriport.domain.rules.scalars import Scalar, json_text, number
from veriport.domain.types import Column


def _reference(value: object) -> str:
    """The address of a data set as canonical JSON text, so that it can be compared and hashed."""
    if value is None:
        raise InvalidRule("reference must be a path or a mapping with 'path', not None", key="reference")
    written = _settings(value) if isinstance(value, Address) else _written(value)
    try:
        address = dataset_of(written)
    except ConfigurationError as wrong:
        raise InvalidRule(f"reference: {wrong}", key="reference") from None
    if not isinstance(address, Address):
        raise InvalidRule(
            f"reference must be a path or a mapping with 'path', not {shown(value)}", key="reference"
        )
    if not isinstance(written, Mapping) or len(written) == 1:
        return address.path
    return json_text("reference", written)


def _written(value: object) -> object:
    """A mapping may come as the text that it is kept as; other texts are paths."""
    if not isinstance(value, str) or not value.startswith("{"):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _settings(address: Address) -> Mapping[str, object]:
    """An address as the mapping that is read as the same one."""
    given = {each.name: getattr(address, each.name) for each in fields(Address)}
    return {name: value for name, value in given.items() if value != getattr(_PLAIN, name)}


_PLAIN = Address(path="-")


def _shown(reference: str) -> str:
    """Without what an address may hold of secrets."""
    return repr(dataset_of(_written(reference)))


@frozen(kw_only=True, slots=False)  # two bases with slots cannot be joined
class WithReference(Rule):
    """A rule that reads another data set, which the engine opens."""

    reference: str = field(
        converter=_reference,
        repr=_shown,
        metadata=param(
            "the other data set: a path, a URI or a mapping with path",
            aliases=("reference_table", "ref_table", "foreign_table", "other_data"),
        ),
    )

    @property
    def other(self) -> Address:
        """Where the other data set is."""
        address = dataset_of(_written(self.reference))
        assert isinstance(address, Address)  # noqa: S101  # the converter saw to it
        return address

    def public(self) -> Self:
        """The rule without the credentials of the other data set."""
        kept = _settings(self.other)
        shown = {name: value for name, value in kept.items() if name != "storage_options"}
        return evolve(self, reference={**shown, "path": self.other.label})

    def beside(self, folder: str) -> WithReference:
        """The same rule with a relative path read from another folder."""
        path = self.other.path
        if "://" in path or path.startswith("/"):
            return self
        written = _written(self.reference)
        moved = {**(written if isinstance(written, Mapping) else {}), "path": f"{folder}/{path}"}
        return evolve(self, reference=moved)


def _names(value: object) -> tuple[str, ...]:
    return () if isinstance(value, tuple) and not value else column_names("reference_columns", value)


@frozen(kw_only=True)
class ReferentialIntegrity(ColumnsRule, WithReference):
    """Every value, or combination of values, occurs in columns of another data set.

    A null in any of the columns is a null to this rule, as in SQL's foreign keys.
    """

    type: ClassVar[str] = "referential_integrity"
    ordered: ClassVar[frozenset[str]] = frozenset({"columns", "reference_columns"})
    reference_columns: tuple[str, ...] = field(
        default=(),
        converter=_names,
        metadata=param(
            "the columns there; by default of the same names",
            singular=("reference_column", "ref_column", "foreign_column"),
        ),
    )

    @reference_columns.validator
    def _as_many(self, _: Attribute[tuple[str, ...]], value: tuple[str, ...]) -> None:
        if value and len(value) != len(self.columns):
            raise InvalidRule(
                f"{len(self.columns)} columns cannot refer to {len(value)}", key="reference_columns"
            )

    @property
    def refers_to(self) -> tuple[str, ...]:
        """The columns of the other data set, in the order of ``columns``."""
        return self.reference_columns or self.columns

    def objection(self, columns: Mapping[str, Column]) -> str | None:
        """Lists and structs refer to nothing."""
        return nested(self.type, (columns[name] for name in self.columns))

    def expectation(self) -> str:
        """In words."""
        return f"occurs in {', '.join(self.refers_to)} of {self.other.label}"


def _tolerance(value: object) -> float:
    share = number("tolerance", value, expected="a share of at least 0")
    if share < 0:
        raise InvalidRule(f"tolerance must be a share of at least 0, not {shown(value)}", key="tolerance")
    return float(share)


@frozen(kw_only=True)
class RowCountMatch(ValueRule, WithReference):
    """This data set has as many rows as another one, within ``tolerance``.

    Observed is the difference as a share of the rows of the other one.
    """

    type: ClassVar[str] = "row_count_match"
    additive: ClassVar[bool] = False
    tolerance: float = field(
        default=0.0,
        converter=_tolerance,
        metadata=param("how far apart, as a share", aliases=("diff_tolerance", "threshold")),
    )

    def expectation(self) -> str:
        """In words."""
        within = f" within {self.tolerance:.6g}" if self.tolerance else ""
        return f"as many rows as {self.other.label}{within}"

    def accepts(self, observed: Scalar) -> bool:
        """Whether the difference is small enough."""
        return isinstance(observed, int | float) and observed <= self.tolerance
