"""``IdempotencyService`` as programs use it: in loops, threads and processes, with every kind of result."""

from __future__ import annotations

import itertools
import multiprocessing
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from attrs import frozen

import veriport
from tests.unsteady import UnsteadyStore
from veriport import (
    Checkpoint,
    CheckpointResult,
    CheckResult,
    ClaimLost,
    ConfigurationError,
    IdempotencyService,
    RunInProgress,
    VeriportError,
    WorkFailed,
)
from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.clocks.system import SystemClock
from veriport.adapters.stores.memory import MemoryStateStore
from veriport.domain import outbox_keys
from veriport.domain.datasets import Dataset
from veriport.ports.engines import Table
from veriport.ports.errors import TransientError

FRAME = pl.DataFrame({"id": [1, 1], "name": ["Ann", None]})
RULES = [{"column": "id", "type": "unique"}]


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def store(clock: FrozenClock) -> MemoryStateStore:
    return MemoryStateStore(clock)


@pytest.fixture
def service(store: MemoryStateStore, clock: FrozenClock) -> IdempotencyService:
    return IdempotencyService(store, clock=clock)


@pytest.fixture
def other(store: MemoryStateStore, clock: FrozenClock) -> IdempotencyService:
    """Another program on the same store."""
    return IdempotencyService(store, clock=clock)


# --- reserve, do, complete ------------------------------------------------------------------------


def test_the_example_of_the_users() -> None:
    service = IdempotencyService(store="memory", ttl_seconds=3600)
    checkpoint = Checkpoint(name="orders", data=FRAME, rules=RULES)

    def once(name: str, run_id: str) -> CheckpointResult:
        key = f"checkpoint:{name}:{run_id}"
        if service.is_duplicate(key):
            return service.result(key)  # type: ignore[no-any-return]  # the cached result
        result = checkpoint.run()
        service.mark_completed(key, result)
        return result

    first, again, another = once("orders", "1"), once("orders", "1"), once("orders", "2")
    assert again == first
    assert isinstance(again, CheckpointResult)
    assert another.run_id != first.run_id


def test_one_caller_gets_the_work(service: IdempotencyService, other: IdempotencyService) -> None:
    assert service.is_duplicate("k") is False
    assert other.is_duplicate("k") is True
    assert other.result("k") is None
    service.mark_completed("k", {"rows": 3})
    assert other.is_duplicate("k") is True
    assert other.result("k") == {"rows": 3}


def test_a_holder_who_asks_again_learns_that_it_is_in_progress(service: IdempotencyService) -> None:
    assert service.is_duplicate("k") is False
    assert service.is_duplicate("k") is True
    service.mark_completed("k", 1)


def test_looking_reserves_nothing(service: IdempotencyService, other: IdempotencyService) -> None:
    assert (service.seen("k"), service.result("k")) == (False, None)
    assert service.is_duplicate("k") is False
    assert (other.seen("k"), other.result("k")) == (True, None)
    service.mark_completed("k", None)
    assert other.seen("k") is True


def test_the_result_is_forgotten_after_its_time(store: MemoryStateStore, clock: FrozenClock) -> None:
    service = IdempotencyService(store, ttl_seconds=10, clock=clock)
    service.is_duplicate("k")
    service.mark_completed("k", 1)
    clock.advance(9)
    assert service.is_duplicate("k") is True
    clock.advance(1)
    assert service.is_duplicate("k") is False


def test_a_key_of_another_request_is_refused(service: IdempotencyService, other: IdempotencyService) -> None:
    service.is_duplicate("k", "POST /orders {...}")
    assert other.is_duplicate("k", "POST /orders {...}") is True
    asks: list[Callable[[], object]] = [
        lambda: other.is_duplicate("k", "POST /orders {}"),
        lambda: other.is_duplicate("k"),
        lambda: other.run("k", lambda: 1, fingerprint="x"),
    ]
    for ask in asks:
        with pytest.raises(ConfigurationError, match="the key 'k' was used for another request"):
            ask()


