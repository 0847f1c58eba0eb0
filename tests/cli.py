"""The command line as tests call it: a process of its own, through pipes or on a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import selectors
import struct
import subprocess
import sys
import termios
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from attrs import frozen

COMMAND = (str(Path(sys.executable).parent / "veriport"),)
PATIENCE_SECONDS = 120


@frozen
class Done:
    """What a command did."""

    code: int
    out: str
    err: str


def veriport(*arguments: str | Path, cwd: Path, **environment: str) -> Done:
    """Run ``veriport`` with its output in pipes, as in a script or in CI."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env={**plain_environment(), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def on_a_terminal(
    *arguments: str | Path, cwd: Path, columns: int = 100, stdout_too: bool = True, **environment: str
) -> Done:
    """Run ``veriport`` with standard error, and standard output unless told otherwise, on terminals."""
    err_end, err_side = _terminal(columns)
    out_end, out_side = _terminal(columns) if stdout_too else os.pipe()
    running = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env={**plain_environment(), "TERM": "xterm-256color", **environment},
        stdin=subprocess.DEVNULL,
        stdout=out_side,
        stderr=err_side,
    )
    os.close(out_side)
    os.close(err_side)
    out, err = _read_all((out_end, err_end))
    return Done(running.wait(PATIENCE_SECONDS), out, err)


def plain_environment() -> dict[str, str]:
    """Our own environment without what changes how a program writes or what it is configured to do."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TERM"}
        and not name.startswith("VERIPORT_")
    }


def _terminal(columns: int) -> tuple[int, int]:
    """The two ends of a terminal that is so wide: ours, and that of the program."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    return ours, its


def _read_all(ends: Iterable[int]) -> list[str]:
    """Everything that is written to each end until its program lets go of it."""
    found = {end: bytearray() for end in ends}
    with selectors.DefaultSelector() as selector:
        for end in found:
            selector.register(end, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                piece = b""
                with suppress(OSError):  # a terminal that nobody holds any more is an error on Linux
                    piece = os.read(key.fd, 65536)
                found[key.fd] += piece
                if not piece:
                    selector.unregister(key.fd)
                    os.close(key.fd)
    return [text.decode().replace("\r\n", "\n") for text in found.values()]
