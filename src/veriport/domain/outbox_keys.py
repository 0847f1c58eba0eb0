"""Where the records of runs and of the outbox are in the store.

Messages of a lane stand in the order in which they are to be sent: their keys begin with the time before
which they are not, in microseconds.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from veriport.domain.records import micros, moment

#: The queue in which lanes are due.
QUEUE = "outbox"
LANES = "outbox/lane/"
MESSAGES = "outbox/message/"
DEAD = "outbox/dead/"
OUTCOMES = "outbox/outcome/"
RUNS = "run/"


def lane(name: str) -> str:
    """The lane itself."""
    return f"{LANES}{name}"


def messages(lane_name: str) -> str:
    """What the keys of all messages of a lane begin with."""
    return f"{MESSAGES}{lane_name}/"


def message(lane_name: str, not_before: datetime, identity: str) -> str:
    """A message, to be sent then at the earliest."""
    return f"{messages(lane_name)}{micros(not_before):016x}-{digest(identity)}"


def not_before(key: str) -> datetime:
    """The time in the key of a message."""
    return moment(int(key.rsplit("/", 1)[1].split("-", 1)[0], 16))


def dead(identity: str) -> str:
    """A message that was given up."""
    return f"{DEAD}{digest(identity)}"


def outcome(run_id: str, identity: str) -> str:
    """What a message of a run came to."""
    return f"{OUTCOMES}{run_id}/{digest(identity)}"


def run(run_id: str) -> str:
    """The record of a run."""
    return f"{RUNS}{run_id}"


def digest(identity: str) -> str:
    """A short name that two messages do not share: 80 bits of the SHA-256 of an id."""
    return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:20]
