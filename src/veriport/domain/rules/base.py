"""What every rule has: its options, its columns, what it expects and what columns it fits (D3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from fractions import Fraction
from typing import ClassVar, Self, TypeVar

from attrs import Attribute, evolve, field, fields, frozen

from veriport.domain.errors import ConfigurationError, InvalidRule, shown
from veriport.domain.rules.scalars import Scalar, number
from veriport.domain.severity import Severity, severity_of
from veriport.domain.suggestions import nearest
from veriport.domain.types import Column


class Nulls(StrEnum):
    """What a null value means to a rule about values."""

    IGNORE = "ignore"  #: it is not checked, as in SQL
    FAIL = "fail"  #: it breaks the rule


class Missing(StrEnum):
    """What it means that a column of the rule is absent."""

    ERROR = "error"  #: the rule cannot be evaluated
    FAIL = "fail"  #: the rule fails
    SKIP = "skip"  #: the rule is not evaluated


class Shape(StrEnum):
    """Who measures what for a rule."""

    ROWS = "rows"  #: the engine says for each row whether it passes
    VALUE = "value"  #: the engine observes one value, the domain judges it
    SCHEMA = "schema"  #: the domain reads names and types of the columns; no row is read


def param(doc: str, *, aliases: Iterable[str] = (), singular: Iterable[str] = ()) -> dict[str, object]:
    """Metadata of a rule's parameter: what it means, and its other spellings.

    A ``singular`` spelling takes one item of a parameter that is a list.
    """
    return {"doc": doc, "aliases": tuple(aliases), "singular": tuple(singular)}


_Choice = TypeVar("_Choice", bound=StrEnum)


def choose(enum: type[_Choice], key: str, value: object) -> _Choice:
    """The member of ``enum`` that ``value`` names; raises ``InvalidRule`` that lists them."""
    names = {member.value: member for member in enum}
    word = value if isinstance(value, str) else ""
    if (found := names.get(word)) is not None:
        return found
    listed = ", ".join(names)
    raise InvalidRule(
        f"{key} must be one of {listed}, not {shown(value)}", key=key, suggestion=nearest(word, names).word
    )


def _severity(value: object) -> Severity:
    try:
        return severity_of(value)
    except ConfigurationError as problem:
        raise InvalidRule(str(problem), key="severity") from None


def _nulls(value: object) -> Nulls:
    return choose(Nulls, "nulls", value)


def _missing(value: object) -> Missing:
    return choose(Missing, "missing", value)


def _share(value: object) -> float:
    share = number("mostly", value, expected="a share from 0 to 1")
    if 1 < share <= _PERCENT:
        raise InvalidRule(
            f"mostly must be a share from 0 to 1, not {share}",
            key="mostly",
            suggestion=f"{share / _PERCENT:g}",
        )
    if not 0 <= share <= 1:
        raise InvalidRule(f"mostly must be a share from 0 to 1, not {shown(value)}", key="mostly")
    return float(share)


_PERCENT = 100


def _text_or_none(_: object, attribute: Attribute[str | None], value: object) -> None:
    if value is not None and (not isinstance(value, str) or not value.strip()):
        raise InvalidRule(f"{attribute.name} must be text, not {shown(value)}", key=attribute.name)


def _text(_: object, attribute: Attribute[str], value: object) -> None:
    if not isinstance(value, str):
        raise InvalidRule(f"{attribute.name} must be text, not {shown(value)}", key=attribute.name)


def _yes_or_no(_: object, attribute: Attribute[bool], value: object) -> None:
    if not isinstance(value, bool):
        raise InvalidRule(f"{attribute.name} must be true or false, not {shown(value)}", key=attribute.name)


def texts(key: str, value: object) -> tuple[str, ...]:
    """One text or a list of texts as a tuple of them; raises ``InvalidRule`` for anything else."""
    listed = (value,) if isinstance(value, str) else items(value)
    if listed is None:
        raise InvalidRule(f"{key} must be text or a list of texts, not {shown(value)}", key=key)
    for item in listed:
        if not isinstance(item, str):
            raise InvalidRule(f"{key} must hold texts, not {shown(item)}", key=key)
    return tuple(item for item in listed if isinstance(item, str))


def items(value: object) -> tuple[object, ...] | None:
    """What a list holds; ``None`` for what is no list, such as a text, bytes or a mapping."""
    if isinstance(value, str | bytes | bytearray | Mapping) or not isinstance(value, Iterable):
        return None
    try:
        return tuple(value)
    except TypeError:  # an array of numpy without dimensions says that it can be iterated
        return None


def _tags(value: object) -> tuple[str, ...]:
    return texts("tags", value)


@frozen(kw_only=True)
class Rule:
    """What is expected of a data set, and what it means when it does not hold."""

    type: ClassVar[str] = ""
    shape: ClassVar[Shape] = Shape.ROWS
    #: Whether results over disjoint rows add up to the result over all of them.
    additive: ClassVar[bool] = True
    #: Parameters that are lists whose order is part of their meaning.
    ordered: ClassVar[frozenset[str]] = frozenset()

    id: str = field(
        default="",
        validator=_text,
        metadata=param("identifies the rule over runs; by default made of its column and type"),
    )
    severity: Severity = field(
        default=Severity.HIGH,
        converter=_severity,
        metadata=param("critical, high, medium or low"),
    )
    mostly: float = field(
        default=1.0,
        converter=_share,
        metadata=param("the share of checked rows that must pass, 0 to 1"),
    )
    where: str | None = field(
        default=None,
        validator=_text_or_none,
        metadata=param("a SQL condition; only rows for which it is TRUE are checked"),
    )
    nulls: Nulls = field(
        default=Nulls.IGNORE,
        converter=_nulls,
        metadata=param("what a null value means: ignore (not checked) or fail"),
    )
    missing: Missing = field(
        default=Missing.ERROR,
        converter=_missing,
        metadata=param("what an absent column means: error, fail or skip"),
    )
    mask: bool = field(
        default=False, validator=_yes_or_no, metadata=param("show no values of this rule's columns")
    )
    description: str = field(default="", validator=_text, metadata=param("for people"))
    tags: tuple[str, ...] = field(default=(), converter=_tags, metadata=param("for filtering"))

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns the rule is about, in its own order."""
        return ()

    @property
    def title(self) -> str:
        """What the rule is called in an id that is made for it."""
        return self.type

    @property
    def share(self) -> Fraction:
        """``mostly`` as the exact fraction that was written."""
        return Fraction(str(self.mostly))

    def on(self, columns: Iterable[str]) -> Self:
        """The rule for a table of these columns; only a rule about all columns becomes another one."""
        del columns
        return self

    def public(self) -> Self:
        """The rule as documents may show it: without credentials."""
        return self

    def expectation(self) -> str:
        """What is expected, in a few words: ``0 <= value <= 10``."""
        return self.type.replace("_", " ")

    def objection(self, columns: Mapping[str, Column]) -> str | None:
        """Why the rule has no meaning for these columns, or ``None``. All it reads are present."""
        del columns
        return None


