"""What is there: values observed at one moment. Made from the Engine's own JSON, of which unknown parts do no harm."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from reconciler.fields import ownership
from reconciler.fields.base import at
from reconciler.spec.reference import full_reference
from reconciler.state.contents import Held, View
from reconciler.state.identity import EngineIdentity
from reconciler.state.images import Archive, Content, ImageState, Offer

_DEFAULT_STOP_SECONDS = 10
"""What the Engine gives a container to stop, where nothing else is set."""

_NANOSECOND_DIGITS = 9

_ID = re.compile("[0-9a-f]{12,64}")
"""An ID, or as much of one as docker shows."""


_Any = TypeVar("_Any", "ContainerState", "OtherContainer")


@dataclass(frozen=True)
class ContainerState:
    """A container, as inspected.

    Attributes:
        inspect: the reply of `GET /containers/ID/json`.
        place: its name in the spec and its number, where no label of ours says so: one that was taken over.
        id: the full ID.
        name: the name, without the slash that the Engine puts before it.
        labels: its labels, the image's among them.
        networks: the networks that it is connected to, by name.
    """

    inspect: Mapping[str, Any]
    place: tuple[str, int] | None = None
    id: str = field(init=False, repr=False, compare=False)
    name: str = field(init=False, repr=False, compare=False)
    labels: Mapping[str, str] = field(init=False, repr=False, compare=False)
    networks: Mapping[str, Mapping[str, Any]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Everybody asks for these, time and again.
        inspect = self.inspect
        object.__setattr__(self, "id", str(inspect.get("Id") or ""))
        object.__setattr__(self, "name", str(inspect.get("Name") or "").removeprefix("/"))
        object.__setattr__(self, "labels", at("Config.Labels", inspect) or {})
        object.__setattr__(self, "networks", at("NetworkSettings.Networks", inspect) or {})

    @property
    def resource(self) -> str:
        """Its name in the spec."""
        return self.place[0] if self.place else self.labels.get(ownership.RESOURCE, "")

    @property
    def replica(self) -> int:
        """Its number, from 1."""
        if self.place:
            return self.place[1]
        text = self.labels.get(ownership.REPLICA, "1")
        return int(text) if text.isdecimal() else 1

    @property
    def status(self) -> str:
        """One of created, running, paused, restarting, removing, exited, dead."""
        return str(at("State.Status", self.inspect))

    @property
    def exit_code(self) -> int:
        """Of its last run; 0 while it has had none."""
        return int(at("State.ExitCode", self.inspect) or 0)

    @property
    def has_completed(self) -> bool:
        """Whether its last run ended with exit code 0."""
        return self.status == "exited" and not self.exit_code

    @property
    def has_failed(self) -> bool:
        """Whether its last run ended with another exit code."""
        return self.status == "exited" and bool(self.exit_code)

    @property
    def health(self) -> str | None:
        """One of starting, healthy, unhealthy; None where nothing checks it."""
        status = at("State.Health.Status", self.inspect)
        return None if status in {None, "", "none"} else str(status)

    @cached_property
    def is_healthy(self) -> bool:
        """Whether it runs, and its healthcheck says that it is well."""
        return self.status == "running" and self.health == "healthy"

    @property
    def start_period_seconds(self) -> float:
        """How long its healthcheck may fail at first."""
        return float(at("Config.Healthcheck.StartPeriod", self.inspect) or 0) / 10**9

    @property
    def started_at(self) -> str:
        """When it last started, RFC 3339; the year 1 while it never did."""
        return str(at("State.StartedAt", self.inspect) or "")

    @property
    def lived_seconds(self) -> float | None:
        """How long its last run took; None while it has not ended."""
        began, ended = self.started_at, str(at("State.FinishedAt", self.inspect) or "")
        if not began or not ended:
            return None
        if _moment(ended) < _moment(began):
            # Of one that ends at once, an Engine may note the end before the start.
            return 0.0 if self.status == "exited" else None
        return (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()

    def is_newer_than_the_start_of(self, other: ContainerState) -> bool:
        """Whether it was created after the other one last started."""
        return _moment(str(self.inspect.get("Created") or "")) > _moment(other.started_at)

    def started_after(self, other: ContainerState) -> bool:
        """Whether it started after the other one did."""
        return _moment(self.started_at) > _moment(other.started_at)

    @property
    def has_tty(self) -> bool:
        """Whether it has a terminal."""
        return bool(at("Config.Tty", self.inspect))

    @property
    def restart_count(self) -> int:
        """How often the Engine restarted it by its policy."""
        return int(self.inspect.get("RestartCount") or 0)

    @property
    def restarts_by_itself(self) -> bool:
        """Whether the Engine starts it again when it ends well."""
        return at("HostConfig.RestartPolicy.Name", self.inspect) in {"always", "unless-stopped"}

    @property
    def is_up(self) -> bool:
        """Whether a stop would have something to stop."""
        return self.status in {"running", "restarting", "paused"}

    @property
    def image_id(self) -> str:
        """The ID of the image that it was made from."""
        return str(self.inspect["Image"])

    @property
    def image(self) -> str:
        """The reference that it was made with."""
        return str(at("Config.Image", self.inspect) or "")

    @property
    def stop_seconds(self) -> int:
        """How long a stop waits before it kills."""
        seconds = at("Config.StopTimeout", self.inspect)
        return _DEFAULT_STOP_SECONDS if seconds is None else int(seconds)

    @cached_property
    def host_ports(self) -> frozenset[str]:
        """The host ports that it asks for, as `8080/tcp`."""
        return host_ports(self.inspect)

    @cached_property
    def held_ports(self) -> frozenset[str]:
        """The host ports that it has: those that it asks for by number, and those that the Engine chose."""
        bound = at("NetworkSettings.Ports", self.inspect) or {}
        chosen = {
            f"{entry['HostPort']}/{target.partition('/')[2] or 'tcp'}"
            for target, entries in bound.items()
            for entry in entries or ()
            if entry.get("HostPort")
        }
        return frozenset(port for port in self.host_ports if "-" not in port) | chosen

    @property
    def volumes(self) -> frozenset[str]:
        """The names of all volumes that it has."""
        mounts = self.inspect.get("Mounts") or ()
        return frozenset(mount["Name"] for mount in mounts if mount.get("Type") == "volume" and mount.get("Name"))

    @cached_property
    def bound_files(self) -> Mapping[str, str]:
        """Its configs and secrets that are files of the host: path in the container → path on the host."""
        contents = ownership.content_targets(self.labels)
        return {
            mount["Target"]: mount.get("Source") or ""
            for mount in at("HostConfig.Mounts", self.inspect) or ()
            if mount.get("Type") == "bind" and mount.get("Target") in contents
        }

    @cached_property
    def anonymous_volumes(self) -> Mapping[str, str]:
        """Its anonymous volumes: path in the container → volume name. A spec or a person named the others."""
        sources = {mount.get("Target"): mount.get("Source") for mount in at("HostConfig.Mounts", self.inspect) or ()}
        sources |= {bind.split(":")[1]: bind.split(":")[0] for bind in at("HostConfig.Binds", self.inspect) or ()}
        named = {
            path for path, source in sources.items() if source and not ownership.carried_by_compose(source, self.labels)
        }
        moved = ownership.anonymous(self.labels)
        named -= moved.of_spec.keys() | moved.of_image.keys()
        return {
            mount["Destination"]: mount["Name"]
            for mount in self.inspect.get("Mounts") or ()
            if mount.get("Type") == "volume" and mount.get("Name") and mount["Destination"] not in named
        }


@dataclass(frozen=True)
class OtherContainer:
    """A container that is not the project's: never touched, but its name and its ports are taken.

    Attributes:
        host_ports: the host ports that it holds now, as `8080/tcp`.
        image_id: the ID of the image that it was made from.
        project: the project of ours, or of Compose, that it belongs to; empty for none.
        networks: the networks that it is connected to, or was when it stopped: name → ID; empty before its first start.
        volumes: the names of all volumes that it has.
    """

    id: str
    names: tuple[str, ...]
    host_ports: frozenset[str]
    project: str
    image_id: str = ""
    networks: Mapping[str, str] = field(default_factory=dict)
    volumes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class NetworkState:
    """A network of the Engine.

    Attributes:
        report: its row of `GET /networks`.
    """

    id: str
    name: str
    driver: str
    labels: Mapping[str, str]
    report: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VolumeState:
    """A volume of the Engine.

    Attributes:
        report: its row of `GET /volumes`.
    """

    name: str
    driver: str
    labels: Mapping[str, str]
    report: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Snapshot:
    """All that a plan depends on, as it was at one moment.

    Attributes:
        taken_at: that moment, RFC 3339 in UTC.
        engine: whose state it is.
        containers: the project's, whether still wanted or not.
        others: all other containers.
        candidates: those of the others that may be taken over, inspected: Compose's of a project of this name, and
            those under a wanted name; see `planning.takeover`.
        networks: all of the Engine's.
        volumes: all of the Engine's.
        images: all of the Engine's.
        sources: the digest of each import source of the spec, by its path.
        contexts: what there is to build from, by `Build.source`.
        buildx: the version of `docker buildx` on this machine; empty where it has none, or no build asks for it.
        archives: what is in each archive that the spec loads, by its path.
        offers: what the registry has under a reference, in full, of those that it was asked for.
        contents: what the configs and secrets hold that containers read, by section and name: `configs.site`.
        revealed: the digests of files in containers, where only that tells whether a secret changed: by the container's
            ID and the path in it.
        unlabelled: the configs and secrets that Compose gave to its containers, which a label of ours would tell: by
            the container's ID, as that label and its text.
        view: what of this machine's files the Engine sees.
        own_container: the ID of the container that we run in, where that is one of this Engine's; else empty.
    """

    taken_at: str
    engine: EngineIdentity
    containers: tuple[ContainerState, ...] = ()
    others: tuple[OtherContainer, ...] = ()
    candidates: tuple[ContainerState, ...] = ()
    networks: tuple[NetworkState, ...] = ()
    volumes: tuple[VolumeState, ...] = ()
    images: tuple[ImageState, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    contexts: Mapping[str, Content] = field(default_factory=dict)
    buildx: str = ""
    archives: Mapping[str, Archive] = field(default_factory=dict)
    offers: Mapping[str, Offer] = field(default_factory=dict)
    contents: Mapping[str, Held] = field(default_factory=dict)
    revealed: Mapping[tuple[str, str], str] = field(default_factory=dict)
    unlabelled: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    view: View = field(default_factory=View)
    own_container: str = ""

    @cached_property
    def content_digests(self) -> Mapping[str, str]:
        """The digests of the configs and secrets, by section and name."""
        return {name: content.digest for name, content in self.contents.items()}

    @cached_property
    def network_ids(self) -> frozenset[str]:
        """The IDs of all networks."""
        return frozenset(network.id for network in self.networks)

    @cached_property
    def others_by_name(self) -> Mapping[str, tuple[OtherContainer, ...]]:
        """The containers that are not the project's, by each of their names."""
        found: dict[str, list[OtherContainer]] = {}
        for other in self.others:
            for name in dict.fromkeys(other.names):
                found.setdefault(name, []).append(other)
        return {name: tuple(others) for name, others in found.items()}

    def other(self, name: str) -> OtherContainer | None:
        """The container that is not the project's and that bears this name; or has this ID, or one that begins so."""
        named = self.others_by_name.get(name)
        return named[-1] if named else _by_id(self.others, name)

    def own(self, name: str) -> ContainerState | None:
        """The project's container of this name; or of this ID, or one that begins so."""
        named = next((one for one in self.containers if one.name == name), None)
        return named or _by_id(self.containers, name)

    @cached_property
    def members(self) -> Mapping[str, tuple[ContainerState, ...]]:
        """By the ID of a network, those of the containers that are connected to it, or were when they stopped."""
        found: dict[str, list[ContainerState]] = {}
        for container in self.containers:
            for settings in container.networks.values():
                if network := (settings or {}).get("NetworkID"):
                    found.setdefault(network, []).append(container)
        return {network: tuple(members) for network, members in found.items()}

    @cached_property
    def _image_by_reference(self) -> Mapping[str, ImageState]:
        return {reference: image for image in self.images for reference in image.references}

    @cached_property
    def _image_by_id(self) -> Mapping[str, ImageState]:
        return {image.id: image for image in self.images}

    def image(self, reference: str) -> ImageState | None:
        """The image that a reference names now, in whatever spelling; or an ID."""
        return self._image_by_reference.get(full_reference(reference)) or self._image_by_id.get(reference)

    def image_by_id(self, image_id: str) -> ImageState | None:
        """The image of that ID, tagged or not."""
        return self._image_by_id.get(image_id)


