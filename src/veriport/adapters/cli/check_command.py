"""``veriport check``: check a data set against rules."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from veriport.adapters.cli.output import Format, output, reporter, working
from veriport.domain.errors import ConfigurationError, shown

if TYPE_CHECKING:
    from veriport.domain.results import CheckResult
    from veriport.domain.severity import Severity
    from veriport.wiring.documents import Document

Rules = Annotated[
    Path | None,
    typer.Option("--rules", metavar="FILE", help="A YAML or JSON file with a list under 'rules:'."),
]
Rule = Annotated[
    list[str] | None,
    typer.Option(
        "--rule",
        metavar="MAPPING",
        help="A rule such as '{column: age, type: in_range, min: 0}'; repeatable.",
    ),
]
Key = Annotated[str, typer.Option("--key", metavar="COL,...", help="Columns to show with each failing row.")]
Samples = Annotated[
    int,
    typer.Option(
        "--samples",
        min=0,
        metavar="N",
        help="Failing rows to keep for a rule; 0 for none. A table shows the first 5.",
    ),
]
Where = Annotated[
    str | None, typer.Option("--where", metavar="SQL", help="Check only the rows for which this is TRUE.")
]
Mask = Annotated[
    str, typer.Option("--mask", metavar="COL,...", help="Columns of which no value may be shown.")
]
Quarantine = Annotated[
    str | None,
    typer.Option(
        "--quarantine",
        metavar="DIR",
        help="Write the rows that break no rule to DIR/valid.parquet, all others to DIR/failing.parquet.",
    ),
]
QuarantineSeverity = Annotated[
    str | None,
    typer.Option(
        "--quarantine-severity",
        metavar="LEVEL",
        help="Split by rules of this severity and worse: critical, high, medium or low.  [default: high]",
    ),
]
Form = Annotated[Format, typer.Option("--format", help="How to write the result.")]
Output = Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Write the result to a file.")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit 1 for any failed rule, whatever its severity.")]


def check(  # noqa: PLR0913  # a command line has that many options
    data: Annotated[str, typer.Argument(metavar="DATA", help="A file, a glob or a URI.", show_default=False)],
    *,
    rules: Rules = None,
    rule: Rule = None,
    engine: Annotated[
        str | None,
        typer.Option(
            "--engine",
            metavar="NAME",
            help="Which engine checks; see 'veriport engines'.  [default: the one for such data]",
        ),
    ] = None,
    key: Key = "",
    samples: Samples = 20,
    where: Where = None,
    mask: Mask = "",
    auto_schema: Annotated[
        Path | None,
        typer.Option(
            "--auto-schema",
            metavar="FILE",
            help="Want the columns of the first check, which are kept in this file of rules.",
        ),
    ] = None,
    quarantine: Quarantine = None,
    quarantine_severity: QuarantineSeverity = None,
    data_format: Annotated[
        str | None,
        typer.Option(
            "--data-format", metavar="NAME", help="csv, parquet, ndjson or ipc, where the name does not tell."
        ),
    ] = None,
    separator: Annotated[
        str | None, typer.Option("--separator", metavar="C", help="What separates the fields of a CSV file.")
    ] = None,
    null_value: Annotated[
        list[str] | None,
        typer.Option(
            "--null-value", metavar="TEXT", help="A text that means null in a CSV file; repeatable."
        ),
    ] = None,
    encoding: Annotated[
        str, typer.Option("--encoding", metavar="NAME", help="How a CSV file is encoded.")
    ] = "utf8",
    form: Form = Format.TABLE,
    output_file: Output = None,
    strict: Strict = False,
) -> None:
    """Check a data set against rules.

    Without rules it describes the columns. Exit codes: 0 success or warnings, 1 failure, 2 wrong usage
    or configuration, 3 error (also where rows could not be split), 4 something was not evaluated.
    """
    from veriport.api.checks import check as check_data  # noqa: PLC0415  # imported on use
    from veriport.domain.datasets import Address  # noqa: PLC0415

    listed = rules_of(rules, rule)
    split = _splitter(quarantine, quarantine_severity, listed)
    address = Address(
        path=data, format=data_format, separator=separator, null_values=null_value or (), encoding=encoding
    )
    with output(output_file) as write:
        result = working(
            f"checking {address.label}",
            lambda: check_data(
                address,
                listed,
                engine=engine,
                key=columns(key),
                samples=samples,
                where=where,
                mask=columns(mask),
                auto_schema=auto_schema or False,
            ),
        )
        write(reporter(form, to_file=output_file is not None).check(result))
    split(result)
    raise typer.Exit(result.exit_code(strict=strict))


def _splitter(directory: str | None, severity: str | None, rules: object) -> Callable[[CheckResult], None]:
    """What splits the rows after a check; what can be wrong with it is said before any data is read."""
    from veriport.domain.severity import severity_of  # noqa: PLC0415  # imported on use

    if directory is None:
        if severity is not None:
            raise ConfigurationError("--quarantine-severity needs --quarantine")
        return lambda _: None
    if rules is None:
        raise ConfigurationError("--quarantine needs rules: give --rules or --rule")
    from veriport.adapters.folders.local import require_free  # noqa: PLC0415
    from veriport.domain.splits import FAILING, VALID  # noqa: PLC0415

    line = None if severity is None else severity_of(severity)
    require_free(directory, (FAILING, VALID))
    return lambda result: _split(result, directory, line)


def _split(result: CheckResult, directory: str, severity: Severity | None) -> None:
    from veriport.adapters.folders.local import remove_unfinished  # noqa: PLC0415

    sys.stdout.flush()
    try:
        made = working(f"splitting {result.dataset}", lambda: result.split(directory, severity=severity))
    finally:  # also when interrupted: the thread that writes is left behind
        remove_unfinished()
    valid, failing = _rows(made.valid_count), _rows(made.failing_count)
    typer.echo(f"veriport: wrote {valid} to {made.valid} and {failing} to {made.failing}", err=True)


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def rules_of(file: Path | None, inline: list[str] | None) -> object:
    """The rules of ``--rules`` and ``--rule`` together; ``None`` when there are neither."""
    if file is None and not inline:
        return None
    from veriport.wiring.rule_files import rules_document, rules_from  # noqa: PLC0415  # imported on use

    if file is not None and str(file).startswith("{"):
        raise ConfigurationError(f"--rules names a file; write a rule as --rule '{file}'")
    documents = [] if file is None else [rules_document(file)]
    return rules_from([*documents, *map(_rule_document, inline or [])])


def _rule_document(text: str) -> Document:
    """The one rule of ``--rule``, as a list that holds it."""
    from veriport.wiring.documents import Document, parse_document  # noqa: PLC0415  # imported on use

    shape = "write one mapping, such as '{column: id, type: unique}'"
    try:
        one = parse_document(text, "--rule")
    except ConfigurationError as wrong:
        raise ConfigurationError(str(wrong) if text.startswith("{") else f"{wrong}; {shape}") from None
    if isinstance(one.value, str | list):
        raise ConfigurationError(f"--rule: {shown(text)} is not a rule; {shape}")
    places = {(0, *path): place for path, place in one.places.items()}
    return Document("--rule", [one.value], places)


def columns(text: str) -> tuple[str, ...]:
    """The columns of a comma-separated option."""
    return tuple(name.strip() for name in text.split(",") if name.strip())
