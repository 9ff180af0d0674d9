"""Rows: what is mounted in the container."""

from __future__ import annotations

import re
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from reconciler.fields import ownership, peers
from reconciler.fields.base import Field, at, constant, put, show_size, shown
from reconciler.spec.model.storage import clean_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.fields.base import ApiVersion, Canonical, Inspect, Instance, Payload
    from reconciler.spec.model import Mount, Spec


_OPTIONS = {"ro": ("read_only", True), "z": ("selinux", "z"), "Z": ("selinux", "Z"), "nocopy": ("nocopy", True)}
_RECURSIVE = {"disabled": "NonRecursive", "writable": "ReadOnlyNonRecursive", "readonly": "ReadOnlyForceRecursive"}
"""`bind.recursive` in the API's words; `enabled` is what an Engine does by itself."""

_OPTIONS_OF_KINDS = frozenset({"bind", "volume", "tmpfs", "image"})
"""The attributes of a mount that hold what only one type of mount has; most mounts have none."""

_ANONYMOUS = "com.docker.volume.anonymous"
"""A label that newer Engines add to those that a volume without a name is asked to have."""

_SINCE: dict[str, ApiVersion] = {
    "volumes of the type image": (1, 48),
    "volumes.volume.subpath": (1, 45),
    "volumes.bind.recursive": (1, 44),
    "volumes.bind.create_host_path with bind.recursive": (1, 42),
}

_KERNEL_SIZE = re.compile("([1-9][0-9]*)([kmg]?)", re.IGNORECASE)
_FACTORS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}

_PROPAGATIONS = {"private", "rprivate", "shared", "rshared", "slave", "rslave"}


def _mount(kind: str, source: str, target: str, **options: Any) -> dict[str, Any]:
    """A mount in its canonical form: options that are as the Engine's defaults are left out; sorted."""
    found = {name: value for name, value in options.items() if value}
    found |= {"source": source, "target": target, "type": kind}
    return dict(sorted(found.items()))


_target = itemgetter("target")


def _sorted(mounts: list[dict[str, Any]]) -> Canonical:
    return tuple(sorted(mounts, key=_target))


def _wanted(instance: Instance) -> Canonical:
    return _sorted([_wanted_mount(mount, instance.spec) for mount in instance.container.volumes])


def _wanted_mount(mount: Mount, spec: Spec) -> dict[str, Any]:
    kind, source = mount.type, mount.source
    if kind == "volume" and source:
        source = spec.volume_name(source)
    read_only = mount.read_only and kind != "image"  # an image is never mounted in any other way
    if _OPTIONS_OF_KINDS.isdisjoint(mount.model_fields_set):
        plain = {"source": source, "target": mount.target, "type": kind}
        return {"read_only": True} | plain if read_only else plain
    return _mount(
        kind,
        source,
        mount.target,
        read_only=read_only,
        propagation=mount.bind.propagation,
        recursive=_RECURSIVE.get(mount.bind.recursive),
        selinux=mount.bind.selinux,
        must_exist=kind == "bind" and not mount.bind.create_host_path,
        nocopy=mount.volume.nocopy,
        labels=dict(sorted(mount.volume.labels.items())),
        subpath=mount.volume.subpath or mount.image.subpath,
        size=mount.tmpfs.size,
        mode=int(mount.tmpfs.mode, 8) if mount.tmpfs.mode else 0,
    )


