"""An environment of its own for each other library, made by uv from the pins in ``peers/NAME.txt``."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

_HERE = Path(__file__).parent
FOLDER = _HERE / ".envs"


def python_of(name: str) -> Path:
    """The Python in which a library is installed as pinned. Raises ``EnvironmentError`` when it is not."""
    folder, pins = FOLDER / name, _HERE / "peers" / f"{name}.txt"
    python, stamp = folder / "bin" / "python", folder / "installed.txt"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != pins.read_text(encoding="utf-8"):
        print(f"making {folder}", file=sys.stderr)
        _uv("venv", "--clear", "--python", sys.executable, str(folder))
        _uv("pip", "install", "--compile-bytecode", "--python", str(python), "-r", str(pins))
        shutil.copyfile(pins, stamp)
    return python


def version_of(name: str) -> str:
    """The pinned version of a library itself."""
    lines = (_HERE / "peers" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return next(line.split("==")[1] for line in lines if line.startswith(f"{name.replace('_', '-')}=="))


def _uv(*arguments: str) -> None:
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        raise OSError("uv is not installed")
    done = subprocess.run([uv, *arguments], check=False, capture_output=True, text=True)  # noqa: S603  # pinned
    if done.returncode != 0:
        raise OSError(done.stderr.strip()[-500:])
