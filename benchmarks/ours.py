"""Veriport doing the work."""

from __future__ import annotations

from pathlib import Path

import veriport
import veriport.adapters.engines.polars  # what the first check of a process would import
import veriport.api.doors
import veriport.application.checking
from benchmarks.wide import rules_of
from benchmarks.work import RULES


def check(path: Path) -> list[list[int]]:
    """Failed rows and samples of each of the 17 rules."""
    result = veriport.check(str(path), RULES)
    return [[rule.failed_count, len(rule.samples)] for rule in result.rules]


def wide(path: Path, rules: int, columns: int, samples: int = 20) -> list[int]:
    """Failed rows of each rule of the wide table, with so many samples of each."""
    result = veriport.check(str(path), rules_of(rules, columns), samples=samples)
    return [rule.failed_count for rule in result.rules]
