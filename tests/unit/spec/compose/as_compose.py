"""Our Spec in the words of `docker compose config --format json`, to be compared with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reconciler.spec.model import Container, Spec


def as_compose(spec: Spec) -> dict[str, Any]:
    """The whole spec, without what is not declared."""
    found: dict[str, Any] = {
        "name": spec.name,
        "services": {key: _service(container) for key, container in spec.containers.items()},
    }
    joined = sorted({name for container in spec.containers.values() for name in container.joined})
    if joined:
        found["networks"] = {
            key: {
                "name": spec.network_name(key),
                **({"external": True} if key in spec.networks and spec.networks[key].external else {}),
            }
            for key in joined
        }
    if spec.volumes:
        found["volumes"] = {
            key: {"name": spec.volume_name(key), **({"external": True} if volume.external else {})}
            for key, volume in spec.volumes.items()
        }
    return found


def _service(container: Container) -> dict[str, Any]:
    found = {
        name: _WRITE.get(name, _plain)(getattr(container, name))
        for name in sorted(container.model_fields_set - {"networks"})
        if getattr(container, name) not in ((), {}, None)
    }
    if container.joined:
        found["networks"] = {
            name: _given(endpoint.model_dump(exclude_unset=True)) or None
            for name, endpoint in container.networks.items()
        }
    return found


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return _plain(_given(value.model_dump(exclude_unset=True)))
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, "", (), {})}


def _duration(nanoseconds: int) -> str:
    """As Go writes it."""
    milliseconds, rest = divmod(nanoseconds, 10**6)
    assert not rest
    if milliseconds < 1000:
        return f"{milliseconds}ms"
    minutes, seconds = divmod(milliseconds / 1000, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{f'{hours}h' if hours else ''}{f'{minutes}m' if hours or minutes else ''}{seconds:g}s"


def _health(check: Any) -> Any:
    return {
        key: _duration(value) if isinstance(value, int) and key != "retries" else _plain(value)
        for key, value in _given(check.model_dump(exclude_unset=True)).items()
    }


def _restart(restart: Any) -> str:
    return f"{restart.name}:{restart.retries}" if restart.retries else str(restart.name)


def _ulimits(limits: Any) -> Any:
    return {
        name: one.soft if one.soft == one.hard else {"soft": one.soft, "hard": one.hard} for name, one in limits.items()
    }


def _ports(ports: Any) -> Any:
    return [{"mode": "ingress", "protocol": "tcp", **_given(one.model_dump(exclude_unset=True))} for one in ports]


def _mounts(mounts: Any) -> Any:
    return [_mount(one) for one in mounts]


def _mount(mount: Any) -> Any:
    found = _plain(_given(mount.model_dump(exclude_unset=True)))
    if not mount.read_only:
        found.pop("read_only", None)
    if mount.type == "bind":
        found["bind"] = {"create_host_path": True, **found.get("bind", {})}
    if mount.type == "volume":
        found.setdefault("volume", {})
    if mount.type == "tmpfs" and mount.tmpfs.size:
        found["tmpfs"]["size"] = str(mount.tmpfs.size)
    return found


def _blkio(blkio: Any) -> Any:
    def upper(key: str, one: Any) -> Any:
        return str(one) if key == "rate" else one

    return {
        name: [{key.capitalize(): upper(key, one) for key, one in item.items()} for item in value]
        if isinstance(value, tuple | list)
        else value
        for name, value in blkio.model_dump(exclude_unset=True).items()
    }


def _depends(dependencies: Any) -> Any:
    return {name: {"condition": one.condition, "required": one.required} for name, one in dependencies.items()}


def _hosts(hosts: Any) -> Any:
    return [f"{host}={address}" for host, addresses in hosts.items() for address in addresses]


_WRITE: dict[str, Callable[[Any], Any]] = {
    "blkio_config": _blkio,
    "cpus": lambda value: value / 10**9,
    "depends_on": _depends,
    "extra_hosts": lambda value: sorted(_hosts(value)),
    "healthcheck": _health,
    "mem_limit": str,
    "mem_reservation": str,
    "mem_swappiness": str,
    "memswap_limit": str,
    "ports": _ports,
    "restart": _restart,
    "shm_size": str,
    "stop_grace_period": _duration,
    "tmpfs": lambda value: [f"{path}:{options}" if options else path for path, options in value.items()],
    "ulimits": _ulimits,
    "volumes": _mounts,
}
