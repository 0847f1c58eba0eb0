"""Where results are kept, and as what."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veriport.adapters.blobs.memory import MemoryBlobStore
from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.notifiers.archive import ArchiveNotifier, archive_key
from veriport.domain.blob_keys import check_key
from veriport.domain.checkpoints import CheckpointResult, PartitionBy
from veriport.ports.errors import DeadlineExceeded
from veriport.testing.suites.notifiers import a_message

FILE = "orders-20240131T120000Z-00000001.json"


@pytest.mark.parametrize(
    ("partition_by", "key"),
    [
        (PartitionBy.DATE, f"2024-01-31/{FILE}"),
        (PartitionBy.CHECKPOINT, f"orders/{FILE}"),
        (PartitionBy.STATUS, f"failure/{FILE}"),
        (PartitionBy.NONE, FILE),
    ],
)
def test_the_key(partition_by: PartitionBy, key: str) -> None:
    assert archive_key(a_message(), partition_by) == key


def test_the_date_is_that_of_the_run_in_utc() -> None:
    late = datetime(2024, 2, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    assert archive_key(a_message(occurred_at=late), PartitionBy.DATE) == f"2024-01-31/{FILE}"


@given(st.text(st.characters(exclude_categories=())), st.sampled_from(PartitionBy))
def test_any_name_makes_a_key(name: str, partition_by: PartitionBy) -> None:
    message = a_message(checkpoint=name, run_id=f"{name}1", body={"run_name": name})
    key = archive_key(message, partition_by)
    check_key(key)
    assert key.count("/") == (partition_by is not PartitionBy.NONE)


def test_names_that_look_alike_do_not_meet() -> None:
    keys = {
        archive_key(a_message(checkpoint=name), PartitionBy.CHECKPOINT)
        for name in ("a/b", "a\\b", "a-b", "A:b")
    }
    assert len(keys) == 4


def test_the_result_can_be_read_back() -> None:
    blobs = MemoryBlobStore()
    receipt = ArchiveNotifier(blobs=blobs).send(a_message(), 5)
    body = blobs.get(f"2024-01-31/{FILE}")
    assert body is not None
    assert CheckpointResult.from_dict(json.loads(body)).to_dict() == a_message().body
    assert receipt.details == {"address": f"memory:2024-01-31/{FILE}"}


def test_the_same_message_replaces_what_it_stored() -> None:
    blobs = MemoryBlobStore()
    for _ in range(2):
        ArchiveNotifier(blobs=blobs).send(a_message(), 5)
    assert len(list(blobs.keys())) == 1


def test_text_that_is_no_utf8_is_stored_as_json_escapes() -> None:
    blobs = MemoryBlobStore()
    ArchiveNotifier(blobs=blobs, partition_by=PartitionBy.NONE).send(a_message(body={"a": "\ud800é"}), 5)
    (key,) = blobs.keys()
    assert json.loads(blobs.get(key) or b"") == {"a": "\ud800é"}


def test_storing_too_long_is_late_but_done() -> None:
    class SlowBlobs(MemoryBlobStore):
        def put(self, key: str, body: bytes) -> str:
            clock.advance(10)
            return super().put(key, body)

    clock, blobs = FrozenClock(), SlowBlobs()
    with pytest.raises(DeadlineExceeded, match="storing the result was not finished in 5 s"):
        ArchiveNotifier(blobs=blobs, clock=clock).send(a_message(), 5)
    assert len(list(blobs.keys())) == 1
