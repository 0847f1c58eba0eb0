"""``veriport outbox`` and ``stores``, and what a run does about delivery, through the command line."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import veriport
from tests.cli import COMMAND, on_a_terminal, plain_environment
from tests.cli import veriport as run_veriport
from tests.outboxes import PATIENCE_SECONDS, Project
from veriport.application.running import request_of
from veriport.testing.receivers import HttpReceiver


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project whose receiver refuses."""
    with HttpReceiver() as receiver:
        receiver.answer(404)
        made = Project(tmp_path, receiver)
        made.configure()
        yield made


@pytest.fixture
def dead(project: Project) -> str:
    """The id of a message that was refused."""
    assert project.run("--idempotency-key", "k")["status"] == "failure"
    (letter,) = project.letters()
    return str(letter["id"])


class TestListing:
    def test_nothing_is_said_to_be_there(self, project: Project) -> None:
        assert project("outbox", "list").out == "nothing: every message was delivered\n"
        assert project("outbox", "lanes").out == "no lanes: nothing was ever to be delivered\n"

    def test_a_dead_message_with_its_reason(self, project: Project, dead: str) -> None:
        done = project("outbox", "list", "--dead")
        head, row = done.out.splitlines()
        assert head.split() == ["ID", "STATUS", "RECEIVER", "AGE", "TRIES", "NEXT", "REASON"]
        assert row.split()[:3] == [dead, "dead", "orders/webhook"]
        assert row.endswith("answered 404 Not Found")
        assert project("outbox", "list", "--waiting").out == "nothing\n"

    def test_waiting_ones_and_their_lane(self, project: Project) -> None:
        project.receiver.answer(503)
        project.configure(backoff=300)
        project.run()
        (letter,) = project.letters("--waiting")
        assert (letter["status"], letter["attempts"], letter["ambiguous"]) == ("waiting", 1, 0)
        assert project.letters("--dead") == []
        assert project.letters("--lane", letter["lane"]) == [letter]
        lanes = json.loads(project("outbox", "lanes", "--format", "json").out)["lanes"]
        assert [(lane["lane"], lane["state"], lane["messages"], lane["failures"]) for lane in lanes] == [
            (letter["lane"], "waiting", 1, 1)
        ]
        assert "503" in project("outbox", "lanes").out

    def test_only_so_many(self, project: Project) -> None:
        first, _ = project.run(), project.run()
        done = project("outbox", "list", "--limit", "1")
        assert (len(done.out.splitlines()), first["status"]) == (2, "failure")
        assert done.err == "veriport: 1 more; --limit shows more of them\n"
        document = json.loads(project("outbox", "list", "--limit", "1", "--format", "json").out)
        assert (document["version"], document["kind"], document["total"]) == (1, "messages", 2)

    def test_a_terminal_shows_as_much_as_it_has_room_for(self, project: Project, dead: str) -> None:
        done = on_a_terminal("outbox", "list", cwd=project.folder, columns=70)
        lines = done.out.splitlines()
        assert dead in lines[1]
        assert [len(line) <= 70 for line in lines] == [True, True]
        assert lines[1].endswith("...")

    def test_one_in_full(self, project: Project, dead: str) -> None:
        shown = project("outbox", "show", dead[:-3])
        assert ["status", "dead"] in [line.split() for line in shown.out.splitlines()]
        entry = json.loads(project("outbox", "show", dead, "--format", "json").out)["message"]
        assert (entry["id"], entry["attempts"], entry["run_status"]) == (dead, 1, "success")


