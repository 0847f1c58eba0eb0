"""Text from data as people may see it on a terminal or in a log: nothing in it acts, nothing hides.

Escape sequences can repaint a terminal, line feeds can forge lines, and bidirectional overrides can
make a text read as another. Whoever prints text that is not our own passes it through ``visible``.
"""

from __future__ import annotations


def visible(text: str) -> str:
    r"""Write every character that does not print as Python's escape for it: ``\n``, ``\x1b``, ``\u202e``.

    Blanks, letters of any script and printable symbols stay; a no-break space does not. The result is
    one line. It is for reading: a backslash of the text stays as it is.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
