"""Trouble of the infrastructure, divided by what the caller can do about it.

    PortError
    ├── TransientError         trying again may help: a timeout, a refused connection, a full disk
    │   └── EffectUnknown      it may have had its effect: the answer was lost
    │       └── DeadlineExceeded   it was not finished in time
    └── PermanentError         trying again will not help
        ├── DataError          the data set is absent, unreadable or not what its name says
        ├── ContractViolation  an adapter gave back what its port forbids
        └── MissingExtra       an optional dependency is not installed

An adapter raises these, ``from`` the vendor's own error, and nothing else on purpose.
"""

from __future__ import annotations

from veriport.domain.errors import ConfigurationError, VeriportError


class PortError(VeriportError):
    """The root of what adapters raise."""


class TransientError(PortError):
    """Trying again may help. ``retry_after_seconds`` is the receiver's wish, if it named one."""

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class EffectUnknown(TransientError):
    """The answer was lost, so whether it had its effect is not known; trying again may have it twice."""


class DeadlineExceeded(EffectUnknown):
    """It was not finished in time."""


class PermanentError(PortError):
    """Trying again will not help."""


class DataError(PermanentError):
    """The data set is absent, unreadable or not what its name says; the text names it."""


class ContractViolation(PermanentError):
    """An adapter gave back what its port forbids; the text names the adapter and the sentence."""


class MissingExtra(PermanentError, ConfigurationError):
    """An optional dependency is not installed; the text gives the command that installs it."""

    def __init__(self, purpose: str, extra: str) -> None:
        super().__init__(f"{purpose} needs an extra: pip install 'veriport[{extra}]'")
        self.extra = extra
