"""Folders of the local file system.

Files are written under hidden names beside their places, flushed, and linked to their names, which
fails for a name that is taken: two programs that write the same files never mix theirs.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from veriport.domain.errors import ConfigurationError
from veriport.ports.errors import PermanentError, PortError, TransientError

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  #: also what a path makes of s3://
#: Files that have not got their names yet, of this program.
_unfinished: set[Path] = set()


class LocalFolder:
    """See ``veriport.ports.folders.Folder``. File systems without links rename, which is not as strict."""

    @contextlib.contextmanager
    def place(self, directory: str, names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """See ``Folder``."""
        require_free(directory, names)
        made: dict[Path, Path] = {}
        try:
            for name in names:
                made[Path(directory, name)] = _fresh(Path(directory), name)
            yield tuple(map(str, made.values()))
            _publish(made)
        finally:
            _remove(made.values())


def require_free(directory: str, names: tuple[str, ...]) -> None:
    """Make the directory. Raises ``ConfigurationError`` where that is not possible or a name is taken."""
    if _URI.match(directory):
        raise ConfigurationError(f"{directory}: files are written to local folders only")
    try:
        Path(directory).mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise ConfigurationError(f"{directory}: this is a file, not a folder") from None
    except OSError as trouble:
        raise ConfigurationError(f"{directory}: cannot be made: {trouble.strerror}") from trouble
    for name in names:
        if os.path.lexists(Path(directory, name)):
            raise ConfigurationError(
                f"{Path(directory, name)} exists and is left as it is; remove it or name another folder"
            )
    _remove([_fresh(Path(directory), names[0])])


def remove_unfinished() -> None:
    """Remove what has not got its name yet: for a program that ends without waiting for its threads."""
    _remove(list(_unfinished))


def _fresh(folder: Path, name: str) -> Path:
    path = folder / f".{name}.{secrets.token_hex(4)}.part"
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    except OSError as trouble:
        raise ConfigurationError(f"{folder}: cannot be written to: {trouble.strerror}") from trouble
    _unfinished.add(path)
    return path


def _publish(made: dict[Path, Path]) -> None:
    named: list[Path] = []
    try:
        for place, path in made.items():
            _flush(path)
            _name(path, place)
            named.append(place)
        _flush(next(iter(made)).parent)
    except OSError as trouble:
        _remove(named)
        raise _error(trouble, place) from trouble


def _name(path: Path, place: Path) -> None:
    """Give a file its name if nobody has it."""
    try:
        os.link(path, place)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if os.path.lexists(place):
            raise FileExistsError(place) from None
        path.rename(place)


def _flush(path: Path) -> None:
    """To the disk; the names in a folder only where the system can."""
    with contextlib.suppress(OSError) if path.is_dir() else contextlib.nullcontext():
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _error(trouble: OSError, place: Path) -> PortError:
    if isinstance(trouble, FileExistsError):
        return PermanentError(f"{place} was made by somebody else meanwhile and is left as it is")
    return TransientError(f"{place}: cannot be written: {trouble.strerror}")


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        _unfinished.discard(path)
