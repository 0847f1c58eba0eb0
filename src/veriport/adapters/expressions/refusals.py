"""Why a text is not a condition of the dialect: the refusal on its way out of a parser, and its words."""

from __future__ import annotations

from collections.abc import Mapping


class Refused(Exception):
    """``why`` in words, and the 1-based ``position`` of the character at fault, 0 when unknown."""

    def __init__(self, why: str, position: int = 0) -> None:
        super().__init__(why)
        self.why = why
        self.position = position


def _each(words: str, why: str) -> Mapping[str, str]:
    return dict.fromkeys(words.split(), why)


NO_QUERY = "queries and statements are not available: a condition sees one row"
_ONE_ROW = "aggregates and window functions are not available: a condition sees one row"
NO_CLOCK = "what the moment of the run decides is not available: write a constant, as in DATE '2024-06-30'"

#: Words that begin what is no condition.
STATEMENTS = frozenset(
    _each("ALTER CREATE DELETE DROP FROM INSERT MERGE SELECT UNION UPDATE VALUES WITH", "")
)

#: Functions that people will try, with what to write instead.
FUNCTION_HINTS: Mapping[str, str] = {
    **_each("any_value avg count first last max median min mode rank row_number stddev sum", _ONE_ROW),
    **_each("now today rand random uuid getdate sysdate", NO_CLOCK),
    "concat": "concat is not available: write a || b, which is NULL with a NULL",
    "date": "date is not available: write CAST(... AS DATE)",
    "timestamp": "timestamp is not available: write CAST(... AS TIMESTAMP)",
    "greatest": "greatest is not available: write CASE WHEN a > b THEN a ELSE b END",
    "least": "least is not available: write CASE WHEN a < b THEN a ELSE b END",
}

#: Options of a node of sqlglot's tree, by their name there.
OPTION_HINTS: Mapping[str, str] = {
    "table": 'a column stands for itself, without a table: if the dot is in its name, write "..." around it',
    "query": NO_QUERY,
    "unnest": "IN takes a list in parentheses",
    "field": "IN takes a list in parentheses",
}

#: Nodes of sqlglot's tree, by the name of their class, since not every version has all of them.
NODE_HINTS: Mapping[str, str] = {
    **_each("All Any Exists Lateral Select Subquery Table Union Unnest With", NO_QUERY),
    **_each("Distinct Filter IgnoreNulls Order RespectNulls Window WithinGroup", _ONE_ROW),
    **_each("Array Bracket JSONExtract Lambda Map Struct Tuple", "lists and structs are not available"),
    "Collate": "COLLATE is not available",
    "Concat": "texts side by side are not available: write a || b",
    "Dot": OPTION_HINTS["table"],
    "Escape": "LIKE ... ESCAPE is not available: use contains, starts_with, ends_with or regexp_like",
    "IntDiv": "DIV is not available: write floor(a / b)",
    "Interval": "intervals are not available",
    "SimilarTo": "SIMILAR TO is not available: use regexp_like",
    "Star": "* is not available: name a column",
}
