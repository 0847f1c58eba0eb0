"""Pages that are made from the code: ``python -m tests.generated`` writes them, a test compares them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from veriport.domain.rules.describing import Description, Parameter, describe, options
from veriport.domain.rules.vocabulary import CLASSES

ROOT = Path(__file__).parents[1]


def rule_types() -> str:
    """The page of all rule types."""
    return "\n".join(_rule_types()) + "\n"


def _rule_types() -> Iterator[str]:
    yield from (
        "# Rule types",
        "",
        "Made from the classes of the rules; `veriport rules TYPE` prints the same.",
        "",
    )
    yield from ("## Options of every rule", "", *_table(options()), "")
    for cls in CLASSES.values():
        yield from _entry(describe(cls))


def _entry(description: Description) -> Iterator[str]:
    yield from (f"## {description.type}", "", description.meaning, "", description.nulls, "")
    yield from ("```yaml", _flow(description.example), "```", "")
    if description.parameters:
        yield from (*_table(description.parameters), "")
    if description.spellings:
        yield from ("Other spellings: " + ", ".join(f"`{word}`" for word in description.spellings) + ".", "")


def _flow(example: Mapping[str, object]) -> str:
    """A mapping in one line of YAML."""
    return f"- {json.dumps(dict(example), ensure_ascii=False)}"


def _table(parameters: tuple[Parameter, ...]) -> Iterator[str]:
    yield from ("| name | meaning | also |", "| --- | --- | --- |")
    for each in parameters:
        need = "required: " if each.required else ""
        also = ", ".join(f"`{alias}`" for alias in each.aliases)
        yield f"| `{each.name}` | {need}{each.meaning} | {also} |"


#: Each page by its path, and what makes it.
PAGES = {ROOT / "docs" / "rule-types.md": rule_types}

if __name__ == "__main__":
    for path, make in PAGES.items():
        path.write_text(make(), encoding="utf-8")
