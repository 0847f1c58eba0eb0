"""The folder port: where files are made that appear whole, together, or not at all."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class Folder(Protocol):
    """Local folders. Safe to use from several threads and processes at once."""

    def place(self, directory: str, names: tuple[str, ...]) -> AbstractContextManager[tuple[str, ...]]:
        """Paths to write new files to, one for each name, which become the names on leaving the context.

        The directory is made where it is missing, also with its parents. The paths are files in the same
        directory. Leaving without an error flushes them to the disk and gives them their names, in the
        order given, so that who sees the last name sees all; leaving with an error removes them. A file
        is never replaced.

        Raises ``ConfigurationError`` on entering for a directory that cannot be made or written and for a
        name that is taken, and ``PermanentError`` on leaving for a name that was taken meanwhile; none
        of the files then stays, and ``TransientError`` where the disk is full.
        """
        ...
