"""Attributes that can't stand where they stand: what was meant, or where they belong."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel

from reconciler.spec import attributes
from reconciler.spec.diagnostics import closest
from reconciler.spec.model import Spec
from reconciler.spec.places import SECTIONS, Path_, place

_MEANT = {
    "build_args": "build.args",
    "cap": "cap_add",
    "capabilities": "cap_add",
    "cmd": "command",
    "args": "command",
    "cpu": "cpus",
    "cpu_limit": "cpus",
    "depends": "depends_on",
    "env": "environment",
    "envs": "environment",
    "health": "healthcheck",
    "host": "hostname",
    "links_to": "depends_on",
    "log": "logging",
    "mac": "mac_address",
    "memory": "mem_limit",
    "memory_limit": "mem_limit",
    "memory_reservation": "mem_reservation",
    "mounts": "volumes",
    "name": "container_name",
    "net": "network_mode",
    "restart_policy": "restart",
    "signal": "stop_signal",
    "status": "state",
    "workdir": "working_dir",
}
"""What other tools, and people in a hurry, call an attribute of a container."""


_OTHER_TOOLS = frozenset(["apiVersion", "kind", "metadata"])
_MOST_LISTED = 24


class _Place(NamedTuple):
    path: tuple[str, ...]
    attributes: frozenset[str]


def explain(path: Path_) -> tuple[str, str]:
    """Message and hint for the unknown attribute at this path."""
    name, parent = str(path[-1]), path[:-1]
    if refused := attributes.refusal(parent, name, place(parent)):
        return refused
    known = _attributes(parent)
    message = f'unknown attribute "{name}" in {place(parent)}'
    head, colon, rest = name.partition(":")
    if colon and head in known:
        return message, f'a space is missing after the colon: write "{head}: {rest}"'
    if parent and name in SECTIONS:
        one = name.removesuffix("s")
        return message, f'did you mean "{one}"?' if one in known else f"`{name}` stands at the top level of the spec"
    if parent[:1] == ("containers",) and len(parent) == 2 and name in _MEANT:
        return message, f'did you mean "{_MEANT[name]}"?'
    if not parent and name in _OTHER_TOOLS:
        return message, "leave it out: a spec has no such line"
    elsewhere = _elsewhere(name, parent)
    if elsewhere and (len(elsewhere) <= 2 or len(elsewhere) > len(parent)):
        return message, f"it belongs to {_belongs(elsewhere, name)}"
    if guess := closest(name, known | attributes.table(parent).keys()):
        return message, f'did you mean "{guess}"?'
    if elsewhere:
        return message, f"it belongs to {_belongs(elsewhere, name)}"
    if not known:
        return message, "remove it"
    if len(known) > _MOST_LISTED:
        return message, "nothing there has a name like this; `reconciler schema` lists what has a meaning"
    return message, f"known here: {', '.join(sorted(known))}"


def _belongs(path: tuple[str, ...], name: str) -> str:
    """A place as a person would point at it: `ports` of a container."""
    if not path:
        return "the top level of the spec"
    if path[0] not in SECTIONS:
        return f"`{'.'.join(path)}` of the spec"
    kind = SECTIONS[path[0]]
    article = "an" if kind == "image" else "a"
    rest = ".".join(path[2:])
    if rest:
        return f"`{rest}` of {article} {kind}"
    return f"{article} {kind}: `{path[0]}: {{NAME: {{{name}: …}}}}`"


def _elsewhere(name: str, parent: Path_) -> tuple[str, ...]:
    """The nearest place that knows this attribute: below the parent first, then from the top down."""
    shape = tuple("*" if isinstance(step, int) else str(step) for step in parent)
    found = [found.path for found in _places() if name in found.attributes and found.path]
    below = [path for path in found if path[: len(_pattern(shape))] == _pattern(shape)] if shape else []
    return next(iter([*below, *found]), ())


def _pattern(path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("NAME" if index == 1 else step for index, step in enumerate(path))


@cache
def _places() -> list[_Place]:
    """Every place of a spec that has attributes, from the top down."""
    found: list[_Place] = []
    level: list[tuple[tuple[str, ...], type[BaseModel]]] = [((), Spec)]
    while level:
        below: list[tuple[tuple[str, ...], type[BaseModel]]] = []
        for path, model in level:
            found.append(_Place(path, frozenset(_fields(model))))
            for name, annotation in _fields(model).items():
                for inner in _models(annotation):
                    step = (name,) if path or name not in SECTIONS else (name, "NAME")
                    below.append(((*path, *step), inner))
        level = below if len(level[0][0]) < 6 else []
    return found


def _attributes(path: Path_) -> set[str]:
    """The attributes of the model at this place."""
    model: type[BaseModel] = Spec
    for step in path:
        fields = _fields(model)
        if step in fields and (inner := list(_models(fields[str(step)]))):
            model = inner[-1]
    return set(_fields(model))


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    else:
        for argument in get_args(annotation):
            yield from _models(argument)
