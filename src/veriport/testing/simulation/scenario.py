"""One simulated day: checkpoints run, workers send, everything fails, and the promise is checked."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from attrs import define, field, frozen

from veriport.adapters.stores.memory import MemoryStateStore
from veriport.adapters.telemetry.none import NoTelemetry
from veriport.application.desk import OutboxDesk
from veriport.application.draining import DrainLane
from veriport.application.idempotency import Idempotency
from veriport.application.outbox import ClaimLost, Outbox
from veriport.application.receivers import Receiver, Receivers
from veriport.application.runs import Runs
from veriport.application.settling import settle_in_lane
from veriport.application.working import Work
from veriport.domain import outbox_keys
from veriport.domain.checkpoints import CheckpointResult
from veriport.domain.delivery import Message, Policy, State
from veriport.domain.idempotency import Claim, Stored
from veriport.domain.results import Status
from veriport.ports.errors import TransientError
from veriport.testing.simulation.baton import Actor, ActorClock, Crash, Stage
from veriport.testing.simulation.checker import History, broken_promises, outcomes_of
from veriport.testing.simulation.ports import (
    Fault,
    Inbox,
    StormyBlobs,
    StormyNotifier,
    StormyStore,
    Weather,
)

#: How long faults may strike, and how long after them everything must be settled, in seconds.
STORM_SECONDS = 600.0
LONGEST_SECONDS = 6 * 3600.0
#: When the receiver that is down for ever is given up.
SHORT_DEADLINE = 1200.0
_POLL = 5.0
_TIMEOUT = 10.0
_SHARE = 0.6  #: of the inboxes that a run tells


@frozen(kw_only=True)
class Setup:
    """What is simulated. ``store_for`` and ``drain_for`` take other parts, so that a test can plant a bug.

    ``runs`` checkpoint runs are made by as many processes, each under an idempotency key that two of them
    share, and ``workers`` processes send. ``store_faults`` and ``network_faults`` are how likely a call of
    either suffers one of ``faults``. ``skew`` is by how many seconds clocks of processes may be wrong.
    """

    runs: int = 6
    workers: int = 3
    store_faults: float = 0.04
    network_faults: float = 0.2
    faults: frozenset[Fault] = frozenset(Fault)
    skew: float = 3600.0
    policy: Policy = Policy()
    store_for: Callable[..., StormyStore] = StormyStore
    drain_for: Callable[..., DrainLane] = DrainLane


@frozen(kw_only=True)
class Report:
    """What a seed came to: the promises that were broken, and what happened on the way."""

    seed: int
    problems: tuple[str, ...]
    faults: Mapping[str, int]
    messages: int
    repeats: int
    ambiguous: int
    crashes: int
    trace: tuple[str, ...] = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether every promise was kept."""
        return not self.problems

    def __str__(self) -> str:
        """The seed, what broke, and the last steps before the end."""
        if self.ok:
            return f"seed {self.seed}: every promise was kept"
        return "\n".join([f"seed {self.seed}:", *(f"  {problem}" for problem in self.problems)])


def simulate(seed: int, setup: Setup = Setup()) -> Report:  # it is frozen
    """Run one scenario. Equal seeds and setups give equal reports."""
    return _Scenario(seed, setup).play()


#: The inboxes of every scenario, and how many lanes each has.
_LANES: Mapping[str, int] = {
    "plain": 1, "dropping": 1, "parallel": 3, "shaky": 1, "refusing": 1, "poisoned": 1, "gone": 1,
}  # fmt: skip


@define
class _Process:
    """A process that is started anew each time it crashes; ``starts`` counts."""

    name: str
    body: Callable[[Actor], None]
    starts: int = 0


