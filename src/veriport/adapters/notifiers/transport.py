"""The way of a request over the network: to checked addresses, and over at the deadline.

h11 speaks HTTP/1.1 over a socket of ours, on which every step gets what is left of one deadline: a
receiver that sends a byte now and then would keep a sender for ever where each step has a limit of its
own. The name is resolved, checked and connected to in one place, while ``Host`` and the server name of
TLS stay those of the URL. Of httpx we use how it reads URLs, and which authorities it trusts.
"""

from __future__ import annotations

import functools
import os
import re
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import h11
import httpx
from attrs import define, field, frozen

from veriport.adapters.notifiers.deadline import Deadline
from veriport.adapters.notifiers.guard import Guard
from veriport.adapters.notifiers.http import MAX_REPLY_BYTES, Reply, Request, user_agent
from veriport.ports.errors import DeadlineExceeded, EffectUnknown, PermanentError, TransientError

#: For how long a connection that was idle may be used again. Receivers close idle ones after 2 seconds
#: (gunicorn), 5 (Node, Apache, uvicorn) or a minute (nginx, load balancers).
IDLE_SECONDS = 1.0
#: Bytes that the head of an answer may have.
_MAX_HEAD = 100 * 1024
_PORTS = {"http": 80, "https": 443}


@functools.cache
def usual_certificates() -> ssl.SSLContext:
    """The authorities that httpx trusts: its own, or those of ``SSL_CERT_FILE`` or ``SSL_CERT_DIR``."""
    return httpx.create_ssl_context()


@define(eq=False)
class Connections:
    """The network, see ``http.Network``. ``tls`` takes the place of the usual certificates.

    Each request has a connection of its own, unless ``keep`` is given: then the last one is kept for the
    next request to the same origin, where nothing speaks against it (``_Connection.is_usable``). Whoever
    keeps has to be closed. It keeps no more when the receiver closed what was kept.
    """

    guard: Guard
    tls: ssl.SSLContext | None = None
    keep: bool = False
    _kept: list[_Connection] = field(factory=list, init=False)  # one for each thread that sends at once

    def exchange(self, request: Request, deadline: Deadline) -> Reply:
        """Send the request, once, and return what is answered."""
        place = _place(request.url)
        connection = self._take(place, deadline) or self._open(place, deadline)
        try:
            reply = connection.exchange(_head(request, place, keep=self.keep), request.body, deadline)
        except BaseException:
            connection.close()
            raise
        if connection.rest(deadline):
            self._kept.append(connection)
        else:
            connection.close()
        return reply

    def close(self) -> None:
        """Close what is kept."""
        while self._kept:
            self._kept.pop().close()

    def _take(self, place: _Place, deadline: Deadline) -> _Connection | None:
        try:
            kept = self._kept.pop()
        except IndexError:
            return None
        if kept.is_usable(place, deadline):
            return kept
        self.keep = self.keep and not kept.was_closed
        kept.close()
        return None

    def _open(self, place: _Place, deadline: Deadline) -> _Connection:
        sock = _connect(place, self.guard.addresses(place.host, place.port, deadline), deadline)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return _Connection(place, self._secured(sock, place, deadline))
        except BaseException:
            sock.close()
            raise

    def _secured(self, sock: socket.socket, place: _Place, deadline: Deadline) -> socket.socket:
        if place.scheme != "https":
            return sock
        context = self.tls or usual_certificates()
        context.set_alpn_protocols(["http/1.1"])
        with _step(sock, place.host, deadline, TransientError):
            return context.wrap_socket(sock, server_hostname=place.host)


@frozen(kw_only=True)
class _Place:
    """What a URL says. ``headers`` and ``target`` may hold secrets."""

    scheme: str
    host: str
    port: int
    target: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False, hash=False)

    @property
    def origin(self) -> tuple[str, str, int]:
        """What requests have in common that may share a connection."""
        return self.scheme, self.host, self.port


@functools.lru_cache(maxsize=64)
def _place(url: str) -> _Place:
    try:
        read = httpx.URL(url)
    except httpx.InvalidURL:
        raise PermanentError("the url of the request cannot be read") from None
    if read.scheme not in _PORTS:
        raise PermanentError("the url of the request is not one of HTTP")
    headers = {"host": read.netloc.decode("ascii")}
    if read.userinfo:
        secret = b64encode(f"{read.username}:{read.password}".encode()).decode("ascii")
        headers["authorization"] = f"Basic {secret}"
    return _Place(
        scheme=read.scheme,
        host=read.raw_host.decode("ascii"),
        port=read.port or _PORTS[read.scheme],
        target=read.raw_path,
        headers=headers,
    )


def _head(request: Request, place: _Place, *, keep: bool) -> h11.Request:
    given = {name.lower(): value for name, value in request.headers.items()}
    ours = {
        "user-agent": user_agent(),
        "accept": "*/*",
        "accept-encoding": "identity",
        "content-length": str(len(request.body)),
        **({} if keep else {"connection": "close"}),
    }
    headers = {**place.headers, **ours, **given}
    try:
        return h11.Request(method=request.method, target=place.target, headers=list(headers.items()))
    except (h11.LocalProtocolError, UnicodeEncodeError):  # what they say may quote secrets
        raise PermanentError(f"the request to {place.host} cannot be written as HTTP") from None


