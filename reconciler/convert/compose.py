"""A Compose file, loaded → a spec in the native form."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.convert.result import Conversion
from reconciler.convert.short import shortened
from reconciler.spec.provenance import provenance
from reconciler.spec.writing import native

if TYPE_CHECKING:
    from reconciler.spec.diagnostics import Diagnostic
    from reconciler.spec.model import Spec
    from reconciler.spec.provenance import Trace


_SPECS = (".yaml", ".yml", "<stdin>")
"""How the names of files end that are specs themselves."""


def from_spec(spec: Spec, trace: Trace, warnings: Sequence[Diagnostic], folder: Path) -> Conversion:
    """A spec as native data.

    Args:
        spec: as loaded.
        trace: of the load: where its values came from.
        warnings: what the loader said of it.
        folder: where it was; paths below it become relative.
    """
    notes = [f"{warning.headline}{_doing(warning)}" for warning in warnings]
    data = native(spec)
    found = provenance(data, trace)
    if names := sorted({use.name for one in found.values() for use in one.variables}):
        notes.append(f"the values of these variables stand here, as they are now: {', '.join(names)}")
    files = {one.place.file for path, one in found.items() if path[2:3] in {("environment",), ("labels",)}}
    notes += [f"what {file} gives stands here, passwords too" for file in sorted(files) if not file.endswith(_SPECS)]
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
