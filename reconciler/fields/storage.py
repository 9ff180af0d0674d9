"""Rows: what is mounted in the container."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.fields import ownership
from reconciler.fields.base import Field, at, constant, put

if TYPE_CHECKING:
    from reconciler.fields.base import Canonical, Inspect, Instance, Payload


_OPTIONS = {"ro": ("read_only", True), "z": ("selinux", "z"), "Z": ("selinux", "Z"), "nocopy": ("nocopy", True)}
_PROPAGATIONS = {"private", "rprivate", "shared", "rshared", "slave", "rslave"}


def _mount(kind: str, source: str, target: str, **options: Any) -> dict[str, Any]:
    """A mount in its canonical form: options that are as the Engine's defaults are left out."""
    return {"type": kind, "source": source, "target": target} | {key: value for key, value in options.items() if value}


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
                read_only=mount.read_only,
                propagation=mount.bind.propagation,
                selinux=mount.bind.selinux,
                must_exist=mount.type == "bind" and not mount.bind.create_host_path,
                nocopy=mount.volume.nocopy,
                size=mount.tmpfs.size,
                mode=int(mount.tmpfs.mode, 8) if mount.tmpfs.mode else 0,
            )
            for mount in instance.container.volumes
        ]
    )


def _actual(inspect: Inspect) -> Canonical:
    # What was asked for, in either of the API's two forms; not what an image's VOLUME added.
    labels = at("Config.Labels", inspect) or {}
    carried = ownership.anonymous(labels)
    mounts = [_from_mount(mount) for mount in at("HostConfig.Mounts", inspect) or ()]
    mounts += [_from_bind(bind) for bind in at("HostConfig.Binds", inspect) or ()]
    if ownership.DECLARED not in labels:
        mounts = [
            _unnamed(mount["target"]) if ownership.carried_by_compose(mount["source"], labels) else mount
            for mount in mounts
        ]
        # An older Compose asks for volumes without a name as an image does.
        taken = {mount["target"] for mount in mounts}
        mounts += [_unnamed(path) for path in at("Config.Volumes", inspect) or () if path not in taken]
    return _sorted(
        [
            # A volume without a name, as in the spec, has the one that it had in the container before.
            mount | {"source": ""} if mount["target"] in carried.of_spec else mount
            for mount in mounts
            if mount["target"] not in carried.of_image
        ]
    )


def _unnamed(path: str) -> dict[str, Any]:
    """A volume without a name, of a container that is not ours: nobody knows whether its image asked for it."""
    return _mount("volume", "", path, perhaps_of_image=True)


def _same(wanted: Canonical, actual: Canonical) -> bool:
    either = {mount["target"] for mount in actual if mount.get("perhaps_of_image")}
    unnamed = [_mount("volume", "", path) for path in sorted(either)]
    asked = [mount for mount in wanted if mount not in unnamed]
    return asked == [mount for mount in actual if mount["target"] not in either]


def _from_mount(mount: dict[str, Any]) -> dict[str, Any]:
    kind = mount.get("Type") or "volume"
    bind, tmpfs = mount.get("BindOptions") or {}, mount.get("TmpfsOptions") or {}
    return _mount(
        kind,
        mount.get("Source") or "",
        mount.get("Target") or "",
        read_only=mount.get("ReadOnly"),
        propagation=bind.get("Propagation"),
        must_exist=kind == "bind" and not bind.get("CreateMountpoint"),
        nocopy=(mount.get("VolumeOptions") or {}).get("NoCopy"),
        size=tmpfs.get("SizeBytes"),
        mode=tmpfs.get("Mode"),
    )


def _from_bind(bind: str) -> dict[str, Any]:
    source, _, rest = bind.partition(":")
    target, _, words = rest.partition(":")
    options: dict[str, Any] = dict(_OPTIONS[word] for word in words.split(",") if word in _OPTIONS)
    for word in _PROPAGATIONS & set(words.split(",")):
        options["propagation"] = word
    return _mount("bind" if source.startswith("/") else "volume", source, target, **options)


def _write(payload: Payload, value: Canonical) -> None:
    host = payload.setdefault("HostConfig", {})
    for mount in value:
        if _in_short_form(mount):
            words = ["ro" if mount.get("read_only") else "rw", mount.get("propagation"), mount.get("selinux")]
            words.append("nocopy" if mount.get("nocopy") else None)
            bind = f"{mount['source']}:{mount['target']}:{','.join(word for word in words if word)}"
            host.setdefault("Binds", []).append(bind)
        else:
            host.setdefault("Mounts", []).append(_to_mount(mount))


def _in_short_form(mount: dict[str, Any]) -> bool:
    """Only this form makes a missing folder of the host, and labels it for SELinux, on every API version."""
    if mount["type"] == "volume":
        return bool(mount.get("selinux") and mount["source"])
    return mount["type"] == "bind" and not mount.get("must_exist") and ":" not in mount["source"] + mount["target"]


def _to_mount(mount: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Type": mount["type"],
        "Source": mount["source"],
        "Target": mount["target"],
        "ReadOnly": mount.get("read_only", False),
    }
    if "propagation" in mount:
        found["BindOptions"] = {"Propagation": mount["propagation"]}
    if "nocopy" in mount:
        found["VolumeOptions"] = {"NoCopy": True}
    if "size" in mount or "mode" in mount:
        found["TmpfsOptions"] = {"SizeBytes": mount.get("size", 0), "Mode": mount.get("mode", 0)}
    return found


def show_mount(mount: Canonical) -> str:
    """`hello_pages:/www/pages`, `/srv:/data:ro`, `/cache` for an anonymous volume."""
    source = f"{mount['source']}:" if mount["source"] else "tmpfs:" if mount["type"] == "tmpfs" else ""
    return f"{source}{mount['target']}{':ro' if mount.get('read_only') else ''}"


def _tmpfs_options(text: str) -> tuple[str, ...]:
    return tuple(sorted(filter(None, text.split(","))))


ROWS = (
    Field(
        path="volumes",
        wanted=_wanted,
        actual=_actual,
        write=_write,
        same=_same,
        undeclared=lambda _inspect, _image: (),
        show=lambda value: ", ".join(show_mount(one) for one in value if not one.get("perhaps_of_image")) or "none",
    ),
    Field(
        path="tmpfs",
        wanted=lambda instance: {path: _tmpfs_options(text) for path, text in instance.container.tmpfs.items()},
        actual=lambda inspect: {
            path: _tmpfs_options(text) for path, text in (at("HostConfig.Tmpfs", inspect) or {}).items()
        },
        write=lambda payload, value: put("HostConfig.Tmpfs")(
            payload, {path: ",".join(options) for path, options in value.items()}
        ),
        undeclared=constant({}),
        show=lambda value: ", ".join(sorted(value)) or "none",
    ),
)
