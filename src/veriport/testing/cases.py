"""What rules mean, as small tables with the answer beside them; every engine must agree (docs/semantics.md).

Each case is one table, one rule and what checking it gives. A ``refused`` one has no meaning on that
column: the domain says so before an engine is asked, or the engine does.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

if TYPE_CHECKING:
    import polars as pl

NAN = float("nan")
INF = float("inf")
NOW = dt.datetime(2024, 1, 31, 12, tzinfo=dt.UTC)  #: the moment of every check


@frozen(kw_only=True)
class Case:
    """One table, one rule, one answer.

    ``columns`` maps names to values; ``types`` gives the type of a column, by name, where the values do
    not tell it (see ``dtype_named``). ``rows`` are the failing rows. ``observed`` and ``shown`` (the
    values in samples that stand in no row) are for rules about one value. ``passes`` says whether the
    rule holds, where that is not a matter of ``rows`` alone. ``reference`` is the other data set of a
    rule that has one: its ``reference`` is written by who runs the case. ``needs`` is a module.
    """

    name: str
    columns: Mapping[str, Sequence[object]]
    rule: Mapping[str, object]
    checked: int = 0
    rows: tuple[int, ...] = ()
    observed: object = None
    shown: tuple[object, ...] = ()
    passes: bool | None = None
    refused: bool = False
    types: Mapping[str, str] = field(factory=dict)
    reference: Case | None = None
    needs: str = ""
    now: dt.datetime = NOW

    @property
    def holds(self) -> bool:
        """Whether the rule passes."""
        return not self.rows if self.passes is None else self.passes

    def frame(self) -> pl.DataFrame:
        """The table as a Polars frame, from which any engine can load it."""
        import polars as pl  # noqa: PLC0415  # imported on use

        frame = pl.DataFrame(
            {
                str(place): pl.Series(
                    list(values), dtype=dtype_named(self.types.get(name)), strict=name in self.types
                )
                for place, (name, values) in enumerate(self.columns.items())
            }
        )
        frame.columns = list(self.columns)  # the constructor takes some names for patterns
        return frame


def dtype_named(name: str | None) -> pl.DataType | None:
    """The Polars type of a name: ``int8``, ``datetime(ms, UTC)``, ``decimal(10, 2)``, ``list(int64)``,
    ``struct(a: int64)``, ``enum(b, a)``; ``None`` for ``None``.
    """  # noqa: D205  # one sentence
    import polars as pl  # noqa: PLC0415  # imported on use

    if name is None:
        return None
    head, _, inside = name.removesuffix(")").partition("(")
    parts = re.split(r",\s*", inside)
    made: dict[str, pl.DataType] = {
        **{f"int{bits}": getattr(pl, f"Int{bits}")() for bits in (8, 16, 32, 64, 128)},
        **{f"uint{bits}": getattr(pl, f"UInt{bits}")() for bits in (8, 16, 32, 64)},
        "float32": pl.Float32(), "float64": pl.Float64(), "boolean": pl.Boolean(), "string": pl.String(),
        "categorical": pl.Categorical(), "binary": pl.Binary(), "date": pl.Date(), "time": pl.Time(),
        "null": pl.Null(),
    }  # fmt: skip
    match head:
        case "datetime":
            return pl.Datetime(parts[0], parts[1] if len(parts) > 1 else None)  # type: ignore[arg-type]  # a unit
        case "duration":
            return pl.Duration(parts[0])  # type: ignore[arg-type]  # a unit
        case "decimal":
            return pl.Decimal(*map(int, parts))
        case "enum":
            return pl.Enum(parts)
        case "list":
            return pl.List(dtype_named(inside) or pl.Null())
        case "array":
            return pl.Array(dtype_named(parts[0]) or pl.Null(), int(parts[1]))
        case "struct":
            named = (part.partition(": ") for part in parts)
            return pl.Struct({key: dtype_named(kind) or pl.Null() for key, _, kind in named})
        case _:
            return made[name]


def cases() -> Iterator[Case]:
    """Every case, each with a name of its own that begins with its group."""
    for group, made in _GROUPS.items():
        for case in made:
            yield evolve(case, name=f"{group}: {case.name}")


def groups() -> tuple[str, ...]:
    """What the cases are about: types of rules, and what concerns them all."""
    return tuple(_GROUPS)


def _types(type_: str | None) -> Mapping[str, str]:
    return {} if type_ is None else {"x": type_}


def _on(
    values: Sequence[object], rule: Mapping[str, object], checked: int, *rows: int,
    name: str, type_: str | None = None, passes: bool | None = None, needs: str = "",
) -> Case:  # fmt: skip
    """A rule about the rows of one column ``x``."""
    return Case(
        name=name,
        columns={"x": values},
        rule={"column": "x", **rule},
        checked=checked,
        rows=rows,
        types=_types(type_),
        passes=passes,
        needs=needs,
    )


def _value(
    values: Sequence[object], rule: Mapping[str, object], checked: int, observed: object = None,
    *shown: object, passes: bool, name: str, type_: str | None = None,
) -> Case:  # fmt: skip
    """A rule about one value made of the column ``x``."""
    return Case(
        name=name,
        columns={"x": values},
        rule={"column": "x", **rule},
        checked=checked,
        observed=observed,
        shown=shown,
        passes=passes,
        types=_types(type_),
    )


def _made(
    of: str, values: Sequence[object], checked: int, observed: object, name: str, type_: str | None = None,
    **more: object,
) -> Case:  # fmt: skip
    """An aggregate that is exactly as large as allowed, and one that has no value."""
    bounds = {} if "min" in more or "max" in more else {"min": observed or 0, "max": observed or 0}
    passes = bool(more.pop("passes", True))
    rule = {"type": "aggregate", "of": of, **bounds, **more}
    return _value(values, rule, checked, observed, passes=passes, name=f"{of}, {name}", type_=type_)


def _refused(
    values: Sequence[object], rule: Mapping[str, object], name: str, type_: str | None = None
) -> Case:
    return Case(
        name=name, columns={"x": values}, rule={"column": "x", **rule}, refused=True, types=_types(type_)
    )


def _table(
    columns: Mapping[str, Sequence[object]], rule: Mapping[str, object], checked: int, *rows: int,
    name: str, observed: object = None, passes: bool | None = None, types: Mapping[str, str] | None = None,
) -> Case:  # fmt: skip
    """A rule about several columns."""
    return Case(
        name=name,
        columns=columns,
        rule=rule,
        checked=checked,
        rows=rows,
        observed=observed,
        passes=passes,
        types=types or {},
    )


def _refused_table(
    columns: Mapping[str, Sequence[object]], rule: Mapping[str, object], name: str,
    types: Mapping[str, str] | None = None,
) -> Case:  # fmt: skip
    return Case(name=name, columns=columns, rule=rule, refused=True, types=types or {})


def _schema(
    rule: Mapping[str, object], observed: object, *, passes: bool, name: str, types: Mapping[str, str] | None = None
) -> Case:  # fmt: skip
    """A rule about a table of an integer ``id`` and a text ``name``, or of the given types."""
    return Case(
        name=name,
        columns=dict.fromkeys(types or _ID_NAME, ()),
        types=types or _ID_NAME,
        rule=rule,
        observed=observed,
        passes=passes,
    )


_ID_NAME = {"id": "int64", "name": "string"}


def _refers(
    columns: Mapping[str, Sequence[object]], there: Mapping[str, Sequence[object]], rule: Mapping[str, object],
    checked: int, *rows: int, name: str, refused: bool = False, observed: object = None, passes: bool | None = None,
    types: Mapping[str, str] | None = None, types_there: Mapping[str, str] | None = None,
) -> Case:  # fmt: skip
    """A rule about a table beside another one."""
    other = Case(name="", columns=there, rule={}, types=types_there or {})
    return Case(
        name=name,
        columns=columns,
        rule=rule,
        checked=checked,
        rows=rows,
        refused=refused,
        observed=observed,
        passes=passes,
        types=types or {},
        reference=other,
    )


def _day(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


_DAYS = [dt.date(2024, 1, 1), dt.date(2024, 1, 31), None, dt.date(2024, 2, 1)]
_TIMES = [_day("2024-01-01"), _day("2024-01-31T12:00"), None]
_ZONED = [_day("2024-01-01T00:00Z"), _day("2024-01-01T23:30Z"), None]
_AROUND_NOW = [_day("2024-01-31T11:59:59.999999"), _day("2024-01-31T12:00"), _day("2024-01-31T12:00:00.000001"), None]  # fmt: skip
_AROUND_TODAY = [dt.date(2024, 1, 30), dt.date(2024, 1, 31), dt.date(2024, 2, 1), None]
_BIG = 2**53
_UTC, _BERLIN = "datetime(us, UTC)", "datetime(us, Europe/Berlin)"
#: Half past two happened twice in that night: at 00:30 and at 01:30 in UTC.
_TWICE = [_day("2024-10-27T00:30Z"), _day("2024-10-27T01:30Z")]
_SECONDS = [dt.timedelta(seconds=1), dt.timedelta(minutes=2), None]
_CENTS = [Decimal("0.10"), Decimal("0.11"), None]

_NOT_NULL = {"type": "not_null"}
_UNIQUE = {"type": "unique"}
_DUPLICATE = {"type": "duplicate"}
_SET = {"type": "in_set"}
_RANGE = {"type": "in_range"}
_COMPARE = {"column": "a", "other": "b"}
_AGGREGATE = {"type": "aggregate"}
_RISING = {"type": "monotonic"}
_KEY = {"type": "referential_integrity", "columns": ["a"]}
_JSON = {"type": "json_schema", "schema": {"type": "object", "required": ["a"]}}


def _format(name: str, good: Sequence[str], bad: Sequence[str]) -> Case:
    numbers = range(len(good), len(good) + len(bad))
    return _on(
        [*good, *bad, None], {"type": "format", "format": name}, len(good) + len(bad), *numbers, name=name
    )


_GROUPS: Mapping[str, tuple[Case, ...]] = {
    # ---- what concerns all rules
    "where": (
        _table({"x": [None, None, 1], "y": [1, 2, 3]}, {**_NOT_NULL, "column": "x", "where": "y > 1"}, 2, 1, name="only rows where TRUE"),
        _table({"x": [None, None, None], "y": [1, None, 3]}, {**_NOT_NULL, "column": "x", "where": "y > 1"}, 1, 2, name="NULL is not TRUE"),
        _table({"x": [1, 1, 1], "y": [1, 2, 2]}, {**_UNIQUE, "column": "x", "where": "y = 2"}, 2, 1, 2, name="repeated among those"),
        _table({"x": [1, 9, 2], "y": [1, 2, 1]}, {**_RISING, "column": "x", "where": "y = 1"}, 2, name="the value before is one of those"),
        _table({"x": [1, 1, 1, 9], "y": [1, 1, 1, 2]}, {"type": "z_score", "column": "x", "threshold": 1, "where": "y = 1"}, 3, name="statistics of those"),
        _table({"x": [1, 2], "y": [1, 2]}, {**_AGGREGATE, "column": "x", "of": "sum", "max": 1, "where": "y = 1"}, 1, observed=1, passes=True, name="a value made of those"),
        _table({"x": ["a", "b"], "y": [1, 2]}, {"type": "distinct_set", "column": "x", "values": ["b"], "where": "y = 2"}, 1, observed=0, passes=True, name="values among those"),
    ),
    "mostly": (
        _on([*[1] * 9, None], {**_NOT_NULL, "mostly": 0.9}, 10, 9, passes=True, name="exactly at the share"),
        _on([*[1] * 89, *[None] * 11], {**_NOT_NULL, "mostly": 0.9}, 100, *range(89, 100), passes=False, name="just below it"),
        _on([*[1] * 7, *[9] * 3], {**_RANGE, "max": 5, "mostly": 0.7}, 10, 7, 8, 9, passes=True, name="0.7 is seven tenths"),
        _on([*[1] * 2, 9], {**_RANGE, "max": 5, "mostly": 0.6667}, 3, 2, passes=False, name="two thirds are less than 0.6667"),
        _on([1, 9, None, None], {**_RANGE, "max": 5, "mostly": 0.5}, 2, 1, passes=True, name="of the checked rows"),
        _on([9], {**_RANGE, "max": 5, "mostly": 0}, 1, 0, passes=True, name="none has to"),
        _on([1, 1, 2, 3], {**_UNIQUE, "mostly": 0.5}, 4, 0, 1, passes=True, name="rows of repeated values count each"),
    ),
    "nulls": (
        _on([1, None], {**_RANGE, "min": 1}, 1, name="are not checked"),
        _on([1, None], {**_RANGE, "min": 1, "nulls": "fail"}, 2, 1, name="fail when told to"),
        _on([None, None], {**_RANGE, "min": 1, "nulls": "fail"}, 2, 0, 1, name="a column of nulls", type_="int64"),
        _on([None, None], {**_RANGE, "min": 1}, 0, name="a column of nulls without a type"),
        _on([None, None], {"type": "regex", "pattern": "a"}, 0, name="a text rule on a column without a type"),
        _on([None, None], {**_SET, "values": ["a"], "nulls": "fail"}, 2, 0, 1, name="a set on a column without a type"),
        _table({"a": [1, None, None], "b": [1, 1, None]}, {**_UNIQUE, "columns": ["a", "b"], "nulls": "fail"}, 3, 1, 2, name="any of several columns"),
        _table({"a": [1, None, 3, None]}, {"type": "expression", "expression": "a > 1", "nulls": "fail"}, 4, 0, 1, 3, name="an expression that is NULL"),
        _on([3, None, 1], {**_RISING, "nulls": "fail"}, 3, 1, 2, name="beside an order"),
        _on([None, 1], {**_NOT_NULL, "nulls": "fail"}, 2, 0, name="not_null looks at them anyway"),
        _on([None, 1], {"type": "null", "nulls": "fail"}, 2, 1, name="null looks for them"),
    ),
    "no rows": (
        _on([], _NOT_NULL, 0, name="nothing is null", type_="int64"),
        _on([], _UNIQUE, 0, name="nothing is repeated", type_="string"),
        _on([], {**_RANGE, "min": 1, "mostly": 1}, 0, name="nothing is out of range", type_="float64"),
        _on([], _RISING, 0, name="nothing is out of order", type_="int64"),
        _on([], {"type": "z_score"}, 0, name="nothing is an outlier", type_="float64"),
        _table({"x": []}, {"type": "row_count", "min": 1}, 0, observed=0, passes=False, name="the count of nothing is 0"),
        _value([], {**_AGGREGATE, "of": "mean", "min": 1}, 0, None, passes=True, name="no mean", type_="float64"),
        _value([], {**_AGGREGATE, "of": "sum", "min": 1}, 0, None, passes=True, name="no sum", type_="int64"),
        _value([], {**_AGGREGATE, "of": "null_ratio", "max": 0}, 0, None, passes=True, name="no null ratio", type_="int64"),
        _value([], {**_AGGREGATE, "of": "null_count", "min": 1}, 0, 0, passes=False, name="no nulls", type_="int64"),
        _value([None], {**_AGGREGATE, "of": "distinct_count", "min": 1}, 0, 0, passes=False, name="no distinct values", type_="int64"),
        _value([None], {**_AGGREGATE, "of": "distinct_ratio", "min": 1}, 0, None, passes=True, name="no distinct ratio", type_="int64"),
        _value([None], {"type": "distinct_set", "values": [1, 2]}, 0, 2, passes=False, name="all values are missing", type_="int64"),
        _value([None], {"type": "mode_in_set", "values": [1]}, 0, None, passes=True, name="no most frequent value", type_="int64"),
        _value([None], {"type": "freshness", "max_age": "1d"}, 0, None, passes=False, name="nothing is fresh", type_="date"),
        _table({"a": [], "b": []}, {"type": "correlation", "columns": ["a", "b"], "min": 1}, 0, passes=True, name="no correlation", types={"a": "float64", "b": "float64"}),
    ),
    "no columns": (
        _table({}, {"type": "row_count", "max": 0}, 0, observed=0, passes=True, name="no rows"),
        _table({}, _DUPLICATE, 0, name="nothing twice"),
        _table({}, {"type": "rows_complete"}, 0, name="nothing incomplete"),
        _table({}, {"type": "column_count", "max": 0}, 0, observed=0, passes=True, name="none"),
        _refused_table({}, {**_NOT_NULL, "column": "x"}, "a column that is not there"),
    ),
    "names": (
        _table({'a "b".c': [1, 2]}, {"type": "expression", "expression": '"a ""b"".c" = 1'}, 2, 1, name="quotes and dots in SQL"),
        _table({"a.b": [1, None], "a": [1, 1]}, {**_NOT_NULL, "column": "a.b"}, 2, 1, name="a dot is part of it"),
        _table({"👍": [1, 1], "ä ö": [1, 2]}, {**_UNIQUE, "columns": ["👍"]}, 2, 0, 1, name="emoji"),
        _table({"^x.*$": [1, None], "x1": [1, 1]}, {**_NOT_NULL, "column": "^x.*$"}, 2, 1, name="no pattern"),
        _table({"*": [1, None], "x": [1, 1]}, {**_NOT_NULL, "column": "*"}, 2, 1, name="no star"),
        _table({"len": [1, 5], "select": [2, 2]}, {"type": "compare", "operator": "<", "column": "len", "other": "select"}, 2, 1, name="words of languages"),
        _table({" ": ["a", "b"], "\t": ["a", "a"]}, {"type": "row_unique", "columns": [" ", "\t"]}, 2, 0, name="nothing but white space"),
        _table({"X": [1, None], "x": [1, 1]}, {**_NOT_NULL, "column": "X"}, 2, 1, name="case counts"),
    ),
    # ---- values
    "wrong kinds": (
        _refused([1, 2], {**_SET, "values": ["1"]}, "texts beside numbers"),
        _refused(["1"], {**_SET, "values": [1]}, "numbers beside texts"),
        _refused([1], {**_SET, "values": [True]}, "a boolean beside numbers"),
        _refused([True], {**_SET, "values": [1]}, "a number beside booleans"),
        _refused(["1"], {**_RANGE, "min": 0}, "a number as bound of texts"),
        _refused([1], {**_RANGE, "min": "a"}, "a text as bound of numbers"),
        _refused([True], {**_RANGE, "min": 0}, "booleans have no range"),
        _refused([1], {"type": "regex", "pattern": "1"}, "numbers have no characters"),
        _refused(_DAYS, {"type": "regex", "pattern": "2024"}, "days have no characters"),
        _refused([1], {"type": "not_regex", "pattern": "a"}, "not_regex on numbers"),
        _refused([1], {"type": "like", "pattern": "1%"}, "like on numbers"),
        _refused([1], {"type": "contains", "text": "1"}, "contains on numbers"),
        _refused([12], {"type": "length", "min": 1}, "numbers have no length"),
        _refused([b"a"], {"type": "length", "min": 1}, "bytes have no length"),
        _refused([1], {"type": "format", "format": "email"}, "a format of numbers"),
        _refused([1], {"type": "datetime_format", "format": "%Y"}, "a year as a number"),
        _refused([1], {"type": "json_schema", "schema": {}}, "JSON in numbers"),
        _refused(["2024-01-01"], {"type": "not_future"}, "a day written as text"),
        _refused(["2024-01-01"], {"type": "freshness", "max_age": "1d"}, "an age of texts"),
        _refused(["a"], {**_AGGREGATE, "of": "mean", "min": 0}, "a mean of texts"),
        _refused([True], {**_AGGREGATE, "of": "sum", "min": 0}, "a sum of booleans"),
        _refused(_DAYS, {**_AGGREGATE, "of": "max", "max": 5}, "a number as bound of days"),
        _refused(["1"], {"type": "z_score"}, "outliers among texts"),
        _refused([True], _RISING, "an order of booleans"),
        _refused([[1]], _RISING, "an order of lists"),
        _refused([[1]], {**_SET, "values": [1]}, "a list in a set"),
        _refused([[1]], {**_AGGREGATE, "of": "distinct_count", "min": 1}, "distinct lists"),
        _refused([1], {"type": "distinct_set", "values": ["a"]}, "texts among numbers"),
        _refused([1], {"type": "mode_in_set", "values": ["a"]}, "a text as the most frequent number"),
        _refused_table({"a": [1], "b": ["1"]}, {"type": "compare", "operator": "==", **_COMPARE}, "a number and a text"),
        _refused_table({"a": [dt.date(2024, 1, 1)], "b": [_day("2024-01-01")]}, {"type": "compare", "operator": "==", **_COMPARE}, "a day and a time"),
        _refused_table({"a": [_day("2024-01-01")], "b": [_day("2024-01-01T00:00Z")]}, {"type": "compare", "operator": "==", **_COMPARE}, "with a zone and without"),
        _refused_table({"a": [[1]], "b": [[1]]}, {"type": "compare", "operator": "==", **_COMPARE}, "two lists"),
        _refused_table({"a": [1], "b": ["1"]}, {"type": "row_unique", "columns": ["a", "b"]}, "differences between kinds"),
        _refused_table({"a": [1], "b": ["1"]}, {"type": "row_sum", "columns": ["a", "b"], "min": 0}, "a sum with a text"),
        _refused_table({"a": [1], "b": ["1"]}, {"type": "correlation", "columns": ["a", "b"], "min": 0}, "a correlation with texts"),
        _refused_table({"a": [1], "b": ["1"]}, {"type": "pair_in_set", "columns": ["a", "b"], "values": [["1", "1"]]}, "a pair of other kinds"),
        _refused_table({"a": [1], "b": ["1"]}, {"type": "expression", "expression": "a = b"}, "an expression of two kinds"),
        _refused_table({"a": [True]}, {"type": "expression", "expression": "a > 0"}, "a truth value beside a number in an expression"),
        _refused_table({"a": _DAYS}, {"type": "expression", "expression": "a > 0"}, "a day beside a number in an expression"),
        _refused_table({"a": _SECONDS}, {"type": "expression", "expression": "a > 0"}, "a duration in an expression"),
        _refused_table({"a": _CENTS}, {"type": "expression", "expression": "a IN ('x')"}, "a decimal beside a text in an expression"),
        _refused_table({"a": _ZONED}, {"type": "expression", "expression": "a > DATE '2024-01-01'"}, "with a zone and without in an expression"),
        _refused_table({"a": [1]}, {"type": "not_null", "column": "a", "where": "a = TRUE"}, "a condition of two kinds"),
        _on([[1], None], _NOT_NULL, 2, 1, name="nulls among lists", type_="list(int64)"),
        _value([[1], None], {**_AGGREGATE, "of": "null_count", "max": 1}, 2, 1, passes=True, name="counted nulls among lists", type_="list(int64)"),
        _on([[1, None], [1, None], [1]], _UNIQUE, 3, 0, 1, name="lists of equal items", type_="list(int64)"),
        _on([{"a": 1, "b": "x"}, {"a": 1, "b": "x"}, {"a": 1, "b": None}], _UNIQUE, 3, 0, 1, name="structs of equal fields", type_="struct(a: int64, b: string)"),
    ),
    "NaN": (
        _on([1.0, NAN], _NOT_NULL, 2, name="is no null"),
        _on([NAN, 1.0], {**_RANGE, "min": 0}, 2, 0, name="is in no range, min"),
        _on([NAN, 1.0], {**_RANGE, "max": 2}, 2, 0, name="is in no range, max"),
        _on([NAN, 1.0], {**_RANGE, "min": 0, "max": 2}, 2, 0, name="is in no range, both"),
        _on([NAN, 1.0], {"type": "not_in_range", "max": 2}, 2, 1, name="so it is outside of each"),
        _on([1.5, NAN], {**_SET, "values": [1.5]}, 2, 1, name="is in no set"),
        _on([1.0, NAN], {"type": "not_in_set", "values": [1]}, 2, 0, name="so it is not in a set"),
        *(
            _table({"a": [1.0, NAN, 1.0, NAN], "b": [NAN, 1.0, 1.0, NAN]}, {"type": "compare", "operator": operator, **_COMPARE}, 4, 0, 1, *rest, name=f"compares with nothing, {operator}")
            for operator, rest in {"==": (3,), "!=": (2, 3), "<": (2, 3), "<=": (3,), ">": (2, 3), ">=": (3,)}.items()
        ),
        _on([NAN, 1.0, NAN], _UNIQUE, 3, 0, 2, name="equals itself"),
        _table({"a": [NAN, NAN, 1.0], "b": [1, 1, 1]}, _DUPLICATE, 3, 0, 1, name="equals itself in rows"),
        _table({"a": [NAN, 1.0], "b": [NAN, NAN]}, {"type": "row_unique", "columns": ["a", "b"]}, 2, 0, name="equals itself within a row"),
        _on([NAN, 1.0, 2.0, NAN, 3.0], _RISING, 5, 1, 3, 4, name="is in no order"),
        _on([1.0, 1.0, NAN], {"type": "z_score"}, 3, 2, name="is an outlier"),
        _on([1.0, 2.0, 3.0, NAN], {"type": "iqr"}, 4, 3, name="is outside of the fences"),
        *(
            _made(of, [1.0, NAN, 3.0], 3, "nan", "of a column with NaN", min=-9, max=9, passes=False)
            for of in ("min", "max", "sum", "mean", "median", "std", "variance", "skew", "kurtosis")
        ),
        _made("quantile", [1.0, NAN], 2, "nan", "of a column with NaN", q=0, min=-9, max=9, passes=False),
        _made("distinct_count", [NAN, NAN, 1.0], 3, 2, "NaN is one value"),
        _value([NAN, NAN, 1.0], {"type": "distinct_set", "values": [1]}, 3, 1, "nan", passes=False, name="is a value that is not listed"),
        _value([NAN, NAN, 1.0], {"type": "mode_in_set", "values": [1]}, 3, "nan", passes=False, name="may be the most frequent value"),
        _value([NAN, 5.0], {"type": "mode_in_set", "values": [1]}, 2, 5.0, passes=False, name="stands above all numbers"),
        _table({"a": [1.0, NAN, 3.0], "b": [1.0, 2.0, 3.0]}, {"type": "correlation", "columns": ["a", "b"], "min": -1}, 3, observed="nan", passes=False, name="correlates with nothing"),
        _table({"a": [1.0, 1.0], "b": [NAN, 1.0]}, {"type": "row_sum", "columns": ["a", "b"], "min": 0}, 2, 0, name="makes a sum NaN"),
        _table({"a": [1.0, NAN]}, {"type": "expression", "expression": "a > 0 OR a <= 0"}, 2, 1, name="in an expression"),
        _table({"a": [1.0, NAN]}, {"type": "expression", "expression": "nullif(a, a) IS NULL"}, 2, 1, name="equals not even itself in nullif"),
    ),
    "infinity": (
        _on([INF, -INF, 1.0], {**_RANGE, "min": 0}, 3, 1, name="lies in an open range"),
        _on([INF, -INF, 1.0], {**_RANGE, "min": -9, "max": 9}, 3, 0, 1, name="lies beyond all ends"),
        _on([INF, 1.0, 2.0, 3.0], {"type": "z_score"}, 4, 0, name="is an outlier"),
        _on([INF, 1.0], {"type": "z_score"}, 2, 0, name="is an outlier beside a single value"),
        _on([INF, 1.0, 1.0], {"type": "z_score"}, 3, 0, name="is an outlier beside equal values"),
        _on([-INF, 1.0, 2.0, 3.0], {"type": "iqr"}, 4, 0, name="is outside of the fences"),
        _on([1.0, INF, INF], _RISING, 3, name="has its place in an order"),
        _on([INF, INF, -INF], _UNIQUE, 3, 0, 1, name="equals itself"),
        _made("max", [INF, 1.0], 2, "inf", "infinity", min=0),
        _made("min", [-INF, 1.0], 2, "-inf", "infinity", max=0),
        _made("mean", [INF, 1.0], 2, "inf", "infinity", min=0),
        _made("sum", [INF, -INF], 2, "nan", "infinity less infinity", min=0, passes=False),
        _made("median", [INF, 1.0, INF], 3, "inf", "infinity between infinities", max=9, passes=False),
        _made("std", [INF, 1.0], 2, "nan", "of infinity", min=0, passes=False),
        _made("skew", [INF, 1.0], 2, "nan", "of infinity", min=0, passes=False),
        _table({"a": [1.0, INF, 3.0], "b": [1.0, 2.0, 3.0]}, {"type": "correlation", "columns": ["a", "b"], "min": -1}, 3, observed="nan", passes=False, name="correlates with nothing"),
    ),
    "zero": (
        _on([0.0, -0.0, 1.0], _UNIQUE, 3, 0, 1, name="is repeated with any sign"),
        _on([-0.0, 0.0], {**_RANGE, "min": 0}, 2, name="is not below itself"),
        _on([-0.0, 0.0], {**_SET, "values": [0]}, 2, name="is in a set with any sign"),
        _on([0.0, -0.0], {**_RISING, "strictly": True}, 2, 1, name="is not above itself"),
        _made("distinct_count", [0.0, -0.0], 2, 1, "with any sign"),
        _table({"a": [0.0], "b": [-0.0]}, {"type": "row_unique", "columns": ["a", "b"]}, 1, 0, name="equals itself within a row"),
    ),
    "floats": (
        _on([0.1, 0.2], {**_RANGE, "max": 0.1}, 2, 1, name="a bound in the width of the column", type_="float32"),
        _on([0.1, 0.2], {**_SET, "values": [0.1]}, 2, 1, name="a listed value in the width of the column", type_="float32"),
        _on([0.1 + 0.2, 0.3], {**_SET, "values": [0.3]}, 2, 0, name="are compared as they are"),
        _on([float(_BIG), float(_BIG + 2)], {**_RANGE, "max": _BIG + 1}, 2, 1, name="a bound between two of them is one of them"),
        _on([5e-324, 0.0], {**_RANGE, "min": 0, "inclusive": "neither"}, 2, 1, name="the least above zero"),
        _on([1e308, 1.0], {**_RANGE, "max": 1e300}, 2, 0, name="large ones"),
        _on([3.0, 1e30], {**_RANGE, "max": 1e39}, 2, name="a bound beyond the width", type_="float32"),
        _made("max", [0.1, 0.05], 2, 0.1, "of 32 bits", type_="float32"),
        _value([0.1, 0.1], {"type": "distinct_set", "values": [0.1]}, 2, 0, passes=True, name="distinct values of 32 bits", type_="float32"),
        _value([0.1, 0.1], {"type": "mode_in_set", "values": [0.1]}, 2, 0.1, passes=True, name="the most frequent of 32 bits", type_="float32"),
        _table({"a": [_BIG + 1, 1], "b": [float(_BIG), 1.5]}, {"type": "compare", "operator": "==", **_COMPARE}, 2, 1, name="a whole number beside a float is one"),
        _made("mean", [0.1, 0.2, 0.3], 3, 0.2, "floats", min=0, max=1),
    ),
    "whole numbers": (
        _table({"x": [0, 255]}, {"type": "expression", "expression": "x - 1 >= 0"}, 2, 0, name="of 8 bits are subtracted in 64", types={"x": "uint8"}),
        _table({"x": [0, 127]}, {"type": "expression", "expression": "x + 1 > x AND x * 300 >= 0"}, 2, name="of 8 bits are added in 64", types={"x": "int8"}),
        _table({"x": [0, 2**63]}, {"type": "expression", "expression": "-x < 0"}, 2, 0, name="without a sign have a negative", types={"x": "uint64"}),
        _on([1, 2], {**_SET, "values": [1, 2.5]}, 2, 1, name="a fraction among the listed"),
        _on([1, 2], {**_SET, "values": [1.0]}, 2, 1, name="a whole float is a whole number"),
        _on([_BIG, _BIG + 1], {**_SET, "values": [_BIG + 1]}, 2, 0, name="beyond 2**53 in a set"),
        _on([200, 3], {**_SET, "values": [200, 300, -1]}, 2, 1, name="a listed value that the column cannot hold", type_="uint8"),
        _on([200, 3], {"type": "not_in_set", "values": [300]}, 2, name="none that the column can hold", type_="uint8"),
        _on([1, 2], {**_RANGE, "min": 1.5}, 2, 0, name="a fraction as bound"),
        _on([-2, -1], {**_RANGE, "max": -1.5}, 2, 1, name="a negative fraction as bound"),
        _on([1, 2], {**_RANGE, "min": 1.0, "inclusive": "neither"}, 2, 0, name="an open whole end"),
        _on([1, 2, 3], {**_RANGE, "min": 1.5, "max": 2.5, "inclusive": "neither"}, 3, 0, 2, name="open ends between two of them"),
        _on([_BIG, _BIG + 1], {**_RANGE, "max": _BIG}, 2, 1, name="beyond 2**53 in a range"),
        _on([1, 255], {**_RANGE, "min": -1, "max": 300}, 2, name="ends that the column cannot hold", type_="uint8"),
        _on([1, 255], {**_RANGE, "min": 300}, 2, 0, 1, name="an end above all", type_="uint8"),
        _on([1, 255, None], {**_RANGE, "max": -1}, 2, 0, 1, name="an end below all", type_="uint8"),
        _on([1, 255], {"type": "not_in_range", "min": 300}, 2, name="outside of what is above all", type_="uint8"),
        _on([0, 2**64 - 1], {**_RANGE, "max": 2**63}, 2, 1, name="without a sign", type_="uint64"),
        _on([-(2**63), 2**63 - 1], {**_RANGE, "min": -(2**63), "inclusive": "neither"}, 2, 0, name="the least of 64 bits"),
        _on([1, 2], {**_RANGE, "max": 1e300}, 2, name="an end beyond all widths"),
        _table({"a": [2**63, 5], "b": [2**63 - 1, 5]}, {"type": "compare", "operator": "==", **_COMPARE}, 2, 0, name="with a sign and without", types={"a": "uint64", "b": "int64"}),
        _table({"a": [_BIG + 1], "b": [_BIG]}, {"type": "compare", "operator": ">", **_COMPARE}, 1, name="beyond 2**53 compared"),
        _made("sum", [2**63 - 1, 2**63 - 1], 2, 2**64 - 2, "beyond 64 bits"),
        _made("max", [_BIG + 1, 1], 2, _BIG + 1, "beyond 2**53"),
        _table({"a": [2**63 - 1, 1], "b": [2**63 - 1, 1]}, {"type": "row_sum", "columns": ["a", "b"], "max": 2**64 - 3}, 2, 0, name="a row's sum beyond 64 bits"),
    ),
    "decimals": (
        _on([Decimal("1.10"), Decimal("1.20")], {**_SET, "values": [1.1]}, 2, 1, name="in a set", type_="decimal(10, 2)"),
        _on([Decimal("1.10"), Decimal("1.11")], {**_SET, "values": [1.105, 1e30]}, 2, 0, 1, name="a listed value that the column cannot hold", type_="decimal(10, 2)"),
        _on(_CENTS, {**_RANGE, "max": 0.1}, 2, 1, name="in a range", type_="decimal(10, 2)"),
        _on(_CENTS, {**_RANGE, "min": 0.105}, 2, 0, name="a bound between two of them", type_="decimal(10, 2)"),
        _on(_CENTS, {**_RANGE, "min": 0.1, "inclusive": "right", "max": 1e30}, 2, 0, name="an end that the column cannot hold", type_="decimal(10, 2)"),
        _table({"a": [Decimal("1.0"), Decimal("1.5")], "b": [Decimal("1.00"), Decimal("1.51")]}, {"type": "compare", "operator": "==", **_COMPARE}, 2, 1, name="of two scales", types={"a": "decimal(10, 1)", "b": "decimal(10, 2)"}),
        _table({"a": [Decimal("1.00"), Decimal("1.50")], "b": [1, 1]}, {"type": "compare", "operator": "==", **_COMPARE}, 2, 1, name="beside whole numbers", types={"a": "decimal(10, 2)", "b": "int64"}),
        _table({"a": [Decimal("0.1")], "b": [Decimal("0.2")]}, {"type": "row_sum", "columns": ["a", "b"], "max": 0.3}, 1, name="add up exactly", types={"a": "decimal(10, 1)", "b": "decimal(10, 1)"}),
        _made("sum", [Decimal("0.10"), Decimal("0.20")], 2, 0.3, "decimals", type_="decimal(10, 2)"),
        _made("sum", [Decimal("0.50"), Decimal("1.50")], 2, 2, "whole decimals", type_="decimal(10, 2)"),
        _made("max", _CENTS, 2, 0.11, "decimals", type_="decimal(10, 2)"),
        _made("median", [Decimal("0.10"), Decimal("0.20")], 2, 0.15, "decimals", type_="decimal(10, 2)", min=0.1, max=0.2),
        _made("mean", [Decimal("0.25"), Decimal("0.75")], 2, 0.5, "decimals", type_="decimal(10, 2)"),
        _on([Decimal("0.10"), Decimal("0.10")], _UNIQUE, 2, 0, 1, name="repeated", type_="decimal(10, 2)"),
        _value([Decimal("0.10"), Decimal("0.20")], {"type": "distinct_set", "values": [0.1]}, 2, 1, "0.20", passes=False, name="distinct", type_="decimal(10, 2)"),
    ),
    "texts": (
        _on(["", " "], _NOT_NULL, 2, name="the empty text is a value"),
        _on(["a", "A", "a "], _UNIQUE, 3, name="case and spaces count"),
        _on(["é", "e\u0301"], _UNIQUE, 2, name="ways to write an accent differ"),
        _on(["a", "A"], {**_SET, "values": ["a"]}, 2, 1, name="case counts in a set"),
        _on(["NO", "DE"], {**_SET, "values": ["NO"]}, 2, 1, name="NO is a text"),
        _on(["", "a"], {**_SET, "values": [""]}, 2, 1, name="the empty text in a set"),
        _on(["2024-01-01", "b", None], {**_RANGE, "min": "a"}, 2, 0, name="in a range by code point"),
        _on(["Z", "a", "é", "z"], _RISING, 4, 3, name="in order by code point"),
        _on(["\uffff", "\U00010000"], _RISING, 2, name="code points, not halves of them"),
        _on(["10", "9"], _RISING, 2, name="digits are characters"),
        _on(["a\0b", "a"], _UNIQUE, 2, name="a null character"),
        _made("min", ["b", "a", "B"], 3, "B", "of texts"),
    ),
    "categories": (
        _on(["a", "b", "a"], _UNIQUE, 3, 0, 2, name="repeated", type_="categorical"),
        _on(["a", "b"], {**_SET, "values": ["a", "zz"]}, 2, 1, name="in a set", type_="categorical"),
        _on(["a", "b"], {**_SET, "values": ["a", "zz"]}, 2, 1, name="of a fixed list in a set", type_="enum(b, a)"),
        _on(["a", "b"], {"type": "regex", "pattern": "a"}, 2, 1, name="match as texts", type_="categorical"),
        _on(["z", "a"], _RISING, 2, 1, name="are in the order of their texts", type_="enum(z, a)"),
        _on(["z", "a"], {**_RANGE, "max": "b"}, 2, 0, name="in a range of texts", type_="enum(z, a)"),
        _made("min", ["z", "a"], 2, "a", "of categories", type_="enum(z, a)"),
        _table({"a": ["z", "a"], "b": ["a", "z"]}, {"type": "compare", "operator": "<", **_COMPARE}, 2, 0, name="compared by their texts", types={"a": "enum(z, a)", "b": "enum(z, a)"}),
        _table({"a": ["x", "y"], "b": ["x", "x"]}, {"type": "compare", "operator": "==", **_COMPARE}, 2, 1, name="beside texts", types={"a": "categorical"}),
        _table({"a": ["z", "a"]}, {"type": "expression", "expression": "a < 'b'"}, 2, 0, name="in an expression", types={"a": "enum(z, a)"}),
        _table({"a": ["x", "y"], "b": [1, 1]}, {"type": "pair_in_set", "columns": ["a", "b"], "values": [["x", 1], ["q", 1]]}, 2, 1, name="in pairs", types={"a": "enum(y, x)"}),
        _value(["b", "a", "b"], {"type": "mode_in_set", "values": ["b"]}, 3, "b", passes=True, name="the most frequent", type_="categorical"),
        _value(["b", "a"], {"type": "distinct_set", "values": ["a", "c"]}, 2, 2, "b", passes=False, name="distinct", type_="categorical"),
        _on(["aa", "b"], {"type": "length", "max": 1}, 2, 0, name="have a length", type_="categorical"),
    ),
    "times": (
        _on(_DAYS, {**_SET, "values": ["2024-01-01"]}, 3, 1, 3, name="days as ISO text"),
        _on(_DAYS, {**_SET, "values": ["2024-01-01T00:00:00"]}, 3, 1, 3, name="a day as its midnight"),
        _on(_DAYS, {**_RANGE, "min": "2024-01-02", "max": "2024-01-31"}, 3, 0, 3, name="days in a range"),
        _on(_TIMES, {**_RANGE, "max": "2024-01-31"}, 2, 1, name="a day is its midnight"),
        _on(_TIMES, {**_SET, "values": ["2024-01-31T12:00:00"]}, 2, 0, name="times in a set"),
        _on([dt.time(8), dt.time(20)], {**_RANGE, "min": "09:00"}, 2, 0, name="times of day"),
        _on([dt.time(8), dt.time(20)], {**_SET, "values": ["08:00:00"]}, 2, 1, name="times of day in a set"),
        _on([dt.date.min, dt.date.max], {**_RANGE, "min": "0001-01-01", "max": "9999-12-31"}, 2, name="the first and the last day"),
        _on([_day("2024-01-01T00:00:00.001"), _day("2024-01-01")], {**_RANGE, "min": "2024-01-01T00:00:00.0005"}, 2, 1, name="a bound finer than the column", type_="datetime(ms)"),
        _on([_day("2024-01-01")], {**_SET, "values": ["2024-01-01T00:00:00.0005"]}, 1, 0, name="a listed time finer than the column", type_="datetime(ms)"),
        _on([_day("2024-01-01")], {**_RANGE, "min": "0001-01-01", "max": "9999-12-31"}, 1, name="bounds that the column cannot hold", type_="datetime(ns)"),
        _table({"a": [_day("2024-01-01T00:00:00.001")], "b": [_day("2024-01-01T00:00:00.001001")]}, {"type": "compare", "operator": "<", **_COMPARE}, 1, name="of two units", types={"a": "datetime(ms)", "b": "datetime(us)"}),
        _made("max", _DAYS, 3, "2024-02-01", "days"),
        _made("min", _TIMES, 2, "2024-01-01T00:00:00", "times", min="2024-01-01", max="2024-01-01"),
        _made("max", [dt.time(8), None], 1, "08:00:00", "times of day", max="08:00"),
        _value([dt.date(2024, 1, 1)] * 2, {"type": "distinct_set", "values": ["2024-01-01T00:00", "2024-01-01"]}, 2, 0, passes=True, name="distinct days"),
        _value([dt.date(2024, 1, 1)] * 2, {"type": "mode_in_set", "values": ["2024-01-01T00:00"]}, 2, "2024-01-01T00:00", passes=True, name="the most frequent day"),
        _table({"d": _DAYS}, {"type": "expression", "expression": "d < '2024-02-01'"}, 3, 3, name="a text beside a day is a day"),
        _refused(_TIMES, {**_RANGE, "min": "2024-01-01T00:00:00Z"}, "a zone where the column has none"),
        _refused(_DAYS, {**_RANGE, "min": "2024-01-01T12:00:00"}, "a time of day on days"),
        _refused([dt.time(8)], {**_RANGE, "min": "09:00+01:00"}, "a zone on times of day"),
    ),
    "zones": (
        _on(_ZONED, {**_RANGE, "max": "2024-01-02T00:00:00+01:00"}, 2, 1, name="are compared as instants", type_=_UTC),
        _on(_ZONED, {**_SET, "values": ["2024-01-01T01:00:00+01:00"]}, 2, 1, name="in a set as instants", type_=_BERLIN),
        _on(_TWICE, _UNIQUE, 2, name="the hour that comes twice", type_=_BERLIN),
        _on(_TWICE, {**_RISING, "strictly": True}, 2, name="the hour that comes twice is in order", type_=_BERLIN),
        _table({"a": _ZONED, "b": _ZONED}, {"type": "compare", "operator": "==", **_COMPARE}, 2, name="of two zones", types={"a": _UTC, "b": _BERLIN}),
        _table({"a": _ZONED[:1], "b": _ZONED[:1]}, {"type": "row_unique", "columns": ["a", "b"]}, 1, 0, name="of two zones are equal", types={"a": _UTC, "b": _BERLIN}),
        _made("max", _ZONED, 2, "2024-01-02T00:30:00+01:00", "with a zone", type_=_BERLIN, min="2024-01-01T23:30:00Z", max="2024-01-01T23:30:00Z"),
        _value(_TWICE, {"type": "distinct_set", "values": ["2024-10-27T00:30Z", "2024-10-27T02:30+01:00"]}, 2, 0, passes=True, name="distinct instants", type_=_BERLIN),
        _refused(_ZONED, {**_RANGE, "min": "2024-01-01"}, "no zone where the column has one", _UTC),
    ),
    "durations": (
        _on(_SECONDS, {**_RANGE, "max": 60}, 2, 1, name="in seconds", type_="duration(us)"),
        _on(_SECONDS, {**_SET, "values": [120]}, 2, 0, name="in a set", type_="duration(us)"),
        _on([dt.timedelta(milliseconds=1), dt.timedelta(0)], {**_RANGE, "min": 0.0005}, 2, 1, name="a bound finer than the column", type_="duration(ms)"),
        _on([dt.timedelta(days=-1), dt.timedelta(0)], {**_RANGE, "min": 0}, 2, 0, name="negative ones", type_="duration(us)"),
        _made("max", _SECONDS, 2, 120, "durations", type_="duration(us)"),
        _made("min", [dt.timedelta(milliseconds=1500)], 1, 1.5, "durations", type_="duration(us)"),
        _value(_SECONDS, {"type": "distinct_set", "values": [1, 120.0]}, 2, 0, passes=True, name="distinct", type_="duration(us)"),
        _value(_SECONDS[:1], {"type": "mode_in_set", "values": [1]}, 1, 1, passes=True, name="the most frequent", type_="duration(us)"),
        _on(_SECONDS, _RISING, 2, name="in order", type_="duration(us)"),
    ),
    # ---- one value of a row
    "not_null": (
        _on([1, None, 3], _NOT_NULL, 3, 1, name="a null fails"),
        _on([None, None], _NOT_NULL, 2, 0, 1, name="a column of nulls", type_="int64"),
        _on([None, None], _NOT_NULL, 2, 0, 1, name="a column of nulls without a type"),
    ),
    "null": (
        _on([1, None, 3], {"type": "null"}, 3, 0, 2, name="a value fails"),
        _on([NAN, None], {"type": "null"}, 2, 0, name="NaN is a value"),
        _on(["", None], {"type": "null"}, 2, 0, name="the empty text is a value"),
        _on([None, None], {"type": "null"}, 2, name="a column of nulls without a type"),
        _table({"x": [1, 1], "y": [1, 2]}, {"type": "null", "column": "x", "where": "y = 2"}, 1, 1, name="where"),
    ),
    "in_set": (
        _on(["a", "b", None], {**_SET, "values": ["a"]}, 2, 1, name="nulls are not checked"),
        _on(["a", None], {**_SET, "values": ["a"], "nulls": "fail"}, 2, 1, name="nulls fail when told to"),
        _on([True, False, None], {**_SET, "values": [True]}, 2, 1, name="booleans"),
        _on([1, 2, 3], {**_SET, "values": [3, 1]}, 3, 1, name="several values"),
        _on([1.5, 2.0], {**_SET, "values": [2]}, 2, 0, name="a whole number among floats"),
    ),
    "not_in_set": (
        _on(["a", "b", None], {"type": "not_in_set", "values": ["a"]}, 2, 0, name="nulls are not checked"),
        _on(["a", "b", None], {"type": "not_in_set", "values": ["a"], "nulls": "fail"}, 3, 0, 2, name="nulls fail when told to"),
        _on(_DAYS, {"type": "not_in_set", "values": ["2024-01-01"]}, 3, 0, name="days"),
    ),
    "in_range": (
        _on([1, 2, 3, None], {**_RANGE, "min": 2, "max": 3}, 3, 0, name="both ends belong"),
        _on([1, 2, 3], {**_RANGE, "min": 1, "max": 3, "inclusive": "neither"}, 3, 0, 2, name="neither end"),
        _on([1, 2, 3], {**_RANGE, "min": 1, "max": 3, "inclusive": "left"}, 3, 2, name="the left end"),
        _on([1, 2, 3], {**_RANGE, "min": 1, "max": 3, "inclusive": "right"}, 3, 0, name="the right end"),
        _on([1.0, 2.0, 3.0], {**_RANGE, "min": 1, "max": 3, "inclusive": "neither"}, 3, 0, 2, name="neither end, floats"),
        _on(["a", "b", "c"], {**_RANGE, "min": "a", "max": "c", "inclusive": "left"}, 3, 2, name="the left end, texts"),
        _on([1, 2], {"type": "greater_than", "value": 1}, 2, 0, name="greater than a constant"),
        _on([1, 2], {"type": "less_than_or_equal", "value": 1}, 2, 1, name="less than or equal to a constant"),
    ),
    "not_in_range": (
        _on([1, 2, 3, None], {"type": "not_in_range", "min": 2, "max": 2}, 3, 1, name="an end belongs to the range"),
        _on([1, 2, 3], {"type": "not_in_range", "min": 1, "max": 3, "inclusive": "neither"}, 3, 1, name="an open end does not"),
        _on([1, None], {"type": "not_in_range", "max": 5, "nulls": "fail"}, 2, 0, 1, name="nulls fail when told to"),
        _on([0.5, 1.5], {"type": "not_in_range", "min": 1}, 2, 1, name="one end"),
    ),
    "regex": (
        _on(["ab", "xaby", None, "b"], {"type": "regex", "pattern": "ab"}, 3, 3, name="it is searched"),
        _on(["ab", "xab"], {"type": "regex", "pattern": "^ab$"}, 2, 1, name="anchored"),
        _on(["ab\n"], {"type": "regex", "pattern": "^ab$"}, 1, 0, name="$ is the very end"),
        _on(["0", "a"], {"type": "regex", "pattern": "0^"}, 2, 0, 1, name="a start behind a character"),
        _on(["", "a"], {"type": "regex", "pattern": "^^"}, 2, name="two starts"),
        _on(["1", "١"], {"type": "regex", "pattern": r"^\d$"}, 2, 1, name="\\d is ASCII"),
        _on(["é", "e"], {"type": "regex", "pattern": r"^\w$"}, 2, 0, name="\\w is ASCII"),
        _on(["é", "日本"], {"type": "regex", "pattern": "^.$"}, 2, 1, name=". is a character, not a byte"),
        _on(["a\nb"], {"type": "regex", "pattern": "a.b"}, 1, 0, name=". is not a line feed"),
        _on([""], {"type": "regex", "pattern": "^$"}, 1, name="the empty text"),
        _on(["A", "a"], {"type": "regex", "pattern": "a"}, 2, 0, name="case counts"),
        _on(["A", "b"], {"type": "regex", "pattern": "(?i)a"}, 2, 1, name="case does not count when told so"),
        _on(["ab", "cab", "abc"], {"type": "regex", "pattern": "ab", "how": "match"}, 3, 1, name="at the start"),
        _on(["ab", "cab", "abc"], {"type": "regex", "pattern": "ab", "how": "fullmatch"}, 3, 1, 2, name="the whole text"),
        _on(["a", "b", "ab"], {"type": "regex", "pattern": "a|b", "how": "fullmatch"}, 3, 2, name="alternatives as a whole"),
        _on(["a1", "a", "1"], {"type": "regex", "patterns": ["a", "1"]}, 3, name="any of several"),
        _on(["a1", "a", "1"], {"type": "regex", "patterns": ["a", "1"], "match": "all"}, 3, 1, 2, name="all of several"),
    ),
    "not_regex": (
        _on(["ab", "b", None, ""], {"type": "not_regex", "pattern": "a"}, 3, 0, name="it is searched"),
        _on(["a1", "a", "c"], {"type": "not_regex", "patterns": ["a", "1"]}, 3, 0, 1, name="none of several"),
        _on(["a1", "a", "c"], {"type": "not_regex", "patterns": ["a", "1"], "match": "all"}, 3, 0, name="not all of several"),
    ),
    "like": (
        _on(["abc", "xabc", "ab", None], {"type": "like", "pattern": "a%c"}, 3, 1, 2, name="the whole text"),
        _on(["a日c", "ac", "abbc"], {"type": "like", "pattern": "a_c"}, 3, 1, 2, name="_ is one character"),
        _on(["a\nc"], {"type": "like", "pattern": "a_c"}, 1, name="_ may be a line feed"),
        _on(["", "a"], {"type": "like", "pattern": "%"}, 2, name="% is any text"),
        _on(["a.c", "abc"], {"type": "like", "pattern": "a.c"}, 2, 1, name="a dot is a dot"),
        _on(["ABC"], {"type": "like", "pattern": "abc"}, 1, 0, name="case counts"),
        _on(["a\\b", "ab"], {"type": "like", "pattern": "a\\_"}, 2, 1, name="nothing escapes"),
        _on(["[a]*+?(){}^$|#&-~ ", "a"], {"type": "like", "pattern": "[a]*+?(){}^$|#&-~ "}, 2, 1, name="signs of patterns"),
    ),
    "not_like": (
        _on(["abc", "xabc", None], {"type": "not_like", "pattern": "a%"}, 2, 0, name="no text is like it"),
        _on(["a", None], {"type": "not_like", "pattern": "b", "nulls": "fail"}, 2, 1, name="nulls fail when told to"),
    ),
    "contains": (
        _on(["xaby", "ba", None, ""], {"type": "contains", "text": "ab"}, 3, 1, 3, name="anywhere"),
        _on(["abx", "xab"], {"type": "starts_with", "prefix": "ab"}, 2, 1, name="at the start"),
        _on(["abx", "xab"], {"type": "ends_with", "suffix": "ab"}, 2, 0, name="at the end"),
        _on(["a.b", "axb"], {"type": "contains", "text": "a.b"}, 2, 1, name="no pattern"),
        _on(["AB"], {"type": "contains", "text": "ab"}, 1, 0, name="case counts"),
        _on(["日本", "本"], {"type": "contains", "text": "日"}, 2, 1, name="other alphabets"),
    ),
    "length": (
        _on(["", "a", "ab", None], {"type": "length", "min": 1, "max": 1}, 3, 0, 2, name="both ends belong"),
        _on(["日本", "👍🏽"], {"type": "length", "max": 2}, 2, name="code points, not bytes"),
        _on(["e\u0301"], {"type": "length", "max": 1}, 1, 0, name="an accent of its own counts"),
        _on([[1], [], None, [None, None]], {"type": "length", "min": 1, "max": 1}, 3, 1, 3, name="items of a list, nulls among them", type_="list(int64)"),
        _on([[1, 2], None], {"type": "length", "min": 3}, 1, 0, name="items of an array", type_="array(int64, 2)"),
    ),
    "format": (
        _format("email", ["a@b.org", "a.b+c@d-e.co", "x@y"], ["a", "@b", "a@", "a b@c.d", "a@b..c", "a@-b.c", "", "a@b.org\n"]),
        _format("url", ["http://a.b", "HTTPS://a.b:80/c?d=e#f", "ftp://u@h/", "http://[::1]/"], ["a.b", "http://", "mailto:a@b", "http://a b", "//a.b", "http://a.b/ c"]),
        _format("uuid", ["123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-426614174000"], ["123e4567e89b12d3a456426614174000", "g23e4567-e89b-12d3-a456-426614174000", "{123e4567-e89b-12d3-a456-426614174000}"]),
        _format("ipv4", ["10.0.0.0", "255.255.255.255", "1.2.3.4"], ["256.1.1.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "a.b.c.d", "1.2.3.4 "]),
        _format("ipv6", ["::", "::1", "2001:db8::8a2e:370:7334", "::ffff:1.2.3.4"], ["1.2.3.4", ":::", "12345::", "1:2:3:4:5:6:7:8:9", "fe80::1%eth0", "::g"]),
        _format("phone", ["+41 44 668 18 00", "044-668-1800", "+14155552671", "415 555-2671"], ["123", "+", "12345678901234567", "phone", "++41446681800"]),
        _format("date", ["2024-02-29", "0001-01-01"], ["2023-02-29", "2024-1-1", "20240101", "2024-13-01", "2024-01-01T00:00", "01.02.2024"]),
        _format("datetime", ["2024-01-31T12:00", "2024-01-31 12:00:00.123456789Z", "2024-01-31T12:00:00+01:00"], ["2024-01-31", "2024-02-30T12:00", "2024-01-31T25:00", "2024-01-31T12", "now"]),
        _format("json", ["{}", "[1, null]", '"a"', " 1.5e3 ", "true"], ["", "{", "{'a': 1}", "[1,]", "NaN", "-Infinity", "nul", "{} {}"]),
        _format("hostname", ["a.b.org", "localhost", "1a-2.b", "a" * 63], ["-a.b", "a-.b", "a..b", "a_b", "a.", "a" * 64, ".".join(["a"] * 128)]),
        _format("country", ["DE", "CH", "NO"], ["de", "DEU", "XX", "UK", ""]),
        _format("country3", ["DEU", "CHE"], ["DE", "XXX", "deu"]),
        _format("iban", ["DE89370400440532013000", "GB82WEST12345698765432"], ["DE89370400440532013001", "DE89 3704 0044 0532 0130 00", "de89370400440532013000", "X"]),
        _on(["a@b.org", "a", "a", None], {"type": "format", "format": "email", "nulls": "fail"}, 4, 1, 2, 3, name="nulls fail when told to"),
        _on(["::1", "x", "x", "::1"], {"type": "format", "format": "ipv6"}, 4, 1, 2, name="categories", type_="categorical"),
    ),
    "datetime_format": (
        _on(["31.01.2024", "31.02.2024", "2024-01-31", "", "31.01.2024 ", None], {"type": "datetime_format", "format": "%d.%m.%Y"}, 5, 1, 2, 3, 4, name="a day that exists"),
        _on(["2024-01-31 23:59:59", "2024-01-31 24:00:00"], {"type": "datetime_format", "format": "%Y-%m-%d %H:%M:%S"}, 2, 1, name="a time that exists"),
        _on(["12:30 +0100", "12:30"], {"type": "datetime_format", "format": "%H:%M %z"}, 2, 1, name="an offset"),
        _on(["100%", "100"], {"type": "datetime_format", "format": "%j%%"}, 2, 1, name="a sign of percent"),
        _on(["1.1.2024"], {"type": "datetime_format", "format": "%d.%m.%Y"}, 1, name="as Python reads it: zeros may be missing"),
    ),
    "json_schema": (
        _on(['{"a": 1}', "{}", "[]", "x", "", None], _JSON, 5, 1, 2, 3, 4, name="a document that the schema accepts", needs="jsonschema"),
        _on(['{"a": NaN}'], _JSON, 1, 0, name="NaN is no JSON", needs="jsonschema"),
        _on(["1", '"1"'], {"type": "json_schema", "schema": '{"type": "integer", "minimum": 1}'}, 2, 1, name="a schema as text", needs="jsonschema"),
        _on(["1", "x"], {"type": "json_schema", "schema": "true"}, 2, 1, name="any document", needs="jsonschema"),
    ),
    "not_future": (
        _on(_AROUND_NOW, {"type": "not_future"}, 3, 2, name="now itself is not"),
        _on(_AROUND_TODAY, {"type": "not_future"}, 3, 2, name="today is not"),
        _on([_day("2024-01-31T13:00+01:00"), _day("2024-01-31T13:00:01+01:00")], {"type": "not_future"}, 2, 1, name="with a zone", type_=_BERLIN),
        _on([_day("2024-01-31T12:00"), _day("2024-01-31T12:00:00.001")], {"type": "not_future"}, 2, 1, name="a coarser unit", type_="datetime(ms)"),
        _on([None, None], {"type": "not_future", "nulls": "fail"}, 2, 0, 1, name="a column without a type"),
        evolve(
            _on([_day("2024-01-31T12:00"), _day("2024-01-31T12:00:00.001")], {"type": "not_future"}, 2, 1, name="a moment between two units", type_="datetime(ms)"),
            now=NOW + dt.timedelta(microseconds=500),
        ),
        evolve(
            _on([dt.date(2024, 1, 31), dt.date(2024, 2, 1)], {"type": "not_future"}, 2, 1, name="today is a day in UTC"),
            now=dt.datetime(2024, 2, 1, 0, 30, tzinfo=dt.timezone(dt.timedelta(hours=1))),
        ),
    ),
    "not_past": (
        _on(_AROUND_NOW, {"type": "not_past"}, 3, 0, name="now itself is not"),
        _on(_AROUND_TODAY, {"type": "not_past"}, 3, 0, name="today is not"),
        _on([_day("2024-01-31T13:00+01:00"), _day("2024-01-31T12:59:59+01:00")], {"type": "not_past"}, 2, 1, name="with a zone", type_=_BERLIN),
        evolve(
            _on([_day("2024-01-31T12:00"), _day("2024-01-31T12:00:00.001")], {"type": "not_past"}, 2, 0, name="a moment between two units", type_="datetime(ms)"),
            now=NOW + dt.timedelta(microseconds=500),
        ),
    ),
    # ---- several values of a row
    "compare": (
        _table({"a": [1, 2, None, 3], "b": [2, 2, 1, None]}, {"column": "a", "type": "less_than", "other": "b"}, 2, 1, name="a null on either side is not checked"),
        _table({"a": [1, 2, None], "b": [1, 1, 1]}, {"column": "a", "type": "equal", "other": "b", "nulls": "fail"}, 3, 1, 2, name="nulls fail when told to"),
        *(
            _table({"a": [1, 2, 3], "b": [2, 2, 2]}, {"type": "compare", "operator": operator, **_COMPARE}, 3, *rows, name=operator)
            for operator, rows in {"==": (0, 2), "!=": (1,), "<": (1, 2), "<=": (2,), ">": (0, 1), ">=": (0,)}.items()
        ),
        _table({"a": ["a", "b"], "b": ["b", "a"]}, {"column": "a", "type": "less_than", "other": "b"}, 2, 1, name="texts"),
        _table({"a": [False, True], "b": [True, True]}, {"column": "a", "type": "less_than", "other": "b"}, 2, 1, name="FALSE before TRUE"),
        _table({"a": [None, None], "b": [1, 2]}, {"column": "a", "type": "less_than", "other": "b"}, 0, name="a column without a type"),
        _table({"a": [dt.timedelta(seconds=1)], "b": [dt.timedelta(milliseconds=999)]}, {"column": "a", "type": "greater_than", "other": "b"}, 1, name="durations", types={"a": "duration(ms)", "b": "duration(us)"}),
        _table({"a": [b"a", b"b"], "b": [b"b", b"a"]}, {"column": "a", "type": "less_than", "other": "b"}, 2, 1, name="bytes"),
    ),
    "expression": (
        _table({"a": [1, 2, None], "b": [2, 1, 1]}, {"type": "expression", "expression": "a < b"}, 2, 1, name="NULL is not checked"),
        _table({"a": [1, 2, None], "b": [2, 1, 1]}, {"type": "expression", "expression": "a < b", "nulls": "fail"}, 3, 1, 2, name="NULL fails when told to"),
        _table({"a": [None, 1]}, {"type": "expression", "expression": "a IS NOT NULL"}, 2, 0, name="IS NULL is never NULL"),
        _table({"a": [1, 3], "b": [2, 2]}, {"type": "expression", "expression": "a / b > 1"}, 2, 0, name="a quotient is not rounded"),
        _table({"a": [1, 1], "b": [0, 1]}, {"type": "expression", "expression": "a / b = 1"}, 1, name="a division by zero is NULL"),
        _table({"a": [None, True]}, {"type": "expression", "expression": "a OR TRUE"}, 2, name="NULL OR TRUE is TRUE"),
        _table({"s": ["a%", "ab"]}, {"type": "expression", "expression": "s LIKE 'a_'"}, 2, name="LIKE"),
        _table({"a": [1, 2]}, {"type": "expression", "expression": "1 = 2"}, 2, 0, 1, name="a constant that is FALSE"),
        _table({"a": [1, 2]}, {"type": "expression", "expression": "upper('a') = 'A'", "where": "1 = 1"}, 2, name="a constant that is TRUE"),
        _table({"a": [1, 2]}, {"type": "expression", "expression": "NULL", "nulls": "fail"}, 2, 0, 1, name="NULL alone"),
        _table({"a": []}, {"type": "expression", "expression": "1 = 2"}, 0, name="a constant of no row", types={"a": "int64"}),
        _table({"s": ["é", "Ж", "a"]}, {"type": "expression", "expression": "upper(s) IN ('É', 'A') OR lower(s) = 'ж'"}, 3, name="letters of every alphabet have a case"),
        _table({"s": ["Straße", "ŉ", "ﬁn"]}, {"type": "expression", "expression": "upper(s) IN ('STRASSE', 'ʼN', 'FIN')"}, 3, name="a letter may have several in upper case"),
        _table({"s": ["ΟΔΟΣ", "ΣΟΣ α", "İ", "Σ"]}, {"type": "expression", "expression": "lower(s) IN ('οδος', 'σος α', 'i\u0307', 'σ')"}, 4, name="a sigma at the end of a word, and the dot of an i"),
        _table({"s": ["CAFÉ", "cafe"]}, {"type": "expression", "expression": "s ILIKE '%fé'"}, 2, 1, name="ILIKE of letters that are not of ASCII"),
    ),
    "pair_in_set": (
        _table({"a": ["x", "x", "y", None], "b": [1, 2, 1, 1]}, {"type": "pair_in_set", "columns": ["a", "b"], "values": [["x", 1], ["y", 2]]}, 3, 1, 2, name="only whole combinations"),
        _table({"a": ["x", None], "b": [1, 1]}, {"type": "pair_in_set", "columns": ["a", "b"], "values": [["x", 1]], "nulls": "fail"}, 2, 1, name="nulls fail when told to"),
        _table({"a": [1, 1], "b": ["x", "y"]}, {"type": "pair_in_set", "columns": ["b", "a"], "values": [["x", 1]]}, 2, 1, name="in the order of columns"),
        _table({"a": [200, 44], "b": [1.5, 1.5]}, {"type": "pair_in_set", "columns": ["a", "b"], "values": [[300, 1.5], [200, 1.5]]}, 2, 1, name="a value that a column cannot hold", types={"a": "uint8"}),
        _table({"a": _DAYS[:2], "b": [NAN, 1.0], "c": [True, True]}, {"type": "pair_in_set", "columns": ["a", "b", "c"], "values": [["2024-01-31", 1, True], ["2024-01-01", 1, True]]}, 2, 0, name="three columns"),
    ),
    "rows_complete": (
        _table({"a": [1, None, 1], "b": ["", "x", None]}, {"type": "rows_complete"}, 3, 1, 2, name="all columns"),
        _table({"a": [1, None, 1], "b": [NAN, 1.0, None]}, {"type": "rows_complete", "columns": ["b"]}, 3, 2, name="some columns"),
        _table({"a": [None], "b": [1]}, {"type": "rows_complete"}, 1, 0, name="a column without a type"),
    ),
    "row_sum": (
        _table({"a": [1, 2, None], "b": [1, 2, 3]}, {"type": "row_sum", "columns": ["a", "b"], "min": 2, "max": 3}, 2, 1, name="both ends belong"),
        _table({"a": [1, 2], "b": [1, 2]}, {"type": "row_sum", "columns": ["a", "b"], "min": 2, "inclusive": "neither"}, 2, 0, name="an open end"),
        _table({"a": [1, None], "b": [1, 3]}, {"type": "row_sum", "columns": ["a", "b"], "max": 9, "nulls": "fail"}, 2, 1, name="nulls fail when told to"),
        _table({"a": [0.5, 1.5], "b": [1, 2], "c": [1, 1]}, {"type": "row_sum", "columns": ["a", "b", "c"], "max": 2.5}, 2, 1, name="three columns"),
        _table({"a": [200, 1], "b": [100, 1]}, {"type": "row_sum", "columns": ["a", "b"], "max": 299}, 2, 0, name="beyond the width of the columns", types={"a": "uint8", "b": "uint8"}),
    ),
    "row_unique": (
        _table({"a": [1, 1, None], "b": [2, 1, 1], "c": [3, 2, 1]}, {"type": "row_unique", "columns": ["a", "b", "c"]}, 3, 1, 2, name="no two are equal"),
        _table({"a": [None, None], "b": [None, 1]}, {"type": "row_unique", "columns": ["a", "b"]}, 0, name="nothing to compare", types={"a": "int64", "b": "int64"}),
        _table({"a": [None, 1], "b": [1, 2]}, {"type": "row_unique", "columns": ["a", "b"], "nulls": "fail"}, 2, 0, name="nothing to compare fails when told to"),
        _table({"a": [1, 2], "b": [1.0, 2.5]}, {"type": "row_unique", "columns": ["a", "b"]}, 2, 0, name="numbers of two types"),
        _table({"a": ["x", "y"], "b": ["x", "x"]}, {"type": "row_unique", "columns": ["a", "b"]}, 2, 0, name="texts and categories", types={"a": "categorical"}),
    ),
    # ---- rows among each other
    "unique": (
        _on([1, 2, 2, 3, 2], _UNIQUE, 5, 1, 2, 4, name="every row of a repeated value fails"),
        _on([1, None, None], _UNIQUE, 1, name="nulls are not checked"),
        _on([1, None, None, 1], {**_UNIQUE, "nulls": "fail"}, 4, 0, 1, 2, 3, name="nulls fail when told to"),
        _table({"a": [1, 1, 1, None], "b": [1, 2, 1, 1]}, {**_UNIQUE, "columns": ["a", "b"]}, 3, 0, 2, name="a combination"),
        _table({"a": [None, None], "b": [1, 1]}, {**_UNIQUE, "columns": ["a", "b"]}, 0, name="a null in a combination"),
        _on([True, False, True], _UNIQUE, 3, 0, 2, name="booleans"),
        _on([b"a", b"b", b"a"], _UNIQUE, 3, 0, 2, name="bytes"),
    ),
    "duplicate": (
        _table({"a": [1, 1, 1], "b": ["x", "x", "y"]}, _DUPLICATE, 3, 0, 1, name="whole rows"),
        _table({"a": [1, 1, None, None], "b": [None, None, None, None]}, _DUPLICATE, 4, 0, 1, 2, 3, name="nulls are equal"),
        _table({"a": [1, 1], "b": ["x", "y"]}, {**_DUPLICATE, "columns": ["a"]}, 2, 0, 1, name="some columns"),
        _table({"a": [1, 1, 1], "b": [1, 1, 2]}, {**_DUPLICATE, "where": "b = 1"}, 2, 0, 1, name="where"),
        _table({"a": [[1], [1]], "b": [{"c": None}, {"c": None}]}, _DUPLICATE, 2, 0, 1, name="nested columns", types={"a": "list(int64)", "b": "struct(c: int64)"}),
        _table({"a": [1, None]}, {**_DUPLICATE, "nulls": "fail"}, 2, name="a null is no failure by itself"),
    ),
    "monotonic": (
        _on([1, 2, 2, 1, 3], _RISING, 5, 3, name="equal neighbours are in order"),
        _on([1, 2, 2, 3], {**_RISING, "strictly": True}, 4, 2, name="strictly"),
        _on([3, 1, 2], {**_RISING, "direction": "decreasing"}, 3, 2, name="decreasing"),
        _on([3, 3, 1], {**_RISING, "direction": "decreasing", "strictly": True}, 3, 1, name="strictly decreasing"),
        _on([1, None, 0, None, 5], _RISING, 3, 2, name="nulls are passed over"),
        _on([5, 1, 2], _RISING, 3, 1, name="only the value before counts"),
        _on(_DAYS, _RISING, 3, name="days"),
        _on([None, None], _RISING, 0, name="a column without a type"),
    ),
    "z_score": (
        _on([1, 2, 3, None], {"type": "z_score", "threshold": 1}, 3, name="exactly as far as allowed"),
        _on([0, 0, 0, 0, 9], {"type": "z_score", "threshold": 1.5}, 5, 4, name="further"),
        _on([0.1] * 10, {"type": "z_score", "threshold": 0.1}, 10, name="all equal"),
        _on([7, None], {"type": "z_score", "threshold": 0.1}, 1, name="a single value"),
        _on([1, 2, None], {"type": "z_score", "threshold": 5, "nulls": "fail"}, 3, 2, name="nulls fail when told to"),
        _on([Decimal("1.00"), Decimal("1.00"), Decimal("1.00"), Decimal("9.00")], {"type": "z_score", "threshold": 1.4}, 4, 3, name="decimals", type_="decimal(10, 2)"),
        _on([None, None], {"type": "z_score"}, 0, name="a column without a type"),
    ),
    "iqr": (
        _on([1, 2, 3, 4, 100, None], {"type": "iqr"}, 5, 4, name="beyond the fences"),
        _on([0, 2, 4, 6, 12], {"type": "iqr"}, 5, name="exactly at a fence"),
        _on([0, 2, 4, 6, 12.5], {"type": "iqr"}, 5, 4, name="just beyond a fence", type_="float64"),
        _on([5, 5, 5, 5, 6], {"type": "iqr"}, 5, 4, name="no range at all"),
        _on([1, 2, 3, 10], {"type": "iqr", "factor": 10}, 4, name="a wider factor"),
        _on([7], {"type": "iqr"}, 1, name="a single value"),
    ),
    "referential_integrity": (
        _refers({"a": [1, 2, None]}, {"a": [1, 3]}, _KEY, 2, 1, name="a null is not checked"),
        _refers({"a": [1, None]}, {"a": [1, None]}, {**_KEY, "nulls": "fail"}, 2, 1, name="a null there matches nothing"),
        _refers({"a": [1, 2]}, {"id": [1, 1]}, {**_KEY, "reference_columns": ["id"]}, 2, 1, name="a column of another name"),
        _refers({"a": [1, 1, None], "b": ["x", "y", "x"]}, {"b": ["x"], "a": [1]}, {**_KEY, "columns": ["a", "b"]}, 2, 1, name="a combination"),
        _refers({"a": [1, 2]}, {"a": []}, _KEY, 2, 0, 1, name="nothing there", types_there={"a": "int64"}),
        _refers({"a": [1, 200]}, {"a": [1, 2**40]}, _KEY, 2, 1, name="other widths", types={"a": "uint8"}),
        _refers({"a": [2**63, 5]}, {"a": [2**63 - 1, 5]}, _KEY, 2, 0, name="with a sign and without", types={"a": "uint64"}),
        _refers({"a": [1, 2]}, {"a": [1.0, 2.5]}, _KEY, 2, 1, name="whole numbers among floats"),
        _refers({"a": [NAN, 1.0]}, {"a": [NAN]}, _KEY, 2, 1, name="NaN refers to NaN"),
        _refers({"a": ["x", "y"]}, {"a": ["x"]}, _KEY, 2, 1, name="categories among texts", types={"a": "categorical"}),
        _refers({"a": [Decimal("1.0"), Decimal("1.5")]}, {"a": [Decimal("1.00")]}, _KEY, 2, 1, name="decimals of two scales", types={"a": "decimal(10, 1)"}, types_there={"a": "decimal(10, 2)"}),
        _refers({"a": [_day("2024-01-01")]}, {"a": [_day("2024-01-01T00:00:00.000001")]}, _KEY, 1, 0, name="times of two units", types={"a": "datetime(ms)"}),
        _refers({"a": [None, None]}, {"a": [1]}, _KEY, 0, name="a column without a type"),
        _refers({"a": [1, 2], "b": [1, 2]}, {"a": [1]}, {**_KEY, "where": "b = 1"}, 1, name="where is about this side"),
        _refers({"a": [1]}, {"a": ["1"]}, _KEY, 0, name="texts there, numbers here", refused=True),
        _refers({"a": [1]}, {"b": [1]}, _KEY, 0, name="no such column there", refused=True),
        _refused_table({"a": [1]}, {**_KEY, "reference": "/nowhere/absent.parquet"}, "a reference that does not open"),
    ),
    # ---- one value
    "row_count": (
        _table({"a": [1, 2]}, {"type": "row_count", "min": 3}, 2, observed=2, passes=False, name="rows"),
        _table({"a": [1, 2, None]}, {"type": "row_count", "max": 1, "where": "a > 1"}, 1, observed=1, passes=True, name="rows where TRUE"),
        _table({"a": []}, {"type": "row_count", "min": 0}, 0, observed=0, passes=True, name="no rows"),
        _table({"a": [None, None]}, {"type": "row_count", "min": 2, "max": 2}, 2, observed=2, passes=True, name="rows of nulls"),
    ),
    "row_count_match": (
        _refers({"a": [1, 2]}, {"b": ["x", "y"]}, {"type": "row_count_match"}, 2, observed=0.0, passes=True, name="as many"),
        _refers({"a": [1, 2, 3]}, {"b": ["x", "y"]}, {"type": "row_count_match", "tolerance": 0.49}, 3, observed=0.5, passes=False, name="too many"),
        _refers({"a": [1]}, {"b": ["x", "y"]}, {"type": "row_count_match", "tolerance": 0.5}, 1, observed=0.5, passes=True, name="exactly within the tolerance"),
        _refers({"a": []}, {"b": []}, {"type": "row_count_match"}, 0, observed=0.0, passes=True, name="none and none"),
        _refers({"a": [1]}, {"b": []}, {"type": "row_count_match", "tolerance": 0.9}, 1, observed=1.0, passes=False, name="some and none"),
        _refers({"a": [1, 2, 3]}, {"b": [1, 2]}, {"type": "row_count_match", "where": "a > 1"}, 2, observed=0.0, passes=True, name="where is about this side"),
    ),
    "aggregate": (
        _made("min", [3, 1, None], 2, 1, "of numbers"),
        _made("max", [3, 1, None], 2, 3, "of numbers"),
        _made("sum", [3, 1, None], 2, 4, "of numbers"),
        _made("mean", [3, 2, None], 2, 2.5, "of numbers"),
        _made("median", [4, 1, 2], 3, 2, "of an odd count"),
        _made("median", [4, 1, 2, 3], 4, 2.5, "of an even count"),
        _made("quantile", [1, 2, 3, 4, 5], 5, 2, "at a value", q=0.25),
        _made("quantile", [1, 2, 3, 4], 4, 1.75, "between two values", q=0.25),
        _made("quantile", [1, 2, 3], 3, 3, "the last", q=1),
        _made("quantile", [7, None], 1, 7, "of one value", q=0.9),
        _made("std", [2, 4, None], 2, 2**0.5, "of a sample", min=1.414213, max=1.414214),
        _made("std", [2], 1, None, "of one value", min=5),
        _made("variance", [2, 4, 6], 3, 4, "of a sample"),
        _made("variance", [2, None], 1, None, "of one value", min=5),
        _made("std", [5, 5], 2, 0, "of equal values"),
        _made("skew", [1, 1, 4], 3, 0.7071067811865475, "of a tail to the right", min=0.7, max=0.71),
        _made("skew", [0.1] * 7, 7, None, "of equal values", min=5),
        _made("kurtosis", [1, 2, 3, 4], 4, -1.36, "flat", min=-1.37, max=-1.35),
        _made("kurtosis", [3], 1, None, "of one value", min=5),
        _made("distinct_count", ["a", "b", "a", None], 3, 2, "without nulls"),
        _made("distinct_ratio", ["a", "b", "a", "a", None], 4, 0.5, "per value"),
        _made("null_count", [1, None, None], 3, 2, "of all rows"),
        _made("null_ratio", [1, None, None, None], 4, 0.75, "of all rows"),
        _made("null_ratio", [None, None], 2, 1, "of a column without a type"),
        _made("sum", [None, None], 0, None, "of a column without a type", min=5),
        _made("max", [3, 1], 2, 3, "an open end", max=3, inclusive="left", passes=False),
        _made("max", [3, 1], 2, 3, "above", max=2, passes=False),
        _made("mean", [1, 2], 2, 1.5, "below", min=1.6, passes=False),
        _made("min", [-5, 5], 2, -5, "a negative one"),
        _made("mean", [200, 100], 2, 150, "beyond the width of the column", type_="uint8"),
        _made("sum", [200, 100], 2, 300, "beyond the width of the column", type_="uint8"),
        _made("distinct_count", [True, False, True], 3, 2, "of booleans"),
    ),
    "distinct_set": (
        _value(["a", "b", "a", None], {"type": "distinct_set", "values": ["a", "b"]}, 3, 0, passes=True, name="exactly those"),
        _value(["a", "c", "b", "c"], {"type": "distinct_set", "values": ["a"]}, 4, 2, "b", "c", passes=False, name="others, the least first"),
        _value(["a"], {"type": "distinct_set", "values": ["a", "b", "c"]}, 1, 2, passes=False, name="some are missing"),
        _value(["a", "x"], {"type": "distinct_set", "values": ["a", "b"]}, 2, 2, "x", passes=False, name="others, and some are missing"),
        _value([2**64 - 1, 2], {"type": "distinct_set", "relation": "subset", "values": [2**64 - 1, 2, 3]}, 2, 0, passes=True, name="the widest whole numbers", type_="uint64"),
        _value(["a"], {"type": "distinct_set", "values": ["a", "b"], "relation": "subset"}, 1, 0, passes=True, name="a subset"),
        _value(["a", "c"], {"type": "distinct_set", "values": ["a", "b"], "relation": "subset"}, 2, 1, "c", passes=False, name="no subset"),
        _value(["a", "b", "c"], {"type": "distinct_set", "values": ["a", "b"], "relation": "superset"}, 3, 0, passes=True, name="a superset"),
        _value(["a", "c"], {"type": "distinct_set", "values": ["a", "b"], "relation": "superset"}, 2, 1, passes=False, name="no superset"),
        _value([1, 2], {"type": "distinct_set", "values": [1, 2.0, 2.5]}, 2, 1, passes=False, name="a value that the column cannot hold is missing"),
        _value([True, False], {"type": "distinct_set", "values": [True]}, 2, 1, False, passes=False, name="booleans"),
        _value([None, None], {"type": "distinct_set", "values": ["a"], "relation": "subset"}, 0, 0, passes=True, name="a column without a type"),
    ),
    "mode_in_set": (
        _value(["a", "b", "a", None, None, None], {"type": "mode_in_set", "values": ["a"]}, 3, "a", passes=True, name="nulls do not count"),
        _value(["a", "b", "a"], {"type": "mode_in_set", "values": ["b"]}, 3, "a", passes=False, name="another one"),
        _value(["b", "a"], {"type": "mode_in_set", "values": ["a", "b"]}, 2, "a", passes=True, name="of several the least"),
        _value(["c", "b", "a"], {"type": "mode_in_set", "values": ["a"]}, 3, "b", passes=False, name="of several the least that is not listed"),
        _value([1, 1, 2], {"type": "mode_in_set", "values": [1.0]}, 3, 1, passes=True, name="a whole float is a whole number"),
        _value([True, True, False], {"type": "mode_in_set", "values": [True]}, 3, True, passes=True, name="booleans"),
        _value([None, None], {"type": "mode_in_set", "values": ["a"]}, 0, None, passes=True, name="a column without a type"),
    ),
    "correlation": (
        _table({"a": [1, 2, 3], "b": [2, 4, 6]}, {"type": "correlation", "columns": ["a", "b"], "min": 0.99, "max": 1}, 3, observed=1.0, passes=True, name="together"),
        _table({"a": [1, 2, 3], "b": [6, 4, 2]}, {"type": "correlation", "columns": ["a", "b"], "min": -1, "max": -0.99}, 3, observed=-1.0, passes=True, name="against each other"),
        _table({"a": [1, 2, 3, 4], "b": [1, 2, 2, 1]}, {"type": "correlation", "columns": ["a", "b"], "min": 0.5}, 4, observed=0.0, passes=False, name="not at all"),
        _table({"a": [1, None, 3, 5], "b": [1, 2, None, 5]}, {"type": "correlation", "columns": ["a", "b"], "min": 0.99}, 2, observed=1.0, passes=True, name="where both have a value"),
        _table({"a": [0.1, 0.1, 0.1], "b": [1, 2, 3]}, {"type": "correlation", "columns": ["a", "b"], "min": 0.5}, 3, passes=True, name="one value correlates with nothing"),
        _table({"a": [1, None], "b": [1, 2]}, {"type": "correlation", "columns": ["a", "b"], "min": 0.5}, 1, passes=True, name="a single row"),
        _table({"a": [None, None], "b": [1, 2]}, {"type": "correlation", "columns": ["a", "b"], "min": 0.5}, 0, passes=True, name="a column without a type"),
    ),
    "freshness": (
        _value([_day("2024-01-30T12:00"), _day("2024-01-01"), None], {"type": "freshness", "max_age": "24h"}, 2, 86_400.0, passes=True, name="exactly as old as allowed"),
        _value([_day("2024-01-30T11:59:59")], {"type": "freshness", "max_age": "1d"}, 1, 86_401.0, passes=False, name="too old"),
        _value([dt.date(2024, 1, 31)], {"type": "freshness", "max_age": "12h"}, 1, 43_200.0, passes=True, name="a day is its beginning"),
        _value([_day("2024-01-31T13:00+01:00")], {"type": "freshness", "max_age": 0}, 1, 0.0, passes=True, name="with a zone", type_=_BERLIN),
        _value([_day("2024-02-01T12:00")], {"type": "freshness", "max_age": "1h"}, 1, -86_400.0, passes=True, name="after now"),
        _table({"x": [_day("2024-01-31T12:00"), _day("2024-01-01")], "y": [1, 2]}, {"type": "freshness", "column": "x", "max_age": "1d", "where": "y = 2"}, 1, observed=30.5 * 86_400, passes=False, name="where"),
        _value([None, None], {"type": "freshness", "max_age": "1d"}, 0, None, passes=False, name="a column without a type"),
    ),
    # ---- the schema
    "column_exists": (
        _schema({"type": "column_exists", "column": "id"}, "int64", passes=True, name="it is there"),
        _schema({"type": "column_exists", "column": "ID"}, None, passes=False, name="case counts"),
    ),
    "dtype": (
        _schema({"type": "dtype", "column": "id", "dtype": "integer"}, "int64", passes=True, name="a family"),
        _schema({"type": "dtype", "column": "id", "dtype": "numeric"}, "int64", passes=True, name="a group of families"),
        _schema({"type": "dtype", "column": "id", "dtype": ["string", "int64"]}, "int64", passes=True, name="one of several"),
        _schema({"type": "dtype", "column": "id", "dtype": "int32"}, "int64", passes=False, name="another width"),
        _schema({"type": "dtype", "column": "name", "dtype": "integer"}, "string", passes=False, name="another family"),
        _schema({"type": "dtype", "column": "c", "dtype": "string"}, "categorical", passes=True, name="categories are texts", types={"c": "categorical"}),
        _schema({"type": "dtype", "column": "l", "dtype": "list(integer)"}, "list(int64)", passes=True, name="items of a list", types={"l": "list(int64)"}),
        _schema({"type": "dtype", "column": "t", "dtype": "datetime(us, UTC)"}, "datetime(us, UTC)", passes=True, name="a zone", types={"t": _UTC}),
        _schema({"type": "dtype", "column": "t", "dtype": "datetime(us)"}, "datetime(us, UTC)", passes=False, name="another zone", types={"t": _UTC}),
    ),
    "column_count": (
        _schema({"type": "column_count", "min": 2, "max": 2}, 2, passes=True, name="both ends belong"),
        _schema({"type": "column_count", "min": 3}, 2, passes=False, name="too few"),
        _schema({"type": "column_count", "max": 1}, 2, passes=False, name="too many"),
    ),
    "columns_set": (
        _schema({"type": "columns_set", "columns": ["name", "id"]}, None, passes=True, name="in any order"),
        _schema({"type": "columns_set", "columns": ["id"]}, "extra name", passes=False, name="no others"),
        _schema({"type": "columns_set", "columns": ["id"], "exact": False}, None, passes=True, name="others when told so"),
        _schema({"type": "columns_set", "columns": ["id", "x"]}, "missing x; extra name", passes=False, name="missing and extra"),
    ),
    "columns_ordered": (
        _schema({"type": "columns_ordered", "columns": ["id", "name"]}, "id, name", passes=True, name="in that order"),
        _schema({"type": "columns_ordered", "columns": ["name", "id"]}, "id, name", passes=False, name="in another order"),
        _schema({"type": "columns_ordered", "columns": ["id"]}, "id, name", passes=False, name="no others"),
    ),
    "schema": (
        _schema({"type": "schema", "schema": {"id": "integer"}}, None, passes=True, name="others are allowed"),
        _schema({"type": "schema", "schema": {"id": ["string", "int64"], "name": "string"}, "exact": True}, None, passes=True, name="one of several types"),
        _schema({"type": "schema", "schema": {"id": "integer"}, "exact": True}, "name is extra", passes=False, name="no others"),
        _schema({"type": "schema", "schema": {"id": "string", "x": "string"}}, "id is int64; x is missing", passes=False, name="another type, and a column that is missing"),
    ),
}  # fmt: skip
