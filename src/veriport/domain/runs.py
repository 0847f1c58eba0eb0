"""What is remembered of a run of a checkpoint: the verdict, the counts, and where the rest is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import frozen

from veriport.domain.checkpoints import CheckpointResult
from veriport.domain.results import Status


@frozen(kw_only=True)
class RunRecord:
    """A finished run. ``document`` is the key of its full result in the blob store.

    ``failures`` are the ids of the rules that did not pass, ``messages`` the id of each message that the
    run owes with the name of its action.
    """

    run_id: str
    checkpoint: str
    status: Status
    run_time: datetime
    duration_seconds: float
    row_count: int | None
    passed: int
    failed: int
    error: str
    failures: tuple[str, ...]
    document: str
    messages: tuple[tuple[str, str], ...] = ()


#: Ids of failed rules that a record holds; all of them are in the document.
MOST_FAILURES = 100


def record_of(result: CheckpointResult, messages: tuple[tuple[str, str], ...]) -> RunRecord:
    """What is remembered of a run that owes ``messages``."""
    check = result.check
    failures = () if check is None else tuple(failed.rule.id for failed in check.failures)
    return RunRecord(
        run_id=result.run_id,
        checkpoint=result.name,
        status=result.status,
        run_time=result.run_time,
        duration_seconds=result.duration_seconds,
        row_count=None if check is None else check.row_count,
        passed=0 if check is None else check.passed_count,
        failed=0 if check is None else check.failed_count,
        error=result.error[:_LONGEST],
        failures=tuple(name[:_LONGEST] for name in failures[:MOST_FAILURES]),
        document=document_key(result.run_id),
        messages=messages,
    )


_LONGEST = 300  #: characters of an error or an id; the document has the rest


def document_key(run_id: str) -> str:
    """Where the full result of a run is: ``runs/20240131/20240131T120000Z-1f2e3d4c.json``."""
    return f"{DOCUMENTS}{run_id[:8]}/{run_id}.json"


def told(document: Mapping[str, object]) -> Mapping[str, object]:
    """What receivers are told of a run: its document without what became of its actions."""
    return {**document, "actions": []}


#: What the keys of all documents begin with.
DOCUMENTS = "runs/"


def run_id_of(document: str) -> str:
    """The run whose document has that key."""
    return document.rsplit("/", 1)[1].removesuffix(".json")
