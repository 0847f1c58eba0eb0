"""Keeps the document of each run in a blob store: the action ``store_result``."""

from __future__ import annotations

from datetime import UTC

from attrs import field, frozen

from veriport.adapters.notifiers.deadline import Deadline, MachineClock
from veriport.domain import codec
from veriport.domain.blob_keys import safe_part
from veriport.domain.checkpoints import PartitionBy
from veriport.domain.delivery import Message
from veriport.ports.blobs import BlobStore
from veriport.ports.clocks import Clock
from veriport.ports.notifiers import Receipt


@frozen(kw_only=True)
class ArchiveNotifier:
    """Stores the body of each message as JSON; the receipt's details hold the ``address``.

    The key follows from the message, so sending it again replaces what it stored. A write cannot be
    interrupted: one that takes longer than it may is finished, and then raises ``DeadlineExceeded``.
    """

    blobs: BlobStore
    partition_by: PartitionBy = PartitionBy.DATE
    clock: Clock = field(factory=MachineClock, repr=False)

    @property
    def idempotent(self) -> bool:
        """See ``Idempotent``: a repeat replaces what was stored with the same."""
        return True

    def send(self, message: Message, timeout_seconds: float) -> Receipt:
        """See ``Notifier``."""
        deadline = Deadline(self.clock, timeout_seconds, "storing the result")
        body = codec.to_json(dict(message.body)) + "\n"
        key = archive_key(message, self.partition_by)
        address = self.blobs.put(key, body.encode())
        deadline.left()
        return Receipt(details={"address": address})


def archive_key(message: Message, partition_by: PartitionBy) -> str:
    """``2024-01-31/orders-RUN_ID.json``: the partition, the checkpoint, the run and its name."""
    run_name = str(message.body.get("run_name", ""))
    repeated = message.run_id.startswith(run_name)  # as by the default template: a time that both begin with
    names = (
        (message.checkpoint, message.run_id) if repeated else (message.checkpoint, run_name, message.run_id)
    )
    file = "-".join(safe_part(name) for name in names if name) + ".json"
    folder = _partition(message, partition_by)
    return f"{folder}/{file}" if folder else file


def _partition(message: Message, partition_by: PartitionBy) -> str:
    match partition_by:
        case PartitionBy.DATE:
            return message.occurred_at.astimezone(UTC).date().isoformat()
        case PartitionBy.CHECKPOINT:
            return safe_part(message.checkpoint)
        case PartitionBy.STATUS:
            return message.status.value
        case PartitionBy.NONE:
            return ""