class TestDeciding:
    def test_a_retried_message_is_delivered_and_its_run_shows_it(self, project: Project, dead: str) -> None:
        done = project("outbox", "retry", dead)
        assert (done.code, done.out) == (0, f"{dead}: will be sent again\n")
        assert project.run("--idempotency-key", "k")["status"] == "pending"
        project.receiver.answer(200)
        assert project("worker", "--once").code == 0
        assert project.run("--idempotency-key", "k")["status"] == "success"

    @pytest.mark.parametrize("which", [("--all",), ("--receiver", "orders/webhook")])
    def test_all_at_once(self, project: Project, dead: str, which: tuple[str, ...]) -> None:
        project.run()
        done = project("outbox", "retry", *which, "--format", "json")
        decisions = json.loads(done.out)["decisions"]
        assert (done.code, [each["done"] for each in decisions]) == (0, [True, True])
        assert dead in [each["id"] for each in decisions]
        assert project("outbox", "retry", "--all").out == "nothing to do\n"

    def test_a_dropped_message_is_gone(self, project: Project, dead: str) -> None:
        done = project("outbox", "drop", dead, dead, "--yes")
        assert (done.code, done.out, project.letters()) == (0, f"{dead}: dropped\n", [])

    @pytest.mark.parametrize(("answer", "left"), [("n", 1), ("y", 0)])
    def test_on_a_terminal_dropping_asks(self, project: Project, dead: str, answer: str, left: int) -> None:
        ours, its = pty.openpty()
        os.write(ours, f"{answer}\n".encode())
        done = subprocess.run(
            [*COMMAND, "outbox", "drop", dead],
            cwd=project.folder, env=plain_environment(), stdin=its, capture_output=True, text=True,
            check=False, timeout=PATIENCE_SECONDS,
        )  # fmt: skip
        os.close(ours)
        os.close(its)
        assert (done.returncode, len(project.letters())) == (0, left)
        assert f"{dead}  dead  orders/webhook\n" in done.stderr
        assert "drop for good?" in done.stderr


class TestWrongInput:
    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (("show", "nothing-like-it"), "there is no message 'nothing-like-it' in the outbox; 'veriport outbox"),
            (("show", "2"), "2 messages have an id that begins with '2': "),
            (("list", "--dead", "--waiting"), "--dead and --waiting exclude each other"),
            (("list", "--lane", "order"), "there is no lane 'order'; there are: orders-webhook-"),
            (("list", "--limit", "0"), "--limit"),
            (("retry",), "name ids, or --all, or --receiver NAME"),
            (("retry", "2", "--all"), "name ids, or --all, or --receiver NAME"),
            (("retry", "--receiver", "orders/web"), "there is no receiver 'orders/web'; there are: orders/webhook; did"),
            (("drop",), "name the ids"),
        ],
    )  # fmt: skip
    def test_is_told_in_a_line(
        self, project: Project, dead: str, arguments: tuple[str, ...], told: str
    ) -> None:
        project.run()
        done = project("outbox", *arguments)
        assert (done.code, done.out) == (2, "")
        assert told in done.err
        assert len(done.err.splitlines()) == 1
        assert dead in [letter["id"] for letter in project.letters("--dead")]

    def test_dropping_off_a_terminal_needs_a_word(self, project: Project, dead: str) -> None:
        done = project("outbox", "drop", dead)
        assert (done.code, "--yes" in done.err, len(project.letters())) == (2, True, 1)

    def test_the_nearest_is_named(self, project: Project, dead: str) -> None:
        assert f"did you mean '{dead}'?" in project("outbox", "show", dead.replace("webhook", "wehbook")).err

    @pytest.mark.parametrize("command", ["list", "lanes"])
    def test_a_memory_has_no_outbox_to_look_at(self, project: Project, command: str) -> None:
        project.configure("store: memory")
        done = project("outbox", command)
        assert (done.code, "which no other program sees" in done.err) == (2, True)


class TestStores:
    def test_each_is_listed_with_what_it_needs(self, project: Project) -> None:
        done = project("stores")
        listed = [line.split()[0] for line in done.out.partition("\n\n")[0].splitlines()]
        assert (done.code, listed) == (0, ["memory", "postgresql", "redis", "sqlite"])
        assert "veriport.yaml: sqlite .veriport/state.db: it answers in " in done.out

    def test_one_that_is_not_installed_names_what_to_install(self, project: Project) -> None:
        hidden = project.folder / "hidden"
        hidden.mkdir()
        (hidden / "redis.py").write_text("raise ModuleNotFoundError('no redis here')\n")
        done = run_veriport("stores", cwd=project.folder, PYTHONPATH=str(hidden))
        assert "redis       veriport  missing: pip install 'veriport[redis]'" in done.out.splitlines()

    def test_one_that_does_not_answer_is_an_error(self, project: Project) -> None:
        project.configure("store: 'redis://me:hunter2@127.0.0.1:1/0'")
        done = project("stores", "--format", "json")
        configured = json.loads(done.out)["configured"]
        assert (done.code, configured["store"]) == (3, "redis redis://***@127.0.0.1:1/0")
        assert "127.0.0.1:1" in configured["trouble"]
        assert "hunter2" not in done.out + done.err

    def test_without_a_configuration_they_are_only_listed(self, project: Project) -> None:
        (project.folder / "veriport.yaml").unlink()
        assert project("stores").code == 0
        assert json.loads(project("stores", "--format", "json").out)["configured"] is None
        assert project("stores", "--config", "absent.yaml").code == 2


