"""YAML and JSON files as plain data that remembers where everything stood.

YAML is read as version 1.2, so that ``NO`` and ``on`` are texts. A key that is written twice, an
undefined ``${VARIABLE}`` and a file that does not parse are errors with file, line and column.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, frozen

from veriport.domain.errors import ConfigurationError, shown

if TYPE_CHECKING:
    from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

Step = int | str
_MOST_NODES = 1_000_000
_MOST_BYTES = 32 * 1024 * 1024
_VARIABLE = re.compile(r"\$\$(?=\{)|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")
_UNCLEAR = re.compile(r"\$\{[^}]*\}?")


@frozen
class Problem:
    """Something wrong in a file: what, and the way to it from the top of the document."""

    message: str
    path: tuple[Step, ...] = ()


@frozen
class Document:
    """A file as plain data; ``places`` has line and column (from 1) of every key and item."""

    file: str
    value: object
    places: Mapping[tuple[Step, ...], tuple[int, int]] = field(factory=dict, repr=False)

    def at(self, key: str) -> Document:
        """What stands under a key of the top mapping, as a document of its own."""
        assert isinstance(self.value, dict)  # noqa: S101  # the caller looked
        places = {path[1:]: place for path, place in self.places.items() if path[:1] == (key,)}
        return Document(self.file, self.value[key], places)

    def error(self, problems: Iterable[Problem]) -> ConfigurationError:
        """One exception for all of them, a line each: ``FILE:LINE:COL: what``."""
        return ConfigurationError("\n".join(self._line(problem) for problem in problems))

    def _line(self, problem: Problem) -> str:
        path = problem.path
        while path and path not in self.places:
            path = path[:-1]
        line, column = self.places.get(path, (1, 1))
        return f"{self.file}:{line}:{column}: {problem.message}"


def load_document(path: str | Path, environment: Mapping[str, str] | None = None) -> Document:
    """Read a file. Raises ``ConfigurationError`` that says where it is wrong.

    ``environment`` fills ``${VARIABLE}``; by default that of the process.
    """
    file = Path(path)
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ConfigurationError(f"{file}: larger than {_MOST_BYTES // 1024 // 1024} MiB")
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationError(f"{file}: there is no such file") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file}: it is not UTF-8 text") from None
    except OSError as trouble:
        raise ConfigurationError(f"{file}: {trouble.strerror}") from trouble
    return parse_document(text, str(file), environment)


def parse_document(text: str, file: str, environment: Mapping[str, str] | None = None) -> Document:
    """Read a text as ``load_document`` reads a file."""
    from ruamel.yaml import YAML  # noqa: PLC0415  # imported on use
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415

    yaml = YAML(typ="safe", pure=True)
    try:
        node = yaml.compose(text)
    except MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        where = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        what = " ".join(filter(None, (wrong.problem, wrong.context)))
        if mark and any("${" in line for line in text.splitlines()[mark.line : mark.line + 1]):
            what += '; a ${VARIABLE} inside [...] or {...} needs quotes: "${VARIABLE}"'
        raise ConfigurationError(f"{file}:{where}: it is not valid YAML: {what}") from None
    except (YAMLError, ValueError, RecursionError) as wrong:
        raise ConfigurationError(f"{file}: it is not valid YAML: {_brief(wrong)}") from None
    if node is None:
        return Document(file, None)
    reader = _Reader(file, os.environ if environment is None else environment, yaml)
    try:
        value = reader.read(node, ())
    except RecursionError:
        raise ConfigurationError(f"{file}: it is nested too deeply") from None
    document = Document(file, value, reader.places)
    if reader.problems:
        raise document.error(reader.problems)
    return document


def _brief(error: BaseException) -> str:
    return str(error).partition("\n")[0] or type(error).__name__


class _Reader:
    """Turns nodes into plain data; collects places and problems on the way."""

    def __init__(self, file: str, environment: Mapping[str, str], yaml: object) -> None:
        self._file = file
        self._environment = environment
        self._yaml = yaml
        self._seen = 0
        self.places: dict[tuple[Step, ...], tuple[int, int]] = {}
        self.problems: list[Problem] = []

    def read(self, node: Node, path: tuple[Step, ...]) -> object:
        self._seen += 1
        if self._seen > _MOST_NODES:
            raise ConfigurationError(
                f"{self._file}: it holds more than {_MOST_NODES:,} values, aliases counted"
            )
        self.places.setdefault(path, (node.start_mark.line + 1, node.start_mark.column + 1))
        from ruamel.yaml.nodes import MappingNode, SequenceNode  # noqa: PLC0415  # imported on use

        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return self._sequence(node, path)
        return self._scalar(node, path)

    def _mapping(self, node: MappingNode, path: tuple[Step, ...]) -> dict[object, object]:
        mapping: dict[object, object] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            here = (*path, key if isinstance(key, str) else str(key))
            mark = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if key in mapping:
                first = self.places[here][0]
                self.places[here] = mark
                self.problems.append(
                    Problem(f"the key {key!r} is written twice, first in line {first}", here)
                )
                continue
            self.places[here] = mark
            mapping[key] = self.read(value_node, here)
        return mapping

    def _key(self, node: Node) -> object:
        if not isinstance(node.value, str):
            mark = node.start_mark
            raise ConfigurationError(f"{self._file}:{mark.line + 1}:{mark.column + 1}: a key must be a text")
        return self._resolve(node)

    def _sequence(self, node: SequenceNode, path: tuple[Step, ...]) -> list[object]:
        return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]

    def _scalar(self, node: Node, path: tuple[Step, ...]) -> object:
        value = self._resolve(node)
        if not isinstance(value, str) or "$" not in value:
            return value
        filled = self._fill(value, path)
        return number_in(filled) if getattr(node, "style", None) is None and filled != value else filled

    def _resolve(self, node: Node) -> object:
        try:
            return self._yaml.constructor.construct_object(node, deep=True)  # type: ignore[attr-defined]  # ruamel is untyped here
        except Exception as wrong:  # noqa: BLE001  # ruamel raises many kinds for an impossible scalar
            mark = node.start_mark
            where = f"{self._file}:{mark.line + 1}:{mark.column + 1}"
            problem = getattr(wrong, "problem", None) or _brief(wrong)
            raise ConfigurationError(f"{where}: {shown(node.value)} cannot be read: {problem}") from None

    def _fill(self, text: str, path: tuple[Step, ...]) -> str:
        def replace(found: re.Match[str]) -> str:
            name = found["name"]
            if name is None:
                return "$"
            value = self._environment.get(name) or found["default"]
            if value is None:
                hint = f"set it, or write ${{{name}:-a default}}"
                self.problems.append(Problem(f"the environment variable {name} is not defined: {hint}", path))
                return ""
            return value

        for unclear in _UNCLEAR.finditer(_VARIABLE.sub("", text)):
            self.problems.append(
                Problem(f"{unclear.group()!r} is not of the form ${{NAME}} or ${{NAME:-default}}", path)
            )
        return _VARIABLE.sub(replace, text)


def number_in(text: str) -> object:
    """The number that a text is, where it is one: an unquoted ``${VARIABLE}``, or a variable's own value."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
