"""Where a command's result goes, and what a person sees while it is made."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from enum import StrEnum
from io import FileIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, TextIO, TypeVar

import typer

from veriport.application.deadlines import Task
from veriport.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from veriport.ports.reporters import Reporter

_T = TypeVar("_T")


class Format(StrEnum):
    """How a result is written."""

    TABLE = "table"
    JSON = "json"


def coloured(stream: TextIO | None = None) -> bool:
    """Whether standard output, or ``stream``, is a terminal that wants colours (https://no-color.org)."""
    terminal = (stream or sys.stdout).isatty()
    return terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def columns_of(rows: Sequence[Sequence[str]]) -> str:
    """Rows of text, each column as wide as it needs to be; on a terminal, lines are cut at its width."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    most = terminal_width()
    return "\n".join(_cut(line.rstrip(), most) if most else line.rstrip() for line in lines)


def _cut(line: str, most: int) -> str:
    return line if len(line) <= most else f"{line[: max(0, most - 3)]}..."


def terminal_width() -> int | None:
    """How wide standard output is if it is a terminal; ``None`` if it is none, or does not tell."""
    return os.get_terminal_size(sys.stdout.fileno()).columns or None if sys.stdout.isatty() else None


def count(number: int, thing: str) -> str:
    """So many of them, in words."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def print_document(kind: str, **fields: object) -> None:
    """A list of ours for programs, on standard output."""
    typer.echo(json.dumps({"version": 1, "kind": kind, **fields}, ensure_ascii=False, indent=2))


def say(text: str) -> None:
    """A line for people, on standard error."""
    for line in text.splitlines():
        typer.echo(f"veriport: {line}", err=True)


def reporter(form: Format, *, to_file: bool) -> Reporter:
    """The reporter of a format; tables are cut and coloured only for a terminal."""
    from veriport.wiring import catalog  # noqa: PLC0415  # imported on use

    made: Reporter
    if form is Format.TABLE:
        width = None if to_file else terminal_width()
        made = catalog.build("reporters", "table", width=width, color=not to_file and coloured())
    else:
        made = catalog.build("reporters", form.value)
    return made


@contextmanager
def output(path: Path | None) -> Iterator[Callable[[str], None]]:
    """A place to write a result to: standard output, or a file that appears whole or not at all.

    The file is made ready before the work begins, so that a path that cannot be written is known at
    once. A device or a pipe, such as ``/dev/null``, is written to and never replaced; of a link, what it
    leads to is. Raises ``ConfigurationError`` for a path that cannot be written.
    """
    if path is None:
        yield lambda text: typer.echo(text, nl=False)
        return
    if path.exists() and not (path.is_file() or path.is_dir()):
        with _device(path) as device:
            yield lambda text: _write_all(device, text.encode())
        return
    if path.is_symlink():
        path = path.resolve()
    with _beside(path) as (temporary, handle):
        written = False

        def write(text: str) -> None:
            nonlocal written
            handle.write(text.encode())
            handle.flush()
            os.fsync(handle.fileno())
            written = True

        yield write
        if written:
            temporary.replace(path)


def _write_all(device: FileIO, data: bytes) -> None:
    """A pipe may take only a part at once."""
    while data:
        data = data[device.write(data) :]


@contextmanager
def _device(path: Path) -> Iterator[FileIO]:
    try:
        device = path.open("wb", buffering=0)
    except OSError as trouble:
        raise ConfigurationError(f"--output {path}: cannot be written: {trouble.strerror}") from trouble
    with device:
        yield device


@contextmanager
def _beside(path: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    if path.is_dir():
        raise ConfigurationError(f"--output {path}: this is a folder")
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    except FileNotFoundError:
        raise ConfigurationError(f"--output {path}: there is no folder {path.parent}") from None
    except OSError as trouble:
        raise ConfigurationError(f"--output {path}: cannot be written: {trouble.strerror}") from trouble
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            os.fchmod(handle.fileno(), 0o666 & ~_umask())
            yield temporary, handle
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def working(what: str, work: Callable[[], _T]) -> _T:
    """Do the work where Ctrl-C can interrupt it, with a sign of life on a terminal.

    Native code does not look at signals, so the work runs in a thread that is left behind. What an engine
    prints goes to standard error.
    """
    with redirect_stdout(sys.stderr):
        task = Task(work, name=what)
        if not sys.stderr.isatty():
            return task.result(None)
        from rich.console import Console  # noqa: PLC0415  # imported on use
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

        console = Console(stderr=True)
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True) as progress:
            progress.add_task(what, total=None)
            return task.result(None)
