"""Domain values as plain data and back: the one cattrs converter, and the documents made with it.

A document is versioned and tagged (``{"version": 1, "kind": "check", ...}``). Keys may be added in
a later version, none is renamed; unknown keys are ignored when reading.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import TypeVar, get_origin

from attrs import evolve, fields, has
from cattrs import BaseValidationError, Converter, transform_error
from cattrs.gen import make_dict_structure_fn, override
from returns.pipeline import is_successful

from veriport.domain.checkpoints import ActionResult, CheckpointResult
from veriport.domain.errors import VeriportError, shown
from veriport.domain.measurements import Sample
from veriport.domain.results import CheckResult, ColumnSummary, RuleResult
from veriport.domain.rules.base import ColumnRule, Rule
from veriport.domain.rules.reading import fingerprint, read_rule, write_rule
from veriport.domain.rules.scalars import Scalar, plain

_T = TypeVar("_T")

VERSION = 1
#: Keys that documents of this version have not always had; all others must be there.
_ADDED_LATER = frozenset({"absent", "scans", "bytes_read", "repeated", "not_recorded", "notes", "remarks"})
#: What a result has in the program that made it, and in no document.
_LIVING = frozenset({"splitter"})


class DocumentError(VeriportError):
    """A document that is not one of ours, or of a version that we do not know."""


def to_json(document: Mapping[str, object], *, indent: int | None = 2) -> str:
    """A document as JSON text, with characters outside ASCII as they are.

    Half a surrogate pair, as in the name of a file that is not UTF-8, is escaped: the text can be encoded.
    """
    text = _encoder(indent).encode(document)
    if text.isascii():
        return text
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


@cache
def _encoder(indent: int | None) -> json.JSONEncoder:
    """``json.dumps`` makes one for each call."""
    return json.JSONEncoder(ensure_ascii=False, indent=indent, allow_nan=False)


_SURROGATE = re.compile("[\ud800-\udfff]")


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
        "scans": result.scans,
        "bytes_read": result.bytes_read,
        "notes": list(result.notes),
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
        "rule": write_rule(rule.public()),
        "parts": sorted(result.parts),
        "absent": list(result.absent),
        "remarks": list(result.remarks),
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
        "repeated": result.repeated,
        "not_recorded": result.not_recorded,
    }


def _action_entry(action: ActionResult) -> dict[str, object]:
    entry: dict[str, object] = converter.unstructure(evolve(action, details=plain(action.details)))  # type: ignore[arg-type]  # a mapping stays one
    return {**entry, "details": plain(action.details), "duration_ms": action.duration_ms}


def to_record(kind: str, value: object) -> bytes:
    """A value as the store keeps it: versioned, tagged, compact."""
    document = {"version": VERSION, "kind": kind, **converter.unstructure(value)}
    return to_json(document, indent=None).encode()


def read_record(value: bytes, kind: str, cls: type[_T]) -> _T:
    """Read what ``to_record`` wrote. Raises ``DocumentError`` for anything else, and for newer versions."""
    try:
        document = json.loads(value)
    except ValueError as problem:
        raise DocumentError(f"not a record of Veriport: {problem}") from problem
    return _read(document, kind, cls)


def read_check(document: Mapping[str, object]) -> CheckResult:
    """Read what ``check_document`` wrote."""
    return _read(document, "check", CheckResult)


def read_checkpoint(document: Mapping[str, object]) -> CheckpointResult:
    """Read what ``checkpoint_document`` wrote."""
    return _read(document, "checkpoint", CheckpointResult)


def _read(document: object, kind: str, cls: type[_T]) -> _T:
    if not isinstance(document, Mapping) or "kind" not in document:
        raise DocumentError(f"not a document of Veriport: {shown(document)}")
    if document["kind"] != kind:
        raise DocumentError(f"this is a document of kind {shown(document['kind'])}, not {kind!r}")
    if document.get("version") != VERSION:
        found = shown(document.get("version"))
        raise DocumentError(f"version {found} of a {kind} document is not known; {VERSION} is")
    try:
        return converter.structure(document, cls)
    except BaseValidationError as problems:
        listed = "; ".join(transform_error(problems, format_exception=lambda problem, _: str(problem)))
        raise DocumentError(f"not a {kind} document of Veriport: {listed}") from problems
    except (TypeError, ValueError) as problem:
        raise DocumentError(f"not a {kind} document of Veriport: {problem}") from problem


def _structure_for(cls: type[_T]) -> Callable[[object, object], _T]:
    """Reads a class from a mapping that has all its keys; a default must not hide a broken document."""
    living = {each.name: override(omit=True) for each in fields(cls) if each.name in _LIVING}  # type: ignore[arg-type]  # it has attributes
    read: Callable[[Mapping[str, object], object], _T] = make_dict_structure_fn(cls, converter, **living)  # type: ignore[arg-type]  # overrides
    needed = [each for each in fields(cls) if each.name not in _ADDED_LATER | _LIVING]  # type: ignore[arg-type]  # the same
    names = [each.name for each in needed]
    lists = [each.name for each in needed if get_origin(each.type) in {tuple, frozenset}]

    def structure(value: object, _: object) -> _T:
        entry = _mapping(value)
        for name in names:
            if name not in entry:
                raise ValueError(f"there is no {name!r}")
        for name in lists:
            if not isinstance(entry[name], list | tuple):
                raise TypeError(f"{name!r} is not a list")
        return read(entry, cls)

    return structure


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError(f"expected a mapping, not {shown(value)}")
    return value


def _exactly(*kinds: type) -> Callable[[object, object], object]:
    """Reads a plain value of one of these kinds, and nothing that could be turned into one."""

    def structure(value: object, _: object) -> object:
        if type(value) not in kinds:
            raise TypeError(f"expected {' or '.join(kind.__name__ for kind in kinds)}, not {shown(value)}")
        return value

    return structure


def _read_rule(value: object, _: object) -> Rule:
    found = read_rule(value)
    if not is_successful(found):
        raise ValueError(f"this version cannot read the rule: {found.failure()}")
    rule, *more = found.unwrap()
    if more:
        raise ValueError("it means several rules")
    return rule


def _read_column(value: object, _: object) -> ColumnSummary:
    entry = _mapping(value)
    dtype = {"family": entry.get("family"), "name": entry.get("dtype")}
    column = {"name": entry.get("name"), "dtype": dtype, "untyped": entry.get("untyped")}
    return _structure_for(ColumnSummary)({"column": column, "null_count": entry.get("null_count")}, None)


def _read_checkpoint(value: object, _: object) -> CheckpointResult:
    entry = _mapping(value)
    check = entry.get("check")
    read = None if check is None else read_check(_mapping(check))
    result = _structure_for(CheckpointResult)(
        {**entry, "check": None, "action_results": entry.get("actions")}, None
    )
    return evolve(result, check=read)


def _read_time(value: object, _: object) -> datetime:
    return datetime.fromisoformat(str(value))


converter = Converter()
converter.register_unstructure_hook(datetime, datetime.isoformat)
converter.register_unstructure_hook(Rule, write_rule)
converter.register_unstructure_hook(frozenset, sorted)
converter.register_unstructure_hook(StrEnum, lambda member: member.value)
converter.register_structure_hook_factory(has, _structure_for)
# What may be anything is read as it would be written, so that a result read is the result that was written.
converter.register_structure_hook_func(lambda cls: cls is object, lambda value, _: plain(value))
converter.register_structure_hook_func(lambda cls: cls == Scalar, _exactly(bool, int, float, str, type(None)))
converter.register_structure_hook(bool, _exactly(bool))
converter.register_structure_hook(int, _exactly(int))
converter.register_structure_hook(float, _exactly(float, int))
converter.register_structure_hook(str, _exactly(str))
converter.register_structure_hook(StrEnum, lambda value, cls: cls(value))
converter.register_structure_hook(datetime, _read_time)
converter.register_structure_hook(Rule, _read_rule)
converter.register_structure_hook(ColumnSummary, _read_column)
converter.register_structure_hook(CheckpointResult, _read_checkpoint)
