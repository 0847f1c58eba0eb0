"""Reasons that a Failure carries say themselves."""

from __future__ import annotations

import pytest

from veriport.domain.failures import Absent, InvalidExpression, NotMergeable


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (
            InvalidExpression("a >", "it ends too early"),
            "the expression 'a >' is not usable: it ends too early",
        ),
        (
            InvalidExpression("a > b >", "it ends too early", 7),
            "the expression 'a > b >' is not usable: it ends too early (at character 7)",
        ),
        (
            InvalidExpression("a" * 100, "too long"),
            f"the expression '{'a' * 77}...' is not usable: too long",
        ),
        (NotMergeable("a.unique", "no"), "the results of a.unique cannot be merged: no"),
        (Absent("checkpoint", "x"), "there is no checkpoint 'x'"),
        (Absent("checkpoint", "x", ("a", "b")), "there is no checkpoint 'x'; known: a, b"),
    ],
)
def test_a_reason_is_a_sentence(reason: object, text: str) -> None:
    assert str(reason) == text
