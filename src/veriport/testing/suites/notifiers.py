"""The contract suite of the notifier port: subclass ``NotifierSuite`` and say how to steer your receiver.

    class TestMyNotifier(NotifierSuite):
        @pytest.fixture
        def tested(self):
            with HttpReceiver() as receiver:
                yield over_http(MyNotifier(receiver.url, allow_hosts=["127.0.0.1"]), receiver)

What a receiver cannot do at all (a function of this process is never down) is ``None`` in
``NotifierUnderTest``, and its tests are skipped with the reason.
"""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from attrs import evolve, frozen

from veriport.domain.checkpoints import CheckpointResult
from veriport.domain.delivery import Message
from veriport.domain.measurements import Measurement, Sample
from veriport.domain.results import CheckResult, Part, judge
from veriport.domain.rules.values import NotNull
from veriport.ports.errors import DeadlineExceeded, PermanentError, PortError, TransientError
from veriport.ports.notifiers import Notifier, Receipt
from veriport.testing.receivers import HttpReceiver

#: Seconds that sends of this suite may take, except where they are meant to be late.
ENOUGH = 10.0
#: Seconds that a sender waits for a receiver that is late.
SHORT = 0.2
#: Seconds that a late receiver takes; nobody waits that long.
LATE = 5.0


@frozen(kw_only=True)
class NotifierUnderTest:
    """A notifier, and how to make its receiver behave.

    ``attempts`` counts what reached the receiver, taken or not. ``ids`` lists what the receiver can
    drop repeats by, one for each attempt; ``None`` if its protocol has no such thing. After ``refuse``
    it refuses for good; after ``be_down`` it cannot be reached, or says that it is in trouble; after
    ``be_busy`` it asks to come back in 7 seconds; after ``be_slow`` it takes messages, but later than
    the notifier waits. ``accept`` makes everything good again. ``secrets`` are texts that no error
    may show.
    """

    notifier: Notifier
    attempts: Callable[[], int]
    ids: Callable[[], Sequence[str]] | None = None
    accept: Callable[[], None] = lambda: None
    refuse: Callable[[], None] | None = None
    be_down: Callable[[], None] | None = None
    be_busy: Callable[[], None] | None = None
    be_slow: Callable[[], None] | None = None
    secrets: tuple[str, ...] = ()


def over_http(notifier: Notifier, receiver: HttpReceiver, id_header: str | None = None) -> NotifierUnderTest:
    """A notifier that sends to ``receiver``; ``id_header`` is the header that carries the id, if any."""

    def ids() -> Sequence[str]:
        return [request.headers.get(id_header or "", "") for request in receiver.requests]

    return NotifierUnderTest(
        notifier=notifier,
        attempts=lambda: len(receiver.requests),
        ids=ids if id_header else None,
        accept=receiver.answer,
        refuse=lambda: receiver.answer(400),
        be_down=receiver.reset,
        be_busy=lambda: receiver.answer(429, {"Retry-After": "7"}),
        be_slow=lambda: receiver.answer_after(LATE),
    )


def a_message(number: int = 1, **changes: object) -> Message:
    """A message about a run in which one rule failed; every ``number`` has another id."""
    when = datetime(2024, 1, 31, 12, tzinfo=UTC)
    failed = Measurement(checked=3, failed=1, samples=(Sample(row=2, values={"email": None}),))
    result = CheckpointResult(
        run_id=f"20240131T120000Z-{number:08}",
        name="orders",
        run_name="20240131T120000Z",
        run_time=when,
        check=CheckResult(
            rules=(judge(NotNull(id="email.not_null", column="email"), failed),),
            parts={"orders.csv": Part(label="orders.csv", rows=3)},
            engine="polars",
        ),
    )
    message = Message(
        id=f"{result.run_id}:receiver",
        receiver="receiver",
        run_id=result.run_id,
        checkpoint=result.name,
        status=result.status,
        occurred_at=when,
        body=result.to_dict(),
    )
    return evolve(message, **changes)  # type: ignore[arg-type]  # attrs knows the names


def _with_text(text: str) -> Message:
    """A message that says ``text`` wherever it can."""
    body = CheckpointResult(
        run_id=text, name=text, run_name=text, run_time=datetime(2024, 1, 31, tzinfo=UTC), error=text
    )
    return a_message(id=f"{text}:receiver", run_id=text, checkpoint=text, body=body.to_dict())


#: Texts that names and values may hold, by what is odd about them.
HOSTILE_TEXTS = {
    "line feeds": "a\r\nSet-Cookie: b\n\n",
    "escape sequence": "\x1b[2J\x1b[31m",
    "null character": "a\0b",
    "half a surrogate pair": "a\ud800b",
    "emoji and other scripts": "\N{GRINNING FACE} 数据 данные e\u0301",
    "right to left": "\u202egnp.exe",
    "markup": "<script>alert(1)</script> &amp; *bold* `code` @here {{7*7}}",
    "path": "../../etc/passwd",
    "long": "x" * 100_000,
    "blank": " ",
    "quotes": "'\"\\",
}