def test_a_failure_is_kept_and_raised_for_every_repeat(
    service: IdempotencyService, other: IdempotencyService
) -> None:
    service.is_duplicate("k")
    service.mark_failed("k", ValueError("no such order"))
    assert other.is_duplicate("k") is True
    with pytest.raises(WorkFailed, match=r"^the work under 'k' failed: ValueError: no such order$"):
        other.result("k")
    with pytest.raises(WorkFailed):
        other.run("k", lambda: 1)


def test_what_was_released_is_free(service: IdempotencyService, other: IdempotencyService) -> None:
    service.is_duplicate("k")
    service.release("k")
    assert other.is_duplicate("k") is False
    with pytest.raises(ClaimLost, match="'k' is not reserved with this service"):
        service.release("k")


@pytest.mark.parametrize("key", ["\0", "a\ud800", "\N{GRINNING FACE}" * 10_000, "\ud800" * 20_000, " "])
def test_a_key_is_any_text(service: IdempotencyService, key: str) -> None:
    assert service.is_duplicate(key, fingerprint=key) is False
    service.mark_completed(key, key)
    assert service.is_duplicate(key, fingerprint=key) is True
    assert service.result(key) == key


@pytest.mark.parametrize("key", ["", None, 7, b"k"])
def test_what_is_no_key_is_refused(service: IdempotencyService, key: Any) -> None:  # noqa: ANN401  # wrong on purpose
    for ask in (service.is_duplicate, service.seen, service.result, service.release, service.fence):
        with pytest.raises(ConfigurationError, match="an idempotency key is text with something in it"):
            ask(key)


# --- leases ---------------------------------------------------------------------------------------


def test_a_reservation_lapses_and_a_late_completion_is_refused(
    store: MemoryStateStore, clock: FrozenClock
) -> None:
    first, second = (IdempotencyService(store, lease_seconds=5, clock=clock) for _ in range(2))
    assert first.is_duplicate("k") is False
    clock.advance(5)
    assert first.seen("k") is False
    assert second.is_duplicate("k") is False
    with pytest.raises(ClaimLost, match="the claim of 'k' has lapsed"):
        first.mark_completed("k", "late")
    assert second.result("k") is None
    second.mark_completed("k", "in time")
    assert first.result("k") == "in time"
    with pytest.raises(ClaimLost):
        first.mark_failed("k", "late")
    assert first.result("k") == "in time"


def test_a_lapsed_reservation_is_not_completed_though_nobody_took_it(
    service: IdempotencyService, clock: FrozenClock
) -> None:
    service.is_duplicate("k")
    clock.advance(300)
    with pytest.raises(ClaimLost):
        service.mark_completed("k", 1)
    assert service.seen("k") is False


def test_what_nobody_reserved_is_not_completed(
    service: IdempotencyService, other: IdempotencyService
) -> None:
    service.is_duplicate("k")
    with pytest.raises(
        ClaimLost, match=r"'k' is not reserved with this service: is_duplicate\(key\) does that"
    ):
        other.mark_completed("k", 1)
    assert issubclass(ClaimLost, VeriportError)


def test_a_late_thread_does_not_complete_under_the_claim_of_another(
    service: IdempotencyService, clock: FrozenClock
) -> None:
    with ThreadPoolExecutor(1) as late, ThreadPoolExecutor(1) as quick:
        assert late.submit(service.is_duplicate, "k").result() is False
        clock.advance(300)
        assert quick.submit(service.is_duplicate, "k").result() is False
        with pytest.raises(ClaimLost):
            late.submit(service.mark_completed, "k", "late").result()
        quick.submit(service.mark_completed, "k", "quick").result()
    assert service.result("k") == "quick"


def test_a_thread_may_complete_what_another_one_reserved(service: IdempotencyService) -> None:
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(service.is_duplicate, "k").result() is False
    service.mark_completed("k", 1)
    assert service.result("k") == 1


def test_the_fence_grows_with_every_reservation(service: IdempotencyService, clock: FrozenClock) -> None:
    fences = []
    for _ in range(3):
        service.is_duplicate("k")
        fences.append(service.fence("k"))
        clock.advance(300)
    assert fences == sorted(set(fences))
    assert service.run("j", lambda: service.fence("j")) > 0
    with pytest.raises(ClaimLost):
        service.fence("j")


