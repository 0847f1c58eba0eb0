"""``veriport.bootstrap``: the wired application of a configuration file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attrs import frozen

from veriport.api.checkpoints import Checkpoint
from veriport.application.workers import Worker
from veriport.domain.errors import ConfigurationError, shown
from veriport.wiring import DEFAULT_FILE
from veriport.wiring.container import Container
from veriport.wiring.settings import load_settings, settings_of


@frozen
class App:
    """A container and the checkpoints that run in it.

    Every provider of the container is an attribute: ``app.clock()`` is the clock, and
    ``app.engine.override(engine)`` swaps the default engine for all checkpoints.
    """

    container: Container

    def checkpoints(self) -> dict[str, Checkpoint]:
        """The configured checkpoints by name, in the order of the file."""
        specs = self.container.settings().checkpoints
        return {spec.name: Checkpoint.from_spec(spec, self.container) for spec in specs}

    def worker(self, concurrency: int = 1, *, poll_seconds: float = 1.0, until_idle: bool = False) -> Worker:
        """Threads of this program that deliver what the outbox holds: ``with app.worker(): ...``.

        As many lanes as ``concurrency`` are worked on at once, and the store is asked every ``poll_seconds``
        while nothing is due. Leaving the context stops it once what is in flight is finished.
        Raises ``ConfigurationError`` for numbers that cannot be meant.
        """
        if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 1:
            raise ConfigurationError(f"concurrency must be a whole number from 1, not {shown(concurrency)}")
        works = [self.container.work(poll_seconds=poll_seconds) for _ in range(concurrency)]
        return Worker(works=works, telemetry=self.container.telemetry(), until_idle=until_idle)

    def start_worker(self, concurrency: int = 1, *, poll_seconds: float = 1.0) -> Worker:
        """The same, started; its ``stop()`` ends it."""
        return self.worker(concurrency, poll_seconds=poll_seconds).start()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # a provider of any kind
        """A provider of the container."""
        return getattr(self.container, name)


def bootstrap(path: str | Path | None = DEFAULT_FILE) -> App:
    """Read a configuration file and wire the application; ``None`` for the environment alone.

    Nothing is opened yet. Raises ``ConfigurationError`` with every problem of the file.
    """
    settings = settings_of() if path is None else load_settings(path)
    return App(Container(settings=settings))