def _connect(place: _Place, addresses: tuple[str, ...], deadline: Deadline) -> socket.socket:
    """Try one address after the other, each with a fair part of the time that is left."""
    reason = OSError()
    for tried, address in enumerate(addresses):
        share = deadline.left() / (len(addresses) - tried)
        try:
            return socket.create_connection((address, place.port), share)
        except OSError as error:
            reason = error
    if isinstance(reason, TimeoutError) and reason.errno is None:
        raise deadline.exceeded() from reason
    raise TransientError(f"cannot connect to {place.host} port {place.port}: {_say(reason)}") from reason


@define(eq=False)
class _Connection:
    """A socket to a checked address, and where the exchange on it stands."""

    place: _Place
    sock: socket.socket
    was_closed: bool = field(default=False, init=False)
    _patience: float = field(default=IDLE_SECONDS, init=False)
    _idle_until: float = field(default=0.0, init=False)
    _process: int = field(factory=os.getpid, init=False)
    _http: h11.Connection = field(init=False)

    @_http.default
    def _client(self) -> h11.Connection:
        return h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD)

    def is_usable(self, place: _Place, deadline: Deadline) -> bool:
        """Whether a request to ``place`` may go over it.

        Not after a fork, since both sides would write to it. Not when it was idle for too long, since the
        receiver may be about to close it. Not when anything came that nobody asked for: mostly that is the
        end of it, and then nothing was sent yet.
        """
        if self.place.origin != place.origin or self._process != os.getpid():
            return False
        if deadline.clock.monotonic() >= self._idle_until:
            return False
        self.was_closed = not _is_silent(self.sock)
        return not self.was_closed

    def exchange(self, head: h11.Request, body: bytes, deadline: Deadline) -> Reply:
        """Send a request and read its answer, as much of it as a reply holds."""
        events = (head, h11.Data(data=body), h11.EndOfMessage())
        try:
            self._write(b"".join(self._http.send(event) or b"" for event in events), deadline)
            while not isinstance(event := self._event(deadline), h11.Response):
                pass
            headers = _joined(event.headers)
            self._patience = _patience(headers)
            return Reply(status=event.status_code, headers=headers, body=self._body(deadline))
        except h11.RemoteProtocolError:  # what it says may quote secrets
            host = self.place.host
            raise EffectUnknown(f"{host} closed the connection early, or did not answer in HTTP") from None

    def rest(self, deadline: Deadline) -> bool:
        """Be idle, if that is possible: both sides are done, and nothing came after the answer."""
        if {*self._http.states.values()} != {h11.DONE} or self._http.trailing_data != (b"", False):
            return False
        self._http.start_next_cycle()
        self._idle_until = deadline.clock.monotonic() + self._patience
        return True

    def close(self) -> None:
        """Close it."""
        self.sock.close()

    def _write(self, data: bytes, deadline: Deadline) -> None:
        rest = memoryview(data)
        try:
            while rest:
                with _step(self.sock, self.place.host, deadline, EffectUnknown):
                    rest = rest[self.sock.send(rest) :]
        except DeadlineExceeded:
            raise
        except EffectUnknown:  # who closes before they have read all may have answered
            self._http.send_failed()

    def _body(self, deadline: Deadline) -> bytes:
        body = bytearray()
        while len(body) < MAX_REPLY_BYTES and isinstance(event := self._event(deadline), h11.Data):
            body += event.data
        return bytes(body[:MAX_REPLY_BYTES])

    def _event(self, deadline: Deadline) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            with _step(self.sock, self.place.host, deadline, EffectUnknown):
                data = self.sock.recv(65536)
            if not data and self._http.their_state is h11.SEND_RESPONSE:
                raise h11.RemoteProtocolError("closed without an answer")
            self._http.receive_data(data)
        return event


def _joined(headers: Iterable[tuple[bytes, bytes]]) -> Mapping[str, str]:
    """Headers as texts, one a name."""
    joined: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("ascii"), raw_value.decode(errors="replace")
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _patience(headers: Mapping[str, str]) -> float:
    """For how many seconds a connection may be idle: a second less than the receiver says it waits."""
    found = re.search(r"timeout\s*=\s*([0-9]{1,9})", headers.get("keep-alive", ""), re.IGNORECASE)
    return IDLE_SECONDS if found is None else min(IDLE_SECONDS, int(found[1]) - 1)


def _is_silent(sock: socket.socket) -> bool:
    """Whether nothing can be read: no byte, no end, no error."""
    sock.settimeout(0)
    try:
        socket.socket.recv(sock, 1, socket.MSG_PEEK)  # as it comes, below TLS
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


@contextmanager
def _step(sock: socket.socket, host: str, deadline: Deadline, kind: type[TransientError]) -> Iterator[None]:
    """One step on a socket, over at the deadline; ``kind`` is what trouble with it means."""
    sock.settimeout(deadline.left())
    try:
        yield
    except TimeoutError as error:
        raise deadline.exceeded() from error
    except OSError as error:
        raise kind(f"the connection to {host} broke: {_say(error)}") from error


def _say(error: OSError) -> str:
    """What went wrong, without numbers and file names of the interpreter."""
    if isinstance(error, ssl.SSLError):
        return str(getattr(error, "verify_message", "") or error.reason or "TLS failed")
    return error.strerror or type(error).__name__
