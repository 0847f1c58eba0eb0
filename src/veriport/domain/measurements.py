"""What an engine reports about a rule before anybody judges it (D4)."""

from __future__ import annotations

from collections.abc import Container, Mapping

from attrs import field, frozen

from veriport.domain.mappings import FrozenMapping
from veriport.domain.rules.scalars import Scalar

MASK = "***"


def _frozen_values(values: Mapping[str, object]) -> Mapping[str, object]:
    return FrozenMapping(values)


@frozen(kw_only=True)
class Sample:
    """A row that breaks a rule.

    ``row`` counts from 0 in reading order, before any filter; it is ``None`` where the engine has no
    order. ``key`` holds the columns that identify the row, ``values`` those that the rule is about;
    both are plain data (times as ISO text).
    """

    row: int | None = None
    key: Mapping[str, object] = field(factory=dict, converter=_frozen_values, hash=False)
    values: Mapping[str, object] = field(factory=dict, converter=_frozen_values, hash=False)

    def hiding(self, columns: Container[str]) -> Sample:
        """The same row with no value of these columns."""
        key = {name: MASK if name in columns else value for name, value in self.key.items()}
        values = {name: MASK if name in columns else value for name, value in self.values.items()}
        return Sample(row=self.row, key=key, values=values)

    def masked(self) -> Sample:
        """The same row with no value of the rule's columns, in the key neither."""
        return self.hiding(self.values)


@frozen(kw_only=True)
class Measurement:
    """A rule that was evaluated.

    ``checked`` counts the rows where the rule's ``where`` holds and, under ``nulls: ignore``, the
    value is not null; ``failed`` counts those of them that break it. For a rule about one value,
    ``observed`` is that value, ``checked`` the rows behind it and ``failed`` is 0. ``note`` says in
    words what helps to understand the observed value. ``remarks`` are told whatever the rule came to.
    """

    checked: int
    failed: int = 0
    observed: Scalar = None
    samples: tuple[Sample, ...] = ()
    note: str = ""
    remarks: tuple[str, ...] = ()
    #: The verdict on a native rule, which only its engine can judge.
    holds: bool | None = None


@frozen
class NotEvaluated:
    """The engine cannot evaluate such a rule; it never ran. The reason is shown whatever is masked."""

    reason: str
    remarks: tuple[str, ...] = field(default=(), kw_only=True)


@frozen
class Broken:
    """The rule could not be evaluated on this data."""

    reason: str
    remarks: tuple[str, ...] = field(default=(), kw_only=True)


Outcome = Measurement | NotEvaluated | Broken


@frozen(kw_only=True)
class Measured:
    """What was found on a data set: an outcome for each rule, in the order of the rules.

    ``row_count`` counts the rows that the check's own ``where`` lets through. ``null_counts`` is
    filled for a request without rules. ``scans`` counts the passes over the data, those that opening it
    took and one that stopped early included, and not the reading of other data sets that a rule refers
    to. ``bytes_read`` is the size of the local files behind the data set, of which a format in columns
    lets read less. Both are ``None`` where they are not known. ``notes`` are what people must know of how
    it was measured: that only a sample was, or which engine failed before another one answered.
    """

    row_count: int
    outcomes: tuple[Outcome, ...] = ()
    null_counts: Mapping[str, int] = field(factory=dict, hash=False)
    scans: int | None = None
    bytes_read: int | None = None
    notes: tuple[str, ...] = ()
