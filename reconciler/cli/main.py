"""The command's entry: finds the subcommand, and turns every error into a line and an exit code."""

from __future__ import annotations

import errno
import importlib
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import click

from reconciler.cli.garbage import collect_seldom
from reconciler.errors import ExitCode, ReconcilerError, defect

_COMMANDS = {
    "apply": "Make the Engine what the spec declares.",
    "plan": "Show what apply would do, and change nothing.",
    "diff": "The same as plan.",
    "snapshot": "Write what is there to a file, for a plan without an Engine.",
    "status": "Show every resource, wanted beside actual.",
    "logs": "Show what containers wrote, and follow it.",
    "events": "Show what happened to the project's resources, and go on.",
    "watch": "Keep the Engine as the spec declares it, until stopped.",
    "restart": "Restart containers as they are, one after the other.",
    "pause": "Let watch leave a project alone for a while.",
    "resume": "Let watch keep a project again that was paused.",
    "hold": "Leave a container or network alone, for maintenance by hand.",
    "unhold": "End what hold began.",
    "down": "Remove the project's containers and networks; its volumes stay.",
    "lock": "Write the digest of each image's tag to reconciler.lock.",
    "history": "Show what was done when, by whom, from which spec.",
    "rollback": "Go back to the spec of an earlier apply.",
    "adopt": "Show what adopting containers that are not ours would change.",
    "validate": "Check a spec, without an Engine.",
    "config": "Print a spec with everything resolved.",
    "convert": "Write a spec for a Compose file, a container, or a docker run line.",
    "search": "Find images on Docker Hub, or the tags of a repository.",
    "doctor": "Check what reconciler needs: the Engine, Docker's configuration, this machine.",
    "completion": "Print the completion of this command for a shell.",
    "schema": "Print the JSON Schema of a spec, for editors.",
    "version": "Show the version.",
}
"""Each stands in a file of its own name; the help is here so that it costs no import."""

_SAME = {"diff": "plan"}

os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
# Or pydantic reads what each installed package says of itself, which takes longer than a plan; and what it found would
# see every spec, with its secrets.

COMPLETION = "_RECONCILER_COMPLETE"
"""The variable by which a shell asks what to offer, instead of having the command run."""


class _Commands(click.Group):
    """Imports a subcommand when it is called, and not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"reconciler.cli.{_SAME.get(cmd_name, cmd_name)}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            from reconciler.spec.diagnostics import closest

            guess = closest(args[0], _COMMANDS)
            hint = f'Did you mean "{guess}"?' if guess else f"There are: {', '.join(_COMMANDS)}."
            raise click.UsageError(f'There is no command "{args[0]}". {hint}', ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with `reconciler plan -f FILE`: it changes nothing.",
)
def command() -> None:
    """Keep a Docker Engine as a YAML spec declares it."""


def main() -> NoReturn:
    """The whole life of the process: `run`, and its end."""
    collect_seldom()
    _leave(run())


def run(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code.

    Args:
        arguments: instead of the process's own.
    """
    # Started without one, as by `>&-`, Python has None there: it is empty then, and what is written goes nowhere.
    sys.stdin = sys.stdin or Path(os.devnull).open()  # noqa: SIM115
    sys.stdout = sys.stdout or Path(os.devnull).open("w")  # noqa: SIM115
    sys.stderr = sys.stderr or Path(os.devnull).open("w")  # noqa: SIM115
    try:
        code = command.main(arguments, prog_name="reconciler", standalone_mode=False, complete_var=COMPLETION)
        sys.stdout.flush()
    except SystemExit as end:  # as what completes a command ends
        code = end.code
    except click.ClickException as error:
        with suppress(OSError):
            error.show()
        code = ExitCode.USAGE
    except (KeyboardInterrupt, click.Abort):
        code = ExitCode.INTERRUPTED
    except ReconcilerError as error:
        _show(error)
        code = error.exit_code
    except Exception as error:
        if not (isinstance(error, OSError) and error.filename is None and error.errno in _UNWRITABLE):
            if os.environ.get("RECONCILER_DEBUG"):
                raise
            _show(defect(error))
        elif error.errno != errno.EPIPE:  # whoever read our output has seen enough
            _show(ReconcilerError(f"what there is to say can't be written: {error.strerror}", _ELSEWHERE))
        code = ExitCode.FAILED
    return int(code or 0)


_UNWRITABLE = {errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}
"""What a write to standard output may meet; what meets a file, a socket or the journal is told where it is used."""
_ELSEWHERE = "let it go to where there is room; `reconciler plan` shows what is left to do"


def _leave(code: int) -> NoReturn:
    """End the process, without the end that Python has for it.

    That frees what goes with the process anyway, and crashes (3.11: SIGSEGV) where a daemon thread is at work in it,
    such as the one that asks an Engine while the spec turns out to be wrong.
    """
    try:
        for thread in threading.enumerate() if code != ExitCode.INTERRUPTED else ():
            if not thread.daemon and thread is not threading.current_thread():
                thread.join()
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED  # nobody waits for threads then: perhaps for what an Engine does not answer
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _show(error: ReconcilerError) -> None:
    from reconciler.cli.printing import complain
    from reconciler.report.error_text import error_text
    from reconciler.report.style import Style

    complain(error_text(error, Style.for_stream(sys.stderr, os.environ)))
