"""One ladder of severity for rules, exit codes, routing and escalation (D1)."""

from __future__ import annotations

from enum import StrEnum

from veriport.domain.errors import ConfigurationError, shown
from veriport.domain.suggestions import nearest


class Severity(StrEnum):
    """How bad it is when a rule fails; ``critical > high > medium > low``."""

    LOW = "low"  #: worth knowing
    MEDIUM = "medium"  #: a warning
    HIGH = "high"  #: the default: the data should not be used
    CRITICAL = "critical"  #: wake somebody up

    @property
    def rank(self) -> int:
        """0 for ``low`` to 3 for ``critical``."""
        return _LADDER.index(self)

    def at_least(self, other: Severity) -> bool:
        """Whether this is as bad as ``other``, or worse."""
        return self.rank >= other.rank


_LADDER = tuple(Severity)
_OTHER_NAMES = {
    "error": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "warn": Severity.MEDIUM,
    "info": Severity.LOW,
}


def severity_of(word: object) -> Severity:
    """Read a severity, also by the other names ``error``, ``warning``, ``warn`` and ``info``.

    Raises ``ConfigurationError`` that lists the ladder and names the nearest word.
    """
    known = {**{level.value: level for level in Severity}, **_OTHER_NAMES}
    name = word.lower() if isinstance(word, str) else ""
    found = known.get(name)
    if found is None:
        message = f"unknown severity {shown(word)}: use one of critical, high, medium, low"
        raise ConfigurationError(message + nearest(name, known).hint)
    return found
