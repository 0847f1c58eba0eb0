"""A process of its own that does jobs: started by ``children.Child``, it ends when its input does.

Messages are pickles after their length in 8 bytes: ``sys.path`` first, then jobs; an answer to each.
"""

from __future__ import annotations

import os
import pickle
import sys
from typing import BinaryIO

_SIZE = 8


def send(file: BinaryIO, message: bytes) -> None:
    """Write one message."""
    file.write(len(message).to_bytes(_SIZE, "big") + message)
    file.flush()


def receive(file: BinaryIO) -> bytes | None:
    """Read one message, ``None`` at the end."""
    size = file.read(_SIZE)
    if len(size) < _SIZE:
        return None
    length = int.from_bytes(size, "big")
    message = file.read(length)
    return message if len(message) == length else None


def answer(message: bytes) -> bytes:
    """What a job gives or raises, pickled."""
    from veriport.adapters.engines.composed.jobs import Doing  # noqa: PLC0415  # after sys.path is set

    try:
        return pickle.dumps((Doing()(pickle.loads(message)), None))  # noqa: S301  # of our own parent
    except Exception as error:  # noqa: BLE001  # the parent raises it
        return pickle.dumps((None, _sendable(error)))


def _sendable(error: Exception) -> Exception:
    """The exception, or one of its kind with its text: some cannot be pickled."""
    from veriport.domain.errors import ConfigurationError  # noqa: PLC0415  # after sys.path is set
    from veriport.ports.errors import DataError, TransientError  # noqa: PLC0415

    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  # our own
    except Exception:  # noqa: BLE001  # anything may be in it
        kinds = (TransientError, DataError, ConfigurationError)
        kind = next((each for each in kinds if isinstance(error, each)), RuntimeError)
        return kind(str(error) if kind is not RuntimeError else f"{type(error).__name__}: {error}")
    return error


def main() -> None:
    """Answer until the input ends. What is printed goes to standard error."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    path = receive(sys.stdin.buffer)
    if path is not None:
        sys.path[:] = pickle.loads(path)  # noqa: S301  # of our own parent
    while (message := receive(sys.stdin.buffer)) is not None:
        send(output, answer(message))


if __name__ == "__main__":
    main()
