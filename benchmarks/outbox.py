"""The outbox: messages committed and delivered a second, on each store, and over HTTP."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import frozen

from benchmarks.measure import Contestant, Figure, Ratio, alternate, inside
from benchmarks.places import PLACES
from benchmarks.results import Goal, Section, at_least

_ACTIONS = 5
_WAYS = {"one by one": 0, "repeats dropped": 1}
_FEW, _MANY = 1_000, 100_000
_THREADS = (1, 4, 8)
_KEPT, _EACH, _OURS = "httpx", "httpx, a connection each", "veriport"


@frozen
class _Case:
    """A store, how its receivers are sent to, and how many other incidents are open."""

    place: str
    way: str
    asleep: int

    @property
    def name(self) -> str:
        """In a table."""
        return f"{self.place}, {self.way}, {self.asleep:,} others"


def outbox(messages: int, runs: int) -> Section:
    """Messages to a notifier that does nothing, on each store, among few and many others."""
    cases = [_Case(place, way, asleep) for place in PLACES for way in _WAYS for asleep in (_FEW, _MANY)]
    found = alternate(
        [
            Contestant(
                case.name,
                inside(
                    "posting", "nothing", Path(case.place), messages, _ACTIONS, case.asleep, _WAYS[case.way]
                ),
                runs,
            )
            for case in cases
        ],
        warm_up=False,
    )
    _all_there(found, "delivered", messages)
    lines = [
        f"Runs with {_ACTIONS} messages and a document of 2 KB are committed, then one thread delivers.",
        "",
        *(f"- {place.name}: {place.how}" for place in PLACES.values()),
        "- documents are files on the same disk, whatever the store: two flushes a run",
        "- repeats dropped: the receiver says so, and up to 32 messages are begun in one commit",
        "- others: incidents that are open besides, each a remembered run and a lane that is not due",
        "- flush: what the disk took to keep 4 KiB for good just before, with all that others ask of it",
        "",
        "| what | messages/s | spread | commit s | deliver s | processor s | flush ms | runs |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(_row(found[case.name], messages) for case in cases),
        "",
    ]
    title = f"Outbox, {messages:,} messages to a notifier that does nothing"
    goals = _speed_goals(found, messages) if messages >= 10_000 else []
    return Section(title, [*lines, *_flat(found)], goals)


def _row(figure: Figure, messages: int) -> str:
    rates = sorted(messages / seconds for seconds in _total(figure))
    return (
        f"| {figure.name} | {statistics.median(rates):,.0f} | {rates[0]:,.0f} to {rates[-1]:,.0f} "
        f"| {_median(figure, 'record'):.2f} | {_median(figure, 'deliver'):.2f} "
        f"| {_median(figure, 'record_cpu'):.2f} + {_median(figure, 'deliver_cpu'):.2f} "
        f"| {_median(figure, 'flush_ms'):.2f} | {len(rates)} |"
    )


def _flat(found: Mapping[str, Figure]) -> list[str]:
    """How much longer it takes with many others than with few."""
    lines = ["| time over that with 1,000 others | 100,000 others | processor time |", "| --- | --- | ---: |"]
    for place in PLACES:
        for way in _WAYS:
            few, many = (found.get(_Case(place, way, asleep).name) for asleep in (_FEW, _MANY))
            if few and many:
                pairs = [a / b for a, b in zip(_total(many), _total(few), strict=True)]
                busy = [a / b for a, b in zip(_total(many, "_cpu"), _total(few, "_cpu"), strict=True)]
                lines.append(f"| {place}, {way} | {_spread(pairs)} | {statistics.median(busy):.2f} |")
    return [*lines, ""]


def _speed_goals(found: Mapping[str, Figure], messages: int) -> list[Goal]:
    goals = []
    for way in _WAYS:
        figure = found[_Case("sqlite", way, _FEW).name]
        rate, busy = (messages / statistics.median(_total(figure, of)) for of in ("", "_cpu"))
        detail = f" ({busy:,.0f} by processor time alone; flush {_median(figure, 'flush_ms'):.2f} ms)"
        what = f"messages committed and delivered a second on SQLite, {way}"
        goals.append(at_least(what, rate, 2000, "", detail))
    return goals


def http(messages: int, runs: int) -> Section:
    """Messages to one webhook on this machine, beside the same requests by httpx alone."""
    lines = [
        f"{messages:,} messages of 2 KB by so many threads and lanes to a process that answers at once.",
        "",
        "- veriport: the time to deliver what SQLite holds, over kept connections",
        "- httpx: a client a thread and nothing else, with connections kept and with one for each message",
        "",
    ]
    goals: list[Goal] = []
    for threads in _THREADS:
        found = alternate(
            [
                Contestant(_KEPT, inside("posting", "bare", Path("sqlite"), messages, threads, 1), runs),
                Contestant(_EACH, inside("posting", "bare", Path("sqlite"), messages, threads, 0), runs),
                Contestant(_OURS, inside("posting", "webhook", Path("sqlite"), messages, threads), runs),
            ],
            warm_up=False,
        )
        _all_there(found, "arrived", messages)
        lines += [
            f"### {threads} threads" if threads > 1 else "### One thread",
            "",
            "| what | messages/s | time | processor s | over httpx | commit s | flush ms |",
            "| --- | ---: | ---: | ---: | --- | ---: | ---: |",
            *(_http_row(figure, found[_KEPT], messages) for figure in found.values()),
            "",
        ]
        if threads == 4 and messages >= 3_000:
            share = _share(found[_OURS], found[_KEPT])
            each = statistics.median(_share(found[_OURS], found[_EACH]))
            detail = f" ({min(share):.2f} to {max(share):.2f}; {each:.2f} x of a connection each)"
            what = f"messages a second over HTTP by {threads} threads, over bare httpx"
            goals.append(at_least(what, statistics.median(share), 0.6, detail=detail))
    return Section("Outbox over HTTP to a receiver on this machine", lines, goals)


def _http_row(figure: Figure, bare: Figure, messages: int) -> str:
    share = _share(figure, bare)
    commit, flush = (
        f"{_median(figure, what):.2f}" if what in figure.runs[0].answer else ""
        for what in ("record", "flush_ms")
    )
    return (
        f"| {figure.name} | {messages / _median(figure, 'deliver'):,.0f} | {_median(figure, 'deliver'):.2f} "
        f"| {_median(figure, 'deliver_cpu'):.2f} | {_spread(share)} | {commit} | {flush} |"
    )


def _share(ours: Figure, bare: Figure) -> list[float]:
    """Messages a second over those by hand, pair by pair."""
    pairs = zip(ours.runs, bare.runs, strict=True)
    return [theirs.answer["deliver"] / our.answer["deliver"] for our, theirs in pairs]


def _spread(ratios: Sequence[float]) -> Ratio:
    return Ratio(statistics.median(ratios), min(ratios), max(ratios))


def _total(figure: Figure, of: str = "") -> list[float]:
    return [run.answer[f"record{of}"] + run.answer[f"deliver{of}"] for run in figure.runs]


def _median(figure: Figure, what: str) -> float:
    return float(statistics.median(run.answer[what] for run in figure.runs))


def _all_there(found: Mapping[str, Figure], what: str, messages: int) -> None:
    """Every message must have arrived. Raises ``SystemExit``."""
    for figure in found.values():
        counts: Sequence[float] = [run.answer[what] for run in figure.runs]
        if any(count != messages for count in counts):
            raise SystemExit(f"{figure.name}: {what} {counts} of {messages}")
