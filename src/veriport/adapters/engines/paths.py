"""Which local files a path names. A file of that very name is no glob, and a glob names hidden files, too."""

from __future__ import annotations

import glob
from pathlib import Path


def named_by(path: str) -> list[Path]:
    """What stands at a path, or else the files of a glob, sorted; nothing where there are none."""
    if Path(path).exists():
        return [Path(path)]
    found = sorted(glob.glob(path, recursive=True, include_hidden=True))  # noqa: PTH207  # absolute patterns too
    return [Path(each) for each in found if Path(each).is_file()]


def scanned(path: str) -> str:
    """A path for a scan, which would take ``d[1].csv`` for ``d1.csv`` even where there is such a file."""
    return glob.escape(path) if glob.has_magic(path) and Path(path).is_file() else path
