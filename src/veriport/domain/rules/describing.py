"""Each rule type in words, made from its class: for ``veriport rules TYPE`` and for the documentation."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping

from attrs import NOTHING, Attribute, fields, frozen

from veriport.domain.rules.base import OPTIONS, Rule, Shape
from veriport.domain.rules.native import Native
from veriport.domain.rules.rows import Duplicate, RowsComplete, RowUnique
from veriport.domain.rules.values import NotNull, Null
from veriport.domain.rules.vocabulary import SPELLINGS, Spelling


@frozen
class Parameter:
    """A parameter: its name, whether it must be written, what it means, its other spellings."""

    name: str
    required: bool
    meaning: str
    aliases: tuple[str, ...]


@frozen
class Description:
    """A rule type: its canonical name, meaning, parameters, what nulls mean to it, and an example."""

    type: str
    meaning: str
    parameters: tuple[Parameter, ...]
    nulls: str
    example: Mapping[str, object]
    spellings: tuple[str, ...]


def describe(rule: type[Rule]) -> Description:
    """The description of a rule class."""
    own = [attribute for attribute in fields(rule) if attribute.name not in OPTIONS]
    return Description(
        type=rule.type,
        meaning=(inspect.getdoc(rule) or "").replace("``", "`"),
        parameters=tuple(_parameter(attribute) for attribute in own),
        nulls=_nulls(rule),
        example=EXAMPLES[rule.type],
        spellings=tuple(sorted(word for word, choices in SPELLINGS.items() if _means(word, choices, rule))),
    )


def options() -> tuple[Parameter, ...]:
    """The options that every rule has."""
    return tuple(_parameter(attribute) for attribute in fields(Rule))


def readings(word: str) -> Iterator[str]:
    """How a word that is no type of its own is read, a sentence for each way."""
    for spelling in SPELLINGS[word]:
        if spelling.rule.type != word:
            yield _reading(word, spelling)


def _reading(word: str, spelling: Spelling) -> str:
    given = f", where {spelling.given[0]!r} is given" if spelling.given else ""
    renamed = (f"{other!r} is {name!r}" for other, name in spelling.renamed.items())
    fixed = (f"{name!r} is {value}" for name, value in spelling.fixed.items() if value is not None)
    details = ", ".join([*renamed, *fixed])
    return f"{word!r} is read as {spelling.rule.type!r}{given}{details and f': {details}'}"


def _parameter(attribute: Attribute[object]) -> Parameter:
    names = (*attribute.metadata.get("singular", ()), *attribute.metadata.get("aliases", ()))
    meaning = str(attribute.metadata.get("doc", ""))
    return Parameter(attribute.name, attribute.default is NOTHING, meaning, names)


def _means(word: str, choices: tuple[Spelling, ...], rule: type[Rule]) -> bool:
    return word != rule.type and any(choice.rule is rule for choice in choices)


def _nulls(rule: type[Rule]) -> str:
    if issubclass(rule, NotNull | Null | RowsComplete):
        return "Nulls are what it is about: every row is checked."
    if issubclass(rule, Native):
        return "What a null means is the library's."
    if issubclass(rule, Duplicate):
        return "A null equals a null; every row is checked."
    if issubclass(rule, RowUnique):
        return "Nulls are passed over; a row with fewer than two values is not checked."
    return _BY_SHAPE[rule.shape]


_BY_SHAPE = {
    Shape.ROWS: "A row with a null is not checked; `nulls: fail` makes it break the rule.",
    Shape.VALUE: "The value is made of what is not null, unless it counts nulls or rows.",
    Shape.SCHEMA: "It reads no rows.",
}

#: One example for each type, in the mapping form.
EXAMPLES: Mapping[str, Mapping[str, object]] = {
    "not_null": {"column": ["id", "customer"], "type": "not_null"},
    "null": {"column": "deleted_at", "type": "null"},
    "unique": {"column": "id", "type": "unique"},
    "in_set": {"column": "status", "type": "in_set", "values": ["new", "paid", "shipped"]},
    "not_in_set": {"column": "country", "type": "not_in_set", "values": ["XX"]},
    "in_range": {"column": "age", "type": "in_range", "min": 0, "max": 150},
    "not_in_range": {"column": "code", "type": "not_in_range", "min": 900, "max": 999},
    "compare": {"column": "shipped", "type": "greater_or_equal", "other": "created"},
    "regex": {"column": "sku", "type": "regex", "pattern": "^[A-Z]{2}-[0-9]{4}$"},
    "not_regex": {"column": "comment", "type": "not_regex", "pattern": "(?i)lorem ipsum"},
    "like": {"column": "sku", "type": "like", "pattern": "AB-%"},
    "not_like": {"column": "email", "type": "not_like", "pattern": "%@example.com"},
    "contains": {"column": "url", "type": "starts_with", "value": "https://"},
    "length": {"column": "country", "type": "length", "min": 2, "max": 2},
    "format": {"column": "email", "type": "email"},
    "datetime_format": {"column": "day", "type": "datetime_format", "format": "%d.%m.%Y"},
    "json_schema": {
        "column": "payload",
        "type": "json_schema",
        "schema": {"type": "object", "required": ["id"]},
    },
    "not_future": {"column": "created", "type": "not_future"},
    "not_past": {"column": "due", "type": "not_past"},
    "monotonic": {"column": "sequence", "type": "monotonic", "direction": "increasing", "strictly": True},
    "z_score": {"column": "amount", "type": "z_score", "threshold": 4, "mostly": 0.999},
    "iqr": {"column": "amount", "type": "iqr", "factor": 3, "mostly": 0.99},
    "expression": {"type": "expression", "expression": "shipped >= created"},
    "duplicate": {"type": "duplicate"},
    "pair_in_set": {
        "columns": ["country", "currency"],
        "type": "pair_in_set",
        "values": [["DE", "EUR"], ["GB", "GBP"]],
    },
    "rows_complete": {"columns": ["street", "city"], "type": "rows_complete"},
    "row_sum": {"columns": ["share_a", "share_b"], "type": "row_sum", "min": 0.99, "max": 1.01},
    "row_unique": {"columns": ["home", "away"], "type": "row_unique"},
    "referential_integrity": {
        "column": "customer",
        "type": "referential_integrity",
        "reference": "customers.csv",
        "reference_column": "id",
    },
    "aggregate": {"column": "amount", "type": "aggregate", "of": "mean", "min": 10, "max": 1000},
    "distinct_set": {
        "column": "status",
        "type": "distinct_set",
        "values": ["new", "paid"],
        "relation": "superset",
    },
    "mode_in_set": {"column": "country", "type": "mode_in_set", "values": ["DE", "FR"]},
    "correlation": {"columns": ["height", "weight"], "type": "correlation", "min": 0.5},
    "row_count": {"type": "row_count", "min": 1},
    "row_count_match": {"type": "row_count_match", "reference": "yesterday.parquet", "tolerance": 0.1},
    "column_exists": {"column": "id", "type": "column_exists"},
    "dtype": {"column": "id", "type": "dtype", "dtype": "integer"},
    "column_count": {"type": "column_count", "min": 5, "max": 5},
    "columns_set": {"type": "columns_set", "columns": ["id", "amount"], "exact": False},
    "columns_ordered": {"type": "columns_ordered", "columns": ["id", "amount"]},
    "schema": {"type": "schema", "schema": {"id": "int64", "amount": "numeric"}},
    "freshness": {"column": "created", "type": "freshness", "max_age": "24h"},
    "native": {
        "type": "native",
        "name": "expect_column_values_to_be_dateutil_parseable",
        "parameters": {"column": "created", "mostly": 0.9},
    },
}
