"""Columns of every family, for the objections of rules."""

from __future__ import annotations

from veriport.domain.types import Column, DataType, Family

NUMBERS = frozenset({Family.INTEGER, Family.FLOAT, Family.DECIMAL})
TEXTS = frozenset({Family.STRING, Family.CATEGORICAL})
NESTED = frozenset({Family.LIST, Family.STRUCT})
NOTHING = frozenset({Family.NULL})  #: a column without a type fits every rule


def columns(family: Family, *names: str, untyped: bool = False) -> dict[str, Column]:
    """Columns of one family, by default one that is called ``a``."""
    return {name: Column(name, DataType(family, family.value), untyped=untyped) for name in names or ("a",)}
