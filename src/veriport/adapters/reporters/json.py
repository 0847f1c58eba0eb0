"""The result as one JSON document: ``check --format json`` and ``checkpoint run --format json``."""

from __future__ import annotations

import re

from attrs import frozen

from veriport.domain import codec
from veriport.domain.checkpoints import CheckpointResult
from veriport.domain.results import CheckResult

#: What JSON lets stand and a terminal acts on: DEL and C1 controls, marks that change the direction of
#: text or end a line.
_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@frozen(kw_only=True)
class JsonReporter:
    """Writes the documents of ``veriport.domain.codec``; ``indent`` is ``None`` for one line.

    Characters that could act on a terminal are written as their JSON escapes, which read back as the
    same text.
    """

    indent: int | None = 2

    def check(self, result: CheckResult) -> str:
        """See ``Reporter``."""
        return self._write(codec.check_document(result))

    def checkpoint(self, result: CheckpointResult) -> str:
        """See ``Reporter``."""
        return self._write(codec.checkpoint_document(result))

    def _write(self, document: dict[str, object]) -> str:
        text = codec.to_json(document, indent=self.indent)
        return _UNSAFE.sub(lambda char: f"\\u{ord(char[0]):04x}", text) + "\n"
