"""``auto_schema``: learn the schema of a data set, keep it in a rules file, and want it of later data."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from veriport.adapters.folders.local import LocalFolder
from veriport.api.doors import rules_of
from veriport.domain.errors import ConfigurationError, shown
from veriport.domain.rules.base import SchemaRule
from veriport.domain.schemas import schema_entry
from veriport.ports.errors import PermanentError
from veriport.wiring.rule_files import load_rules, rules_json, rules_text

if TYPE_CHECKING:
    from veriport.domain.datasets import Dataset
    from veriport.domain.rules.base import Rule
    from veriport.ports.engines import Engine

_UNKEPT = (
    "the schema was learned from this very data, so it holds; to compare later data with it, "
    "keep it in a file: auto_schema='schema.yaml'"
)


def schema_rules(auto_schema: object, engine: Engine, dataset: Dataset) -> tuple[tuple[Rule, ...], str]:
    """The rules that the schema kept in a file makes, or that of the data as it is; and a note on them.

    ``True`` learns and keeps nothing. The path of a file reads it, and where there is none yet, learns
    and writes it. Raises ``ConfigurationError`` for anything else, and for a file that is no rules file.
    """
    if auto_schema is True:
        return _rules(_learned(engine, dataset)), _UNKEPT
    if not isinstance(auto_schema, str | PurePath) or not str(auto_schema):
        raise ConfigurationError(f"auto_schema is True or the path of a file, not {shown(auto_schema)}")
    path = Path(auto_schema)
    if os.path.lexists(path):
        return _kept(path), ""
    entry = _learned(engine, dataset)
    try:
        with LocalFolder().place(str(path.parent), (path.name,)) as (place,):
            written = rules_json([entry]) if path.suffix == ".json" else rules_text([entry])
            Path(place).write_text(written, encoding="utf-8")
    except (PermanentError, ConfigurationError):
        if not os.path.lexists(path):
            raise
        return _kept(path), ""  # another program was faster: its schema counts
    return _rules(
        entry
    ), f"the schema was learned from this data and written to {path}; later data must have it"


def _kept(path: Path) -> tuple[Rule, ...]:
    """The rules of a file, which may have been edited, but still are about the schema."""
    rules = load_rules(path)
    if not any(isinstance(rule, SchemaRule) for rule in rules):
        raise ConfigurationError(
            f"{path}: no rule in it is about the schema; auto_schema names a file of its own"
        )
    return rules


def _learned(engine: Engine, dataset: Dataset) -> Mapping[str, object]:
    with engine.open(dataset) as table:
        return schema_entry(table.columns)


def _rules(entry: Mapping[str, object]) -> tuple[Rule, ...]:
    return rules_of([entry]) or ()
