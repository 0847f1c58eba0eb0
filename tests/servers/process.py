"""A server as a process of its own: started, waited for, stopped with all that it started."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE_SECONDS = 60.0
#: Ports that Linux gives to nobody who asks for any port; each process of a run has some for itself.
_FIRST_PORT, _PORTS, _SHARES = 20_000, 1_000, 12
_chance = random.SystemRandom()  # Hypothesis has its hands on the other one


def free_port() -> int:
    """A port of the loopback interface that is free now, and until a server that we start has taken it."""
    first = _FIRST_PORT + _PORTS * (_worker() % _SHARES)
    for port in _chance.sample(range(first, first + _PORTS), _PORTS):
        with suppress(OSError), socket.socket() as held:
            held.bind(("127.0.0.1", port))
            return port
    raise RuntimeError(f"no port from {first} on is free")


def _worker() -> int:
    """Which process of a run of tests we are, from 0."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


@contextmanager
def running(
    command: Sequence[str | Path],
    ready: Callable[[], bool],
    *,
    log: Path,
    stop_signal: signal.Signals = signal.SIGTERM,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    as_nobody: bool = False,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start ``command``, wait until it is ``ready``, and stop it on leaving.

    ``as_nobody`` gives up the rights of root, where we have them: some servers refuse them.
    """
    identity = {"user": "nobody", "group": "nogroup", "extra_groups": []} if as_nobody and is_root() else {}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if environment is None else dict(environment),
            cwd=cwd,
            start_new_session=True,
            **identity,  # type: ignore[call-overload]  # keywords of Popen
        )
        try:
            _wait(process, ready, log)
            yield process
        finally:
            _stop(process, stop_signal)


def is_root() -> bool:
    """Whether we have all rights on this machine."""
    return os.geteuid() == 0


def _wait(process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args!r} did not start:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.02)


def _stop(process: subprocess.Popen[bytes], stop_signal: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(stop_signal)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
