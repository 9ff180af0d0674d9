"""Several files → one, by Compose's rules: mappings are merged, lists appended, what has a key of its own replaced.

Source: https://github.com/compose-spec/compose-spec/blob/main/13-merge.md, and compose-go's override package.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from reconciler.spec import shorthand
from reconciler.spec.invalid import Invalid
from reconciler.spec.origin import Part, mapping, sequence
from reconciler.spec.scalar import Placeholder, Scalar

if TYPE_CHECKING:
    from reconciler.spec.diagnostics import Diagnostic

Place = tuple[str, ...]
"""Where in a spec, without names: `("containers", "*", "ports")`."""

_NAMED = frozenset(["containers", "networks", "volumes", "configs", "secrets", "images"])
_CONTAINER: Place = ("containers", "*")

_WHOLE = {(*_CONTAINER, *path) for path in (("command",), ("entrypoint",), ("healthcheck", "test"))}
"""Replaced, never merged."""

_PAIRS = {
    *((*_CONTAINER, name) for name in ("annotations", "environment", "labels", "sysctls")),
    (*_CONTAINER, "deploy", "labels"),
    ("networks", "*", "labels"),
    ("volumes", "*", "labels"),
}
"""Mappings that may stand as a list of KEY=VALUE."""

_NAMES = {(*_CONTAINER, "depends_on"), (*_CONTAINER, "networks")}
"""Mappings that may stand as a list of names."""

_ULIMITS = (*_CONTAINER, "ulimits", "*")
_LOGGING = (*_CONTAINER, "logging")


def merge(base: Part, over: Part, problems: list[Diagnostic], place: Place = ()) -> Part:
    """One part, with another one over it.

    Args:
        base: from the file before.
        over: what is given in the file after it.
        problems: what can't be merged is added here.
        place: where in a spec both stand.
    """
    mark = over.origin.mark
    if mark == "!override" or base.data is None or place in _WHOLE:
        return unmarked(over, place)
    if over.data is None:
        return base
    if place in _PAIRS:
        return _pairs(base, over)
    if place in _NAMES:
        base, over = _named(base), _named(over)
    if place in _LISTS or isinstance(base.data, list):
        return _appended(base, over, problems, place)
    if place == _ULIMITS and not (isinstance(base.data, dict) and isinstance(over.data, dict)):
        return over
    if place == _LOGGING and _drivers_differ(base, over):
        return over
    if isinstance(base.data, dict) != isinstance(over.data, dict) or isinstance(over.data, list):
        kinds = "a mapping" if isinstance(base.data, dict) else "a single value"
        hint = "write it in the same form, or put !override before it to replace the other"
        message = f"this can't be merged with the other file's: there it is {kinds}"
        problems.append(over.origin.diagnostic(message, hint))
        return base
    return _mappings(base, over, problems, place) if isinstance(base.data, dict) else over


def unmarked(part: Part, place: Place = ()) -> Part:
    """The part without what bears `!reset`: of the first file, or below `!override`."""
    if not isinstance(part.data, dict) or not part.origin.document.marked:
        return part
    return mapping(
        {key: unmarked(one, _below(place, key)) for key, one in part.items() if one.origin.mark != "!reset"},
        part.origin,
    )


def _below(place: Place, key: str) -> Place:
    named = (len(place) == 1 and place[0] in _NAMED) or place in {(*_CONTAINER, "networks"), (*_CONTAINER, "ulimits")}
    return (*place, "*" if named else key)


def _mappings(base: Part, over: Part, problems: list[Diagnostic], place: Place) -> Part:
    parts = dict(base.items())
    for key, part in over.items():
        if part.origin.mark == "!reset":
            parts.pop(key, None)
        elif key in parts:
            parts[key] = merge(parts[key], part, problems, _below(place, key))
        else:
            parts[key] = unmarked(part, _below(place, key))
    return mapping(parts, over.origin)


def _pairs(base: Part, over: Part) -> Part:
    return mapping({**pairs(base), **pairs(over)}, over.origin)


def pairs(part: Part) -> dict[str, Part]:
    """A mapping, or a list of KEY=VALUE, by key; the value of a mere KEY is None."""
    if not isinstance(part.data, list):
        return dict(part.items())
    found = {}
    for element in part.elements():
        key, equals, value = str(element.data).partition("=")
        found[key] = Part(Scalar(value) if equals else None, element.origin)
    return found


def _named(part: Part) -> Part:
    if not isinstance(part.data, list):
        return part
    return mapping({str(one.data): _without_value(one) for one in part.elements()}, part.origin)


def _without_value(name: Part) -> Part:
    """What stands below a name; where it could not be made, itself, so that nothing is said of it."""
    return name if isinstance(name.data, Placeholder) else Part({}, name.origin)


def _drivers_differ(base: Part, over: Part) -> bool:
    drivers = [part.get("driver") for part in (base, over)]
    return all(drivers) and len({str(part.data) for part in drivers if part}) == 2


def _appended(base: Part, over: Part, problems: list[Diagnostic], place: Place) -> Part:
    key_of = _LISTS.get(place)
    if key_of is None and not isinstance(over.data, list):
        hint = "write a list, or put !override before it to replace the other"
        problems.append(over.origin.diagnostic("this can't be merged with the other file's: there it is a list", hint))
        return base
    if place == (*_CONTAINER, "extra_hosts"):
        base, over = _hosts(base), _hosts(over)
    parts = [*base.elements(), *over.elements()]
    if key_of is None:
        return sequence(parts, over.origin)
    # As in Compose: the later one takes the place of the earlier.
    found: dict[Any, Part] = {}
    for part in parts:
        found[_key(key_of, part.data)] = part
    return sequence(list(found.values()), over.origin)


def _hosts(part: Part) -> Part:
    if not isinstance(part.data, dict):
        return part
    hosts = [
        Part(Scalar(f"{host}={element.data}"), element.origin)
        for host, where in part.items()
        for element in where.elements()
    ]
    return sequence(hosts, part.origin)


def _key(key_of: Callable[[Any], Any], item: Any) -> Any:
    try:
        key = key_of(item)
        hash(key)
    except (Invalid, TypeError, KeyError, AttributeError):
        return repr(item)  # validation says what is wrong with it
    return key


def _text(item: Any) -> str:
    return str(item)


def _port(item: Any) -> Any:
    if isinstance(item, str):
        ports = shorthand.ports(item)
        return tuple((one["target"], one["published"], one["host_ip"], one["protocol"]) for one in ports)
    published = str(item.get("published") or "")
    return ((int(item["target"]), published, str(item.get("host_ip") or ""), str(item.get("protocol") or "tcp")),)


def _mount(item: Any) -> Any:
    return shorthand.volume(item)["target"] if isinstance(item, str) else item["target"]


def _device(item: Any) -> Any:
    return shorthand.device(item)["target"] if isinstance(item, str) else item.get("target") or item["source"]


def _file(item: Any) -> Any:
    return item if isinstance(item, str) else item["path"]


def _grant(item: Any) -> Any:
    return item if isinstance(item, str) else item.get("target") or item["source"]


def _variable(item: Any) -> Any:
    return str(item).partition("=")[0]


_LISTS: dict[Place, Callable[[Any], Any]] = {
    **{
        (*_CONTAINER, name): _text
        for name in ("cap_add", "cap_drop", "dns", "dns_opt", "dns_search", "expose", "extra_hosts", "profiles")
    },
    **{(*_CONTAINER, "networks", "*", name): _text for name in ("aliases", "link_local_ips")},
    (*_CONTAINER, "configs"): _grant,
    (*_CONTAINER, "devices"): _device,
    (*_CONTAINER, "env_file"): _file,
    (*_CONTAINER, "label_file"): _file,
    (*_CONTAINER, "links"): _variable,
    (*_CONTAINER, "ports"): _port,
    (*_CONTAINER, "secrets"): _grant,
    (*_CONTAINER, "tmpfs"): _variable,
    (*_CONTAINER, "volumes"): _mount,
}
"""Lists, or a single item, of which no two have the same key; and what that key is."""