class NotifierSuite:
    """Every sentence of ``veriport.ports.notifiers``. Takes a few tenths of a second in all."""

    @pytest.fixture
    def tested(self) -> NotifierUnderTest:
        """The notifier under test, with its receiver in a good state."""
        raise NotImplementedError

    def test_what_is_taken_has_a_receipt(self, tested: NotifierUnderTest) -> None:
        receipt = tested.notifier.send(a_message(), ENOUGH)
        assert isinstance(receipt, Receipt)
        assert isinstance(receipt.message, str)

    def test_the_details_of_a_receipt_are_plain_data(self, tested: NotifierUnderTest) -> None:
        details = dict(tested.notifier.send(a_message(), ENOUGH).details)
        assert json.loads(json.dumps(details, allow_nan=False)) == details

    def test_a_message_reaches_the_receiver_once(self, tested: NotifierUnderTest) -> None:
        tested.notifier.send(a_message(), ENOUGH)
        assert tested.attempts() == 1

    def test_the_same_message_has_the_same_id(self, tested: NotifierUnderTest) -> None:
        for _ in range(2):
            tested.notifier.send(a_message(), ENOUGH)
        first, second = _ids(tested)
        assert first == second != ""

    def test_different_messages_have_different_ids(self, tested: NotifierUnderTest) -> None:
        texts = ("1", "2", "a b", "a%20b", "a\nb", "é", "e\u0301", "A", "a")
        for text in texts:
            tested.notifier.send(a_message(id=text), ENOUGH)
        assert len(set(_ids(tested))) == len(texts)

    def test_the_message_stays_as_it_was(self, tested: NotifierUnderTest) -> None:
        message, same = a_message(), a_message()
        tested.notifier.send(message, ENOUGH)
        assert message == same

    def test_a_refusal_is_permanent(self, tested: NotifierUnderTest) -> None:
        _able(tested.refuse, "refuse")()
        with pytest.raises(PermanentError):
            tested.notifier.send(a_message(), ENOUGH)

    def test_a_refusal_is_not_repeated(self, tested: NotifierUnderTest) -> None:
        _able(tested.refuse, "refuse")()
        _fail(tested)
        assert tested.attempts() == 1

    def test_a_receiver_that_is_down_is_transient(self, tested: NotifierUnderTest) -> None:
        _able(tested.be_down, "be down")()
        with pytest.raises(TransientError):
            tested.notifier.send(a_message(), ENOUGH)

    def test_trouble_is_not_followed_by_a_second_attempt(self, tested: NotifierUnderTest) -> None:
        _able(tested.be_down, "be down")()
        _fail(tested)
        assert tested.attempts() <= 1

    def test_a_busy_receiver_says_when_to_come_back(self, tested: NotifierUnderTest) -> None:
        _able(tested.be_busy, "be busy")()
        with pytest.raises(TransientError) as raised:
            tested.notifier.send(a_message(), ENOUGH)
        assert raised.value.retry_after_seconds == pytest.approx(7)
        assert tested.attempts() == 1

    def test_a_slow_receiver_is_not_waited_for(self, tested: NotifierUnderTest) -> None:
        _able(tested.be_slow, "be slow")()
        started = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            tested.notifier.send(a_message(), SHORT)
        assert time.monotonic() - started < LATE / 2

    def test_without_time_nothing_is_sent(self, tested: NotifierUnderTest) -> None:
        for seconds in (0, -1, float("-inf"), float("nan")):
            with pytest.raises(DeadlineExceeded):
                tested.notifier.send(a_message(), seconds)
        assert tested.attempts() == 0

    def test_after_trouble_it_works_again(self, tested: NotifierUnderTest) -> None:
        _able(tested.be_down, "be down")()
        _fail(tested)
        tested.accept()
        tested.notifier.send(a_message(2), ENOUGH)

    @pytest.mark.parametrize("trouble", ["refuse", "be_down", "be_busy", "be_slow"])
    def test_errors_show_no_secret(self, tested: NotifierUnderTest, trouble: str) -> None:
        _able(getattr(tested, trouble), trouble)()
        shown = "".join(traceback.format_exception(_fail(tested, SHORT)))
        assert [secret for secret in tested.secrets if secret in shown] == []

    def test_printing_it_shows_no_secret(self, tested: NotifierUnderTest) -> None:
        shown = f"{tested.notifier!r} {tested.notifier}"
        assert [secret for secret in tested.secrets if secret in shown] == []

    @pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
    def test_any_text_is_sent_or_refused(self, tested: NotifierUnderTest, text: str) -> None:
        try:
            tested.notifier.send(_with_text(text), ENOUGH)
        except PermanentError:
            return
        assert tested.attempts() == 1

    def test_a_large_message_is_sent_or_refused(self, tested: NotifierUnderTest) -> None:
        body = {**a_message().body, "metadata": {"notes": ["x" * 1000] * 2000}}
        try:
            tested.notifier.send(a_message(body=body), ENOUGH)
        except PermanentError:
            return
        assert tested.attempts() == 1

    def test_several_threads_send_at_once(self, tested: NotifierUnderTest) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: tested.notifier.send(a_message(number), ENOUGH), range(16)))
        assert tested.attempts() == 16
        if tested.ids is not None:
            assert len(set(tested.ids())) == 16


def _able(ability: Callable[[], None] | None, what: str) -> Callable[[], None]:
    if ability is None:
        pytest.skip(f"this receiver cannot {what}")
    return ability


def _ids(tested: NotifierUnderTest) -> Sequence[str]:
    if tested.ids is None:
        pytest.skip("this receiver has no use for an id")
    return tested.ids()


def _fail(tested: NotifierUnderTest, timeout_seconds: float = ENOUGH) -> PortError:
    with pytest.raises(PortError) as raised:
        tested.notifier.send(a_message(), timeout_seconds)
    return raised.value
