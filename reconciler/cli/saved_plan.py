"""Saved plans as files: written by `plan --out`, read and held against the present by `apply --plan`."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.printing import print_json, style, width
from reconciler.cli.whole_file import write_whole
from reconciler.errors import ReconcilerError, Refused, UsageError
from reconciler.version import __version__

if TYPE_CHECKING:
    from reconciler.cli.options import Options
    from reconciler.planning.plan import Plan
    from reconciler.planning.saved import SavedPlan
    from reconciler.ports import Engine
    from reconciler.spec.model import Spec

_AGAIN = "make another one: reconciler plan --out FILE"


def save_plan(file: str, plan: Plan, spec: Spec, engine: Engine) -> None:
    """Write a plan to a file that only its owner can read: as a whole, or not at all.

    Raises:
        ReconcilerError: it can't be written.
    """
    from reconciler.planning.saved import saved_plan, written

    data = written(saved_plan(plan, spec, engine.identity(), secrets.token_bytes(16)))
    path = Path(os.path.realpath(file))
    if path.exists() and not path.is_file():
        raise UsageError(f"{file} is no file", "name a file after --out; it is made anew")
    try:
        write_whole(path, json.dumps(data, indent=2, ensure_ascii=False) + "\n", private=True)
    except OSError as error:
        raise ReconcilerError(
            f"the plan can't be written to {file}: {error.strerror}", "name another file after --out"
        ) from error


def read_plan(file: str) -> SavedPlan:
    """A saved plan.

    Raises:
        UsageError: there is none in this file.
        Refused: it is one that this version can't hold against a plan of its own.
    """
    from reconciler.planning.saved import UnknownForm, read

    try:
        saved = read(json.loads(Path(file).read_bytes()))
    except OSError as error:
        raise UsageError(f"the saved plan {file} can't be read: {error.strerror}", _AGAIN) from error
    except UnknownForm as error:
        raise Refused(
            f'the saved plan {file} has the form "{error}", which this version does not know',
            "apply it with the version of reconciler that wrote it, or plan again",
        ) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file} is no saved plan, or not a whole one", _AGAIN) from error
    if saved.reconciler != __version__:
        raise Refused(
            f"the saved plan {file} was made by reconciler {saved.reconciler}, this is {__version__}",
            "apply it with that version, or plan again",
        )
    return saved


def expect_same_place(file: str, saved: SavedPlan, spec: Spec, engine: Engine) -> None:
    """Refuse a saved plan of another project, or for another Engine."""
    if saved.plan.project != spec.name:
        raise Refused(
            f'the saved plan {file} is of project "{saved.plan.project}", and this spec is of "{spec.name}"; '
            "nothing has been changed",
            "name the spec that it was made of with -f, or plan again",
        )
    if saved.engine_id != engine.identity():
        raise Refused(
            f"the saved plan {file} was made for another Engine: Docker {saved.plan.engine.version}, "
            f"{saved.engine_id}; nothing has been changed",
            "name that one with --host or --context, or plan again for this one",
        )


def expect_same_actions(
    file: str, saved: SavedPlan, plan: Plan, spec: Spec, engine: Engine, options: Options
) -> int | None:
    """Show both plans where they differ, and refuse; for a program the exit code, once all is said.

    Raises:
        Refused: they differ.
    """
    from reconciler.planning.saved import differences, written

    found = differences(saved, plan, spec, engine.identity())
    if not found:
        return None
    from reconciler.report.json_form import error_dict, plan_dict
    from reconciler.report.saved_text import both_plans, differences_dict, differing

    error = Refused(
        f"the saved plan {file} no longer holds: {differing(found)}; nothing has been changed",
        "look at what has become different, and plan again",
    )
    if options.output == "text":
        click.echo(both_plans(saved, plan, found, style(), width()))
        click.echo()
        raise error
    print_json(
        {
            **error_dict(error),
            "differences": differences_dict(found),
            "agreed": written(saved)["changes"],
            "plan": plan_dict(plan),
        }
    )
    return int(error.exit_code)
