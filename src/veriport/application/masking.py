"""What people see of the rules and the data where values are masked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from veriport.ports.errors import DataError


@contextmanager
def silent_about(label: str, *, masked: bool) -> Iterator[None]:
    """Where something is masked, say of data that cannot be read only that: reasons quote values."""
    try:
        yield
    except DataError:
        if not masked:
            raise
        raise DataError(
            f"{label}: it cannot be read to its end; the reason may quote masked values and is not shown"
        ) from None
