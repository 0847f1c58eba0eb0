"""Names of blobs: which texts are keys, and how any text becomes a part of one.

The rules are those of the strictest place where blobs are kept, so that what one store takes, every
store takes: a folder on Linux, macOS or Windows, or a bucket (1,024 bytes a key).
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

from veriport.domain.errors import ConfigurationError

#: Bytes of UTF-8 that a part and a whole key may have.
MAX_PART_BYTES = 255
MAX_KEY_BYTES = 1024

#: Signs that mean something to a shell or a disk, control characters and halves of surrogate pairs.
_FORBIDDEN = re.compile('[\\\\<>:"|?*\x00-\x1f\x7f-\x9f\ud800-\udfff]')
#: Devices that Windows opens under these names, whatever follows the first dot.
_DEVICES = re.compile(r"(?i)(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?=\s*(?:\.|$))")


def check_key(key: str) -> None:
    """Raise ``ConfigurationError``, naming the part at fault, unless ``key`` is one.

    A key is one or more parts joined by ``/``; ``MAX_KEY_BYTES`` bytes at most. See
    ``veriport.ports.blobs.BlobStore`` for what a part is.
    """
    for part in key.split("/"):
        if (fault := _fault(part)) is not None:
            raise ConfigurationError(f"{_shown(key)} is not a key: {fault}")
    if (length := len(key.encode())) > MAX_KEY_BYTES:
        raise ConfigurationError(f"{_shown(key)} is not a key: {length} bytes, {MAX_KEY_BYTES} at most")


def _fault(part: str) -> str | None:
    """Why ``part`` cannot be one, or ``None``."""
    if not part:
        return "a part between two '/' is empty"
    if bad := _FORBIDDEN.search(part):
        return f"the part {_shown(part)} holds {bad[0]!a}"
    if part.startswith("."):
        return f"the part {_shown(part)} begins with a dot"
    if part.endswith((".", " ")):
        return f"the part {_shown(part)} ends with a dot or a blank"
    if _DEVICES.match(part):
        return f"the part {_shown(part)} is the name of a device on Windows"
    if (length := len(part.encode())) > MAX_PART_BYTES:
        return f"the part {_shown(part)} has {length} bytes, {MAX_PART_BYTES} at most"
    return None


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 80 else text[:77] + "...")  # noqa: PLR2004  # a terminal line


@lru_cache(4096)
def safe_part(text: str, *, limit: int = 80) -> str:
    """Make one part of a key, of at most ``limit`` bytes (16 or more), out of any text.

    A text that is a readable part already stays as it is. Any other loses what cannot stay and gets
    ``-`` and eight hexadecimal digits of its SHA-256, so that different texts do not meet.
    """
    part = "".join(char if _is_readable(char) else "-" for char in text).lstrip(".").rstrip(". ")
    part = _DEVICES.sub(lambda device: f"{device[0]}-", part)
    if part == text and _fault(part) is None and len(part.encode()) <= limit:
        return part
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    kept = part.encode()[: limit - len(digest) - 1].decode("utf-8", "ignore").rstrip(". -")
    return f"{kept}-{digest}" if kept else digest


def _is_readable(char: str) -> bool:
    return char.isprintable() and char != "/" and not _FORBIDDEN.match(char)
