"""The options that several commands share, and the one value in which they travel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal, TypeVar

import click

from reconciler.cli.wiring import print_json
from reconciler.errors import ReconcilerError

Command = TypeVar("Command", bound=Callable[..., Any])
Output = Literal["text", "json"]


@dataclass(frozen=True, slots=True)
class Options:
    """What the person asked for.

    Attributes:
        file: a file, a folder, `-`, or None for the default files.
        project: instead of the name that the spec gives.
        host: the Engine's address.
        context: the Docker context, instead of an address.
        output: for a person or for a program.
        yes: agreed to removals and replacements beforehand.
    """

    file: str | None = None
    project: str | None = None
    host: str | None = None
    context: str | None = None
    output: Output = "text"
    yes: bool = False


def _file_option(command: Command) -> Command:
    return click.option("-f", "--file", metavar="PATH", help="A spec: a file, a folder, or - for standard input.")(
        command
    )


def _project_option(command: Command) -> Command:
    return click.option("-p", "--project", metavar="NAME", help="The project's name, instead of the spec's.")(command)


def _output_option(command: Command) -> Command:
    return click.option(
        "-o",
        "--output",
        type=click.Choice(["text", "json"]),
        default="text",
        help="For a person or for a program.",
    )(command)


def spec_options(command: Callable[..., int | None]) -> Callable[..., int | None]:
    """-f, -p and -o: for commands that read a spec. With `-o json`, an error is JSON too."""

    @wraps(command)
    def run(**given: Any) -> int | None:
        try:
            return command(**given)
        except ReconcilerError as error:
            if given["output"] != "json":
                raise
            from reconciler.report.json_form import error_dict  # only where something failed

            print_json(error_dict(error))
            return int(error.exit_code)

    return _file_option(_project_option(_output_option(run)))


def engine_options(command: Command) -> Command:
    """--host and --context: for commands that talk to an Engine."""
    host = click.option("--host", metavar="URL", help="The Engine's address (default: as docker finds it).")
    context = click.option("--context", metavar="NAME", help="A Docker context, instead of an address.")
    return host(context(command))


def yes_option(command: Command) -> Command:
    """-y: for commands that may remove or replace."""
    return click.option("-y", "--yes", is_flag=True, help="Remove and replace without asking.")(command)
