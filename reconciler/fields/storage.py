"""Rows: what is mounted in the container."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.fields import ownership
from reconciler.fields.base import Field, at

if TYPE_CHECKING:
    from reconciler.fields.base import Canonical, Inspect, Instance, Payload


def _mount(kind: str, source: str, target: str, read_only: bool) -> dict[str, Any]:
    return {"type": kind, "source": source, "target": target, "read_only": read_only}


def _sorted(mounts: list[dict[str, Any]]) -> Canonical:
    return tuple(sorted(mounts, key=lambda mount: str(mount["target"])))


def _wanted(instance: Instance) -> Canonical:
    spec = instance.spec
    return _sorted(
        [
            _mount(
                mount.type,
                spec.volume_name(mount.source) if mount.type == "volume" and mount.source else mount.source,
                mount.target,
                mount.read_only,
            )
            for mount in instance.container.volumes
        ]
    )


def _actual(inspect: Inspect) -> Canonical:
    # What was asked for, in either of the API's two forms; not what an image's VOLUME added.
    carried = ownership.anonymous(at("Config.Labels", inspect) or {})
    mounts = [
        _mount(
            mount.get("Type") or "volume",
            mount.get("Source") or "",
            mount.get("Target") or "",
            bool(mount.get("ReadOnly")),
        )
        for mount in at("HostConfig.Mounts", inspect) or ()
    ]
    for bind in at("HostConfig.Binds", inspect) or ():
        source, _, rest = bind.partition(":")
        target, _, options = rest.partition(":")
        kind = "bind" if source.startswith("/") else "volume"
        mounts.append(_mount(kind, source, target, "ro" in options.split(",")))
    return _sorted(
        [
            # A volume without a name, as in the spec, has the one that it had in the container before.
            mount | {"source": ""} if mount["target"] in carried.of_spec else mount
            for mount in mounts
            if mount["target"] not in carried.of_image
        ]
    )


def _write(payload: Payload, value: Canonical) -> None:
    host = payload.setdefault("HostConfig", {})
    for mount in value:
        source, target = mount["source"], mount["target"]
        if mount["type"] == "bind" and ":" not in source + target:
            # Only this form makes a missing host folder, on every API version: Compose's short syntax promises it.
            host.setdefault("Binds", []).append(f"{source}:{target}:{'ro' if mount['read_only'] else 'rw'}")
        else:
            host.setdefault("Mounts", []).append(
                {"Type": mount["type"], "Source": source, "Target": target, "ReadOnly": mount["read_only"]}
            )


def show_mount(mount: Canonical) -> str:
    """`hello_pages:/www/pages`, `/srv:/data:ro`, `/cache` for an anonymous volume."""
    source = f"{mount['source']}:" if mount["source"] else ""
    return f"{source}{mount['target']}{':ro' if mount['read_only'] else ''}"


ROWS = (
    Field(
        path="volumes",
        wanted=_wanted,
        actual=_actual,
        write=_write,
        undeclared=lambda _inspect, _image: (),
        show=lambda value: ", ".join(map(show_mount, value)) or "none",
    ),
)
