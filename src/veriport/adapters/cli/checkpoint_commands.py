"""``veriport checkpoint``: write, list, validate and run checkpoints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from veriport.adapters.cli.check_command import Form, Output, Rule, Rules, Strict, columns, rules_of
from veriport.adapters.cli.output import Format, columns_of, count, output, reporter, say, working
from veriport.adapters.cli.projects import Config, open_project
from veriport.domain.errors import ConfigurationError
from veriport.domain.suggestions import nearest
from veriport.wiring import DEFAULT_FILE

if TYPE_CHECKING:
    from veriport.api.checkpoints import Checkpoint
    from veriport.domain.checkpoints import CheckpointResult

app = typer.Typer(
    help="Write, list, validate and run checkpoints.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_WAIT = 60.0  #: seconds for which --wait goes on
_UNDELIVERED = 3

TEMPLATE = """\
# Checkpoints of this project. Paths are relative to this file.
#   veriport checkpoint validate veriport.yaml
#   veriport checkpoint run orders

checkpoints:
  - name: orders
    data: orders.csv            # a file, a glob or a URI; ${VARIABLE} is filled from the environment
    key: [id]                   # columns that identify a failing row
    rules:
      - {type: row_count, min: 1}
      - {column: id, type: unique, severity: critical}
      - {column: [id, customer], type: not_null}
      - {column: amount, type: in_range, min: 0, mostly: 0.99, severity: medium}
    actions:
      - {type: store_result, store_path: ./results, partition_by: date}
      # - {type: webhook, url: "${WEBHOOK_URL}", notify_on: failure_or_error}
    tags: {team: data}
"""


@app.command("init")
def init(
    path: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The file to write.")] = Path(
        DEFAULT_FILE
    ),
) -> None:
    """Write a sample configuration.

    An existing file is never overwritten.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE)
    except FileExistsError:
        raise ConfigurationError(
            f"{path} exists and is left as it is; choose another name with --output"
        ) from None
    except OSError as trouble:
        raise ConfigurationError(f"{path}: cannot be written: {trouble.strerror}") from trouble
    typer.echo(f"wrote {path}; mend its data and rules, then: veriport checkpoint validate {path}")


@app.command("list")
def list_(config: Config = Path(DEFAULT_FILE), form: Form = Format.TABLE) -> None:
    """List the checkpoints of a configuration."""
    checkpoints = _load(config)
    if form is Format.JSON:
        typer.echo(
            json.dumps(
                [_entry(checkpoint) for checkpoint in checkpoints.values()], ensure_ascii=False, indent=2
            )
        )
        return
    rows = [("NAME", "DATA", "RULES", "ACTIONS")]
    for checkpoint in checkpoints.values():
        entry = _entry(checkpoint)
        rows.append(
            (checkpoint.name, str(entry["data"]), str(entry["rules"]), ", ".join(_actions(checkpoint)) or "-")
        )
    typer.echo(columns_of(rows))


def _entry(checkpoint: Checkpoint) -> dict[str, object]:
    spec = checkpoint.spec
    return {
        "name": spec.name,
        "data": spec.data.label,
        "rules": 0 if spec.rules is None else len(spec.rules),
        "actions": _actions(checkpoint),
        "tags": dict(spec.tags),
        "engine": spec.engine.kind,
    }


def _actions(checkpoint: Checkpoint) -> list[str]:
    return [name for name, _ in checkpoint.spec.actions_named()]


@app.command("validate")
def validate(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The configuration file.")] = Path(
        DEFAULT_FILE
    ),
    show_rules: Annotated[
        bool, typer.Option("--show-rules", help="Show every rule, also those that validators stand for.")
    ] = False,
) -> None:
    """Check a configuration without reading data.

    Every problem is shown with its line.
    """
    checkpoints = _load(file)
    if show_rules:
        for checkpoint in checkpoints.values():
            typer.echo(_rules_of(checkpoint))
    typer.echo(f"{file}: valid, {count(len(checkpoints), 'checkpoint')}: {', '.join(checkpoints)}")


def _rules_of(checkpoint: Checkpoint) -> str:
    """Every rule of a checkpoint in the mapping form, also those that validators stand for; no secrets."""
    from veriport.domain.rules.reading import write_rule  # noqa: PLC0415  # imported on use

    rules = checkpoint.spec.rules or ()
    written = [f"  - {json.dumps(write_rule(rule.public()), ensure_ascii=False)}" for rule in rules]
    return "\n".join([f"{checkpoint.name}:", *(written or ["  # no rules: a run describes the data"])])


