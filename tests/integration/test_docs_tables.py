"""The tables of the documentation name what the code has, all of it and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from attrs import fields

from veriport.adapters.cli.main import app
from veriport.domain.checkpoints import ACTIONS, Action, Callback, NotifyOn
from veriport.domain.datasets import FORMATS, Address
from veriport.domain.results import Status
from veriport.wiring import catalog, settings
from veriport.wiring.container import Container
from veriport.wiring.delivery import DeliverySettings

DOCS = Path(__file__).parents[2] / "docs"


def rows(page: str, heading: str, *, table: int = 0) -> list[list[str]]:
    """The cells of a table below a heading of a page, without its head."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"{page} has no heading {heading!r}"
    tables = re.findall(r"(?:^\|.*\n)+", found[1], re.MULTILINE)
    lines = tables[table].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def named(page: str, heading: str, *, table: int = 0) -> list[str]:
    """What stands between backticks in the first column, the first word of each."""
    return [
        word for row in rows(page, heading, table=table) for word in re.findall(r"`([^\s`]+)[^`]*`", row[0])
    ]


def names(cls: type[object]) -> list[str]:
    return [attribute.name for attribute in fields(cls)]  # type: ignore[arg-type]  # it has attributes


def test_the_keys_of_a_configuration() -> None:
    assert sorted(named("configuration.md", "Top level")) == sorted(settings._TOP_KEYS)


def test_the_keys_of_delivery() -> None:
    assert sorted(named("configuration.md", "Delivery")) == sorted(names(DeliverySettings))


def test_the_kinds_of_stores() -> None:
    told = [row[0].strip("`") for row in rows("stores.md", "Choose a store")]
    assert sorted(told) == sorted(catalog.CATALOG["stores"])


def test_the_keys_of_a_checkpoint() -> None:
    assert sorted(named("configuration.md", "A checkpoint")) == sorted(settings._CHECKPOINT_KEYS)


@pytest.mark.parametrize("page", ["configuration.md", "checkpoints.md"])
def test_the_keys_of_every_action(page: str) -> None:
    assert sorted(named(page, "Actions")) == sorted(names(Action))


@pytest.mark.parametrize("kind", sorted(kind for kind, cls in ACTIONS.items() if cls is not Callback))
def test_the_keys_of_each_action(kind: str) -> None:
    own = set(names(ACTIONS[kind])) - set(names(Action))
    assert set(named("configuration.md", kind)) == own


def test_after_which_runs_an_action_is_carried_out() -> None:
    table = {row[0].strip("`"): row[1:] for row in rows("checkpoints.md", "Actions", table=1)}
    columns = [Status.SUCCESS, Status.WARNING, Status.FAILURE, Status.INCOMPLETE, Status.ERROR]
    assert set(table) == {word.value for word in NotifyOn}
    for word, cells in table.items():
        action = Action(notify_on=NotifyOn(word))
        wanted = ["yes" if action.wanted(status) else "" for status in columns]
        assert (word, cells[: len(columns)]) == (word, wanted)


def test_the_keys_of_a_data_set() -> None:
    assert sorted(named("data.md", "How to read it")) == sorted(names(Address))


def test_the_endings_of_names() -> None:
    told = {
        ending.removeprefix("."): re.findall(r"`(\w+)`", row[1])[0]
        for row in rows("data.md", "Addresses", table=1)
        for ending in re.findall(r"`(\.\w+)`", row[0])
    }
    assert {ending: kind for ending, kind in told.items() if ending not in {"gz", "zst"}} == dict(FORMATS)


def test_the_exit_codes() -> None:
    told = {row[0].strip("`"): int(row[2]) for row in rows("first-check.md", "How bad is it?", table=1)}
    assert told == {status.value: status.exit_code for status in Status}


def commands() -> Iterator[tuple[str, set[str]]]:
    """Every command with its arguments and the long forms of its options."""
    top = typer.main.get_command(app)
    waiting = [("veriport", top)]
    while waiting:
        path, command = waiting.pop()
        inner = getattr(command, "commands", {})
        waiting += [(f"{path} {name}", each) for name, each in inner.items()]
        if not inner:
            yield path, {_written(parameter) for parameter in command.params}


def _written(parameter: Any) -> str:  # noqa: ANN401  # typer keeps the classes of parameters to itself
    """``--rules`` of an option, ``DATA`` of an argument."""
    longest: str = max(parameter.opts, key=len)
    return longest if longest.startswith("--") else str(parameter.metavar).strip("[]{}")


@pytest.mark.parametrize("command", sorted(dict(commands())))
def test_the_options_of_each_command(command: str) -> None:
    has = dict(commands())[command]
    told = named("command-line.md", command) if has else []
    assert set(told) == has


def test_every_command_is_listed() -> None:
    page = (DOCS / "command-line.md").read_text(encoding="utf-8")
    listed = re.findall(r"^(veriport [a-z ]+?)(?: [A-Z]+)?  ", page, re.MULTILINE)
    assert sorted(listed) == sorted(command for command, _ in commands())


def test_the_providers_of_the_container() -> None:
    inside = {"settings", "engine_for", "check_data", "run_checkpoint"}
    assert set(named("swap-an-adapter.md", "From a program")) == set(Container.providers) - inside
