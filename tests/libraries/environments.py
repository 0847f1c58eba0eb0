"""An environment of its own for each library whose engine is tested, made by uv from the pins in ``NAME.txt``.

The libraries want other versions of Polars and pandas than each other. Run as a program it makes them all.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]
FOLDER = _HERE / ".envs"
NAMES = tuple(sorted(path.stem for path in _HERE.glob("*.txt")))


def python_of(name: str) -> Path:
    """The Python in which a library is installed as pinned, and Veriport as it is in this folder."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until another process has made it
        return _made(FOLDER / name, _HERE / f"{name}.txt")


def _made(folder: Path, pins: Path) -> Path:
    python, stamp = folder / "bin" / "python", folder / "installed.txt"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != pins.read_text(encoding="utf-8"):
        _uv("venv", "--clear", "--python", sys.executable, str(folder))
        _uv("pip", "install", "--compile-bytecode", "--python", str(python), "-r", str(pins))
        constraints = str(_ROOT / "constraints.txt")
        _uv(
            "pip", "install", "--no-deps", "--python", str(python), "--build-constraints", constraints,
            "-e", str(_ROOT),
        )  # fmt: skip
        shutil.copyfile(pins, stamp)
    return python


def _uv(*arguments: str) -> None:
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    assert uv is not None, "uv is not installed"
    done = subprocess.run([uv, *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-1000:]


if __name__ == "__main__":
    for each in NAMES:
        python_of(each)
