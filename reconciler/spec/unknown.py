"""Attributes that can't stand where they stand: what was meant, or where they belong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel

from reconciler.spec.diagnostics import closest
from reconciler.spec.model import Spec
from reconciler.spec.places import SECTIONS, Path_, place

NOT_YET = frozenset(
    [
        "annotations",
        "attach",
        "blkio_config",
        "build",
        "cap_add",
        "cap_drop",
        "cgroup",
        "cgroup_parent",
        "configs",
        "cpu_count",
        "cpu_percent",
        "cpu_period",
        "cpu_quota",
        "cpu_rt_period",
        "cpu_rt_runtime",
        "cpu_shares",
        "cpus",
        "cpuset",
        "credential_spec",
        "deploy",
        "develop",
        "device_cgroup_rules",
        "devices",
        "dns",
        "dns_opt",
        "dns_search",
        "domainname",
        "env_file",
        "expose",
        "extends",
        "external_links",
        "extra_hosts",
        "gpus",
        "group_add",
        "healthcheck",
        "init",
        "ipc",
        "isolation",
        "label_file",
        "links",
        "logging",
        "mac_address",
        "mem_limit",
        "mem_reservation",
        "mem_swappiness",
        "memswap_limit",
        "models",
        "network_mode",
        "oom_kill_disable",
        "oom_score_adj",
        "pid",
        "pids_limit",
        "platform",
        "post_start",
        "pre_stop",
        "privileged",
        "profiles",
        "provider",
        "pull_policy",
        "pull_refresh_after",
        "read_only",
        "runtime",
        "scale",
        "secrets",
        "security_opt",
        "shm_size",
        "stdin_open",
        "stop_grace_period",
        "stop_signal",
        "storage_opt",
        "sysctls",
        "tmpfs",
        "tty",
        "ulimits",
        "use_api_socket",
        "userns_mode",
        "uts",
        "volumes_from",
        "include",
        "driver",
        "driver_opts",
        "ipam",
        "internal",
        "attachable",
        "enable_ipv6",
        "enable_ipv4",
        "aliases",
        "ipv4_address",
        "ipv6_address",
        "link_local_ips",
        "priority",
        "gw_priority",
        "mode",
        "app_protocol",
        "bind",
        "volume",
    ]
)
"""Attributes of the Compose specification that are known by name, and refused for now."""

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


class _Place(NamedTuple):
    path: tuple[str, ...]
    attributes: frozenset[str]


def explain(path: Path_) -> tuple[str, str]:
    """Message and hint for the unknown attribute at this path."""
    name, parent = str(path[-1]), path[:-1]
    if name == "services" and not parent:
        return (
            "this is a Compose file, which can't be read yet",
            "write `containers:` in place of `services:`",
        )
    known = _attributes(parent)
    message = f'unknown attribute "{name}" in {place(parent)}'
    elsewhere = _elsewhere(name, parent)
    if elsewhere and (len(elsewhere) <= 2 or len(elsewhere) > len(parent)):
        return message, f"it belongs to {_belongs(elsewhere)}"
    if parent[:1] == ("containers",) and len(parent) == 2 and name in _MEANT:
        return message, f'did you mean "{_MEANT[name]}"?'
    if name in NOT_YET:
        return f'attribute "{name}" in {place(parent)} is not supported yet', "leave it out"
    if guess := closest(name, known | NOT_YET if parent else known):
        return message, f'did you mean "{guess}"?'
    if elsewhere:
        return message, f"it belongs to {_belongs(elsewhere)}"
    if not known:
        return message, "remove it"
    return message, f"known here: {', '.join(sorted(known))}" if len(known) <= 24 else "see `reconciler schema`"


def _belongs(path: tuple[str, ...]) -> str:
    """A place as a person would point at it: `ports` of a container."""
    if not path:
        return "the top level of the spec"
    kind = SECTIONS[path[0]]
    article = "an" if kind == "image" else "a"
    rest = ".".join(path[2:])
    return f"`{rest}` of {article} {kind}" if rest else f"{article} {kind}: `{path[0]}: {{NAME: {{…}}}}`"


def _elsewhere(name: str, parent: Path_) -> tuple[str, ...]:
    """The nearest place that knows this attribute: below the parent first, then from the top down."""
    shape = tuple("*" if isinstance(step, int) else str(step) for step in parent)
    found = [found.path for found in _places() if name in found.attributes and found.path]
    below = [path for path in found if path[: len(_pattern(shape))] == _pattern(shape)] if shape else []
    return next(iter([*below, *found]), ())


def _pattern(path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("NAME" if index == 1 else step for index, step in enumerate(path))


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
