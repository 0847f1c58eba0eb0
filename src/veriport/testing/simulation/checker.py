"""The delivery promise, sentence by sentence, held against what really happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from attrs import define, field

from veriport.adapters.stores.memory import MemoryStateStore
from veriport.domain import codec, outbox_keys
from veriport.domain.delivery import Event, Outcome, Policy, State
from veriport.domain.runs import RunRecord
from veriport.testing.simulation.ports import Inbox


@define
class History:
    """What processes said: ids of messages that they called delivered, and the jobs that were finished.

    ``decided`` are the ids of messages that a person decided about: to retry or to drop them.
    """

    delivered: list[str] = field(factory=list)
    jobs: set[str] = field(factory=set)
    decided: set[str] = field(factory=set)


def runs_of(store: MemoryStateStore) -> Iterator[RunRecord]:
    """Every run that was recorded."""
    return (codec.read_record(each.value, "run", RunRecord) for each in store.scan(outbox_keys.RUNS))


def outcomes_of(store: MemoryStateStore) -> dict[str, Outcome]:
    """What became of messages, by their ids."""
    found = (codec.read_record(each.value, "outcome", Outcome) for each in store.scan(outbox_keys.OUTCOMES))
    return {outcome.id: outcome for outcome in found}


def broken_promises(
    store: MemoryStateStore,
    documents: Mapping[str, bytes],
    inboxes: Mapping[str, Inbox],
    history: History,
    policy: Policy,
) -> list[str]:
    """Every sentence that does not hold, once all is quiet."""
    runs, outcomes = list(runs_of(store)), outcomes_of(store)
    return [
        *_lost(store, runs, outcomes, history),
        *_half_committed(runs, documents, outcomes, inboxes),
        *_untrue(outcomes, inboxes, history),
        *_repeated(outcomes, inboxes),
        *_given_up_too_soon(outcomes, inboxes, history, policy),
        *_not_once(runs, history),
        *(f"overlap: {overlap}" for inbox in inboxes.values() for overlap in inbox.overlaps),
    ]


def _lost(
    store: MemoryStateStore, runs: list[RunRecord], outcomes: Mapping[str, Outcome], history: History
) -> Iterator[str]:
    """Every message of a recorded run is delivered, or visibly dead unless a person dropped it."""
    for run in runs:
        for identity, _ in run.messages:
            if identity not in outcomes:
                yield f"lost: {identity} has no outcome"
            elif outcomes[identity].state is State.DEAD and not (
                identity in history.decided or store.get(outbox_keys.dead(identity))
            ):
                yield f"lost: {identity} is dead and cannot be seen"


def _half_committed(
    runs: list[RunRecord],
    documents: Mapping[str, bytes],
    outcomes: Mapping[str, Outcome],
    inboxes: Mapping[str, Inbox],
) -> Iterator[str]:
    """A run is recorded with its messages and its document, or nobody hears of it."""
    owed = {identity for run in runs for identity, _ in run.messages}
    for run in runs:
        if run.document not in documents:
            yield f"half committed: {run.run_id} has no document"
    heard = {identity: None for inbox in inboxes.values() for identity in inbox.arrived} | dict.fromkeys(
        outcomes
    )
    for identity in heard:
        if identity not in owed:
            yield f"half committed: {identity} belongs to no recorded run"


def _untrue(outcomes: Mapping[str, Outcome], inboxes: Mapping[str, Inbox], history: History) -> Iterator[str]:
    """What is called delivered has arrived."""
    arrived = {identity for inbox in inboxes.values() for identity in inbox.arrived}
    said = [identity for identity, outcome in outcomes.items() if outcome.state is State.DELIVERED]
    for identity in dict.fromkeys([*said, *history.delivered]):
        if identity not in arrived:
            yield f"untrue: {identity} is called delivered and never arrived"


def _repeated(outcomes: Mapping[str, Outcome], inboxes: Mapping[str, Inbox]) -> Iterator[str]:
    """A message arrives once, and at most once more for each attempt of which nobody knows."""
    for inbox in inboxes.values():
        doubled = Counter(inbox.doubled_by_network)
        for identity, times in Counter(inbox.arrived).items():
            outcome = outcomes.get(identity)
            if outcome is None:
                continue
            allowed = outcome.ambiguous + (outcome.state is State.DELIVERED) + doubled[identity]
            if times > allowed:
                yield f"repeated: {identity} arrived {times} times, {allowed} are accounted for"


def _given_up_too_soon(
    outcomes: Mapping[str, Outcome], inboxes: Mapping[str, Inbox], history: History, policy: Policy
) -> Iterator[str]:
    """Only what is refused, expired, poison or dropped is given up."""
    for identity, outcome in outcomes.items():
        inbox = inboxes[outcome.receiver]
        match outcome.event:
            case Event.TAKEN:
                pass
            case Event.REFUSED if inbox.refuses(identity):
                pass
            case Event.EXPIRED if inbox.name == "gone":
                pass
            case Event.DROPPED if identity in history.decided:
                pass
            case Event.POISONED if outcome.ambiguous >= policy.lives:
                pass
            case _:
                yield f"given up: {identity} is {outcome.event.value}: {outcome.reason}"


def _not_once(runs: list[RunRecord], history: History) -> Iterator[str]:
    """A job under an idempotency key is done once."""
    times = Counter(run.checkpoint for run in runs)
    for job in sorted({*times, *history.jobs}):
        if times[job] != 1:
            yield f"not once: {job} was done {times[job]} times"
