"""An Engine in memory, at the level of its HTTP API: what real ones answer, without containers, and as fast as Python.

`Daemon` is the Engine, 28.5 or 20.10. `SimulatedEngine` is the port on it: the production code that observes and
performs, over a wire that counts the calls, fails them, or kills the process at them. `Scene` is one project there.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import io
import json
import random
import tarfile
import threading
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, cast

from reconciler.engine.endpoint import Endpoint
from reconciler.engine.here import Here
from reconciler.engine.observe import observe
from reconciler.engine.perform import perform
from reconciler.engine.translation import refusal
from reconciler.errors import EngineError, ExitCode
from reconciler.execution.executor import apply
from reconciler.planning.planner import plan
from reconciler.spec.model import Spec
from reconciler.spec.reference import full_reference, parse_reference
from reconciler.state.identity import EngineIdentity
from reconciler.state.snapshot import ContainerState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from reconciler.engine.client import Client
    from reconciler.execution.outcome import Outcome
    from reconciler.planning.actions import Action
    from reconciler.planning.failures import Failure
    from reconciler.planning.plan import Plan
    from reconciler.ports import Tell
    from reconciler.state.snapshot import Snapshot

Json = dict[str, Any]

NEW = EngineIdentity("28.5.2", "1.51", "linux", "amd64")
OLD = EngineIdentity("20.10.24", "1.41", "linux", "amd64")

IDLE = ["idle"]
"""Runs until it is stopped. More commands: `exit N`, `no-such-command`; with a healthcheck `unhealthy`, `slow`."""

_NEVER = "0001-01-01T00:00:00Z"
_FIRST_RANDOM_PORT = 32768
_UP = {"running", "restarting", "paused"}
_SETS = {"Env", "Aliases", "RepoTags", "RepoDigests", "Mounts", "Binds"}
"""Lists in replies whose order says nothing."""


class Killed(BaseException):
    """The process is dead from here on: no code of its own runs any more that could notice."""


class FakeClock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class _Holdings:
    """All that an Engine keeps; plain data, so that it can be copied."""

    containers: dict[str, Json] = field(default_factory=dict)
    networks: dict[str, Json] = field(default_factory=dict)
    volumes: dict[str, Json] = field(default_factory=dict)
    images: dict[str, Json] = field(default_factory=dict)
    registry: dict[str, Json] = field(default_factory=dict)
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    """What was copied into containers: by their IDs."""
    commands: dict[str, Json] = field(default_factory=dict)
    serial: int = 0


class Daemon:
    """The Engine: takes calls, answers with JSON or with a refusal in a real Engine's words."""

    def __init__(self, about: EngineIdentity = NEW) -> None:
        self.about = about
        self.shuffle: random.Random | None = None
        """Shuffles what has no order in the replies."""
        self.has = _Holdings()
        self._old = about.api_version == OLD.api_version
        self._lock = threading.RLock()

    def copy(self) -> Daemon:
        """Another Engine with the same on it."""
        other = Daemon(self.about)
        other.has = copy.deepcopy(self.has)
        return other

    def call(self, method: str, path: str, params: Mapping[str, Any] | None = None, body: Any = None) -> Any:
        """One call; what is sent and what comes back is no one else's."""
        with self._lock:
            words = path.strip("/").split("/")
            found = copy.deepcopy(self._dispatch(method, words, dict(params or {}), copy.deepcopy(body)))
            return self._shuffled(found) if method == "GET" and self.shuffle else found

    def _dispatch(self, method: str, words: list[str], params: Json, body: Any) -> Any:
        match method, *words:
            case "GET", "containers", "json":
                return self._list_containers(params.get("filters") or {})
            case "GET", "containers", name, "json":
                return self.container(name)
            case "GET", "containers", name, "changes":
                return self.container(name).get("Layer")
            case "POST", "containers", "create":
                return self._create(params["name"], body)
            case "POST", "containers", name, "start":
                return self._start(self.container(name))
            case "POST", "containers", name, "stop":
                return self._stop(self.container(name))
            case "POST", "containers", name, "pause":
                return self._set(self.container(name), "paused")
            case "POST", "containers", name, "unpause":
                return self._set(self.container(name), "running")
            case "POST", "containers", name, "rename":
                return self._rename(self.container(name), params["name"])
            case "POST", "containers", name, "update":
                return self.container(name)["HostConfig"].update(body)
            case "PUT", "containers", name, "archive":
                with tarfile.open(fileobj=io.BytesIO(body)) as tar:
                    files = {f"/{one.name}": tar.extractfile(one).read() for one in tar}  # type: ignore[union-attr]
                return self.has.files.setdefault(self.container(name)["Id"], {}).update(files)
            case "POST", "containers", name, "exec":
                return self._command(self.container(name), body)
            case "POST", "exec", name, "start":
                return self._run(self.has.commands[name])
            case "GET", "exec", name, "json":
                return self.has.commands[name]
            case "DELETE", "containers", name:
                return self._remove(self.container(name), force=bool(int(params.get("force", 0))))
            case "GET", "networks":
                names = (params.get("filters") or {}).get("name", [""])
                return [row for row in self.has.networks.values() if any(name in row["Name"] for name in names)]
            case "POST", "networks", "create":
                return self._create_network(body)
            case "POST", "networks", name, "connect":
                return self._connect(name, self.container(body["Container"]), body.get("EndpointConfig") or {})
            case "POST", "networks", name, "disconnect":
                return self._disconnect(name, self.container(body["Container"]))
            case "DELETE", "networks", name:
                return self._remove_network(self._network(name))
            case "GET", "info":
                return {"Name": "simulated"}
            case "GET", "volumes":
                return {"Volumes": list(self.has.volumes.values()) or None, "Warnings": None}
            case "GET", "volumes", name:
                return self._has_volume(name)
            case "POST", "volumes", "create":
                return self._volume(body["Name"], body.get("Labels"), body.get("DriverOpts"))
            case "DELETE", "volumes", name:
                return self._remove_volume(name)
            case "GET", "images", "json":
                return [{**row, "Labels": row["Config"].get("Labels")} for row in self.has.images.values()]
            case "GET", "images", *name, "json":
                return self._image("/".join(name))
            case "POST", "images", "create":
                return self._bring_image(params)
            case "POST", "images", *name, "tag":
                self._retag(self._image("/".join(name)), f"{params['repo']}:{params['tag']}", self._now())
                return None
            case "POST", "build":
                return self._build(params)
            case "DELETE", "images", *name:
                return self._untag("/".join(name))
            case "GET", "distribution", *name, "json":
                return {"Descriptor": {"digest": self._offered("/".join(name))["digest"]}}
        raise AssertionError(f"no such call: {method} {'/'.join(words)}")

    # --- images -----------------------------------------------------------------------------------------------

    def add_image(self, reference: str, **config: Any) -> str:
        """An image that is here. `config` is its Config: Cmd, Env, Labels, Volumes, …; its ID."""
        return self._add_image(reference, config)

    def _add_image(self, reference: str, config: Mapping[str, Any], digest: str = "") -> str:
        known = [f"{parse_reference(reference).repository}@{digest}"] if digest else []
        same = [row for row in self.has.images.values() if known and set(known) <= set(row["RepoDigests"])]
        image: Json = (
            same[0]
            if same
            else {"Id": f"sha256:{self._id()}", "RepoTags": [], "RepoDigests": known, "Config": dict(config)}
        )
        self.has.images[image["Id"]] = image
        self._retag(image, reference, _NEVER if digest else self._now())
        return str(image["Id"])

    def offer(self, reference: str, **config: Any) -> str:
        """An image that can be pulled; its digest."""
        digest = f"sha256:{hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()}"
        full = full_reference(reference)
        for name in (full, f"{full.rpartition(':')[0]}@{digest}"):
            self.has.registry[name] = {"digest": digest, "config": config}
        return digest

    def _retag(self, image: Json, reference: str, moment: str) -> None:
        if "@" in reference:
            return
        for other in self.has.images.values():
            other["RepoTags"] = [tag for tag in other["RepoTags"] if full_reference(tag) != full_reference(reference)]
        image["RepoTags"] = [*image["RepoTags"], reference]
        image |= {"Os": "linux", "Architecture": "amd64", "Metadata": {"LastTagTime": moment}}

    def _image(self, name: str) -> Json:
        for image in self.has.images.values():
            if image["Id"] == name or full_reference(name) in self._names(image):
                return image
        raise _refuse(404, f"No such image: {name}")

    @staticmethod
    def _names(image: Json) -> list[str]:
        return [full_reference(one) for one in (*image["RepoTags"], *image["RepoDigests"])]

    def _bring_image(self, params: Json) -> list[Json]:
        if params.get("fromSrc"):
            _, _, label = params["changes"].partition("LABEL ")
            name, _, value = label.partition("=")
            self.add_image(f"{params['repo']}:{params['tag']}", Cmd=IDLE, Labels={name: value})
            return [{"status": "imported"}]
        separator = "@" if params["tag"].startswith("sha256:") else ":"
        reference = f"{params['fromImage']}{separator}{params['tag']}"
        offered = self._offered(reference)
        self._add_image(reference, offered["config"], offered["digest"])
        return [{"status": "Pull complete"}]

    def _offered(self, reference: str) -> Json:
        offered = self.has.registry.get(full_reference(reference))
        if offered is None:
            raise _refuse(404, f"manifest for {reference} not found: manifest unknown: manifest unknown")
        return offered

    def _build(self, params: Json) -> list[Json]:
        self.add_image(params["t"], Cmd=IDLE, Labels=json.loads(params["labels"]))
        return [{"stream": "Successfully built\n"}]

    def _untag(self, name: str) -> None:
        image = self._image(name)
        if len(image["RepoTags"]) > 1:
            image["RepoTags"] = [tag for tag in image["RepoTags"] if full_reference(tag) != full_reference(name)]
            return
        for row in self.has.containers.values():
            if row["Image"] == image["Id"]:
                raise _refuse(409, f"conflict: unable to remove repository reference {name!r} (must force)")
        del self.has.images[image["Id"]]

    # --- containers -------------------------------------------------------------------------------------------

    def container(self, name: str) -> Json:
        """The inspect of a container, by ID or name: the Engine's own, not a copy."""
        for row in self.has.containers.values():
            if name in {row["Id"], row["Id"][:12], row["Name"].removeprefix("/")}:
                return row
        raise _refuse(404, f"No such container: {name}")

    def _list_containers(self, filters: Json) -> list[Json]:
        published = set(filters.get("publish", ()))
        return [row for row in map(_listed, self.has.containers.values()) if not published or published & _public(row)]

    def _create(self, name: str, body: Json) -> Json:
        self._refuse_taken(name)
        host, endpoints = body.get("HostConfig") or {}, body["NetworkingConfig"]["EndpointsConfig"]
        if self._old and len(endpoints) > 1:
            raise _refuse(400, f"Container cannot be connected to network endpoints: {', '.join(endpoints)}")
        image = self._image(body["Image"])
        container_id = self._id()
        config = _merged(body, image["Config"])
        config["Hostname"] = config.get("Hostname") or container_id[:12]
        if not config["Cmd"] and not config["Entrypoint"]:
            raise _refuse(400, "No command specified")
        networks = {key: self._endpoint(endpoint) for key, endpoint in endpoints.items()}
        self.has.containers[container_id] = {
            "Id": container_id,
            "Created": self._now(),
            "Name": f"/{name}",
            "Image": image["Id"],
            "RestartCount": 0,
            "Driver": "overlay2",
            "State": _state("created"),
            "Config": config,
            "HostConfig": {"PortBindings": {}, "Binds": None, "Privileged": False, "LogConfig": {}, **host},
            "Mounts": self._mounts(host, config.get("Volumes") or {}),
            "NetworkSettings": {"Ports": {}, "SandboxID": "", "Networks": networks},
            "SomethingNewer": {"Unknown": True},
        }
        return {"Id": container_id, "Warnings": []}

    def _mounts(self, host: Json, of_image: Mapping[str, Any]) -> list[Json]:
        asked = [(mount["Type"], mount.get("Source") or "", mount["Target"]) for mount in host.get("Mounts") or ()]
        for bind in host.get("Binds") or ():
            source, target = bind.split(":")[:2]
            asked.append(("bind" if source.startswith("/") else "volume", source, target))
        taken = [target for _, _, target in asked]
        if len(taken) != len(set(taken)):
            raise _refuse(400, f"Duplicate mount point: {taken}")
        asked += [("volume", "", target) for target in sorted(of_image) if target not in taken]
        mounts = []
        for kind, source, target in asked:
            if kind == "bind":
                mounts.append({"Type": "bind", "Source": source, "Destination": target, "RW": True})
                continue
            anonymous = None if self._old else {"com.docker.volume.anonymous": ""}
            volume = self._volume(source) if source else self._volume(self._id(), anonymous)
            mounts.append({"Type": "volume", "Name": volume["Name"], "Destination": target, "RW": True})
        return mounts

    def _start(self, row: Json) -> None:
        state = row["State"]
        if state["Status"] in {"running", "restarting"}:
            return
        if state["Status"] == "paused":
            raise _refuse(409, "cannot start a paused container, try unpause instead")
        self._expect_mode(row)
        for name, endpoint in row["NetworkSettings"]["Networks"].items():
            # What it had when it stopped, it has by ID; before its first start, by name.
            endpoint["NetworkID"] = self._network(endpoint["NetworkID"] or name)["Id"]
            self._add_aliases(row, endpoint)
        ports = self._bound(row)
        command: list[str] = (row["Config"]["Entrypoint"] or []) + (row["Config"]["Cmd"] or [])
        word = command[0]
        if word == "no-such-command":
            state["ExitCode"] = 127
            raise _refuse(
                400,
                'failed to create task for container: exec: "no-such-command": executable file not found in $PATH',
            )
        row["NetworkSettings"]["Ports"] = ports
        row["State"] = _state("running", started=self._now())
        if word == "exit":
            row["State"] = _state("exited", started=self._now(), code=int(command[1]))
            if row["HostConfig"].get("RestartPolicy", {}).get("Name") in {"always", "unless-stopped"}:
                row["State"]["Status"] = "restarting"
                row["RestartCount"] = 1
        elif row["Config"].get("Healthcheck"):
            row["State"]["Health"] = {"Status": {"unhealthy": "unhealthy", "slow": "starting"}.get(word, "healthy")}

    def _bound(self, row: Json) -> Json:
        """The host ports that it gets."""
        taken = [
            (target.partition("/")[2], entry["HostIp"], entry["HostPort"])
            for other in self.has.containers.values()
            if other["State"]["Status"] in _UP
            for target, entries in other["NetworkSettings"]["Ports"].items()
            for entry in entries
        ]

        def free(protocol: str, address: str, port: str) -> bool:
            return not any(
                (protocol, port) == (kind, number) and (address == ip or not (address and ip))
                for kind, ip, number in taken
            )

        bound: Json = {}
        for target, entries in (row["HostConfig"].get("PortBindings") or {}).items():
            protocol = target.partition("/")[2]
            for entry in entries:
                first, _, last = (entry["HostPort"] or f"{_FIRST_RANDOM_PORT}-60999").partition("-")
                ip = entry["HostIp"]
                port = next(
                    (p for p in map(str, range(int(first), int(last or first) + 1)) if free(protocol, ip, p)), ""
                )
                if not port:
                    raise _refuse(
                        500,
                        f"driver failed programming external connectivity on endpoint {row['Name'][1:]} (abc): "
                        f"Bind for {ip or '0.0.0.0'}:{first} failed: port is already allocated",
                    )
                bound.setdefault(target, []).append({"HostIp": ip, "HostPort": port})
                taken.append((protocol, ip, port))
        return bound

    def _stop(self, row: Json) -> None:
        if row["State"]["Status"] in _UP:
            row["State"] = _state("exited", started=row["State"]["StartedAt"], code=0)
            row["NetworkSettings"]["Ports"] = {}

    def _command(self, row: Json, body: Json) -> Json:
        if row["State"]["Status"] != "running":
            raise _refuse(409, f"Container {row['Id']} is {row['State']['Status']}")
        command = {"ID": self._id(), "ContainerID": row["Id"], "Running": False, "ExitCode": None, **body}
        self.has.commands[command["ID"]] = command
        return {"Id": command["ID"]}

    def _run(self, command: Json) -> str:
        """`exit N` does; all else does nothing, and does it well."""
        words = command["Cmd"]
        command["ExitCode"] = int(words[1]) if words[0] == "exit" else 0
        return f"I am {' '.join(words)}\n"

    def _set(self, row: Json, status: str) -> None:
        if row["State"]["Status"] not in {"running", "paused"} or row["State"]["Status"] == status:
            raise _refuse(409, f"Container {row['Id']} is {row['State']['Status']}")
        row["State"] |= {"Status": status, "Paused": status == "paused"}

    def _rename(self, row: Json, name: str) -> None:
        self._refuse_taken(name)
        row["Name"] = f"/{name}"

    def _remove(self, row: Json, *, force: bool) -> None:
        if row["State"]["Status"] in _UP and not force:
            raise _refuse(409, f"cannot remove container {row['Name']!r}: container is running: stop it first")
        del self.has.containers[row["Id"]]

    def _refuse_taken(self, name: str) -> None:
        for row in self.has.containers.values():
            if row["Name"] == f"/{name}":
                raise _refuse(
                    409,
                    f'Conflict. The container name "/{name}" is already in use by container "{row["Id"]}". '
                    "You have to remove (or rename) that container to be able to reuse that name.",
                )

    # --- networks and volumes ---------------------------------------------------------------------------------

    def _network(self, name: str) -> Json:
        if name in self.has.networks:
            return self.has.networks[name]
        found = [row for row in self.has.networks.values() if row["Name"] == name]
        if len(found) > 1:
            raise _refuse(400, f"network {name} is ambiguous ({len(found)} matches found on name)")
        if not found:
            raise _refuse(404, f"network {name} not found")
        return found[0]

    def _create_network(self, body: Json) -> Json:
        checked = not self._old or body.get("CheckDuplicate")
        if checked and any(row["Name"] == body["Name"] for row in self.has.networks.values()):
            raise _refuse(409, f"network with name {body['Name']} already exists")
        options = body.get("Options") or {}
        if options.get("com.docker.network.bridge.enable_icc") == "maybe":
            raise _refuse(400, "failed to parse com.docker.network.bridge.enable_icc value: maybe")
        row = {
            "Id": self._id(),
            "Name": body["Name"],
            "Scope": "local",
            "Driver": body.get("Driver") or "bridge",
            "EnableIPv6": body.get("EnableIPv6", False),
            "IPAM": self._addresses(body.get("IPAM") or {}),
            "Internal": body.get("Internal", False),
            "Attachable": body.get("Attachable", False),
            "Containers": {},
            "Options": options,
            "Labels": body.get("Labels") or {},
        }
        if not self._old:
            row["EnableIPv4"] = body.get("EnableIPv4", True)
        self.has.networks[row["Id"]] = row
        return {"Id": row["Id"], "Warning": ""}

    def _addresses(self, ipam: Json) -> Json:
        pools = list(ipam.get("Config") or ())
        if not any("." in pool["Subnet"] for pool in pools):
            self.has.serial += 1
            block = f"172.{self.has.serial >> 8 & 255}.{self.has.serial & 255}"
            pools.append({"Subnet": f"{block}.0/24", "Gateway": f"{block}.1"})
        taken = [ip_network(pool["Subnet"]) for row in self.has.networks.values() for pool in row["IPAM"]["Config"]]
        for pool in pools:
            subnet = ip_network(pool["Subnet"])
            if any(subnet.version == other.version and subnet.overlaps(other) for other in taken):
                raise _refuse(403, "Pool overlaps with other one on this address space")
        return {"Driver": ipam.get("Driver") or "default", "Options": ipam.get("Options"), "Config": pools}

    def _remove_network(self, network: Json) -> None:
        for row in self.has.containers.values():
            endpoint = row["NetworkSettings"]["Networks"].get(network["Name"]) or {}
            if endpoint.get("NetworkID") == network["Id"] and row["State"]["Status"] in _UP:
                raise _refuse(403, f"error while removing network: network {network['Name']} has active endpoints")
        del self.has.networks[network["Id"]]

    def _connect(self, name: str, row: Json, endpoint: Json) -> None:
        networks, up = row["NetworkSettings"]["Networks"], row["State"]["Status"] in _UP
        network = {"Id": "", "Name": name}
        with contextlib.nullcontext() if up else contextlib.suppress(EngineError):
            network = self._network(name)
        if up:
            self._expect_mode(row)
            if network["Name"] in networks:
                raise _refuse(403, f"endpoint with name {row['Name'][1:]} already exists in network {network['Name']}")
        networks[network["Name"]] = {**self._endpoint(endpoint), "NetworkID": network["Id"] if up else ""}
        self._add_aliases(row, networks[network["Name"]])

    def _disconnect(self, name: str, row: Json) -> None:
        up = row["State"]["Status"] in _UP
        network = {"Id": "", "Name": name}
        with contextlib.nullcontext() if up else contextlib.suppress(EngineError):
            network = self._network(name)
        endpoint = row["NetworkSettings"]["Networks"].get(network["Name"])
        if endpoint is None or (up and endpoint["NetworkID"] != network["Id"]):
            raise _refuse(500, f"container {row['Id']} is not connected to network {network['Name']}")
        del row["NetworkSettings"]["Networks"][network["Name"]]

    def _expect_mode(self, row: Json) -> None:
        """Newer Engines do nothing on networks while the one that NetworkMode names is not there."""
        mode = row["HostConfig"].get("NetworkMode")
        names = {network["Name"] for network in self.has.networks.values()}
        if not self._old and mode and mode not in names | {"default", "host", "none", "bridge"}:
            raise _refuse(404, f"could not find a network matching network mode {mode}: network {mode} not found")

    def _endpoint(self, endpoint: Json) -> Json:
        return {"IPAMConfig": None, "Links": None, "NetworkID": "", **endpoint}

    def _add_aliases(self, row: Json, endpoint: Json) -> None:
        if self._old:
            aliases = endpoint.get("Aliases") or []
            own = [row["Id"][:12], row["Config"]["Hostname"]]
            endpoint["Aliases"] = [*aliases, *dict.fromkeys(alias for alias in own if alias not in aliases)]

    def _volume(self, name: str, labels: Json | None = None, options: Json | None = None) -> Json:
        new = {
            "Name": name,
            "Driver": "local",
            "Labels": labels,
            "Options": options,
            "Scope": "local",
            "CreatedAt": self._now(),
        }
        return self.has.volumes.setdefault(name, new)

    def _has_volume(self, name: str) -> Json:
        if name not in self.has.volumes:
            raise _refuse(404, f"get {name}: no such volume")
        found: Json = self.has.volumes[name]
        return found

    def _remove_volume(self, name: str) -> None:
        self._has_volume(name)
        if any(name == mount.get("Name") for row in self.has.containers.values() for mount in row["Mounts"]):
            raise _refuse(409, f"remove {name}: volume is in use")
        del self.has.volumes[name]

    # --- the rest ---------------------------------------------------------------------------------------------

    def _id(self) -> str:
        self.has.serial += 1
        return hashlib.sha256(str(self.has.serial).encode()).hexdigest()

    def _now(self) -> str:
        """A moment that never was before."""
        self.has.serial += 1
        return f"2026-01-01T00:00:00.{self.has.serial:09}Z"

    def _shuffled(self, value: Any, *, is_set: bool = True) -> Any:
        assert self.shuffle
        if isinstance(value, dict):
            items = [(key, self._shuffled(item, is_set=key in _SETS)) for key, item in value.items()]
            self.shuffle.shuffle(items)
            return dict(items)
        if isinstance(value, list):
            items = [self._shuffled(item) for item in value]
            if is_set:
                self.shuffle.shuffle(items)
            return items
        return value


