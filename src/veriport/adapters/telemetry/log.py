"""Telemetry as lines of a log: ``timestamp=... level=info event=run.finished run=...`` (logfmt).

Lines go to the ``veriport`` logger of the standard library, so that the program around us decides
where they end up; where it decided nothing, they go to standard error.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from veriport.domain.visible import visible

if TYPE_CHECKING:
    import structlog


class LogTelemetry:
    """Writes a line for each event and, at its end, for each span with its ``seconds``.

    A span that an exception ends is a warning that names the type of the exception as ``error``.
    Control characters in attributes are made visible, so no value can forge a line.
    """

    def __init__(self, logger: logging.Logger | None = None) -> None:
        self._log = _structured(logger or _own_logger())

    def event(self, name: str, **attributes: str | float | bool | None) -> None:
        """See ``Telemetry``."""
        self._write(logging.INFO, name, attributes)

    @contextmanager
    def span(self, name: str, **attributes: str | float | bool | None) -> Iterator[None]:
        """See ``Telemetry``."""
        started, level = time.monotonic(), logging.INFO
        known: dict[str, object] = dict(attributes)
        try:
            yield
        except BaseException as raised:
            level, known["error"] = logging.WARNING, type(raised).__name__
            raise
        finally:
            known["seconds"] = round(time.monotonic() - started, 6)
            self._write(level, name, known)

    def _write(self, level: int, name: str, attributes: Mapping[str, object]) -> None:
        with suppress(Exception):
            self._log.bind(**attributes).log(level, name)


def _own_logger() -> logging.Logger:
    logger = logging.getLogger("veriport")
    if not logger.hasHandlers():
        logger.addHandler(logging.StreamHandler())
        logger.setLevel(logging.INFO)
    return logger


def _structured(logger: logging.Logger) -> structlog.stdlib.BoundLogger:
    import structlog  # noqa: PLC0415  # it is imported on use

    bound: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logger,
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _make_visible,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return bound


def _make_visible(_: object, __: str, line: MutableMapping[str, object]) -> MutableMapping[str, object]:
    return {key: visible(value) if isinstance(value, str) else value for key, value in line.items()}
