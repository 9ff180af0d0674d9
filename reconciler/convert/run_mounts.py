"""-v, --mount, --tmpfs and --volumes-from → the mounts of a container, and the volumes that they name."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from reconciler.convert.shell import split
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.convert.draft import Draft

_VOLUME_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
_PROPAGATIONS = frozenset(["private", "rprivate", "shared", "rshared", "slave", "rslave"])
_CONSISTENCIES = frozenset(["consistent", "cached", "delegated", "default"])
_TRUE = frozenset(["1", "t", "true"])
_FALSE = frozenset(["0", "f", "false"])


def volume(draft: Draft, text: str) -> None:
    """`-v [SOURCE:]TARGET[:OPTIONS]`."""
    parts = split(text, ":")
    if len(parts) > 3 or not all(parts):
        raise UsageError(f'{draft.flag}: "{text}" is not a volume', "write NAME:/PATH, /HOST/PATH:/PATH or /PATH")
    if len(parts) == 1:
        draft.add("volumes", text)
        _unnamed(draft, text)
        return
    source, target, words = (*parts, "")[:3]
    options = [word for word in words.split(",") if word and word != "rw"]
    mount: dict[str, Any] = {"type": "volume", "source": source, "target": target}
    if source.startswith(("/", ".", "~", "${")):
        mount["type"] = "bind"
        if source.startswith("${") and "/" not in source and source != "${PWD}":
            draft.note(f"{source} is taken for a folder of the host; for a volume, write type: volume")
    elif not _VOLUME_NAME.fullmatch(source):
        hint = f"write ./{source} for a folder; a volume's name has letters, digits, '_', '.' and '-', two at least"
        raise UsageError(f'{draft.flag}: "{source}" is neither a volume nor an absolute path', hint)
    else:
        name_volume(draft, source)
    short = set(options) <= {"ro"} and not source.startswith("${")
    for option in options:
        _option(draft, mount, option, text)
    draft.add("volumes", text if short else mount)


def _option(draft: Draft, mount: dict[str, Any], option: str, text: str) -> None:
    if option == "ro":
        mount["read_only"] = True
    elif option in {"z", "Z"} and mount["type"] == "bind":
        mount.setdefault("bind", {})["selinux"] = option
    elif option in _PROPAGATIONS and mount["type"] == "bind":
        mount.setdefault("bind", {})["propagation"] = option
    elif option == "nocopy" and mount["type"] == "volume":
        mount.setdefault("volume", {})["nocopy"] = True
    elif option in {"z", "Z"}:
        draft.drop("a volume is labelled for SELinux by the Engine", f"{text}: {option}")
    elif option not in _CONSISTENCIES:  # these mean nothing on Linux
        raise UsageError(
            f'{draft.flag}: "{option}" is no option of a {mount["type"]} mount',
            "there are ro, rw, z, Z, nocopy (of volumes), and private, shared, slave with or without r (of folders)",
        )


def _unnamed(draft: Draft, target: str) -> None:
    draft.note(f"{target} is a volume without a name, which goes with the container; name it to keep its data")


def name_volume(draft: Draft, name: str) -> dict[str, Any]:
    """The spec's volume of that name on the Engine."""
    if name not in draft.volumes:
        draft.volumes[name] = {"name": name}
        draft.notes.append(f'volume "{name}" is created where it is missing; if it stands already, add external: true')
    declared: dict[str, Any] = draft.volumes[name]
    return declared


def tmpfs(draft: Draft, text: str) -> None:
    """`--tmpfs PATH[:OPTIONS]`."""
    draft.add("tmpfs", text)


def volumes_from(draft: Draft, text: str) -> None:
    """`--volumes-from CONTAINER[:ro]`: a container that the spec does not have."""
    draft.add("volumes_from", f"container:{text}")


def volume_driver(draft: Draft, driver: str) -> None:
    """`--volume-driver`, once all volumes are known."""
    for item in draft.container.get("volumes", []):
        source = item.get("source") if isinstance(item, dict) else split(item, ":")[0]
        if source in draft.volumes and "driver" not in draft.volumes[source]:
            draft.volumes[source]["driver"] = driver