def _refuse(status: int, text: str) -> EngineError:
    return refusal(status, json.dumps({"message": text}).encode(), "a call")


def _state(status: str, *, started: str = _NEVER, code: int = 0) -> Json:
    return {
        "Status": status,
        "Running": status == "running",
        "Paused": False,
        "Restarting": False,
        "Dead": False,
        "ExitCode": code,
        "StartedAt": started,
    }


def _merged(body: Json, image: Mapping[str, Any]) -> Json:
    """The container's Config: what was asked for, and the image's where nothing was; the Engine's own rules."""
    asked = {key: value for key, value in body.items() if key not in {"HostConfig", "NetworkingConfig"}}
    env = asked.get("Env") or []
    names = {entry.partition("=")[0] for entry in env}
    entrypoint, command = asked.get("Entrypoint"), asked.get("Cmd")
    if not entrypoint:
        command = command or image.get("Cmd")
        entrypoint = image.get("Entrypoint") if entrypoint is None else entrypoint
    return {
        "AttachStdin": False,
        "Tty": False,
        **{key: image.get(key) for key in ("Healthcheck", "Volumes")},
        **asked,
        "Env": [*env, *(entry for entry in image.get("Env") or () if entry.partition("=")[0] not in names)],
        "Labels": {**(image.get("Labels") or {}), **(asked.get("Labels") or {})},
        "User": asked.get("User") or image.get("User") or "",
        "WorkingDir": asked.get("WorkingDir") or image.get("WorkingDir") or "",
        "Entrypoint": None if entrypoint == [""] else entrypoint,
        "Cmd": command,
    }


