"""Paths as Polars takes them: a file of that very name is no glob."""

from __future__ import annotations

import glob
from pathlib import Path


def scanned(path: str) -> str:
    """A path for a scan, which would take ``d[1].csv`` for ``d1.csv`` even where there is such a file."""
    return glob.escape(path) if glob.has_magic(path) and Path(path).is_file() else path
