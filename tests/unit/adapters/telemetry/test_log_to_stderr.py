"""Where nobody set up logging, lines go to standard error; where somebody did, they go there."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

EVENT = """
from veriport.adapters.telemetry.log import LogTelemetry
LogTelemetry().event('run.finished')
LogTelemetry()
"""
LINE = "level=info event=run.finished\n"


@pytest.mark.parametrize(
    ("before", "out", "err"),
    [
        ("", "", LINE),
        ("import logging, sys; logging.basicConfig(stream=sys.stdout, level='INFO')", LINE, ""),
        ("import logging; logging.basicConfig(level='ERROR')", "", ""),
    ],
)
def test_lines_go(before: str, out: str, err: str) -> None:
    done = subprocess.run(  # our own program
        [sys.executable, "-c", f"{before}\n{EVENT}"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (done.stdout.endswith(out), done.stderr.endswith(err)) == (True, True)
    assert (bool(done.stdout), bool(done.stderr)) == (bool(out), bool(err))