class TestRuns:
    def run(self, project: Project, *arguments: str) -> tuple[int, str]:
        done = project("checkpoint", "run", "orders", *arguments)
        return done.code, done.err

    def test_a_pending_action_says_what_to_do_next(self, project: Project) -> None:
        project.receiver.answer(503)
        done = project("checkpoint", "run", "orders")
        row = done.out.splitlines()[-1]
        assert row.split()[:3] == ["webhook", "webhook", "pending"]
        assert "will be tried again at" in row
        assert done.err == (
            "veriport: 1 action is still to be delivered: 'veriport worker' does that, "
            "'veriport outbox list' shows it\n"
        )

    @pytest.mark.parametrize("answer", [404, 503])
    def test_delivery_can_be_required(self, project: Project, answer: int) -> None:
        project.receiver.answer(answer)
        assert self.run(project)[0] == 0
        assert self.run(project, "--require-delivery")[0] == 3
        project.receiver.answer(200)
        assert self.run(project, "--require-delivery", "--wait-seconds", "20")[0] == 0

    def test_the_verdict_comes_before_what_became_of_actions(self, project: Project) -> None:
        (project.folder / "orders.csv").write_text("id\n1\n1\n")
        assert self.run(project, "--require-delivery")[0] == 1

    def test_delivery_can_be_waited_for(self, project: Project) -> None:
        project.receiver.answer_in_turn(503, 503, 200)
        action = project.run("--wait")
        assert (action["status"], action["details"]) == ("success", {"status": 200})
        assert len(project.receiver.requests) == 3

    def test_but_only_so_long(self, project: Project) -> None:
        project.receiver.answer(503)
        action = project.run("--wait-seconds", "0.3")
        assert action["status"] == "pending"
        assert action["message"].endswith(
            "not delivered within 0.3 s; 'veriport worker' or the next run goes on"
        )

    def test_a_key_makes_a_run_happen_once(self, project: Project) -> None:
        project.receiver.answer(200)
        (project.folder / "orders.csv").write_text("id\n1\n1\n")
        first, again = (
            project("checkpoint", "run", "orders", "--idempotency-key", "k", "--format", "json")
            for _ in range(2)
        )
        assert (first.code, again.code) == (1, 1)
        assert json.loads(first.out)["run_id"] == json.loads(again.out)["run_id"]
        assert [json.loads(done.out)["repeated"] for done in (first, again)] == [False, True]
        assert "under the same key; nothing was run" in again.err
        assert len(project.receiver.requests) == 1

    def test_a_key_in_progress_is_an_error_and_one_of_another_request_wrong(self, project: Project) -> None:
        with contextlib.chdir(project.folder):
            app = veriport.bootstrap("veriport.yaml")
            app.idempotency().reserve("taken", request_of(app.settings().checkpoints[0]), 600)
            app.idempotency().reserve("other", "something else", 600)
        code, err = self.run(project, "--idempotency-key", "taken")
        assert (code, "'taken' is in progress elsewhere, at the latest until " in err) == (3, True)
        code, err = self.run(project, "--idempotency-key", "other")
        assert (code, "was used for another request" in err) == (2, True)

    def test_a_key_needs_a_store_that_remembers(self, project: Project) -> None:
        project.configure("store: memory")
        code, err = self.run(project, "--idempotency-key", "k")
        assert (code, "--idempotency-key needs a store that remembers" in err) == (2, True)
