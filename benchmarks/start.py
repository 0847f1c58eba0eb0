"""Import and start-up, each command as a whole process."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.measure import Contestant, alternate, table, whole
from benchmarks.results import Goal, Section, at_most

_PYTHON, _POLARS = "python", "import polars"
_IMPORT, _HELP, _CHECK = "import veriport; veriport.check", "veriport --help", "veriport check, 1,000 rows"


def start(runs: int) -> Section:
    """Measure the commands in turn."""
    veriport = str(Path(sys.executable).parent / "veriport")
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.csv"
        small.write_text("id,age\n" + "".join(f"{n},{n % 90}\n" for n in range(1000)), encoding="utf-8")
        commands = {
            _PYTHON: [sys.executable, "-c", "pass"],
            _POLARS: [sys.executable, "-c", _POLARS],
            _IMPORT: [sys.executable, "-c", _IMPORT],
            _HELP: [veriport, "--help"],
            _CHECK: [veriport, "check", str(small), "--rule", "{column: id, type: unique}"],
        }
        found = alternate([Contestant(name, whole(*command), runs) for name, command in commands.items()])
    return Section("Start", table(found), _goals({name: figure.seconds for name, figure in found.items()}))


def _goals(seconds: dict[str, float]) -> list[Goal]:
    bare = seconds[_PYTHON]
    share = (seconds[_IMPORT] - bare) / (seconds[_POLARS] - bare)
    return [
        at_most("import of veriport with veriport.check, over import of polars", share, 0.35),
        at_most("veriport --help, beyond the start of Python", (seconds[_HELP] - bare) * 1000, 250, " ms"),
        at_most(
            "veriport check, beyond the import of polars",
            (seconds[_CHECK] - seconds[_POLARS]) * 1000,
            350,
            " ms",
        ),
    ]
