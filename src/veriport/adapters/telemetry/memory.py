"""Telemetry kept in memory, so that a test can look at it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from attrs import field, frozen


@frozen
class Recorded:
    """An event or a finished span. ``error`` is the type name of the exception that ended the span."""

    name: str
    attributes: Mapping[str, str | int | float | bool | None] = field(factory=dict, hash=False)
    error: str | None = None


class MemoryTelemetry:
    """Keeps what happened in ``events`` and ``spans``, oldest first, a span when it ends."""

    def __init__(self) -> None:
        self.events: list[Recorded] = []
        self.spans: list[Recorded] = []

    def event(self, name: str, **attributes: str | float | bool | None) -> None:
        """See ``Telemetry``."""
        self.events.append(Recorded(name, attributes))

    @contextmanager
    def span(self, name: str, **attributes: str | float | bool | None) -> Iterator[None]:
        """See ``Telemetry``."""
        error: str | None = None
        try:
            yield
        except BaseException as raised:
            error = type(raised).__name__
            raise
        finally:
            self.spans.append(Recorded(name, attributes, error))
