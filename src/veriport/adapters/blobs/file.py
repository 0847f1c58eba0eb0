"""Blobs as files in a folder, one file a key.

A body is written to a file beside its place, flushed to the disk and moved there in one step, so a
reader, a crash or a power cut finds the old body or the new one. Names that begin with a dot are
never keys: such files are ours while we write, or other people's.

No symbolic link below the root is followed or listed, so no key leads out of the root; the root
itself may be one. Keys that differ only in case are one file where the file system says so.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from veriport.domain.blob_keys import check_key
from veriport.domain.errors import ConfigurationError
from veriport.ports.errors import PermanentError, PortError, TransientError


class FileBlobStore:
    """Keeps blobs below the folder ``root``, which is made when the first one is kept.

    Any number of stores and processes may share a root. Files get the rights that the umask leaves.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._root = Path(os.path.abspath(root))  # noqa: PTH100  # Path.resolve would follow links

    def put(self, key: str, body: bytes) -> str:
        """See ``BlobStore``; the address is the absolute path."""
        path = self._path(key)
        try:
            _make_folders(path.parent)
            _write(path, body)
        except OSError as error:
            raise trouble("write", path, error) from error
        return str(path)

    def get(self, key: str) -> bytes | None:
        """See ``BlobStore``. ``PermanentError`` for what is neither a file nor a folder."""
        path = self._path(key)
        try:
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode):
                with path.open("rb", buffering=0) as file:
                    return file.readall()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise trouble("read", path, error) from error
        if stat.S_ISDIR(mode):
            return None
        raise PermanentError(f"cannot read {path}: it is not a file")

    def keys(self, prefix: str = "") -> Iterator[str]:
        """See ``BlobStore``. Folders are read as the iteration comes to them."""
        return _walk(self._root, "", prefix)

    def delete(self, key: str) -> bool:
        """See ``BlobStore``. Folders that become empty stay."""
        path = self._path(key)
        try:
            if stat.S_ISDIR(path.lstat().st_mode):
                return False
            path.unlink()
            _flush_folder(path.parent)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise trouble("delete", path, error) from error
        return True

    def _path(self, key: str) -> Path:
        """Where ``key`` is. Raises ``PermanentError`` if a link stands on the way to it."""
        check_key(key)
        path = str(self._root)
        for part in key.split("/"):
            path = os.path.join(path, part)  # noqa: PTH118  # a Path for each part takes half as long again
            if _is_link(path):
                reason = f"it is a symbolic link, which may lead out of {self._root}"
                raise PermanentError(f"cannot use {path}: {reason}")
        return Path(path)


def _is_link(path: str) -> bool:
    try:
        return stat.S_ISLNK(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise trouble("reach", Path(path), error) from error


def _make_folders(folder: Path) -> None:
    """Make what is missing, and see to it that a power cut cannot unmake it."""
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    folder.mkdir(exist_ok=True)
    _flush_folder(folder.parent)


def _write(path: Path, body: bytes) -> None:
    fresh = path.with_name(f".{secrets.token_hex(8)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(fresh, flags, 0o666), "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """Make the names in a folder last, where the system can: Windows and some network disks cannot."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _walk(folder: Path, above: str, prefix: str) -> Iterator[str]:
    """The keys below ``folder``, in order: a folder sorts as its name and the ``/`` that follows it."""
    for name, entry in sorted(_entries(folder).items()):
        key = above + name
        if not entry.is_dir(follow_symlinks=False):
            if key.startswith(prefix):
                yield key
        elif key.startswith(prefix) or prefix.startswith(key):
            yield from _walk(folder / entry.name, key, prefix)


def _entries(folder: Path) -> dict[str, os.DirEntry[str]]:
    """What may hold keys, by name, folders with a ``/`` at the end."""
    try:
        with os.scandir(folder) as found:
            entries = [entry for entry in found if _may_be_key(entry)]
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise trouble("list", folder, error) from error
    return {f"{e.name}/" if e.is_dir(follow_symlinks=False) else e.name: e for e in entries}


def _may_be_key(entry: os.DirEntry[str]) -> bool:
    try:
        check_key(entry.name)
    except ConfigurationError:
        return False
    return entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)


_MAY_PASS = frozenset(
    {
        errno.EAGAIN, errno.EBUSY, errno.EDQUOT, errno.EINTR, errno.EIO, errno.EMFILE, errno.ENFILE,
        errno.ENOMEM, errno.ENOSPC, errno.ESTALE, errno.ETIMEDOUT,
    }
)  # fmt: skip

_REASONS = dict.fromkeys((errno.EEXIST, errno.ENOTDIR), "a part of its path is a file and not a folder")


def trouble(verb: str, path: Path, error: OSError) -> PortError:
    """Our error for what the operating system said about ``path``."""
    reason = _REASONS.get(error.errno or 0) or error.strerror or type(error).__name__
    kind = TransientError if error.errno in _MAY_PASS else PermanentError
    return kind(f"cannot {verb} {path}: {reason}")
