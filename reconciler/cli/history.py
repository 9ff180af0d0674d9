"""`reconciler history`."""

from __future__ import annotations

import os
from typing import Literal

import click

from reconciler.cli.options import output_option
from reconciler.cli.printing import print_json, style, width
from reconciler.errors import UsageError


@click.command()
@click.argument("what", nargs=-1, metavar="[show NUMBER]")
@click.option("-p", "--project", metavar="NAME", help="Of this project only.")
@click.option("-n", "--number", "most", type=click.IntRange(1), default=20, show_default=True, help="How many.")
@output_option
def command(what: tuple[str, ...], project: str | None, most: int, output: Literal["text", "json"]) -> None:
    """Show what was done when, by whom, from which spec, and how it ended.

    `history show NUMBER` shows one in full.
    """
    from reconciler.journal.journal import Journal  # SQLite, for whom it is of use
    from reconciler.report.history import history_text, run_dict, run_text
    from reconciler.state_folder import state_folder

    journal = Journal(state_folder(os.environ))
    if what:
        number = _number(what)
        run = journal.run(number)
        if run is None:
            raise UsageError(f"there is no {number} in the history", "`reconciler history` lists what there is")
        print_json(run_dict(run, whole=True)) if output == "json" else click.echo(run_text(run, style(), width()))
        return
    runs = journal.runs(project, most=most)
    if output == "json":
        print_json({"runs": [run_dict(run) for run in runs]})
    else:
        of = f" of {project}" if project else ""
        click.echo(history_text(runs, style(), width()) if runs else f"No apply{of} has changed anything here so far.")


def _number(what: tuple[str, ...]) -> int:
    match what:
        case ("show", number) if number.isdecimal():
            return int(number)
        case _:
            raise UsageError(f'"history {" ".join(what)}" is not known', "it is `history`, or `history show NUMBER`")
