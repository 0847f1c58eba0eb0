"""The examples in docstrings are true."""

from __future__ import annotations

import contextlib
import doctest
import importlib
from pathlib import Path

import pytest

import veriport

SOURCE = Path(veriport.__file__).parent


def modules_with_examples() -> list[str]:
    shown = (path for path in SOURCE.rglob("*.py") if ">>> " in path.read_text(encoding="utf-8"))
    parts = (path.relative_to(SOURCE.parent).with_suffix("").parts for path in shown)
    return sorted(".".join(part for part in names if part != "__init__") for names in parts)


@pytest.mark.parametrize("name", modules_with_examples())
def test_the_examples_of_a_module_hold(name: str, shown_data: Path) -> None:
    module = importlib.import_module(name)
    with contextlib.chdir(shown_data):
        found = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert found.attempted
    assert not found.failed
