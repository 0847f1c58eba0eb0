"""What engines report, and samples that show nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veriport.domain.measurements import MASK, Sample
from veriport.testing.strategies import rules, samples


def test_a_masked_sample_shows_no_value_of_the_rule() -> None:
    sample = Sample(row=3, key={"id": 1, "email": "x@y.z"}, values={"email": "x@y.z", "name": None})
    assert sample.masked() == Sample(
        row=3, key={"id": 1, "email": MASK}, values={"email": MASK, "name": MASK}
    )


@given(st.data())
def test_masking_twice_is_masking_once(data: st.DataObject) -> None:
    sample = data.draw(samples(data.draw(rules())))
    assert sample.masked().masked() == sample.masked()


def test_a_sample_does_not_change_with_what_it_was_made_of() -> None:
    values = {"a": 1}
    sample = Sample(values=values)
    values["a"] = 2
    assert sample.values == {"a": 1}


def test_a_sample_cannot_be_changed() -> None:
    with pytest.raises(TypeError, match="does not support item assignment"):
        Sample(values={"a": 1}).values["a"] = 2  # type: ignore[index]  # wrong on purpose
