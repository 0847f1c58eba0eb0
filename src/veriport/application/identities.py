"""A name for each frame in this process, so that results over the same frame are recognised.

A frame has no address. The name is kept as long as the frame lives and never given to another one.
"""

from __future__ import annotations

import itertools
import threading
import weakref

_counter = itertools.count(1)
_names: dict[int, int] = {}
_lock = threading.Lock()


def identity_of(frame: object) -> int:
    """A number that only this frame has; a new one each time for what cannot be referred to weakly."""
    with _lock:
        known = _names.get(id(frame))
        if known is not None:
            return known
        number = next(_counter)
        try:
            weakref.finalize(frame, _names.pop, id(frame), None)
        except TypeError:
            return number
        _names[id(frame)] = number
        return number
