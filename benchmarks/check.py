"""The 17 rules on the orders: by hand, ours, and other libraries, in turn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from benchmarks import data
from benchmarks.environments import python_of, version_of
from benchmarks.measure import Contestant, Figure, alternate, inside, ratio, table
from benchmarks.results import Goal, Section, at_most
from benchmarks.work import RULES

HAND, OURS = "by hand", "veriport"


@frozen
class Peer:
    """Another library: its module, how it does the work, and whether it keeps the whole table in memory."""

    name: str
    how: str
    frame: bool = False


PEERS = (
    Peer("dataframely", "streaming over a lazy scan, failing rows kept", frame=True),
    Peer("duckdb", "SQL, counts only"),
    Peer("pandera", "Polars backend, eager frame", frame=True),
    Peer("pointblank", "Polars frame, counts only", frame=True),
    Peer("truthound", "lazy scan, counts only"),
    Peer("great_expectations", "pandas, counts only", frame=True),
)


def check(rows: int, runs: int, peer_runs: int, wanted: Sequence[Peer] = PEERS) -> Section:
    """Measure all of them; raises ``SystemExit`` where answers differ that should not."""
    path = data.orders(rows)
    ready, absent = _ready(wanted)
    contestants = [
        Contestant(HAND, inside("by_hand", "check", path), runs),
        Contestant(OURS, inside("ours", "check", path), runs),
        *(
            Contestant(peer.name, inside(f"peers.{peer.name}", "check", path, python=python), peer_runs)
            for peer, python in ready
        ),
    ]
    found = alternate(contestants)
    peers = [peer for peer, _ in ready]
    notes = _agreed(found, peers)
    remarks = {peer.name: f" {version_of(peer.name)} ({peer.how})" for peer in peers}
    lines = [*table(found, remarks), "", *_ratios(found, peers), *absent, *notes]
    title = f"{len(RULES)} rules on {rows:,} rows x 11 columns of Parquet"
    goals = _goals(found, peers, f"{len(RULES)} rules, {rows:,} rows") if rows >= _ROWS else []
    return Section(title, lines, goals)


_ROWS = 10_000_000  #: of the table that the goals are about


def _ready(wanted: Iterable[Peer]) -> tuple[list[tuple[Peer, Path]], list[str]]:
    """Those whose environment can be made; the others are named."""
    ready, absent = [], []
    for peer in wanted:
        try:
            ready.append((peer, python_of(peer.name)))
        except OSError as trouble:
            absent.append(f"- {peer.name} is not measured, its environment could not be made: {trouble}")
    return ready, absent


def same_answers(found: dict[str, Figure]) -> None:
    """By hand and ours must find the same. Raises ``SystemExit``."""
    ours, hand = found[OURS].runs[0].answer, found[HAND].runs[0].answer
    if ours != hand:
        raise SystemExit(f"the answers differ:\n{ours}\n{hand}")


def _agreed(found: dict[str, Figure], peers: Iterable[Peer]) -> list[str]:
    """Compare the counts wherever a library has no note; say the notes."""
    same_answers(found)
    expected = [failed for failed, _ in found[HAND].runs[0].answer]
    lines = []
    for peer in peers:
        run = found[peer.name].runs[0]
        differs = [i for i, (a, b) in enumerate(zip(run.answer, expected, strict=True)) if a != b]
        if any(str(i) not in run.notes for i in differs):
            raise SystemExit(f"{peer.name} differs in {differs}:\n{run.answer}\n{expected}")
        lines += [f"- {peer.name}, {_named(RULES[int(i)])}: {note}" for i, note in run.notes.items()]
    return ["All counts are equal, but for what is noted here:", "", *lines] if lines else []


def _named(rule: dict[str, Any]) -> str:
    return f"{rule['type']} of {rule['column']}" if "column" in rule else str(rule["type"])


def _ratios(found: dict[str, Figure], peers: Iterable[Peer]) -> list[str]:
    """What each takes over what Veriport takes, pair by pair."""
    ours = found[OURS]
    rows = [
        f"| {name} | {ratio(found[name], ours)} | {ratio(found[name], ours, 'cpu').median:.2f} "
        f"| {found[name].peak_mb / ours.peak_mb:.2f} |"
        for name in (HAND, *(peer.name for peer in peers))
    ]
    return ["| over veriport | time | processor time | memory |", "| --- | --- | ---: | ---: |", *rows, ""]


def _goals(found: dict[str, Figure], peers: Sequence[Peer], what: str) -> list[Goal]:
    return [*by_hand_goals(found, what), *(_faster(found, peers) if peers else [])]


def by_hand_goals(found: dict[str, Figure], what: str, memory: float | None = 1.10) -> list[Goal]:
    """Veriport over the same work by hand."""
    ours, hand = found[OURS], found[HAND]
    time, busy = ratio(ours, hand), ratio(ours, hand, "cpu")
    detail = f" ({time.least:.2f} to {time.most:.2f}; processor time {busy.median:.2f} x)"
    goals = [at_most(f"{what}: time over by hand", time.median, 1.10, detail=detail)]
    if memory is not None:
        goals.append(at_most(f"{what}: memory over by hand", ours.peak_mb / hand.peak_mb, memory))
    return goals


def _faster(found: dict[str, Figure], peers: Sequence[Peer]) -> list[Goal]:
    ours = found[OURS]
    first = max((ratio(ours, found[peer.name]).median, peer.name) for peer in peers)
    frames = [found[peer.name] for peer in peers if peer.frame]
    goals = [
        Goal(
            "time over the fastest other library", f"{first[0]:.2f} x ({first[1]})", "< 1.00 x", first[0] < 1
        )
    ]
    if frames:
        least = min(frames, key=lambda figure: figure.peak_mb)
        share = ours.peak_mb / least.peak_mb
        goals.append(
            Goal(
                "memory over the least of the frame libraries",
                f"{share:.2f} x ({least.name})",
                "< 0.40 x",
                share < 0.4,
            )
        )
    return goals
