"""The reporter port: a result as text for a person or a machine."""

from __future__ import annotations

from typing import Protocol

from veriport.domain.checkpoints import CheckpointResult
from veriport.domain.results import CheckResult


class Reporter(Protocol):
    """Writes a result in one format. Pure: it returns text and touches nothing.

    Text from data and configuration stays text: it brings no markup of the format with it, no line
    feed, and no control character or mark of direction that a terminal would act on. The report can
    be encoded as UTF-8, whatever the data holds.
    """

    def check(self, result: CheckResult) -> str:
        """The verdict of a check, ending in a line feed."""
        ...

    def checkpoint(self, result: CheckpointResult) -> str:
        """The verdict of a run and its actions, ending in a line feed."""
        ...
