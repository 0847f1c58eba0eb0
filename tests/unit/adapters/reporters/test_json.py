"""The JSON of a report is the document of the result."""

from __future__ import annotations

import json

import pytest

from veriport.adapters.reporters.json import JsonReporter
from veriport.domain.checkpoints import CheckpointResult
from veriport.domain.results import CheckResult
from veriport.testing.suites.reporters import HOSTILE_TEXTS, a_run, every_status, hostile_run


def test_a_check_is_its_document() -> None:
    assert JsonReporter().check(every_status()) == every_status().to_json() + "\n"


def test_a_run_is_its_document() -> None:
    assert JsonReporter().checkpoint(a_run()) == a_run().to_json() + "\n"


def test_it_can_be_one_line() -> None:
    assert JsonReporter(indent=None).check(every_status()).count("\n") == 1


def test_it_reads_back_as_the_same_result() -> None:
    assert CheckResult.from_dict(json.loads(JsonReporter().check(every_status()))) == every_status()
    assert CheckpointResult.from_dict(json.loads(JsonReporter().checkpoint(a_run()))) == a_run()


@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
def test_escapes_read_back_as_the_same_text(text: str) -> None:
    assert json.loads(JsonReporter().checkpoint(hostile_run(text))) == hostile_run(text).to_dict()
