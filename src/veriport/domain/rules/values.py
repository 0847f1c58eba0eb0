"""Rules about the values of one column, each value by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from math import inf
from typing import ClassVar

from attrs import Attribute, field, frozen

from veriport.domain.errors import InvalidRule, shown
from veriport.domain.patterns import parse_pattern
from veriport.domain.rules.base import ColumnRule, Rule, choose, items, param
from veriport.domain.rules.scalars import LARGEST, Scalar, in_order, mismatch, number, scalar
from veriport.domain.types import TEXT, Column, Family


@frozen(kw_only=True)
class NotNull(ColumnRule):
    """Every row has a value. NaN and the empty text are values."""

    type: ClassVar[str] = "not_null"

    def expectation(self) -> str:
        """In words."""
        return "a value in every row"


@frozen(kw_only=True)
class Null(ColumnRule):
    """No row has a value. NaN and the empty text are values."""

    type: ClassVar[str] = "null"

    def expectation(self) -> str:
        """In words."""
        return "no value in any row"


def values_of(value: object) -> tuple[Scalar, ...]:
    """Convert the parameter ``values``: a list of plain values, each once."""
    listed = items(value)
    if listed is None:
        raise InvalidRule(f"values must be a list, not {shown(value)}", key="values")
    if not listed:
        raise InvalidRule("values must name at least one value", key="values")
    return tuple(item for _, item in dict.fromkeys(typed(scalar("values", item) for item in listed)))


def typed(values: Iterable[Scalar]) -> tuple[tuple[bool, Scalar], ...]:
    """What tells lists of values apart: to Python ``True`` is the number 1; here it is not."""
    return tuple((isinstance(value, bool), value) for value in values)


@frozen(kw_only=True)
class _Set(ColumnRule):
    values: tuple[Scalar, ...] = field(
        converter=values_of,
        eq=typed,
        metadata=param("the values, all of one kind", aliases=("value_set", "allowed_values")),
    )

    def objection(self, columns: Mapping[str, Column]) -> str | None:
        """A value that can never be equal to one of the column."""
        column = columns[self.column]
        return next(filter(None, (mismatch(column, value) for value in self.values)), None)

    def _listed(self, limit: int = 10) -> str:
        shown = ", ".join(repr(value) for value in self.values[:limit])
        rest = len(self.values) - limit
        return f"{shown} and {rest} more" if rest > 0 else shown


@frozen(kw_only=True)
class InSet(_Set):
    """Every value is one of the listed ones. Case counts."""

    type: ClassVar[str] = "in_set"

    def expectation(self) -> str:
        """In words."""
        return f"one of {self._listed()}"


@frozen(kw_only=True)
class NotInSet(_Set):
    """No value is one of the listed ones. Case counts."""

    type: ClassVar[str] = "not_in_set"

    def expectation(self) -> str:
        """In words."""
        return f"none of {self._listed()}"


class Inclusive(StrEnum):
    """Which ends of a range belong to it."""

    BOTH = "both"
    LEFT = "left"
    RIGHT = "right"
    NEITHER = "neither"


def _inclusive(value: object) -> Inclusive:
    if isinstance(value, bool):
        return Inclusive.BOTH if value else Inclusive.NEITHER
    return choose(Inclusive, "inclusive", value)


def _low(value: object) -> Scalar:
    return None if value is None else _bound("min", value)


def _high(value: object) -> Scalar:
    return None if value is None else _bound("max", value)


def _bound(key: str, value: object) -> Scalar:
    bound = scalar(key, value)
    if isinstance(bound, bool):
        raise InvalidRule(f"{key} must be a number, a text or a time, not {shown(value)}", key=key)
    return bound


@frozen(kw_only=True, slots=False)  # two bases with slots cannot be joined
class Bounds(Rule):
    """A rule with a low and a high end; one that is not given is open."""

    min: Scalar = field(default=None, converter=_low, metadata=param("the low end", aliases=("min_value",)))
    max: Scalar = field(default=None, converter=_high, metadata=param("the high end", aliases=("max_value",)))
    inclusive: Inclusive = field(
        default=Inclusive.BOTH,
        converter=_inclusive,
        metadata=param("which ends belong to the range: both, left, right or neither"),
    )

    @max.validator
    def _ends_in_order(self, _: Attribute[Scalar], value: Scalar) -> None:
        if self.min is None and value is None:
            raise InvalidRule(f"{self.type} needs min, max or both", key="min")
        self.require_ends()
        if self.min is None or value is None:
            return
        order = in_order(self.min, value)
        if order is None:
            raise InvalidRule(f"min {shown(self.min)} and max {shown(value)} cannot be compared", key="max")
        if not order:
            raise InvalidRule(f"min {shown(self.min)} is greater than max {shown(value)}", key="min")

    @inclusive.validator
    def _not_empty(self, _: Attribute[Inclusive], value: Inclusive) -> None:
        if self.min is not None and self.min == self.max and value is not Inclusive.BOTH:
            raise InvalidRule(
                f"no value is in a range of one point that excludes it ({shown(self.min)})", key="inclusive"
            )

    def require_ends(self) -> None:
        """Raise ``InvalidRule`` for ends that what they bound can never reach; here there are none."""

    @property
    def closed_low(self) -> bool:
        """Whether ``min`` itself is allowed."""
        return self.inclusive in {Inclusive.BOTH, Inclusive.LEFT}

    @property
    def closed_high(self) -> bool:
        """Whether ``max`` itself is allowed."""
        return self.inclusive in {Inclusive.BOTH, Inclusive.RIGHT}

    @property
    def ends(self) -> tuple[Scalar, ...]:
        """The ends that are given."""
        return tuple(end for end in (self.min, self.max) if end is not None)

    def admits(self, value: Scalar) -> bool:
        """Whether a value lies between the ends; NaN and what cannot be compared do not."""
        above = self.min is None or _at_most(self.min, value, closed=self.closed_low)
        return above and (self.max is None or _at_most(value, self.max, closed=self.closed_high))

    def below(self, value: Scalar) -> bool:
        """Whether a value is comparable with the low end and does not reach it."""
        reached = self.min is None or _at_most(self.min, value, closed=self.closed_low)
        return not reached and bool(in_order(value, self.min))

    def above(self, value: Scalar) -> bool:
        """Whether a value is comparable with the high end and goes beyond it."""
        within = self.max is None or _at_most(value, self.max, closed=self.closed_high)
        return not within and bool(in_order(self.max, value))

    def in_signs(self, what: str) -> str:
        """The range in signs: ``0 <= what < 10``, ``what > 0``."""
        low = "" if self.min is None else f"{self.min} {'<=' if self.closed_low else '<'} "
        if self.max is None:
            return f"{what} {'>=' if self.closed_low else '>'} {self.min}"
        return f"{low}{what} {'<=' if self.closed_high else '<'} {self.max}"


def numbers_only(rule: Bounds, low: float = -inf, high: float = inf) -> None:
    """Raise ``InvalidRule`` unless the ends are numbers, and such as what they bound can reach."""
    for key, end in (("min", rule.min), ("max", rule.max)):
        if isinstance(end, str):
            raise InvalidRule(f"{key} must be a number, not {shown(end)}", key=key)
        if isinstance(end, int | float) and not low <= end <= high:
            raise InvalidRule(f"{key} must be a number from {low:g} to {high:g}, not {shown(end)}", key=key)


def _at_most(low: Scalar, high: Scalar, *, closed: bool) -> bool:
    return bool(in_order(low, high)) and (closed or not in_order(high, low))


@frozen(kw_only=True)
class _Range(Bounds, ColumnRule):
    def objection(self, columns: Mapping[str, Column]) -> str | None:
        """A bound of a kind that the column does not hold."""
        column = columns[self.column]
        return next(filter(None, (mismatch(column, bound) for bound in self.ends)), None)


@frozen(kw_only=True)
class InRange(_Range):
    """Every value lies between ``min`` and ``max``; an end that is not given is open.

    NaN lies in no range. Bounds for dates and times are written as such or as ISO 8601 text.
    """

    type: ClassVar[str] = "in_range"

    def expectation(self) -> str:
        """In signs: ``0 <= value < 10``."""
        return self.in_signs("value")


@frozen(kw_only=True)
class NotInRange(_Range):
    """No value lies between ``min`` and ``max``; NaN lies in no range.

    Bounds for dates and times are written as such or as ISO 8601 text.
    """

    type: ClassVar[str] = "not_in_range"

    def expectation(self) -> str:
        """In signs: ``not 0 <= value < 10``."""
        return f"not {self.in_signs('value')}"


def between(low: int | None, high: int | None, what: str) -> str:
    """A closed range of counts in signs: ``1 <= rows <= 10``."""
    if high is None:
        return f"{what} >= {low}"
    return f"{'' if low is None else f'{low} <= '}{what} <= {high}"


def text_only(rule: ColumnRule, columns: Mapping[str, Column]) -> str | None:
    """The objection of a rule that has a meaning for texts only."""
    column = columns[rule.column]
    if column.dtype.family in TEXT | {Family.NULL}:
        return None
    return f"{rule.type} is for texts and column {column.name!r} is {column.dtype.name}"


class Match(StrEnum):
    """How many of several patterns must match."""

    ANY = "any"
    ALL = "all"


class How(StrEnum):
    """Where in a text a pattern must match."""

    SEARCH = "search"  #: anywhere
    MATCH = "match"  #: from the start
    FULLMATCH = "fullmatch"  #: the whole text


def _match(value: object) -> Match:
    return choose(Match, "match", value)


def _how(value: object) -> How:
    return choose(How, "how", value)


def _pattern(value: object) -> str | tuple[str, ...]:
    listed = items(value) if not isinstance(value, str) else (value,)
    if not listed:
        raise InvalidRule(f"pattern must be text, or a list of texts, not {shown(value)}", key="pattern")
    for pattern in listed:
        if not isinstance(pattern, str):
            raise InvalidRule(f"pattern must be text, not {shown(pattern)}", key="pattern")
        parse_pattern(pattern)
    distinct = tuple(dict.fromkeys(str(pattern) for pattern in listed))
    return distinct if len(distinct) > 1 else distinct[0]


@frozen(kw_only=True)
class _Regex(ColumnRule):
    pattern: str | tuple[str, ...] = field(
        converter=_pattern,
        metadata=param("one regular expression, or several", aliases=("regex", "patterns")),
    )
    match: Match = field(default=Match.ANY, converter=_match, metadata=param("whether any or all must match"))
    how: How = field(default=How.SEARCH, converter=_how, metadata=param("search, match or fullmatch"))

    @property
    def patterns(self) -> tuple[str, ...]:
        """The patterns, also where there is one."""
        return (self.pattern,) if isinstance(self.pattern, str) else self.pattern

    @how.validator
    def _usable(self, _: Attribute[How], value: How) -> None:
        """Anchored, a pattern is a little longer and deeper than it was when it was read."""
        if value is not How.SEARCH:
            for pattern in self.anchored:
                parse_pattern(pattern)

    @property
    def anchored(self) -> tuple[str, ...]:
        """The patterns such that searching for them does what ``how`` says."""
        head, tail = {How.SEARCH: ("", ""), How.MATCH: ("^(?:", ")"), How.FULLMATCH: ("^(?:", ")$")}[self.how]
        return tuple(f"{head}{pattern}{tail}" for pattern in self.patterns)

    def objection(self, columns: Mapping[str, Column]) -> str | None:
        """Numbers have no characters to match."""
        return text_only(self, columns)

    def _listed(self) -> str:
        return f" {'or' if self.match is Match.ANY else 'and'} ".join(self.patterns)


@frozen(kw_only=True)
class Regex(_Regex):
    """Every text matches the pattern, or any (or all) of several.

    A pattern is searched for; anchor it with ``^`` and ``$``, or say ``how: fullmatch``. The dialect is
    described in ``veriport.domain.patterns``.
    """

    type: ClassVar[str] = "regex"

    def expectation(self) -> str:
        """In words."""
        return f"matches {self._listed()}"


@frozen(kw_only=True)
class NotRegex(_Regex):
    """No text matches the pattern, or any (or all) of several; see ``regex``."""

    type: ClassVar[str] = "not_regex"

    def expectation(self) -> str:
        """In words."""
        return f"does not match {self._listed()}"


def _count(key: str, value: object) -> int | None:
    if value is None:
        return None
    expected = "a whole number of at least 0"
    counted = number(key, value, expected=expected)
    if not 0 <= counted < LARGEST or counted != int(counted):
        raise InvalidRule(f"{key} must be {expected}, not {shown(value)}", key=key)
    return int(counted)


def min_count(value: object) -> int | None:
    """Convert the parameter ``min`` of a rule that counts."""
    return _count("min", value)


def max_count(value: object) -> int | None:
    """Convert the parameter ``max`` of a rule that counts."""
    return _count("max", value)


def check_counts(rule_type: str, low: int | None, high: int | None) -> None:
    """Raise ``InvalidRule`` unless one end is given and they are in order."""
    if low is None and high is None:
        raise InvalidRule(f"{rule_type} needs min, max or both", key="min")
    if low is not None and high is not None and low > high:
        raise InvalidRule(f"min {low} is greater than max {high}", key="min")


@frozen(kw_only=True)
class Length(ColumnRule):
    """The number of characters (Unicode code points) of every text, or of items of every list."""

    type: ClassVar[str] = "length"
    min: int | None = field(
        default=None, converter=min_count, metadata=param("at least", aliases=("min_length", "min_len"))
    )
    max: int | None = field(
        default=None, converter=max_count, metadata=param("at most", aliases=("max_length", "max_len"))
    )

    @max.validator
    def _in_order(self, _: Attribute[int | None], value: int | None) -> None:
        check_counts(self.type, self.min, value)

    def expectation(self) -> str:
        """In signs."""
        return between(self.min, self.max, "length")

    def objection(self, columns: Mapping[str, Column]) -> str | None:
        """Numbers have no length."""
        if columns[self.column].dtype.family is Family.LIST:
            return None
        return text_only(self, columns)
