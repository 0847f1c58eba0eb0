"""``veriport worker``: deliver what the outbox holds, until told to stop."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

import typer

from veriport.adapters.cli.output import count, say
from veriport.adapters.cli.projects import Config, open_project, require_lasting
from veriport.wiring import DEFAULT_FILE

if TYPE_CHECKING:
    from types import FrameType

    from veriport.adapters.cli.spoken import Spoken
    from veriport.api.apps import App

#: Exit codes by the signal that asked to stop; a second one ends the program at once.
_CODES = {signal.SIGTERM: 0, signal.SIGINT: 130}


def worker(
    *,
    config: Config = Path(DEFAULT_FILE),
    concurrency: Annotated[
        int, typer.Option("--concurrency", min=1, max=256, metavar="N", help="Receivers to send to at once.")
    ] = 4,
    once: Annotated[
        bool, typer.Option("--once", help="End when nothing is due now, as a scheduled job does.")
    ] = False,
    poll: Annotated[
        float,
        typer.Option("--poll", metavar="SECONDS", help="How often to ask the store while nothing is due."),
    ] = 1.0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> None:
    """Deliver what runs could not deliver.

    It goes on until it is told to stop: SIGTERM and Ctrl-C finish what is in flight first, a second one ends
    at once. Exit codes: 0 after SIGTERM or --once, 2 wrong usage or configuration, 3 the store cannot be
    used, 130 after Ctrl-C.
    """
    with Stopping(quiet=quiet) as stopping:
        app = open_project(config)
        spoken = _listen(app, quiet=quiet)
        require_lasting(app, config)
        running = app.worker(concurrency, poll_seconds=poll, until_idle=once)
        stopping.then(running.ask_to_stop)
        if not quiet:
            say(f"working on {_known(app)}" + ("" if once else "; Ctrl-C stops"))
        running.start().wait()
        if once:
            app.tidy()()
            if not quiet:
                say(_summary(app, spoken))
    raise typer.Exit(stopping.code)


def _listen(app: App, *, quiet: bool) -> Spoken:
    """Tell people what happens, unless a log does."""
    from veriport.adapters.cli.spoken import Spoken  # noqa: PLC0415  # imported on use

    logged = app.settings().telemetry.kind == "log"
    spoken = Spoken(app.telemetry(), app.clock(), quiet=quiet or logged)
    app.telemetry.override(spoken)
    return spoken


def _known(app: App) -> str:
    from veriport.wiring.stores import label_of  # noqa: PLC0415  # imported on use

    receivers = sorted(app.receivers())
    listed = ", ".join(receivers[:_SHOWN]) + (
        f" and {len(receivers) - _SHOWN} more" if receivers[_SHOWN:] else ""
    )
    known = "no receiver" if not receivers else f"{count(len(receivers), 'receiver')}: {listed}"
    return f"{label_of(app.settings().store)} for {known}"


_SHOWN = 10


def _summary(app: App, spoken: Spoken) -> str:
    """What was done, and what is still to be done."""
    from veriport.adapters.cli.spoken import clock_time  # noqa: PLC0415  # imported on use

    counts = spoken.counts
    done = ", ".join(f"{counts[f'outbox.{word}']} {word}" for word in ("delivered", "failed", "dead"))
    lanes = app.outbox_desk().lanes()
    waiting = sum(lane.messages for lane in lanes)
    due = [lane.due_at for lane in lanes if lane.messages and lane.due_at is not None]
    if not waiting:
        return f"{done}; nothing waits"
    when = f", next at {clock_time(min(due))}" if due else ""
    return f"{done}; {count(waiting, 'message')} {'waits' if waiting == 1 else 'wait'}{when}"


class Stopping:
    """While it is entered, the first signal asks to stop, also before there is anything to stop.

    The second one ends the program at once. ``code`` is what to exit with.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._stop: Callable[[], None] = lambda: None
        self._first: signal.Signals | None = None

    @property
    def code(self) -> int:
        """0 after SIGTERM and where no signal came, 130 after Ctrl-C."""
        return 0 if self._first is None else _CODES[self._first]

    def then(self, stop: Callable[[], None]) -> None:
        """What the first signal calls; at once, if it came already."""
        self._stop = stop
        if self._first is not None:
            stop()

    def __enter__(self) -> Self:
        """Listen."""
        self._before = {number: signal.signal(number, self._heard) for number in _CODES}
        return self

    def __exit__(self, *_: object) -> None:
        """Let others listen who did before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _heard(self, number: int, _: FrameType | None) -> None:
        if self._first is not None:
            os._exit(128 + number)
        self._first = signal.Signals(number)
        self._stop()
        if not self._quiet:
            say(f"{self._first.name}: finishing what is in flight; once more ends at once")
