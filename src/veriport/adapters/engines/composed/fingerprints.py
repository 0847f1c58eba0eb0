"""What data is, such that the same fingerprint means the same data; ``None`` where nobody knows."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from attrs import field, frozen

from veriport.adapters.engines.paths import named_by
from veriport.domain.datasets import Address, Dataset, Handle

#: Files of a glob or a folder that are looked at; data of more is not known.
MOST_FILES = 10_000


@frozen
class Fingerprint:
    """Equal for equal data. ``changed`` is when its files were changed last, if it has files."""

    key: Hashable
    changed: datetime | None = field(default=None, eq=False)


def fingerprint_of(dataset: Dataset, *, frames: bool = False) -> Fingerprint | None:
    """Of local files the address, and path, size, times and inode of each; of a frame that it is this one.

    A frame can be changed where it stands, so only tables of PyArrow are known, which cannot be, and with
    ``frames`` all. What is elsewhere, such as an object store or a database, is not known.
    """
    match dataset:
        case Handle(frame):
            known = frames or _lasts(frame)
            return Fingerprint(_Same.of(frame)) if known and _can_be_referred_to(frame) else None
        case Address():
            return _files(dataset)


def _lasts(frame: object) -> bool:
    kind = type(frame)
    return kind.__module__.partition(".")[0] == "pyarrow" and kind.__name__ in {"Table", "RecordBatch"}


def _can_be_referred_to(frame: object) -> bool:
    try:
        weakref.ref(frame)
    except TypeError:
        return False
    return True


class _Same:
    """Equal while both speak of the same living object."""

    def __init__(self, refer: Callable[[], object], hashed: int) -> None:
        self._refer, self._hash = refer, hashed

    @classmethod
    def of(cls, frame: object) -> _Same:
        """That of an object."""
        return cls(weakref.ref(frame), id(frame))

    def __eq__(self, other: object) -> bool:
        mine = self._refer()
        return isinstance(other, _Same) and mine is not None and mine is other._refer()

    def __hash__(self) -> int:
        return self._hash


def _files(address: Address) -> Fingerprint | None:
    if "://" in address.path:
        return None
    try:
        stats = [(path, path.stat()) for path in _paths(address.path)]
    except OSError:
        return None
    if not 0 < len(stats) <= MOST_FILES:
        return None
    seen = tuple(
        (str(path), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino) for path, stat in stats
    )
    newest = max(stat.st_mtime_ns for _, stat in stats)
    # options by their repr: two that look alike are alike, and credentials are not kept
    asked = (repr(address), repr(dict(address.schema)), hash(repr(dict(address.storage_options))))
    return Fingerprint((asked, seen), datetime.fromtimestamp(newest / 1e9, UTC))


def _paths(path: str) -> Iterable[Path]:
    place = Path(path)
    if place.is_dir():
        return sorted(each for each in place.rglob("*") if each.is_file())
    if place.exists():
        return [place.resolve()]
    return named_by(path)
