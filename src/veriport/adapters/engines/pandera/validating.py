"""Pandera asked to validate, whatever its environment variables say, and what it found wrong."""

from __future__ import annotations

import threading
from typing import Any

from attrs import frozen

from veriport.adapters.engines.libraries.versions import Wanted

WANTED = Wanted("pandera", "pandera", (0, 22))

#: Its configuration is one for the whole program.
_LOCK = threading.RLock()


@frozen
class Wrong:
    """One check that does not hold: of which column, its name, the rows where the check names them."""

    column: str | None
    check: str
    rows: tuple[int, ...] | None
    reason: str


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
        return [_wrong(error, len(frame)) for error in failed.schema_errors]
    return []


def _wrong(error: Any, height: int) -> Wrong:  # noqa: ANN401  # the same
    component = getattr(error.schema, "name", None) if not hasattr(error.schema, "columns") else None
    return Wrong(component, called(error.check), _rows(error, height), str(error).partition("\n")[0])


def called(check: Any) -> str:  # noqa: ANN401  # the same
    """The name of a check, as Pandera's reports have it."""
    if check is None or isinstance(check, str):
        return check or "schema"
    return str(check.error or check.name or check)


def _rows(error: Any, height: int) -> tuple[int, ...] | None:  # noqa: ANN401  # the same
    """The places of FALSE in what a check gave back, which for Polars is a frame with one such column."""
    output = error.check_output
    if output is None or isinstance(output, bool):
        return _cases(error)
    flags = output["check_output"] if hasattr(output, "get_column") else output
    listed = flags.to_list() if hasattr(flags, "to_list") else None
    if listed is None or len(listed) != height:
        return _cases(error)
    return tuple(place for place, flag in enumerate(listed) if flag is False)


def _cases(error: Any) -> tuple[int, ...] | None:  # noqa: ANN401  # the same
    """The rows of a report of Pandera for pandas, whose index counts them."""
    cases = error.failure_cases
    if hasattr(cases, "columns") and "index" in cases.columns:
        listed = cases["index"].to_list()
        return tuple(listed) if all(isinstance(each, int) for each in listed) else None
    return None