def _listed(row: Json) -> Json:
    return {
        "Id": row["Id"],
        "Names": [row["Name"]],
        "ImageID": row["Image"],
        "Mounts": row["Mounts"],
        "Labels": row["Config"]["Labels"],
        "State": row["State"]["Status"],
        "NetworkSettings": {"Networks": row["NetworkSettings"]["Networks"]},
        "Ports": [
            {"PrivatePort": int(target.partition("/")[0]), "PublicPort": int(entry["HostPort"]), "Type": target[-3:]}
            for target, entries in row["NetworkSettings"]["Ports"].items()
            for entry in entries
        ],
    }


def _public(row: Json) -> set[str]:
    return {str(port["PublicPort"]) for port in row["Ports"]}


# --- the port ------------------------------------------------------------------------------------------------------


@dataclass
class _Fault:
    at: int
    after: bool
    error: Callable[[], BaseException]


HERE = Here(None, None, 0)
"""This machine: the Engine sees none of its files."""


class SimulatedEngine:
    """The port, on a `Daemon`.

    Attributes:
        calls: the calls that change something, in order, as `POST /containers/ID/start`.
    """

    def __init__(self, daemon: Daemon | None = None) -> None:
        self.daemon = daemon or Daemon()
        self.calls: list[str] = []
        self._fault: _Fault | None = None
        self._dead = False

    def fail_at(self, number: int, *, after: bool = False) -> None:
        """The changing call of that number from now on fails; `after` it took effect: only its answer is lost."""
        error = EngineError("the connection broke off", "try again")
        self._fault = _Fault(len(self.calls) + number, after, lambda: error)

    def kill_at(self, number: int, *, after: bool = False) -> None:
        """The process dies at the changing call of that number from now on, before or after it took effect."""
        self._fault = _Fault(len(self.calls) + number, after, Killed)

    def identity(self) -> str:
        return "SIMULATED"

    def observe(self, project: str, spec: Spec | None = None, *, images: bool = True) -> Snapshot:
        return observe(cast("Client", self), project, spec, HERE, images=images)

    def inspect(self, container: str) -> ContainerState:
        return ContainerState(self.get(f"/containers/{container}/json"))

    def logs(self, container: str, lines: int) -> list[str]:
        command = self.get(f"/containers/{container}/json")["Config"]["Cmd"]
        return [f"I am {' '.join(command)}"][:lines]

    def layer(self, container: str, seconds: float) -> list[dict[str, Any]]:
        return self.get(f"/containers/{container}/changes") or []

    def perform(self, action: Action, created: Mapping[str, str], tell: Tell | None = None) -> str | None:
        return perform(cast("Client", self), action, created, tell)

    def close(self) -> None:
        """Nothing is open."""

    # --- what production code calls its client for ------------------------------------------------------------

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint("unix:///simulated", None, "a test")

    @property
    def about(self) -> EngineIdentity:
        return self.daemon.about

    def get(self, path: str, params: Mapping[str, Any] | None = None, **_more: object) -> Any:
        if self._dead:
            raise Killed
        return self.daemon.call("GET", path, params)

    def knows(self, path: str, params: Mapping[str, Any] | None = None) -> bool:
        return False

    def post(
        self, path: str, body: Any = None, *, params: Mapping[str, Any] | None = None, deadline: float | None = None
    ) -> Any:
        return self._change("POST", path, params, body)

    def upload(
        self, path: str, params: Mapping[str, Any] | None, stream: bytes, *, deadline: float | None = None
    ) -> Any:
        return self._change("PUT", path, params, stream)

    def delete(self, path: str, *, params: Mapping[str, Any] | None = None, deadline: float | None = None) -> Any:
        return self._change("DELETE", path, params)

    def chunks(self, method: str, path: str, *, body: Any = None, deadline: float = 0) -> Iterator[bytes]:
        text = str(self._change(method, path, None, body)).encode()
        yield b"\1\0\0\0" + len(text).to_bytes(4, "big") + text

    def stream(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, **_more: object
    ) -> Iterator[Json]:
        return iter(self._change(method, path, params))

    def _change(self, method: str, path: str, params: Mapping[str, Any] | None, body: Any = None) -> Any:
        if self._dead:
            raise Killed
        self.calls.append(f"{method} {path}")
        fault = self._fault if self._fault and self._fault.at == len(self.calls) else None
        if fault and not fault.after:
            raise self._struck(fault)
        reply = self.daemon.call(method, path, params, body)
        if fault:
            raise self._struck(fault)
        return reply

    def _struck(self, fault: _Fault) -> BaseException:
        error = fault.error()
        self._dead = isinstance(error, Killed)
        return error


