"""One right entry for every type of rules, to be made wrong: no test forgets a type that is not in it."""

from __future__ import annotations

from collections.abc import Mapping

from veriport.domain.rules.describing import EXAMPLES
from veriport.domain.rules.vocabulary import CLASSES

#: With canonical types and names of parameters; every class has one, or ``EXAMPLES`` lacks it.
ENTRIES: Mapping[str, Mapping[str, object]] = {
    **{word: {**EXAMPLES.get(word, {}), "type": word} for word in CLASSES},
    "compare": {"type": "compare", "column": "a", "operator": "<", "other": "b"},
    "format": {"type": "format", "column": "a", "format": "email"},
    "contains": {"type": "contains", "column": "a", "text": "x"},
    "not_null": {"type": "not_null", "column": "a"},
    "unique": {"type": "unique", "columns": ["a"]},
    "referential_integrity": {
        "type": "referential_integrity",
        "columns": ["a"],
        "reference": "b.csv",
        "reference_columns": ["c"],
    },
}
