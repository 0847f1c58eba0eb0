"""A receiver on this machine whose behaviour a test chooses: for adapters that send over HTTP.

    with HttpReceiver() as receiver:
        receiver.answer(429, {"Retry-After": "7"})
        ...
        assert receiver.requests[0].path == "/hook"

It speaks HTTP/1.1 on 127.0.0.1 and misbehaves where asked: real servers refuse to.
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import BinaryIO, Self, TypeAlias

from attrs import field, frozen

#: What a receiver does on a connection whose request it has read; whether it answered in full.
Behaviour: TypeAlias = Callable[[socket.socket], bool]


@frozen(kw_only=True)
class Received:
    """A request that came in. Names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str] = field(hash=False)
    body: bytes


class HttpReceiver:
    """Listens from when it is made until it is closed; takes everything with 200 until told otherwise.

    With ``tls``, the context of a server, it speaks HTTPS. It answers ``per_connection`` requests on each
    connection and then closes it, without a word about that. ``connections`` counts those that were made,
    and ``closed`` can be acquired once for each that it closed.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, *, per_connection: int = 1) -> None:
        self._tls = tls
        self._per_connection = per_connection
        self.requests: list[Received] = []
        self.connections = 0
        self.closed = threading.Semaphore(0)
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.answer()
        threading.Thread(target=self._listen, name="receiver", daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        """Give itself; leaving the context closes it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Stop listening, and let go of every connection that it keeps waiting."""
        self._over.set()
        self._listener.close()

    def answer(
        self, status: int = 200, headers: Mapping[str, str] | None = None, body: bytes = b"ok"
    ) -> None:
        """From now on, answer so."""
        whole = _head(status, {"Content-Length": str(len(body)), **(headers or {})}) + body
        self._behaviour = _answering(whole)

    def answer_in_turn(self, *statuses: int) -> None:
        """From now on, answer so, one request after the other, and with the last status ever after."""
        left = deque(statuses)

        def reply(connection: socket.socket) -> bool:
            status = left.popleft() if len(left) > 1 else left[0]
            connection.sendall(_head(status, {"Content-Length": "0"}))
            return True

        self._behaviour = reply

    def answer_after(self, seconds: float) -> None:
        """From now on, take the request but answer only after so long."""
        whole = _head(200, {"Content-Length": "0"})

        def wait(connection: socket.socket) -> bool:
            self._over.wait(seconds)
            connection.sendall(whole)
            return True

        self._behaviour = wait

    def send_raw(self, data: bytes, *, full: bool = False) -> None:
        """From now on, answer with these bytes, whatever they are; a ``full`` answer ends no connection."""
        self._behaviour = _answering(data, full=full)

    def trickle(self, start: bytes, every: float, times: int = 300) -> None:
        """From now on, begin the answer with ``start`` and then send a byte now and then, so many times."""

        def drip(connection: socket.socket) -> bool:
            connection.sendall(start)
            for _ in range(times):
                if self._over.wait(every):
                    break
                connection.sendall(b"x")
            return False

        self._behaviour = drip

    def flood(self, size: int) -> None:
        """From now on, answer with a body of so many bytes, as fast as they are read."""

        def pour(connection: socket.socket) -> bool:
            connection.sendall(_head(200, {"Content-Length": str(size)}))
            for _ in range(size // 65536 + 1):
                connection.sendall(b"x" * 65536)
            return False

        self._behaviour = pour

    def reset(self) -> None:
        """From now on, break each connection without an answer."""
        self._behaviour = _break

    def _listen(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:  # it was closed
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), name="receiving", daemon=True).start()

    def _serve(self, accepted: socket.socket) -> None:
        try:
            with accepted, self._secured(accepted) as connection, connection.makefile("rb") as stream:
                for _ in range(self._per_connection):
                    self.requests.append(_read(stream))
                    if not self._behaviour(connection):
                        break
        except (OSError, ValueError):  # the sender went away in the middle, as some tests want it to
            return
        finally:
            self.closed.release()

    def _secured(self, connection: socket.socket) -> socket.socket:
        connection.settimeout(10)
        return self._tls.wrap_socket(connection, server_side=True) if self._tls else connection


def _answering(data: bytes, *, full: bool = True) -> Behaviour:
    def answer(connection: socket.socket) -> bool:
        connection.sendall(data)
        return full

    return answer


def _break(connection: socket.socket) -> bool:
    """Make closing send a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode()


def _read(stream: BinaryIO) -> Received:
    method, path, _ = stream.readline().decode("latin-1").split(" ")
    headers = {}
    while line := stream.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    return Received(method=method, path=path, headers=headers, body=body)
