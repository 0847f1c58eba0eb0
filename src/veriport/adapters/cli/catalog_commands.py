"""``veriport engines`` and ``veriport rules``: what is installed, and what there is to say."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from veriport.domain.errors import ConfigurationError
from veriport.domain.suggestions import nearest

if TYPE_CHECKING:
    from veriport.domain.rules.base import Rule
    from veriport.domain.rules.vocabulary import Spelling


def engines() -> None:
    """List the installed engines, and the package of each."""
    from veriport.wiring.catalog import describe  # noqa: PLC0415  # imported on use

    listed = describe("engines")
    width = max(len(kind) for kind, _ in listed)
    for kind, package in listed:
        typer.echo(f"{kind.ljust(width)}  {package}")


def rules(
    rule_type: Annotated[
        str | None, typer.Argument(metavar="[TYPE]", help="Show one type in full.", show_default=False)
    ] = None,
) -> None:
    """List the rule types, or explain one.

    One type is shown with its meaning, its parameters, the options of every rule and other spellings.
    """
    from veriport.domain.rules.vocabulary import CLASSES  # noqa: PLC0415  # imported on use

    if rule_type is not None:
        typer.echo(explain(rule_type))
        return
    width = max(map(len, CLASSES))
    for name, cls in sorted(CLASSES.items()):
        typer.echo(f"{name.ljust(width)}  {_meaning(cls).partition(chr(10))[0]}")


def explain(rule_type: str) -> str:
    """A rule type in full: its meaning, its parameters, the options of every rule, other spellings."""
    from attrs import NOTHING, fields  # noqa: PLC0415  # imported on use

    from veriport.domain.rules.base import OPTIONS  # noqa: PLC0415
    from veriport.domain.rules.vocabulary import SPELLINGS  # noqa: PLC0415

    spellings = SPELLINGS.get(rule_type.lower())
    if spellings is None:
        hint = nearest(rule_type, SPELLINGS).hint or "; 'veriport rules' lists them"
        raise ConfigurationError(f"unknown rule type {rule_type!r}{hint}")
    cls = spellings[-1].rule
    lines = [cls.type, "", _meaning(cls), "", *_readings(rule_type.lower(), spellings), "parameters:"]
    for attribute in sorted(fields(cls), key=lambda a: a.name in OPTIONS):
        if attribute.name == OPTIONS[0]:
            lines += ["", "options of every rule:"]
        aliases = attribute.metadata.get("aliases", ())
        also = f" (also {', '.join(aliases)})" if aliases else ""
        need = "required: " if attribute.default is NOTHING else ""
        lines.append(f"  {attribute.name}: {need}{attribute.metadata.get('doc', '')}{also}")
    others = [
        name
        for name, choices in SPELLINGS.items()
        if any(s.rule is cls for s in choices) and name != cls.type
    ]
    if others:
        lines += ["", f"other spellings: {', '.join(sorted(others))}"]
    return "\n".join(lines)


def _meaning(rule: type[Rule]) -> str:
    return (inspect.getdoc(rule) or "").replace("``", "'")


def _readings(word: str, spellings: Iterable[Spelling]) -> list[str]:
    """How a word that is no type of its own is read, a line a way."""
    lines = [_reading(word, spelling) for spelling in spellings if spelling.rule.type != word]
    return [*lines, ""] if lines else []


def _reading(word: str, spelling: Spelling) -> str:
    given = f", where {spelling.given[0]!r} is given" if spelling.given else ""
    renamed = (f"{other!r} is {name!r}" for other, name in spelling.renamed.items())
    fixed = (f"{name!r} is {value}" for name, value in spelling.fixed.items() if value is not None)
    details = ", ".join([*renamed, *fixed])
    return f"'{word}' is read as '{spelling.rule.type}'{given}{details and f': {details}'}"
