"""The page on semantics, the cases and the rules speak of the same things."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from veriport.domain.rules.reading import read_rules
from veriport.domain.rules.vocabulary import CLASSES
from veriport.testing.cases import Case, cases, groups

PAGE = (Path(__file__).parents[3] / "docs" / "semantics.md").read_text(encoding="utf-8")
#: A native rule means what its library says.
TYPES = [name for name in CLASSES if name != "native"]
PARAGRAPHS = [" ".join(paragraph.split()) for paragraph in PAGE.split("\n\n")]


def groups_in(text: str) -> set[str]:
    """What stands in ``*Cases: where, no rows.*``."""
    named = ",".join(re.findall(r"\*Cases: ([^*]+)\.\*", text))
    return {name.strip() for name in named.split(",") if name.strip()}


def types_of(paragraph: str) -> list[str]:
    """The rule types that a paragraph begins with, before a colon."""
    found = re.match(r"(?:`[a-z_]+`(?:, )?)+(?=:)", paragraph)
    return re.findall(r"`([a-z_]+)`", found.group()) if found else []


def test_every_group_of_cases_is_named_on_the_page() -> None:
    assert groups_in(" ".join(PARAGRAPHS)) == set(groups())


def test_every_type_of_rules_has_one_paragraph() -> None:
    types = [name for paragraph in PARAGRAPHS for name in types_of(paragraph)]
    also = {"iqr"}  # beside z_score, in its paragraph
    assert sorted([*types, *also]) == sorted(TYPES)


@pytest.mark.parametrize("name", TYPES)
def test_the_paragraph_of_a_type_names_its_cases(name: str) -> None:
    (paragraph,) = (each for each in PARAGRAPHS if name in [*types_of(each), *_in_passing(each)])
    assert name in groups_in(paragraph)


def _in_passing(paragraph: str) -> list[str]:
    return ["iqr"] if types_of(paragraph) == ["z_score"] else []


@pytest.mark.parametrize("name", TYPES)
def test_the_cases_of_a_type_are_about_it(name: str) -> None:
    mine = [case for case in cases() if case.name.startswith(f"{name}: ")]
    assert len(mine) > 1
    assert {type(rule).type for case in mine for rule in read_rules([_complete(case)]).unwrap()} == {name}


def _complete(case: Case) -> dict[str, object]:
    return {"reference": "there.parquet", **case.rule} if case.reference else dict(case.rule)


def test_every_case_has_a_name_of_its_own() -> None:
    names = [case.name for case in cases()]
    assert len(set(names)) == len(names)


def test_a_case_makes_its_table() -> None:
    for case in cases():
        assert list(case.frame().columns) == list(case.columns)
