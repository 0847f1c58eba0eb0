"""What PySpark writes to standard error by itself: each refused query, with the stack of the server."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_asking = threading.local()


@contextmanager
def unlogged() -> Iterator[None]:
    """Refused queries of this thread are not written: they become errors of ours, or those of a rule."""
    _asking.here = True
    try:
        yield
    finally:
        _asking.here = False


def _is_anothers(record: logging.LogRecord) -> bool:
    del record
    return not getattr(_asking, "here", False)


with suppress(ImportError):  # PySpark 3 does not write them
    from pyspark.logger import PySparkLogger

    for _name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        PySparkLogger.getLogger(_name).addFilter(_is_anothers)
