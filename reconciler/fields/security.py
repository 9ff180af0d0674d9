"""Rows: what the container may do, and what it sees of the host."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.fields import peers
from reconciler.fields.base import OF_DAEMON, Field, attribute, constant, get, plain, put, shown
from reconciler.spec.shorthand import capability

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.fields.base import Canonical, Inspect, Instance

_CDI = "cdi"
"""The driver of requests for devices by their CDI names."""

_ADDED_BY_THE_ENGINE = {"label=disable"}
"""Among the security options of a container that is privileged, or shares the host's processes."""


def _capabilities(path: str, where: str) -> Field:
    read = get(where, ())
    return Field(
        path=path,
        wanted=attribute(path),
        actual=lambda inspect: tuple(sorted({capability(name) for name in read(inspect)})),
        write=put(where),
        undeclared=constant(()),
        show=lambda value: ", ".join(value) or "none",
    )


def _options(options: Iterable[str]) -> Canonical:
    # "seccomp:unconfined" is an older spelling of "seccomp=unconfined"; nothing and "true" are the same.
    return tuple(sorted({re.sub(r"^([a-z-]+):", r"\1=", option).removesuffix("=true") for option in options}))


def _same_options(wanted: Canonical, actual: Canonical) -> bool:
    return set(wanted) == set(actual) - (_ADDED_BY_THE_ENGINE - set(wanted))


def _device(source: str, target: str, permissions: str) -> tuple[str, str, str]:
    return source, target, "".join(letter for letter in "rwm" if letter in permissions)


def _wanted_devices(instance: Instance) -> Canonical:
    return tuple(
        sorted(
            (device.source, "", "")
            if is_cdi(device.source)
            else _device(device.source, device.target, device.permissions)
            for device in instance.container.devices
        )
    )


def _actual_devices(inspect: Inspect) -> Canonical:
    devices = [
        _device(device["PathOnHost"], device["PathInContainer"], device["CgroupPermissions"])
        for device in get("HostConfig.Devices", ())(inspect)
    ]
    requests = filter(_is_of_devices, get("HostConfig.DeviceRequests", ())(inspect))
    devices += [(name, "", "") for request in requests for name in request.get("DeviceIDs") or ()]
    return tuple(sorted(devices))


def _write_devices(payload: dict[str, Any], value: Canonical) -> None:
    put("HostConfig.Devices")(
        payload,
        tuple(
            {"PathOnHost": source, "PathInContainer": target, "CgroupPermissions": permissions}
            for source, target, permissions in value
            if not is_cdi(source)
        ),
    )
    if named := [source for source, _, _ in value if is_cdi(source)]:
        _requests(payload).append({"Driver": _CDI, "DeviceIDs": named})


def _requests(payload: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = payload.setdefault("HostConfig", {}).setdefault("DeviceRequests", [])
    return found


def _is_of_devices(request: dict[str, Any]) -> bool:
    # One of `gpus` has capabilities.
    return request.get("Driver") == _CDI and not request.get("Capabilities")


def is_cdi(source: str) -> bool:
    """Whether it is a device by its CDI name, `vendor.com/class=name`, and no path."""
    return "=" in source and not source.startswith("/")


def _wanted_requests(instance: Instance) -> Canonical:
    return tuple(
        {
            "Capabilities": (request.capabilities,),
            "Count": (0 if request.device_ids else -1) if request.count is None else request.count,
            "DeviceIDs": request.device_ids,
            "Driver": request.driver,
            "Options": dict(sorted(request.options.items())),
        }
        for request in instance.container.gpus
    )


def _show_request(request: Mapping[str, Any]) -> str:
    """`all gpu`, `0, 1 gpu of nvidia (a=b)`."""
    which = ", ".join(request["DeviceIDs"]) or ("all" if request["Count"] == -1 else str(request["Count"]))
    kinds = " or ".join("+".join(group) for group in request["Capabilities"])
    words = [which, kinds, f"of {request['Driver']}" if request["Driver"] else ""]
    words.append(f"({shown(request['Options'])})" if request["Options"] else "")
    return " ".join(filter(None, words))


def _actual_requests(inspect: Inspect) -> Canonical:
    return tuple(
        {
            "Driver": request.get("Driver") or "",
            "Count": request.get("Count") or 0,
            "DeviceIDs": tuple(request.get("DeviceIDs") or ()),
            "Capabilities": tuple(tuple(group) for group in request.get("Capabilities") or ()),
            "Options": request.get("Options") or {},
        }
        for request in get("HostConfig.DeviceRequests", ())(inspect)
        if not _is_of_devices(request)
    )


ROWS = (
    plain("privileged", "HostConfig.Privileged", default=False),
    _capabilities("cap_add", "HostConfig.CapAdd"),
    _capabilities("cap_drop", "HostConfig.CapDrop"),
    Field(
        path="security_opt",
        wanted=lambda instance: _options(instance.container.security_opt),
        actual=lambda inspect: _options(get("HostConfig.SecurityOpt", ())(inspect)),
        write=put("HostConfig.SecurityOpt"),
        same=_same_options,
        undeclared=constant(()),
        show=lambda value: ", ".join(value) or "none",
    ),
    plain("read_only", "HostConfig.ReadonlyRootfs", default=False),
    plain("cgroup", "HostConfig.CgroupnsMode", "", undeclared=OF_DAEMON),
    plain("cgroup_parent", "HostConfig.CgroupParent", ""),
    replace(plain("ipc", "HostConfig.IpcMode", "", undeclared=OF_DAEMON), drifts=True, show=peers.show),
    replace(plain("pid", "HostConfig.PidMode", ""), drifts=True, show=lambda value: peers.show(value) or "its own"),
    plain("uts", "HostConfig.UTSMode", ""),
    plain("userns_mode", "HostConfig.UsernsMode", ""),
    plain("sysctls", "HostConfig.Sysctls", {}),
    plain("device_cgroup_rules", "HostConfig.DeviceCgroupRules", ()),
    Field(
        path="devices",
        wanted=_wanted_devices,
        actual=_actual_devices,
        write=_write_devices,
        undeclared=constant(()),
        since=lambda wanted: {"devices by CDI names": (1, 44)} if any(is_cdi(one[0]) for one in wanted) else {},
        newest=(1, 44),
        show=lambda value: ", ".join(":".join(filter(None, device)) for device in value) or "none",
    ),
    Field(
        path="gpus",
        wanted=_wanted_requests,
        actual=_actual_requests,
        write=lambda payload, value: _requests(payload).extend(value),
        undeclared=constant(()),
        show=lambda value: "; ".join(map(_show_request, value)) or "none",
    ),
)
