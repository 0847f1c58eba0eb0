"""What databases say of trouble, in one line and without secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable


def first_line(error: BaseException) -> str:
    """What a person needs of a message; the query that failed is not."""
    return str(error).strip().partition("\n")[0] or type(error).__name__


def without(secrets: Iterable[str | None], text: str) -> str:
    """A text in which no secret stands, nor what looks like one."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    return re.sub(r"(?i)(password\s*=\s*)('(?:[^'\\]|\\.)*'|\S+)", r"\1***", text)
