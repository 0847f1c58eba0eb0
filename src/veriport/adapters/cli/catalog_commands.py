"""``veriport engines`` and ``veriport rules``: what is installed, and what there is to say."""

from __future__ import annotations

import inspect
from typing import Annotated

import typer

from veriport.domain.errors import ConfigurationError
from veriport.domain.suggestions import nearest


def engines() -> None:
    """List the engines that are installed, ours and plug-ins'."""
    from veriport.wiring.catalog import describe  # noqa: PLC0415  # imported on use

    for kind, where in describe("engines"):
        typer.echo(f"{kind}\t{where}")


def rules(
    rule_type: Annotated[
        str | None, typer.Argument(metavar="[TYPE]", help="Show one type in full.", show_default=False)
    ] = None,
) -> None:
    """List the rule types, or explain one: its meaning, parameters and other spellings."""
    from veriport.domain.rules.vocabulary import CLASSES  # noqa: PLC0415  # imported on use

    if rule_type is not None:
        typer.echo(explain(rule_type))
        return
    width = max(map(len, CLASSES))
    for name, cls in sorted(CLASSES.items()):
        typer.echo(f"{name.ljust(width)}  {(inspect.getdoc(cls) or '').partition(chr(10))[0]}")


def explain(rule_type: str) -> str:
    """A rule type in full: its meaning, its parameters, the options of every rule, other spellings."""
    from attrs import NOTHING, fields  # noqa: PLC0415  # imported on use

    from veriport.domain.rules.base import OPTIONS  # noqa: PLC0415
    from veriport.domain.rules.vocabulary import SPELLINGS  # noqa: PLC0415

    spellings = SPELLINGS.get(rule_type.lower())
    if spellings is None:
        raise ConfigurationError(f"unknown rule type {rule_type!r}{nearest(rule_type, SPELLINGS).hint}")
    cls = spellings[-1].rule
    lines = [cls.type, "", inspect.getdoc(cls) or "", "", "parameters:"]
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
