"""The small frozen reasons that a ``Failure`` carries: expected ways not to get what was asked."""

from __future__ import annotations

from attrs import frozen


@frozen
class InvalidExpression:
    """A SQL text that is not an expression of the dialect; ``position`` is 1-based, 0 when unknown."""

    text: str
    reason: str
    position: int = 0

    def __str__(self) -> str:
        """The text, shortened, and what is wrong with it."""
        shown = self.text if len(self.text) <= 80 else self.text[:77] + "..."  # noqa: PLR2004  # a terminal line
        where = f" (at character {self.position})" if self.position else ""
        return f"the expression {shown!r} is not usable: {self.reason}{where}"


@frozen
class NotMergeable:
    """Two results that do not add up."""

    rule_id: str
    reason: str

    def __str__(self) -> str:
        """Which rule, and why."""
        return f"the results of {self.rule_id} cannot be merged: {self.reason}"


@frozen
class NotSplittable:
    """Rows that cannot be told apart."""

    reason: str

    def __str__(self) -> str:
        """Why."""
        return f"the rows cannot be split: {self.reason}"


@frozen
class Absent:
    """There is nothing under that name; ``known`` lists what there is."""

    what: str
    name: str
    known: tuple[str, ...] = ()

    def __str__(self) -> str:
        """What was looked for, with the known names."""
        listed = f"; known: {', '.join(self.known)}" if self.known else ""
        return f"there is no {self.what} {self.name!r}{listed}"
