"""`reconciler validate`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import Options, spec_options
from reconciler.cli.printing import print_json, show, style
from reconciler.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from reconciler.spec.projects import Project


@click.command()
@spec_options
@click.argument("paths", metavar="[PATH]...", nargs=-1)
def command(paths: tuple[str, ...], **given: Any) -> int:
    """Check specs, without an Engine.

    Each PATH is a file, or a folder with one project or several; each project is checked on its own, then beside the
    others. Files that -f names are merged into one project.
    """
    options = Options(**given)
    projects = _projects(options, paths)
    if options.output == "json":
        _print_as_json(projects)
    else:
        _print_as_text(projects)
    return ExitCode.SPEC_INVALID if any(project.error for project in projects) else ExitCode.OK


def _projects(options: Options, paths: tuple[str, ...]) -> list[Project]:
    if paths and options.file:
        raise UsageError("files are named in two ways", "use -f for files of one project, or PATH for projects")
    from reconciler.spec.folders import find_all
    from reconciler.spec.loader import Asked, is_standard_input, named_by_environment
    from reconciler.spec.projects import load_all, load_one

    folder = Path(options.file[0]) if options.file else Path.cwd()
    # Several files after -f are one project, whatever is beside them.
    alone = len(options.file) > 1 or not folder.is_dir()
    alone = alone or (not options.file and bool(named_by_environment(os.environ, folder, options.env_file)))
    if paths or (not alone and len(find_all(folder)) > 1):
        if options.project:
            hint = "leave it out, or name the files of one project with -f"
            raise UsageError("--project names one project, and these may be several", hint)
        return load_all(paths or [folder], environ=os.environ, profiles=options.profile, env_files=options.env_file)
    asked = Asked(options.project, dict(os.environ), frozenset(options.profile), tuple(map(Path, options.env_file)))
    text = sys.stdin.buffer.read() if is_standard_input(options.file) else None
    return [load_one(options.file or None, text, asked)]


def _print_as_json(projects: list[Project]) -> None:
    here = Path.cwd()
    print_json(
        {
            "valid": not any(project.error for project in projects),
            "projects": [
                {
                    "project": project.spec.name if project.spec else None,
                    "files": project.names(here),
                    "valid": not project.error,
                    "diagnostics": [diagnostic.as_dict() for diagnostic in project.diagnostics],
                }
                for project in projects
            ],
        }
    )


def _print_as_text(projects: list[Project]) -> None:
    from reconciler.report.validation_text import project_line, summary_line

    if len(projects) == 1 and (error := projects[0].error):
        for warning in projects[0].warnings:
            show(warning)
        raise error
    here = Path.cwd()
    for project in projects:
        click.echo(project_line(project, project.names(here)[0], style()))
        sys.stdout.flush()
        for diagnostic in project.diagnostics:
            show(diagnostic)
    if len(projects) > 1:
        click.echo(f"\n{summary_line(projects)}")
