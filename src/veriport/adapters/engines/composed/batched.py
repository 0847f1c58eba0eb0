"""An engine that measures piece by piece, with the answer that the whole would give."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum
from functools import partial, reduce
from itertools import accumulate

from attrs import evolve, field, frozen
from attrs.validators import optional

from veriport.adapters.engines.composed.children import Child
from veriport.adapters.engines.composed.clusters import Away, Executor, dask, ray
from veriport.adapters.engines.composed.crews import Crew, Hand, Task, Trouble
from veriport.adapters.engines.composed.jobs import Doing, Job
from veriport.adapters.engines.composed.wrapping import ABILITIES, Around, AroundEngine, engine_of
from veriport.adapters.engines.paths import named_by
from veriport.domain.batches import adds_up, together
from veriport.domain.binding import columns_read
from veriport.domain.datasets import Address, Dataset
from veriport.domain.errors import ConfigurationError, shown
from veriport.domain.measurements import Broken, Measured, Measurement, NotEvaluated, Outcome
from veriport.domain.rules.base import Rule, choose
from veriport.domain.rules.tables import RowCount
from veriport.domain.suggestions import nearest
from veriport.domain.validators import at_least, function, seconds, text, texts, yes_or_no
from veriport.ports.engines import Engine, Request, Table
from veriport.ports.errors import DataError, TransientError


class Running(StrEnum):
    """Where batches are measured."""

    SEQUENTIAL = "sequential"  #: one after the other
    THREADS = "threads"  #: several at once, in this process
    PROCESSES = "processes"  #: several at once, each in a process of its own that can be killed
    DASK = "dask"  #: several at once, on a cluster of Dask
    RAY = "ray"  #: the same on one of Ray


#: The clusters by name: what finds the one at an address, within so many seconds.
_CLUSTERS: Mapping[Running, Callable[[str | None, float | None], AbstractContextManager[Executor]]] = {
    Running.DASK: dask,
    Running.RAY: ray,
}


def _running(value: object) -> Running | Executor:
    return value if isinstance(value, Executor) else choose(Running, "running", value)


def _groups(value: object) -> tuple[tuple[str, ...], ...]:
    if not isinstance(value, list | tuple) or any(isinstance(group, str) for group in value):
        raise ConfigurationError(f"columns must be a list of lists of names, not {shown(value)}")
    return tuple(texts("columns", group) for group in value)


@frozen(kw_only=True)
class BatchExecutor(AroundEngine):
    """Measures in batches: of so many ``rows``, of about so many ``bytes``, of ``files``, of the rules about
    groups of ``columns``, or of the data sets into which ``split`` divides one.

    The answer is that of the whole, see ``veriport.domain.batches``: what adds up over batches is added, and
    rules that need all rows at once are measured on the whole, or with ``whole: false`` not evaluated. What
    breaks or cannot be measured in one batch is told for the whole, with the batch. All batches have the
    columns of the whole. The first trouble stops all that is being done.

    ``running`` says where, with so many ``workers`` at once: by name, or an executor with ``submit``, such as
    those of ``concurrent.futures``. A cluster is that at an ``address``, or the one that the program has. A
    batch that takes longer than ``batch_seconds``, or all of it longer than ``total_seconds``, raises
    ``DeadlineExceeded``: a process is killed with its group, a measurement in a thread is cancelled where the
    engine can, and left behind where it cannot; an executor is told to cancel.

    ``rows`` and ``bytes`` read what Polars can read and hand frames to the engine. Keeps all abilities, which
    work on the whole.
    """  # noqa: D205  # one sentence

    engine: Engine = field(converter=engine_of, kw_only=False)
    rows: int | None = field(default=None, validator=optional(at_least(1)))
    bytes: int | None = field(default=None, validator=optional(at_least(1)))
    files: bool = field(default=False, validator=yes_or_no)
    columns: tuple[tuple[str, ...], ...] = field(default=(), converter=_groups)
    split: Callable[[Dataset], Iterable[Dataset]] | None = field(default=None, validator=optional(function))
    running: Running | Executor = field(default=Running.SEQUENTIAL, converter=_running)
    address: str | None = field(default=None, validator=optional(text))
    workers: int = field(default=2, validator=at_least(1))
    batch_seconds: float | None = field(default=None, validator=optional(seconds))
    total_seconds: float | None = field(default=None, validator=optional(seconds))
    whole: bool = field(default=True, validator=yes_or_no)
    name: str = field(validator=text)

    @name.default
    def _name(self) -> str:
        return f"batched({self.engine.name})"

    def __attrs_post_init__(self) -> None:
        """Exactly one way to divide."""
        ways = (self.rows, self.bytes, self.files or None, self.columns or None, self.split)
        if sum(way is not None for way in ways) != 1:
            raise ConfigurationError(
                "batches are of rows, bytes, files, columns or a split: give one of them"
            )
        if self.address is not None and self.running not in _CLUSTERS:
            raise ConfigurationError(f"'address' is that of a cluster, which {self.running} is none")

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Table]:
        """Open the whole, which tells the columns."""
        with self.engine.open(dataset) as table:
            self._require_columns(dataset, [column.name for column in table.columns])
            yield _Batches(table, self, dataset)

    def _require_columns(self, dataset: Dataset, known: Sequence[str]) -> None:
        for name in (name for group in self.columns for name in group):
            if name not in known:
                hint = nearest(name, known).hint
                raise DataError(f"{dataset.label}: there is no column {name!r} for a batch{hint}")

    def do(
        self, tasks: Sequence[Task[Job]], begun: Callable[[Crew[Job, Measured]], None] | None = None
    ) -> list[Measured]:
        """Measure tasks where it is said; ``begun`` is told the crew that does it.

        Raises what the first one in trouble raises, with its name.
        """
        workers = 1 if self.running is Running.SEQUENTIAL else self.workers
        began = time.monotonic()
        try:
            with self._hiring() as hire:
                crew = Crew(hire, workers, self.total_seconds, began)
                if begun is not None:
                    begun(crew)
                return crew.do(tasks)
        except Trouble as trouble:
            raise _told(trouble) from trouble.error

    @contextmanager
    def _hiring(self) -> Iterator[Callable[[], Hand[Job, Measured]]]:
        """What makes a hand where it is said."""
        if not isinstance(self.running, Running):
            yield partial(Away, self.running)
        elif self.running in _CLUSTERS:
            with _CLUSTERS[self.running](self.address, self.total_seconds) as executor:
                yield partial(Away, executor)
        else:
            yield Child if self.running is Running.PROCESSES else Doing


def _told(trouble: Trouble) -> BaseException:
    """The error with the name of the batch, where it is one of the port's; a bug stays what it is."""
    match trouble.error:
        case DataError() as error if type(error) is DataError:
            return DataError(f"{trouble.label}: {error}")
        case TransientError(retry_after_seconds=after) as error if type(error) is TransientError:
            return TransientError(f"{trouble.label}: {error}", retry_after_seconds=after)
    return trouble.error


