"""What every notifier over HTTP shares: one request, one answer, one deadline, one meaning of a status.

A notifier is then a pure function that renders a message as a ``Request``, and an ``HttpSender``:

    reply = HttpSender(allow_hosts=..., clock=...).deliver(request, timeout_seconds)

The sender reaches public addresses only (``guard``), follows no redirect, takes no proxy, cookie or
password from its surroundings, and reads no more than ``MAX_REPLY_BYTES`` of an answer. It makes a
connection for each request, or keeps one for requests that follow each other (``keep``). Its errors
show neither the path of a URL, which often holds a secret, nor any header.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache, lru_cache
from http import HTTPStatus
from importlib import metadata
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urljoin, urlsplit

from attrs import evolve, field, frozen

from veriport.adapters.notifiers.deadline import Deadline
from veriport.adapters.notifiers.guard import Guard
from veriport.domain.errors import ConfigurationError
from veriport.domain.visible import visible
from veriport.ports.clocks import Clock
from veriport.ports.errors import PermanentError, PortError, TransientError

if TYPE_CHECKING:
    from veriport.adapters.notifiers.transport import Connections

#: How much of an answer is read; what follows is not waited for.
MAX_REPLY_BYTES = 64 * 1024

#: Statuses other than 5xx after which a further attempt may help: RFC 9110, 8470 and 6585.
_MAY_PASS = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
_SERVER_ERRORS = range(500, 600)
_SUCCESSES = range(200, 300)
_REDIRECTS = range(300, 400)


@lru_cache(maxsize=256)
def origin_of(url: str) -> str:
    """A URL as people may see it: ``https://host:8443/...``, without user, path and query."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port is not None else ""
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    except ValueError:
        return "an unusable URL"
    return visible(f"{parts.scheme}://{host}{port}/...") if host else "an unusable URL"


def check_url(url: str) -> str:
    """Return ``url`` if requests can go there; else ``ConfigurationError``, which does not show it."""
    import httpx  # noqa: PLC0415  # it is imported on use

    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError, TypeError):
        raise ConfigurationError("the url cannot be read: use https://host/path") from None
    if parsed.scheme not in {"http", "https"}:
        raise ConfigurationError("the url must begin with https:// or http://")
    if not _HOST.fullmatch(parsed.raw_host):
        raise ConfigurationError("the url names no host: use https://host/path")
    return url


#: A name in ASCII (``_`` is in no name of the Internet, but in those of containers), or IPv6.
_HOST = re.compile(rb"[0-9A-Za-z._-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")


_METHODS = ("POST", "PUT", "PATCH")


def check_method(method: str) -> str:
    """The method in capitals; ``ConfigurationError`` unless it is one that carries a message."""
    if method.upper() not in _METHODS:
        raise ConfigurationError(f"method must be one of {', '.join(_METHODS)}, not {method!r}")
    return method.upper()


_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"(?:[\x21-\x7e](?:[\x20\t\x21-\x7e]*[\x21-\x7e])?)?")
#: What the sender itself writes; anything else there would break the request.
_OWN_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection"})


def check_headers(headers: Mapping[str, str], reserved: Iterable[str] = ()) -> Mapping[str, str]:
    """Return ``headers`` with lower-case names; ``ConfigurationError`` if they cannot be sent."""
    if len({name.lower() for name in headers}) < len(headers):
        raise ConfigurationError(f"a header is given twice: {', '.join(sorted(headers, key=str.lower))}")
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            raise ConfigurationError(f"{name!r} cannot be the name of a header")
        if name.lower() in _OWN_HEADERS.union(reserved):
            raise ConfigurationError(f"the header {name} is set by Veriport and cannot be given")
        if not _VALUE.fullmatch(value):
            raise ConfigurationError(f"the value of the header {name} holds what is not printable ASCII")
    return MappingProxyType({name.lower(): value for name, value in headers.items()})


@frozen(kw_only=True)
class Request:
    """What to send, and where. Only the origin of the URL is printed."""

    method: str
    url: str = field(repr=origin_of)
    headers: Mapping[str, str] = field(factory=dict, repr=False, hash=False)
    body: bytes = field(default=b"", repr=False)


@frozen(kw_only=True)
class Reply:
    """What came back. ``headers`` has lower-case names; ``body`` is cut at ``MAX_REPLY_BYTES``."""

    status: int
    headers: Mapping[str, str] = field(factory=dict, repr=False, hash=False)
    body: bytes = field(default=b"", repr=False)


class Network(Protocol):
    """How a request gets to its receiver."""

    def exchange(self, request: Request, deadline: Deadline) -> Reply:
        """Send ``request``, once, and return whatever is answered before the deadline.

        Raises the errors of ``veriport.ports.errors``.
        """
        ...


@frozen(kw_only=True)
class HttpSender:
    """Sends requests, each once, each before its deadline. Safe to use from several threads at once.

    ``network`` replaces the real one in a test; the guard stands in that, see ``transport.Connections``.
    """

    clock: Clock
    guard: Guard = field(factory=Guard)
    network: Network | None = None

    def deliver(self, request: Request, timeout_seconds: float) -> Reply:
        """Send a request that has to be taken: the answer is a 2xx, else its meaning is raised.

        The time runs from the look-up of the name to the last byte of the answer. Raises what
        ``Notifier.send`` may raise.
        """
        reply = self.exchange(request, timeout_seconds)
        error = refusal(request, reply, self.clock.now())
        if error is not None:
            raise error
        return reply

    def exchange(self, request: Request, timeout_seconds: float) -> Reply:
        """Send a request and return whatever is answered; see ``deliver`` for time and errors."""
        deadline = Deadline(self.clock, timeout_seconds, f"the request to {origin_of(request.url)}")
        return (self.network or _connections(self.guard)).exchange(request, deadline)

    @contextmanager
    def keep(self) -> Iterator[HttpSender]:
        """The same, which keeps its connection for the next request until the context ends.

        A request goes over it only if the receiver keeps it, too, and does not seem about to close it. That
        it closes it all the same while a request is on its way is ``EffectUnknown``, as ever.
        """
        if self.network is not None:
            yield self
            return
        with closing(_connections(self.guard, keep=True)) as network:
            yield evolve(self, network=network)


def _connections(guard: Guard, *, keep: bool = False) -> Connections:
    from veriport.adapters.notifiers.transport import Connections  # noqa: PLC0415  # with httpx, on use

    return Connections(guard, keep=keep)


@cache
def user_agent() -> str:
    """``veriport/`` and our version."""
    try:
        return f"veriport/{metadata.version('veriport')}"
    except metadata.PackageNotFoundError:
        return "veriport/0"


def refusal(request: Request, reply: Reply, now: datetime) -> PortError | None:
    """The error that the status of a reply means, or ``None`` for 2xx."""
    if reply.status in _SUCCESSES:
        return None
    text = f"{origin_of(request.url)} answered {_phrase(reply.status)}"
    if reply.status in _MAY_PASS or reply.status in _SERVER_ERRORS:
        return TransientError(text, retry_after_seconds=retry_after(reply.headers, now))
    if reply.status in _REDIRECTS and "location" in reply.headers:
        target = _target(request.url, reply.headers["location"])
        return PermanentError(f"{text}, a redirect to {target}, which is not followed")
    return PermanentError(text)


def _target(url: str, location: str) -> str:
    try:
        return origin_of(urljoin(url, location))
    except ValueError:
        return "an unusable URL"


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds until the receiver wants to be asked again (RFC 9110, 10.2.3); ``None`` if it does not say."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())
