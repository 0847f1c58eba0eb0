"""A connection is kept for the next request only where nothing speaks against it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from attrs import field, frozen

from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.clocks.system import SystemClock
from veriport.adapters.notifiers.deadline import Deadline
from veriport.adapters.notifiers.guard import Guard
from veriport.adapters.notifiers.http import MAX_REPLY_BYTES, HttpSender, Request
from veriport.adapters.notifiers.transport import IDLE_SECONDS
from veriport.ports.errors import DeadlineExceeded, EffectUnknown, PermanentError, TransientError
from veriport.testing.receivers import HttpReceiver

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LOCAL = Guard(allow_hosts=["127.0.0.1"])


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    """One that keeps connections."""
    with HttpReceiver(per_connection=10_000) as made:
        yield made


@pytest.fixture
def hasty() -> Iterator[HttpReceiver]:
    """One that closes each connection after its answer, and does not say so."""
    with HttpReceiver() as made:
        yield made


@pytest.fixture
def kept() -> Iterator[HttpSender]:
    with HttpSender(clock=SystemClock(), guard=LOCAL).keep() as sender:
        yield sender


def post(url: str, body: bytes = b"body") -> Request:
    return Request(method="POST", url=url, body=body)


def closed(receiver: HttpReceiver, times: int = 1) -> bool:
    """Whether the receiver has seen so many more connections end."""
    return all(receiver.closed.acquire(timeout=5) for _ in range(times))


def open_files() -> set[str]:
    """What this process has open, each by a name of its own; others may close theirs at any time."""
    files = Path("/proc/self/fd")
    if not files.is_dir():
        pytest.skip("this system does not list open files")
    found = set()
    for each in files.iterdir():
        with suppress(FileNotFoundError):
            found.add(str(each.readlink()))
    return found


class TestKept:
    """It is used again, and for as long as that is wanted."""

    def test_one_connection_carries_many_requests(self, receiver: HttpReceiver, kept: HttpSender) -> None:
        for number in range(5):
            assert kept.deliver(post(receiver.url, b"%d" % number), 5).body == b"ok"
        assert [request.body for request in receiver.requests] == [b"0", b"1", b"2", b"3", b"4"]
        assert receiver.connections == 1
        assert "connection" not in receiver.requests[0].headers

    def test_it_is_closed_at_the_end(self, receiver: HttpReceiver) -> None:
        with HttpSender(clock=SystemClock(), guard=LOCAL).keep() as sender:
            sender.deliver(post(receiver.url), 5)
        assert closed(receiver)

    def test_it_is_closed_at_the_end_of_trouble(self, receiver: HttpReceiver) -> None:
        receiver.answer_in_turn(200, 404)

        def deliver() -> None:
            with HttpSender(clock=SystemClock(), guard=LOCAL).keep() as sender:
                for _ in range(2):
                    sender.deliver(post(receiver.url), 5)

        with pytest.raises(PermanentError):
            deliver()
        assert receiver.connections == 1
        assert closed(receiver)

    def test_a_sender_that_does_not_keep_makes_one_each_and_says_so(self, receiver: HttpReceiver) -> None:
        sender = HttpSender(clock=SystemClock(), guard=LOCAL)
        for _ in range(2):
            sender.deliver(post(receiver.url), 5)
        assert receiver.connections == 2
        assert [request.headers["connection"] for request in receiver.requests] == ["close", "close"]
        assert closed(receiver, 2)

    def test_each_request_has_a_deadline_of_its_own(self, receiver: HttpReceiver, kept: HttpSender) -> None:
        kept.deliver(post(receiver.url), 5)
        receiver.answer_after(5)
        with pytest.raises(DeadlineExceeded):
            kept.deliver(post(receiver.url), 0.1)
        receiver.answer()
        kept.deliver(post(receiver.url), 5)
        assert receiver.connections == 2

    @pytest.mark.parametrize("timeout", ["timeout=5, max=100", "max=9, Timeout = 2", "timeout", ""])
    def test_a_receiver_that_waits_for_long_enough(
        self, receiver: HttpReceiver, kept: HttpSender, timeout: str
    ) -> None:
        receiver.answer(200, {"Keep-Alive": timeout})
        for _ in range(2):
            kept.deliver(post(receiver.url), 5)
        assert receiver.connections == 1

    def test_a_thousand_requests_leave_no_file_open(self, receiver: HttpReceiver) -> None:
        before = open_files()
        sender = HttpSender(clock=SystemClock(), guard=LOCAL)
        for _ in range(10):
            with sender.keep() as burst:
                for _ in range(100):
                    burst.deliver(post(receiver.url), 5)
        assert closed(receiver, 10)
        assert len(receiver.requests) == 1000
        assert open_files() - before == set()


class TestNotKept:
    """What speaks against it; then the request has a new connection, and no attempt is lost."""

    def test_the_receiver_closed_it(self, hasty: HttpReceiver, kept: HttpSender) -> None:
        for _ in range(3):
            assert kept.deliver(post(hasty.url), 5).status == 200
            assert closed(hasty)
        assert len(hasty.requests) == hasty.connections == 3

    def test_a_receiver_that_closed_one_is_asked_to_keep_no_more(
        self, hasty: HttpReceiver, kept: HttpSender
    ) -> None:
        for _ in range(3):
            kept.deliver(post(hasty.url), 5)
            assert closed(hasty)
        assert [request.headers.get("connection") for request in hasty.requests] == [None, "close", "close"]

    @pytest.mark.parametrize(("seconds", "connections"), [(IDLE_SECONDS, 2), (IDLE_SECONDS * 0.9, 1)])
    def test_it_was_idle_for_too_long(self, receiver: HttpReceiver, seconds: float, connections: int) -> None:
        clock = FrozenClock()
        with HttpSender(clock=clock, guard=LOCAL).keep() as sender:
            sender.deliver(post(receiver.url), 5)
            clock.advance(seconds)
            sender.deliver(post(receiver.url), 5)
        assert receiver.connections == connections

    @pytest.mark.parametrize(
        "answer",
        [
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nKeep-Alive: timeout=1\r\n\r\n",
            b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
            OK + OK,
            b"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + b"x" * 70_000,
        ],
        ids=[
            "it says so",
            "it waits for a second",
            "HTTP/1.0",
            "two answers to one request",
            "a long answer",
        ],
    )
    def test_the_answer_is_against_it(self, receiver: HttpReceiver, kept: HttpSender, answer: bytes) -> None:
        receiver.send_raw(answer, full=True)
        for _ in range(3):
            assert len(kept.deliver(post(receiver.url), 5).body) <= MAX_REPLY_BYTES
        assert receiver.connections == 3

    def test_another_origin(self, receiver: HttpReceiver) -> None:
        names = [f"{number}.example" for number in range(20)]
        guard = Guard(allow_hosts=names, resolve=lambda _, __: ["127.0.0.1"])
        with HttpSender(clock=SystemClock(), guard=guard).keep() as sender:
            for name in names:
                sender.deliver(post(f"http://{name}:{receiver.port}/"), 5)
            assert closed(receiver, 19)
            assert not receiver.closed.acquire(blocking=False)
        assert receiver.connections == 20

    def test_after_a_fork_each_side_has_its_own(self, receiver: HttpReceiver, kept: HttpSender) -> None:
        kept.deliver(post(receiver.url, b"before"), 5)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                kept.deliver(post(receiver.url, b"child"), 5)
                code = 0
            finally:
                os._exit(code)
        assert os.waitpid(child, 0)[1] == 0
        kept.deliver(post(receiver.url, b"parent"), 5)
        assert [request.body for request in receiver.requests] == [b"before", b"child", b"parent"]
        assert receiver.connections == 2


class TestUnknown:
    """A connection that ends while a request is on its way says nothing about the request."""

    def test_the_receiver_closes_after_it_read_the_request(
        self, receiver: HttpReceiver, kept: HttpSender
    ) -> None:
        kept.deliver(post(receiver.url, b"first"), 5)
        receiver.send_raw(b"")
        with pytest.raises(EffectUnknown, match="closed the connection early"):
            kept.deliver(post(receiver.url, b"second"), 5)
        assert [request.body for request in receiver.requests] == [b"first", b"second"]
        assert receiver.connections == 1

    def test_the_receiver_breaks_it(self, receiver: HttpReceiver, kept: HttpSender) -> None:
        kept.deliver(post(receiver.url), 5)
        receiver.reset()
        with pytest.raises(EffectUnknown, match="broke: Connection reset"):
            kept.deliver(post(receiver.url), 5)
        assert len(receiver.requests) == 2

    def test_afterwards_there_is_a_new_one(self, receiver: HttpReceiver, kept: HttpSender) -> None:
        kept.deliver(post(receiver.url), 5)
        receiver.reset()
        with pytest.raises(EffectUnknown):
            kept.deliver(post(receiver.url), 5)
        receiver.answer()
        assert kept.deliver(post(receiver.url), 5).status == 200
        assert receiver.connections == 2


class TestAddresses:
    """A connection stays at the address that was checked for it; a new one is checked anew."""

    def test_a_name_is_looked_up_for_each_connection(self, receiver: HttpReceiver) -> None:
        answers = iter([["127.0.0.1"], ["127.0.0.2"]])  # nobody listens at the second
        guard = Guard(allow_hosts=["a.example"], resolve=lambda _, __: next(answers))
        clock = FrozenClock()
        with HttpSender(clock=clock, guard=guard).keep() as sender:
            for _ in range(2):
                sender.deliver(post(f"http://a.example:{receiver.port}/"), 5)
            clock.advance(IDLE_SECONDS)
            with pytest.raises(TransientError, match="cannot connect"):
                sender.deliver(post(f"http://a.example:{receiver.port}/"), 5)
        assert receiver.connections == 1

    def test_a_name_that_now_points_inside_is_refused(self, hasty: HttpReceiver) -> None:
        with HttpSender(clock=SystemClock(), guard=Rebound()).keep() as sender:
            sender.deliver(post(f"http://a.example:{hasty.port}/"), 5)
            assert closed(hasty)
            with pytest.raises(PermanentError, match=r"has the address 127\.0\.0\.1, not a public address"):
                sender.deliver(post(f"http://a.example:{hasty.port}/"), 5)
        assert len(hasty.requests) == 1


@frozen(kw_only=True)
class Rebound(Guard):
    """Lets the first address through, as if it were public, and judges those after it."""

    seen: list[str] = field(factory=list)

    def addresses(self, host: str, port: int, deadline: Deadline) -> tuple[str, ...]:
        self.seen.append(host)
        strict = Guard(resolve=lambda _, __: ["127.0.0.1"])
        return ("127.0.0.1",) if len(self.seen) == 1 else strict.addresses(host, port, deadline)
