"""What each part found last, one file a part in ``measured/``; ``RESULTS.md`` is made of all of them."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from attrs import asdict, field, frozen
from cattrs import structure

from benchmarks.results import Section, goals_of

_HERE = Path(__file__).parent
FOLDER = _HERE / "measured"
RESULTS = _HERE / "RESULTS.md"


@frozen(kw_only=True)
class Measured:
    """A section, when it was measured, on what, and how busy the machine was in the minute before."""

    section: Section
    day: str
    minutes: float | None = None
    load: float
    machine: str
    versions: str

    def text(self) -> list[str]:
        """The section with a line below its title that says so."""
        took = "" if self.minutes is None else f", {self.minutes:.0f} minutes"
        said = f"{self.day}{took}, load before {self.load:.2f}; {self.machine}; {self.versions}"
        title, gap, *lines = self.section.text()
        return [title, gap, f"*{said}*", "", *lines]


@frozen
class Watch:
    """Looks at the machine before a part is measured."""

    began: datetime = field(factory=lambda: datetime.now(UTC))
    load: float = field(factory=lambda: os.getloadavg()[0])

    def measured(self, section: Section) -> Measured:
        """What was found since."""
        return Measured(
            section=section,
            day=f"{self.began:%-d %B %Y}",
            minutes=(datetime.now(UTC) - self.began).total_seconds() / 60,
            load=self.load,
            machine=_machine(),
            versions=_versions(),
        )


def keep(part: str, measured: Measured) -> None:
    """Keep what a part found in place of what it found before."""
    FOLDER.mkdir(exist_ok=True)
    text = json.dumps(asdict(measured), ensure_ascii=False, indent=1)
    (FOLDER / f"{part}.json").write_text(text + "\n", encoding="utf-8")


def write_results(parts: Iterable[str]) -> Path:
    """Write all that is kept, in the order of ``parts``; the file."""
    found = [_read(path) for part in parts if (path := FOLDER / f"{part}.json").exists()]
    lines = [*_HEAD, "", *goals_of([each.section for each in found])]
    lines += [line for each in found for line in each.text()]
    RESULTS.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    return RESULTS


_HEAD = """\
# Measured

By `make bench`, or part by part with `python -m benchmarks PART`. `docs/speed.md` says how to read it.

- below each title: when, on what, and the load of the machine in the minute before (a quiet one is below 0.3)
- each run in a process of its own, contestants in turn; medians, spreads, ratios pair by pair

## Goals
""".splitlines()


def _read(path: Path) -> Measured:
    return structure(json.loads(path.read_text(encoding="utf-8")), Measured)


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.release()}"
    return f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, {system}"


def _versions() -> str:
    ours = (f"{name.capitalize()} {version(name)}" for name in ("polars", "veriport"))
    return ", ".join((f"Python {platform.python_version()}", *ours))


def _processor() -> str:
    return next(_named(Path("/proc/cpuinfo")), platform.processor() or "processor")


def _named(cpus: Path) -> Iterator[str]:
    if cpus.exists():
        lines = cpus.read_text(encoding="utf-8").splitlines()
        yield from (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
