"""A name for each frame, so that results over the same frame are recognised, and others told apart.

A frame has no address. The name is kept as long as the frame lives and never given to another one, not
in another process either: results come together from many.
"""

from __future__ import annotations

import os
import threading
import weakref

_names: dict[int, str] = {}
_lock = threading.Lock()


def identity_of(frame: object) -> str:
    """A name that only this frame has; a new one each time for what cannot be referred to weakly."""
    with _lock:
        known = _names.get(id(frame))
        if known is not None:
            return known
        name = os.urandom(8).hex()
        try:
            weakref.finalize(frame, _names.pop, id(frame), None)
        except TypeError:
            return name
        _names[id(frame)] = name
        return name
