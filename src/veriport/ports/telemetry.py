"""The telemetry port: what happened, for logs, metrics and traces."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class Telemetry(Protocol):
    """Records events and spans. It never raises and never changes what it observes."""

    def event(self, name: str, **attributes: str | float | bool | None) -> None:
        """Something happened. ``name`` is dotted (``checkpoint.finished``); no attribute is a secret."""
        ...

    def span(self, name: str, **attributes: str | float | bool | None) -> AbstractContextManager[None]:
        """Something takes as long as the context; an exception passes through and is recorded."""
        ...
