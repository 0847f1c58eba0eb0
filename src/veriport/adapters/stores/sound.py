"""What every state store refuses, whatever it is made of."""

from __future__ import annotations

from collections.abc import Sequence

from veriport.domain.records import Change, fault_of
from veriport.ports.errors import PermanentError


def refuse_unsound(changes: Sequence[Change]) -> None:
    """Raise ``PermanentError`` for changes that no store may be given."""
    if fault := fault_of(changes):
        raise PermanentError(fault)
