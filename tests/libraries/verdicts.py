"""What the engine over a library answers of every case, asked in the environment of the library.

``python -m tests.libraries.verdicts ENGINE`` prints it as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.libraries.environments import python_of
from veriport.testing.matrix import Answer, Column, Frames, Verdict, column
from veriport.wiring.engines import build_engine


def verdicts(name: str) -> Column:
    """What an engine answers, from here."""
    asked = subprocess.run(
        [python_of(name), "-m", __name__, name], check=True, capture_output=True, text=True
    )
    said: dict[str, tuple[str, str]] = json.loads(asked.stdout)
    return {case: Verdict(Answer(answer), reason) for case, (answer, reason) in said.items()}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        found = column(build_engine(sys.argv[1]), Frames(Path(folder)))
    print(json.dumps({case: (said.answer, said.reason) for case, said in found.items()}))  # noqa: T201  # an answer
