"""The options that several commands share, and the one value in which they travel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

from reconciler.cli.completing import complete_contexts, complete_files, complete_profiles
from reconciler.cli.moments import Period
from reconciler.cli.printing import print_json
from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from reconciler.planning.plan import Plan

Command = TypeVar("Command", bound=Callable[..., Any])
Output = Literal["text", "json", "ndjson", "markdown", "dot"]

_PATH = click.Path(readable=False)
"""In a variable, several stand as they do in PATH. What is wrong with one, whoever reads it says better."""

_FORMS = ("text", "json")
_LINE_FORMS = ("text", "json", "ndjson")
_PLAN_FORMS = ("text", "json", "ndjson", "markdown", "dot")


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
        show_sensitive: show values that may be secrets.
        locked: use the images of the lock beside the spec.
        prune_images: remove images that the project once used and nothing uses now.
        quiet: say nothing but what fails or needs a person.
        dry_run: show what would be done, and do nothing.
        wait: wait until everything is healthy or stable.
        timeout: how long, in seconds; None for the usual time.
        lock_timeout: how many seconds to wait for the turn.
        pause: whether to pause a watcher that would undo what is done.
        take_over: whether a watcher of another machine has to yield.
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
    show_sensitive: bool = False
    locked: bool = False
    prune_images: bool = False
    quiet: bool = False
    dry_run: bool = False
    wait: bool = False
    timeout: float | None = None
    lock_timeout: float = 60.0
    pause: bool = False
    take_over: bool = False

    def to_show(self, plan: Plan) -> Plan:
        """The plan, with the values that may be secrets where the person asked for them."""
        if not self.show_sensitive:
            return plan
        from reconciler.planning.sensitive import revealed  # each command pays for what it needs

        return revealed(plan)


def source_options(command: Command) -> Command:
    """-f, -p, --profile and --env-file: which spec, and what it is read with."""
    file = click.option(
        "-f",
        "--file",
        type=_PATH,
        metavar="PATH",
        multiple=True,
        shell_complete=complete_files,
        help="A spec: a file, a folder, or - for standard input. Several files are merged.",
    )
    project = click.option("-p", "--project", metavar="NAME", help="The project's name, instead of the spec's.")
    profile = click.option(
        "--profile",
        metavar="NAME",
        multiple=True,
        shell_complete=complete_profiles,
        help="Containers of this profile too; * for all.",
    )
    env_file = click.option(
        "--env-file",
        type=_PATH,
        metavar="PATH",
        multiple=True,
        shell_complete=complete_files,
        help="Variables for the spec, instead of the .env beside it.",
    )
    return file(project(profile(env_file(command))))


def output_option(command: Command, forms: tuple[str, ...] = _FORMS) -> Command:
    """-o: for commands that print for a person or for a program."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(forms),
        default="text",
        help="For a person or for a program.",
    )(command)


def spec_options(command: Callable[..., int | None]) -> Callable[..., int | None]:
    """`source_options` and -o: for commands that read a spec."""
    return source_options(output_option(json_errors(command)))


def applying_options(command: Callable[..., int | None]) -> Callable[..., int | None]:
    """`spec_options`, with ndjson, -q and --dry-run: for commands that carry out a plan."""
    quiet = click.option("-q", "--quiet", is_flag=True, help="Say nothing but what fails or needs a person.")
    dry_run = click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
    return source_options(quiet(dry_run(output_option(json_errors(command), _LINE_FORMS))))


def plan_options(command: Callable[..., int | None]) -> Callable[..., int | None]:
    """`spec_options`, with all forms of a plan."""
    return source_options(output_option(json_errors(command), _PLAN_FORMS))


def json_errors(command: Callable[..., int | None]) -> Callable[..., int | None]:
    """With `-o json`, an error is JSON too."""

    @wraps(command)
    def run(**given: Any) -> int | None:
        try:
            return command(**given)
        except ReconcilerError as error:
            if given["output"] not in {"json", "ndjson"}:
                raise
            from reconciler.report.json_form import error_dict  # only where something failed

            print_json(error_dict(error), lines=given["output"] == "ndjson")
            return int(error.exit_code)

    return run


def engine_options(command: Command) -> Command:
    """--host and --context: for commands that talk to an Engine."""
    host = click.option("--host", metavar="URL", help="The Engine's address (default: as docker finds it).")
    context = click.option(
        "--context", metavar="NAME", shell_complete=complete_contexts, help="A Docker context, instead of an address."
    )
    return host(context(command))


def target_option(command: Command) -> Command:
    """--target: for commands that plan."""
    return click.option(
        "--target",
        metavar="NAME",
        multiple=True,
        help="Only this one and what it needs: web, network/front, volume/data, image/nginx.",
    )(command)


def show_sensitive_option(command: Command) -> Command:
    """--show-sensitive: for commands that show a plan."""
    return click.option("--show-sensitive", is_flag=True, help="Show values that may be secrets.")(command)


def yes_option(command: Command) -> Command:
    """-y: for commands that may remove or replace."""
    return click.option("-y", "--yes", is_flag=True, help="Remove and replace without asking.")(command)


def turn_option(command: Command) -> Command:
    """--lock-timeout: for commands that change a project."""
    return click.option(
        "--lock-timeout",
        metavar="TIME",
        type=Period(),
        default="60s",
        help="How long to wait while somebody else changes the project: 90s, 10m; else 60s.",
    )(command)


def pause_option(command: Command) -> Command:
    """--pause: for commands that a watcher would undo."""
    return click.option(
        "--pause", is_flag=True, help="Pause the watch that keeps the project and would undo this; see resume."
    )(command)


def orphans_option(command: Command) -> Command:
    """--remove-orphans: for commands that plan."""
    return click.option(
        "--remove-orphans",
        is_flag=True,
        envvar="COMPOSE_REMOVE_ORPHANS",
        help="Remove what a Compose project of this name runs and the spec does not have.",
    )(command)


def image_options(command: Command) -> Command:
    """--locked and --prune-images: for commands that plan."""
    locked = click.option("--locked", is_flag=True, help="Use just the images of reconciler.lock, beside the spec.")
    prune = click.option(
        "--prune-images", is_flag=True, help="Remove images that the project once used and nothing uses now."
    )
    return locked(prune(command))
