"""What is written for databases that cannot be run here gives the right answers when a DuckDB runs it.

Their SQL is translated, see ``tests/transpiled.py``. A case agrees, or is not evaluated, or a row of the table
below says why the stand-in cannot tell.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from attrs import frozen

from tests.transpiled import HEADS, Held, StandIn
from veriport.testing.matrix import Answer, column, summary

PAGE = Path(__file__).parents[2] / "docs" / "sql-engines.md"


@frozen
class Unfaithful:
    """Cases that differ for a reason of the stand-in: patterns of their names and of what differs."""

    database: str
    case: str
    differs: str
    why: str


UNFAITHFUL = (
    Unfaithful(
        "bigquery",
        r"row_sum: an open end",
        r"passed where failed is right",
        "a BIGNUMERIC has 38 digits behind the point, and the widest decimal of DuckDB too few to show the last",
    ),
    *(
        Unfaithful(
            database,
            r"expression: (a letter may have several in upper case|a sigma at the end of a word.*)",
            r"failed where passed is right",
            "the functions of DuckDB map each letter to one; what those of the database do is not known here",
        )
        for database in HEADS
    ),
)

#: What a translation cannot show of a database, for the page.
NOT_SHOWN = {
    "snowflake": "case of ß and Σ; patterns: it knows those of POSIX",
    "bigquery": "case of ß and Σ; the last of 38 digits behind the point",
    "databricks": "case of ß and Σ; patterns: it knows those of Java",
    "redshift": "case of ß and Σ; patterns: it knows those of Perl; groups of texts with blanks at the end",
    "trino": "case of ß and Σ; patterns: it knows those of Java",
    "mysql": "case of ß and Σ; patterns: it knows those of ICU; what its collations do",
    "mssql": "case of ß and Σ; what its collations do; groups of texts with blanks at the end",
}


@pytest.mark.parametrize("name", HEADS)
def test_the_answers_are_right_where_the_stand_in_is_faithful(name: str, tmp_path: Path) -> None:
    verdicts = column(StandIn(name), Held(tmp_path, database=name))
    rows = [row for row in UNFAITHFUL if row.database == name]
    excused = {
        case: row
        for case, said in verdicts.items()
        for row in rows
        if said.answer is Answer.DIFFERS and _is_about(row, case, said.reason)
    }
    wrong = {
        case: said.reason
        for case, said in verdicts.items()
        if said.answer is Answer.DIFFERS and case not in excused
    }
    assert not wrong
    assert [row for row in rows if row not in excused.values()] == [], "rows that excuse nothing"
    page = PAGE.read_text(encoding="utf-8").splitlines()
    assert [line for line in page if line.startswith(f"| {HEADS[name]} |")] == [
        _line(name, summary(verdicts))
    ]


def _is_about(row: Unfaithful, case: str, reason: str) -> bool:
    return re.fullmatch(row.case, case) is not None and re.search(row.differs, reason) is not None


def _line(name: str, counts: Counter[Answer]) -> str:
    """What the page says of a database; an answer that is excused counts as none."""
    agree, not_evaluated = counts[Answer.AGREES], counts[Answer.NOT_EVALUATED]
    return f"| {HEADS[name]} | {agree} of {counts.total()} | {not_evaluated} | {NOT_SHOWN[name]} |"
