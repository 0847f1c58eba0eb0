"""``veriport check``: check a data set against rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from veriport.adapters.cli.output import Format, output, reporter, working
from veriport.domain.errors import ConfigurationError

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
Form = Annotated[Format, typer.Option("--format", help="How to write the result.")]
Output = Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Write the result to a file.")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit 1 for any failed rule, whatever its severity.")]


def check(  # noqa: PLR0913  # a command line has that many options
    data: Annotated[str, typer.Argument(metavar="DATA", help="A file, a glob or a URI.", show_default=False)],
    *,
    rules: Rules = None,
    rule: Rule = None,
    engine: Annotated[
        str, typer.Option("--engine", metavar="NAME", help="Which engine checks; see 'veriport engines'.")
    ] = "polars",
    key: Key = "",
    samples: Samples = 20,
    where: Where = None,
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
    or configuration, 3 error, 4 something was not evaluated.
    """
    from veriport.api.checks import check as check_data  # noqa: PLC0415  # imported on use
    from veriport.domain.datasets import Address  # noqa: PLC0415

    listed = rules_of(rules, rule)
    address = Address(
        path=data, format=data_format, separator=separator, null_values=null_value or (), encoding=encoding
    )
    with output(output_file) as write:
        result = working(
            f"checking {address.label}",
            lambda: check_data(
                address, listed, engine=engine, key=columns(key), samples=samples, where=where
            ),
        )
        write(reporter(form, to_file=output_file is not None).check(result))
    raise typer.Exit(result.exit_code(strict=strict))


def rules_of(file: Path | None, inline: list[str] | None) -> object:
    """The rules of ``--rules`` and ``--rule`` together; ``None`` when there are neither."""
    if file is None and not inline:
        return None
    from veriport.wiring.documents import Document, parse_document  # noqa: PLC0415  # imported on use
    from veriport.wiring.rule_files import rules_document, rules_from  # noqa: PLC0415

    documents = [] if file is None else [rules_document(file)]
    for text in inline or []:
        one = parse_document(text, "--rule")
        if isinstance(one.value, list):
            raise ConfigurationError(f"--rule: one rule each: a mapping, not a list: {text}")
        places = {(0, *path): place for path, place in one.places.items()}
        documents.append(Document("--rule", [one.value], places))
    return rules_from(documents)


def columns(text: str) -> tuple[str, ...]:
    """The columns of a comma-separated option."""
    return tuple(name.strip() for name in text.split(",") if name.strip())
