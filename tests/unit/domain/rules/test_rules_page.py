"""The page on rules speaks of every rule, and its examples are rules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from returns.pipeline import is_successful
from ruamel.yaml import YAML

from veriport.domain.rules.base import OPTIONS
from veriport.domain.rules.reading import read_rules
from veriport.domain.rules.vocabulary import CLASSES, SPELLINGS

_PAGE = (Path(__file__).parents[4] / "docs" / "rules.md").read_text(encoding="utf-8")
_EXAMPLES = re.findall(r"`(\{.*?type: .*?\})`", _PAGE)
_WORDS = re.findall(r"`(\w+)`", _PAGE)


@pytest.mark.parametrize("word", CLASSES)
def test_the_page_speaks_of_every_type(word: str) -> None:
    assert word in _WORDS


@pytest.mark.parametrize("option", OPTIONS)
def test_the_page_speaks_of_every_option(option: str) -> None:
    assert f"| `{option}`" in _PAGE or f"`{option}` |" in _PAGE or f"`{option}`, " in _PAGE


@pytest.mark.parametrize("example", _EXAMPLES)
def test_every_example_is_a_rule(example: str) -> None:
    read = read_rules([YAML(typ="safe", pure=True).load(example)])
    assert is_successful(read), read


def test_there_are_examples() -> None:
    assert len(_EXAMPLES) >= 12


def test_every_spelling_that_the_page_lists_is_one() -> None:
    table = _PAGE.partition("## Other spellings")[2].partition("## Ids")[0]
    written = [
        re.findall(r"`(\w+)`", row.split("|")[1]) for row in table.splitlines() if row.startswith("| `")
    ]
    words = {word for row in written for word in row} - {"value", "other"}
    assert words <= set(SPELLINGS)
