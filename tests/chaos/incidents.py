"""Incidents are recorded while three workers send them and are killed again and again; then we count."""

from __future__ import annotations

import itertools
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from attrs import asdict, frozen

import veriport
from tests.chaos.receivers import Receiver, listening
from veriport.api.apps import App
from veriport.application.running import receivers_of
from veriport.domain import codec, outbox_keys
from veriport.domain.checkpoints import CheckpointResult, plan_messages
from veriport.domain.delivery import Outcome, State
from veriport.ports.stores import StateStore, every

_WORKERS = 3
_PATIENCE_SECONDS = 300.0
_SPREAD_SECONDS = 6.0  #: over which incidents happen at least, so that killers have the time to kill
_CONFIGURATION = """\
store: {{url: "{store}"}}
blobs: {{kind: file, root: documents}}
delivery:
  lease_seconds: 4
  margin_seconds: 0.5
  backoff_seconds: 0.05
  backoff_cap_seconds: 0.5
  poison_after: 50
checkpoints:
  - name: chaos
    data: data.csv
    actions:
      - {{type: webhook, name: drops, url: "{drops}", allow_hosts: [127.0.0.1], timeout_seconds: 2, lanes: 4}}
      - {{type: webhook, name: plain, url: "{plain}", allow_hosts: [127.0.0.1], timeout_seconds: 2, lanes: 4}}
"""


@frozen(kw_only=True)
class Tally:
    """What came of it. ``ambiguous`` and ``repeats`` are those of the receiver that cannot drop repeats."""

    store: str
    incidents: int
    kills: int
    ambiguous: int
    lost: int
    doubled_by_id: int
    repeats: int
    seconds: float

    @property
    def kept(self) -> bool:
        """Whether the promise was kept."""
        return not self.lost and not self.doubled_by_id and self.repeats <= self.ambiguous

    def to_dict(self) -> dict[str, object]:
        """For a line of JSON."""
        return asdict(self)


def run(store: str, url: str, incidents: int, folder: Path, seed: int = 0) -> Tally:
    """Send so many incidents through the store of that kind at ``url``; ``folder`` is empty and ours."""
    with ExitStack() as stack:
        drops = stack.enter_context(listening(drops=True, seed=seed))
        plain = stack.enter_context(listening(drops=False, seed=seed + 1))
        file = folder / "veriport.yaml"
        file.write_text(_CONFIGURATION.format(store=url, drops=drops.url, plain=plain.url))
        (folder / "data.csv").write_text("a\n1\n")
        app = veriport.bootstrap(file)
        stack.callback(app.store().close)
        began = time.monotonic()
        with _killed_workers(file, folder, seed) as kills:
            owed = list(_record(app, incidents))
            outcomes = _settled(app.store(), set(owed))
        seconds = time.monotonic() - began
    return _tally(store, incidents, kills, outcomes, owed, drops, plain, seconds)


def _record(app: App, incidents: int) -> Iterator[str]:
    """Record runs that fail; the id of every message that was committed."""
    (spec,) = app.settings().checkpoints
    receivers = receivers_of(spec, app.notifier_for())
    outbox = app.deliver().outbox
    for number in range(incidents):
        now = datetime.now(UTC)
        result = CheckpointResult(
            run_id=f"{now:%Y%m%dT%H%M%SZ}-{number:08x}",
            name=spec.name,
            run_name="",
            run_time=now,
            error="chaos",
        )
        for delivery in outbox.record(result, plan_messages(spec, result), receivers):
            yield delivery.id
        time.sleep(_SPREAD_SECONDS / incidents)


def _settled(store: StateStore, owed: set[str]) -> list[Outcome]:
    """What became of every message, once nothing waits."""
    over = time.monotonic() + _PATIENCE_SECONDS
    while store.scan(outbox_keys.MESSAGES, limit=1) and time.monotonic() < over:
        time.sleep(0.1)
    outcomes = (
        codec.read_record(each.value, "outcome", Outcome) for each in every(store, outbox_keys.OUTCOMES)
    )
    return [outcome for outcome in outcomes if outcome.id in owed]


def _tally(  # everything that is counted
    store: str,
    incidents: int,
    kills: Sequence[int],
    outcomes: Sequence[Outcome],
    owed: Sequence[str],
    drops: Receiver,
    plain: Receiver,
    seconds: float,
) -> Tally:
    dead = {outcome.id for outcome in outcomes if outcome.state is State.DEAD}
    arrived = {*drops.arrived, *plain.arrived}
    return Tally(
        store=store,
        incidents=incidents,
        kills=len(kills),
        ambiguous=sum(each.ambiguous for each in outcomes if each.receiver == "chaos/plain"),
        lost=sum(identity not in arrived and identity not in dead for identity in owed),
        doubled_by_id=sum(times > 1 for times in drops.known.values()),
        repeats=plain.repeats,
        seconds=round(seconds, 1),
    )


@contextmanager
def _killed_workers(file: Path, folder: Path, seed: int) -> Iterator[list[int]]:
    """Three workers, one of which is killed and started anew every now and then; the ids of the killed ones."""
    over, killed, numbers = threading.Event(), list[int](), itertools.count()
    workers = [_worker(file, folder, next(numbers)) for _ in range(_WORKERS)]

    def kill() -> None:
        chance = random.Random(seed)  # noqa: S311  # for a test
        while not over.wait(chance.uniform(0.2, 1.5)):
            place = chance.randrange(_WORKERS)
            workers[place].kill()
            workers[place].wait()
            killed.append(workers[place].pid)
            workers[place] = _worker(file, folder, next(numbers))

    killer = threading.Thread(target=kill, name="killer")
    killer.start()
    try:
        yield killed
    finally:
        over.set()
        killer.join()
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        for worker in workers:
            worker.wait(30)


def _worker(file: Path, folder: Path, number: int) -> subprocess.Popen[bytes]:
    command = [Path(sys.executable).with_name("veriport"), "worker", "--config", file, "--poll", "0.1"]
    with (folder / f"worker-{number:03}.log").open("wb") as log:
        return subprocess.Popen([str(part) for part in command], stdout=log, stderr=log)
