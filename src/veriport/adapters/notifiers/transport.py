"""The way of a request over the network: to checked addresses, and over at the deadline.

httpx gives a new limit to each connect, read and write, so a receiver that sends a byte now and then
would keep a sender for ever. Here every step on the socket gets what is left of one deadline. And the
name is resolved, checked and connected to in one place, while ``Host`` and the server name of TLS
stay those of the URL.
"""

from __future__ import annotations

import functools
import socket
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import httpcore
import httpx
from attrs import frozen

from veriport.adapters.notifiers.deadline import Deadline
from veriport.adapters.notifiers.guard import Guard
from veriport.ports.errors import EffectUnknown, PermanentError, TransientError


@functools.cache
def usual_certificates() -> ssl.SSLContext:
    """The authorities that httpx trusts: its own, or those of ``SSL_CERT_FILE`` or ``SSL_CERT_DIR``."""
    return httpx.create_ssl_context()


class GuardedTransport(httpx.BaseTransport):
    """Carries out a request whose extension ``deadline`` is a ``Deadline``.

    Raises the errors of ``veriport.ports.errors``. ``tls`` takes the place of the usual certificates.
    """

    def __init__(self, guard: Guard, tls: ssl.SSLContext | None = None) -> None:
        self._guard = guard
        self._tls = tls

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request over a connection of its own; closing the response closes it."""
        deadline: Deadline = request.extensions["deadline"]
        asked = _as_httpcore(request)
        connection = httpcore.HTTPConnection(
            origin=asked.url.origin,
            ssl_context=self._certificates() if asked.url.scheme == b"https" else None,
            network_backend=_Network(self._guard, deadline),
        )
        try:
            with _our_errors(request.url.host):
                response = connection.handle_request(asked)
        except BaseException:
            connection.close()
            raise
        stream = _Body(connection, response, request.url.host)
        return httpx.Response(response.status, headers=response.headers, stream=stream)

    def _certificates(self) -> ssl.SSLContext:
        return self._tls or usual_certificates()


def _as_httpcore(request: httpx.Request) -> httpcore.Request:
    url = request.url
    target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    return httpcore.Request(request.method, target, headers=request.headers.raw, content=request.read())


class _Body(httpx.SyncByteStream):
    """The bytes of an answer as they come in."""

    def __init__(self, connection: httpcore.HTTPConnection, response: httpcore.Response, host: str) -> None:
        self._connection = connection
        self._response = response
        self._host = host

    def __iter__(self) -> Iterator[bytes]:
        with _our_errors(self._host):
            yield from self._response.iter_stream()

    def close(self) -> None:
        self._connection.close()


@contextmanager
def _our_errors(host: str) -> Iterator[None]:
    """Turn what httpcore raises into ours. What it says of a protocol may quote secrets: it is dropped."""
    try:
        yield
    except httpcore.RemoteProtocolError:
        raise EffectUnknown(f"{host} closed the connection early, or did not answer in HTTP") from None
    except httpcore.LocalProtocolError:
        raise PermanentError(f"the request to {host} cannot be written as HTTP") from None
    except httpcore.ConnectError as error:
        raise TransientError(f"the connection to {host} broke: {error}") from error
    except httpcore.NetworkError as error:
        raise EffectUnknown(f"the connection to {host} broke: {error}") from error


@frozen
class _Network(httpcore.NetworkBackend):
    """Opens connections to the addresses that the guard lets through."""

    guard: Guard
    deadline: Deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[object] | None = None,
    ) -> httpcore.NetworkStream:
        del timeout, local_address, socket_options  # the deadline takes the place of the first
        sock = self._connect(host, port, self.guard.addresses(host, port, self.deadline))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _Stream(sock, self.deadline)

    def _connect(self, host: str, port: int, addresses: tuple[str, ...]) -> socket.socket:
        """Try one address after the other, each with a fair part of the time that is left."""
        reason = OSError()
        for tried, address in enumerate(addresses):
            share = self.deadline.left() / (len(addresses) - tried)
            try:
                return socket.create_connection((address, port), share)
            except OSError as error:
                reason = error
        if isinstance(reason, TimeoutError) and reason.errno is None:
            raise self.deadline.exceeded() from reason
        raise TransientError(f"cannot connect to {host} port {port}: {_say(reason)}") from reason


@frozen(eq=False)
class _Stream(httpcore.NetworkStream):
    """A socket on which every operation ends at the deadline."""

    sock: socket.socket
    deadline: Deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        with self._until_deadline(httpcore.ReadError):
            return self.sock.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        rest = memoryview(buffer)
        while rest:
            with self._until_deadline(httpcore.WriteError):
                rest = rest[self.sock.send(rest) :]

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        del timeout
        with self._until_deadline(httpcore.ConnectError):
            return _Stream(ssl_context.wrap_socket(self.sock, server_hostname=server_hostname), self.deadline)

    def close(self) -> None:
        self.sock.close()

    @contextmanager
    def _until_deadline(self, kind: type[httpcore.NetworkError]) -> Iterator[None]:
        self.sock.settimeout(self.deadline.left())
        try:
            yield
        except TimeoutError as error:
            raise self.deadline.exceeded() from error
        except OSError as error:
            raise kind(_say(error)) from error


def _say(error: OSError) -> str:
    """What went wrong, without numbers and file names of the interpreter."""
    if isinstance(error, ssl.SSLError):
        return str(getattr(error, "verify_message", "") or error.reason or "TLS failed")
    return error.strerror or type(error).__name__
