"""``veriport stores`` and ``rules``: what is installed, and what there is to say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from veriport.adapters.cli.check_command import Form
from veriport.adapters.cli.output import Format, columns_of, print_document
from veriport.adapters.cli.projects import open_project
from veriport.domain.errors import ConfigurationError
from veriport.domain.suggestions import nearest
from veriport.ports.errors import PortError
from veriport.wiring import DEFAULT_FILE

if TYPE_CHECKING:
    from veriport.domain.rules.describing import Parameter


def stores(
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", metavar="FILE", help=f"The configuration file.  [default: {DEFAULT_FILE}]"
        ),
    ] = None,
    form: Form = Format.TABLE,
) -> None:
    """List the stores, and whether yours answers.

    Each is listed with the package that it comes from and what has to be installed. Exit code 3 when the
    configured store does not answer.
    """
    from veriport.wiring.catalog import describe, lacking  # noqa: PLC0415  # imported on use

    entries = [
        {"kind": kind, "package": package, "lacking": lacking("stores", kind)}
        for kind, package in describe("stores")
    ]
    file = config or Path(DEFAULT_FILE)
    configured = _configured(file) if config is not None or file.exists() else None
    if form is Format.JSON:
        print_document("stores", stores=entries, configured=configured)
    else:
        rows = [(each["kind"], each["package"], each["lacking"] or "installed") for each in entries]
        typer.echo(columns_of(rows))
        if configured is not None:
            answer = configured["trouble"] or f"it answers in {configured['milliseconds']} ms"
            typer.echo(f"\n{file}: {configured['store']}: {answer}")
    if configured is not None and configured["trouble"]:
        raise typer.Exit(_TROUBLE)


_TROUBLE = 3


def _configured(file: Path) -> dict[str, object]:
    """Which store a configuration names, and what it answers."""
    from veriport.wiring.stores import label_of  # noqa: PLC0415  # imported on use

    app = open_project(file)
    known: dict[str, object] = {"store": label_of(app.settings().store), "milliseconds": None, "trouble": ""}
    began = app.clock().monotonic()
    try:
        app.store().get("veriport stores")
    except PortError as trouble:
        return {**known, "trouble": str(trouble)}
    return {**known, "milliseconds": round(1000 * (app.clock().monotonic() - began), 1)}


def rules(
    rule_type: Annotated[
        str | None, typer.Argument(metavar="[TYPE]", help="Show one type in full.", show_default=False)
    ] = None,
) -> None:
    """List the rule types, or explain one.

    One type is shown with its meaning, its parameters, the options of every rule and other spellings.
    """
    from veriport.domain.rules.describing import describe  # noqa: PLC0415  # imported on use
    from veriport.domain.rules.vocabulary import CLASSES  # noqa: PLC0415

    if rule_type is not None:
        typer.echo("\n".join(explain(rule_type)))
        return
    width = max(map(len, CLASSES))
    for name, cls in sorted(CLASSES.items()):
        typer.echo(f"{name.ljust(width)}  {_plain(describe(cls).meaning.partition(chr(10))[0])}")


def explain(rule_type: str) -> Iterator[str]:
    """A rule type in full, line by line."""
    from veriport.domain.rules.describing import describe, options, readings  # noqa: PLC0415  # imported on use
    from veriport.domain.rules.vocabulary import SPELLINGS  # noqa: PLC0415

    word = rule_type.lower()
    if word not in SPELLINGS:
        hint = nearest(word, SPELLINGS).hint or "; 'veriport rules' lists them"
        raise ConfigurationError(f"unknown rule type {rule_type!r}{hint}")
    description = describe(SPELLINGS[word][-1].rule)
    yield from (description.type, "", _plain(description.meaning), "", _plain(description.nulls), "")
    yield from (*readings(word), "") if word != description.type else ()
    yield from ("example:", f"  {json.dumps(dict(description.example), ensure_ascii=False)}", "")
    yield from ("parameters:", *_lines(description.parameters), "")
    yield from ("options of every rule:", *_lines(options()))
    if description.spellings:
        yield from ("", f"other spellings: {', '.join(description.spellings)}")


def _lines(parameters: Iterable[Parameter]) -> Iterator[str]:
    for each in parameters:
        also = f" (also {', '.join(each.aliases)})" if each.aliases else ""
        yield f"  {each.name}: {'required: ' if each.required else ''}{each.meaning}{also}"


def _plain(text: str) -> str:
    return text.replace("`", "'")