#: A crew is cancelled by itself.
_KEPT = tuple(each for each in ABILITIES if each != "cancel")


class _Batches(Around):
    """The whole table, measured batch by batch."""

    def __init__(self, inner: Table, executor: BatchExecutor, dataset: Dataset) -> None:
        super().__init__(inner, kept=_KEPT)
        self._executor, self._dataset = executor, dataset
        self._crew: Crew[Job, Measured] | None = None

    def cancel(self) -> None:
        """See ``veriport.ports.engines.SupportsCancel``: what cannot be stopped is left behind."""
        if self._crew is not None:
            self._crew.cancel()

    def _do(self, tasks: Sequence[Task[Job]]) -> list[Measured]:
        return self._executor.do(tasks, self._begun)

    def _begun(self, crew: Crew[Job, Measured]) -> None:
        self._crew = crew

    def measure(self, request: Request) -> Measured:
        """See ``veriport.ports.engines.Table``."""
        if self._executor.columns:
            return self._by_columns(request)
        known = {column.name: column for column in self.inner.columns}
        adding = [adds_up(rule, known) for rule in request.rules]
        apart = tuple(rule for rule, adds in zip(request.rules, adding, strict=True) if adds)
        rest = tuple(rule for rule, adds in zip(request.rules, adding, strict=True) if not adds)
        measured, others = self._by_rows(evolve(request, rules=apart), evolve(request, rules=rest))
        added, needing = iter(measured.outcomes), iter(others)
        return evolve(measured, outcomes=tuple(next(added) if adds else next(needing) for adds in adding))

    # ---- batches of rows

    def _by_rows(self, request: Request, rest: Request) -> tuple[Measured, Sequence[Outcome]]:
        """What batches say of the rules that add up, and what the whole says of the rest."""
        jobs, offsets = self._pieces(request)
        tasks = [self._task(job, place, len(jobs)) for place, job in enumerate(jobs)]
        measured_rest = bool(rest.rules) and self._executor.whole
        if measured_rest:
            tasks.append(Task(job=self._job(self._dataset, rest, "all rows"), label="all rows"))
        found = self._do(tasks)
        others: Sequence[Outcome] = (NotEvaluated(_NEEDS_ALL),) * len(rest.rules)
        if measured_rest:
            *found, of_all = found
            others = of_all.outcomes
        begins = offsets or [0, *accumulate(each.row_count for each in found)]
        moved = [
            _moved(each, task.label, begin) for each, task, begin in zip(found, tasks, begins, strict=False)
        ]
        measured = _united(request, moved)
        if measured_rest and of_all.row_count != measured.row_count:
            raise DataError(
                f"{self._dataset.label}: batches have {measured.row_count:,} rows and the whole "
                f"{of_all.row_count:,}: the data has changed, or its parts are not the whole"
            )
        return measured, others

    def _pieces(self, request: Request) -> tuple[Sequence[Job], Sequence[int]]:
        """The jobs, and by how much the numbers of rows in each are to be moved, where that is known."""
        executor = self._executor
        if executor.rows is not None or executor.bytes is not None:
            jobs = tuple(self._slices(request))  # they know their numbers
            return jobs, (0,) * len(jobs)
        parts = self._files() if executor.files else self._split()
        jobs = tuple(self._job(part, request, part.label) for part in parts)
        if request.limit is None and request.where is None:
            return jobs, ()
        limited = tuple(self._limited(request, jobs))
        return tuple(job for job, _ in limited), tuple(offset for _, offset in limited)

    def _slices(self, request: Request) -> Iterator[Job]:
        from veriport.adapters.engines.composed.rows import size_of  # noqa: PLC0415  # Polars on use

        rows, size = size_of(self._dataset)
        step = self._executor.rows or max(1, rows * (self._executor.bytes or 1) // max(1, size or 1))
        end = rows if request.limit is None else min(rows, request.limit)
        for start in range(0, max(end, 1), step):
            last = min(start + step, end)
            label = f"rows {start:,} to {last:,}"
            job = self._job(self._dataset, evolve(request, limit=None), label)
            yield evolve(job, start=start, end=last)

    def _files(self) -> list[Dataset]:
        address = self._dataset
        if not isinstance(address, Address) or "://" in address.path or address.sql is not None:
            raise ConfigurationError(f"{self._executor.name}: {address.label} is no glob of local files")
        return [evolve(address, path=str(path)) for path in named_by(address.path)] or [address]

    def _split(self) -> list[Dataset]:
        assert self._executor.split is not None  # noqa: S101  # one of the ways
        parts = list(self._executor.split(self._dataset))
        if not parts:
            raise ConfigurationError(f"{self._dataset.label} was split into nothing")
        counting = Request(rules=(_COUNT,))
        counted = self._counts([self._job(part, counting, part.label) for part in parts])
        (whole,) = self._counts([self._job(self._dataset, counting, "all rows")])
        if sum(counted) != whole:
            raise DataError(
                f"{self._dataset.label} has {whole:,} rows and was split into parts of {sum(counted):,}"
            )
        return parts

    def _limited(self, request: Request, jobs: Sequence[Job]) -> Iterator[tuple[Job, int]]:
        """Jobs on the first rows, when their numbers of rows are known."""
        offset = 0
        counts = self._counts([evolve(job, request=Request(rules=(_COUNT,))) for job in jobs])
        for place, (job, rows) in enumerate(zip(jobs, counts, strict=True)):
            left = None if request.limit is None else request.limit - offset
            if left is None or left > 0 or place == 0:
                limit = None if left is None or left >= rows else left
                yield evolve(job, request=evolve(request, limit=limit)), offset
            offset += rows

    def _counts(self, jobs: Sequence[Job]) -> list[int]:
        tasks = [self._task(job, place, len(jobs)) for place, job in enumerate(jobs)]
        return [found.row_count for found in self._do(tasks)]

    # ---- batches of columns

    def _by_columns(self, request: Request) -> Measured:
        """The rules of each group of columns together, over all rows; those of no group together, too."""
        groups: dict[int, list[int]] = {}
        for place, rule in enumerate(request.rules):
            groups.setdefault(self._group(rule, request), []).append(place)
        asked = list(groups.values()) or [[]]
        jobs = [
            self._job(
                self._dataset, evolve(request, rules=tuple(request.rules[at] for at in places)), "rules"
            )
            for places in asked
        ]
        found = self._do([self._task(job, place, len(jobs)) for place, job in enumerate(jobs)])
        if len({each.row_count for each in found}) > 1:
            raise DataError(f"{self._dataset.label} changed while it was measured")
        outcomes = {
            at: outcome
            for places, each in zip(asked, found, strict=True)
            for at, outcome in zip(places, each.outcomes, strict=True)
        }
        united = reduce(_beside, found)
        return evolve(united, outcomes=tuple(outcomes[at] for at in range(len(request.rules))))

    def _group(self, rule: Rule, request: Request) -> int:
        read = set(columns_read(rule, request.parsed))
        groups = self._executor.columns
        return next((at for at, group in enumerate(groups) if read <= set(group)), len(groups))

    # ---- jobs

    def _job(self, dataset: Dataset, request: Request, label: str) -> Job:
        return Job(
            engine=self._executor.engine,
            dataset=dataset,
            request=request,
            columns=self.inner.columns,
            label=label,
        )

    def _task(self, job: Job, place: int, of: int) -> Task[Job]:
        label = f"batch {place + 1} of {of} ({job.label})"
        return Task(job=job, label=label, seconds=self._executor.batch_seconds)


_NEEDS_ALL = "it needs all rows at once, and batches are not measured on the whole"
_COUNT = RowCount(id="rows", min=0)


def _moved(found: Measured, label: str, offset: int) -> Measured:
    """What a batch says, with the numbers that rows have in the whole and its name where something broke."""
    return evolve(found, outcomes=tuple(_moved_outcome(each, label, offset) for each in found.outcomes))


def _moved_outcome(outcome: Outcome, label: str, offset: int) -> Outcome:
    match outcome:
        case Broken(reason):
            return Broken(f"{label}: {reason}")
        case Measurement(samples=samples) if offset:
            moved = (each if each.row is None else evolve(each, row=each.row + offset) for each in samples)
            return evolve(outcome, samples=tuple(moved))
    return outcome


def _united(request: Request, found: Sequence[Measured]) -> Measured:
    """What batches of rows say together."""
    nulls: Counter[str] = Counter()
    for each in found:
        nulls.update(each.null_counts)
    return evolve(
        reduce(_beside, found),
        row_count=sum(each.row_count for each in found),
        outcomes=tuple(
            together(rule, [each.outcomes[place] for each in found], request.samples)
            for place, rule in enumerate(request.rules)
        ),
        null_counts=dict(nulls),
    )


def _beside(left: Measured, right: Measured) -> Measured:
    """What is known of two measurements together, but for rows and outcomes."""
    return evolve(
        left,
        null_counts=left.null_counts or right.null_counts,
        scans=None if left.scans is None or right.scans is None else left.scans + right.scans,
        bytes_read=None
        if left.bytes_read is None or right.bytes_read is None
        else left.bytes_read + right.bytes_read,
        notes=tuple(dict.fromkeys(left.notes + right.notes)),
    )
