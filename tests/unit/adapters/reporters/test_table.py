"""The tables that people read."""

from __future__ import annotations

import re

import pytest
from attrs import evolve

from veriport.adapters.reporters.table import TableReporter
from veriport.domain.measurements import Measurement, Sample
from veriport.domain.results import CheckResult, Gate
from veriport.domain.rules.base import Rule
from veriport.domain.rules.values import InSet, NotNull
from veriport.domain.severity import Severity
from veriport.testing.suites.reporters import (
    FAILED,
    a_check,
    a_run,
    every_status,
    hostile_check,
    without_rules,
)

EMAIL = NotNull(id="email.not_null", column="email")


A_CHECK = """\
ERROR: orders.csv: 1,000 rows, 6 rules: 2 passed, 2 failed, 1 error, 1 not evaluated (polars, 1.50 s)
status  rule             column  severity    failed / checked  observed  expected              message
-----------------------------------------------------------------------------------------------------------------------------------
FAIL    email.not_null   email   high      17 / 1,000 (1.70%)            a value in every row  17 of 1,000 rows break it
PASS    amount.in_range  amount  low                  0 / 990            value >= 0
ERROR   a_b.unique       a, b    critical                                no combination twice  it broke
SKIP    c.not_null       c       medium                                  a value in every row  not by this engine
FAIL    row_count                high                              1000  rows >= 2000          observed 1000, expected rows >= 2000
PASS    d.column_exists  d       high                             int64  a column 'd'

email.not_null: rows that break it
  row 7  id="the-key-of-row-7"  email=null
  row 8  id="the-key-of-row-8"  email=null
  row 9  id="the-key-of-row-9"  email=null
  row 10  id="the-key-of-row-10"  email=null
  row 11  id="the-key-of-row-11"  email=null
  ... and 12 more
"""  # tables are not cut

WITHOUT_RULES = """\
SUCCESS: orders.csv: 12 rows, no rule was given (polars, 0.00 s)
column  dtype         nulls  null share
---------------------------------------
amount  int64             3      25.00%
note    string            0       0.00%
odd     object  not counted
"""

A_RUN = """\
checkpoint nightly orders, run run-4711
ERROR: orders.csv is not there

action         type          status     time  message
-----------------------------------------------------------------------------
store          store_result  success  250 ms  address="results/run-4711.json"
tell-the-team  webhook       failure  250 ms  receiver said no
later          callback      skipped          not wanted
"""


def test_a_check_as_a_whole() -> None:
    assert TableReporter().check(every_status()) == A_CHECK


def test_a_check_without_rules_as_a_whole() -> None:
    assert TableReporter().check(without_rules()) == WITHOUT_RULES


def test_a_run_as_a_whole() -> None:
    assert TableReporter().checkpoint(a_run(check=None, error="orders.csv is not there")) == A_RUN


def test_a_run_shows_its_check() -> None:
    assert TableReporter().check(every_status()).rstrip("\n") in TableReporter().checkpoint(a_run())


def test_columns_that_are_empty_are_left_out() -> None:
    header = TableReporter().check(a_check((EMAIL, Measurement(checked=3)))).splitlines()[1]
    assert re.split("  +", header) == ["status", "rule", "column", "severity", "failed / checked", "expected"]


@pytest.mark.parametrize(
    ("failed", "checked", "cell"),
    [
        (0, 0, "0 / 0 "),
        (0, 10, "0 / 10 "),
        (1, 3, "1 / 3 (33.33%)"),
        (1, 10_000, "1 / 10,000 (0.01%)"),
        (1, 10_001, "1 / 10,001 (<0.01%)"),
        (1, 10**12, "1 / 1,000,000,000,000 (<0.01%)"),
        (10**12 - 1, 10**12, "999,999,999,999 / 1,000,000,000,000 (>99.99%)"),
        (3, 3, "3 / 3 (100.00%)"),
    ],
)
def test_a_share_is_never_rounded_to_none_or_all(failed: int, checked: int, cell: str) -> None:
    assert cell in TableReporter().check(a_check((EMAIL, Measurement(checked=checked, failed=failed))))


