"""Pages and pictures that are made from the code: ``python -m tests.generated`` writes them, a test compares them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

from veriport.domain.delivery import STEPS, State
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


def message_states() -> str:
    """The picture of what may happen to a message: an SVG whose colours follow the reader's."""
    arrows: dict[tuple[State, State], list[str]] = {}
    for (before, event), after in STEPS.items():
        arrows.setdefault((before, after), []).append(event.value)
    return (
        "\n".join(
            [_HEAD, *chain.from_iterable(_arrow(*each) for each in arrows.items()), *_boxes(), "</svg>"]
        )
        + "\n"
    )


_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 330" role="img" font-family="sans-serif" font-size="14">
<title>What may happen to a message</title>
<style>
.box { fill: none; stroke: #4051b5; stroke-width: 2 } .line { fill: none; stroke: #888; stroke-width: 1.5 }
text { fill: #666; text-anchor: middle } .state { fill: #4051b5; font-weight: bold }
</style>
<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">
<path d="M0 0L10 5L0 10z" fill="#888"/></marker></defs>"""

#: The middle of each state's box.
_PLACES = {State.WAITING: (90, 150), State.SENDING: (380, 150), State.DELIVERED: (670, 60),
           State.DEAD: (670, 270)}  # fmt: skip

#: Each arrow: its path, and where its first word stands.
_PATHS = {
    (State.WAITING, State.SENDING): ("M150 140L320 140", (235, 130)),
    (State.SENDING, State.WAITING): ("M320 162L150 162", (235, 182)),
    (State.SENDING, State.SENDING): ("M355 128C345 70 415 70 405 128", (380, 74)),
    (State.SENDING, State.DELIVERED): ("M440 140C540 120 540 75 608 64", (520, 84)),
    (State.SENDING, State.DEAD): ("M440 160C520 175 540 250 608 262", (612, 165)),
    (State.WAITING, State.DEAD): ("M110 172C160 262 420 268 608 270", (340, 234)),
    (State.DEAD, State.WAITING): ("M610 284C380 310 120 320 80 172", (190, 292)),
}


def _boxes() -> Iterator[str]:
    for state, (x, y) in _PLACES.items():
        yield f'<rect class="box" x="{x - 60}" y="{y - 22}" width="120" height="44" rx="8"/>'
        yield f'<text class="state" x="{x}" y="{y + 5}">{state.value}</text>'


def _arrow(ends: tuple[State, State], words: list[str]) -> Iterator[str]:
    path, (x, y) = _PATHS[ends]
    yield f'<path class="line" marker-end="url(#tip)" d="{path}"/>'
    for number, start in enumerate(range(0, len(words), 3)):
        yield f'<text x="{x}" y="{y + 16 * number}">{", ".join(words[start : start + 3])}</text>'


#: Each page and picture by its path, and what makes it.
PAGES = {
    ROOT / "docs" / "rule-types.md": rule_types,
    ROOT / "docs" / "message-states.svg": message_states,
}

if __name__ == "__main__":
    for path, make in PAGES.items():
        path.write_text(make(), encoding="utf-8")
