"""Hypothesis strategies for row expressions, and rows to evaluate them over.

The expressions make sense: arguments are of the kinds that functions take, so that an engine can be
compared with ``veriport.testing.oracle`` on any of them. What is left to the engine (whole numbers of
more than 64 bits, how fractions are written, letter cases beyond ASCII) is not asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime

from hypothesis import strategies as st

from veriport.domain.expressions import FUNCTIONS, Call, Expr, Kind, Literal, Name
from veriport.testing.oracle import Value

#: The columns of the rows by the kind of their values; TIME columns hold dates and times of day.
COLUMNS: Mapping[Kind, tuple[str, ...]] = {
    Kind.BOOLEAN: ("yes", "NO"),
    Kind.NUMBER: ("n", "m", "x"),
    Kind.TEXT: ("s", 'a "b".c', "select"),
    Kind.TIME: ("d", "ts"),
}
_TEXTS = st.text(alphabet="abAB%_ .0\n'éßΣ", max_size=4)
_INTEGERS = st.integers(-20, 20)
_FRACTIONS = st.integers(-40, 40).map(lambda eighths: eighths / 8)
_DATES = st.dates(date(1999, 12, 30), date(2024, 3, 1))
_DATETIMES = st.datetimes(datetime(1999, 12, 30), datetime(2024, 3, 1)).map(  # noqa: DTZ001  # local times
    lambda moment: moment.replace(microsecond=0)
)


def rows() -> st.SearchStrategy[dict[str, Value]]:
    """Rows with every column of ``COLUMNS``: ``n`` and ``m`` whole numbers, ``x`` a fraction or NaN."""
    values: Mapping[str, st.SearchStrategy[Value]] = {
        **dict.fromkeys(COLUMNS[Kind.BOOLEAN], st.booleans()),
        **dict.fromkeys(COLUMNS[Kind.TEXT], _TEXTS),
        "n": _INTEGERS,
        "m": _INTEGERS,
        "x": _FRACTIONS | st.just(float("nan")),
        "d": _DATES,
        "ts": _DATETIMES,
    }
    return st.fixed_dictionaries({name: st.none() | value for name, value in values.items()})


def conditions(functions: Iterable[str] = FUNCTIONS, *, depth: int = 3) -> st.SearchStrategy[Expr]:
    """Conditions over the columns of ``rows()``, with these functions, nested so deep."""
    return _Trees(frozenset(functions)).of(Kind.BOOLEAN, depth)


class _Trees:
    """Makes expressions of each kind out of smaller ones."""

    def __init__(self, functions: frozenset[str]) -> None:
        self.functions = functions
        self.made: dict[tuple[Kind, int], st.SearchStrategy[Expr]] = {}

    def of(self, kind: Kind, depth: int) -> st.SearchStrategy[Expr]:
        """Expressions of a kind; made once, since making a strategy takes longer than using it."""
        if (kind, depth) not in self.made:
            self.made[kind, depth] = self._of(kind, depth)
        return self.made[kind, depth]

    def _of(self, kind: Kind, depth: int) -> st.SearchStrategy[Expr]:
        leaves = _constants(kind) | st.sampled_from(COLUMNS[kind]).map(Name)
        if depth == 0:
            return leaves
        calls = [
            self._calls(name, kind, depth - 1) for name in sorted(self.functions) if _may_give(name, kind)
        ]
        return st.one_of(leaves, *(st.deferred(call) for call in calls))

    def _calls(self, name: str, kind: Kind, depth: int) -> Callable[[], st.SearchStrategy[Expr]]:
        return lambda: self._arguments(name, kind, depth).map(lambda arguments: Call(name, tuple(arguments)))

    def _arguments(self, name: str, kind: Kind, depth: int) -> st.SearchStrategy[Iterable[Expr]]:
        if name in _SPECIAL:
            return _SPECIAL[name](self, kind, depth)
        function = FUNCTIONS[name]
        most = function.most if function.most is not None else function.least + 2
        kinds = st.just(kind) if function.gives is Kind.ALIKE else st.sampled_from(sorted(COLUMNS))
        count = st.integers(function.least, most)
        return st.tuples(kinds, count).flatmap(
            lambda drawn: st.tuples(
                *(self.of(_concrete(wanted, drawn[0]), depth) for wanted in _taken(name, drawn[1]))
            )
        )

    def case(self, kind: Kind, depth: int) -> st.SearchStrategy[Iterable[Expr]]:
        pair = st.tuples(self.of(Kind.BOOLEAN, depth), self.of(kind, depth))
        pairs = st.lists(pair, min_size=1, max_size=2).map(
            lambda listed: [each for two in listed for each in two]
        )
        return st.builds(lambda some, last: [*some, last], pairs, self.of(kind, depth))

    def part(self, _: Kind, depth: int) -> st.SearchStrategy[Iterable[Expr]]:
        """Of a date."""
        del depth
        return st.sampled_from(COLUMNS[Kind.TIME]).map(lambda column: [Name(column)])

    def hour(self, _: Kind, depth: int) -> st.SearchStrategy[Iterable[Expr]]:
        """Of a time of day."""
        del depth
        return st.just([Name("ts")])

    def with_pattern(self, _: Kind, depth: int) -> st.SearchStrategy[Iterable[Expr]]:
        return st.tuples(self.of(Kind.TEXT, depth), _TEXTS.map(Literal))

    def with_regex(self, _: Kind, depth: int) -> st.SearchStrategy[Iterable[Expr]]:
        patterns = st.sampled_from([r"^a", r"\d+$", "(?i)A.", "[^a-z]", "é|b", ""])
        return st.tuples(self.of(Kind.TEXT, depth), patterns.map(Literal))

    def rounded(self, _: Kind, depth: int) -> st.SearchStrategy[Iterable[Expr]]:
        digits = st.lists(st.integers(0, 2).map(Literal), max_size=1)
        return st.builds(lambda number, places: [number, *places], self.of(Kind.NUMBER, depth), digits)

    def piece(self, _: Kind, depth: int) -> st.SearchStrategy[Iterable[Expr]]:
        bounds = st.lists(st.integers(1, 4).map(Literal), min_size=1, max_size=2)
        return st.builds(lambda text, some: [text, *some], self.of(Kind.TEXT, depth), bounds)

    def not_fraction(self, _: Kind, depth: int) -> st.SearchStrategy[Iterable[Expr]]:
        del depth
        values: list[Expr] = [*map(Name, ("n", "s", "yes", "d")), Literal(7), Literal("7")]
        return st.sampled_from(values).map(lambda value: [value])

    def number_or_text(self, _: Kind, depth: int) -> st.SearchStrategy[Iterable[Expr]]:
        values = self.of(Kind.NUMBER, depth) | self.of(Kind.TEXT, depth)
        return values.map(lambda value: [value])

    def time_or_text(self, _: Kind, depth: int) -> st.SearchStrategy[Iterable[Expr]]:
        del depth
        texts = ["2024-02-29", "2023-02-29", "2024-02-29 01:02:03", "x", ""]
        values: list[Expr] = [*map(Name, COLUMNS[Kind.TIME]), *map(Literal, texts)]
        return st.sampled_from(values).map(lambda value: [value])


def _may_give(name: str, kind: Kind) -> bool:
    return FUNCTIONS[name].gives in {kind, Kind.ALIKE}


def _taken(name: str, count: int) -> list[Kind]:
    takes = FUNCTIONS[name].takes
    return [*takes, *[takes[-1]] * count][:count]


def _concrete(wanted: Kind, drawn: Kind) -> Kind:
    return drawn if wanted in {Kind.ANY, Kind.ALIKE} else wanted


def _constants(kind: Kind) -> st.SearchStrategy[Expr]:
    constants: Mapping[Kind, st.SearchStrategy[Expr]] = {
        Kind.BOOLEAN: st.booleans().map(Literal),
        Kind.NUMBER: (_INTEGERS | _FRACTIONS).map(Literal),
        Kind.TEXT: _TEXTS.map(Literal),
        Kind.TIME: _DATES.map(lambda day: Literal(day.isoformat(), "date"))
        | _DATETIMES.map(lambda moment: Literal(moment.isoformat(), "datetime")),
    }
    return constants[kind] | st.just(Literal(None))


_SPECIAL: Mapping[str, Callable[[_Trees, Kind, int], st.SearchStrategy[Iterable[Expr]]]] = {
    "case": _Trees.case,
    "like": _Trees.with_pattern,
    "ilike": _Trees.with_pattern,
    "regexp_like": _Trees.with_regex,
    "round": _Trees.rounded,
    "substring": _Trees.piece,
    "to_integer": _Trees.number_or_text,
    "to_double": _Trees.number_or_text,
    "to_text": _Trees.not_fraction,
    "to_date": _Trees.time_or_text,
    "to_datetime": _Trees.time_or_text,
    "year": _Trees.part,
    "month": _Trees.part,
    "day": _Trees.part,
    "hour": _Trees.hour,
}
