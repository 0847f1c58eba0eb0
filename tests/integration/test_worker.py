"""``veriport worker`` and workers inside a program: what runs could not deliver is delivered later, once."""

from __future__ import annotations

import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import veriport
from tests.cli import on_a_terminal
from tests.outboxes import PATIENCE_SECONDS, Project, until
from tests.servers.redis import redis_server
from veriport.adapters.cli.worker_command import Stopping
from veriport.testing.receivers import HttpReceiver


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project whose receiver is down."""
    with HttpReceiver() as receiver:
        receiver.answer(503)
        made = Project(tmp_path, receiver)
        made.configure()
        yield made


def test_what_a_run_could_not_deliver_is_delivered_later_and_the_run_shows_it(project: Project) -> None:
    before = project.run("--idempotency-key", "today")
    assert before["status"] == "pending"
    assert "503" in before["message"]
    assert "'veriport worker'" in before["message"]
    project.receiver.answer(200)
    assert project.deliver().code == 0
    after = project.run("--idempotency-key", "today")
    assert (after["status"], after["details"]) == ("success", {"status": 200})
    assert project.letters() == []
    ids = {request.headers["webhook-id"] for request in project.receiver.requests}
    assert len(ids) == 1


def test_once_says_what_it_did_and_what_is_left(project: Project) -> None:
    project.configure(backoff=60)
    project.run()
    done = project("worker", "--once")
    first, *_, last = done.err.splitlines()
    assert (done.code, done.out) == (0, "")
    assert first == "veriport: working on sqlite .veriport/state.db for 1 receiver: orders/webhook"
    assert last.startswith("veriport: 0 delivered, 0 failed, 0 dead; 1 message waits, next at ")


def test_what_it_does_with_each_message_is_a_line(project: Project) -> None:
    run = project.run()
    until(lambda: "failed     orders/webhook, run " in project("worker", "--once").err)
    project.receiver.answer(200)
    done = project.deliver()
    project.receiver.answer(404)
    assert run["status"] == "pending"
    project.run()
    assert (done.code, project.letters()[0]["status"]) == (0, "dead")


def test_a_message_to_a_receiver_that_the_configuration_lost_waits_and_says_for_whom(
    project: Project,
) -> None:
    project.configure(backoff=0.02)
    project.run()
    configuration = project.folder / "veriport.yaml"
    before = configuration.read_text()
    configuration.write_text(before.replace("type: webhook", "type: webhook, name: pager"))
    until(
        lambda: (
            "waits      the configuration has no receiver orders/webhook" in project("worker", "--once").err
        )
    )
    (letter,) = project.letters("--waiting")
    assert letter["reason"] == "waiting for receiver orders/webhook"
    configuration.write_text(before)
    project.receiver.answer(200)
    assert project("outbox", "retry", letter["id"]).code == 0
    assert "1 delivered" in project("worker", "--once").err


def test_a_stopped_worker_finishes_what_is_in_flight(project: Project) -> None:
    project.run()
    project.receiver.answer_after(1.0)
    had = len(project.receiver.requests)
    with project.worker() as running:
        until(lambda: len(project.receiver.requests) > had)
        running.send_signal(signal.SIGTERM)
        _, err = running.communicate(timeout=PATIENCE_SECONDS)
    assert running.returncode == 0
    assert "SIGTERM: finishing what is in flight" in err
    assert "delivered  orders/webhook" in err
    assert (project.letters(), len(project.receiver.requests)) == ([], had + 1)


def test_a_second_signal_ends_at_once_and_loses_nothing(project: Project) -> None:
    project.configure(timeout=25)
    project.run()
    project.receiver.answer_after(25)
    had = len(project.receiver.requests)
    with project.worker() as running:
        until(lambda: len(project.receiver.requests) > had)
        running.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            running.wait(0.5)
        running.send_signal(signal.SIGTERM)
        assert running.wait(15) == 128 + signal.SIGTERM
    (left,) = project.letters()
    assert left["status"] == "sending"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_that_comes_before_there_is_anything_to_stop_is_not_lost(
    number: signal.Signals, code: int
) -> None:
    before, stopped = signal.getsignal(number), []
    with Stopping(quiet=True) as stopping:
        signal.raise_signal(number)
        stopping.then(lambda: stopped.append(number))
    assert (stopping.code, stopped, signal.getsignal(number)) == (code, [number], before)


def test_ctrl_c_ends_an_idle_worker(project: Project) -> None:
    with project.worker() as running:
        assert running.stderr is not None
        assert "Ctrl-C stops" in running.stderr.readline()
        running.send_signal(signal.SIGINT)
        assert running.wait(PATIENCE_SECONDS) == 130


def test_two_workers_send_each_message_once(project: Project) -> None:
    project.configure(backoff=0.2, lanes=8)
    for _ in range(8):
        project.run()
    failed = len(project.receiver.requests)
    with project.worker() as one, project.worker() as other:
        for each in (one, other):
            assert each.stderr is not None
            assert "working on" in each.stderr.readline()
        project.receiver.answer(200)
        failed = len(project.receiver.requests)
        until(lambda: project.letters() == [])
        for each in (one, other):
            each.send_signal(signal.SIGTERM)
            assert each.wait(PATIENCE_SECONDS) == 0
    times = Counter(request.headers["webhook-id"] for request in project.receiver.requests[failed:])
    assert set(times.values()) == {1}


class TestHowItTalks:
    def test_quiet_says_nothing(self, project: Project) -> None:
        project.run()
        done = project("worker", "--once", "--quiet")
        assert (done.code, done.out, done.err) == (0, "", "")

    def test_with_a_log_the_log_tells_of_messages(self, project: Project) -> None:
        project.receiver.answer(200)
        project.configure("telemetry: log")
        project.receiver.answer(404)
        project.run()
        done = project("worker", "--once")
        lines = [line for line in done.err.splitlines() if not line.startswith("veriport: ")]
        assert all(line.startswith("timestamp=") for line in lines)

    @pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
    def test_colours_are_for_terminals_that_want_them(
        self, project: Project, no_color: str, *, coloured: bool
    ) -> None:
        project.run()
        project.receiver.answer(404)
        until(lambda: project("outbox", "retry", project.letters()[0]["id"]).code == 0)
        done = on_a_terminal("worker", "--once", cwd=project.folder, NO_COLOR=no_color)
        assert "dead" in done.err
        assert ("\x1b[31mdead" in done.err) == coloured


class TestWrongInput:
    def test_a_memory_is_no_store_for_a_worker(self, project: Project) -> None:
        project.configure("store: memory")
        done = project("worker", "--once")
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith("veriport: veriport.yaml: its store is the memory of each program")
        assert "such as 'store: .veriport'" in done.err

    def test_an_absent_configuration(self, project: Project) -> None:
        done = project("worker", "--config", "absent.yaml")
        assert (done.code, "absent.yaml: there is no such file" in done.err) == (2, True)

    @pytest.mark.parametrize("arguments", [("--poll", "0"), ("--concurrency", "0"), ("--poll", "soon")])
    def test_numbers_that_cannot_be_meant(self, project: Project, arguments: tuple[str, ...]) -> None:
        done = project("worker", "--once", *arguments)
        assert (done.code, len(done.err.splitlines())) == (2, 1)


class TestAStoreThatIsAway:
    STORE = "store: 'redis://me:hunter2@127.0.0.1:1/0'"

    def test_once_is_an_error(self, project: Project) -> None:
        project.configure(self.STORE)
        done = project("worker", "--once")
        assert done.code == 3
        assert "127.0.0.1:1" in done.err
        assert "hunter2" not in done.err

    def test_else_it_is_waited_for_and_told_once(self, project: Project) -> None:
        project.configure(self.STORE)
        with project.worker("--concurrency", "2") as running:
            assert running.stderr is not None
            assert "redis://***@127.0.0.1:1" in running.stderr.readline()
            assert "  trouble    " in running.stderr.readline()
            running.send_signal(signal.SIGTERM)
            assert running.wait(PATIENCE_SECONDS) == 0
            assert "trouble" not in running.stderr.read()


@pytest.mark.server
def test_what_a_store_has_to_say_is_told_by_the_worker(
    project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with redis_server(tmp_path_factory.mktemp("redis")) as forgetful:
        project.configure(f"store: {forgetful.url}")
        done = project("worker", "--once")
    assert done.code == 0
    (line,) = [line for line in done.err.splitlines() if "  careful    " in line]
    assert f"127.0.0.1:{forgetful.port}" in line
    assert "loses all records" in line


class TestInsideAProgram:
    def test_a_context_delivers_while_it_is_open(self, project: Project) -> None:
        app = veriport.bootstrap(project.folder / "veriport.yaml")
        run = app.checkpoints()["orders"].run()
        assert run.action_results[0].status == "pending"
        project.receiver.answer(200)
        with app.worker(concurrency=2, poll_seconds=0.02):
            until(lambda: app.runs().result(run.run_id).delivered)

    def test_one_that_is_started_is_stopped(self, project: Project) -> None:
        app = veriport.bootstrap(project.folder / "veriport.yaml")
        run = app.checkpoints()["orders"].run()
        project.receiver.answer(200)
        worker = app.start_worker(poll_seconds=0.02)
        until(lambda: app.runs().result(run.run_id).delivered)
        assert worker.stop(PATIENCE_SECONDS)

    @pytest.mark.parametrize("concurrency", [0, 1.5, True, "2"])
    def test_a_number_of_threads_that_cannot_be_meant(self, project: Project, concurrency: int) -> None:
        app = veriport.bootstrap(project.folder / "veriport.yaml")
        with pytest.raises(veriport.ConfigurationError, match="concurrency must be a whole number"):
            app.worker(concurrency)
