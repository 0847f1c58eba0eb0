"""Which adapter of a port configuration names."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen


@frozen
class AdapterRef:
    """Its kind in the catalog, and its own settings."""

    kind: str
    options: Mapping[str, object] = field(factory=dict, hash=False, repr=False)
