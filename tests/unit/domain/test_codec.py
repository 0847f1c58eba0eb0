"""Documents: written results read back equal, and anything else is refused with its place."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeAlias

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from veriport.domain.checkpoints import ActionResult, ActionStatus, CheckpointResult
from veriport.domain.codec import DocumentError, to_json
from veriport.domain.datasets import Address
from veriport.domain.measurements import Measurement, Sample
from veriport.domain.results import CheckResult, ColumnSummary, Part, judge
from veriport.domain.rules.reading import fingerprint
from veriport.domain.rules.references import ReferentialIntegrity, RowCountMatch
from veriport.domain.rules.values import InSet
from veriport.domain.types import Column, DataType, Family
from veriport.testing.strategies import check_results, checkpoint_results, plain_data

Document: TypeAlias = dict[str, Any]

_RULE = InSet(column="a", id="r", values=[1, True], severity="low")
_SAMPLE = Sample(row=3, key={"k": 1}, values={"a": None})
_FOUND = Measurement(checked=10, failed=2, samples=(_SAMPLE,))
_CHECK = CheckResult(
    rules=(judge(_RULE, _FOUND, ["p"]),),
    parts={"p": Part(label="data.csv", rows=10)},
    engine="polars",
    columns=(ColumnSummary(column=Column("a", DataType(Family.INTEGER, "int64")), null_count=5),),
    duration_seconds=1.5,
)
_NOON = datetime(2024, 1, 31, 12, tzinfo=UTC)
_ACTION = ActionResult(
    action_name="store",
    action_type="store_result",
    status=ActionStatus.SUCCESS,
    started_at=_NOON,
    completed_at=_NOON,
    details={"path": "x"},
)
_RUN = CheckpointResult(
    run_id="r-1",
    name="orders",
    run_name="noon",
    run_time=_NOON,
    check=_CHECK,
    action_results=(_ACTION,),
    tags={"team": "a"},
    metadata={"n": [1, None]},
)


# --- there and back -------------------------------------------------------------------------------


@given(check_results())
def test_a_check_reads_as_it_was_written(result: CheckResult) -> None:
    assert CheckResult.from_dict(result.to_dict()) == result


@given(checkpoint_results())
def test_a_run_reads_as_it_was_written(result: CheckpointResult) -> None:
    assert CheckpointResult.from_dict(result.to_dict()) == result


@given(checkpoint_results())
def test_a_run_survives_strict_json(result: CheckpointResult) -> None:
    text = to_json(result.to_dict(), indent=None)
    document = json.loads(text, parse_constant=_refuse)
    assert CheckpointResult.from_dict(document) == result


def _refuse(constant: str) -> None:
    raise AssertionError(constant)


@given(checkpoint_results())
def test_a_document_holds_plain_data_only(result: CheckpointResult) -> None:
    kinds = {type(value) for value in _leaves(result.to_dict())}
    assert kinds <= {str, int, float, bool, type(None)}


@given(checkpoint_results())
def test_what_is_read_is_written_the_same(result: CheckpointResult) -> None:
    document = result.to_dict()
    assert CheckpointResult.from_dict(document).to_dict() == document


@given(check_results(), st.dictionaries(st.text(), plain_data(), max_size=2))
def test_keys_of_later_versions_are_ignored(result: CheckResult, added: Document) -> None:
    document = result.to_dict()
    assert CheckResult.from_dict({**added, **document}) == result


def test_results_know_their_own_documents() -> None:
    assert json.loads(_CHECK.to_json()) == _CHECK.to_dict()
    assert json.loads(_RUN.to_json(indent=None)) == _RUN.to_dict()


# --- what a document says -------------------------------------------------------------------------


def test_the_document_of_a_check_has_the_published_keys() -> None:
    document = _CHECK.to_dict()
    published = {
        "version": 1, "kind": "check", "status": "warning", "dataset": "data.csv", "engine": "polars",
        "row_count": 10,
    }  # fmt: skip
    assert {key: document[key] for key in published} == published
    assert document["counts"] == {"passed": 0, "failed": 1, "error": 0, "not_evaluated": 0}
    assert document["duration_seconds"] == 1.5


def test_the_entry_of_a_rule_has_the_published_keys() -> None:
    entry = _rules(_CHECK.to_dict())[0]
    published = {
        "id": "r", "fingerprint": fingerprint(_RULE), "type": "in_set", "column": "a", "columns": ["a"],
        "severity": "low", "status": "failed", "failed_count": 2, "checked_count": 10, "observed": None,
        "expected": "one of 1, True", "message": "2 of 10 rows break it",
        "samples": [{"row": 3, "key": {"k": 1}, "values": {"a": None}}],
    }  # fmt: skip
    assert {key: entry[key] for key in published} == published


def test_the_document_of_a_run_has_the_published_keys() -> None:
    document = _RUN.to_dict()
    published = ("version", "kind", "run_id", "name", "status", "error", "run_time")
    assert [document[key] for key in published] == [
        1, "checkpoint", "r-1", "orders", "warning", "", "2024-01-31T12:00:00+00:00",
    ]  # fmt: skip
    assert document["check"] == _CHECK.to_dict()
    assert document["actions"] == [
        {
            "action_name": "store", "action_type": "store_result", "status": "success", "message": "",
            "started_at": "2024-01-31T12:00:00+00:00", "completed_at": "2024-01-31T12:00:00+00:00",
            "details": {"path": "x"}, "duration_ms": 0.0,
        }
    ]  # fmt: skip


def test_a_column_says_which_share_is_null() -> None:
    columns = _CHECK.to_dict()["columns"]
    assert columns == [
        {
            "name": "a", "dtype": "int64", "family": "integer", "untyped": False,
            "null_count": 5, "null_share": 0.5,
        }
    ]  # fmt: skip


def test_times_and_odd_numbers_of_samples_become_text() -> None:
    sample = Sample(values={"a": float("nan"), "b": _NOON})
    result = CheckResult(rules=(judge(_RULE, Measurement(checked=1, failed=1, samples=(sample,))),))
    assert _rules(result.to_dict())[0]["samples"][0]["values"] == {
        "a": "nan",
        "b": "2024-01-31T12:00:00+00:00",
    }
    json.loads(result.to_json(), parse_constant=_refuse)


@pytest.mark.parametrize(
    "reference",
    [
        "postgresql://u:hunter2@host/db?table=t",
        {"path": "s3://bucket/x.csv", "format": "csv", "storage_options": {"secret": "hunter2"}},
        Address(path="https://host/x.csv?token=hunter2", separator=";"),
    ],
)
def test_credentials_of_another_data_set_are_in_no_document(reference: object) -> None:
    rule = ReferentialIntegrity(columns="a", reference=reference, id="r")
    result = CheckResult(rules=(judge(rule, Measurement(checked=1, failed=1)),))
    assert "hunter2" not in result.to_json()
    assert "hunter2" not in repr(result)
    (read,) = CheckResult.from_dict(result.to_dict()).rules
    assert read == evolve(result.rules[0], rule=rule.public())
    assert rule.public().public() == rule.public()


def test_an_address_keeps_how_it_is_read() -> None:
    address = Address(path="x.txt", format="csv", null_values=("-",), schema={"a": "int64"})
    rule = RowCountMatch(reference=address)
    assert (rule.other, rule.public()) == (address, rule)


def test_letters_stay_as_they_are() -> None:
    assert to_json({"a": "größe"}, indent=None) == '{"a": "größe"}'


def test_a_text_that_no_file_can_hold_is_escaped() -> None:
    text = to_json({"a": "x\udcff"}, indent=None)
    assert text == '{"a": "x\\udcff"}'
    assert json.loads(text.encode()) == {"a": "x\udcff"}


def test_a_number_that_json_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json({"a": float("nan")})


# --- broken documents -----------------------------------------------------------------------------

Breaking: TypeAlias = Callable[[Document], object]


def _rules(document: Document) -> list[Document]:
    entries: list[Document] = document["rules"]
    return entries


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "not a document of Veriport: []"),
        (None, "not a document of Veriport: None"),
        ("{}", "not a document of Veriport: '{}'"),
        ({}, "not a document of Veriport: {}"),
        ({"version": 1}, "not a document of Veriport: {'version': 1}"),
        ({"kind": "checkpoint", "version": 1}, "this is a document of kind 'checkpoint', not 'check'"),
        ({"kind": ["check"], "version": 1}, "this is a document of kind ['check'], not 'check'"),
        ({"kind": "check"}, "version None of a check document is not known; 1 is"),
        ({"kind": "check", "version": 2}, "version 2 of a check document is not known; 1 is"),
        ({"kind": "check", "version": "1"}, "version '1' of a check document is not known; 1 is"),
    ],
)
def test_what_is_no_document_of_a_check_is_refused(document: object, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        CheckResult.from_dict(document)  # type: ignore[arg-type]  # wrong on purpose
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda d: d.pop("rules"), "there is no 'rules'"),
        (lambda d: d.pop("gate"), "there is no 'gate'"),
        (lambda d: d.update(rules={}), "'rules' is not a list"),
        (lambda d: d.update(parts=None), "@ $.parts"),
        (lambda d: d.update(engine=5), "expected str, not 5 @ $.engine"),
        (lambda d: d.update(duration_seconds="1"), "expected float or int, not '1' @ $.duration_seconds"),
        (lambda d: d["gate"].update(fail_on="worst"), "'worst' is not a valid Severity @ $.gate.fail_on"),
        (lambda d: d["parts"]["p"].pop("rows"), "there is no 'rows' @ $.parts['p']"),
        (lambda d: d["parts"]["p"].update(rows=True), "expected int, not True @ $.parts['p'].rows"),
        (lambda d: d["rules"].append(None), "expected a mapping, not None @ $.rules[1]"),
        (lambda d: d["rules"][0].pop("failed_count"), "there is no 'failed_count' @ $.rules[0]"),
        (lambda d: d["rules"][0].update(status="x"), "'x' is not a valid RuleStatus @ $.rules[0].status"),
        (lambda d: d["rules"][0].update(failed_count=2.5), "expected int, not 2.5 @ $.rules[0].failed_count"),
        (lambda d: d["rules"][0].update(observed=[1]), "not [1] @ $.rules[0].observed"),
        (
            lambda d: d["rules"][0]["rule"].update(type="x"),
            "this version cannot read the rule: unknown rule type 'x'",
        ),
        (lambda d: d["rules"][0]["rule"].update(column=["a", "b"], id=""), "@ $.rules[0].rule"),
        (lambda d: d["rules"][0]["samples"][0].pop("row"), "there is no 'row' @ $.rules[0].samples[0]"),
        (lambda d: d["columns"][0].pop("family"), "@ $.columns[0]"),
    ],
)
def test_a_broken_check_says_what_is_wrong_and_where(spoil: Breaking, message: str) -> None:
    document = copy.deepcopy(_CHECK.to_dict())
    spoil(document)
    with pytest.raises(DocumentError) as caught:
        CheckResult.from_dict(document)
    assert str(caught.value).startswith("not a check document of Veriport: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda d: d.pop("actions"), "'action_results' is not a list"),
        (lambda d: d.pop("error"), "there is no 'error'"),
        (lambda d: d.update(run_time="noon"), "Invalid isoformat string: 'noon' @ $.run_time"),
        (lambda d: d.update(tags={"a": 1}), "expected str, not 1 @ $.tags['a']"),
        (
            lambda d: d["actions"][0].update(status="x"),
            "'x' is not a valid ActionStatus @ $.action_results[0].status",
        ),
        (lambda d: d.update(check=5), "expected a mapping, not 5"),
        (lambda d: d["check"].pop("rules"), "there is no 'rules'"),
        (lambda d: d["check"].update(kind="x"), "this is a document of kind 'x', not 'check'"),
        (lambda d: d["check"].update(version=3), "version 3 of a check document is not known; 1 is"),
    ],
)
def test_a_broken_run_says_what_is_wrong_and_where(spoil: Breaking, message: str) -> None:
    document = copy.deepcopy(_RUN.to_dict())
    spoil(document)
    with pytest.raises(DocumentError) as caught:
        CheckpointResult.from_dict(document)
    assert message in str(caught.value)


def test_several_faults_are_told_at_once() -> None:
    document = copy.deepcopy(_CHECK.to_dict())
    document["engine"] = 5
    _rules(document)[0]["status"] = "x"
    with pytest.raises(DocumentError, match=r"@ \$\.rules\[0\]\.status; .* @ \$\.engine"):
        CheckResult.from_dict(document)


# --- fuzzing --------------------------------------------------------------------------------------

_REPLACED: Document = copy.deepcopy(_RUN.to_dict())


def _leaves(node: object) -> Iterator[object]:
    match node:
        case dict():
            for key, value in node.items():
                yield key
                yield from _leaves(value)
        case list():
            for item in node:
                yield from _leaves(item)
        case _:
            yield node


def _places(node: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    match node:
        case dict():
            inner = list(node.items())
        case list():
            inner = list(enumerate(node))
        case _:
            inner = []
    for key, value in inner:
        yield (*path, key)
        yield from _places(value, (*path, key))


@st.composite
def _spoilt(draw: DrawFn) -> Document:
    """A document of a run with some nodes deleted and some replaced by anything."""
    document = copy.deepcopy(_REPLACED)
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(list(_places(document))))
        node: Any = document
        for step in way:
            node = node[step]
        if draw(st.booleans()):
            del node[last]
        else:
            node[last] = draw(plain_data() | st.floats() | st.sampled_from(["check", "high", 1, "in_set"]))
        if not document:
            break
    return document


@given(_spoilt())
def test_a_spoilt_document_is_read_or_refused_and_nothing_else(document: Document) -> None:
    for read in (CheckpointResult.from_dict, CheckResult.from_dict):
        try:
            result = read(document)
        except DocumentError as refused:
            assert str(refused)  # noqa: PT017  # either is fine, silence is not
        else:
            assert read(result.to_dict()) == result


def test_what_json_cannot_hold_is_read_as_it_is_written() -> None:
    document = {**copy.deepcopy(_REPLACED), "metadata": {"most": float("inf")}}
    result = CheckpointResult.from_dict(document)
    assert result.metadata == {"most": "inf"}
    assert CheckpointResult.from_dict(result.to_dict()) == result


@given(plain_data())
def test_anything_is_read_or_refused(document: object) -> None:
    with pytest.raises(DocumentError):
        CheckResult.from_dict(document)  # type: ignore[arg-type]  # wrong on purpose
