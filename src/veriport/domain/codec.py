"""Domain values as plain data and back: the one cattrs converter, and the documents made with it.

A document is versioned and tagged (``{"version": 1, "kind": "check", ...}``). Keys may be added in
a later version, none is renamed; unknown keys are ignored when reading.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from attrs import evolve
from cattrs import ClassValidationError, Converter, transform_error
from returns.result import Failure, Success

from veriport.domain.checkpoints import ActionResult, CheckpointResult
from veriport.domain.errors import VeriportError
from veriport.domain.measurements import Sample
from veriport.domain.results import CheckResult, ColumnSummary, Gate, Part, RuleResult
from veriport.domain.rules.base import ColumnRule, Rule
from veriport.domain.rules.reading import fingerprint, read_rule, write_rule
from veriport.domain.rules.scalars import Scalar, plain

VERSION = 1


class DocumentError(VeriportError):
    """A document that is not one of ours, or of a version that we do not know."""


converter = Converter()
converter.register_unstructure_hook(datetime, datetime.isoformat)
converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
converter.register_unstructure_hook(Rule, write_rule)
converter.register_unstructure_hook(frozenset, sorted)
converter.register_structure_hook_func(lambda cls: cls in (Rule, Scalar, object), lambda value, _: value)


def to_json(document: Mapping[str, object], *, indent: int | None = 2) -> str:
    """A document as JSON text, with characters outside ASCII as they are."""
    return json.dumps(document, ensure_ascii=False, indent=indent, allow_nan=False)


def check_document(result: CheckResult) -> dict[str, object]:
    """The document of a check: its verdict, its counts and one entry a rule."""
    return {
        "version": VERSION,
        "kind": "check",
        "status": result.status.value,
        "dataset": result.dataset,
        "engine": result.engine,
        "row_count": result.row_count,
        "counts": {
            "passed": result.passed_count,
            "failed": result.failed_count,
            "error": result.error_count,
            "not_evaluated": result.not_evaluated_count,
        },
        "rules": [_rule_entry(rule) for rule in result.rules],
        "columns": [_column_entry(column, result.row_count) for column in result.columns],
        "parts": converter.unstructure(result.parts),
        "gate": converter.unstructure(result.gate),
        "duration_seconds": result.duration_seconds,
    }


def _rule_entry(result: RuleResult) -> dict[str, object]:
    rule = result.rule
    return {
        "id": rule.id,
        "fingerprint": fingerprint(rule),
        "type": rule.type,
        "column": rule.column if isinstance(rule, ColumnRule) else _only(rule.reads),
        "columns": list(rule.reads),
        "severity": rule.severity.value,
        "status": result.status.value,
        "failed_count": result.failed_count,
        "checked_count": result.checked_count,
        "observed": plain(result.observed),
        "expected": result.expected,
        "samples": [_sample_entry(sample) for sample in result.samples],
        "message": result.message,
        "rule": write_rule(rule),
        "parts": sorted(result.parts),
        "absent": list(result.absent),
    }


def _only(names: tuple[str, ...]) -> str | None:
    return names[0] if len(names) == 1 else None


def _sample_entry(sample: Sample) -> dict[str, object]:
    return {"row": sample.row, "key": plain(sample.key), "values": plain(sample.values)}


def _column_entry(summary: ColumnSummary, rows: int) -> dict[str, object]:
    column, nulls = summary.column, summary.null_count
    return {
        "name": column.name,
        "dtype": column.dtype.name,
        "family": column.dtype.family.value,
        "untyped": column.untyped,
        "null_count": nulls,
        "null_share": None if nulls is None or rows == 0 else nulls / rows,
    }


def checkpoint_document(result: CheckpointResult) -> dict[str, object]:
    """The document of a run: the check inside, then its actions."""
    return {
        "version": VERSION,
        "kind": "checkpoint",
        "run_id": result.run_id,
        "name": result.name,
        "run_name": result.run_name,
        "run_time": result.run_time.isoformat(),
        "status": result.status.value,
        "check": None if result.check is None else check_document(result.check),
        "error": result.error,
        "actions": [_action_entry(action) for action in result.action_results],
        "tags": plain(result.tags),
        "metadata": plain(result.metadata),
        "duration_seconds": result.duration_seconds,
    }


def _action_entry(action: ActionResult) -> dict[str, object]:
    entry: dict[str, object] = converter.unstructure(evolve(action, details=plain(action.details)))  # type: ignore[arg-type]  # a mapping stays one
    return {**entry, "details": plain(action.details), "duration_ms": action.duration_ms}


def read_check(document: Mapping[str, object]) -> CheckResult:
    """Read what ``check_document`` wrote."""
    return _reading(lambda: _read_check(_expect(document, "check")))


def read_checkpoint(document: Mapping[str, object]) -> CheckpointResult:
    """Read what ``checkpoint_document`` wrote."""
    return _reading(lambda: _read_checkpoint(_expect(document, "checkpoint")))


_T = TypeVar("_T")


def _reading(read: Callable[[], _T]) -> _T:
    try:
        return read()
    except KeyError as absent:
        raise DocumentError(f"not a document of Veriport: it has no {absent}") from absent
    except ClassValidationError as problems:
        raise DocumentError(
            f"not a document of Veriport: {'; '.join(transform_error(problems))}"
        ) from problems
    except (TypeError, ValueError, AttributeError) as problem:
        raise DocumentError(f"not a document of Veriport: {problem}") from problem


def _expect(document: Mapping[str, object], kind: str) -> Mapping[str, object]:
    if document["kind"] != kind:
        raise DocumentError(f"this is a document of kind {document['kind']!r}, not {kind!r}")
    if document["version"] != VERSION:
        raise DocumentError(
            f"version {document['version']!r} of a {kind} document is not known; {VERSION} is"
        )
    return document


def _read_check(document: Mapping[str, object]) -> CheckResult:
    return CheckResult(
        rules=tuple(_read_rule_entry(entry) for entry in document["rules"]),  # type: ignore[attr-defined]  # an AttributeError is a DocumentError
        parts=converter.structure(document["parts"], dict[str, Part]),
        engine=str(document["engine"]),
        gate=converter.structure(document["gate"], Gate),
        columns=tuple(_read_column(entry) for entry in document["columns"]),  # type: ignore[attr-defined]
        duration_seconds=float(document["duration_seconds"]),  # type: ignore[arg-type]
    )


def _read_column(entry: Mapping[str, object]) -> ColumnSummary:
    dtype = {"family": entry["family"], "name": entry["dtype"]}
    column = {"name": entry["name"], "dtype": dtype, "untyped": entry["untyped"]}
    return converter.structure({"column": column, "null_count": entry["null_count"]}, ColumnSummary)


def _read_rule_entry(entry: Mapping[str, object]) -> RuleResult:
    match read_rule(entry["rule"]):
        case Success((rule,)):
            return evolve(converter.structure({**entry, "rule": None}, RuleResult), rule=rule)
        case Failure(problem):
            raise DocumentError(f"the document holds a rule that this version cannot read: {problem}")
    raise DocumentError("the document holds a rule that means several")


def _read_checkpoint(document: Mapping[str, object]) -> CheckpointResult:
    check = document["check"]
    return evolve(
        converter.structure(
            {**document, "check": None, "action_results": document["actions"]}, CheckpointResult
        ),
        check=None if check is None else _read_check(_expect(check, "check")),  # type: ignore[arg-type]
    )
