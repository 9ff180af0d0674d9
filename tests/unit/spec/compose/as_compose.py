"""Our Spec in the words of `docker compose config --format json`, to be compared with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from reconciler.spec.model import Container, Spec


def as_compose(spec: Spec) -> dict[str, Any]:
    """The whole spec, without what is not declared."""
    found: dict[str, Any] = {
        "name": spec.name,
        "services": {key: _service(spec, key, container) for key, container in spec.containers.items()},
    }
    joined = sorted({name for container in spec.containers.values() for name in container.joined})
    sections: dict[str, dict[str, Any]] = {
        "networks": {key: {"name": spec.network_name(key), **_declared(spec.networks.get(key))} for key in joined},
        "volumes": {key: {"name": spec.volume_name(key), **_declared(one)} for key, one in spec.volumes.items()},
        "configs": {key: {"name": f"{spec.name}_{key}", **_declared(one)} for key, one in spec.configs.items()},
        "secrets": {key: {"name": f"{spec.name}_{key}", **_declared(one)} for key, one in spec.secrets.items()},
    }
    return found | {name: section for name, section in sections.items() if section}


def _declared(resource: Any) -> dict[str, Any]:
    found: dict[str, Any] = _given(_plain(resource)) if resource else {}
    return {key: value for key, value in found.items() if value is not False or key == "enable_ipv4"}


def _service(spec: Spec, key: str, container: Container) -> dict[str, Any]:
    found = {
        name: _WRITE.get(name, _plain)(getattr(container, name))
        for name in sorted(container.model_fields_set - {"networks"})
        if getattr(container, name) not in ((), {}, None, "") or (name == "entrypoint" and container.entrypoint == ())
    }
    for name in _UNSAID:
        if name in found and found[name] in (False, 0, "0"):
            del found[name]  # what is off or zero is not printed
    if container.build and container.image == f"{spec.name}-{key}":
        del found["image"]  # Compose gives it this name when it builds it
    if container.joined:
        found["networks"] = {
            name: _given(endpoint.model_dump(exclude_unset=True)) or None
            for name, endpoint in container.networks.items()
        }
    if waits := _implied(container) | found.get("depends_on", {}):
        found["depends_on"] = waits
    return found


_UNSAID = ("mem_swappiness", "oom_kill_disable", "oom_score_adj", "privileged", "read_only", "stdin_open", "tty")


def _implied(container: Container) -> dict[str, Any]:
    """What a container waits for because it uses something of it; Compose writes this down, we read it off."""
    modes = [mode or "" for mode in (container.network_mode, container.ipc, container.pid)]
    shared = [mode.removeprefix("service:") for mode in modes if mode.startswith("service:")]
    linked = [link.partition(":")[0] for link in container.links]
    mounted = [one.partition(":")[0] for one in container.volumes_from if not one.startswith("container:")]
    waits = {"condition": "service_started", "required": True}
    return dict.fromkeys(mounted, waits) | {name: {**waits, "restart": True} for name in [*linked, *shared]}


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return _plain(_given(value.model_dump(exclude_unset=True)))
    if isinstance(value, Path):
        return str(value)
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
    if not milliseconds:
        return "0s"
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
    if mount.type == "tmpfs" and mount.tmpfs.size:
        found["tmpfs"]["size"] = str(mount.tmpfs.size)
    return {name: value for name, value in found.items() if value != {}}


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
    return {
        name: {
            "condition": one.condition,
            "required": one.required,
            **({"restart": True} if one.restart else {}),
        }
        for name, one in dependencies.items()
    }


def _hosts(hosts: Any) -> Any:
    return [f"{host}={address}" for host, addresses in hosts.items() for address in addresses]


def _build(build: Any) -> Any:
    found = _plain(build) | {"context": build.context}
    if not build.dockerfile_inline:
        found.setdefault("dockerfile", "Dockerfile")
    for name, write in _WRITE.items():
        if name in found and name != "secrets":
            found[name] = write(getattr(build, name))
    return {name: value for name, value in _given(found).items() if value is not False}


def _secrets(grants: Any) -> Any:
    return [{"target": f"/run/secrets/{one.source}"} | _given(_plain(one)) for one in grants]


def _devices(requests: Any) -> Any:
    """All of them, where nothing says how many: for Compose, and in our row of the field table."""
    return [({} if one.device_ids else {"count": -1}) | _plain(one) for one in requests]


def _update(update: Any) -> Any:
    found = _plain(update)
    return found | ({"monitor": _duration(update.monitor)} if update.monitor is not None else {})


def _hooks(hooks: Any) -> Any:
    return [{name: value for name, value in _given(_plain(one)).items() if value is not False} for one in hooks]


_WRITE: dict[str, Callable[[Any], Any]] = {
    "blkio_config": _blkio,
    "build": _build,
    "cpus": lambda value: value / 10**9,
    "depends_on": _depends,
    "extra_hosts": lambda value: sorted(_hosts(value)),
    "gpus": _devices,
    "healthcheck": _health,
    "mem_limit": str,
    "mem_reservation": str,
    "mem_swappiness": str,
    "memswap_limit": str,
    "ports": _ports,
    "post_start": _hooks,
    "pre_stop": _hooks,
    "restart": _restart,
    "secrets": _secrets,
    "shm_size": str,
    "stop_grace_period": _duration,
    "tmpfs": lambda value: [f"{path}:{options}" if options else path for path, options in value.items()],
    "ulimits": _ulimits,
    "update": _update,
    "volumes": _mounts,
}