# --- one project -----------------------------------------------------------------------------------------------------


class Scene:
    """One project on a simulated Engine, driven as the commands do, by one call at a time.

    Attributes:
        daemon: the Engine: for what is done by hand.
        spec: what is declared now.
    """

    def __init__(self, daemon: Daemon | None = None, *, folder: Path | None = None) -> None:
        self.daemon = daemon or Daemon()
        self.folder = folder
        self.spec = Spec(name="p")
        if daemon is None:
            self.daemon.add_image("app:1", Cmd=IDLE)

    def declare(self, containers: Mapping[str, Mapping[str, Any]], **others: Any) -> None:
        """What the spec says. A container without an image has `app:1`."""
        filled = {key: {"image": "app:1", **container} for key, container in containers.items()}
        data = {"name": "p", "containers": filled, **others}
        self.spec = Spec.model_validate(data, context={"folder": self.folder})

    def snapshot(self) -> Snapshot:
        return SimulatedEngine(self.daemon).observe(self.spec.name, self.spec)

    def plan(self, failures: frozenset[Failure] = frozenset(), *targets: str) -> Plan:
        return plan(self.spec, self.snapshot(), failures, targets=targets)

    def apply(
        self,
        engine: SimulatedEngine | None = None,
        *,
        stop: threading.Event | None = None,
        order: random.Random | None = None,
    ) -> Outcome:
        """Observe, plan, apply, whatever becomes of it.

        One action at a time, so that the same happens each time. Several at once may come in any order that the
        actions' needs allow: `order` chooses one of these.
        """
        engine = engine or SimulatedEngine(self.daemon)
        todo = plan(self.spec, engine.observe(self.spec.name, self.spec))
        assert not todo.conflicts, todo.conflicts
        if order:
            todo = replace(todo, actions=tuple(order.sample(todo.actions, len(todo.actions))))
        return apply(todo, engine, FakeClock(), stop=stop, concurrency=1, gates=0)

    def converge(self, *, order: random.Random | None = None) -> Outcome:
        """Apply; all must succeed, and nothing may be left to do."""
        outcome = self.apply(order=order)
        assert outcome.exit_code is ExitCode.OK, [f"{one.action.id}: {one.error}" for one in outcome.failed]
        self.expect_in_sync()
        return outcome

    def expect_in_sync(self) -> None:
        left = self.plan()
        assert left.in_sync, (changes(left), left.conflicts)
        assert left.actions == ()

    def hand(self, method: str, path: str, params: Mapping[str, Any] | None = None, body: Any = None) -> Any:
        """A call behind the reconciler's back."""
        return self.daemon.call(method, path, params, body)

    def inspect(self, key: str) -> Json:
        """The container of the spec by that key, under its final name."""
        return self.daemon.container(self.spec.container_name(key))

    def id(self, key: str) -> str:
        return str(self.inspect(key)["Id"])

    def status(self, key: str) -> str:
        return str(self.inspect(key)["State"]["Status"])

    def names(self) -> list[str]:
        """The names of all containers on the Engine."""
        return sorted(row["Name"].removeprefix("/") for row in self.daemon.has.containers.values())


def changes(found: Plan) -> dict[str, tuple[str, list[str]]]:
    """Of each change by the resource's name: the operation, and the paths of the fields."""
    return {one.resource.name: (one.operation.value, [item.path for item in one.fields]) for one in found.changes}
