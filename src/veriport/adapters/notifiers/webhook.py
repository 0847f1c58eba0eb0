"""Any HTTP endpoint: the result of a run as JSON, with the headers of Standard Webhooks.

``webhook-id`` is the same for every attempt at a message, so a receiver can drop repeats;
``webhook-timestamp`` is when the attempt began. https://www.standardwebhooks.com
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from urllib.parse import quote

from attrs import evolve, field, frozen

from veriport.adapters.notifiers.deadline import MachineClock
from veriport.adapters.notifiers.guard import Guard
from veriport.adapters.notifiers.http import (
    HttpSender,
    Request,
    check_headers,
    check_method,
    check_url,
    origin_of,
)
from veriport.domain import codec
from veriport.domain.delivery import Message
from veriport.ports.clocks import Clock
from veriport.ports.notifiers import Receipt

#: Characters of an id that every receiver takes.
MAX_ID = 255
_ID, _TIMESTAMP = "webhook-id", "webhook-timestamp"


def _checked(headers: Mapping[str, str]) -> Mapping[str, str]:
    return check_headers(headers, reserved=(_ID, _TIMESTAMP))


def _hosts(names: str | Iterable[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


@frozen(kw_only=True)
class WebhookNotifier:
    """Sends each message as one request; see ``http`` for what that promises.

    ``method`` is POST, PUT or PATCH. ``headers`` go along and may replace our ``Content-Type`` and
    ``User-Agent``. ``include_full_result`` says whether the rules and their samples are told.
    ``allow_hosts`` names private or local hosts that may be reached. Raises ``ConfigurationError``
    for what can never be sent. The receipt's details hold the ``status`` of the answer.
    """

    url: str = field(converter=check_url, repr=origin_of)
    method: str = field(default="POST", converter=check_method)
    headers: Mapping[str, str] = field(factory=dict, converter=_checked, repr=False, hash=False)
    include_full_result: bool = True
    allow_hosts: tuple[str, ...] = field(default=(), converter=_hosts)
    clock: Clock = field(factory=MachineClock, repr=False)
    sender: HttpSender = field(repr=False)

    @sender.default
    def _guarded_sender(self) -> HttpSender:
        return HttpSender(clock=self.clock, guard=Guard(allow_hosts=self.allow_hosts))

    def send(self, message: Message, timeout_seconds: float) -> Receipt:
        """See ``Notifier``."""
        reply = self.sender.deliver(self._render(message), timeout_seconds)
        return Receipt(details={"status": reply.status})

    @contextmanager
    def keep(self) -> Iterator[WebhookNotifier]:
        """See ``Keeps``."""
        with self.sender.keep() as sender:
            yield evolve(self, sender=sender)

    def _render(self, message: Message) -> Request:
        return Request(
            method=self.method,
            url=self.url,
            headers={**standard_headers(message, self.clock.now()), **self.headers},
            body=render(message, full=self.include_full_result),
        )


def standard_headers(message: Message, now: datetime) -> Mapping[str, str]:
    """What Standard Webhooks asks for, without a signature. Times are whole seconds since 1970."""
    return {
        "content-type": "application/json",
        _ID: header_id(message.id),
        _TIMESTAMP: str(int(now.timestamp())),
    }


def header_id(identity: str) -> str:
    """An id as a header can carry it: what is not visible ASCII becomes ``%`` and its bytes in hex.

    One that is then longer than ``MAX_ID`` is replaced by its SHA-256.
    """
    text = quote(identity, safe="!#$&'()*+,/:;=?@[]^`{|}<>\"\\", errors="surrogatepass")
    return text if len(text) <= MAX_ID else sha256(text.encode()).hexdigest()


#: What a short result leaves out of the document of a check.
_LONG = frozenset({"rules", "columns", "parts", "gate"})


def render(message: Message, *, full: bool) -> bytes:
    """The document of the run as JSON in UTF-8; its check without rules and columns unless ``full``."""
    document = dict(message.body)
    check = document.get("check")
    if not full and isinstance(check, Mapping):
        document["check"] = {key: value for key, value in check.items() if key not in _LONG}
    return codec.to_json(document, indent=None).encode()
