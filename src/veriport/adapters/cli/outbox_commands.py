"""``veriport outbox``: what was not delivered, and to send or drop it after all."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from veriport.adapters.cli.check_command import Form
from veriport.adapters.cli.output import Format, columns_of, print_document, say
from veriport.adapters.cli.projects import Config, open_outbox
from veriport.domain.errors import ConfigurationError
from veriport.domain.suggestions import nearest
from veriport.domain.visible import visible
from veriport.wiring import DEFAULT_FILE

if TYPE_CHECKING:
    from returns.result import Result

    from veriport.application.desk import LaneView, Letter, OutboxDesk

app = typer.Typer(
    help="List, retry and drop messages that were not delivered.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Ids = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID...", help="Ids, or what they alone begin with.", show_default=False),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.command("list")
def list_(
    config: Config = Path(DEFAULT_FILE),
    dead: Annotated[bool, typer.Option("--dead", help="Only what was given up.")] = False,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only what is still to be sent.")] = False,
    lane: Annotated[
        str | None,
        typer.Option("--lane", metavar="NAME", help="Only of this lane; 'veriport outbox lanes' lists them."),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, metavar="N", help="So many, the oldest first.")
    ] = 50,
    form: Form = Format.TABLE,
) -> None:
    """List messages that were not delivered, the oldest first."""
    from veriport.application.desk import oldest_first  # noqa: PLC0415  # imported on use

    if dead and waiting:
        raise ConfigurationError("--dead and --waiting exclude each other; without either, both are listed")
    desk = _desk(config)
    if lane is not None:
        _require("lane", lane, [each.name for each in desk.lanes()])
    wanted = oldest_first(
        letter
        for letter in (desk.dead() if dead else desk.letters())
        if (lane is None or letter.lane == lane) and not (waiting and letter.dead)
    )
    shown, now = wanted[:limit], desk.store.now()
    if form is Format.JSON:
        print_document("messages", total=len(wanted), messages=[_letter(desk, letter) for letter in shown])
        return
    if not wanted:
        typer.echo("nothing: every message was delivered" if not (dead or waiting or lane) else "nothing")
        return
    heads = ("ID", "STATUS", "RECEIVER", "AGE", "TRIES", "NEXT", "REASON")
    typer.echo(_table(heads, (_row(desk, letter, now) for letter in shown)))
    if more := len(wanted) - len(shown):
        say(f"{more} more; --limit shows more of them")


@app.command("lanes")
def lanes(config: Config = Path(DEFAULT_FILE), form: Form = Format.TABLE) -> None:
    """List the lanes: one for each receiver, or several where an action has more."""
    desk = _desk(config)
    listed = desk.lanes()
    if form is Format.JSON:
        print_document("lanes", lanes=[_lane(lane) for lane in listed])
        return
    if not listed:
        typer.echo("no lanes: nothing was ever to be delivered")
        return
    now = desk.store.now()
    heads = ("LANE", "STATE", "MESSAGES", "DEAD", "NEXT", "FAILURES", "NOTE")
    rows = (
        (
            lane.name, lane.state.value, str(lane.messages), str(lane.dead),
            _when(lane.due_at, now), str(lane.failures or "-"), lane.note or "-",
        )
        for lane in listed
    )  # fmt: skip
    typer.echo(_table(heads, rows))


@app.command("show")
def show(
    letter_id: Annotated[
        str, typer.Argument(metavar="ID", help="An id, or what it alone begins with.", show_default=False)
    ],
    config: Config = Path(DEFAULT_FILE),
    form: Form = Format.TABLE,
) -> None:
    """Show all that is known of a message."""
    desk = _desk(config)
    entry = _letter(desk, desk.find(letter_id))
    if form is Format.JSON:
        print_document("message", message=entry)
        return
    known = {key.replace("_", " "): value for key, value in entry.items() if value not in {None, ""}}
    width = max(map(len, known))
    typer.echo("\n".join(f"{key.ljust(width)}  {visible(str(value))}" for key, value in known.items()))


@app.command("retry")
def retry(
    ids: Ids = None,
    config: Config = Path(DEFAULT_FILE),
    every: Annotated[bool, typer.Option("--all", help="All that were given up.")] = False,
    receiver: Annotated[
        str | None,
        typer.Option("--receiver", metavar="NAME", help="All to this receiver that were given up."),
    ] = None,
    form: Form = Format.TABLE,
) -> None:
    """Send messages after all: those that were given up with as much time as new ones, waiting ones now.

    'veriport worker' or the next run sends them. Exit code 3 when one of them is not there any more.
    """
    desk = _desk(config)
    if bool(ids) + every + (receiver is not None) != 1:
        raise ConfigurationError("name ids, or --all, or --receiver NAME")
    if ids:
        chosen = _found(desk, ids)
    else:
        dead = [letter for letter in desk.dead() if letter.delivery is not None]
        if receiver is not None:
            known = {letter.delivery.receiver for letter in dead if letter.delivery is not None}
            _require("receiver", receiver, sorted({*known, *(lane.receiver for lane in desk.lanes())}))
        chosen = [
            letter for letter in dead if letter.delivery and receiver in {None, letter.delivery.receiver}
        ]
    _decide(chosen, desk.retry, "will be sent again", form)


@app.command("drop")
def drop(
    ids: Ids = None, config: Config = Path(DEFAULT_FILE), yes: Yes = False, form: Form = Format.TABLE
) -> None:
    """Forget messages for good.

    Asks first on a terminal; elsewhere --yes is needed. Exit code 3 when one of them is not there any more.
    """
    desk = _desk(config)
    if not ids:
        raise ConfigurationError("name the ids of what is to be dropped; 'veriport outbox list' lists them")
    chosen = _found(desk, ids)
    if not yes:
        _confirm(chosen)
    _decide(chosen, lambda letter: _drop(desk, letter), "dropped", form)


def _drop(desk: OutboxDesk, letter: Letter) -> Result[object, str]:
    return desk.drop_kept(letter) if letter.delivery is None else desk.drop(letter)


def _confirm(letters: Iterable[Letter]) -> None:
    if not sys.stdin.isatty():
        raise ConfigurationError("dropping cannot be undone: confirm it with --yes")
    for letter in letters:
        typer.echo(f"{letter.id}  {letter.status}  {_receiver(letter)}", err=True)
    if not typer.confirm("drop for good?", err=True):
        raise typer.Exit(0)


def _decide(
    letters: Iterable[Letter], act: Callable[[Letter], Result[object, str]], done: str, form: Format
) -> None:
    """Carry out a decision on each message, and say what came of it."""
    from returns.pipeline import is_successful  # noqa: PLC0415  # imported on use

    results = [(letter, act(letter)) for letter in letters]
    entries = [
        {
            "id": letter.id,
            "done": is_successful(result),
            "why": "" if is_successful(result) else result.failure(),
        }
        for letter, result in results
    ]
    if form is Format.JSON:
        print_document("decisions", decisions=entries)
    elif not entries:
        typer.echo("nothing to do")
    else:
        typer.echo("\n".join(f"{entry['id']}: {entry['why'] or done}" for entry in entries))
    if not all(entry["done"] for entry in entries):
        raise typer.Exit(_UNDONE)


_UNDONE = 3


def _desk(config: Path) -> OutboxDesk:
    desk: OutboxDesk = open_outbox(config).outbox_desk()
    return desk


def _found(desk: OutboxDesk, ids: Iterable[str]) -> list[Letter]:
    """Each message once, however often it is named."""
    return list({letter.record.key: letter for letter in map(desk.find, ids)}.values())


def _require(what: str, name: str, known: Iterable[str]) -> None:
    listed = tuple(known)
    if name not in listed:
        there = ", ".join(listed) or "none"
        raise ConfigurationError(
            f"there is no {what} {name!r}; there are: {there}{nearest(name, listed).hint}"
        )


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return columns_of([heads, *(tuple(map(visible, row)) for row in rows)])


def _row(desk: OutboxDesk, letter: Letter, now: datetime) -> tuple[str, ...]:
    delivery = letter.delivery
    due, reason = desk.waits(letter)
    if delivery is None:
        return (letter.id, letter.status, "?", "?", "?", "-", reason)
    unsure = f" ({delivery.ambiguous} unsure)" if delivery.ambiguous else ""
    return (
        letter.id,
        letter.status,
        delivery.receiver,
        _span((now - delivery.queued_at).total_seconds()),
        f"{delivery.attempts}{unsure}",
        "-" if letter.trouble else _when(due, now),
        reason or "-",
    )


def _receiver(letter: Letter) -> str:
    return letter.delivery.receiver if letter.delivery else "?"


def _when(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return "-"
    left = (moment - now).total_seconds()
    return "now" if left <= 0 else f"in {_span(left)}"


_UNITS: Mapping[str, float] = {"d": 86_400, "h": 3600, "min": 60}


def _span(seconds: float) -> str:
    """A time in its largest unit: ``3 h``."""
    for unit, size in _UNITS.items():
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"


def _letter(desk: OutboxDesk, letter: Letter) -> dict[str, object]:
    """A message as plain data."""
    due, reason = desk.waits(letter)
    return {
        "id": letter.id,
        "status": letter.status,
        "lane": letter.lane,
        "next_at": None if letter.trouble else _iso(due),
        **dict(_delivery(letter)),
        "reason": reason,
    }


def _delivery(letter: Letter) -> Iterator[tuple[str, object]]:
    delivery = letter.delivery
    if delivery is None:
        return
    yield from (
        ("receiver", delivery.receiver),
        ("checkpoint", delivery.checkpoint),
        ("run_id", delivery.run_id),
        ("run_status", delivery.status.value),
        ("attempts", delivery.attempts),
        ("ambiguous", delivery.ambiguous),
        ("queued_at", _iso(delivery.queued_at)),
        ("deadline", _iso(delivery.deadline)),
    )


def _lane(lane: LaneView) -> dict[str, object]:
    return {
        "lane": lane.name,
        "receiver": lane.receiver,
        "state": lane.state.value,
        "messages": lane.messages,
        "dead": lane.dead,
        "next_at": _iso(lane.due_at),
        "failures": lane.failures,
        "note": lane.note,
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