def mount(draft: Draft, text: str) -> None:
    """`--mount type=…,source=…,target=…`."""
    fields = next(csv.reader([text], strict=False), [])
    found: dict[str, Any] = {"type": "volume"}
    driver: dict[str, Any] = {}
    for item in fields:
        key, equals, value = item.partition("=")
        key = key.strip().lower()
        if key not in _KEYS:
            raise UsageError(f'{draft.flag}: there is no key "{key}"', f"there are {', '.join(sorted(_KEYS))}")
        if not equals and key not in _SWITCHES:
            raise UsageError(f'{draft.flag}: "{key}" has no value', f"write {key}=…")
        _KEYS[key](draft, found, driver, value if equals else "true")
    if "target" not in found:
        raise UsageError(f"{draft.flag}: the target is missing", "add target=/PATH")
    kind = found["type"]
    if kind == "bind":
        # Unlike -v, it does not make what is missing on the host.
        found.setdefault("bind", {}).setdefault("create_host_path", False)
    if kind == "volume" and found.get("source"):
        name_volume(draft, found["source"]).update(driver)
    elif kind == "volume":
        _unnamed(draft, found["target"])
        if driver:
            draft.drop("name the volume to give it one", "the driver of a volume without a name")
    draft.add("volumes", found)


_Take = Callable[["Draft", dict[str, Any], dict[str, Any], str], None]


def _plain(*path: str) -> _Take:
    def take(_draft: Draft, found: dict[str, Any], _driver: dict[str, Any], value: str) -> None:
        target = found
        for step in path[:-1]:
            target = target.setdefault(step, {})
        target[path[-1]] = value

    return take


def _switch(*path: str) -> _Take:
    def take(draft: Draft, found: dict[str, Any], driver: dict[str, Any], value: str) -> None:
        if value.lower() not in _TRUE | _FALSE:
            raise UsageError(f'{draft.flag}: "{value}" is neither true nor false', "write true or false")
        if value.lower() in _TRUE:
            _plain(*path)(draft, found, driver, True)  # type: ignore[arg-type]

    return take


def _kind(_draft: Draft, found: dict[str, Any], _driver: dict[str, Any], value: str) -> None:
    found["type"] = value.lower()


def _recursive(draft: Draft, found: dict[str, Any], driver: dict[str, Any], value: str) -> None:
    if value != "enabled":  # which is the default
        _plain("bind", "recursive")(draft, found, driver, value)


def _not_recursive(draft: Draft, found: dict[str, Any], driver: dict[str, Any], value: str) -> None:
    if value.lower() in _TRUE:
        _plain("bind", "recursive")(draft, found, driver, "disabled")


def _create(draft: Draft, found: dict[str, Any], driver: dict[str, Any], value: str) -> None:
    _plain("bind", "create_host_path")(draft, found, driver, value.lower() in _TRUE)  # type: ignore[arg-type]


def _label(_draft: Draft, _found: dict[str, Any], driver: dict[str, Any], value: str) -> None:
    key, _, text = value.partition("=")
    driver.setdefault("labels", {})[key] = text


def _driver_option(_draft: Draft, _found: dict[str, Any], driver: dict[str, Any], value: str) -> None:
    key, _, text = value.partition("=")
    driver.setdefault("driver_opts", {})[key] = text


def _driver(_draft: Draft, _found: dict[str, Any], driver: dict[str, Any], value: str) -> None:
    if value != "local":
        driver["driver"] = value


def _tmpfs_option(draft: Draft, _found: dict[str, Any], _driver: dict[str, Any], value: str) -> None:
    draft.drop(f"--tmpfs PATH:{value} would be carried over", f"tmpfs-options={value}")


def _consistency(_draft: Draft, _found: dict[str, Any], _driver: dict[str, Any], _value: str) -> None:
    """Means nothing on Linux."""


_KEYS: dict[str, _Take] = {
    "type": _kind,
    **dict.fromkeys(("source", "src"), _plain("source")),
    **dict.fromkeys(("target", "dst", "destination"), _plain("target")),
    **dict.fromkeys(("readonly", "ro"), _switch("read_only")),
    "consistency": _consistency,
    "bind-propagation": _plain("bind", "propagation"),
    "bind-recursive": _recursive,
    "bind-nonrecursive": _not_recursive,
    "bind-create-src": _create,
    "volume-nocopy": _switch("volume", "nocopy"),
    "volume-subpath": _plain("volume", "subpath"),
    "volume-label": _label,
    "volume-driver": _driver,
    "volume-opt": _driver_option,
    "image-subpath": _plain("image", "subpath"),
    "tmpfs-size": _plain("tmpfs", "size"),
    "tmpfs-mode": _plain("tmpfs", "mode"),
    "tmpfs-options": _tmpfs_option,
}
_SWITCHES = frozenset(["readonly", "ro", "volume-nocopy", "bind-nonrecursive", "bind-create-src"])
