"""The exceptions that callers of Veriport see.

VeriportError
├── ConfigurationError    what is wrong without reading data (exit code 2)
│   └── InvalidRule       a rule that cannot mean anything; also a ValueError
├── CheckFailedError      the data broke its rules, raised by ``raise_if_failed``
└── PortError             trouble outside the process, see ``veriport.ports.errors``
"""

from __future__ import annotations


class VeriportError(Exception):
    """The root of everything Veriport raises on purpose; its text is meant for a person."""


class ConfigurationError(VeriportError):
    """What was asked for cannot be done, whatever the data says: mend the request, not the data."""


class InvalidRule(ConfigurationError, ValueError):
    """A rule has an impossible parameter.

    ``key`` is the parameter at fault (empty when it is the rule as a whole) and ``suggestion`` the
    nearest right word, where there is one.
    """

    def __init__(self, message: str, *, key: str = "", suggestion: str = "") -> None:
        super().__init__(f"{message}; did you mean {suggestion!r}?" if suggestion else message)
        self.message = message
        self.key = key
        self.suggestion = suggestion


class CheckFailedError(VeriportError):
    """Data broke its rules. ``result`` is the ``CheckResult`` or ``CheckpointResult`` that says how."""

    def __init__(self, message: str, result: object) -> None:
        super().__init__(message)
        self.result = result


def shown(value: object) -> str:
    """``value`` as a message shows it: one line of its ``repr``, at most 80 characters.

    What has no ``repr``, such as an integer of 5,000 digits, is shown by its type.
    """
    try:
        text = repr(value).replace("\n", " ")
    except Exception:  # noqa: BLE001  # foreign code: a value that cannot be shown is still only wrong input
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _LINE else text[: _LINE - 3] + "..."


_LINE = 80
