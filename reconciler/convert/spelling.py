"""A field's canonical value, as the rows read it from an Engine → the attribute as it stands in a spec."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reconciler.fields.base import Canonical


def spelled(path: str, value: Canonical) -> Any:
    """The attribute's value, as plain data.

    Args:
        path: of the row.
        value: canonical; of a row that is compared by key, with the keys that are to be declared.
    """
    return _plain(_SPELLED.get(path, _plain)(value))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


def _health(value: Canonical) -> Any:
    return {key: f"{item}ns" if isinstance(item, int) and key != "retries" else item for key, item in value.items()}


def _logging(value: Canonical) -> Any:
    options = {key.removeprefix("options."): item for key, item in value.items() if key != "driver"}
    return {key: value[key] for key in ("driver",) if key in value} | ({"options": options} if options else {})


def _requests(value: Canonical) -> Any:
    found = []
    for request in value:
        one = {
            "driver": request["Driver"],
            "count": request["Count"] if not request["DeviceIDs"] else None,
            "device_ids": request["DeviceIDs"],
            "capabilities": next(iter(request["Capabilities"]), ()),
            "options": request["Options"],
        }
        found.append({key: item for key, item in one.items() if item not in ("", None, (), {})})
    return found


_BLKIO = {
    "BlkioWeight": ("weight", ""),
    "BlkioWeightDevice": ("weight_device", "weight"),
    "BlkioDeviceReadBps": ("device_read_bps", "rate"),
    "BlkioDeviceReadIOps": ("device_read_iops", "rate"),
    "BlkioDeviceWriteBps": ("device_write_bps", "rate"),
    "BlkioDeviceWriteIOps": ("device_write_iops", "rate"),
}


def _blkio(value: Canonical) -> Any:
    found: dict[str, Any] = {}
    for where, item in value.items():
        name, what = _BLKIO[where]
        found[name] = [{"path": path, what: number} for path, number in item] if what else item
    return found


def _ports(value: Canonical) -> Any:
    found = []
    for target, host_ip, published in value:
        number, _, protocol = target.partition("/")
        port = {"target": int(number), "published": published, "host_ip": host_ip, "protocol": protocol}
        found.append({key: item for key, item in port.items() if item not in ("", "tcp")})
    return found


_RECURSIVE = {"NonRecursive": "disabled", "ReadOnlyNonRecursive": "writable", "ReadOnlyForceRecursive": "readonly"}
_MOUNT_OPTIONS = {
    "propagation": ("bind", "propagation"),
    "selinux": ("bind", "selinux"),
    "nocopy": ("volume", "nocopy"),
    "labels": ("volume", "labels"),
    "size": ("tmpfs", "size"),
    "mode": ("tmpfs", "mode"),
}


def _mounts(value: Canonical) -> Any:
    found = []
    for mount in value:
        one: dict[str, Any] = {key: mount[key] for key in ("type", "source", "target", "read_only") if mount.get(key)}
        for key, (kind, name) in _MOUNT_OPTIONS.items():
            if key in mount:
                one.setdefault(kind, {})[name] = f"{mount[key]:o}" if key == "mode" else mount[key]
        if "subpath" in mount:
            one.setdefault(mount["type"], {})["subpath"] = mount["subpath"]
        if "recursive" in mount:
            one.setdefault("bind", {})["recursive"] = _RECURSIVE[mount["recursive"]]
        if mount.get("must_exist"):
            one.setdefault("bind", {})["create_host_path"] = False
        found.append(one)
    return found


def _grants(value: Canonical) -> Any:
    parts = ("target", "uid", "gid", "mode")
    return [
        {"source": name, **{part: one[part] for part in parts if part in one}}
        for name, files in sorted(value.items())
        for one in files
    ]


_SPELLED: Mapping[str, Callable[[Canonical], Any]] = {
    "entrypoint": lambda value: value or [],
    "stop_grace_period": lambda value: f"{value}s",
    "healthcheck": _health,
    "logging": _logging,
    "devices": lambda value: [
        {key: item for key, item in zip(("source", "target", "permissions"), one, strict=True) if item} for one in value
    ],
    "gpus": _requests,
    "memswap_limit": lambda value: value["swap"],
    "cpus": lambda value: format((Decimal(value) / 10**9).normalize(), "f"),
    "ulimits": lambda value: {name: {"soft": soft, "hard": hard} for name, (soft, hard) in value.items()},
    "blkio_config": _blkio,
    "extra_hosts": lambda value: ["=".join(host.split(":", 1)) for host in value],
    "ports": _ports,
    "volumes": _mounts,
    "configs": _grants,
    "secrets": _grants,
    "tmpfs": lambda value: {path: ",".join(options) for path, options in value.items()},
}
"""By the path of the row; what is not here is spelled as it is."""
