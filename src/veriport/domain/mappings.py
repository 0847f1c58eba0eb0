"""A mapping that does not change, can be copied and pickled, and equals a dict with the same items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

_V = TypeVar("_V")


class FrozenMapping(Mapping[str, _V]):
    """The items as they were given, in their order.

    ``types.MappingProxyType`` would do, but results that hold one could not be sent to another process.
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, _V] | Iterable[tuple[str, _V]] = ()) -> None:
        self._items = dict(items)

    def __getitem__(self, key: str) -> _V:
        """The value of ``key``; raises ``KeyError``."""
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        """The keys in their order."""
        return iter(self._items)

    def __len__(self) -> int:
        """How many items there are."""
        return len(self._items)

    def __repr__(self) -> str:
        """As a dict shows itself."""
        return repr(self._items)
