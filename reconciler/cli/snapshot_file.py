"""The file of a snapshot: written whole or not at all, for its owner alone, and read with care."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.cli.whole_file import write_whole
from reconciler.errors import ReconcilerError, Refused, UsageError
from reconciler.version import __version__

if TYPE_CHECKING:
    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import Snapshot

FORM = 1
"""The version of the file's form. A reader of this one knows no later one."""

_AGAIN = "take it again: `reconciler snapshot --out FILE`"


def write_snapshot(
    path: Path, snapshot: Snapshot, project: str, *, with_values: bool, sensitive: Sequence[str] = ()
) -> None:
    """Write a snapshot to a file that only its owner can read.

    Args:
        path: of the file; one that is there is replaced at once.
        snapshot: what was observed.
        project: whose.
        with_values: as they are, rather than with digests where a value may be a secret.
        sensitive: more names of such values: `settings.sensitive`.

    Raises:
        ReconcilerError: it can't be written; what was there is still there.
    """
    from reconciler.planning.hidden import hide  # the values of none need hiding, when a file is read
    from reconciler.state.snapshot_form import snapshot_data

    data, salt = snapshot_data(snapshot), None if with_values else secrets.token_hex(16)
    whole = {
        "snapshot": FORM,
        "version": __version__,
        "project": project,
        "salt": salt,
        "state": hide(data, salt, sensitive) if salt else data,
    }
    try:
        write_whole(path, json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False) + "\n", private=True)
    except OSError as error:
        raise ReconcilerError(f"{path} can't be written: {error.strerror}", "choose another --out") from error


def read_snapshot(path: Path, spec: Spec) -> Snapshot:
    """The snapshot in a file, for a plan of this spec; what the spec's own files hold is read now.

    Raises:
        UsageError: it can't be read, or is of another project.
        Refused: it does not hold all that a plan of this spec depends on.
        EngineError: a file of the spec can't be read.
    """
    from reconciler.engine.contents import contents_of  # each command pays for what it needs
    from reconciler.engine.here import Here
    from reconciler.engine.spec_files import SpecFiles
    from reconciler.planning.hidden import reveal
    from reconciler.planning.unasked import unasked
    from reconciler.spec.wanted_images import wanted_images
    from reconciler.state.snapshot_form import snapshot_of

    whole = _read(path)
    if whole["project"] != spec.name:
        raise UsageError(
            f'{path} is a snapshot of project "{whole["project"]}", and the spec is of project "{spec.name}"',
            "name the snapshot of this project, or the project with -p",
        )
    try:
        snapshot = snapshot_of(reveal(whole["state"], whole["salt"], spec) if whole["salt"] else whole["state"])
    except ValueError as error:
        raise UsageError(f"{path} is a snapshot that can't be read", _AGAIN) from error
    if lacks := [*unasked(spec, snapshot)]:
        raise Refused(
            f"{path} does not hold all that this spec needs: {', '.join(lacks)}",
            "take it again with this very spec: `reconciler snapshot -f SPEC --out FILE`",
        )
    with ThreadPoolExecutor(4, thread_name_prefix="files") as pool:
        files = SpecFiles(wanted_images(spec).values(), pool)
        return replace(
            snapshot,
            sources=files.sources(),
            contexts=files.contexts(),
            archives=files.archives(),
            contents=contents_of(spec, Here.of(os.environ)),
        )


def _read(path: Path) -> dict[str, Any]:
    try:
        whole: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}", "name a file that `snapshot` wrote") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no snapshot, or was cut off", _AGAIN) from error
    form = whole.get("snapshot") if isinstance(whole, dict) else None
    if not isinstance(form, int):
        raise UsageError(f"{path} is no snapshot", "name a file that `reconciler snapshot` wrote")
    if form != FORM:
        raise UsageError(
            f"{path} was written by reconciler {whole.get('version')}, in a form that {__version__} does not know",
            "plan with that version, or take it again with this one",
        )
    known = {"project": str, "salt": str | None, "state": dict}
    if not all(name in whole and isinstance(whole[name], kind) for name, kind in known.items()):
        raise UsageError(f"{path} is a snapshot that can't be read", _AGAIN)
    return dict(whole)
