"""Several files → one, by Compose's rules: mappings are merged, lists appended, what has a key of its own replaced.

Source: https://github.com/compose-spec/compose-spec/blob/main/13-merge.md, and compose-go's override package.
"""

from __future__ import annotations

import posixpath
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

_BUILD = (*_CONTAINER, "build")

_PAIRS = {
    *((*_CONTAINER, name) for name in ("annotations", "environment", "labels", "sysctls")),
    *((*_BUILD, name) for name in ("additional_contexts", "args", "labels")),
    (*_CONTAINER, "deploy", "labels"),
    *((section, "*", "labels") for section in ("networks", "volumes", "configs", "secrets")),
}
"""Mappings that may stand as a list of KEY=VALUE."""

_NAMES: dict[Place, dict[str, Scalar]] = {
    (*_CONTAINER, "depends_on"): {"condition": Scalar("service_started"), "required": Scalar("true", "bool")},
    (*_CONTAINER, "networks"): {},
}
"""Mappings that may stand as a list of names, and what each of these says then."""

_ULIMITS = {(*_CONTAINER, "ulimits", "*"), (*_BUILD, "ulimits", "*")}
_HOSTS = {(*_CONTAINER, "extra_hosts"), (*_BUILD, "extra_hosts")}
_LOGGING = (*_CONTAINER, "logging")
_OF_NAMES = {(*_CONTAINER, "networks"), *(place[:-1] for place in _ULIMITS)}
"""Mappings whose keys are names."""
_HEALTHCHECK = (*_CONTAINER, "healthcheck")
_PORTS = (*_CONTAINER, "ports")
_POOLS = ("networks", "*", "ipam", "config")
_MOST_PORTS = 1 << 12
"""So many ports of ranges are told apart, of one container."""


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
        base, over = (_named(part, _NAMES[place]) for part in (base, over))
    if place == _BUILD:
        base, over = _built(base), _built(over)
    if place == _POOLS and isinstance(base.data, list) and isinstance(over.data, list):
        return _pools(base, over, problems)
    if place in _LISTS or isinstance(base.data, list):
        return _appended(base, over, problems, place)
    if place in _ULIMITS and not (isinstance(base.data, dict) and isinstance(over.data, dict)):
        return over
    if (place == _LOGGING and _drivers_differ(base, over)) or (place == _HEALTHCHECK and _is_off(over)):
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
    named = (len(place) == 1 and place[0] in _NAMED) or place in _OF_NAMES
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


def _named(part: Part, value: dict[str, Scalar]) -> Part:
    if not isinstance(part.data, list):
        return part
    return mapping({str(one.data): _below_name(one, value) for one in part.elements()}, part.origin)


def _below_name(name: Part, value: dict[str, Scalar]) -> Part:
    """What stands below a name; where it could not be made, itself, so that nothing is said of it."""
    return name if isinstance(name.data, Placeholder) else Part(dict(value), name.origin)


def _built(part: Part) -> Part:
    return mapping({"context": part}, part.origin) if isinstance(part.data, str) else part


def _pools(base: Part, over: Part, problems: list[Diagnostic]) -> Part:
    """Ranges of addresses, of which those of one subnet are one."""
    found = {_subnet(part): part for part in base.elements()}
    for part in over.elements():
        subnet = _subnet(part)
        found[subnet] = merge(found[subnet], part, problems, (*_POOLS, "*")) if subnet in found else part
    return sequence(list(found.values()), over.origin)


def _subnet(pool: Part) -> str:
    return str(pool.data.get("subnet")) if isinstance(pool.data, dict) else repr(pool.data)


def _is_off(healthcheck: Part) -> bool:
    disabled = healthcheck.get("disable")
    return disabled is not None and disabled.data == "true"


def _drivers_differ(base: Part, over: Part) -> bool:
    drivers = [part.get("driver") for part in (base, over)]
    return all(drivers) and len({str(part.data) for part in drivers if part}) == 2


def _appended(base: Part, over: Part, problems: list[Diagnostic], place: Place) -> Part:
    key_of = _LISTS.get(place)
    if key_of is None and not isinstance(over.data, list):
        hint = "write a list, or put !override before it to replace the other"
        problems.append(over.origin.diagnostic("this can't be merged with the other file's: there it is a list", hint))
        return base
    if place in _HOSTS:
        base, over = _hosts(base), _hosts(over)
    parts = [*base.elements(), *over.elements()]
    if place == _PORTS:
        parts = _told_apart(parts)
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


def _told_apart(parts: list[Part]) -> list[Part]:
    """The ports with each one of a range for itself, since the other file may say something else of it."""
    found: list[Part] = []
    for part in parts:
        try:
            ports = shorthand.ports(part.data) if isinstance(part.data, str) and len(found) < _MOST_PORTS else []
        except Invalid:
            ports = []  # validation says what is wrong with it
        found += [Part(port, part.origin) for port in ports] or [part]
    return found


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
        return item
    published, host = str(item.get("published") or ""), str(item.get("host_ip") or "0.0.0.0")
    return int(item["target"]), published, host, str(item.get("protocol") or "tcp")


def _mount(item: Any) -> Any:
    return shorthand.volume(item)["target"] if isinstance(item, str) else item["target"]


def _device(item: Any) -> Any:
    return shorthand.device(item)["target"] if isinstance(item, str) else item.get("target") or item["source"]


def _file(item: Any) -> Any:
    return item if isinstance(item, str) else item["path"]


def _secret(item: Any) -> Any:
    return posixpath.join("/run/secrets", _grant(item))


def _config(item: Any) -> Any:
    return posixpath.join("/", _grant(item))


def _grant(item: Any) -> str:
    return item if isinstance(item, str) else str(item.get("target") or item["source"])


def _variable(item: Any) -> Any:
    return str(item).partition("=")[0]


_LISTS: dict[Place, Callable[[Any], Any]] = {
    **{
        (*_CONTAINER, name): _text
        for name in ("cap_add", "cap_drop", "dns", "dns_opt", "dns_search", "expose", "profiles")
    },
    **dict.fromkeys(_HOSTS, _text),
    **{(*_CONTAINER, "networks", "*", name): _text for name in ("aliases", "link_local_ips")},
    (*_BUILD, "tags"): _text,
    (*_CONTAINER, "configs"): _config,
    (*_CONTAINER, "devices"): _device,
    (*_CONTAINER, "env_file"): _file,
    (*_CONTAINER, "label_file"): _file,
    (*_CONTAINER, "links"): _variable,
    _PORTS: _port,
    (*_CONTAINER, "secrets"): _secret,
    (*_CONTAINER, "tmpfs"): _variable,
    (*_CONTAINER, "volumes"): _mount,
}
"""Lists, or a single item, of which no two have the same key; and what that key is."""
