"""Polars' errors become errors of the port here, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl

from veriport.ports.errors import DataError, TransientError

#: Everything that Polars raises for data it cannot read or an expression it cannot evaluate.
TROUBLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException)


@contextmanager
def reading(label: str) -> Iterator[None]:
    """Turn what goes wrong while reading ``label`` into a ``DataError`` that names it."""
    try:
        yield
    except FileNotFoundError as absent:
        raise DataError(f"{label}: there is no such file") from absent
    except (PermissionError, IsADirectoryError) as refused:
        raise DataError(f"{label}: {refused.strerror or refused}") from refused
    except (TimeoutError, ConnectionError) as trouble:
        raise TransientError(f"{label}: {first_line(trouble)}") from trouble
    except OSError as trouble:
        raise DataError(f"{label}: {first_line(trouble)}") from trouble
    except TROUBLE as trouble:
        raise DataError(f"{label}: {_plain(first_line(trouble))}") from trouble


def first_line(error: BaseException) -> str:
    """What a person needs of Polars' message; the plan that failed is not."""
    return str(error).strip().partition("\n")[0] or type(error).__name__


_PLAIN = {
    "found more fields than defined in 'Schema'": "a row has more fields than the header",
    "empty CSV": "the file is empty",
    "invalid utf-8 sequence": "it is not UTF-8 text; name its encoding (encoding: latin-1)",
}


def _plain(message: str) -> str:
    return next((better for known, better in _PLAIN.items() if known in message), message)
