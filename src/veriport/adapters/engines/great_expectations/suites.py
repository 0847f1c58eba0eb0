"""Expectations of the user: a suite as native rules, and what GX says of native rules."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any

from veriport.adapters.engines.great_expectations.validating import NAME, Found, expectation, validated
from veriport.adapters.engines.libraries.tables import Frame, Said, Verdict
from veriport.domain.errors import ConfigurationError, shown
from veriport.domain.measurements import Broken, NotEvaluated
from veriport.domain.rules.base import Missing
from veriport.domain.rules.native import Native
from veriport.ports.errors import PortError


def read_suite(suite: object) -> tuple[Native, ...]:
    """The expectations of a suite as native rules. Raises ``ConfigurationError``."""
    if suite is None:
        return ()
    document = _document(suite)
    listed = document.get("expectations") if isinstance(document, Mapping) else None
    if not isinstance(listed, Iterable) or isinstance(listed, str | Mapping):
        raise ConfigurationError(f"suite must be a suite of GX with its 'expectations', not {shown(suite)}")
    return tuple(map(_native, listed))


def _document(suite: object) -> object:
    if isinstance(suite, str | PurePath):
        try:
            return json.loads(Path(suite).read_text(encoding="utf-8"))
        except (OSError, ValueError) as wrong:
            raise ConfigurationError(f"suite: {suite} cannot be read: {wrong}") from wrong
    to_json = getattr(suite, "to_json_dict", None)
    return to_json() if callable(to_json) else suite


def _native(entry: object) -> Native:
    """One expectation; the files of older versions call its type ``expectation_type``."""
    if not isinstance(entry, Mapping) or not isinstance(entry.get("kwargs", {}), Mapping):
        raise ConfigurationError(
            f"suite: an expectation is a mapping with type and kwargs, not {shown(entry)}"
        )
    kwargs = {key: value for key, value in entry.get("kwargs", {}).items() if key != "batch_id"}
    kind = entry.get("type") or entry.get("expectation_type")
    absent = Missing.FAIL if kind == "expect_column_to_exist" else Missing.ERROR
    severity = (
        {"severity": _SEVERITIES[str(entry["severity"])]} if entry.get("severity") in _SEVERITIES else {}
    )
    return Native(name=kind, parameters=kwargs, missing=absent, **severity)  # type: ignore[arg-type]  # validated


_SEVERITIES = {"critical": "critical", "warning": "medium", "info": "low"}


def said(rules: tuple[Native, ...], frame: Frame) -> tuple[Said, ...]:
    """What GX says of native rules, all in one validation."""
    made = [_made(rule) for rule in rules]
    asked = {place: each for place, each in enumerate(made) if not isinstance(each, NotEvaluated | Broken)}
    found = dict(zip(asked, _found(frame.pandas(nullable=frame.masked), list(asked.values())), strict=True))
    answers = [_verdict(found[place]) if place in found else each for place, each in enumerate(made)]
    for place, each in found.items():
        if each.trouble and (masked := [name for name in frame.masked if name in rules[place].reads]):
            answers[place] = _as_floats(asked[place], frame, masked)
    return tuple(answers)


def _as_floats(asked: Any, frame: Frame, masked: list[str]) -> Said:  # noqa: ANN401  # it is not installed where types are checked
    """The answer of an expectation that knows no nulls of whole numbers, only those of floats."""
    for name in masked:
        series = frame.polars[name]
        if series.dtype.is_integer() and not series.is_between(-_EXACT, _EXACT).all():
            return NotEvaluated(f"{NAME} takes {name!r} with its nulls as floats, and it goes beyond 2^53")
    (found,) = _found(frame.pandas(), [asked])
    return _verdict(found)


def _found(frame: Any, asked: list[Any]) -> list[Found]:  # noqa: ANN401  # the same
    """The results; where GX refuses an expectation with all others beside it, each is asked alone."""
    try:
        return validated(frame, asked) if asked else []
    except PortError:
        raise
    except Exception as refused:  # noqa: BLE001  # whatever it raises
        if len(asked) == 1:
            words = f"{type(refused).__name__}: {refused}".strip().partition("\n")[0]
            return [Found(success=False, result={}, trouble=words)]
        return [found for each in asked for found in _found(frame, [each])]


#: Up to here every whole number is a 64-bit float.
_EXACT = 2**53


def _made(rule: Native) -> Any:  # noqa: ANN401  # an expectation of theirs
    make = expectation(rule.name)
    if make is None:
        return NotEvaluated(f"{NAME} has no {rule.name}")
    if _asks_later(rule.given):
        return NotEvaluated(f"{NAME} wants the value of a $PARAMETER, which nobody gives it here")
    try:
        return make(**rule.given)
    except Exception as wrong:  # noqa: BLE001  # pydantic's, or whatever a custom expectation raises
        return Broken(f"{rule.name}: {' '.join(str(wrong).split())}")


def _asks_later(value: object) -> bool:
    """Whether a value is, or holds, a parameter that is given when a suite is run."""
    if isinstance(value, Mapping):
        return "$PARAMETER" in value or any(map(_asks_later, value.values()))
    return isinstance(value, list) and any(map(_asks_later, value))


def _verdict(found: Found) -> Said:
    if found.trouble:
        return Broken(f"{NAME}: {found.trouble}")
    result = found.result
    observed = _plain(result.get("observed_value"))
    if "element_count" not in result:  # it is about the column or the table as a whole
        return Verdict(holds=found.success, observed=observed)
    return Verdict(
        holds=found.success,
        checked=int(result["element_count"]) - int(result.get("missing_count") or 0),
        failed=int(result.get("unexpected_count") or 0),
        observed=observed,
        rows=found.rows,
    )


def _plain(value: Any) -> object:  # noqa: ANN401  # numpy's, pandas', anything
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else value
