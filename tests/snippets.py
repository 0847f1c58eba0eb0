"""Reads the fenced blocks of a page of the documentation and runs them, as CONTRIBUTING.md describes."""

from __future__ import annotations

import contextlib
import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

from attrs import field, frozen

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[\w-]*)[^\n]*$")
_FILE = re.compile(r"^(?:#|//|--) file: (?P<name>\S+)$")
_OPT_OUT = re.compile(r"^<!-- not run: (?P<reason>\S.*) -->$")
_CALL = re.compile(r"^(?:\$ )?(?:\w+=\S* )*(?:veriport|(?:python -m )?pytest)(?: |$)", re.MULTILINE)
_EXITS = re.compile(r"# exits with (?P<code>\d+)$")
_ASKS = "echo $?"
_PATIENCE_SECONDS = 120


class SnippetError(AssertionError):
    """A block of a page does not do what the page says."""


@frozen(kw_only=True)
class Block:
    """A fenced block: where its first line of code stands (from 1), and why it is not run, if so."""

    page: Path
    line: int
    language: str
    code: str
    not_run: str = ""

    @property
    def place(self) -> str:
        """File and line, as editors understand them."""
        return f"{self.page}:{self.line}"


def blocks_of(page: Path) -> Iterator[Block]:
    """Every fenced block of a page, in order."""
    lines = page.read_text(encoding="utf-8").splitlines()
    at = 0
    while at < len(lines):
        if (opening := _FENCE.match(lines[at])) is None:
            at += 1
            continue
        indent = opening["indent"]
        end = next((n for n in range(at + 1, len(lines)) if lines[n] == f"{indent}```"), None)
        if end is None:
            raise SnippetError(f"{page}:{at + 1}: the block is not closed")
        yield Block(
            page=page,
            line=at + 2,
            language=opening["language"],
            code="".join(f"{line.removeprefix(indent)}\n" for line in lines[at + 1 : end]),
            not_run=_reason_before(lines, at),
        )
        at = end + 1


def _reason_before(lines: list[str], at: int) -> str:
    found = _OPT_OUT.match(lines[at - 1].strip()) if at else None
    return found["reason"] if found else ""


@frozen(kw_only=True)
class Runner:
    """Runs the blocks of one page in ``folder``; Python blocks share ``namespace``."""

    folder: Path
    namespace: dict[str, object] = field(factory=lambda: {"__name__": "__main__"}, init=False)

    def run(self, block: Block) -> None:
        """Do what the block says; raises ``SnippetError``, or what its Python raised."""
        first = block.code.partition("\n")[0].strip()
        if block.not_run:
            return
        if named := _FILE.match(first):
            self._write(block, named["name"])
        elif block.language == "python":
            exec(_compiled(block), self.namespace)  # noqa: S102  # our own documentation
        elif block.language == "pycon":
            self._doctest(block)
        elif block.language == "console" and _CALL.search(block.code):
            self._console(block)
        elif block.language in {"bash", "sh", "shell"} and _CALL.search(block.code):
            self._script(block)

    def _write(self, block: Block, name: str) -> None:
        target = (self.folder / name).resolve()
        if not target.is_relative_to(self.folder.resolve()):
            raise SnippetError(f"{block.place}: the file {name} lies outside the directory of the page")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(block.code.partition("\n")[2], encoding="utf-8")

    def _doctest(self, block: Block) -> None:
        test = doctest.DocTestParser().get_doctest(
            block.code, self.namespace, block.place, str(block.page), block.line - 1
        )
        told: list[str] = []
        doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=told.append, clear_globs=False)
        self.namespace.update(test.globs)
        if told:
            raise SnippetError(f"{block.place}:\n{''.join(told)}")

    def _script(self, block: Block) -> None:
        wanted = _EXITS.search(block.code.strip())
        output, code = self._bash(f"set -euo pipefail\n{block.code}")
        if code != (int(wanted["code"]) if wanted else 0):
            raise SnippetError(f"{block.place}: exit code {code}\n{output}")

    def _console(self, block: Block) -> None:
        code = 0
        commands = list(_commands(block.code))
        for (command, expected), following in zip(commands, [*commands[1:], ("", "")], strict=True):
            output, code = self._bash(f"(exit {code})\n{command}")
            if code and following[0] != _ASKS:
                raise SnippetError(f"{block.place}: $ {command}\nexit code {code}\n{output}")
            if expected and not matches(output, expected):
                raise SnippetError(f"{block.place}: $ {command}\nprinted\n{output}\nand not\n{expected}")

    def _bash(self, script: str) -> tuple[str, int]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["/bin/bash", "-c", script],
            cwd=self.folder,
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
        return done.stdout, done.returncode


def _compiled(block: Block) -> CodeType:
    """The code with the line numbers of the page, so that a traceback leads there."""
    return compile("\n" * (block.line - 1) + block.code, str(block.page), "exec", dont_inherit=True)


def _commands(code: str) -> Iterator[tuple[str, str]]:
    """Each command of a console block (a line that ends in a backslash goes on) with its output."""
    joined = re.sub(r"\\\n *", "", code)
    for piece in re.split(r"^\$ ", joined, flags=re.MULTILINE)[1:]:
        command, _, output = piece.partition("\n")
        yield command.partition("  # ")[0].strip(), output.rstrip()


def matches(output: str, expected: str) -> bool:
    """Whether an output is the expected one; ``...`` on a line of its own stands for any lines."""
    lines = [line.rstrip() for line in expected.rstrip().splitlines()]
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "..." else _line_pattern(line) + r"[ \t]*\n" for line in lines
    )
    return re.fullmatch(pattern, output.rstrip() + "\n") is not None


def _line_pattern(line: str) -> str:
    return ".*".join(re.escape(piece) for piece in line.split("..."))


@contextlib.contextmanager
def at_home_in(folder: Path) -> Iterator[None]:
    """Work in ``folder``, able to import the modules in it, and leave nothing of them behind."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        with contextlib.chdir(folder):
            yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", "") or "").startswith(str(folder)):
                del sys.modules[name]
