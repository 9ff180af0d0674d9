"""A Compose file, loaded → a spec in the native form."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.convert.result import Conversion
from reconciler.convert.short import shortened
from reconciler.spec.writing import native

if TYPE_CHECKING:
    from reconciler.spec.diagnostics import Diagnostic
    from reconciler.spec.model import Spec


def from_spec(spec: Spec, warnings: Sequence[Diagnostic], folder: Path, *, resolved: bool) -> Conversion:
    """A spec as native data.

    Args:
        spec: as loaded.
        warnings: what the loader said of it.
        folder: where it was; paths below it become relative.
        resolved: whether its files have variables.
    """
    notes = [f"{warning.headline}{_doing(warning)}" for warning in warnings]
    if resolved:
        notes.append("variables: their values stand here, as they were when this was converted")
    data = native(spec)
    if _relative(data, folder):
        notes.append(f"paths are relative to {folder}: save this file there")
    return Conversion(shortened(data), tuple(notes))


def _doing(warning: Diagnostic) -> str:
    return f"; {warning.hint}" if warning.hint and warning.hint != "leave it out" else ""


def _relative(data: dict[str, Any], folder: Path) -> bool:
    """Makes paths of the host below the folder relative to it; whether there are any."""
    found = False
    for container in data["containers"].values():
        for mount in container.get("volumes", ()):
            if mount["type"] == "bind" and (short := _below(mount["source"], folder)):
                mount["source"], found = short, True
    for image in data.get("images", {}).values():
        if "import" in image and (short := _below(image["import"], folder)):
            image["import"], found = short, True
    return found


def _below(path: str, folder: Path) -> str:
    # In the data each dollar stands twice.
    home = str(folder).replace("$", "$$")
    if path == home:
        return "."
    return f"./{path.removeprefix(home + '/')}" if path.startswith(f"{home}/") else ""
