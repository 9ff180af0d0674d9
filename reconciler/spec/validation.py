"""pydantic's errors → diagnostics in the user's words, at the place in the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from reconciler.spec.diagnostics import Diagnostic, closest, spec_error
from reconciler.spec.model import Spec
from reconciler.spec.shorthand import Invalid

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic_core import ErrorDetails

    from reconciler.spec.document import Document

_SECTIONS = {"images": "image", "containers": "container", "networks": "network", "volumes": "volume"}

_SHAPES = {
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "list_type": "a list",
    "tuple_type": "a list",
    "string_type": "text",
    "path_type": "a path",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
}

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


def validate(document: Document, data: Mapping[str, Any], folder: Path) -> Spec:
    """Plain data → Spec.

    Args:
        document: where the data was read, for positions.
        data: what was read, with variables put in.
        folder: what relative paths are relative to.

    Raises:
        SpecError: with every problem, sorted by position.
    """
    try:
        return Spec.model_validate(data, context={"folder": folder})
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        raise spec_error([_diagnostic(document, detail) for detail in details]) from None


def _diagnostic(document: Document, detail: ErrorDetails) -> Diagnostic:
    kind, loc = detail["type"], detail["loc"]
    on_key = kind == "extra_forbidden" or "[key]" in loc
    path = tuple(step for step in loc if step != "[key]")
    context = detail.get("ctx", {})
    invalid = context.get("error")
    if isinstance(invalid, Invalid):
        return document.diagnostic((*path, *invalid.at), str(invalid), invalid.hint, key=on_key)
    if kind == "extra_forbidden":
        return document.diagnostic(path, *_unknown(path), key=True)
    what = f'"{path[-1]}"' if path else "a spec"
    if kind == "missing":
        parent = path[:-1]
        return document.diagnostic(parent, f"{_place(parent)} has no {what}", f"add `{path[-1]}: …`", key=True)
    if kind in _SHAPES:
        return document.diagnostic(path, f"{what} in {_place(path[:-1])} must be {_SHAPES[kind]}")
    if kind == "literal_error":
        return document.diagnostic(path, f"{what} must be {context['expected']}")
    if kind in {"greater_than_equal", "less_than_equal"}:
        bound = f"at least {context['ge']}" if "ge" in context else f"at most {context['le']}"
        return document.diagnostic(path, f"{what} must be {bound}")
    # No rule of ours: pydantic's own words, which name no value.
    return document.diagnostic(path, f"{what}: {detail['msg']}")


def _unknown(path: tuple[str | int, ...]) -> tuple[str, str]:
    name, parent = str(path[-1]), path[:-1]
    if name == "services" and not parent:
        return (
            "this is a Compose file, which can't be read yet",
            "write `containers:` in place of `services:`",
        )
    known = _attributes(parent)
    if name in NOT_YET and name not in known:
        return f'attribute "{name}" in {_place(parent)} is not supported yet', "leave it out"
    message = f'unknown attribute "{name}" in {_place(parent)}'
    if guess := closest(name, known | NOT_YET if parent else known):
        return message, f'did you mean "{guess}"?'
    return message, f"known here: {', '.join(sorted(known))}"


def _place(path: tuple[str | int, ...]) -> str:
    if len(path) >= 2 and path[0] in _SECTIONS:
        place = f'{_SECTIONS[str(path[0])]} "{path[1]}"'
        rest = [str(step) for step in path[2:] if isinstance(step, str)]
        return f"{'.'.join(rest)} of {place}" if rest else place
    return f'"{path[0]}"' if path else "the spec"


def _attributes(path: tuple[str | int, ...]) -> set[str]:
    """The attributes of the model at this place."""
    from typing import get_args  # only where there is something to report

    def models(annotation: Any) -> list[type[BaseModel]]:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return [annotation]
        return [model for argument in get_args(annotation) for model in models(argument)]

    model: type[BaseModel] = Spec
    for step in path:
        names = {field.alias or name: field for name, field in model.model_fields.items()}
        if step in names and (inner := models(names[str(step)].annotation)):
            model = inner[-1]
    return {field.alias or name for name, field in model.model_fields.items()}