def _actual(inspect: Inspect) -> Canonical:
    # What was asked for, in either of the API's two forms; not what an image's VOLUME added, nor configs and secrets.
    labels = at("Config.Labels", inspect) or {}
    carried, contents = ownership.anonymous(labels), ownership.content_targets(labels)
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
            if mount["target"] not in carried.of_image and mount["target"] not in contents
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
    volume, image = mount.get("VolumeOptions") or {}, mount.get("ImageOptions") or {}
    labels = {
        name: text
        for name, text in (volume.get("Labels") or {}).items()
        if name != _ANONYMOUS and not name.startswith(ownership.PREFIX)
    }
    return _mount(
        kind,
        mount.get("Source") or "",
        mount.get("Target") or "",
        read_only=mount.get("ReadOnly") and kind != "image",
        propagation=bind.get("Propagation"),
        recursive=next((word for word in _RECURSIVE.values() if bind.get(word)), None),
        must_exist=kind == "bind" and not bind.get("CreateMountpoint"),
        nocopy=volume.get("NoCopy"),
        labels=labels,
        subpath=volume.get("Subpath") or image.get("Subpath"),
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
        return bool(mount.get("selinux") and mount["source"] and not mount.keys() & {"labels", "subpath"})
    return (
        mount["type"] == "bind"
        and not mount.keys() & {"must_exist", "recursive"}
        and ":" not in mount["source"] + mount["target"]
    )


def _to_mount(mount: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Type": mount["type"],
        "Source": mount["source"],
        "Target": mount["target"],
        "ReadOnly": mount.get("read_only", False),
    }
    bind: dict[str, Any] = {"Propagation": mount["propagation"]} if "propagation" in mount else {}
    if "recursive" in mount:
        bind[mount["recursive"]] = True
        bind |= {} if "must_exist" in mount else {"CreateMountpoint": True}
    if bind:
        found["BindOptions"] = bind
    volume: dict[str, Any] = {"NoCopy": True} if "nocopy" in mount else {}
    volume |= {"Labels": dict(mount["labels"])} if "labels" in mount else {}
    subpath = {"Subpath": mount["subpath"]} if "subpath" in mount else {}
    if mount["type"] == "volume" and (volume or subpath):
        found["VolumeOptions"] = volume | subpath
    if mount["type"] == "image" and subpath:
        found["ImageOptions"] = subpath
    if "size" in mount or "mode" in mount:
        found["TmpfsOptions"] = {"SizeBytes": mount.get("size", 0), "Mode": mount.get("mode", 0)}
    return found


def _since(wanted: Canonical) -> Mapping[str, ApiVersion]:
    used = {
        "volumes of the type image": any(mount["type"] == "image" for mount in wanted),
        "volumes.volume.subpath": any(mount["type"] == "volume" and "subpath" in mount for mount in wanted),
        "volumes.bind.recursive": any(mount.get("recursive", "NonRecursive") != "NonRecursive" for mount in wanted),
        "volumes.bind.create_host_path with bind.recursive": any(
            "recursive" in mount and "must_exist" not in mount for mount in wanted
        ),
    }
    return {what: _SINCE[what] for what, is_used in used.items() if is_used}


_SHOWN: Mapping[str, Callable[[Any], str]] = {
    "read_only": lambda _value: "ro",
    "propagation": str,
    "recursive": lambda value: f"recursive={next(word for word, one in _RECURSIVE.items() if one == value)}",
    "selinux": str,
    "must_exist": lambda _value: "create_host_path=false",
    "nocopy": lambda _value: "nocopy",
    "labels": lambda value: f"labels: {shown(value)}",
    "subpath": lambda value: f"subpath={value}",
    "size": lambda value: f"size={show_size(value)}",
    "mode": lambda value: f"mode={value:o}",
}
"""The options of a mount in a plan's line."""


def show_mount(mount: Canonical) -> str:
    """`hello_pages:/www/pages`, `/srv:/data:ro,rslave`, `/cache` for an anonymous volume, `tmpfs:/run:size=1m`."""
    source = f"{mount['source']}:" if mount["source"] else "tmpfs:" if mount["type"] == "tmpfs" else ""
    options = ",".join(_SHOWN[name](mount[name]) for name in _SHOWN if name in mount)
    return f"{source}{mount['target']}{':' if options else ''}{options}"


def _tmpfs(mounts: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {
        clean_path(path): tuple(sorted(map(_in_one_spelling, filter(None, text.split(",")))))
        for path, text in mounts.items()
    }


def _in_one_spelling(option: str) -> str:
    """`size=1024k` → `size=1m`, `mode=01777` → `mode=1777`."""
    name, _, text = option.partition("=")
    if name == "size" and (found := _KERNEL_SIZE.fullmatch(text)):
        return f"size={show_size(int(found[1]) * _FACTORS[found[2].lower()])}"
    return f"mode={text.lstrip('0')}" if name == "mode" else option


def _show_tmpfs(value: Canonical) -> str:
    shown = [f"{path}:{','.join(options)}" if options else path for path, options in sorted(value.items())]
    return ", ".join(shown) or "none"


ROWS = (
    Field(
        path="volumes",
        wanted=_wanted,
        actual=_actual,
        write=_write,
        same=_same,
        undeclared=lambda _inspect, _image: (),
        since=_since,
        newest=max(_SINCE.values()),
        show=lambda value: ", ".join(show_mount(one) for one in value if not one.get("perhaps_of_image")) or "none",
    ),
    Field(
        path="volumes_from",
        wanted=lambda instance: tuple(":".join(peers.volumes_from(text)) for text in instance.container.volumes_from),
        actual=peers.actual_volumes_from,
        write=put("HostConfig.VolumesFrom"),
        undeclared=constant(()),
        drifts=True,
        show=lambda value: ", ".join(map(peers.show, value)) or "none",
    ),
    Field(
        path="tmpfs",
        wanted=lambda instance: _tmpfs(instance.container.tmpfs),
        actual=lambda inspect: _tmpfs(at("HostConfig.Tmpfs", inspect) or {}),
        write=lambda payload, value: put("HostConfig.Tmpfs")(
            payload, {path: ",".join(options) for path, options in value.items()}
        ),
        undeclared=constant({}),
        show=_show_tmpfs,
    ),
)
