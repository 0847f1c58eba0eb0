"""The pages that are made from the code are up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.generated import PAGES


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_generated_page_is_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == PAGES[path](), "run: python -m tests.generated"
