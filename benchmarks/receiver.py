"""A receiver in a process of its own that takes every request at once: ``python -m benchmarks.receiver``.

It prints its port. ``GET`` is answered with how many different ``webhook-id`` came.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.measure import ROOT

_TAKEN: set[bytes] = set()


class _Connection(asyncio.Protocol):
    """One connection, kept as long as the sender wants."""

    def __init__(self) -> None:
        self._came = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]  # a socket's
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        self._came += data
        while (head_end := self._came.find(b"\r\n\r\n")) >= 0:
            head = self._came[:head_end].lower()
            fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
            end = head_end + 4 + int(fields.get(b"content-length", b"0"))
            if len(self._came) < end:
                return
            self._came = self._came[end:]
            self._answer(fields)

    def _answer(self, fields: dict[bytes, bytes]) -> None:
        if identity := fields.get(b"webhook-id"):
            _TAKEN.add(identity)
        body = b"" if identity else b"%d" % len(_TAKEN)
        self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
        if fields.get(b"connection") == b"close":
            self._transport.close()


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def listening() -> Iterator[str]:
    """The URL of a receiver that runs until the end of the context."""
    with subprocess.Popen(  # our own
        [sys.executable, "-m", "benchmarks.receiver"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None  # noqa: S101  # it is a pipe
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/"
        finally:
            process.terminate()


if __name__ == "__main__":
    asyncio.run(_serve())
