"""Every notifier of ours keeps the contract of the notifier port."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from attrs import define, evolve, field, frozen

from veriport.adapters.blobs.memory import MemoryBlobStore
from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.notifiers.archive import ArchiveNotifier
from veriport.adapters.notifiers.callback import CallbackNotifier
from veriport.adapters.notifiers.memory import MemoryNotifier
from veriport.adapters.notifiers.webhook import WebhookNotifier
from veriport.ports.errors import PermanentError, PortError, TransientError
from veriport.ports.notifiers import Notifier
from veriport.testing.receivers import HttpReceiver
from veriport.testing.suites.notifiers import LATE, NotifierSuite, NotifierUnderTest, over_http


class TestMemoryNotifier(NotifierSuite):
    @pytest.fixture
    def tested(self) -> NotifierUnderTest:
        notifier = MemoryNotifier()
        return NotifierUnderTest(
            notifier=notifier,
            attempts=lambda: len(notifier.attempts),
            ids=lambda: [message.id for message in notifier.messages],
            accept=notifier.accept,
            refuse=notifier.refuse,
            be_down=notifier.fail,
            be_busy=lambda: notifier.fail(retry_after_seconds=7),
            be_slow=lambda: notifier.be_slow(LATE),
        )


class TestWebhookNotifier(NotifierSuite):
    @pytest.fixture
    def tested(self) -> Iterator[NotifierUnderTest]:
        with HttpReceiver() as receiver:
            notifier = WebhookNotifier(
                url=f"http://someone:pass-word@127.0.0.1:{receiver.port}/path-token?query=value-token",
                headers={"Authorization": "Bearer header-token"},
                allow_hosts=["127.0.0.1"],
            )
            secrets = ("pass-word", "path-token", "value-token", "header-token")
            yield evolve(over_http(notifier, receiver, "webhook-id"), secrets=secrets)


class TestKeptWebhookNotifier(NotifierSuite):
    @pytest.fixture
    def tested(self) -> Iterator[NotifierUnderTest]:
        with HttpReceiver(per_connection=100) as receiver:
            notifier = WebhookNotifier(url=receiver.url, allow_hosts=["127.0.0.1"])
            with notifier.keep() as kept:
                yield over_http(kept, receiver, "webhook-id")


class TestArchiveNotifier(NotifierSuite):
    @pytest.fixture
    def tested(self) -> NotifierUnderTest:
        mood = Mood()
        notifier = ArchiveNotifier(blobs=MoodyBlobs(MemoryBlobStore(), mood), clock=mood.clock)
        return in_process(notifier, mood)


class TestCallbackNotifier(NotifierSuite):
    @pytest.fixture
    def tested(self) -> NotifierUnderTest:
        mood = Mood()
        return in_process(CallbackNotifier(lambda _: mood.meet(), mood.clock), mood)


@define
class Mood:
    """How something in this process behaves that a notifier calls."""

    error: PortError | None = None
    delay: float = 0.0
    clock: FrozenClock = field(factory=FrozenClock)
    met: list[None] = field(factory=list)

    def meet(self) -> None:
        self.met.append(None)
        self.clock.sleep(self.delay)
        if self.error is not None:
            raise self.error


@frozen
class MoodyBlobs:
    """A blob store in a mood."""

    inner: MemoryBlobStore
    mood: Mood

    def put(self, key: str, body: bytes) -> str:
        self.mood.meet()
        return self.inner.put(key, body)

    def get(self, key: str) -> bytes | None:
        return self.inner.get(key)

    def keys(self, prefix: str = "") -> Iterator[str]:
        return self.inner.keys(prefix)

    def delete(self, key: str) -> bool:
        return self.inner.delete(key)


def in_process(notifier: Notifier, mood: Mood) -> NotifierUnderTest:
    def fall_into(error: PortError | None, delay: float = 0.0) -> Callable[[], None]:
        def change() -> None:
            mood.error, mood.delay = error, delay

        return change

    return NotifierUnderTest(
        notifier=notifier,
        attempts=lambda: len(mood.met),
        accept=fall_into(None),
        refuse=fall_into(PermanentError("no")),
        be_down=fall_into(TransientError("not now")),
        be_busy=fall_into(TransientError("later", retry_after_seconds=7)),
        be_slow=fall_into(None, LATE),
    )