@app.command("run")
def run(  # noqa: PLR0913  # a command line has that many options
    name: Annotated[str, typer.Argument(metavar="NAME", help="The checkpoint to run.", show_default=False)],
    *,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", metavar="FILE", help=f"The configuration file.  [default: {DEFAULT_FILE}]"
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            metavar="PATH",
            help="Check this instead of the configured data; without a configuration, as a checkpoint "
            "without actions.",
        ),
    ] = None,
    rules: Rules = None,
    rule: Rule = None,
    validators: Annotated[
        str,
        typer.Option(
            "--validators", metavar="NAME,...", help="Validators that need no settings, for --data."
        ),
    ] = "",
    form: Form = Format.TABLE,
    output_file: Output = None,
    strict: Strict = False,
    idempotency_key: Annotated[
        str | None,
        typer.Option(
            "--idempotency-key",
            metavar="KEY",
            help="Run once under this key; a repeat within a day shows the first result.",
        ),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Go on delivering until every action has ended.")
    ] = False,
    wait_seconds: Annotated[
        float | None,
        typer.Option(
            "--wait-seconds", min=0, metavar="N", help=f"The same, for at most so long.  [default: {_WAIT:g}]"
        ),
    ] = None,
    require_delivery: Annotated[
        bool,
        typer.Option("--require-delivery", help="Exit 3 instead of 0 unless every action was carried out."),
    ] = False,
) -> None:
    """Check the data of a checkpoint and carry out its actions.

    Exit codes: 0 success or warnings, 1 failure, 2 wrong usage or configuration, 3 error, 4 something was
    not evaluated. What becomes of the actions is shown and does not change it without --require-delivery.
    """
    checkpoint = _find(name, config, data, rules_of(rules, rule), columns(validators))
    if idempotency_key is not None and checkpoint.forgets:
        raise ConfigurationError(
            "--idempotency-key needs a store that remembers: run a checkpoint of a configuration whose store "
            "is not memory"
        )

    wait_seconds = _WAIT if wait and wait_seconds is None else wait_seconds

    def work() -> CheckpointResult:
        result = checkpoint.run(data=data, idempotency_key=idempotency_key)
        return result if wait_seconds is None else _settled(checkpoint, result, wait_seconds)

    with output(output_file) as write:
        result = working(f"running {name}", work)
        write(reporter(form, to_file=output_file is not None).checkpoint(result))
    _remark(result)
    code = result.exit_code(strict=strict)
    raise typer.Exit(_UNDELIVERED if code == 0 and require_delivery and not result.delivered else code)


def _settled(checkpoint: Checkpoint, result: CheckpointResult, seconds: float) -> CheckpointResult:
    """The result after waiting for its actions; trouble with that loses no result."""
    from veriport.ports.errors import PortError  # noqa: PLC0415  # imported on use

    try:
        return checkpoint.settle(result, seconds)
    except PortError as trouble:
        say(f"not waited for the actions: {trouble}")
        return result


def _remark(result: CheckpointResult) -> None:
    """What a person should know besides the result."""
    if result.repeated:
        when = f"{result.run_time:%Y-%m-%d %H:%M:%S} UTC"
        say(f"this is the result of {when} under the same key; nothing was run")
    if result.not_recorded:
        say(f"the run could not be recorded, and nothing of it is delivered later: {result.not_recorded}")
    pending = sum(action.status.value == "pending" for action in result.action_results)
    if pending:
        what = f"{count(pending, 'action')} {'is' if pending == 1 else 'are'} still to be delivered"
        say(f"{what}: 'veriport worker' does that, 'veriport outbox list' shows it")


def _find(
    name: str, config: Path | None, data: str | None, rules: object, validators: tuple[str, ...]
) -> Checkpoint:
    asked = rules is not None or bool(validators)
    if data is not None and config is None and (asked or not Path(DEFAULT_FILE).exists()):
        if Path(DEFAULT_FILE).exists() and name in _load(Path(DEFAULT_FILE)):
            raise ConfigurationError(
                f"{DEFAULT_FILE} has a checkpoint {name!r}, whose rules and actions would not run; "
                "choose another name for an ad-hoc run"
            )
        from veriport.api.checkpoints import Checkpoint  # noqa: PLC0415  # imported on use

        return Checkpoint(name, data, rules, validators=validators or None)
    if asked:
        raise ConfigurationError(
            "--rules, --rule and --validators are for ad-hoc runs: give --data, and no --config"
        )
    file = config or Path(DEFAULT_FILE)
    checkpoints = _load(file)
    if name not in checkpoints:
        known = ", ".join(checkpoints) or "none"
        raise ConfigurationError(
            f"{file}: there is no checkpoint {name!r}; there are: {known}{nearest(name, checkpoints).hint}"
        )
    return checkpoints[name]


def _load(file: Path) -> dict[str, Checkpoint]:
    return open_project(file).checkpoints()
