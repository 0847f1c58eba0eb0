"""The nearest right word for a wrong one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from attrs import frozen


@frozen
class Suggestion:
    """The nearest known word; empty when nothing is near."""

    word: str

    @property
    def hint(self) -> str:
        """Text to append to an error message, or nothing."""
        return f"; did you mean {self.word!r}?" if self.word else ""


def nearest(word: str, known: Iterable[str]) -> Suggestion:
    """Find the known word that ``word`` was most likely meant to be."""
    if len(word) > _LONGEST:
        return Suggestion("")
    words = {name.lower(): name for name in known}
    for cutoff in (0.75, 0.6):
        found = get_close_matches(word.lower(), words, n=1, cutoff=cutoff)
        if found:
            return Suggestion(words[found[0]])
    return Suggestion("")


#: A longer word is no slip of the hand, and comparing it takes long.
_LONGEST = 80
