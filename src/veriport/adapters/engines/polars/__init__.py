"""The Polars engine: files, object stores and frames, read once for all counts.

Importing this package imports Polars; the catalog does so when the engine is built.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from attrs import field, frozen

from veriport.adapters.engines.polars.sources import open_frame
from veriport.adapters.engines.polars.tables import PolarsTable
from veriport.domain.datasets import Dataset
from veriport.domain.validators import text

__all__ = ["PolarsEngine"]


@frozen
class PolarsEngine:
    """Measures with Polars' streaming engine; data larger than memory is read in pieces.

    It keeps nothing between calls, so one engine may serve many threads.
    """

    name: str = field(default="polars", validator=text)

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[PolarsTable]:
        """Open files, globs, URIs (``s3://``, ``gs://``, ``az://``) and frames; see the engine port."""
        yield PolarsTable(open_frame(dataset), dataset.label)
