"""``veriport.bootstrap``: the wired application of a configuration file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attrs import frozen

from veriport.api.checkpoints import Checkpoint
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

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # a provider of any kind
        """A provider of the container."""
        return getattr(self.container, name)


def bootstrap(path: str | Path | None = DEFAULT_FILE) -> App:
    """Read a configuration file and wire the application; ``None`` for the environment alone.

    Nothing is opened yet. Raises ``ConfigurationError`` with every problem of the file.
    """
    settings = settings_of() if path is None else load_settings(path)
    return App(Container(settings=settings))
