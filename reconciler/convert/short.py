"""Short syntaxes, where they say the same: people will read this."""

from __future__ import annotations

from typing import Any


def shortened(data: dict[str, Any]) -> dict[str, Any]:
    """A spec's data in the native form, with ports, mounts and dependencies as short as they can be."""
    containers = {
        key: {name: _SHORT[name](value) if name in _SHORT else value for name, value in container.items()}
        for key, container in data.get("containers", {}).items()
    }
    return {**data, "containers": containers}


def _port(port: Any) -> Any:
    if not isinstance(port, dict) or port.keys() - {"target", "published", "host_ip", "protocol"}:
        return port
    address = port.get("host_ip", "")
    host = f"[{address}]:" if ":" in address else f"{address}:" if address else ""
    published = port.get("published", "")
    protocol = port.get("protocol", "tcp")
    target = f"{port['target']}/{protocol}" if protocol != "tcp" else str(port["target"])
    if "-" in published:
        return port  # in the short syntax, a range stands for as many ports
    return f"{host}{published}:{target}" if published or host else target


def _mount(mount: Any) -> Any:
    if not isinstance(mount, dict) or mount.get("type") not in {"bind", "volume"}:
        return mount
    source, target = mount.get("source", ""), mount["target"]
    plain = not mount.keys() - {"type", "source", "target", "read_only"} and ":" not in source + target
    if not plain or "$" in source + target or (not source and mount.get("read_only")):
        return mount
    if mount["type"] == "bind" and not source.startswith(("/", "./")):
        return mount
    return f"{source}:{target}{':ro' if mount.get('read_only') else ''}" if source else target


def _dependencies(value: Any) -> Any:
    return list(value) if isinstance(value, dict) and not any(value.values()) else value


_SHORT = {
    "ports": lambda value: [_port(port) for port in value],
    "volumes": lambda value: [_mount(mount) for mount in value],
    "depends_on": _dependencies,
}
