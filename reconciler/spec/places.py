"""Places in a spec: in words, and as paths in the text where a short syntax stands for something else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

from reconciler.spec.addresses import ports
from reconciler.spec.invalid import Invalid

if TYPE_CHECKING:
    from reconciler.spec.diagnostics import Diagnostic, Severity

Path_ = tuple[str | int, ...]


class Text(Protocol):
    """Where the data was written: a `Document`, or several that were merged."""

    @property
    def data(self) -> Any:
        """The data as written: variables are not put in."""

    def diagnostic(
        self, path: Path_, message: str, hint: str = "", *, key: bool = False, severity: Severity = "error"
    ) -> Diagnostic:
        """A problem with the value (or key) at this path."""


SECTIONS = {
    "images": "image",
    "containers": "container",
    "networks": "network",
    "volumes": "volume",
    "configs": "config",
    "secrets": "secret",
}


def place(path: Path_) -> str:
    """A place in words: `ports of container "web"`, `the spec`."""
    if len(path) >= 2 and path[0] in SECTIONS:
        words = f'{SECTIONS[str(path[0])]} "{path[1]}"'
        rest = [str(step) for step in path[2:] if isinstance(step, str)]
        return f"{'.'.join(rest)} of {words}" if rest else words
    return f'"{path[0]}"' if path else "the spec"


def subject(path: Path_) -> str:
    """What stands at this path: `"image" in container "web"`, `container "web"`, `item 2 of "ports"`."""
    if not path:
        return "the spec"
    if len(path) == 2 and path[0] in SECTIONS:
        return place(path)
    if isinstance(path[-1], int):
        name = next(step for step in reversed(path) if isinstance(step, str))
        return f'item {path[-1] + 1} of "{name}" in {place(path[: path.index(name)])}'
    return f'"{path[-1]}" in {place(path[:-1])}' if len(path) > 1 else f'"{path[0]}"'


def value_at(data: Any, path: Path_) -> Any:
    """What stands there; None where nothing does."""
    for step in path:
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return None
    return data


def in_text(document: Text, path: Path_) -> Path_:
    """The path where lists stand for mappings: `networks.back` is the item `- back`, `labels.A` the item `- A=1`."""
    found: Path_ = ()
    data: Any = document.data
    for step in path:
        if isinstance(step, str) and isinstance(data, list):
            index = index_of(data, step)
            if index is None:
                return found
            found, data = (*found, index), data[index]
        elif isinstance(data, str):
            return found  # a short syntax
        else:
            found, data = (*found, step), value_at(data, (step,))
    return found


def named(document: Text, path: Path_, name: str, names: Iterable[str]) -> tuple[Path_, str]:
    """Where this name stands in the list or mapping of names at `path`, and how it is written there.

    What came from a variable is shown as written, since it may be secret.
    """
    written = value_at(document.data, path)
    order = list(names)
    if isinstance(written, list) and len(written) == len(order):
        place: Path_ = (*path, order.index(name))
        return place, as_written(document, place, name)
    return in_text(document, (*path, name)), name


def as_written(document: Text, path: Path_, text: str) -> str:
    """The text at this path as it was written, if variables made it what it is."""
    written = value_at(document.data, path)
    return written if isinstance(written, str) and "$" in written and text not in written else text


def index_of(items: list[Any], name: str) -> int | None:
    """Which item of a list that stands for a mapping names this; the last, which is the one that holds."""
    for index in reversed(range(len(items))):
        item = items[index]
        if (isinstance(item, str) and re.split("[=:]", item, maxsplit=1)[0] == name) or item == name:
            return index
    return None


def port_paths(document: Text, container: str, count: int) -> list[Path_]:
    """The item that stands for each port of a container: a range stands for several.

    Args:
        document: the text, in which variables are not put in: of such an item it is not known how many it makes.
        container: its key.
        count: how many ports the container has.
    """
    path: Path_ = ("containers", container, "ports")
    items = value_at(document.data, path)
    if not isinstance(items, list):
        return [path] * count
    sizes = [ports_of(item) for item in items]
    unknown = [position for position, size in enumerate(sizes) if size is None]
    if len(unknown) == 1:
        sizes[unknown[0]] = max(0, count - sum(size for size in sizes if size is not None))
    found: list[Path_] = []
    for position, size in enumerate(sizes):
        if size is None:
            break
        found += [(*path, position)] * size
    return (found + [path] * count)[:count]


def ports_of(item: Any) -> int | None:
    """How many ports an item of `ports` stands for; None where that is not known."""
    if not isinstance(item, str):
        return 1
    try:
        return None if "$" in item else len(ports(item))
    except Invalid:
        return None