def test_all_rows_are_shown_where_there_are_few() -> None:
    few = Measurement(checked=9, failed=2, samples=(Sample(row=1), Sample(row=2)))
    text = TableReporter().check(a_check((EMAIL, few)))
    assert "  row 2\n" in text
    assert "more" not in text


def test_rows_without_a_number_are_shown() -> None:
    unordered = Measurement(checked=9, failed=1, samples=(Sample(key={"id": 7}, values={"email": None}),))
    assert "\n  id=7  email=null\n" in TableReporter().check(a_check((EMAIL, unordered)))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"),
        ("null", '"null"'),
        (1, "1"),
        ("1", '"1"'),
        (True, "true"),
        ("", '""'),
        ([1, "a"], '[1, "a"]'),
        ("数", '"数"'),
    ],
)
def test_values_of_different_kinds_look_different(value: object, shown: str) -> None:
    found = Measurement(checked=1, failed=1, samples=(Sample(row=0, values={"email": value}),))
    assert f"email={shown}\n" in TableReporter().check(a_check((EMAIL, found)))


class TestOffATerminal:
    """Nothing is cut, wrapped or coloured."""

    @pytest.fixture
    def wide(self) -> CheckResult:
        values = [f"value number {number}" for number in range(2000)]
        rule = InSet(id="a rule with a long name " * 20, column="c", values=values)
        return a_check((rule, evolve(FAILED, samples=(Sample(row=1, values={"c": "long value " * 5000}),))))

    def test_cells_are_never_cut(self, wide: CheckResult) -> None:
        text = TableReporter().check(wide)
        (rule,) = wide.rules
        for whole in (rule.rule.id.strip(), rule.expected, "long value " * 5000):
            assert whole in text
        assert "\N{HORIZONTAL ELLIPSIS}" not in text

    def test_a_rule_is_one_line(self, wide: CheckResult) -> None:
        assert len(TableReporter().check(wide).splitlines()) == 8

    def test_nothing_is_coloured(self) -> None:
        assert "\x1b" not in TableReporter().checkpoint(a_run())

    def test_the_frame_is_ascii(self) -> None:
        assert TableReporter().checkpoint(a_run()).isascii()

    @pytest.mark.parametrize("variable", ["FORCE_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE"])
    def test_the_surroundings_change_nothing(self, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
        expected = TableReporter().check(every_status())
        monkeypatch.setenv(variable, "1")
        monkeypatch.setenv("COLUMNS", "40")
        assert TableReporter().check(every_status()) == expected


class TestOnATerminal:
    """Tables fit, verdicts are coloured."""

    @pytest.mark.parametrize("width", [40, 80, 120])
    def test_lines_fit(self, width: int) -> None:
        text = TableReporter(width=width).checkpoint(a_run())
        assert max(len(line) for line in text.splitlines()) <= width

    def test_no_letter_is_lost(self) -> None:
        cells = TableReporter(width=60).check(a_check((EMAIL, Measurement(checked=1, failed=1))))
        assert "\N{HORIZONTAL ELLIPSIS}" not in cells
        for letters in ("email", "high", "value"):
            assert letters in cells

    def test_verdicts_are_coloured(self) -> None:
        text = TableReporter(color=True).check(every_status())
        assert "\x1b[32mPASS" in text
        assert "\x1b[31mFAIL" in text

    def test_no_color_of_the_surroundings_is_for_the_caller_to_read(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("NO_COLOR", "1")
        assert "\x1b[32mPASS" in TableReporter(color=True).check(every_status())


def test_markup_in_data_is_shown_as_it_is() -> None:
    text = "[red]a[/red] [/] [link=http://example.com]b[/link] :smile: [bold"
    assert TableReporter().check(hostile_check(text)).count(text) >= 8
    assert text in TableReporter(color=True, width=500).check(hostile_check(text))


def test_escape_sequences_in_data_are_shown_as_text() -> None:
    assert r"\x1b[2J" in TableReporter().check(hostile_check("\x1b[2J"))


def test_a_warning_says_so() -> None:
    low: tuple[Rule, Measurement] = (evolve(EMAIL, severity=Severity.LOW), Measurement(checked=1, failed=1))
    assert TableReporter().check(a_check(low, gate=Gate())).startswith("WARNING: orders.csv")
