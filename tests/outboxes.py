"""A project whose checkpoint tells a receiver on this machine, for tests of what is not delivered at once."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from attrs import frozen

from tests.cli import COMMAND, Done, plain_environment
from veriport.adapters.cli.main import main
from veriport.testing.receivers import HttpReceiver

PATIENCE_SECONDS = 30


@frozen
class Project:
    """A folder with ``veriport.yaml``, and the receiver that its checkpoint ``orders`` tells."""

    folder: Path
    receiver: HttpReceiver

    def configure(self, *lines: str, timeout: float = 10, backoff: float = 0.02, lanes: int = 1) -> None:
        """Write the configuration, with further lines at its top."""
        (self.folder / "orders.csv").write_text("id\n1\n2\n")
        action = (
            f"{{type: webhook, url: '{self.receiver.url}/hook', allow_hosts: [127.0.0.1], "
            f"timeout_seconds: {timeout}, lanes: {lanes}}}"
        )
        written = [
            *lines,
            f"delivery: {{backoff_seconds: {backoff}}}",
            "checkpoints:",
            "  - name: orders",
            "    data: orders.csv",
            "    rules: [{column: id, type: unique}]",
            f"    actions: [{action}]",
        ]
        (self.folder / "veriport.yaml").write_text("\n".join(written))

    def __call__(self, *arguments: str) -> Done:
        """Run ``veriport`` in this process: a test of it makes a dozen calls, and Python starts slowly."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(arguments)
        return Done(code, out.getvalue(), err.getvalue())

    def run(self, *arguments: str) -> dict[str, Any]:
        """Run the checkpoint; its only action."""
        done = self("checkpoint", "run", "orders", "--format", "json", *arguments)
        assert done.code == 0, done.err
        (action,) = json.loads(done.out)["actions"]
        return dict(action)

    def letters(self, *arguments: str) -> list[dict[str, Any]]:
        """What ``veriport outbox list`` lists."""
        done = self("outbox", "list", "--format", "json", *arguments)
        assert done.code == 0, done.err
        return list(json.loads(done.out)["messages"])

    def deliver(self) -> Done:
        """Deliver until nothing waits: a receiver that was down is left alone for a moment."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while True:
            done = self("worker", "--once")
            if not self.letters("--waiting"):
                return done
            assert time.monotonic() < give_up, done.err

    @contextlib.contextmanager
    def worker(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """A worker in the background, killed in the end."""
        running = subprocess.Popen(
            [*COMMAND, "worker", "--poll", "0.05", *arguments],
            cwd=self.folder,
            env=plain_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield running
        finally:
            running.kill()
            running.communicate()


def until(condition: Callable[[], object]) -> None:
    """Wait for something that another process does."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.02)
