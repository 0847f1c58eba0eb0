"""What the README and the documentation show is what happens. CONTRIBUTING.md says how it works."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.snippets import Block, Runner, SnippetError, at_home_in, blocks_of, matches

ROOT = Path(__file__).parents[2]
PAGES = [page for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))] if page.exists()]
MOST_OPT_OUTS = 3


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_does_what_it_shows(page: Path, shown_data: Path) -> None:
    runner = Runner(folder=shown_data)
    with at_home_in(shown_data):
        for block in blocks_of(page):
            runner.run(block)


def test_hardly_any_block_is_left_out() -> None:
    left_out = [
        f"{block.place}: {block.not_run}" for page in PAGES for block in blocks_of(page) if block.not_run
    ]
    assert len(left_out) <= MOST_OPT_OUTS, left_out


def block(language: str, code: str) -> Block:
    return Block(page=Path("page.md"), line=3, language=language, code=code)


def test_blocks_are_found_with_their_place_and_reason(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "a\n\n<!-- not run: needs a network -->\n```bash\nveriport\n```\n\n  ```python\n  x = 1\n  ```\n"
    )
    first, second = blocks_of(page)
    assert (first.line, first.language, first.not_run) == (5, "bash", "needs a network")
    assert (second.line, second.code, second.not_run) == (9, "x = 1\n", "")


def test_a_block_that_is_not_closed_is_an_error(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```python\nx = 1\n")
    with pytest.raises(SnippetError, match="not closed"):
        list(blocks_of(page))


def test_python_blocks_share_a_namespace_and_see_the_files_of_the_page(tmp_path: Path) -> None:
    runner = Runner(folder=tmp_path)
    with at_home_in(tmp_path):
        runner.run(block("python", "# file: helper_of_page.py\nanswer = 42\n"))
        runner.run(block("python", "from helper_of_page import answer\n"))
        runner.run(block("python", "assert answer == 42\n"))
        with pytest.raises(AssertionError):
            runner.run(block("python", "assert answer == 43\n"))


def test_pycon_blocks_are_compared(tmp_path: Path) -> None:
    runner = Runner(folder=tmp_path)
    runner.run(block("python", "x = 1\n"))
    runner.run(block("pycon", ">>> x + 1\n2\n>>> y = x + 2\n"))
    runner.run(block("python", "assert y == 3\n"))
    with pytest.raises(SnippetError, match=r"page\.md:3"):
        runner.run(block("pycon", ">>> x + 1\n3\n"))


def test_a_file_cannot_be_written_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(SnippetError, match="outside"):
        Runner(folder=tmp_path).run(block("yaml", "# file: ../x.yaml\na: 1\n"))


def test_the_output_of_a_command_is_compared(tmp_path: Path) -> None:
    runner = Runner(folder=tmp_path)
    runner.run(block("console", "$ veriport() { echo hi; }; veriport\nhi\n"))
    with pytest.raises(SnippetError, match="and not"):
        runner.run(block("console", "$ true\n$ pytest --version\nnot that\n"))


def test_a_command_that_fails_is_an_error_unless_the_page_asks_for_its_code(tmp_path: Path) -> None:
    runner = Runner(folder=tmp_path)
    runner.run(block("console", "$ pytest --no-such-option > out.txt 2>&1\n$ echo $?\n4\n"))
    with pytest.raises(SnippetError, match="exit code 4"):
        runner.run(block("console", "$ pytest --no-such-option\n"))


def test_a_script_says_how_it_exits(tmp_path: Path) -> None:
    runner = Runner(folder=tmp_path)
    runner.run(block("bash", "pytest --no-such-option  # exits with 4\n"))
    with pytest.raises(SnippetError, match="exit code 4"):
        runner.run(block("bash", "pytest --no-such-option\n"))


@pytest.mark.parametrize(
    ("output", "expected", "same"),
    [
        ("a\nb\n", "a\nb", True),
        ("a  \nb\n", "a\nb", True),
        ("a\nb\nc\n", "a\n...\nc", True),
        ("a\nc\n", "a\n...\nc", True),
        ("took 1.5 s\n", "took ... s", True),
        ("a\nb\n", "a", False),
        ("ab\n", "a.", False),
    ],
)
def test_dots_stand_for_any_text(output: str, expected: str, *, same: bool) -> None:
    assert matches(output, expected) is same
