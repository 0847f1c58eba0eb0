"""One request, one answer, one deadline; and what a status means."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from veriport.adapters.clocks.system import SystemClock
from veriport.adapters.notifiers.deadline import Deadline
from veriport.adapters.notifiers.guard import Guard
from veriport.adapters.notifiers.http import (
    MAX_REPLY_BYTES,
    HttpSender,
    Reply,
    Request,
    check_headers,
    check_method,
    check_url,
    origin_of,
    refusal,
    retry_after,
)
from veriport.adapters.notifiers.transport import Connections
from veriport.domain.errors import ConfigurationError
from veriport.ports.errors import DeadlineExceeded, EffectUnknown, PermanentError, PortError, TransientError
from veriport.testing.receivers import HttpReceiver

NOW = datetime(2024, 1, 31, 12, tzinfo=UTC)
LATE = 0.15


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with HttpReceiver() as made:
        yield made


def sender(*allow_hosts: str) -> HttpSender:
    return HttpSender(clock=SystemClock(), guard=Guard(allow_hosts=allow_hosts or ["127.0.0.1"]))


def post(url: str, body: bytes = b"body") -> Request:
    return Request(method="POST", url=url, body=body)


class TestRequests:
    """What the receiver gets."""

    def test_method_path_and_body_arrive(self, receiver: HttpReceiver) -> None:
        sender().deliver(Request(method="PUT", url=f"{receiver.url}/a%20b?c=d", body=b"\0body"), 5)
        (request,) = receiver.requests
        assert (request.method, request.path, request.body) == ("PUT", "/a%20b?c=d", b"\0body")

    def test_it_says_who_we_are(self, receiver: HttpReceiver) -> None:
        sender().deliver(post(receiver.url), 5)
        assert receiver.requests[0].headers["user-agent"].startswith("veriport/")

    def test_the_host_is_that_of_the_url(self, receiver: HttpReceiver) -> None:
        guard = Guard(allow_hosts=["inside.example"], resolve=lambda _, __: ["127.0.0.1"])
        url = f"http://inside.example:{receiver.port}/"
        HttpSender(clock=SystemClock(), guard=guard).deliver(post(url), 5)
        assert receiver.requests[0].headers["host"] == f"inside.example:{receiver.port}"

    def test_headers_of_a_request_replace_ours(self, receiver: HttpReceiver) -> None:
        sender().deliver(Request(method="POST", url=receiver.url, headers={"User-Agent": "other"}), 5)
        assert receiver.requests[0].headers["user-agent"] == "other"

    def test_user_and_password_of_the_url_are_sent_as_such(self, receiver: HttpReceiver) -> None:
        sender().deliver(post(f"http://user:p%40ss@127.0.0.1:{receiver.port}/"), 5)
        assert receiver.requests[0].headers["authorization"] == "Basic dXNlcjpwQHNz"

    def test_no_cookie_is_kept(self, receiver: HttpReceiver) -> None:
        receiver.answer(200, {"Set-Cookie": "session=1"})
        reused = sender()
        reused.deliver(post(receiver.url), 5)
        reused.deliver(post(receiver.url), 5)
        assert "cookie" not in receiver.requests[1].headers

    def test_no_proxy_is_taken_from_the_environment(
        self, receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        sender().deliver(post(receiver.url), 5)
        assert len(receiver.requests) == 1


class TestReplies:
    """What comes back."""

    def test_status_headers_and_body(self, receiver: HttpReceiver) -> None:
        receiver.answer(201, {"X-Trace": "a"}, b"made")
        reply = sender().exchange(post(receiver.url), 5)
        assert (reply.status, reply.headers["x-trace"], reply.body) == (201, "a", b"made")

    def test_exchange_judges_no_status(self, receiver: HttpReceiver) -> None:
        receiver.answer(500)
        assert sender().exchange(post(receiver.url), 5).status == 500

    @pytest.mark.parametrize("size", [10_000_000, 10_000_000_000])
    def test_a_flood_is_cut(self, receiver: HttpReceiver, size: int) -> None:
        receiver.flood(size)
        reply = sender().deliver(post(receiver.url), 5)
        assert reply.body == b"x" * MAX_REPLY_BYTES

    def test_a_packed_body_is_not_unpacked(self, receiver: HttpReceiver) -> None:
        receiver.answer(200, {"Content-Encoding": "gzip"}, b"no gzip")
        assert sender().deliver(post(receiver.url), 5).body == b"no gzip"
        assert receiver.requests[0].headers["accept-encoding"] == "identity"


class TestDeadline:
    """One deadline over everything, however the receiver spends it."""

    @pytest.mark.parametrize(
        "start",
        [
            b"",
            b"HTTP/1.1 200 OK\r\n",
            b"HTTP/1.1 200 OK\r\nX: ",
            b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n\r\n",
            b"HTTP/1.1 102 Processing\r\n\r\n" * 10,
            b"HTTP/1.1 503 Busy\r\nContent-Length: 1000\r\n\r\n",
        ],
    )
    def test_a_receiver_that_trickles(self, receiver: HttpReceiver, start: bytes) -> None:
        receiver.trickle(start, every=0.01)
        self.assert_late(post(receiver.url))

    def test_a_receiver_that_does_not_read(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.assert_late(post(f"http://127.0.0.1:{listener.getsockname()[1]}/", body=b"x" * 50_000_000))

    def test_a_receiver_that_does_not_accept(self) -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
            address = listener.getsockname()
            with socket.create_connection(address):  # it fills the queue
                self.assert_late(post(f"http://127.0.0.1:{address[1]}/"))

    def test_a_receiver_that_does_not_shake_hands(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.assert_late(post(f"https://127.0.0.1:{listener.getsockname()[1]}/"))

    def assert_late(self, request: Request) -> None:
        started = time.monotonic()
        with pytest.raises(
            DeadlineExceeded, match=r"the request to https?://127\.0\.0\.1:\d+/\.\.\. was not"
        ):
            sender().deliver(request, LATE)
        assert time.monotonic() - started < LATE + 1


class TestTrouble:
    """What breaks on the way is transient."""

    def test_a_reset(self, receiver: HttpReceiver) -> None:
        receiver.reset()
        self.assert_transient(receiver.url, "the connection to 127.0.0.1 broke: Connection reset by peer")

    def test_nobody_listens(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        self.assert_transient(
            f"http://127.0.0.1:{port}",
            f"cannot connect to 127.0.0.1 port {port}: Connection refused",
            TransientError,
        )

    @pytest.mark.parametrize(
        "answer",
        [
            b"",
            b"SSH-2.0-OpenSSH_9.2\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000,
        ],
        ids=["nothing", "another protocol", "half a body", "broken chunks", "endless headers"],
    )
    def test_an_answer_that_is_not_one(self, receiver: HttpReceiver, answer: bytes) -> None:
        receiver.send_raw(answer)
        self.assert_transient(
            receiver.url, "127.0.0.1 closed the connection early, or did not answer in HTTP"
        )

    def test_the_next_address_is_tried(self, receiver: HttpReceiver) -> None:
        guard = Guard(allow_hosts=["inside.example"], resolve=lambda _, __: ["127.0.0.2", "127.0.0.1"])
        url = f"http://inside.example:{receiver.port}/"
        assert HttpSender(clock=SystemClock(), guard=guard).deliver(post(url), 5).status == 200

    def assert_transient(self, url: str, text: str, kind: type[TransientError] = EffectUnknown) -> None:
        with pytest.raises(TransientError) as raised:
            sender().deliver(post(url), 5)
        assert type(raised.value) is kind
        assert str(raised.value) == text


class TestGuard:
    """The sender asks the guard before it connects."""

    @pytest.mark.parametrize(
        "host",
        ["localhost", "127.0.0.1", "2130706433", "0x7f.1", "127.1", "0", "[::ffff:127.0.0.1]"],
    )
    def test_this_machine_is_not_reached(self, receiver: HttpReceiver, host: str) -> None:
        with pytest.raises(PermanentError, match="not a public address"):
            sender("another.host").deliver(post(f"http://{host}:{receiver.port}/"), 5)
        assert receiver.requests == []

    def test_this_machine_is_reached_where_it_is_allowed(self, receiver: HttpReceiver) -> None:
        sender("localhost").deliver(post(f"http://localhost:{receiver.port}/"), 5)
        assert len(receiver.requests) == 1

    def test_a_name_is_looked_up_once_for_check_and_connection(self, receiver: HttpReceiver) -> None:
        answers = iter([["127.0.0.1"]])
        guard = Guard(allow_hosts=["a.example"], resolve=lambda _, __: next(answers))
        HttpSender(clock=SystemClock(), guard=guard).deliver(post(f"http://a.example:{receiver.port}/"), 5)
        assert len(receiver.requests) == 1


class TestRedirects:
    """They are not followed: they lead where nobody looked."""

    @pytest.mark.parametrize(
        ("location", "shown"),
        [
            ("http://169.254.169.254/latest/meta-data?token=secret", "http://169.254.169.254/..."),
            ("https://user:secret@example.com:8443/secret", "https://example.com:8443/..."),
            ("//example.com/secret", "http://example.com/..."),
            ("file:///etc/passwd", "an unusable URL"),
            ("http://[broken", "an unusable URL"),
            ("http://a:99999/", "an unusable URL"),
        ],
    )
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_it_is_said_where_they_lead(
        self, receiver: HttpReceiver, status: int, location: str, shown: str
    ) -> None:
        receiver.answer(status, {"Location": location})
        with pytest.raises(PermanentError) as raised:
            sender().deliver(post(f"{receiver.url}/secret"), 5)
        assert str(raised.value).endswith(f", a redirect to {shown}, which is not followed")
        assert "secret" not in str(raised.value)

    def test_a_redirect_to_oneself_is_not_followed(self, receiver: HttpReceiver) -> None:
        receiver.answer(307, {"Location": "/secret/"})
        with pytest.raises(PermanentError, match=f"a redirect to {receiver.url}/"):
            sender().deliver(post(f"{receiver.url}/secret"), 5)
        assert len(receiver.requests) == 1


class TestStatuses:
    """What a status means."""

    @pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
    def test_taken(self, status: int) -> None:
        assert self.meaning(status) is None

    @pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
    def test_try_again(self, status: int) -> None:
        assert type(self.meaning(status)) is TransientError

    @pytest.mark.parametrize(
        "status", [300, 304, 305, 400, 401, 403, 404, 410, 413, 422, 451, 499, 101, 600, 999]
    )
    def test_refused(self, status: int) -> None:
        assert type(self.meaning(status)) is PermanentError

    @pytest.mark.parametrize("status", [429, 503])
    def test_when_to_come_back(self, status: int) -> None:
        error = self.meaning(status, {"retry-after": "7"})
        assert isinstance(error, TransientError)
        assert error.retry_after_seconds == 7

    def test_the_text_names_origin_and_status(self) -> None:
        assert str(self.meaning(410)) == "https://example.com:8443/... answered 410 Gone"
        assert str(self.meaning(599)) == "https://example.com:8443/... answered 599"

    def meaning(self, status: int, headers: dict[str, str] | None = None) -> PortError | None:
        request = post("https://user:pass@example.com:8443/path?query")
        return refusal(request, Reply(status=status, headers=headers or {}), NOW)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("7", 7),
        (" 120 ", 120),
        ("Wed, 31 Jan 2024 12:00:30 GMT", 30),
        ("Wednesday, 31-Jan-24 12:00:30 GMT", 30),
        ("Wed Jan 31 12:00:30 2024", 30),
        ("Wed, 31 Jan 2024 11:00:00 GMT", 0),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("9" * 5000, None),
        ("Wed, 99 Jan 2024 12:00:30 GMT", None),
        ("\u0667", None),
    ],
)
def test_retry_after(text: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": text}, NOW) == seconds
    assert retry_after({}, NOW) is None


class TestChecks:
    """What can never be sent is refused when a notifier is made, without showing it."""

    @pytest.mark.parametrize(
        "url", ["https://example.com/a", "http://127.0.0.1:8080", "HTTPS://EXAMPLE.COM", "http://[::1]/"]
    )
    def test_urls(self, url: str) -> None:
        assert check_url(url) == url

    @pytest.mark.parametrize(
        "url",
        [
            "", "secret", "ftp://example.com/secret", "file:///secret", "https:///secret", "//a.com/secret",
            "https://secret\n.com", "https://example.com:port/secret", "http://[secret", "javascript:secret",
            "http://0177.0.0.1/secret", "http://exa mple/secret", "http://a%00b/secret",
        ],
    )  # fmt: skip
    def test_other_texts(self, url: str) -> None:
        with pytest.raises(ConfigurationError) as raised:
            check_url(url)
        assert "secret" not in str(raised.value)

    @pytest.mark.parametrize("method", ["POST", "put", "Patch"])
    def test_methods(self, method: str) -> None:
        assert check_method(method) == method.upper()

    @pytest.mark.parametrize("method", ["GET", "DELETE", "", "POST\r\n", "post "])
    def test_other_methods(self, method: str) -> None:
        with pytest.raises(ConfigurationError, match="POST, PUT, PATCH"):
            check_method(method)

    def test_headers(self) -> None:
        assert check_headers({"X-Token": "a b\tc", "empty": ""}) == {"x-token": "a b\tc", "empty": ""}

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("", "secret"), ("a b", "secret"), ("a:", "secret"), ("é", "secret"), ("a\r\n", "secret"),
            ("a", "secret\r\nb: c"), ("a", "secret\0"), ("a", "secret é"), ("a", " secret"), ("a", "secret "),
            ("Host", "secret"), ("content-length", "secret"), ("Transfer-Encoding", "secret"),
            ("WEBHOOK-ID", "secret"),
        ],
    )  # fmt: skip
    def test_other_headers(self, name: str, value: str) -> None:
        with pytest.raises(ConfigurationError) as raised:
            check_headers({name: value}, reserved=["webhook-id"])
        assert "secret" not in str(raised.value)

    def test_a_header_in_two_spellings(self) -> None:
        with pytest.raises(ConfigurationError, match="twice"):
            check_headers({"A": "1", "a": "2"})


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:pass@example.com/path?query#fragment", "https://example.com/..."),
        ("http://example.com:8080", "http://example.com:8080/..."),
        ("http://[::1]:8080/a", "http://[::1]:8080/..."),
        ("http://\u202eexample.com/", r"http://\u202eexample.com/..."),
        ("/path", "an unusable URL"),
    ],
)
def test_only_the_origin_of_a_url_is_shown(url: str, shown: str) -> None:
    assert origin_of(url) == shown
    assert shown in repr(post(url))
    assert "path" not in repr(post(url))


def test_the_network_can_be_replaced() -> None:
    class Loud:
        def exchange(self, request: Request, deadline: Deadline) -> Reply:
            assert 0 < deadline.left() <= 5
            return Reply(status=200, body=request.body.upper())

    made = HttpSender(clock=SystemClock(), network=Loud())
    assert made.deliver(post("https://example.com"), 5).body == b"BODY"
    with made.keep() as kept:
        assert kept.deliver(post("https://example.com"), 5).body == b"BODY"


class TestTls:
    """HTTPS to a receiver whose certificate a private authority signed."""

    @pytest.fixture
    def names(self) -> list[str | None]:
        """The server names that clients asked for."""
        return []

    @pytest.fixture
    def tls_receiver(self, tmp_path: Path, names: list[str | None]) -> Iterator[HttpReceiver]:
        with HttpReceiver(self.server(tmp_path, names)) as made:
            yield made

    def server(self, folder: Path, names: list[str | None]) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(_certificate(folder / "tls.pem", "inside.example"))
        context.sni_callback = lambda _, name, __: names.append(name)
        return context

    def sender(self, tls: ssl.SSLContext | None = None) -> HttpSender:
        hosts = ["inside.example", "other.example"]
        guard = Guard(allow_hosts=hosts, resolve=lambda _, __: ["127.0.0.1"])
        return HttpSender(clock=SystemClock(), guard=guard, network=Connections(guard, tls))

    def test_name_and_host_are_those_of_the_url(
        self, tls_receiver: HttpReceiver, names: list[str | None], tmp_path: Path
    ) -> None:
        trusting = ssl.create_default_context(cafile=tmp_path / "tls.pem")
        url = f"https://inside.example:{tls_receiver.port}/"
        assert self.sender(trusting).deliver(post(url), 5).status == 200
        assert names == ["inside.example"]
        assert tls_receiver.requests[0].headers["host"] == f"inside.example:{tls_receiver.port}"

    def test_a_kept_connection_shakes_hands_once(self, names: list[str | None], tmp_path: Path) -> None:
        with HttpReceiver(self.server(tmp_path, names), per_connection=2) as receiver:
            trusting = ssl.create_default_context(cafile=tmp_path / "tls.pem")
            guard = Guard(allow_hosts=["inside.example"], resolve=lambda _, __: ["127.0.0.1"])
            with closing(Connections(guard, trusting, keep=True)) as network:
                sender = HttpSender(clock=SystemClock(), network=network)
                for _ in range(2):
                    sender.deliver(post(f"https://inside.example:{receiver.port}/"), 5)
                assert receiver.closed.acquire(timeout=5)
                sender.deliver(post(f"https://inside.example:{receiver.port}/"), 5)
        assert names == ["inside.example"] * 2

    def test_a_certificate_for_another_name_is_refused(
        self, tls_receiver: HttpReceiver, tmp_path: Path
    ) -> None:
        trusting = ssl.create_default_context(cafile=tmp_path / "tls.pem")
        with pytest.raises(TransientError, match="Hostname mismatch"):
            self.sender(trusting).deliver(post(f"https://other.example:{tls_receiver.port}/"), 5)
        assert tls_receiver.requests == []

    def test_a_certificate_that_nobody_vouches_for_is_refused(self, tls_receiver: HttpReceiver) -> None:
        with pytest.raises(
            TransientError, match=r"the connection to inside\.example broke: self.signed certificate"
        ):
            self.sender().deliver(post(f"https://inside.example:{tls_receiver.port}/"), 5)
        assert tls_receiver.requests == []

    def test_a_receiver_without_tls_is_trouble(self, receiver: HttpReceiver) -> None:
        with pytest.raises(TransientError):
            sender().deliver(post(f"https://127.0.0.1:{receiver.port}/"), 5)


def _certificate(path: Path, name: str) -> Path:
    """Write a key and a certificate that vouches for itself."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415  # an extra
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415  # an extra

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path.write_bytes(
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
        + certificate.public_bytes(encoding)
    )
    return path
