"""The configuration that a command works with, and what it must have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from veriport.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from veriport.api.apps import App

Config = Annotated[Path, typer.Option("--config", "-c", metavar="FILE", help="The configuration file.")]


def open_project(file: Path) -> App:
    """The application of a configuration. Raises ``ConfigurationError`` that names what to do."""
    from veriport.api.apps import bootstrap  # noqa: PLC0415  # imported on use

    if not file.exists():
        raise ConfigurationError(
            f"{file}: there is no such file; --config names another, 'veriport checkpoint init' writes one"
        )
    return bootstrap(file)


def open_outbox(file: Path) -> App:
    """The same, with an outbox that other programs see. Raises ``ConfigurationError`` for one in memory."""
    app = open_project(file)
    require_lasting(app, file)
    return app


def require_lasting(app: App, file: Path) -> None:
    """Raise ``ConfigurationError`` for a store that no other program sees; it is built to be asked."""
    from veriport.ports.stores import forgets  # noqa: PLC0415  # imported on use

    if forgets(app.store()):
        raise ConfigurationError(
            f"{file}: its store is the memory of each program, which no other program sees: remove 'store', "
            "and a file beside the configuration is used, or name one that lasts, such as 'store: .veriport'"
        )
