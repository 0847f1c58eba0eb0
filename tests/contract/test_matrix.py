"""The page of what each engine answers is what they answer, and none differs."""

from __future__ import annotations

import pytest

from tests.libraries.environments import NAMES
from tests.libraries.verdicts import verdicts
from tests.matrix import HEADS, PAGE, Asked, page
from veriport.adapters.engines.ibis import IbisEngine
from veriport.adapters.engines.polars import PolarsEngine
from veriport.testing.cases import cases
from veriport.testing.matrix import Answer, Frames

DATABASES = ("duckdb", "postgresql", "sqlite", "spark")


@pytest.mark.server
@pytest.mark.library
def test_the_page_is_what_the_engines_answer(
    asked: Asked, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> None:
    frames = Frames(tmp_path_factory.mktemp("frames"))
    columns = {
        "polars": asked.column("polars", PolarsEngine(), frames),
        **{
            name: asked.column(name, IbisEngine(), request.getfixturevalue(f"{name}_tables"))
            for name in DATABASES
        },
        **{name: verdicts(name) for name in NAMES},
    }
    differences = {
        f"{name}, {case}": said.reason
        for name, each in columns.items()
        for case, said in each.items()
        if said.answer is Answer.DIFFERS
    }
    assert not differences
    made = page({name: columns[name] for name in HEADS})
    assert PAGE.read_text(encoding="utf-8") == made, "run: python -m tests.matrix"


def test_the_first_page_counts_right() -> None:
    readme = PAGE.parents[1] / "README.md"
    assert f"[{len(list(cases()))} cases on eight engines](docs/engines.md)" in readme.read_text(
        encoding="utf-8"
    )
    assert len(HEADS) == 8
