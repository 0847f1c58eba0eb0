"""What rules mean, as small tables with the answer beside them; every engine must agree (docs/semantics.md).

Each case is one table, one rule and what measuring it gives. ``E`` stands for a rule that has no
meaning on that column: the domain refuses it before an engine is asked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    import polars as pl

NAN = float("nan")
REFUSED = "refused"  #: what a case expects where the rule has no meaning for the column


@frozen(kw_only=True)
class Case:
    """One table, one rule, one answer.

    ``columns`` maps names to values; ``types`` gives the Polars type of a column, by name, where the
    values do not tell it. ``rows`` are the failing rows, ``None`` where no row fails by itself.
    """

    name: str
    columns: Mapping[str, Sequence[object]]
    rule: Mapping[str, object]
    checked: int = 0
    rows: tuple[int, ...] = ()
    observed: object = None
    refused: bool = False
    types: Mapping[str, str] = field(factory=dict)

    def frame(self) -> pl.DataFrame:
        """The table as a Polars frame, from which any engine can load it."""
        import polars as pl  # noqa: PLC0415  # imported on use

        return pl.DataFrame(
            {
                name: pl.Series(name, list(values), dtype=_dtype(self.types.get(name)), strict=False)
                for name, values in self.columns.items()
            }
        )


def _dtype(name: str | None) -> pl.DataType | None:
    import polars as pl  # noqa: PLC0415  # imported on use

    if name is None:
        return None
    named: dict[str, pl.DataType] = {
        "datetime(us, UTC)": pl.Datetime("us", "UTC"),
        "datetime(us, Europe/Berlin)": pl.Datetime("us", "Europe/Berlin"),
        "decimal(10, 2)": pl.Decimal(10, 2),
        "list(int64)": pl.List(pl.Int64),
    }
    simple = {"float32": pl.Float32(), "uint8": pl.UInt8(), "uint64": pl.UInt64(), "int32": pl.Int32(), "int64": pl.Int64(),
              "categorical": pl.Categorical(), "string": pl.String(), "float64": pl.Float64(), "date": pl.Date(), "boolean": pl.Boolean()}  # fmt: skip
    return {**named, **simple}[name]


def cases() -> Iterator[Case]:
    """Every case, each with a name of its own."""
    for group, made in _GROUPS.items():
        for index, case in enumerate(made, start=1):
            yield Case(**{**{a: getattr(case, a) for a in _FIELDS}, "name": f"{group}: {case.name or index}"})


_FIELDS = ("columns", "rule", "checked", "rows", "observed", "refused", "types")


def _on(values: Sequence[object], rule: Mapping[str, object], checked: int, *rows: int, name: str = "", type_: str | None = None) -> Case:  # fmt: skip
    """A case about one column ``x``."""
    types = {} if type_ is None else {"x": type_}
    return Case(
        name=name,
        columns={"x": values},
        rule={"column": "x", **rule},
        checked=checked,
        rows=rows,
        types=types,
    )


def _refused(
    values: Sequence[object], rule: Mapping[str, object], name: str, type_: str | None = None
) -> Case:
    types = {} if type_ is None else {"x": type_}
    return Case(name=name, columns={"x": values}, rule={"column": "x", **rule}, refused=True, types=types)


def _table(columns: Mapping[str, Sequence[object]], rule: Mapping[str, object], checked: int, *rows: int, name: str = "", observed: object = None) -> Case:  # fmt: skip
    return Case(name=name, columns=columns, rule=rule, checked=checked, rows=rows, observed=observed)


_DAYS = [dt.date(2024, 1, 1), dt.date(2024, 1, 31), None, dt.date(2024, 2, 1)]
_TIMES = [dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 31, 12), None]  # noqa: DTZ001  # a column without zone
_ZONED = [dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.datetime(2024, 1, 1, 23, 30, tzinfo=dt.UTC), None]
_BIG = 2**53

_NOT_NULL = {"type": "not_null"}
_UNIQUE = {"type": "unique"}

_GROUPS: Mapping[str, tuple[Case, ...]] = {
    "not_null": (
        _on([1, None, 3], _NOT_NULL, 3, 1, name="a null fails"),
        _on([1.0, NAN], _NOT_NULL, 2, name="NaN is a value"),
        _on(["", " "], _NOT_NULL, 2, name="the empty text is a value"),
        _on([None, None], _NOT_NULL, 2, 0, 1, name="a column of nulls", type_="int64"),
        _on([None, None], _NOT_NULL, 2, 0, 1, name="a column of nulls without a type"),
        _on([], _NOT_NULL, 0, name="no rows", type_="int64"),
        _table({"x": [None, None, 1], "y": [1, 2, 3]}, {**_NOT_NULL, "column": "x", "where": "y > 1"}, 2, 1, name="where"),
    ),
    "unique": (
        _on([1, 2, 2, 3, 2], _UNIQUE, 5, 1, 2, 4, name="every row of a repeated value fails"),
        _on([1, None, None], _UNIQUE, 1, name="nulls are not checked"),
        _on([1, None, None, 1], {**_UNIQUE, "nulls": "fail"}, 4, 0, 1, 2, 3, name="nulls fail when told to"),
        _on([NAN, 1.0, NAN], _UNIQUE, 3, 0, 2, name="NaN equals NaN"),
        _on(["a", "A", "a "], _UNIQUE, 3, name="case and spaces count"),
        _on(["é", "e\u0301"], _UNIQUE, 2, name="texts are compared by code point"),
        _on([], _UNIQUE, 0, name="no rows", type_="string"),
        _on(["a", "b", "a"], _UNIQUE, 3, 0, 2, name="categories", type_="categorical"),
        _table({"a": [1, 1, 1, None], "b": [1, 2, 1, 1]}, {"columns": ["a", "b"], "type": "unique"}, 3, 0, 2, name="a combination"),
        _table({"a": [None, None], "b": [1, 1]}, {"columns": ["a", "b"], "type": "unique"}, 0, name="a null in a combination"),
        _table({"x": [1, 1, 1], "y": [1, 2, 2]}, {**_UNIQUE, "column": "x", "where": "y = 2"}, 2, 1, 2, name="where comes first"),
    ),
    "in_set": (
        _on(["a", "b", None], {"type": "in_set", "values": ["a"]}, 2, 1, name="nulls are not checked"),
        _on(["a", None], {"type": "in_set", "values": ["a"], "nulls": "fail"}, 2, 1, name="nulls fail when told to"),
        _on(["a", "A"], {"type": "in_set", "values": ["a"]}, 2, 1, name="case counts"),
        _on(["NO", "DE"], {"type": "in_set", "values": ["NO"]}, 2, 1, name="NO is a text"),
        _on([1, 2], {"type": "in_set", "values": [1, 2.5]}, 2, 1, name="an integer column and a fraction"),
        _on([_BIG, _BIG + 1], {"type": "in_set", "values": [_BIG + 1]}, 2, 0, name="integers beyond 2**53"),
        _on([1.5, NAN], {"type": "in_set", "values": [1.5]}, 2, 1, name="NaN is in no set"),
        _on([True, False], {"type": "in_set", "values": [True]}, 2, 1, name="booleans"),
        _on(_DAYS, {"type": "in_set", "values": ["2024-01-01"]}, 3, 1, 3, name="dates as ISO text"),
        _on(["a", "b"], {"type": "in_set", "values": ["a"]}, 2, 1, name="categories", type_="categorical"),
        _on([Decimal("1.10"), Decimal("1.20")], {"type": "in_set", "values": [1.1]}, 2, 1, name="decimals", type_="decimal(10, 2)"),
        _on([200, 3], {"type": "in_set", "values": [200, 300]}, 2, 1, name="a value that the column cannot hold", type_="uint8"),
        _refused([1, 2], {"type": "in_set", "values": ["1"]}, "texts on numbers"),
        _refused(["1"], {"type": "in_set", "values": [1]}, "numbers on texts"),
        _refused([1], {"type": "in_set", "values": [True]}, "a boolean on numbers"),
    ),
    "not_in_set": (
        _on(["a", "b", None], {"type": "not_in_set", "values": ["a"]}, 2, 0, name="nulls are not checked"),
        _on([1.0, NAN], {"type": "not_in_set", "values": [1]}, 2, 0, name="NaN is in no set"),
    ),
    "in_range": (
        _on([1, 2, 3, None], {"type": "in_range", "min": 2, "max": 3}, 3, 0, name="both ends belong"),
        _on([1, 2, 3], {"type": "in_range", "min": 1, "max": 3, "inclusive": "neither"}, 3, 0, 2, name="neither end"),
        _on([1, 2, 3], {"type": "in_range", "min": 1, "max": 3, "inclusive": "left"}, 3, 2, name="the left end"),
        _on([1, 2, 3], {"type": "in_range", "min": 1, "max": 3, "inclusive": "right"}, 3, 0, name="the right end"),
        _on([1, 2], {"type": "in_range", "min": 1.5}, 2, 0, name="a fraction on integers"),
        _on([1, 2], {"type": "in_range", "min": 1.0, "inclusive": "neither"}, 2, 0, name="an open whole end on integers"),
        _on([NAN, 1.0], {"type": "in_range", "min": 0}, 2, 0, name="NaN is in no range, min"),
        _on([NAN, 1.0], {"type": "in_range", "max": 2}, 2, 0, name="NaN is in no range, max"),
        _on([float("inf"), -1e308], {"type": "in_range", "min": 0}, 2, 1, name="infinity"),
        _on([_BIG, _BIG + 1], {"type": "in_range", "max": _BIG}, 2, 1, name="integers beyond 2**53"),
        _on([1, 255], {"type": "in_range", "min": -1, "max": 300}, 2, name="ends that the column cannot hold", type_="uint8"),
        _on([1, 255], {"type": "in_range", "min": 300}, 2, 0, 1, name="an end above all", type_="uint8"),
        _on([0, 2**64 - 1], {"type": "in_range", "max": 2**63}, 2, 1, name="unsigned integers", type_="uint64"),
        _on([0.1, 0.2], {"type": "in_range", "max": 0.1}, 2, 1, name="a bound of the column's own width", type_="float32"),
        _on([Decimal("0.10"), Decimal("0.11")], {"type": "in_range", "max": 0.1}, 2, 1, name="decimals are exact", type_="decimal(10, 2)"),
        _on(_DAYS, {"type": "in_range", "min": "2024-01-02", "max": "2024-01-31"}, 3, 0, 3, name="dates"),
        _on(_TIMES, {"type": "in_range", "max": "2024-01-31"}, 2, 1, name="a day is its midnight"),
        _on(_ZONED, {"type": "in_range", "max": "2024-01-02T00:00:00+01:00"}, 2, 1, name="zones are compared as instants", type_="datetime(us, UTC)"),
        _on(["2024-01-01", "b", None], {"type": "in_range", "min": "a"}, 2, 0, name="texts by code point"),
        _on([dt.time(8), dt.time(20)], {"type": "in_range", "min": "09:00"}, 2, 0, name="times of day"),
        _on([dt.timedelta(seconds=1), dt.timedelta(minutes=2)], {"type": "in_range", "max": 60}, 2, 1, name="durations in seconds"),
        _refused(_TIMES, {"type": "in_range", "min": "2024-01-01T00:00:00Z"}, "a zone where the column has none"),
        _refused(_ZONED, {"type": "in_range", "min": "2024-01-01"}, "no zone where the column has one", "datetime(us, UTC)"),
        _refused(["1"], {"type": "in_range", "min": 0}, "numbers on texts"),
        _refused([1], {"type": "in_range", "min": "a"}, "texts on numbers"),
        _refused([True], {"type": "in_range", "min": 0}, "booleans have no order"),
    ),
    "regex": (
        _on(["ab", "xaby", None, "b"], {"type": "regex", "pattern": "ab"}, 3, 3, name="it is searched"),
        _on(["ab", "xab"], {"type": "regex", "pattern": "^ab$"}, 2, 1, name="anchored"),
        _on(["ab\n"], {"type": "regex", "pattern": "^ab$"}, 1, 0, name="$ is the very end"),
        _on(["1", "١"], {"type": "regex", "pattern": r"^\d$"}, 2, 1, name="\\d is ASCII"),
        _on(["é", "e"], {"type": "regex", "pattern": r"^\w$"}, 2, 0, name="\\w is ASCII"),
        _on(["é", "日本"], {"type": "regex", "pattern": "^.$"}, 2, 1, name=". is a character, not a byte"),
        _on(["a\nb"], {"type": "regex", "pattern": "a.b"}, 1, 0, name=". is not a line feed"),
        _on([""], {"type": "regex", "pattern": "^$"}, 1, name="the empty text"),
        _on(["a", "b"], {"type": "regex", "pattern": "a"}, 2, 1, name="categories", type_="categorical"),
        _refused([1], {"type": "regex", "pattern": "1"}, "numbers have no characters"),
    ),
    "length": (
        _on(["", "a", "ab", None], {"type": "length", "min": 1, "max": 1}, 3, 0, 2, name="both ends belong"),
        _on(["日本", "👍🏽"], {"type": "length", "max": 2}, 2, name="code points, not bytes"),
        _on([[1], [], None], {"type": "length", "min": 1}, 2, 1, name="items of a list", type_="list(int64)"),
        _refused([12], {"type": "length", "min": 1}, "numbers have no length"),
    ),
    "compare": (
        _table({"a": [1, 2, None, 3], "b": [2, 2, 1, None]}, {"column": "a", "type": "less_than", "other": "b"}, 2, 1, name="a null on either side is not checked"),
        _table({"a": [1, 2, None], "b": [1, 1, 1]}, {"column": "a", "type": "equal", "other": "b", "nulls": "fail"}, 3, 1, 2, name="nulls fail when told to"),
        _table({"a": [1, NAN, 1], "b": [0.5, 0.5, NAN]}, {"column": "a", "type": "greater_than", "other": "b"}, 3, 1, 2, name="NaN compares with nothing"),
        _table({"a": ["a", "b"], "b": ["b", "a"]}, {"column": "a", "type": "less_than", "other": "b"}, 2, 1, name="texts"),
    ),
    "expression": (
        _table({"a": [1, 2, None], "b": [2, 1, 1]}, {"type": "expression", "expression": "a < b"}, 2, 1, name="NULL is not checked"),
        _table({"a": [1, 2, None], "b": [2, 1, 1]}, {"type": "expression", "expression": "a < b", "nulls": "fail"}, 3, 1, 2, name="NULL fails when told to"),
        _table({"a": [None, 1]}, {"type": "expression", "expression": "a IS NOT NULL"}, 2, 0, name="IS NULL is never NULL"),
        _table({"a": [1, 3], "b": [2, 2]}, {"type": "expression", "expression": "a / b > 1"}, 2, 0, name="a quotient is not rounded"),
        _table({"a": [1, 1], "b": [0, 1]}, {"type": "expression", "expression": "a / b = 1"}, 1, name="a division by zero is NULL"),
        _table({"a": [None, True]}, {"type": "expression", "expression": "a OR TRUE"}, 2, name="NULL OR TRUE is TRUE"),
        _table({"s": ["a%", "ab"]}, {"type": "expression", "expression": "s LIKE 'a_'"}, 2, name="LIKE"),
        _table({"d": _DAYS}, {"type": "expression", "expression": "d < '2024-02-01'"}, 3, 3, name="a text beside a date is a date"),
        _table({'a "b".c': [1, 2]}, {"type": "expression", "expression": '"a ""b"".c" = 1'}, 2, 1, name="a name with quotes and dots"),
        _table({"👍": [1, None]}, {"column": "👍", "type": "not_null"}, 2, 1, name="a name of an emoji"),
    ),
    "row_count": (
        _table({"a": [1, 2]}, {"type": "row_count", "min": 3}, 2, observed=2, name="rows"),
        _table({"a": [1, 2, None]}, {"type": "row_count", "max": 1, "where": "a > 1"}, 1, observed=1, name="rows where TRUE"),
        _table({"a": []}, {"type": "row_count", "min": 0}, 0, observed=0, name="no rows"),
    ),
}  # fmt: skip
