"""``veriport``: exit codes, errors as one plain line, and what happens on Ctrl-C (D2, D18).

Results go to standard output, everything else to standard error.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from veriport import __version__
from veriport.adapters.cli import (
    catalog_commands,
    check_command,
    checkpoint_commands,
    engines_command,
    outbox_commands,
    worker_command,
)
from veriport.domain.errors import ConfigurationError, VeriportError
from veriport.ports.errors import ContractViolation

USAGE, ERROR, INTERRUPTED = 2, 3, 130

app = typer.Typer(
    name="veriport",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("check")(check_command.check)
app.add_typer(checkpoint_commands.app, name="checkpoint")
app.command("worker")(worker_command.worker)
app.add_typer(outbox_commands.app, name="outbox")
app.command("stores")(catalog_commands.stores)
app.command("engines")(engines_command.engines)
app.command("rules")(catalog_commands.rules)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"veriport {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    *,
    version: Annotated[  # the callback answers
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Check tables against rules, run checkpoints and deliver what they owe.

    The exit code is the verdict: 0 success or warnings, 1 failure, 2 wrong usage or configuration,
    3 error, 4 something was not evaluated, 130 interrupted.
    """


def run(arguments: Sequence[str] | None = None) -> None:
    """The console script: run a command and exit as D2 says."""
    gc.set_threshold(_GARBAGE)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by who started us: what is written there is for nobody
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  # to the end
    warnings.showwarning = _warn
    code = main(sys.argv[1:] if arguments is None else arguments)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        code = code or ERROR
    except (OSError, ValueError):  # a stream that was closed, or a disk that is full
        code = ERROR
    os._exit(code)  # an abandoned thread must not keep the program, nor print while it ends


#: How many objects are made before Python looks for cycles among them: starting makes fewer, and no cycles.
_GARBAGE = 200_000


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    """What a library warns of, as one plain line."""
    _say(f"warning: {str(message).strip().partition(chr(10))[0]}", 0)


def main(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code; every error is printed, none is raised."""
    try:
        code = app(list(arguments), standalone_mode=False)
    except KeyboardInterrupt:
        return _say("interrupted", INTERRUPTED)
    except BrokenPipeError:
        return ERROR
    except ConfigurationError as wrong:
        return _say(str(wrong), USAGE)
    except ContractViolation as defect:
        return _defect(str(defect))
    except VeriportError as trouble:
        return _say(str(trouble), ERROR)
    except Exception as error:  # noqa: BLE001  # it is told
        if hasattr(error, "format_message"):  # click's, wherever typer keeps it
            return _usage(error)
        if type(error).__name__ == "Abort":
            return _say("interrupted", INTERRUPTED)
        full = isinstance(error, OSError) and error.errno == errno.ENOSPC
        return _defect("no space left" if full else f"internal error: {type(error).__name__}: {error}")
    if code == INTERRUPTED:  # some versions of typer turn Ctrl-C into an exit code
        return _say("interrupted", INTERRUPTED)
    return code if isinstance(code, int) else 0


def _defect(message: str) -> int:
    """Say what is wrong with a program, or show where. To be called where an error is handled."""
    if os.environ.get("VERIPORT_DEBUG"):
        raise  # noqa: PLE0704  # there is one
    return _say(f"{message} (VERIPORT_DEBUG=1 shows where)", ERROR)


def _usage(error: Exception) -> int:
    message = error.format_message()  # type: ignore[attr-defined]  # asked for above
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(message)
        return USAGE
    command = getattr(context, "command_path", "veriport")
    plain = message.rstrip(".").replace(": Value error, ", ": ")  # what its library says of every value
    return _say(f"{plain}{' ' if plain.endswith('?') else '; '}see {command} --help", USAGE)


def _say(message: str, code: int) -> int:
    for line in message.splitlines() or [""]:
        typer.echo(f"veriport: {line}", err=True)
    return code


if __name__ == "__main__":
    run()
