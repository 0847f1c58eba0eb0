"""The result as tables for people: one row a rule, then the rows that break rules, then the actions.

Off a terminal (``width`` is ``None``) nothing is cut or wrapped, so that lines can be searched and
compared. Text from data is made visible and never interpreted: no escape sequence, no markup.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from attrs import frozen

from veriport.domain.measurements import Sample
from veriport.domain.results import (
    CheckResult,
    ColumnSummary,
    RuleResult,
    RuleStatus,
    Status,
    describe_counts,
)
from veriport.domain.rules.base import ColumnRule, Shape
from veriport.domain.visible import visible

if TYPE_CHECKING:
    from rich.box import Box
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

    from veriport.domain.checkpoints import ActionResult, CheckpointResult  # a check imports neither

#: How many failing rows are shown for each rule.
SHOWN_SAMPLES = 5
_UNBOUNDED = 1_000_000_000

_MARKS = {
    RuleStatus.PASSED: "PASS",
    RuleStatus.FAILED: "FAIL",
    RuleStatus.ERROR: "ERROR",
    RuleStatus.NOT_EVALUATED: "SKIP",
}
#: Of statuses of rules, checks and actions alike: a word is the same everywhere.
_COLORS: Mapping[str, str] = {
    RuleStatus.PASSED: "green",
    RuleStatus.FAILED: "red",
    RuleStatus.ERROR: "magenta",
    RuleStatus.NOT_EVALUATED: "yellow",
    Status.SUCCESS: "green",
    Status.WARNING: "yellow",
    Status.INCOMPLETE: "yellow",
    Status.FAILURE: "red",
    Status.ERROR: "magenta",
    "pending": "yellow",
}


@frozen(kw_only=True)
class TableReporter:
    """Writes tables that are ``width`` characters wide at most; ``None`` for as wide as they need.

    ``color`` colours the verdicts with the escape sequences of ANSI terminals.
    """

    width: int | None = None
    color: bool = False

    def check(self, result: CheckResult) -> str:
        """See ``Reporter``."""
        return self._write(_check(result))

    def checkpoint(self, result: CheckpointResult) -> str:
        """See ``Reporter``."""
        return self._write(_checkpoint(result))

    def _write(self, parts: Iterable[RenderableType]) -> str:
        console = self._console()
        for part in parts:
            console.print(part)
        text: str = console.file.getvalue()  # type: ignore[attr-defined]  # it is the StringIO from below
        return "\n".join(line.rstrip() for line in text.rstrip("\n").split("\n")) + "\n"

    def _console(self) -> Console:
        from rich.console import Console  # noqa: PLC0415  # it is imported on use

        return Console(
            file=io.StringIO(),
            width=self.width or _UNBOUNDED,
            color_system="standard" if self.color else None,
            force_terminal=self.color,
            no_color=not self.color,
            legacy_windows=False,
            force_jupyter=False,
            markup=False,
            emoji=False,
            highlight=False,
        )


def _check(result: CheckResult) -> Iterator[RenderableType]:
    title = f"{result.dataset}: {describe_counts(result)} ({result.engine}, {result.duration_seconds:.2f} s)"
    yield _verdict(result.status, title)
    for note in result.notes:
        yield _text(f"note: {note}")
    if result.rules:
        yield _rules(result)
    if result.columns:
        yield _columns(result.columns, result.row_count)
    for rule in result.failures:
        if rule.samples:
            yield from _samples(rule)


def _checkpoint(result: CheckpointResult) -> Iterator[RenderableType]:
    yield _text(f"checkpoint {result.name}, run {result.run_id}")
    if result.check is None:
        yield _verdict(Status.ERROR, result.error)
    else:
        yield from _check(result.check)
    if result.action_results:
        yield _text("")
        yield _actions(result.action_results)


def _verdict(status: Status, text: str) -> Text:
    from rich.text import Text  # noqa: PLC0415  # it is imported on use

    return Text.assemble(_text(status.value.upper(), _COLORS[status]), visible(f": {text}"), overflow="fold")


def _rules(result: CheckResult) -> Table:
    heads = ("status", "rule", "column", "severity", "failed / checked", "observed", "expected", "message")
    return _table(heads, map(_rule_row, result.rules), right=("failed / checked", "observed"))


def _rule_row(result: RuleResult) -> Sequence[Text]:
    rule = result.rule
    by_rows = rule.shape is Shape.ROWS
    measured = result.status in {RuleStatus.PASSED, RuleStatus.FAILED}
    return (
        _text(_MARKS[result.status], _COLORS[result.status]),
        _text(rule.id),
        _text(rule.column if isinstance(rule, ColumnRule) else ", ".join(rule.reads)),
        _text(rule.severity.value),
        _text(_rows(result.failed_count, result.checked_count) if by_rows and measured else ""),
        _text("" if by_rows else _observed(result.observed)),
        _text(result.expected),
        _text(result.message),
    )


def _observed(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else _value(value)


def _rows(failed: int, checked: int) -> str:
    return f"{failed:,} / {checked:,}" + (f" ({_share(failed, checked)})" if failed and checked else "")


def _share(part: int, whole: int) -> str:
    """A share in percent that shows 0 and 100 only where they are exact."""
    share = Fraction(100 * part, whole)
    if 0 < share < Fraction(1, 100):
        return "<0.01%"
    if Fraction(9999, 100) < share < 100:  # noqa: PLR2004  # percent
        return ">99.99%"
    return f"{float(share):.2f}%"


def _columns(columns: Iterable[ColumnSummary], rows: int) -> Table:
    return _table(
        ("column", "dtype", "nulls", "null share"),
        (_column_row(summary, rows) for summary in columns),
        right=("nulls", "null share"),
    )


def _column_row(summary: ColumnSummary, rows: int) -> Sequence[Text]:
    nulls = summary.null_count
    return (
        _text(summary.column.name),
        _text(summary.column.dtype.name),
        _text("not counted" if nulls is None else f"{nulls:,}"),
        _text("" if nulls is None or rows == 0 else _share(nulls, rows)),
    )


def _samples(result: RuleResult) -> Iterator[Text]:
    """The first rows that break a rule, and how many more there are."""
    shown = result.samples[:SHOWN_SAMPLES]
    yield _text("")
    yield _text(f"{result.rule.id}: rows that break it", "bold")
    for sample in shown:
        yield _text(f"  {_sample(sample)}")
    if (more := result.failed_count - len(shown)) > 0:
        yield _text(f"  ... and {more:,} more")


def _sample(sample: Sample) -> str:
    row = "" if sample.row is None else f"row {sample.row}  "
    cells = {**sample.key, **sample.values}
    return row + "  ".join(f"{name}={_value(value)}" for name, value in cells.items())


def _value(value: object) -> str:
    """A value as JSON, so that the text ``"null"`` and no value, or ``"1"`` and 1, look different."""
    return json.dumps(value, ensure_ascii=False, default=str)


def _actions(actions: Iterable[ActionResult]) -> Table:
    heads = ("action", "type", "status", "time", "message")
    return _table(heads, map(_action_row, actions), right=("time",))


def _action_row(action: ActionResult) -> Sequence[Text]:
    details = (f"{key}={_value(value)}" for key, value in action.details.items())
    return (
        _text(action.action_name),
        _text(action.action_type),
        _text(action.status.value, _COLORS.get(action.status, "")),
        _text("" if action.completed_at is None else f"{action.duration_ms:.0f} ms"),
        _text("  ".join((*filter(None, (action.message,)), *details))),
    )


def _text(text: str, style: str = "") -> Text:
    from rich.text import Text  # noqa: PLC0415  # it is imported on use

    return Text(visible(text), style, overflow="fold")


def _table(heads: Sequence[str], rows: Iterable[Sequence[Text]], *, right: Sequence[str]) -> Table:
    """A table without the columns that are empty in every row."""
    from rich.table import Table  # noqa: PLC0415  # it is imported on use

    listed = tuple(rows)
    kept = [index for index in range(len(heads)) if any(row[index].plain for row in listed)]
    table = Table(box=_box(), show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for index in kept:
        justify: Literal["left", "right"] = "right" if heads[index] in right else "left"
        table.add_column(heads[index], justify=justify, overflow="fold")
    for row in listed:
        table.add_row(*(row[index] for index in kept))
    return table


def _box() -> Box:
    """Columns apart by blanks, a line of ``-`` under the heads: plain ASCII, whatever the terminal."""
    from rich.box import Box  # noqa: PLC0415  # it is imported on use

    return Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