class _Scenario:
    def __init__(self, seed: int, setup: Setup) -> None:
        self.seed = seed
        self.stage = stage = Stage(seed)
        self.setup = setup
        self.store = MemoryStateStore(stage.clock)
        self.documents: dict[str, bytes] = {}
        self.weather = Weather(
            store=setup.store_faults,
            network=setup.network_faults,
            calm_from=STORM_SECONDS,
            kinds=setup.faults,
        )
        self.inboxes = {name: self._inbox(name) for name in _LANES}
        self.history = History()
        self.crashes = 0

    def play(self) -> Report:
        """Start every process, let time pass, and see what came of it."""
        chance, setup = self.stage.chance, self.setup
        for number in range(setup.runs):
            for twin in "ab":
                self._start(
                    _Process(f"run {number}{twin}", partial(self._run, number)), chance.uniform(0, 300)
                )
        for number in range(setup.workers):
            self._start(_Process(f"worker {number}", self._work), chance.uniform(0, 60))
        self._start(_Process("operator", self._operate), chance.uniform(60, 300))
        settled = self.stage.play(self._settled, LONGEST_SECONDS)
        problems = broken_promises(self.store, self.documents, self.inboxes, self.history, setup.policy)
        if not settled:
            waiting = [record.key for record in self.store.scan(outbox_keys.MESSAGES)]
            problems.append(f"stuck: after {LONGEST_SECONDS / 3600:g} hours these still wait: {waiting}")
        outcomes = outcomes_of(self.store)
        return Report(
            seed=self.seed,
            problems=tuple(problems),
            faults=dict(sorted(self.weather.counts.items())),
            messages=len(outcomes),
            repeats=sum(len(box.arrived) - len(set(box.arrived)) for box in self.inboxes.values()),
            ambiguous=sum(outcome.ambiguous for outcome in outcomes.values()),
            crashes=self.crashes,
            trace=tuple(self.stage.trace),
        )

    def _inbox(self, name: str) -> Inbox:
        phase = self.stage.chance.uniform(20, 90)
        moods: Mapping[str, Mapping[str, Any]] = {
            "dropping": {"idempotent": True},
            "shaky": {"down": lambda now: now < STORM_SECONDS and now % 120 < phase},
            "refusing": {"refuses": lambda identity: hash_of(identity) % 2 == 0},
            "poisoned": {"kills": lambda identity: hash_of(identity) % 3 == 0},
            "gone": {"down": lambda _: True},
        }
        return Inbox(name=name, lanes=_LANES[name], **moods.get(name, {}))

    def _start(self, process: _Process, after: float) -> None:
        """Start a process, and again soon after each crash, as those who run it would."""

        def live(actor: Actor) -> None:
            try:
                process.body(actor)
            except Crash:
                if not self.stage.over:
                    self.crashes += 1
                    self.stage.note(actor, "dies")
                    self._start(process, self.stage.chance.uniform(1, 30))
                raise

        process.starts += 1
        self.stage.enter(f"{process.name}.{process.starts}", live, after)

    # what processes do

    def _work(self, actor: Actor) -> None:
        drain = self._drain(actor)
        queues = drain.store
        assert isinstance(queues, StormyStore)  # noqa: S101  # for the type checker
        Work(
            queues=queues,
            drain=drain,
            clock=drain.clock,
            telemetry=NoTelemetry(),
            tidy=lambda: queues.purge(100),
            poll_seconds=_POLL,
            glance_seconds=_POLL,
        )(lambda: False)

    def _operate(self, actor: Actor) -> None:
        """Retry and drop messages, dead and waiting ones, as a person would; until the storm is over."""
        drain, chance = self._drain(actor), self.stage.chance
        desk = OutboxDesk(
            store=drain.store, clock=drain.clock, receiver_for=drain.receiver_for, policy=drain.policy
        )
        while self.stage.clock.monotonic() < STORM_SECONDS:
            try:
                letters = list(desk.letters())
                if letters:
                    letter = chance.choice(letters)
                    self.history.decided.add(letter.id)
                    chance.choice([desk.retry, desk.retry, desk.drop])(letter)
            except TransientError:
                pass
            drain.clock.sleep(chance.uniform(5, 60))

    def _run(self, number: int, actor: Actor) -> None:
        """Do a job once, whoever else is at it, and send what it owes."""
        drain, job = self._drain(actor), f"job-{number}"
        holders = itertools.count()
        once = Idempotency(store=drain.store, new_holder=lambda: f"{actor.name}/{next(holders)}")
        while True:
            try:
                reserved = once.reserve(job, "request", 60)
                if isinstance(reserved, Stored):
                    self.history.jobs.add(job)
                    return
                if isinstance(reserved, Claim):
                    self._record_and_send(actor, drain, once, reserved)
                    continue
            except (TransientError, ClaimLost):
                pass
            drain.clock.sleep(_POLL)

    def _record_and_send(self, actor: Actor, drain: DrainLane, once: Idempotency, claim: Claim) -> None:
        run_id = f"20240131T120000Z-{actor.name.replace(' ', '-')}-{claim.fence}"
        result = CheckpointResult(
            run_id=run_id, name=claim.key, run_name=run_id, run_time=drain.store.now(), error="no data"
        )
        wanted = [name for name in self.inboxes if self.stage.chance.random() < _SHARE]
        messages = [_message(name, result) for name in wanted]
        outbox = Outbox(store=drain.store, blobs=drain.blobs, clock=drain.clock)
        runs = Runs(store=drain.store, blobs=drain.blobs)
        receivers = self._receivers(actor)
        completed = once.completion(claim, {"run_id": run_id}, 86_400)
        for delivery in outbox.record(result, messages, receivers, completed):
            over = drain.clock.monotonic() + receivers[delivery.receiver].timeout_seconds
            settled = partial(runs.outcome, run_id, delivery.id)
            outcome = settle_in_lane(drain, delivery.lane, settled, over, patient=False)
            if outcome is not None and outcome.state is State.DELIVERED:
                self.history.delivered.append(delivery.id)

    # what they are made of

    def _drain(self, actor: Actor) -> DrainLane:
        skew = self.stage.chance.uniform(-self.setup.skew, self.setup.skew)
        clock = ActorClock(self.stage, actor, skew)
        store = self.setup.store_for(self.store, self.stage, actor, self.weather, clock)
        return self.setup.drain_for(
            store=store,
            blobs=StormyBlobs(self.documents, self.stage, actor, self.weather),
            clock=clock,
            telemetry=NoTelemetry(),
            receiver_for=self._receivers(actor).get,
            chance=self.stage.chance.random,
            policy=self.setup.policy,
        )

    def _receivers(self, actor: Actor) -> Receivers:
        return {
            name: Receiver(
                name=name,
                kind="simulated",
                timeout_seconds=_TIMEOUT,
                open=partial(StormyNotifier, inbox, self.stage, actor, self.weather),
                lanes=inbox.lanes,
                deadline_seconds=SHORT_DEADLINE if name == "gone" else 86_400.0,
            )
            for name, inbox in self.inboxes.items()
        }

    def _settled(self) -> bool:
        """Whether nothing is left to do: the storm is over, every job is done and no message waits."""
        return (
            self.stage.clock.monotonic() >= STORM_SECONDS
            and len(self.history.jobs) == self.setup.runs
            and not self.store.scan(outbox_keys.MESSAGES, limit=1)
        )


def _message(receiver: str, result: CheckpointResult) -> Message:
    return Message(
        id=f"{result.run_id}:{receiver}",
        receiver=receiver,
        run_id=result.run_id,
        checkpoint=result.name,
        status=Status.ERROR,
        occurred_at=result.run_time,
        body={},
    )


def hash_of(text: str) -> int:
    """A number that depends on nothing but the text."""
    return zlib.crc32(text.encode())
