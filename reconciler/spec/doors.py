"""The two front doors: `containers:` is the native form, `services:` is Compose's. Behind them all is one."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from reconciler.spec.diagnostics import spec_error
from reconciler.spec.origin import Origin, Part

if TYPE_CHECKING:
    from reconciler.spec.document import Document


def is_compose(documents: list[Document]) -> bool:
    """Whether these files, which are to be merged, are Compose files.

    Raises:
        SpecError: a file has both forms, or one has this and another that.
    """
    native = [document for document in documents if "containers" in document.data]
    for document in documents:
        if "services" in document.data and native:
            hint = "write one of the two in all files; their attributes are the same"
            other = "it" if document in native else f'"{native[0].name}"'
            message = f"a spec has `services:` or `containers:`, not both; {other} has `containers:`"
            raise spec_error([document.diagnostic(("services",), message, hint, key=True)])
    if native:
        return False
    # A file of volumes or networks only: its name tells.
    return any("services" in document.data for document in documents) or any(
        "compose" in PurePath(document.name).name for document in documents
    )


def opened(part: Part) -> Part:
    """The data of a file, with `containers` whichever form it has; and without what Compose lets anybody add."""
    data = _without_extensions(part.data)
    if "services" not in data:
        return Part(data, part.origin)
    renamed = {"containers" if key == "services" else key: value for key, value in data.items()}
    services = Origin(part.origin.document, ("services",))
    return Part(renamed, part.origin.having({"containers": services}))


_FREE = frozenset(
    ["annotations", "args", "driver_opts", "environment", "extra_hosts", "labels", "options", "storage_opt", "sysctls"]
)
"""Mappings in which a key that begins with `x-` is a key like any other."""
_NAMED = frozenset(["containers", "services", "networks", "volumes", "configs", "secrets", "images", "depends_on"])
"""Mappings whose keys are names; what is below them is not free."""


def _without_extensions(data: dict[str, Any], named: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in data.items():
        if key.startswith("x-") and not named:
            continue
        if isinstance(value, dict) and (named or key not in _FREE):
            found[key] = _without_extensions(value, not named and key in _NAMED)
        elif isinstance(value, list):
            found[key] = [_without_extensions(one) if isinstance(one, dict) else one for one in value]
        else:
            found[key] = value
    return found