def test_reservations_that_nobody_completes_are_forgotten_at_some_time(
    store: MemoryStateStore, clock: FrozenClock
) -> None:
    service = IdempotencyService(store, ttl_seconds=10, lease_seconds=1, clock=clock)
    for number in range(25_000):
        service.is_duplicate(str(number))
        clock.advance(0.01)
    assert len(service._claims._held) <= 10_000
    service.mark_completed("24999", 1)


# --- results --------------------------------------------------------------------------------------


class Colour(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("result", "kept"),
    [
        (None, None),
        (True, True),
        (2**70, 2**70),
        (0.1, 0.1),
        ("é \ud800 \0", "é \ud800 \0"),
        ((1, [2, (3,)]), [1, [2, [3]]]),
        ({"a": {"b": [None]}}, {"a": {"b": [None]}}),
        (Colour.RED, "red"),
        (list(range(200_000)), list(range(200_000))),
        ({"kind": "failure", "value": "not one"}, {"kind": "failure", "value": "not one"}),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_plain_data_comes_back(service: IdempotencyService, result: object, kept: object) -> None:
    assert service.run("k", lambda: result) is result
    assert service.run("k", lambda: "another") == kept
    assert service.result("k") == kept


def test_infinity_comes_back(service: IdempotencyService) -> None:
    service.run("k", lambda: [float("inf"), float("nan")])
    infinite, nan = service.result("k")
    assert infinite == float("inf")
    assert nan != nan  # noqa: PLR0124  # so it is


def test_results_of_veriport_come_back_as_such(service: IdempotencyService) -> None:
    check = veriport.check(FRAME, RULES)
    run = Checkpoint(name="orders", data=FRAME, rules=RULES, tags={"team": "a"}).run()
    service.run("check", lambda: check)
    service.run("run", lambda: run)
    again = service.result("check")
    assert isinstance(again, CheckResult)
    assert (again.ok, again.failed_count, again.to_dict()) == (False, 1, check.to_dict())
    assert service.result("run") == run


def _endless() -> list[object]:
    endless: list[object] = []
    endless.append(endless)
    return endless


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (
            datetime(2024, 1, 31, tzinfo=UTC),
            "the result cannot be kept: a datetime is none of the values of JSON",
        ),
        ({"when": [date(2024, 1, 31)]}, r"the result\['when'\]\[0\] cannot be kept: a date is none"),
        ({"sum": Decimal(1)}, r"the result\['sum'\] cannot be kept: a Decimal is none"),
        (
            {"rows": {1: "a"}},
            r"the result\['rows'\] cannot be kept: the keys of its mappings must be text, not 1",
        ),
        (b"bytes", "a bytes is none of the values of JSON; turn it into text, numbers, lists and mappings"),
        ({1, 2}, "a set is none"),
        (FRAME, "a DataFrame is none"),
        (10**5000, "the outcome of 'k' is no plain data"),
        (_endless(), "nested too deeply"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_kept_is_refused_before_anything_is_lost(
    service: IdempotencyService, other: IdempotencyService, result: object, message: str
) -> None:
    service.is_duplicate("k")
    with pytest.raises(ConfigurationError, match=message):
        service.mark_completed("k", result)
    assert other.is_duplicate("k") is True
    service.mark_completed("k", "something else")
    assert other.result("k") == "something else"


# --- run ------------------------------------------------------------------------------------------


def fail() -> None:
    raise ZeroDivisionError("by zero")


def test_run_does_the_work_once(service: IdempotencyService, other: IdempotencyService) -> None:
    done = itertools.count(1)
    assert [each.run("k", lambda: next(done)) for each in (service, other, service)] == [1, 1, 1]


def test_an_exception_frees_the_key(service: IdempotencyService, other: IdempotencyService) -> None:
    with pytest.raises(ZeroDivisionError):
        service.run("k", fail)
    assert other.run("k", lambda: 1) == 1


def test_an_exception_is_kept_where_one_wants_that(
    service: IdempotencyService, other: IdempotencyService
) -> None:
    with pytest.raises(ZeroDivisionError):
        service.run("k", fail, keep_failures=True)
    with pytest.raises(WorkFailed, match="ZeroDivisionError: by zero"):
        other.run("k", lambda: 1)


@pytest.mark.parametrize("keep", [True, False])
def test_an_interrupt_is_no_failure_of_the_work(service: IdempotencyService, *, keep: bool) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        service.run("k", interrupted, keep_failures=keep)
    assert service.run("k", lambda: 1) == 1


@pytest.mark.parametrize("result", [{1}, 10**5000], ids=["set", "long"])
def test_a_result_that_cannot_be_kept_is_an_exception_of_the_work(
    service: IdempotencyService, result: object
) -> None:
    with pytest.raises(ConfigurationError):
        service.run("k", lambda: result)
    assert service.seen("k") is False
    with pytest.raises(ConfigurationError):
        service.run("k", lambda: result, keep_failures=True)
    with pytest.raises(WorkFailed, match="ConfigurationError: the"):
        service.result("k")


def test_run_that_is_in_progress_elsewhere_says_so(
    service: IdempotencyService, other: IdempotencyService, clock: FrozenClock
) -> None:
    service.is_duplicate("k")
    with pytest.raises(RunInProgress, match="'k' is in progress elsewhere, at the latest until 12:05:00 UTC"):
        other.run("k", lambda: 1)
    assert clock.monotonic() == 0
    with pytest.raises(RunInProgress):
        other.run("k", lambda: 1, wait_seconds=60)
    assert clock.monotonic() == 60
    assert issubclass(RunInProgress, TransientError)


def test_run_inside_itself_says_so(service: IdempotencyService) -> None:
    with pytest.raises(RunInProgress):
        service.run("k", lambda: service.run("k", lambda: 1))
    assert service.run("k", lambda: 2) == 2


def test_run_takes_over_when_the_other_one_lapses(
    service: IdempotencyService, other: IdempotencyService, clock: FrozenClock
) -> None:
    service.is_duplicate("k")
    assert other.run("k", lambda: "taken over", wait_seconds=1000) == "taken over"
    assert 300 <= clock.monotonic() <= 301
    with pytest.raises(ClaimLost):
        service.mark_completed("k", "late")


class Waiting(FrozenClock):
    """A clock during whose third sleep something happens."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__()
        self.happens = happens
        self.sleeps = 0

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.sleeps += 1
        if self.sleeps == 3:
            self.happens()


def test_run_waits_for_the_result_of_another_one(
    store: MemoryStateStore, service: IdempotencyService
) -> None:
    service.is_duplicate("k")
    clock = Waiting(lambda: service.mark_completed("k", "theirs"))
    waiting = IdempotencyService(store, clock=clock)
    assert waiting.run("k", lambda: "ours", wait_seconds=60) == "theirs"
    assert clock.sleeps == 3


@pytest.mark.parametrize("seconds", [-1, float("inf"), float("nan"), "1", None, True])
def test_a_wrong_time_to_wait_is_refused(service: IdempotencyService, seconds: Any) -> None:  # noqa: ANN401  # wrong on purpose
    with pytest.raises(ConfigurationError, match="wait_seconds must be a number of at least 0"):
        service.run("k", lambda: 1, wait_seconds=seconds)


def test_long_work_is_renewed(store: MemoryStateStore, clock: FrozenClock) -> None:
    watched = UnsteadyStore(store)
    service = IdempotencyService(watched, lease_seconds=0.1, clock=clock)

    def work() -> str:
        for _ in range(5):
            clock.advance(0.08)
            watched.next_commit()
            watched.next_commit()
        return "done"

    assert service.run("k", work) == "done"
    assert service.result("k") == "done"


def test_work_that_stood_still_for_too_long_is_not_kept(
    service: IdempotencyService, other: IdempotencyService, clock: FrozenClock
) -> None:
    def frozen() -> str:
        clock.advance(300)
        assert other.run("k", lambda: "other") == "other"
        return "late"

    with pytest.raises(ClaimLost):
        service.run("k", frozen)
    assert service.result("k") == "other"


def test_many_threads_do_the_work_once() -> None:
    service = IdempotencyService()
    done: list[int] = []
    start = threading.Barrier(8)

    def ask(_: int) -> str:
        start.wait(5)
        return service.run("k", lambda: done.append(1) or "done", wait_seconds=30)  # type: ignore[func-returns-value]  # in one expression

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == ["done"] * 8
    assert done == [1]


# --- stores ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("away", "lost"), [(6, 0), (0, 3), (2, 2)])
def test_a_result_is_kept_though_the_store_is_away_for_a_moment(
    store: MemoryStateStore, clock: FrozenClock, away: int, lost: int
) -> None:
    troubled = UnsteadyStore(store)
    service = IdempotencyService(troubled, clock=clock)

    def work() -> str:
        troubled.away, troubled.lost = away, lost
        return "done"

    assert service.run("k", work) == "done"
    assert service.result("k") == "done"


def test_a_store_that_stays_away_is_an_error_and_the_reservation_can_still_be_completed(
    store: MemoryStateStore, clock: FrozenClock
) -> None:
    troubled = UnsteadyStore(store)
    service = IdempotencyService(troubled, clock=clock)
    service.is_duplicate("k")
    troubled.away = 1000
    with pytest.raises(TransientError):
        service.mark_completed("k", 1)
    assert 10 <= clock.monotonic() <= 12
    troubled.away = 0
    service.mark_completed("k", 1)
    assert service.result("k") == 1


def test_what_has_expired_is_removed(store: MemoryStateStore, clock: FrozenClock) -> None:
    service = IdempotencyService(store, ttl_seconds=59, clock=clock)
    for number in range(3000):
        service.run(str(number), lambda: 1)
    clock.advance(59)
    service.run("before a minute", lambda: 1)
    clock.advance(1)
    service.run("after it", lambda: 1)
    assert store.purge(1000) == 0


def test_trouble_with_removing_is_no_trouble_with_keeping(clock: FrozenClock) -> None:
    class Clumsy(MemoryStateStore):
        def purge(self, limit: int) -> int:
            raise TransientError(f"cannot remove {limit}")

    assert IdempotencyService(Clumsy(clock), clock=clock).run("k", lambda: 1) == 1


def test_a_key_that_a_checkpoint_ran_under_is_another_request(store: MemoryStateStore) -> None:
    service = IdempotencyService(store)
    run = Checkpoint(name="orders", data=FRAME, rules=RULES, store=store).run(idempotency_key="k")
    assert run.repeated is False
    for ask in (lambda: service.result("k"), lambda: service.is_duplicate("k")):
        with pytest.raises(ConfigurationError, match="the key 'k' was used for another request"):
            ask()


def test_every_service_has_a_memory_of_its_own() -> None:
    one, two = IdempotencyService(), IdempotencyService("memory")
    assert (one.is_duplicate("k"), two.is_duplicate("k")) == (False, False)


@pytest.mark.parametrize("as_text", [str, Path])
@pytest.mark.parametrize("name", ["state.db", "folder"])
def test_a_path_is_a_store_for_all_who_know_it(
    tmp_path: Path, name: str, as_text: Callable[[Path], str | Path]
) -> None:
    with IdempotencyService(as_text(tmp_path / name)) as one, IdempotencyService(str(tmp_path / name)) as two:
        assert (one.is_duplicate("k"), two.is_duplicate("k")) == (False, True)
        one.mark_completed("k", 1)
        assert two.result("k") == 1


def test_a_sqlite_url_is_a_path(tmp_path: Path) -> None:
    with (
        IdempotencyService(f"sqlite://{tmp_path}/state.db") as one,
        IdempotencyService(tmp_path / "state.db") as two,
    ):
        assert (one.is_duplicate("k"), two.is_duplicate("k")) == (False, True)


def test_a_relative_path_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    service = IdempotencyService("state.db")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with service, pickle.loads(pickle.dumps(service)) as copy:  # noqa: S301  # our own
        assert (service.is_duplicate("k"), copy.is_duplicate("k")) == (False, True)
    assert (tmp_path / "state.db").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"store": "mongo://localhost"}, "unknown store mongo://: known are redis://"),
        ({"store": ""}, "'' is no store: give 'memory', a path, a URL such as"),
        ({"store": None}, "None is no store"),
        ({"store": 7}, "7 is no store"),
        ({"store": {}}, "{} is no store"),
        ({"ttl_seconds": 0}, "ttl_seconds must be a number of seconds"),
        ({"lease_seconds": "5"}, "lease_seconds must be a number of seconds"),
        ({"lease_seconds": float("nan")}, "lease_seconds must be a number of seconds"),
    ],
)
def test_what_cannot_be_meant_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        IdempotencyService(**settings)
    assert message in str(refused.value)


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(IdempotencyService("redis://user:secret@localhost:6379"))


def test_a_store_that_was_given_is_not_closed(store: MemoryStateStore) -> None:
    given = UnsteadyStore(store)
    with IdempotencyService(given) as service:
        service.is_duplicate("k")
    assert given.closed == 0


def test_a_service_can_be_used_again_after_it_was_closed(tmp_path: Path) -> None:
    service = IdempotencyService(tmp_path / "state.db")
    service.is_duplicate("k")
    service.close()
    service.mark_completed("k", 1)
    assert service.result("k") == 1
    service.close()


# --- other processes ------------------------------------------------------------------------------


def ask(service: IdempotencyService, key: str) -> object:
    """What another process learns of a key."""
    try:
        return service.is_duplicate(key), service.result(key)
    except VeriportError as refused:
        return str(refused)


def answer(method: str, service: IdempotencyService, key: str) -> object:
    """``ask`` in a process started in this way."""
    context = multiprocessing.get_context(method)
    with context.Pool(1) as pool:
        return pool.apply(ask, (service, key))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_service_on_a_file_is_shared_with_another_process(tmp_path: Path, method: str) -> None:
    with IdempotencyService(tmp_path / "state.db", ttl_seconds=50, lease_seconds=40) as service:
        assert answer(method, service, "new") == (False, None)
        assert service.is_duplicate("new") is True
        assert service.is_duplicate("ours") is False
        assert answer(method, service, "ours") == (True, None)
        service.mark_completed("ours", [1])
        assert answer(method, service, "ours") == (True, [1])
        copy = pickle.loads(pickle.dumps(service))  # noqa: S301  # our own
        assert (copy.ttl_seconds, copy.lease_seconds) == (50, 40)
        with pytest.raises(ClaimLost):
            copy.mark_completed("mine", 1)
        copy.close()


def test_a_memory_is_not_pretended_to_be_shared(service: IdempotencyService) -> None:
    message = "a store in memory belongs to one process"
    for each in (service, IdempotencyService()):
        with pytest.raises(ConfigurationError, match=message):
            pickle.dumps(each)


def test_a_memory_is_refused_in_a_process_forked_from_its_own() -> None:
    service = IdempotencyService(clock=SystemClock())
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe()
    forked = context.Process(target=lambda: sender.send(ask(service, "k")))
    forked.start()
    assert "a store in memory belongs to one process" in receiver.recv()
    forked.join()
    assert service.is_duplicate("k") is False


# --- runs of checkpoints --------------------------------------------------------------------------


@frozen(eq=False)
class Eventful:
    """An engine while whose work something happens."""

    happens: Callable[[], object]
    name: str = "eventful"

    def open(self, dataset: Dataset) -> AbstractContextManager[Table]:
        self.happens()
        return veriport.get_engine().open(dataset)


class TestCheckpoints:
    def checkpoint(self, heard: list[str], **settings: Any) -> Checkpoint:  # noqa: ANN401  # any setting
        action = veriport.CustomAction(callback=lambda run: heard.append(run.run_id))
        return Checkpoint(name="orders", data=FRAME, rules=RULES, actions=[action], **settings)

    def test_a_repeat_gets_the_first_result_and_tells_nobody(self) -> None:
        heard: list[str] = []
        checkpoint = self.checkpoint(heard)
        first = checkpoint.run(idempotency_key="today")
        again = checkpoint.run(idempotency_key="today")
        assert (first.repeated, again.repeated) == (False, True)
        assert (again.run_id, again.check) == (first.run_id, first.check)
        assert [each.status for each in again.action_results] == ["success"]
        assert heard == [first.run_id]

    def test_other_keys_and_no_keys_are_other_runs(self) -> None:
        heard: list[str] = []
        checkpoint = self.checkpoint(heard)
        runs = [checkpoint.run(idempotency_key="a"), checkpoint.run(idempotency_key="b"), checkpoint.run()]
        assert heard == [run.run_id for run in runs]

    def test_a_key_of_another_checkpoint_is_refused(self, store: MemoryStateStore) -> None:
        self.checkpoint([], store=store).run(idempotency_key="today")
        other = Checkpoint(
            name="orders", data=FRAME, rules=[{"column": "id", "type": "not_null"}], store=store
        )
        with pytest.raises(ConfigurationError, match="the key 'today' was used for another request"):
            other.run(idempotency_key="today")

    def test_an_empty_key_is_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="an idempotency key is text with something in it"):
            self.checkpoint([]).run(idempotency_key="")

    def test_a_run_that_is_in_progress_elsewhere_says_so(self, store: MemoryStateStore) -> None:
        heard: list[str] = []
        other = self.checkpoint(heard, store=store)
        said: list[str] = []

        def meanwhile() -> None:
            with pytest.raises(RunInProgress) as busy:
                other.run(idempotency_key="k")
            said.append(str(busy.value))

        self.checkpoint(heard, store=store, engine=Eventful(meanwhile)).run(idempotency_key="k")
        assert said == ["'k' is in progress elsewhere, at the latest until 12:01:00 UTC"]
        assert len(heard) == 1

    def test_runs_on_a_file_are_shared_with_their_results_beside_it(self, tmp_path: Path) -> None:
        heard: list[str] = []
        one, two = (self.checkpoint(heard, store=tmp_path / "kept" / "runs.db") for _ in range(2))
        first, again = one.run(idempotency_key="today"), two.run(idempotency_key="today")
        assert (again.run_id, again.repeated, len(heard)) == (first.run_id, True, 1)
        assert list((tmp_path / "kept" / "blobs").rglob(f"{first.run_id}.json"))

    def test_results_go_where_one_wants_them(self, tmp_path: Path) -> None:
        checkpoint = self.checkpoint([], store=tmp_path / "runs.db", blobs=tmp_path / "elsewhere")
        run = checkpoint.run()
        assert list((tmp_path / "elsewhere").rglob(f"{run.run_id}.json"))

    def test_a_server_needs_a_folder(self, store: MemoryStateStore) -> None:
        for shared in ("redis://localhost:6379", "postgresql://localhost/x", UnsteadyStore(store)):
            with pytest.raises(ConfigurationError, match="whoever sends a message of a run later must find"):
                self.checkpoint([], store=shared)

    def test_an_object_is_a_store_with_a_folder(self, tmp_path: Path, store: MemoryStateStore) -> None:
        shared = UnsteadyStore(store)
        checkpoint = self.checkpoint([], store=shared, blobs=tmp_path)
        first = checkpoint.run(idempotency_key="k")
        assert checkpoint.run(idempotency_key="k").run_id == first.run_id
        assert list(tmp_path.rglob(f"{first.run_id}.json"))

    @pytest.mark.parametrize("blobs", ["", "s3://bucket/x", 7, []])
    def test_what_is_no_place_for_results_is_refused(self, tmp_path: Path, blobs: object) -> None:
        with pytest.raises(ConfigurationError, match="blobs must be a folder or a BlobStore, not"):
            self.checkpoint([], store=tmp_path / "runs.db", blobs=blobs)

    def test_a_claim_that_lapsed_records_and_sends_nothing(
        self, store: MemoryStateStore, clock: FrozenClock
    ) -> None:
        heard: list[str] = []
        quick = self.checkpoint(heard, store=store)

        def stands_still() -> None:
            clock.advance(60)
            quick.run(idempotency_key="k")

        late = self.checkpoint(heard, store=store, engine=Eventful(stands_still))
        with pytest.raises(ClaimLost):
            late.run(idempotency_key="k")
        assert heard == [quick.run(idempotency_key="k").run_id]
        assert len(store.scan(outbox_keys.RUNS)) == 1
