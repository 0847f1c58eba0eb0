"""Telemetry that records nothing: the default of an embedded library."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext


class NoTelemetry:
    """Records nothing."""

    def event(self, name: str, **attributes: str | float | bool | None) -> None:
        """See ``Telemetry``."""

    def span(self, name: str, **attributes: str | float | bool | None) -> AbstractContextManager[None]:
        """See ``Telemetry``."""
        del name, attributes
        return nullcontext()
