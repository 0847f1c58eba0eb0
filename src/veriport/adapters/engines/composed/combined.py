"""Several engines that all measure the same rules; what they say is put together, and where they differ."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from attrs import evolve, field, frozen
from attrs.validators import optional

from veriport.adapters.engines.composed.crews import Crew, Task, Trouble
from veriport.adapters.engines.composed.wrapping import (
    ABILITIES,
    AroundEngines,
    Cancelled,
    engines_of,
    names_of,
    numbers_for,
    numbers_of,
)
from veriport.domain.composing import Voting, differ, verdict
from veriport.domain.datasets import Dataset
from veriport.domain.errors import ConfigurationError
from veriport.domain.measurements import Broken, Measured, Outcome
from veriport.domain.results import RuleResult, RuleStatus, judge
from veriport.domain.rules.base import Rule, Shape, choose
from veriport.domain.types import Column
from veriport.domain.validators import seconds, text
from veriport.ports.engines import Engine, Request, SupportsCancel, Table
from veriport.ports.errors import PortError

CLOSE = 1e-9  #: how far apart, relatively, values may be that were calculated in another order


def _voting(value: object) -> Voting:
    return choose(Voting, "voting", value)


def _weights(value: object) -> tuple[float, ...]:
    return numbers_of("weights", value)


@frozen(kw_only=True)
class MultiEngineAggregator(AroundEngines):
    """Has each rule measured by every engine, at once, and takes the verdict to which ``voting`` comes.

    A rule gets the numbers and the rows of the first engine that says what the verdict is. Where engines say
    different things, each is told among the remarks of the rule; where they come to no verdict, the rule is
    an error. An engine that cannot open or read the data, or sees other columns or rows than the first one
    that can, breaks every rule, and is among the notes; where none can, the first one's error is raised.

    ``weights`` has a number an engine, for the voting ``weighted``. Within ``total_seconds``, or
    ``DeadlineExceeded``. Keeps the abilities of the first engine that opened the data.
    """

    engines: tuple[Engine, ...] = field(converter=engines_of, kw_only=False)
    voting: Voting = field(default=Voting.MERGE, converter=_voting)
    weights: tuple[float, ...] = field(default=(), converter=_weights)
    total_seconds: float | None = field(default=None, validator=optional(seconds))
    name: str = field(validator=text)

    @name.default
    def _name(self) -> str:
        return f"combined({names_of(self.engines)})"

    def __attrs_post_init__(self) -> None:
        """Compare the weights with the engines."""
        if self.voting is Voting.WEIGHTED:
            numbers_for("weights", self.weights, self.engines)
        elif self.weights:
            raise ConfigurationError(f"weights has no meaning for the voting {self.voting.value}")

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Table]:
        """Open the data with every engine."""
        with ExitStack() as stack:
            yield _Combined(self, [_opened(engine, dataset, stack) for engine in self.engines], dataset)


@frozen(eq=False)
class _Voice:
    """An engine, with its table or the reason that it has none."""

    engine: Engine
    table: Table | None
    columns: tuple[Column, ...] = ()
    error: Exception | None = None


def _opened(engine: Engine, dataset: Dataset, stack: ExitStack) -> _Voice:
    with ExitStack() as own:
        try:
            table = own.enter_context(engine.open(dataset))
            columns = table.columns
        except (PortError, ConfigurationError) as error:
            return _Voice(engine, None, error=error)
        stack.push(own.pop_all())
    return _Voice(engine, table, columns)


class _Asking:
    """Asks an engine. Who waits cancels the tables, and leaves behind what cannot be."""

    def __call__(self, job: Callable[[], Measured | Exception]) -> Measured | Exception:
        """Ask."""
        return job()

    def stop(self) -> None:
        """See ``_Combined``."""

    def close(self) -> None:
        """Nothing is held."""


class _Combined:
    """The tables of all engines."""

    def __init__(self, combining: MultiEngineAggregator, voices: Sequence[_Voice], dataset: Dataset) -> None:
        self._combining, self._dataset = combining, dataset
        first = next((each for each in voices if each.table is not None), None)
        if first is None:
            raise voices[0].error or ConfigurationError(f"{combining.name} has no engine")
        self._columns = first.columns
        self._voices = [self._alike(each) for each in voices]
        for name in ABILITIES:
            if callable(method := getattr(first.table, name, None)):
                setattr(self, name, method)
        Cancelled(self, lambda: [each.table for each in self._voices if each.table is not None])

    def _alike(self, voice: _Voice) -> _Voice:
        """The voice, silenced if its columns are others than those to which rules are bound."""
        why = None if voice.table is None else differ(self._columns, voice.columns)
        return voice if why is None else evolve(voice, table=None, error=PortError(why))

    @property
    def columns(self) -> tuple[Column, ...]:
        """As the first engine sees them that opened the data."""
        return self._columns

    def measure(self, request: Request) -> Measured:
        """See ``veriport.ports.engines.Table``."""
        said = self._asked(request)
        leading = next((each for each in said if isinstance(each, Measured)), None)
        if leading is None:
            raise next(each for each in said if isinstance(each, Exception))
        heard = [_same_rows(each, leading) for each in said]
        names = [each.engine.name for each in self._voices]
        outcomes = tuple(
            self._together(rule, [_outcome(each, place) for each in heard], names)
            for place, rule in enumerate(request.rules)
        )
        failed = [
            f"{name} did not answer: {each}"
            for name, each in zip(names, heard, strict=True)
            if isinstance(each, Exception)
        ]
        noted = [note for each in heard if isinstance(each, Measured) for note in each.notes]
        return evolve(leading, outcomes=outcomes, notes=tuple(dict.fromkeys([*noted, *failed])))

    def _asked(self, request: Request) -> list[Measured | Exception]:
        """What each engine says, or raises."""
        tasks = [Task(job=_question(voice, request), label=voice.engine.name) for voice in self._voices]
        crew = Crew[Callable[[], "Measured | Exception"], "Measured | Exception"](
            _Asking, len(tasks), self._combining.total_seconds
        )
        try:
            return crew.do(tasks)
        except Trouble as bug:
            raise bug.error from bug
        except BaseException:
            for voice in self._voices:
                if isinstance(voice.table, SupportsCancel):
                    voice.table.cancel()
            raise

    def _together(self, rule: Rule, outcomes: Sequence[Outcome], names: Sequence[str]) -> Outcome:
        """The outcome of the first that says what all come to, with what each says where they differ."""
        judged = [judge(rule, each) for each in outcomes]
        said = [each.status for each in judged]
        wanted = verdict(self._combining.voting, said, self._combining.weights)
        differing = any(not _agree(each, judged[0]) for each in judged)
        words = "; ".join(f"{name}: {_words(each)}" for name, each in zip(names, judged, strict=True))
        if wanted is None:
            return Broken(f"the engines come to no verdict ({self._combining.voting.value}): {words}")
        taken = outcomes[said.index(wanted)]
        if not differing:
            return taken
        return evolve(taken, remarks=(*taken.remarks, f"engines differ: {words}"))


def _question(voice: _Voice, request: Request) -> Callable[[], Measured | Exception]:
    def ask() -> Measured | Exception:
        if voice.table is None:
            return voice.error or PortError("it did not open the data")
        try:
            return voice.table.measure(request)
        except (PortError, ConfigurationError) as error:
            return error

    return ask


def _same_rows(said: Measured | Exception, leading: Measured) -> Measured | Exception:
    if isinstance(said, Exception) or said.row_count == leading.row_count:
        return said
    return PortError(f"it sees {said.row_count:,} rows and not {leading.row_count:,}")


def _outcome(said: Measured | Exception, place: int) -> Outcome:
    return Broken(str(said)) if isinstance(said, Exception) else said.outcomes[place]


def _agree(left: RuleResult, right: RuleResult) -> bool:
    """Whether two engines say the same: verdict, rows and, nearly, the value."""
    if (left.status, left.checked_count, left.failed_count) != (
        right.status,
        right.checked_count,
        right.failed_count,
    ):
        return False
    mine, other = left.observed, right.observed
    if isinstance(mine, float) and isinstance(other, int | float):
        return math.isclose(mine, other, rel_tol=CLOSE, abs_tol=CLOSE)
    return mine == other


def _words(result: RuleResult) -> str:
    """What one engine says of a rule, without its rows."""
    match result.status:
        case RuleStatus.ERROR | RuleStatus.NOT_EVALUATED:
            return f"{result.status.value.replace('_', ' ')} ({result.message})"
        case _ if result.rule.shape is Shape.VALUE:
            return f"{result.status.value}, observed {result.observed}"
    return f"{result.status.value}, {result.failed_count:,} of {result.checked_count:,} rows break it"
