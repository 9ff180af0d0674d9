"""A container that is there → a spec, through the rows of the field table.

What a row reads from the container is declared where it is not what its image or the Engine gives by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.convert.result import Conversion
from reconciler.convert.run import project_name
from reconciler.convert.spelling import spelled
from reconciler.fields import ownership
from reconciler.fields.base import OF_DAEMON, Instance, at
from reconciler.fields.table import ROW, TABLE
from reconciler.spec.model import Container, Spec, State
from reconciler.spec.reference import full_reference
from reconciler.spec.writing import dollars_twice

if TYPE_CHECKING:
    from reconciler.fields.base import Canonical, Field, Inspect

_COMPOSE = "com.docker.compose."
_MODES = ("NetworkMode", "IpcMode", "PidMode")
_PREDEFINED = frozenset(["bridge", "host", "none"])
_APART = frozenset(
    [
        *("configs", "container_name", "expose", "image", "labels", "mac_address", "memswap_limit", "networks"),
        *("secrets", "state", "volumes", "volumes_from"),
    ]
)
"""Rows that more is to be known of than their value."""
_ANONYMOUS = re.compile(r"[0-9a-f]{64}")
_ELSEWHERE = {
    "AutoRemove": "it removes itself when it ends (--rm): a container that a spec declares stays",
    "PublishAllPorts": "all ports that the image exposes are published (--publish-all): declare each in `ports`",
    "CpusetMems": "its memory nodes (--cpuset-mems) are left out: a spec has no word for them",
    "VolumeDriver": "its volume driver (--volume-driver) is left out",
}
"""What the Engine may report in HostConfig, and no row reads."""


def others(inspect: Inspect) -> set[str]:
    """The IDs of the containers whose namespaces or volumes it uses."""
    host = inspect.get("HostConfig") or {}
    modes = [str(host.get(where) or "").partition("container:")[2] for where in _MODES]
    return {*filter(None, modes), *(text.partition(":")[0] for text in host.get("VolumesFrom") or ())}


@dataclass(frozen=True, slots=True)
class Existing:
    """A container, and what must be known beside it; each as the Engine's API answers.

    Attributes:
        inspect: `GET /containers/ID/json`.
        image: `GET /images/ID/json`, of the image that it runs; empty where that is gone.
        info: `GET /info`.
        names: what `others` are called, by their IDs.
    """

    inspect: Inspect
    image: Mapping[str, Any]
    info: Mapping[str, Any]
    names: Mapping[str, str]


def from_container(existing: Existing, project: str | None = None) -> Conversion:
    """A container → a spec that finds it as it is.

    Args:
        existing: the container.
        project: the project's name; as the container's labels say where not given.
    """
    return _Reader(existing, project).read()


def _by_daemon(info: Mapping[str, Any]) -> dict[str, tuple[Canonical, ...]]:
    """What the daemon gives where nothing is declared, unless its configuration says what nobody can ask for."""
    return {
        "cgroup": ("", "host" if info.get("CgroupVersion") == "1" else "private"),
        "ipc": ("", "private"),
        "runtime": ("", info.get("DefaultRuntime") or "runc"),
        "logging": ({"driver": info.get("LoggingDriver") or "json-file"},),
    }


class _Reader:
    def __init__(self, existing: Existing, project: str | None) -> None:
        inspect = existing.inspect
        labels = at("Config.Labels", inspect) or {}
        self._inspect = inspect
        self._image = existing.image
        self._names = existing.names
        self._by_daemon = _by_daemon(existing.info)
        self._config: Mapping[str, Any] = existing.image.get("Config") or {}
        self._name = str(inspect["Name"]).removeprefix("/")
        self._compose = f"{_COMPOSE}service" in labels
        self._ours = ownership.PROJECT in labels
        self._key = labels.get(ownership.RESOURCE) or labels.get(f"{_COMPOSE}service") or self._name
        known = labels.get(ownership.PROJECT) or labels.get(f"{_COMPOSE}project")
        self._project = project or known or project_name(self._name)
        self._before = ownership.declared(labels)
        self._notes: list[str] = []
        self._networks: dict[str, Any] = {}
        self._volumes: dict[str, Any] = {}
        bare = Container(image="bare")
        self._bare = Instance(Spec(name=self._project, containers={self._key: bare}), self._key)

    def read(self) -> Conversion:
        container: dict[str, Any] = {"image": self._reference()}
        if not (self._compose or self._ours):
            container["adopt"] = True
        if self._name != f"{self._project}-{self._key}-1":
            container["container_name"] = self._name
        for row in TABLE:
            if row.path not in _APART and (value := self._declared(row)) is not None:
                container[row.path] = self._named(spelled(row.path, value))
        container |= self._labels() | self._expose() | self._swap() | self._places() | self._mounts() | self._state()
        container |= self._elsewhere()
        data: dict[str, Any] = {"name": self._project, "containers": {self._key: container}}
        data |= {"networks": self._networks} if self._networks else {}
        data |= {"volumes": self._volumes} if self._volumes else {}
        data |= {"compose_labels": True} if self._compose else {}
        return Conversion(dollars_twice(data), tuple(self._notes))

    def _declared(self, row: Field) -> Canonical:
        """What the spec must declare of this row; None where it is so by itself."""
        actual = row.actual(self._inspect)
        default = self._default(row)
        if row.by_key:
            kept = {key: value for key, value in actual.items() if (default or {}).get(key) != value}
            return kept if kept and kept not in self._by_daemon.get(row.path, ()) else None
        if row.path in self._before:
            return actual
        if default == OF_DAEMON:
            return None if actual in self._by_daemon.get(row.path, ("",)) else actual
        return None if row.same(default, actual) else actual

    def _default(self, row: Field) -> Canonical:
        return row.wanted(self._bare) if row.always else row.undeclared(self._inspect, self._config)

    # --- rows that more is to be known of ---------------------------------------------------------------------

    def _reference(self) -> str:
        """The image's name; the one that it was created by, where that is one."""
        reference = str(at("Config.Image", self._inspect) or "")
        names = [*(self._image.get("RepoTags") or ()), *(self._image.get("RepoDigests") or ())]
        if not self._image:
            self._notes.append(f'the image "{reference}" is gone: what it gives by itself is declared too')
        elif not names:
            self._notes.append("its image has no name any more: tag it, and write that name")
        elif reference.startswith("sha256:"):
            return str(names[0])
        elif full_reference(reference) not in {full_reference(name) for name in names}:
            self._notes.append(f'"{reference}" is another image by now than the one that it runs, {names[0]}')
        return reference

    def _labels(self) -> dict[str, Any]:
        kept = self._declared(ROW["labels"]) or {}
        own = {key: value for key, value in kept.items() if not (self._compose and key.startswith(_COMPOSE))}
        return {"labels": own} if own else {}

    def _expose(self) -> dict[str, Any]:
        row = ROW["expose"]
        more = sorted({*row.actual(self._inspect)} - {*row.undeclared(self._inspect, self._config)})
        return {"expose": more} if more else {}

    def _swap(self) -> dict[str, Any]:
        actual: dict[str, Any] = ROW["memswap_limit"].actual(self._inspect)
        by_itself = {None, 2 * actual["memory"]} if actual["memory"] else {None, actual["swap"]}
        swap = actual["swap"]
        return {} if swap in by_itself else {"memswap_limit": swap}

    def _state(self) -> dict[str, Any]:
        row = ROW["state"]
        actual = row.actual(self._inspect)
        if row.same(row.wanted(self._bare), actual):
            return {}
        word = actual.split()[0]
        return {"state": word if word in set(State) else State.STOPPED.value}

    # --- networks and volumes ---------------------------------------------------------------------------------

    def _places(self) -> dict[str, Any]:
        actual = ROW["networks"].actual(self._inspect)
        mode, joined = actual["mode"] or "", actual["joined"]
        if mode in _PREDEFINED or ":" in mode:
            if more := sorted(joined.keys() - {mode}):
                self._notes.append(
                    f"{', '.join(more)}: networks beside {mode} are left out, a spec has one or the other"
                )
            return {"network_mode": self._named(mode)}
        found: dict[str, Any] = {}
        for name, place in joined.items():
            key = self._external(self._networks, name)
            found[key] = self._place(name, place)
            if name == mode and len(joined) > 1:
                found[key]["priority"] = 1
        return {"networks": found if any(found.values()) else list(found)} if found else {}

    def _place(self, name: str, place: Canonical) -> dict[str, Any]:
        aliases = [alias for alias in place["aliases"] if alias != self._key]
        if self._key not in {*place["aliases"], *place.get("added", ())}:
            self._notes.append(f'it becomes known as "{self._key}" in network "{name}": the first apply joins it anew')
        rest = {key: value for key, value in place.items() if value and key not in {"aliases", "added", "links"}}
        found: dict[str, Any] = spelled("", rest)
        if f"mac_address.{name}" in self._before and name != at("HostConfig.NetworkMode", self._inspect):
            found["mac_address"] = ROW["mac_address"].actual(self._inspect).get(name, "")
        return ({"aliases": aliases} if aliases else {}) | found

    def _mounts(self) -> dict[str, Any]:
        asked = ROW["volumes"].actual(self._inspect)
        mounts = spelled("volumes", tuple(mount for mount in asked if not mount.get("perhaps_of_image")))
        for mount in mounts:
            if mount["type"] == "volume" and mount.get("source"):
                mount["source"] = self._external(self._volumes, mount["source"])
        declared = {mount["target"] for mount in mounts} - {
            mount["target"] for mount in mounts if mount["type"] == "volume" and not mount.get("source")
        }
        for mount in self._inspect.get("Mounts") or ():
            name, target = mount.get("Name") or "", mount.get("Destination")
            if mount.get("Type") == "volume" and target not in declared:
                named = f'declare "{name}" as an external volume to keep its data'
                self._notes.append(f"{target} is a volume without a name: {named}")
        return {"volumes": mounts} if mounts else {}

    def _external(self, declared: dict[str, Any], name: str) -> str:
        """The key under which something that stands already is declared."""
        short = name.removeprefix(f"{self._project}_")
        key = name if declared.get(short, {"name": name}).get("name", short) != name or not short else short
        declared[key] = {"external": True} | ({"name": name} if key != name else {})
        return key

    # --- what no row reads ------------------------------------------------------------------------------------

    def _elsewhere(self) -> dict[str, Any]:
        host = self._inspect.get("HostConfig") or {}
        for row in (ROW["configs"], ROW["secrets"]):
            if names := ", ".join(sorted(row.actual(self._inspect))):
                self._notes.append(
                    f"its {row.path} ({names}) are left out: a container does not say where they come from"
                )
        self._notes += [note for where, note in _ELSEWHERE.items() if host.get(where)]
        found: dict[str, Any] = {}
        links = [*(host.get("Links") or ())]
        links += [link for one in ROW["networks"].actual(self._inspect)["joined"].values() for link in one["links"]]
        for link in links:
            # "/db:/web/database" in the Engine's own network: the other's name, and its alias here
            name, _, alias = link.partition(":")
            name, alias = name.removeprefix("/"), alias.rpartition("/")[2]
            found.setdefault("external_links", {})[name if name == alias else f"{name}:{alias}"] = None
        found = {name: list(value) for name, value in found.items()}
        for text in host.get("VolumesFrom") or ():
            other, colon, mode = text.partition(":")
            found.setdefault("volumes_from", []).append(f"container:{self._names.get(other, other)}{colon}{mode}")
        # What it was asked to have, not what the Engine gave it.
        return found | ({"mac_address": mac} if (mac := at("Config.MacAddress", self._inspect)) else {})

    def _named(self, value: Any) -> Any:
        """`container:ID` → `container:NAME`."""
        kind, colon, other = value.partition(":") if isinstance(value, str) else ("", "", "")
        return f"container:{self._names.get(other, other)}" if colon and kind == "container" else value
