"""Pandera asked to validate, whatever its environment variables say, and what it found wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from attrs import frozen

from veriport.adapters.engines.libraries.versions import Wanted

WANTED = Wanted("pandera", "pandera", (0, 22))

#: Its configuration is one for the whole program.
_LOCK = threading.RLock()


@frozen
class Wrong:
    """One check that does not hold: of which column, its name, the rows where the check names them.

    ``warns`` is for a check that should only warn.
    """

    column: str | None
    check: str
    rows: tuple[int, ...] | None
    reason: str
    warns: bool = False


def telling(schema: Any) -> Any:  # noqa: ANN401  # it is not installed where types are checked
    """A copy of a schema that tells what is wrong, where the schema would drop rows or only warn."""
    copied = deepcopy(schema)
    for part in _parts(copied):
        if getattr(part, "drop_invalid_rows", False):
            part.drop_invalid_rows = False
        for check in getattr(part, "checks", None) or ():
            if getattr(check, "raise_warning", False):
                check.raise_warning = False
                setattr(check, _WARNS, True)
    return copied


def _parts(schema: Any) -> Iterator[Any]:  # noqa: ANN401  # the same
    index = getattr(schema, "index", None)
    yield from (schema, *schema.columns.values(), *(() if index is None else (index,)))
    yield from getattr(index, "indexes", None) or ()


#: How a check of a copy tells that it should only warn.
_WARNS = "_veriport_warns"


def wrongs(schema: Any, frame: Any) -> list[Wrong]:  # noqa: ANN401  # it is not installed where types are checked
    """Everything that does not hold of a frame, in full: rows as well as the schema."""
    config, errors = WANTED.module("pandera.config"), WANTED.module("pandera.errors")
    in_full = {
        "validation_enabled": True,
        "validation_depth": config.ValidationDepth.SCHEMA_AND_DATA,
    }
    try:
        with _LOCK, config.config_context(**in_full):
            schema.validate(frame, lazy=True)
    except errors.SchemaErrors as failed:
        labels = getattr(frame, "index", None)
        return [_wrong(error, len(frame), labels) for error in failed.schema_errors]
    return []


def _wrong(error: Any, height: int, labels: Any) -> Wrong:  # noqa: ANN401  # the same
    reason = str(error).partition("\n")[0]
    if type(error.schema).__name__ in {"Index", "MultiIndex"}:  # whose names are those of no column
        return Wrong(None, "schema", None, reason, warns=hasattr(error.check, _WARNS))
    component = getattr(error.schema, "name", None) if not hasattr(error.schema, "columns") else None
    rows = _rows(error, height, labels)
    return Wrong(component, called(error.check), rows, reason, warns=hasattr(error.check, _WARNS))


def called(check: Any) -> str:  # noqa: ANN401  # the same
    """The name of a check, as Pandera's reports have it."""
    if check is None or isinstance(check, str):
        return check or "schema"
    return str(check.error or check.name or check)


def _rows(error: Any, height: int, labels: Any) -> tuple[int, ...] | None:  # noqa: ANN401  # the same
    """The places of FALSE in what a check gave back, which for Polars is a frame with one such column."""
    output = error.check_output
    if output is None or isinstance(output, bool):
        return _cases(error, labels)
    flags = output["check_output"] if hasattr(output, "get_column") else output
    listed = flags.to_list() if hasattr(flags, "to_list") else None
    if listed is None or len(listed) != height:
        return _cases(error, labels)
    return tuple(place for place, flag in enumerate(listed) if flag is False)


def _cases(error: Any, labels: Any) -> tuple[int, ...] | None:  # noqa: ANN401  # the same
    """The rows of a report of Pandera, which for pandas tells labels; repeated ones tell no row."""
    cases = error.failure_cases
    if not hasattr(cases, "columns") or "index" not in cases.columns:
        return None
    listed = cases["index"].to_list()
    if labels is not None:
        found = labels.get_indexer(listed).tolist() if labels.is_unique else [-1]
        return tuple(found) if min(found, default=0) >= 0 else None
    return tuple(listed) if all(isinstance(each, int) for each in listed) else None
