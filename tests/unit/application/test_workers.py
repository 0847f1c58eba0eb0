"""Threads that work until they are told to stop, and what ends them before."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from attrs import evolve

from tests.unit.application.test_desk import NOON, RUN, Post
from veriport.adapters.blobs.memory import MemoryBlobStore
from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.stores.memory import MemoryStateStore
from veriport.adapters.telemetry.memory import MemoryTelemetry
from veriport.application.runs import Runs
from veriport.application.tidying import Tidy
from veriport.application.workers import Worker
from veriport.domain.checkpoints import ActionStatus
from veriport.domain.delivery import Message
from veriport.domain.records import Put, Record
from veriport.ports.errors import PermanentError, TransientError

PATIENCE = 20


@pytest.fixture
def telemetry() -> MemoryTelemetry:
    return MemoryTelemetry()


def worker(post: Post, telemetry: MemoryTelemetry, *, threads: int = 1, until_idle: bool = False) -> Worker:
    works = [evolve(post.work(), telemetry=telemetry) for _ in range(threads)]
    return Worker(works=works, telemetry=telemetry, until_idle=until_idle)


class TestStopping:
    def test_what_is_in_flight_is_finished_first(self, telemetry: MemoryTelemetry) -> None:
        begun, go_on = threading.Event(), threading.Event()

        def slow(_: Message) -> None:
            begun.set()
            assert go_on.wait(PATIENCE)

        post = Post(slow)
        post.record()
        post.record(f"{RUN}2")
        running = worker(post, telemetry).start()
        assert begun.wait(PATIENCE)
        assert running.stop(0.01) is False
        go_on.set()
        assert running.stop(PATIENCE)
        assert post.action().status is ActionStatus.SUCCESS
        assert [letter.id for letter in post.desk.letters()] == [f"{RUN}2:hook"]
        assert post.lane()[0].due_at == post.clock.now()  # it was given back: the next one need not wait

    def test_a_context_stops_what_it_started(self, telemetry: MemoryTelemetry) -> None:
        came = threading.Event()
        post = Post(lambda _: came.set())
        with worker(post, telemetry, threads=3) as running:
            post.record()
            assert came.wait(PATIENCE)
        assert running.wait(0)
        assert list(post.desk.letters()) == []

    def test_until_idle_ends_by_itself(self, telemetry: MemoryTelemetry) -> None:
        post = Post()
        post.record()
        assert worker(post, telemetry, threads=2, until_idle=True).start().wait(PATIENCE)
        assert post.action().status is ActionStatus.SUCCESS

    def test_it_is_started_once(self, telemetry: MemoryTelemetry) -> None:
        with worker(Post(), telemetry) as running, pytest.raises(RuntimeError, match="once"):
            running.start()


class Claiming(MemoryStateStore):
    """A store that is asked for work and answers as a test says, the last answer again and again."""

    def __init__(self, *answers: BaseException | None) -> None:
        super().__init__(FrozenClock(NOON))
        self.answers = list(answers)
        self.enough = threading.Event()

    def claim(self, queue: str, limit: int, lease_seconds: float) -> tuple[Record, ...]:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is not None:
            raise answer
        self.enough.set()
        return super().claim(queue, limit, lease_seconds)


class TestTrouble:
    @pytest.fixture
    def over(self, telemetry: MemoryTelemetry) -> Iterator[Callable[..., Worker]]:
        """Makes a worker over a store, stopped in the end."""
        made: list[Worker] = []

        def make(store: Claiming, *, until_idle: bool = False) -> Worker:
            work = evolve(Post().work(), queues=store, telemetry=telemetry)
            made.append(Worker(works=[work, work], telemetry=telemetry, until_idle=until_idle))
            return made[-1]

        yield make
        for each in made:
            each.ask_to_stop()

    def test_a_store_that_is_away_is_waited_for(
        self, over: Callable[..., Worker], telemetry: MemoryTelemetry
    ) -> None:
        store = Claiming(*[TransientError("away")] * 4, None)
        running = over(store).start()
        assert store.enough.wait(PATIENCE)
        assert running.stop(PATIENCE)
        assert [event.name for event in telemetry.events] == ["outbox.trouble"] * 4

    def test_a_fault_of_ours_is_told_and_ends_nothing(
        self, over: Callable[..., Worker], telemetry: MemoryTelemetry
    ) -> None:
        store = Claiming(ValueError("oops"), None)
        running = over(store).start()
        assert store.enough.wait(PATIENCE)
        assert running.stop(PATIENCE)
        assert [(event.name, event.attributes["reason"]) for event in telemetry.events] == [
            ("worker.fault", "ValueError: oops")
        ]

    @pytest.mark.parametrize("until_idle", [True, False])
    def test_a_store_that_cannot_be_used_ends_all_threads(
        self, over: Callable[..., Worker], *, until_idle: bool
    ) -> None:
        running = over(Claiming(PermanentError("of a newer version")), until_idle=until_idle).start()
        with pytest.raises(PermanentError, match="newer"):
            running.wait(PATIENCE)
        with pytest.raises(PermanentError, match="newer"):
            running.stop()

    def test_the_end_of_a_context_raises_it_unless_something_else_was(
        self, over: Callable[..., Worker]
    ) -> None:
        with pytest.raises(PermanentError), over(Claiming(PermanentError("no"))):
            pass
        with pytest.raises(KeyError), over(Claiming(PermanentError("no"))):
            raise KeyError

    def test_until_idle_waits_for_nothing(self, over: Callable[..., Worker]) -> None:
        running = over(Claiming(TransientError("away")), until_idle=True).start()
        with pytest.raises(TransientError, match="away"):
            running.wait(PATIENCE)


class TestTidying:
    def test_what_has_expired_goes_a_page_after_the_other_and_not_at_every_call(
        self, telemetry: MemoryTelemetry
    ) -> None:
        clock = FrozenClock(NOON)
        store, blobs = MemoryStateStore(clock), MemoryBlobStore()
        blobs.put("runs/20240101/20240101T000000Z-1.json", b"{}")

        def fill() -> None:
            for page in range(3):
                keys = [f"{page}-{number}" for number in range(700)]
                store.commit([Put(key=key, value=b"", expires_at=clock.now()) for key in keys])

        tidy = Tidy(queues=store, runs=Runs(store=store, blobs=blobs), clock=clock, telemetry=telemetry)
        fill()
        tidy()
        assert (store.purge(1), list(blobs.keys(""))) == (0, [])
        fill()
        clock.advance(59)
        tidy()
        assert store.purge(1) == 1
        clock.advance(1)
        tidy()
        assert store.purge(1) == 0

    def test_trouble_is_told_and_the_next_call_tries_again(self, telemetry: MemoryTelemetry) -> None:
        class Once(MemoryStateStore):
            troubles = 1

            def purge(self, limit: int) -> int:
                self.troubles -= 1
                if self.troubles >= 0:
                    raise TransientError("busy")
                return super().purge(limit)

        clock = FrozenClock(NOON)
        store = Once(clock)
        tidy = Tidy(
            queues=store, runs=Runs(store=store, blobs=MemoryBlobStore()), clock=clock, telemetry=telemetry
        )
        tidy()
        tidy()
        assert store.troubles == -1
        assert [event.attributes["reason"] for event in telemetry.events] == [
            "expired records stay for now: busy"
        ]