@frozen(kw_only=True)
class ColumnRule(Rule):
    """A rule about the values of one column."""

    column: str = field(metadata=param("the column; a list of columns means one rule each"))

    @column.validator
    def _a_name(self, _: Attribute[str], value: object) -> None:
        if not isinstance(value, str) or not value:
            raise InvalidRule(f"column must be the name of a column, not {shown(value)}", key="column")

    @property
    def reads(self) -> tuple[str, ...]:
        """The one column."""
        return (self.column,)


def column_names(key: str, value: object) -> tuple[str, ...]:
    """One name or a list of names, each once; raises ``InvalidRule`` for anything else."""
    names = texts(key, value)
    if not names:
        raise InvalidRule(f"{key} must name at least one column", key=key)
    repeated = next((name for name, times in Counter(names).items() if times > 1), None)
    if repeated is not None:
        raise InvalidRule(f"{key} names {shown(repeated)} twice", key=key)
    return names


def _columns(value: object) -> tuple[str, ...]:
    names = column_names("columns", value)
    if "" in names:
        raise InvalidRule("columns must name at least one column", key="columns")
    return names


@frozen(kw_only=True)
class ColumnsRule(Rule):
    """A rule about several columns together."""

    columns: tuple[str, ...] = field(
        converter=_columns, metadata=param("the columns, taken together", singular=("column",))
    )

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns as they were written."""
        return self.columns


def _columns_or_all(value: object) -> tuple[str, ...]:
    """A table may have a column without a name: pandas writes its index into CSV files so."""
    nothing = value is None or (isinstance(value, tuple) and not value)
    return () if nothing else column_names("columns", value)


@frozen(kw_only=True)
class AllColumnsRule(Rule):
    """A rule about several columns together, by default about all that there are."""

    columns: tuple[str, ...] = field(
        default=(),
        converter=_columns_or_all,
        metadata=param("the columns, taken together; by default all", singular=("column",)),
    )

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns as they were written, or none for all."""
        return self.columns

    def on(self, columns: Iterable[str]) -> Self:
        """The rule with all columns named."""
        return self if self.columns else evolve(self, columns=tuple(columns))


@frozen(kw_only=True)
class WithoutRows(Rule):
    """A rule that has no rows to count, so options about rows have no meaning for it."""

    shape: ClassVar[Shape] = Shape.VALUE

    def __attrs_post_init__(self) -> None:
        """Refuse what would silently do nothing."""
        refused = {"mostly": self.mostly != 1, "nulls": self.nulls is not Nulls.IGNORE}
        if self.shape is Shape.SCHEMA:
            refused["where"] = self.where is not None
        for key, given in refused.items():
            if given:
                raise InvalidRule(
                    f"{key} has no meaning for {self.type}: it does not look at rows one by one", key=key
                )


@frozen(kw_only=True)
class ValueRule(WithoutRows):
    """A rule about one value observed over many rows, such as their count."""

    #: Whether there may be nothing to observe, such as the mean of no rows.
    optional: ClassVar[bool] = False

    def accepts(self, observed: Scalar) -> bool:
        """Whether the observed value is what the rule expects."""
        raise NotImplementedError


@frozen(kw_only=True)
class SchemaRule(WithoutRows):
    """A rule about the names and types of columns."""

    shape: ClassVar[Shape] = Shape.SCHEMA
    additive: ClassVar[bool] = False

    def observe(self, columns: Mapping[str, Column]) -> Scalar:
        """What the schema has where the rule looks."""
        raise NotImplementedError

    def holds(self, columns: Mapping[str, Column]) -> bool:
        """Whether the schema is as expected."""
        raise NotImplementedError


#: The options that every rule has, by name.
OPTIONS: tuple[str, ...] = tuple(attribute.name for attribute in fields(Rule))
