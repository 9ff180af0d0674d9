"""What stands without a value in a Compose file: a variable is then the loader's own, anything else is empty."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reconciler.spec.merge import pairs
from reconciler.spec.origin import Part, mapping, sequence
from reconciler.spec.scalar import Scalar
from reconciler.spec.uses import Uses, use_of

Path_ = tuple[str, ...]

_VARIABLES: tuple[Path_, ...] = (("environment",), ("build", "args"))
_LABELS: tuple[Path_, ...] = (
    ("annotations",),
    ("build", "labels"),
    ("deploy", "labels"),
    ("deploy", "resources", "reservations", "devices", "*", "options"),
    ("gpus", "*", "options"),
    ("labels",),
    ("logging", "options"),
    ("sysctls",),
    ("volumes", "*", "volume", "labels"),
)
"""Of a container: where KEY=VALUE may stand without its value."""

_NOTHING = ("command", "ipc", "network_mode", "networks", "pid", "platform", "restart", "userns_mode", "uts")
"""Attributes of which an empty text says nothing, of `${PLATFORM:-}` for example, nor an empty list or mapping."""

_SECTIONS = ("networks", "volumes", "configs", "secrets")


def with_values(container: Part, variables: Mapping[str, str], uses: Uses) -> Part:
    """A container's data, where each variable and label has a value.

    Args:
        container: its data.
        variables: from where a variable without a value takes its own; it is left out where there is none.
        uses: what is taken is noted there.
    """
    empty = [name for name in _NOTHING if container.data.get(name) in ("", [], {})]
    if empty:
        container = container.replaced(dict.fromkeys(empty))
    mode = container.get("network_mode")
    if mode is not None and mode.data == "default":
        container = container.replaced({"network_mode": Part(Scalar("bridge"), mode.origin)})
    for path in _VARIABLES:
        container = _changed(container, path, lambda part: _given(part, variables, uses))
    for path in _LABELS:
        container = _changed(container, path, _given)
    return container


def with_included(part: Part, variables: Mapping[str, str], uses: Uses) -> Part:
    """An included file's data, where each variable of a container that can has its value: from that file's variables.

    One that has none there stays without: what includes the file may still give it one.
    """
    for path in _VARIABLES:
        part = _changed(part, ("containers", "*", *path), lambda one: _given(one, variables, uses, keep=True))
    return part


def with_labels(part: Part) -> Part:
    """A spec's data, where each label of a network, volume, config and secret has a value."""
    for section in _SECTIONS:
        part = _changed(part, (section, "*", "labels"), _given)
    return part


def _changed(part: Part, path: Path_, change: Callable[[Part], Part]) -> Part:
    """The part with what is at this path changed, where that is."""
    if not path:
        return change(part)
    step, *rest = path
    if step != "*":
        below = part.get(step)
        changed = below and _changed(below, tuple(rest), change)
        return part.replaced({step: changed}) if changed is not below else part
    if isinstance(part.data, dict):
        parts = {key: _changed(one, tuple(rest), change) for key, one in part.items()}
        same = all(one.data is part.data[key] for key, one in parts.items())
        return part if same else mapping(parts, part.origin)
    if isinstance(part.data, list):
        elements = [_changed(one, tuple(rest), change) for one in part.elements()]
        same = all(one.data is data for one, data in zip(elements, part.data, strict=True))
        return part if same else sequence(elements, part.origin)
    return part


def _given(
    part: Part, variables: Mapping[str, str] | None = None, uses: Uses | None = None, *, keep: bool = False
) -> Part:
    if isinstance(part.data, dict):
        if None not in part.data.values():
            return part
    elif not isinstance(part.data, list) or all("=" in str(item) for item in part.data):
        return part
    found = {}
    for key, value in pairs(part).items():
        if value.data is not None:
            found[key] = value
        elif variables is None:
            found[key] = Part(Scalar(""), value.origin)
        elif key in variables:
            found[key] = Part(Scalar(variables[key]), value.origin)
            if uses is not None:
                uses.add(value.origin.document, value.origin.path, use_of(key, variables[key]))
        elif keep:
            found[key] = value
    return mapping(found, part.origin)
