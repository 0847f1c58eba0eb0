"""What a worker does, as lines for people on standard error."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from datetime import datetime

import typer
from attrs import define, field, frozen

from veriport.adapters.cli.output import coloured
from veriport.domain.visible import visible
from veriport.ports.clocks import Clock
from veriport.ports.telemetry import Telemetry


@frozen
class _Line:
    """How an event is told: a word with its colour, and a text that its attributes fill."""

    word: str
    color: str
    text: str
    once: bool = False


_WHOSE = "{receiver}, run {run}, {tries}"
_LINES: Mapping[str, _Line] = {
    "outbox.delivered": _Line("delivered", "green", _WHOSE),
    "outbox.failed": _Line("failed", "yellow", f"{_WHOSE}: {{reason}}; it will be tried again"),
    "outbox.dead": _Line("dead", "red", f"{_WHOSE}: {{reason}}; see 'veriport outbox list'"),
    "outbox.lane_lost": _Line("lost", "yellow", "somebody else took over the lane {lane}"),
    "outbox.no_receiver": _Line("waits", "yellow", "the configuration has no receiver {receiver}", once=True),
    "outbox.trouble": _Line("trouble", "magenta", "{reason}", once=True),
    "outbox.unreadable": _Line("kept", "yellow", "{key}: {reason}", once=True),
    "outbox.unknown_kind": _Line("kept", "yellow", "{key}: it is a {kind!r}, for a newer version", once=True),
    "store.keeps_nothing": _Line("careful", "yellow", "{store}: {reason}", once=True),
    "worker.fault": _Line("fault", "magenta", "{reason}", once=True),
}
_WIDTH = max(len(line.word) for line in _LINES.values())
#: For how long the same trouble is not told again.
_QUIET_SECONDS = 60.0


@define(eq=False)
class Spoken:
    """Telemetry that tells people what a worker does and passes everything on to ``inner``.

    ``counts`` has how often each event happened. With ``quiet`` it only counts.
    """

    inner: Telemetry
    clock: Clock
    quiet: bool = False
    counts: Counter[str] = field(factory=Counter, init=False)
    _told: dict[str, float] = field(factory=dict, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def event(self, name: str, **attributes: str | float | bool | None) -> None:
        """See ``Telemetry``."""
        self.inner.event(name, **attributes)
        with self._lock, suppress(Exception):  # telemetry never raises
            self.counts[name] += 1
            if name in _LINES and not self.quiet:
                self._tell(_LINES[name], attributes)

    def span(self, name: str, **attributes: str | float | bool | None) -> AbstractContextManager[None]:
        """See ``Telemetry``."""
        return self.inner.span(name, **attributes)

    def _tell(self, line: _Line, attributes: Mapping[str, object]) -> None:
        text = visible(line.text.format_map({**attributes, "tries": _tries(attributes)}))
        if line.once and not self._new(f"{line.word} {text}"):
            return
        word = line.word.ljust(_WIDTH)
        shown = typer.style(word, fg=line.color) if coloured(sys.stderr) else word
        typer.echo(f"{clock_time(self.clock.now())}  {shown}  {text}", err=True)

    def _new(self, text: str) -> bool:
        """Whether that was not told lately."""
        now = self.clock.monotonic()
        self._told = {known: at for known, at in self._told.items() if now - at < _QUIET_SECONDS}
        return self._told.setdefault(text, now) == now


def _tries(attributes: Mapping[str, object]) -> str:
    attempts, unsure = attributes.get("attempts"), attributes.get("ambiguous")
    told = "1 attempt" if attempts == 1 else f"{attempts} attempts"
    return f"{told}, {unsure} of unknown effect" if unsure else told


def clock_time(moment: datetime) -> str:
    """The time of day in UTC: ``12:00:05Z``."""
    return f"{moment:%H:%M:%S}Z"
