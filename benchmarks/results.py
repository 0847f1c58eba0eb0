"""What a part of the benchmark found: a section of the report, and the goals that it decides."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen


@frozen
class Goal:
    """A figure beside its goal; what is not within it is named as missed, never left out."""

    what: str
    measured: str
    goal: str
    met: bool

    def row(self) -> str:
        """A row of the table of goals."""
        return f"| {self.what} | {self.measured} | {self.goal} | {'yes' if self.met else '**no**'} |"


def at_most(what: str, measured: float, limit: float, unit: str = " x", detail: str = "") -> Goal:
    """A figure that should not be greater than a limit; both are shown with the same digits."""
    digits = 0 if limit >= 100 else 2
    shown = f"{measured:.{digits}f}{unit}{detail}"
    return Goal(what, shown, f"<= {limit:.{digits}f}{unit}", round(measured, digits) <= limit)


def at_least(what: str, measured: float, limit: float, unit: str = " x", detail: str = "") -> Goal:
    """A figure that should not be less than a limit."""
    digits = 0 if limit >= 100 else 2
    shown = f"{measured:,.{digits}f}{unit}{detail}"
    return Goal(what, shown, f">= {limit:,.{digits}f}{unit}", round(measured, digits) >= limit)


@frozen
class Section:
    """A part of the report."""

    title: str
    lines: Sequence[str]
    goals: Sequence[Goal] = ()

    def text(self) -> list[str]:
        """Its lines, the title first."""
        return [f"## {self.title}", "", *self.lines, ""]


def goals_of(sections: Sequence[Section]) -> list[str]:
    """All goals in one table."""
    rows = [goal.row() for section in sections for goal in section.goals]
    return ["| what | measured | goal | met |", "| --- | --- | --- | --- |", *rows, ""]
