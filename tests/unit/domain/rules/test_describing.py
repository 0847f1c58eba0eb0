"""Each rule type is described, with an example that can be read."""

from __future__ import annotations

import pytest
from attrs import fields

from veriport.domain.rules.base import OPTIONS
from veriport.domain.rules.describing import EXAMPLES, describe, options, readings
from veriport.domain.rules.reading import read_rule
from veriport.domain.rules.vocabulary import CLASSES, SPELLINGS


def test_every_type_has_an_example_and_no_other_has() -> None:
    assert EXAMPLES.keys() == CLASSES.keys()


@pytest.mark.parametrize("name", CLASSES)
def test_the_example_is_one_of_the_type(name: str) -> None:
    assert {rule.type for rule in read_rule(EXAMPLES[name]).unwrap()} == {name}


@pytest.mark.parametrize("name", CLASSES)
def test_everything_is_explained(name: str) -> None:
    description = describe(CLASSES[name])
    assert description.meaning
    assert description.nulls
    assert all(parameter.meaning for parameter in description.parameters)
    own = {attribute.name for attribute in fields(CLASSES[name])} - {*OPTIONS}
    assert {parameter.name for parameter in description.parameters} == own


def test_the_options_of_every_rule_are_explained() -> None:
    assert [option.name for option in options()] == [*OPTIONS]
    assert all(option.meaning for option in options())


@pytest.mark.parametrize("word", SPELLINGS)
def test_every_word_belongs_to_a_type(word: str) -> None:
    types = {spelling.rule.type for spelling in SPELLINGS[word]}
    assert types <= CLASSES.keys()
    assert bool(list(readings(word))) is (types != {word})
