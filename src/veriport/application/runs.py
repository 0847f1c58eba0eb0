"""Runs that were made: their records, their results, and what became of what they owed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

from attrs import evolve, frozen

from veriport.domain import codec, outbox_keys
from veriport.domain.checkpoints import ActionResult, ActionStatus, CheckpointResult
from veriport.domain.delivery import Event, Outcome, State
from veriport.domain.runs import DOCUMENTS, RunRecord, document_key, run_id_of
from veriport.ports.blobs import BlobStore
from veriport.ports.errors import PermanentError
from veriport.ports.stores import StateStore


@frozen(kw_only=True)
class Runs:
    """Reads runs from the store and their documents from the blob store."""

    store: StateStore
    blobs: BlobStore

    def result(self, run_id: str) -> CheckpointResult:
        """The result of a run, its actions as they stand now. Raises ``PermanentError`` if it is gone."""
        record = self.record(run_id)
        body = self.blobs.get(document_key(run_id))
        if record is None or body is None:
            raise PermanentError(f"the run {run_id} is not remembered any more")
        return self.renewed(CheckpointResult.from_dict(json.loads(body)))

    def record(self, run_id: str) -> RunRecord | None:
        """What is remembered of a run, or ``None``."""
        found = self.store.get(outbox_keys.run(run_id))
        return None if found is None else codec.read_record(found.value, "run", RunRecord)

    def renewed(self, result: CheckpointResult) -> CheckpointResult:
        """A result with its actions as they stand now, as far as their outcomes are remembered."""
        record = self.record(result.run_id)
        owed = {name: identity for identity, name in record.messages} if record else {}
        actions = tuple(
            self._ended(result.run_id, owed[action.action_name], action)
            if action.action_name in owed
            else action
            for action in result.action_results
        )
        return evolve(result, action_results=actions)

    def outcome(self, run_id: str, identity: str) -> Outcome | None:
        """What a message of a run came to; ``None`` while it is on its way."""
        found = self.store.get(outbox_keys.outcome(run_id, identity))
        return None if found is None else codec.read_record(found.value, "outcome", Outcome)

    def _ended(self, run_id: str, identity: str, action: ActionResult) -> ActionResult:
        outcome = self.outcome(run_id, identity)
        return action if outcome is None else ended(action, outcome)

    def sweep(self, limit: int = 1000) -> int:
        """Delete documents of runs that are not remembered and are a day old; how many.

        Such a document was written before a crash, or its run has been forgotten. The day leaves time to a
        run that is just about to commit.
        """
        yesterday = f"{self.store.now() - timedelta(days=1):%Y%m%d}"
        swept = 0
        for key in self._documents_before(yesterday):
            if self.store.get(outbox_keys.run(run_id_of(key))) is None:
                swept += self.blobs.delete(key)
            if swept >= limit:
                break
        return swept

    def _documents_before(self, first: str) -> Iterator[str]:
        """Documents of the days before ``first``, by the folder that they are in."""
        for key in self.blobs.keys(DOCUMENTS):
            day = key.removeprefix(DOCUMENTS).partition("/")[0]
            if day.isdigit() and day < first:
                yield key


def ended(begun: ActionResult, outcome: Outcome) -> ActionResult:
    """An action whose message came to ``outcome``."""
    refused = outcome.event is Event.REFUSED
    failed = ActionStatus.FAILURE if refused else ActionStatus.ERROR
    return evolve(
        begun,
        status=ActionStatus.SUCCESS if outcome.state is State.DELIVERED else failed,
        message=outcome.reason,
        started_at=outcome.begun_at or begun.started_at,
        completed_at=outcome.at,
        details=outcome.details,
    )
