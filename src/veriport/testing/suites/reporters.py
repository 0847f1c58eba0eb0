"""The contract suite of the reporter port: subclass ``ReporterSuite`` and give it your reporter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from veriport.domain.checkpoints import ActionResult, ActionStatus, CheckpointResult
from veriport.domain.measurements import Broken, Measurement, NotEvaluated, Outcome, Sample
from veriport.domain.results import CheckResult, ColumnSummary, Gate, Part, judge, judge_schema
from veriport.domain.rules.base import Rule
from veriport.domain.rules.rows import Unique
from veriport.domain.rules.tables import ColumnExists, RowCount
from veriport.domain.rules.values import InRange, InSet, NotNull
from veriport.domain.severity import Severity
from veriport.domain.types import Column, DataType, Family
from veriport.ports.reporters import Reporter

#: Characters that a terminal acts on, that end a line, or that reorder text; line feeds are not among
#: them, and UTF-8 has no halves of surrogate pairs.
ACTIVE = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

#: Texts that data, names and messages may hold.
HOSTILE_TEXTS = {
    "escape sequence": "\x1b[2J\x1b[31mred\x1b[0m",
    "terminal title": "\x1b]0;title\x07",
    "eight-bit escape": "\x9b31mred",
    "line feed": "a\nPASS everything\r\nb",
    "carriage return": "FAIL\rPASS",
    "backspace": "FAIL\b\b\b\bPASS",
    "tab": "a\tb",
    "null character": "a\0b",
    "right to left": "\u202egnp.exe\u2066",
    "line separator": "a\u2028b\u2029c\x85d",
    "half a surrogate pair": "a\ud800b",
    "markup of rich": "[red]a[/red] [/] [link=http://example.com]b[/link] :smile:",
    "markup of HTML": "<script>alert(1)</script>",
    "quotes": "'\"\\",
    "wide and combining": "数据 \N{GRINNING FACE} e\u0301",
}

_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


class ReporterSuite:
    """Every sentence of ``veriport.ports.reporters``."""

    #: Whether the reporter itself writes colours; data must not bring any in either case.
    colors = False

    @pytest.fixture
    def reporter(self) -> Reporter:
        """The reporter under test."""
        raise NotImplementedError

    def test_a_report_ends_in_one_line_feed(self, reporter: Reporter) -> None:
        for text in _reports(reporter):
            assert text.endswith("\n")
            assert not text.endswith("\n\n")
            assert text.strip()

    def test_the_same_result_gives_the_same_text(self, reporter: Reporter) -> None:
        assert list(_reports(reporter)) == list(_reports(reporter))

    def test_every_rule_is_named(self, reporter: Reporter) -> None:
        text = reporter.check(every_status())
        for result in every_status().rules:
            assert result.rule.id in text

    @pytest.mark.parametrize("gate", [Gate(), Gate(fail_on=Severity.CRITICAL)])
    def test_the_status_is_told(self, reporter: Reporter, gate: Gate) -> None:
        result = a_check((NotNull(id="email.not_null", column="email"), FAILED), gate=gate)
        assert result.status.value in reporter.check(result).lower()

    def test_failing_rows_are_shown(self, reporter: Reporter) -> None:
        assert "the-key-of-row-7" in reporter.check(every_status())

    def test_a_check_without_rules_shows_the_columns(self, reporter: Reporter) -> None:
        text = reporter.check(without_rules())
        assert "amount" in text
        assert "int64" in text

    def test_a_run_is_named_with_its_actions(self, reporter: Reporter) -> None:
        text = reporter.checkpoint(a_run())
        for expected in ("nightly orders", "run-4711", "email.not_null", "tell-the-team", "receiver said no"):
            assert expected in text

    def test_a_run_without_a_check_says_why(self, reporter: Reporter) -> None:
        assert "orders.csv is not there" in reporter.checkpoint(
            a_run(check=None, error="orders.csv is not there")
        )

    def test_a_long_value_is_shown_or_cut_but_not_fatal(self, reporter: Reporter) -> None:
        assert reporter.check(hostile_check("x" * 100_000))

    @pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
    @pytest.mark.parametrize("kind", ["check", "checkpoint"])
    def test_no_text_of_others_acts(self, reporter: Reporter, kind: str, text: str) -> None:
        report = (
            reporter.check(hostile_check(text)) if kind == "check" else reporter.checkpoint(hostile_run(text))
        )
        own = _ESCAPES.sub("", report) if self.colors else report
        assert ACTIVE.findall(own) == []

    def test_no_text_of_others_adds_lines(self, reporter: Reporter) -> None:
        harmless = reporter.check(hostile_check("a b"))
        assert reporter.check(hostile_check("a\nb")).count("\n") == harmless.count("\n")

    @pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
    def test_a_report_is_utf8(self, reporter: Reporter, text: str) -> None:
        assert reporter.checkpoint(hostile_run(text)).encode()


def _reports(reporter: Reporter) -> Iterator[str]:
    """A report of each kind."""
    yield from map(reporter.check, (every_status(), without_rules(), CheckResult(), a_check()))
    yield from map(reporter.checkpoint, (a_run(), a_run(check=None, error="no"), a_run(action_results=())))


FAILED = Measurement(
    checked=1000,
    failed=17,
    samples=tuple(
        Sample(row=row, key={"id": f"the-key-of-row-{row}"}, values={"email": None}) for row in range(7, 24)
    ),
)


def a_check(*judged: tuple[Rule, Outcome], gate: Gate | None = None) -> CheckResult:
    """A check of 1,000 rows of ``orders.csv``."""
    return CheckResult(
        rules=tuple(judge(rule, outcome, ("orders.csv",)) for rule, outcome in judged),
        parts={"orders.csv": Part(label="orders.csv", rows=1000)},
        engine="polars",
        gate=gate or Gate(),
        duration_seconds=1.5,
    )


def every_status() -> CheckResult:
    """A check with a rule of each status and of each severity."""
    schema = {"d": Column("d", DataType(Family.INTEGER, "int64"))}
    result = a_check(
        (NotNull(id="email.not_null", column="email"), FAILED),
        (
            InRange(id="amount.in_range", column="amount", min=0, severity=Severity.LOW),
            Measurement(checked=990),
        ),
        (Unique(id="a_b.unique", columns=("a", "b"), severity=Severity.CRITICAL), Broken("it broke")),
        (NotNull(id="c.not_null", column="c", severity=Severity.MEDIUM), NotEvaluated("not by this engine")),
        (RowCount(id="row_count", min=2000), Measurement(checked=1000, observed=1000)),
    )
    there = judge_schema(ColumnExists(id="d.column_exists", column="d"), schema, ("orders.csv",))
    return evolve(result, rules=(*result.rules, there))


def without_rules() -> CheckResult:
    """A check without rules, of a table with three columns."""
    columns = (("amount", Family.INTEGER, "int64", 3), ("note", Family.STRING, "string", 0))
    summaries = [
        ColumnSummary(column=Column(name, DataType(family, dtype)), null_count=nulls)
        for name, family, dtype, nulls in columns
    ]
    odd = ColumnSummary(column=Column("odd", DataType(Family.OTHER, "object")), null_count=None)
    return CheckResult(
        parts={"orders.csv": Part(label="orders.csv", rows=12)}, engine="polars", columns=(*summaries, odd)
    )


_START = datetime(2024, 1, 31, 12, tzinfo=UTC)


def a_run(**changes: object) -> CheckpointResult:
    """A run with three actions, with such changes."""
    ended = _START + timedelta(seconds=0.25)
    stored = ActionResult(
        action_name="store",
        action_type="store_result",
        status=ActionStatus.SUCCESS,
        started_at=_START,
        completed_at=ended,
        details={"address": "results/run-4711.json"},
    )
    refused = ActionResult(
        action_name="tell-the-team",
        action_type="webhook",
        status=ActionStatus.FAILURE,
        message="receiver said no",
        started_at=_START,
        completed_at=ended,
    )
    skipped = ActionResult(
        action_name="later", action_type="callback", status=ActionStatus.SKIPPED, message="not wanted"
    )
    result = CheckpointResult(
        run_id="run-4711",
        name="nightly orders",
        run_name="20240131T120000Z",
        run_time=_START,
        check=every_status(),
        action_results=(stored, refused, skipped),
        duration_seconds=2.0,
    )
    return evolve(result, **changes)  # type: ignore[arg-type]  # attrs knows the names


def hostile_check(text: str) -> CheckResult:
    """A check in which ``text`` stands wherever data or people can put it."""
    sample = Sample(row=1, key={text: text}, values={f"{text}2": text, "list": [text, {text: 1}]})
    rules = (
        judge(
            InSet(id=f"{text}1", column=text, values=[text.encode(errors="replace").decode()]),
            Measurement(checked=2, failed=1, samples=(sample,)),
        ),
        judge(Unique(id=f"{text}2", columns=[text, "b"]), Broken(text)),
        judge(NotNull(id=f"{text}3", column=text), NotEvaluated(text)),
    )
    return CheckResult(
        rules=rules,
        parts={text: Part(label=text, rows=2)},
        engine=text,
        columns=(ColumnSummary(column=Column(text, DataType(Family.OTHER, text)), null_count=1),),
    )


def hostile_run(text: str) -> CheckpointResult:
    """A run in which ``text`` stands wherever data or people can put it."""
    action = ActionResult(
        action_name=text, action_type=text, status=ActionStatus.ERROR, message=text, details={text: [text]}
    )
    return a_run(
        check=hostile_check(text),
        name=text,
        run_id=text,
        run_name=text,
        action_results=(action,),
        tags={text: text},
        metadata={text: {text: text}},
    )