def _by_id(containers: Iterable[_Any], text: str) -> _Any | None:
    """The one of these whose ID this is, or begins so."""
    found = [one for one in containers if one.id.startswith(text)] if _ID.fullmatch(text) else []
    return found[0] if len(found) == 1 else None


def _moment(text: str) -> tuple[str, str]:
    """A time as the Engine writes it, to compare: it leaves zeros at the end of a fraction out."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return whole, fraction.ljust(_NANOSECOND_DIGITS, "0")


def host_ports(container: Mapping[str, Any]) -> frozenset[str]:
    """The host ports that a create payload or an inspect asks for: `8080/tcp`, or one of a range, `8000-8009/tcp`."""
    bindings = at("HostConfig.PortBindings", container) or {}
    return frozenset(
        f"{entry['HostPort']}/{target.partition('/')[2] or 'tcp'}"
        for target, entries in bindings.items()
        for entry in entries or ()
        if entry.get("HostPort") not in {None, "", "0"}
    )


def is_in_range(port: str, range_: str) -> bool:
    """Whether a host port, such as `8003/tcp`, is one of a range, such as `8000-8009/tcp`; False for no range."""
    number, _, protocol = port.partition("/")
    numbers, _, same = range_.partition("/")
    first, dash, last = numbers.partition("-")
    return bool(dash) and number.isdecimal() and protocol == same and int(first) <= int(number) <= int(last)
