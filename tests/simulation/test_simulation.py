"""The simulation keeps the promise with our parts, and finds each kind of bug that is planted in them."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve
from returns.result import Failure, Result

from veriport.application.draining import DrainLane
from veriport.application.outbox import lane_put
from veriport.application.receivers import Receiver
from veriport.domain.delivery import Event
from veriport.domain.records import AtFence, AtRevision, Change, Conflict, Record, holds
from veriport.testing.simulation import Setup, simulate
from veriport.testing.simulation.ports import Fault, StormyStore

_SEEDS = 300
_ENOUGH = 60  #: seeds within which a planted bug must show


def test_every_promise_is_kept() -> None:
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawning) as pool:
        reports = list(pool.map(simulate, range(_SEEDS), chunksize=20))
    assert [str(report) for report in reports if not report.ok] == []


def test_every_fault_strikes_and_messages_are_repeated() -> None:
    reports = [simulate(seed) for seed in range(10)]
    struck = {fault for report in reports for fault in report.faults}
    assert struck == {fault.value for fault in Fault}
    assert sum(report.repeats for report in reports) > 0
    assert sum(report.crashes for report in reports) > 0


def test_a_seed_replays_exactly() -> None:
    assert simulate(7) == simulate(7)
    assert simulate(7).trace == simulate(7).trace
    assert simulate(7).trace != simulate(8).trace


def test_in_calm_weather_everything_arrives_once() -> None:
    calm = Setup(store_faults=0, network_faults=0)
    for seed in range(10):
        report = simulate(seed, calm)
        assert (report.problems, report.repeats) == ((), 0)


# --- planted bugs: each is one that a delivery pipeline has had somewhere ---------------------------


class MarksBeforeSending(DrainLane):
    """Says that a message was delivered, then sends it."""

    def _attempt(self, hold: Any, each: Any, receiver: Receiver) -> timedelta | None:  # noqa: ANN401  # private
        self._settle(hold, each, Event.TAKEN, "sent")
        self._flush(hold)
        settled = list(hold.settled)
        blocked = super()._attempt(hold, each, receiver)
        hold.settled[:] = settled
        return blocked


class ChecksThenActs(StormyStore):
    """Looks whether the guards hold, then writes, whatever happened in between."""

    def commit(self, changes: Sequence[Change]) -> Result[int, Conflict]:
        for change in changes:
            if not holds(change.guard, self.get(change.key)):
                return Failure(Conflict(change.key))
        return super().commit([evolve(change, guard=None) for change in changes])


class DoesNotFence(StormyStore):
    """Lets whoever lost a lane go on with it."""

    def commit(self, changes: Sequence[Change]) -> Result[int, Conflict]:
        return super().commit(
            [
                evolve(change, guard=None) if isinstance(change.guard, AtFence | AtRevision) else change
                for change in changes
            ]
        )


class RemembersTheTimeToItself(DrainLane):
    """Waits for a receiver in its own memory, not in the store."""

    def _give_back(self, hold: Any, blocked: timedelta) -> None:  # noqa: ANN401  # private
        self._flush(hold)
        self.store.commit([lane_put(hold.name, hold.lane, None, AtFence(hold.fence))])
        self.clock.sleep(blocked.total_seconds())
        self.store.commit([lane_put(hold.name, hold.lane, self.store.now(), AtFence(hold.fence))])


class ClaimsByItsOwnClock(StormyStore):
    """Thinks that its own clock says when a lease is over."""

    def claim(self, queue: str, limit: int, lease_seconds: float) -> tuple[Record, ...]:
        ahead = (self.clock.now() - self.stage.clock.now()).total_seconds()
        self.stage.clock.step(ahead)  # planted
        try:
            return self.inner.claim(queue, limit, lease_seconds)
        finally:
            self.stage.clock.step(-ahead)


@pytest.mark.parametrize(
    ("setup", "findings"),
    [
        pytest.param(Setup(drain_for=MarksBeforeSending), {"untrue"}, id="mark before send"),
        pytest.param(
            Setup(store_for=ChecksThenActs), {"overlap", "not once", "repeated"}, id="check then act"
        ),
        pytest.param(Setup(store_for=DoesNotFence), {"overlap", "not once", "repeated"}, id="no fencing"),
        pytest.param(Setup(drain_for=RemembersTheTimeToItself), {"stuck", "lost"}, id="timer in memory only"),
        pytest.param(Setup(store_for=ClaimsByItsOwnClock), {"overlap"}, id="lease by the caller's clock"),
    ],
)
def test_a_planted_bug_is_found(setup: Setup, findings: set[str]) -> None:
    for seed in range(_ENOUGH):
        if findings & {problem.partition(":")[0] for problem in simulate(seed, setup).problems}:
            return
    pytest.fail(f"no seed of {_ENOUGH} shows it")
