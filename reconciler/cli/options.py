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
        file: files that are merged in this order, or one folder, or `-`; none for the default files.
        profile: containers with one of these profiles are wanted too.
        env_file: files of variables, instead of the `.env` beside the spec.
        project: instead of the name that the spec gives.
        host: the Engine's address.
        context: the Docker context, instead of an address.
        output: for a person or for a program.
        target: resources that a plan is limited to; none for all.
        yes: agreed to removals and replacements beforehand.
        remove_orphans: what a Compose project of this name has besides the spec's goes.
    """

    file: tuple[str, ...] = ()
    profile: tuple[str, ...] = ()
    env_file: tuple[str, ...] = ()
    project: str | None = None
    host: str | None = None
    context: str | None = None
    output: Output = "text"
    target: tuple[str, ...] = ()
    yes: bool = False
    remove_orphans: bool = False


def source_options(command: Command) -> Command:
    """-f, -p, --profile and --env-file: which spec, and what it is read with."""
    file = click.option(
        "-f",
        "--file",
        metavar="PATH",
        multiple=True,
        help="A spec: a file, a folder, or - for standard input. Several files are merged.",
    )
    project = click.option("-p", "--project", metavar="NAME", help="The project's name, instead of the spec's.")
    profile = click.option(
        "--profile", metavar="NAME", multiple=True, help="Containers of this profile too; * for all."
    )
    env_file = click.option(
        "--env-file", metavar="PATH", multiple=True, help="Variables for the spec, instead of the .env beside it."
    )
    return file(project(profile(env_file(command))))


def output_option(command: Command) -> Command:
    """-o: for commands that print something."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(["text", "json"]),
        default="text",
        help="For a person or for a program.",
    )(command)


def spec_options(command: Callable[..., int | None]) -> Callable[..., int | None]:
    """`source_options` and -o: for commands that read a spec. With `-o json`, an error is JSON too."""

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

    return source_options(output_option(run))


def engine_options(command: Command) -> Command:
    """--host and --context: for commands that talk to an Engine."""
    host = click.option("--host", metavar="URL", help="The Engine's address (default: as docker finds it).")
    context = click.option("--context", metavar="NAME", help="A Docker context, instead of an address.")
    return host(context(command))


def target_option(command: Command) -> Command:
    """--target: for commands that plan."""
    return click.option(
        "--target",
        metavar="NAME",
        multiple=True,
        help="Only this one and what it needs: web, network/front, volume/data, image/nginx.",
    )(command)


def yes_option(command: Command) -> Command:
    """-y: for commands that may remove or replace."""
    return click.option("-y", "--yes", is_flag=True, help="Remove and replace without asking.")(command)


def orphans_option(command: Command) -> Command:
    """--remove-orphans: for commands that plan."""
    return click.option(
        "--remove-orphans",
        is_flag=True,
        help="Remove what a Compose project of this name runs and the spec does not have.",
    )(command)
