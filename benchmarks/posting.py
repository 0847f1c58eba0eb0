"""What the part ``outbox`` measures: runs are recorded and what they owe is sent, and HTTP by hand.

Each answer says how long it took and how busy the process was, without what is made before.
"""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import httpx
import polars as pl
from attrs import define, evolve, field, frozen

import veriport
import veriport.adapters.engines.polars  # what the first check of a process would import
from benchmarks.places import PLACES, Store, flush_ms
from benchmarks.receiver import listening
from veriport.adapters.blobs.file import FileBlobStore
from veriport.adapters.clocks.system import SystemClock
from veriport.adapters.notifiers.webhook import WebhookNotifier
from veriport.adapters.telemetry.none import NoTelemetry
from veriport.application.draining import DrainLane
from veriport.application.outbox import Outbox, lane_put
from veriport.application.receivers import Receiver
from veriport.application.working import Work
from veriport.domain import outbox_keys
from veriport.domain.checkpoints import CheckpointResult
from veriport.domain.delivery import Lane, Message
from veriport.domain.records import Change, Put
from veriport.ports.notifiers import Notifier, Receipt
from veriport.ports.stores import every

Answer: TypeAlias = dict[str, float]

#: A check of which all rules fail: a document of 2 KB.
_RULES = [
    {"column": "id", "type": "not_null"},
    {"column": "id", "type": "unique"},
    {"column": "amount", "type": "in_range", "min": 0},
]
_ROWS = {"id": [1, 2, 2, None], "amount": [1.0, -2.0, 3.0, 4.0]}


@frozen
class _Nothing:
    """A notifier that does nothing, and says whether it drops repeats."""

    idempotent: bool

    def send(self, message: Message, timeout_seconds: float) -> Receipt:
        del message, timeout_seconds
        return Receipt()


@define
class Stopwatch:
    """Seconds and processor seconds of the parts of a work."""

    found: Answer = field(factory=dict)

    @contextmanager
    def timing(self, what: str) -> Iterator[None]:
        """Time what is inside."""
        began, busy = time.perf_counter(), time.process_time()
        yield
        self.found |= {what: time.perf_counter() - began, f"{what}_cpu": time.process_time() - busy}


def nothing(place: Path, messages: int, actions: int, asleep: int, together: int) -> Answer:
    """So many messages, of runs with so many actions, to a notifier that does nothing, by one thread.

    ``asleep`` incidents stand in the store besides. ``together`` is 1 for a receiver that drops repeats.
    """
    notifier = _Nothing(bool(together))
    receivers = {f"orders/{n}": _receiver(n, notifier, 1) for n in range(actions)}
    return _delivered(place.name, messages, receivers, asleep, 1)


def webhook(place: Path, messages: int, threads: int) -> Answer:
    """So many messages to one webhook with as many lanes as threads."""
    with listening() as url:
        notifier = WebhookNotifier(url=url, allow_hosts="127.0.0.1")
        found = _delivered(place.name, messages, {"orders/0": _receiver(0, notifier, threads)}, 0, threads)
        return found | {"arrived": int(httpx.get(url).text)}


def _receiver(number: int, notifier: Notifier, lanes: int) -> Receiver:
    return Receiver(name=str(number), kind="nothing", timeout_seconds=10, open=lambda: notifier, lanes=lanes)


def _delivered(
    place: str, messages: int, receivers: dict[str, Receiver], asleep: int, threads: int
) -> Answer:
    kind = PLACES[place]
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as folder, kind.serve(Path(folder)) as where:
        store = kind.connect(where)
        clock, blobs = SystemClock(), FileBlobStore(Path(folder) / "blobs")
        _put_asleep(store, asleep)
        outbox = Outbox(store=store, blobs=blobs, clock=clock)
        drain = DrainLane(
            store=store,
            blobs=blobs,
            clock=clock,
            telemetry=NoTelemetry(),
            receiver_for=receivers.get,
            chance=random.random,
        )
        work = Work(queues=store, drain=drain, clock=clock, telemetry=NoTelemetry())
        check = veriport.check(pl.DataFrame(_ROWS), _RULES)
        watch.found["flush_ms"] = flush_ms(Path(folder))
        with watch.timing("record"):
            for result in _runs(check, messages // len(receivers)):
                outbox.record(result, _owed(result, receivers), receivers)
        with watch.timing("deliver"):
            at_once(threads, work.until_idle)
        watch.found["delivered"] = _count(store, outbox_keys.OUTCOMES)
        store.close()
    return watch.found


def _runs(check: veriport.CheckResult, many: int) -> Iterator[CheckpointResult]:
    for number in range(many):
        now = datetime.now(UTC)
        yield CheckpointResult(
            run_id=f"{now:%Y%m%dT%H%M%SZ}-{number:08x}",
            name="orders",
            run_name="",
            run_time=now,
            check=check,
        )


def _owed(result: CheckpointResult, receivers: Iterable[str]) -> list[Message]:
    """As ``plan_messages`` makes them."""
    body = result.to_dict()
    first = Message(
        id="",
        receiver="",
        run_id=result.run_id,
        checkpoint=result.name,
        status=result.status,
        occurred_at=result.run_time,
        body=body,
    )
    return [evolve(first, id=f"{result.run_id}:{name}", receiver=name) for name in receivers]


def _put_asleep(store: Store, incidents: int) -> None:
    """Other open incidents: of each a run that is remembered, and a lane; every second waits for its time."""
    later = store.now() + timedelta(days=1)
    for first in range(0, incidents, 500):
        changes: list[Change] = []
        for number in range(first, min(first + 500, incidents)):
            lane = Lane(receiver=f"other/{number}", asleep=number % 2 == 0)
            changes.append(lane_put(f"other|{number}", lane, None if lane.asleep else later, None))
            key = outbox_keys.run(f"20200101T000000Z-{number:08x}")
            changes.append(Put(key=key, value=bytes(400), expires_at=later))
        store.commit(changes).unwrap()


def _count(store: Store, prefix: str) -> int:
    return sum(1 for _ in every(store, prefix))


def at_once(threads: int, work: Callable[[], object]) -> None:
    """Do the work in so many threads, until all are done."""
    started = [threading.Thread(target=work) for _ in range(threads)]
    for each in started:
        each.start()
    for each in started:
        each.join()


def bare(_: Path, messages: int, threads: int, kept: int) -> Answer:
    """So many requests with the same body by httpx, a client a thread; ``kept`` is 1 to keep connections."""
    watch = Stopwatch()
    (result,) = _runs(veriport.check(pl.DataFrame(_ROWS), _RULES), 1)
    body = result.to_json(indent=None).encode()
    close = {} if kept else {"connection": "close"}
    numbers = iter(range(messages))  # one for all threads
    with listening() as url:

        def send() -> None:
            with httpx.Client(headers={"content-type": "application/json", **close}) as client:
                for number in numbers:
                    answer = client.post(url, content=body, headers={"webhook-id": f"{number:08}"})
                    answer.raise_for_status()

        with watch.timing("deliver"):
            at_once(threads, send)
        return watch.found | {"arrived": int(httpx.get(url).text)}
