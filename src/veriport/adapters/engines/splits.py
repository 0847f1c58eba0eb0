"""What engines that split rows have in common: how a row tells the rules that it breaks, and full disks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from veriport.ports.errors import TransientError

T = TypeVar("T")

_WIDE = 63  #: truth values in a whole number


def words(marks: Sequence[T]) -> list[list[tuple[int, T]]]:
    """The whole numbers that stand for the rules that a row breaks.

    Each is the sum of the numbers that stand here before the marks that are TRUE.
    """
    pieces = (marks[start : start + _WIDE] for start in range(0, len(marks), _WIDE))
    return [[(1 << bit, mark) for bit, mark in enumerate(piece)] for piece in pieces]


def named(row: Sequence[int], ids: Sequence[str]) -> list[str]:
    """The rules that the whole numbers of a row stand for, in their order."""
    pairs = zip(row, words(ids), strict=True)
    return [rule for word, piece in pairs for number, rule in piece if word & number]


@contextmanager
def disk_permitting(label: str) -> Iterator[None]:
    """Tell a full disk from other trouble, by the words of a library. Raises ``TransientError``."""
    try:
        yield
    except Exception as raised:  # libraries have exceptions of their own for it
        full = next((words for words in _FULL if words in str(raised)), None)
        if full is None:
            raise
        raise TransientError(f"the rows of {label} cannot be written: {full}") from raised


_FULL = ("No space left on device", "Disk quota exceeded", "File too large")
