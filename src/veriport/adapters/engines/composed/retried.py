"""An engine that tries again what may go better, and leaves an engine alone that does not answer at all."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from attrs import Factory, define, evolve, field, frozen

from veriport.adapters.engines.composed.wrapping import Around, AroundEngine, Cancelled, engine_of
from veriport.domain.breaking import Breaker, Circuit
from veriport.domain.datasets import Dataset
from veriport.domain.delivery import Policy
from veriport.domain.errors import ConfigurationError
from veriport.domain.measurements import Measured
from veriport.domain.validators import at_least, function, seconds
from veriport.ports.clocks import Clock
from veriport.ports.engines import Engine, Request, Table
from veriport.ports.errors import TransientError
from veriport.ports.telemetry import Telemetry

_T = TypeVar("_T")


@frozen(kw_only=True)
class RetriedEngine(AroundEngine):
    """Opens and measures up to ``attempts`` times while ``TransientError`` is raised, and nothing else.

    The waits are those of a delivery: ``base_seconds`` after the first failure, twice as long after each
    further one up to ``cap_seconds``, of which chance takes up to half; an engine that names a time is not
    asked before. After ``threshold`` failed attempts in a row, of all checks together, the engine is left
    alone for ``rest_seconds``: whoever asks gets ``TransientError`` at once, until one attempt finds out that
    it is back. To have opened data that then cannot be measured is no answer.

    Each failed attempt is the event ``engine.retried``, to leave it alone ``engine.breaker``, and the notes
    say how many attempts it took. Keeps all abilities; they are not tried again.
    """

    engine: Engine = field(converter=engine_of, kw_only=False)
    clock: Clock
    telemetry: Telemetry | None = None
    attempts: int = field(default=3, validator=at_least(1))
    base_seconds: float = field(default=0.5, validator=seconds)
    cap_seconds: float = field(default=30.0, validator=seconds)
    threshold: int = field(default=5, validator=at_least(1))
    rest_seconds: float = field(default=30.0, validator=seconds)
    chance: Callable[[], float] = field(default=random.random, validator=function)
    _guard: Guard = field(
        init=False,
        eq=False,
        repr=False,
        default=Factory(lambda mine: Guard(mine.threshold, mine.rest_seconds), takes_self=True),
    )

    def __attrs_post_init__(self) -> None:
        """A cap lies above the first wait."""
        if self.cap_seconds < self.base_seconds:
            raise ConfigurationError("cap_seconds is less than base_seconds")

    @property
    def circuit(self) -> Circuit:
        """Whether the engine is asked now."""
        return self._guard.breaker.state(self.clock.monotonic())

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Table]:
        """Open the data, if need be after some attempts."""
        with ExitStack() as stack:

            def opened() -> Table:
                with ExitStack() as own:
                    table = own.enter_context(self.engine.open(dataset))
                    table.columns  # noqa: B018  # an engine may open late
                    stack.push(own.pop_all())
                return table

            table, tries = self.tried(opened, dataset, settles=False)
            yield _Retried(table, self, dataset, tries)

    def tried(
        self,
        work: Callable[[], _T],
        dataset: Dataset,
        *,
        settles: bool,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> tuple[_T, int]:
        """What ``work`` gives, and how many attempts it took. Raises what the last one raises.

        ``settles`` says whether to be done with it shows that the engine answers. What was ``cancelled`` is
        not tried again.
        """
        policy = Policy(base=self.base_seconds, cap=self.cap_seconds)
        for attempt in range(1, self.attempts + 1):
            self._enter(dataset)
            try:
                given = work()
            except TransientError as error:
                if cancelled():
                    self._guard.answered(settles=False)  # nobody knows whether it would have
                    raise
                self._failed(dataset, attempt, error)
                if attempt == self.attempts:
                    raise
                wait = policy.wait(attempt, self.chance(), error.retry_after_seconds)
                self.clock.sleep(wait.total_seconds())
                if cancelled():
                    raise
            except BaseException:
                self._guard.answered()  # it did, only not what was wanted
                raise
            else:
                self._guard.answered(settles=settles)
                return given, attempt
        raise AssertionError  # pragma: no cover  # the last attempt returns or raises

    def _enter(self, dataset: Dataset) -> None:
        now = self.clock.monotonic()
        if (patience := self._guard.enter(now)) is not None:
            why = f"is left alone, it failed again and again: {self._guard.reason}"
            raise TransientError(
                f"{dataset.label}: the engine {self.name} {why}", retry_after_seconds=patience
            )

    def _failed(self, dataset: Dataset, attempt: int, error: Exception) -> None:
        opened = self._guard.failed(self.clock.monotonic(), str(error))
        if self.telemetry is not None:
            about = {"engine": self.name, "dataset": dataset.label}
            self.telemetry.event("engine.retried", **about, attempt=attempt)
            if opened:
                self.telemetry.event("engine.breaker", **about, state=Circuit.OPEN.value)


@define
class Guard:
    """The breaker of an engine, for all threads."""

    threshold: int
    rest_seconds: float
    breaker: Breaker = field(init=False)
    reason: str = field(default="", init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False, eq=False)

    @breaker.default
    def _closed(self) -> Breaker:
        return Breaker(threshold=self.threshold, rest_seconds=self.rest_seconds)

    def enter(self, now: float) -> float | None:
        """Begin a call, or the seconds to wait before one may begin."""
        with self._lock:
            if self.breaker.state(now) is Circuit.OPEN:
                return self.breaker.patience(now)
            self.breaker = self.breaker.begun(now)
            return None

    def answered(self, *, settles: bool = True) -> None:
        """End a call that was answered."""
        with self._lock:
            self.breaker = self.breaker.answered() if settles else evolve(self.breaker, trying=False)

    def failed(self, now: float, reason: str) -> bool:
        """End a call that was not; whether that opened the breaker."""
        with self._lock:
            was_open = self.breaker.opened_at is not None
            self.breaker, self.reason = self.breaker.failed(now), reason
            return self.breaker.opened_at is not None and not was_open


class _Retried(Around):
    """A table whose measurement is tried again."""

    def __init__(self, inner: Table, engine: RetriedEngine, dataset: Dataset, tries: int) -> None:
        super().__init__(inner)
        self._engine, self._dataset, self._tries = engine, dataset, tries
        self._cancelled = Cancelled(self, lambda: [inner])

    def measure(self, request: Request) -> Measured:
        """See ``veriport.ports.engines.Table``."""
        self._cancelled.begin()
        found, tries = self._engine.tried(
            lambda: self.inner.measure(request), self._dataset, settles=True, cancelled=self._cancelled
        )
        said = [
            f"{self._engine.name} {what} at attempt {times}"
            for what, times in (("opened the data", self._tries), ("answered", tries))
            if times > 1
        ]
        return evolve(found, notes=(*found.notes, *said))
