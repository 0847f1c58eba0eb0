"""An engine that tells what is asked of it, how long that takes and how it fails."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TypeAlias

from attrs import Attribute, field, frozen

from veriport.adapters.engines.composed.wrapping import Around, AroundEngine, engine_of
from veriport.domain.datasets import Dataset
from veriport.domain.errors import ConfigurationError, shown
from veriport.domain.measurements import Broken, Measured, NotEvaluated
from veriport.ports.engines import Engine, Request, Table
from veriport.ports.telemetry import Telemetry

#: Called with the name of what happened and its attributes.
Hook: TypeAlias = Callable[[str, Mapping[str, str | float | bool | None]], object]


def _hooks(value: Iterable[Hook]) -> Sequence[Hook]:
    hooks = tuple(value) if isinstance(value, Iterable) else (value,)
    for each in hooks:
        if not callable(each):
            raise ConfigurationError(f"hooks must be functions, not {shown(each)}")
    return hooks


class Statistics:
    """Sums over all that an engine was asked for; safe to use from several threads.

    ``opened``, ``measured`` and ``failed`` count calls, ``rows`` and ``rules`` what was measured,
    ``broken`` and ``not_evaluated`` rules, and ``seconds`` adds up the time of measuring.
    """

    def __init__(self) -> None:
        self._sums: Counter[str] = Counter()
        self._seconds = 0.0
        self._lock = threading.Lock()

    def add(self, seconds: float = 0.0, **counts: int) -> None:
        """Add to the sums."""
        with self._lock:
            self._sums.update(counts)
            self._seconds += seconds

    def __getitem__(self, name: str) -> float:
        """A sum by its name, 0 where nothing was added."""
        with self._lock:
            return self._seconds if name == "seconds" else self._sums[name]

    def as_dict(self) -> dict[str, float]:
        """All sums at one moment."""
        with self._lock:
            return {**self._sums, "seconds": self._seconds}


def _sums(_: object, attribute: Attribute[Statistics], value: object) -> None:
    if not isinstance(value, Statistics):
        raise ConfigurationError(f"{attribute.name} must be Statistics, not {shown(value)}")


@frozen(kw_only=True)
class InstrumentedEngine(AroundEngine):
    """The engine, with the spans ``engine.open`` and ``engine.measure`` and an event at the end of each.

    ``engine.opened``, ``engine.measured`` (rows, rules, passes, bytes, seconds) and ``engine.failed`` go to
    telemetry, into ``statistics`` and to each of ``hooks``. A hook that raises does not disturb the check;
    that is the event ``engine.hook_failed``. No event holds a value or a reason. Keeps all abilities; they
    are not observed.
    """

    engine: Engine = field(converter=engine_of, kw_only=False)
    telemetry: Telemetry | None = None
    hooks: Sequence[Hook] = field(default=(), converter=_hooks)
    monotonic: Callable[[], float] = time.monotonic
    statistics: Statistics = field(factory=Statistics, validator=_sums, eq=False, repr=False)

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Table]:
        """Open the data under observation."""
        opened = self.engine.open(dataset)
        with self.observed("open", dataset):
            table = opened.__enter__()
        try:
            self.tell("engine.opened", dataset)
            self.statistics.add(opened=1)
            yield _Observed(table, self, dataset)
        except BaseException as error:
            if not opened.__exit__(type(error), error, error.__traceback__):
                raise
        else:
            opened.__exit__(None, None, None)

    @contextmanager
    def observed(self, verb: str, dataset: Dataset) -> Iterator[None]:
        """A span; an exception passes through and is told."""
        try:
            with self._span(f"engine.{verb}", dataset):
                yield
        except Exception as error:
            self.statistics.add(failed=1)
            self.tell("engine.failed", dataset, verb=verb, error=type(error).__name__)
            raise

    def _span(self, name: str, dataset: Dataset) -> AbstractContextManager[None]:
        if self.telemetry is None:
            return nullcontext()
        return self.telemetry.span(name, engine=self.name, dataset=dataset.label)

    def tell(self, event: str, dataset: Dataset, **attributes: str | float | bool | None) -> None:
        """Tell all who want to know."""
        told = {"engine": self.name, "dataset": dataset.label, **attributes}
        if self.telemetry is not None:
            self.telemetry.event(event, **told)
        for hook in self.hooks:
            try:
                hook(event, told)
            except Exception as error:  # noqa: BLE001  # a hook is anybody's code
                if self.telemetry is not None:
                    self.telemetry.event("engine.hook_failed", about=event, error=type(error).__name__)


class _Observed(Around):
    """A table under observation."""

    def __init__(self, inner: Table, engine: InstrumentedEngine, dataset: Dataset) -> None:
        super().__init__(inner)
        self._engine, self._dataset = engine, dataset

    def measure(self, request: Request) -> Measured:
        """See ``veriport.ports.engines.Table``."""
        started = self._engine.monotonic()
        with self._engine.observed("measure", self._dataset):
            found = self.inner.measure(request)
        seconds = self._engine.monotonic() - started
        counts = {
            "rows": found.row_count,
            "rules": len(request.rules),
            "broken": sum(isinstance(each, Broken) for each in found.outcomes),
            "not_evaluated": sum(isinstance(each, NotEvaluated) for each in found.outcomes),
        }
        self._engine.statistics.add(seconds, measured=1, **counts)
        self._engine.tell(
            "engine.measured",
            self._dataset,
            **counts,
            scans=found.scans,
            bytes_read=found.bytes_read,
            seconds=seconds,
        )
        return found
