"""``veriport engines``: which engines are installed, and what each answers of every case."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from veriport.adapters.cli.check_command import Form
from veriport.adapters.cli.output import Format, columns_of, count, print_document, say, working
from veriport.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from veriport.testing.matrix import Column
    from veriport.wiring.engines import Described

_DIFFERS = 1


def engines(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ENGINE...", help="Only these; also package.module:Class.", show_default=False
        ),
    ] = None,
    *,
    matrix: Annotated[
        bool,
        typer.Option(
            "--matrix",
            help="Ask each engine every case of the contract, and count those that it answers as it must.",
        ),
    ] = False,
    form: Form = Format.TABLE,
) -> None:
    """List the engines, what is installed for each, and with --matrix what each answers.

    With --matrix the exit code is 1 when an engine answers a case otherwise than it must, which is a defect
    of that engine. A case that it does not evaluate is none: such a rule is never a pass.
    """
    from veriport.wiring.engines import described  # noqa: PLC0415  # imported on use

    listed = described(names or ())
    if not matrix:
        _show(listed, form)
        return
    asked = _asked(listed, named=bool(names))
    if form is Format.JSON:
        print_document("engines", engines=_entries(listed), matrix=_verdicts(asked))
    else:
        typer.echo("\n".join(_matrix(asked, why=bool(names))))
    if any(said.answer == "differs" for verdicts in asked.values() for said in verdicts.values()):
        raise typer.Exit(_DIFFERS)


def _show(listed: Sequence[Described], form: Format) -> None:
    if form is Format.JSON:
        print_document("engines", engines=_entries(listed))
    else:
        typer.echo(columns_of([*_rows(listed)]))


def _entries(listed: Sequence[Described]) -> list[dict[str, object]]:
    from attrs import asdict  # noqa: PLC0415  # imported on use

    return [asdict(each) for each in listed]


def _rows(listed: Sequence[Described]) -> Iterator[tuple[str, str, str]]:
    for each in listed:
        yield each.kind, each.package, each.lacking or ("made of others" if each.around else each.version)
        yield from ((f"  {part.name}", "", part.lacking or part.version) for part in each.databases)


def _asked(listed: Sequence[Described], *, named: bool) -> Mapping[str, Column]:
    """What each engine answers. Those that are not named and cannot be asked are passed over, and said."""
    from veriport.testing.matrix import Frames, column  # noqa: PLC0415  # imported on use
    from veriport.wiring.engines import build_engine  # noqa: PLC0415

    found: dict[str, Column] = {}
    with tempfile.TemporaryDirectory(prefix="veriport-") as folder:
        frames = Frames(Path(folder))
        for kind in (each.kind for each in listed if named or not (each.around or each.lacking)):
            try:
                engine = build_engine(kind)
            except ConfigurationError as wrong:
                if named:
                    raise
                say(f"{kind} is not asked: {wrong}")
                continue
            found[kind] = working(f"asking {kind}", lambda engine=engine: column(engine, frames))  # type: ignore[misc]  # of this turn
    return found


def _verdicts(asked: Mapping[str, Column]) -> dict[str, dict[str, dict[str, str]]]:
    return {
        kind: {case: {"answer": str(said.answer), "reason": said.reason} for case, said in verdicts.items()}
        for kind, verdicts in asked.items()
    }


def _matrix(asked: Mapping[str, Column], *, why: bool) -> Iterator[str]:
    from veriport.testing.cases import groups  # noqa: PLC0415  # imported on use
    from veriport.testing.matrix import of_group  # noqa: PLC0415

    rows = [("cases that agree", *asked)]
    rows += [
        (group, *(_share(of_group(verdicts, group)) for verdicts in asked.values())) for group in groups()
    ]
    rows.append(("all", *map(_share, asked.values())))
    yield columns_of(rows)
    for kind, verdicts in asked.items():
        if why:
            yield from _reasons(kind, verdicts)
        yield from (
            f"{kind} differs: {case}: {said.reason}"
            for case, said in verdicts.items()
            if said.answer == "differs"
        )


def _share(verdicts: Column) -> str:
    """``7``, ``5 of 7`` or ``5 of 7, 1 differs``."""
    from veriport.testing.matrix import Answer, summary  # noqa: PLC0415  # imported on use

    counts = summary(verdicts)
    agree, differ = counts[Answer.AGREES], counts[Answer.DIFFERS]
    share = f"{agree}" if agree == len(verdicts) else f"{agree} of {len(verdicts)}"
    return f"{share}, {differ} {'differs' if differ == 1 else 'differ'}" if differ else share


def _reasons(kind: str, verdicts: Column) -> Iterator[str]:
    reasons = Counter(said.reason for said in verdicts.values() if said.answer == "not evaluated")
    if reasons:
        yield f"\n{kind} does not evaluate {count(reasons.total(), 'case')}:"
        yield from (f"  {number:>4}  {reason}" for reason, number in reasons.most_common())
