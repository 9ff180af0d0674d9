"""Planning alone: nothing to do, one container in a hundred changed, and all to be created.

The containers are as people have them, each with an image, environment, labels, a port, networks, a volume, limits, a
healthcheck, and one that it depends on. What is there is made of what a plan would create.
"""

from __future__ import annotations

import gc
import sys
import time
from dataclasses import replace
from typing import Any

from reconciler.cli.garbage import collect_seldom
from reconciler.planning.actions import CreateContainer, CreateNetwork, CreateVolume
from reconciler.planning.plan import Plan
from reconciler.planning.planner import plan
from reconciler.spec.model import Spec
from reconciler.spec.reference import full_reference
from reconciler.state.identity import EngineIdentity
from reconciler.state.images import ImageState
from reconciler.state.snapshot import ContainerState, NetworkState, Snapshot, VolumeState

SIZES = (100, 1_000, 10_000)
CHANGED = 100
"""One in so many is changed."""

_ENGINE = EngineIdentity("28.5.2", "1.51", "linux", "amd64")
_MOMENT = "2026-01-01T00:00:00Z"
_IMAGES = 20
_NETWORKS = 10
_TIER = 10
"""So many containers need the same one."""


def spec(containers: int, *, changed: int = 0) -> Spec:
    """A spec of so many containers; one in `changed` of them has another variable than else."""
    return Spec.model_validate(
        {
            "name": "shop",
            "containers": {f"web{n:05}": _container(n, is_changed=bool(changed) and not n % changed)
                           for n in range(containers)},
            "networks": {"default": {}, **{f"back{n}": {"labels": {"tier": "back"}} for n in range(_NETWORKS)}},
            "volumes": {f"data{n:05}": {} for n in range(containers)},
        }
    )  # fmt: skip


def _container(n: int, *, is_changed: bool) -> dict[str, Any]:
    first = n // _TIER * _TIER
    return {
        "image": f"registry.example.com/shop/web{n % _IMAGES}:1.27",
        "command": ["serve", "--port", "80"],
        "environment": {
            "TZ": "UTC",
            "NUMBER": str(n),
            "MODE": "quiet" if is_changed else "loud",
            "DATABASE_URL": "postgres://db/shop",
            "WORKERS": "4",
        },
        "labels": {"tier": "web", "team": "shop", "traefik.enable": "true"},
        "ports": [f"127.0.0.{n // 50000 + 1}:{10000 + n % 50000}:80"],
        "volumes": [f"data{n:05}:/data", "/etc/ssl/certs:/etc/ssl/certs:ro"],
        "networks": {"default": {}, f"back{n % _NETWORKS}": {"aliases": [f"api{n}"]}},
        "restart": "unless-stopped",
        "mem_limit": "64m",
        "healthcheck": {"test": ["CMD", "true"], "interval": "30s"},
        "depends_on": {} if n == first else {f"web{first:05}": {"condition": "service_healthy"}},
    }


def renewed(wanted: Spec) -> Spec:
    """The same with another command in each container, so that all of them are replaced."""
    containers = {key: one.model_copy(update={"command": ("other",)}) for key, one in wanted.containers.items()}
    return wanted.model_copy(update={"containers": containers})


def there(wanted: Spec) -> Snapshot:
    """What an Engine would tell once this is applied."""
    images = tuple(
        ImageState(f"sha256:{n:064}", frozenset([full_reference(f"registry.example.com/shop/web{n}:1.27")]), {}, {
            "Cmd": ["serve"], "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/bin", "VERSION=1.27"],
            "WorkingDir": "/srv", "Labels": {"maintainer": "shop"},
        })
        for n in range(_IMAGES)
    )  # fmt: skip
    nothing = Snapshot(_MOMENT, _ENGINE, images=images)
    made = plan(wanted, nothing)
    ids = {image: state.id for state in images for image in state.references}
    networks = tuple(
        NetworkState(f"{n:064}", action.payload["Name"], "bridge", action.payload["Labels"], {
            **action.payload, "Id": f"{n:064}", "Driver": "bridge", "Scope": "local",
            "IPAM": {"Driver": "default", "Config": [{"Subnet": f"10.{n}.0.0/16", "Gateway": f"10.{n}.0.1"}]},
        })
        for n, action in enumerate(one for one in made.actions if isinstance(one, CreateNetwork))
    )  # fmt: skip
    volumes = tuple(
        VolumeState(action.payload["Name"], "local", action.payload["Labels"],
                    {**action.payload, "Driver": "local", "Scope": "local"})
        for action in made.actions if isinstance(action, CreateVolume)
    )  # fmt: skip
    network_ids = {network.name: network.id for network in networks}
    containers = tuple(
        ContainerState(_inspect(n, action, ids, network_ids))
        for n, action in enumerate(one for one in made.actions if isinstance(one, CreateContainer))
    )
    return replace(nothing, containers=containers, networks=networks, volumes=volumes)


def _inspect(n: int, action: CreateContainer, images: dict[str, str], networks: dict[str, str]) -> dict[str, Any]:
    payload = dict(action.payload)
    host, endpoints = payload.pop("HostConfig"), payload.pop("NetworkingConfig")["EndpointsConfig"]
    return {
        "Id": f"{n:064x}",
        "Created": _MOMENT,
        "Name": f"/{action.name}",
        "Image": images[full_reference(payload["Image"])],
        "RestartCount": 0,
        "State": {"Status": "running", "ExitCode": 0, "StartedAt": _MOMENT, "Health": {"Status": "healthy"}},
        "Config": {**payload, "Hostname": f"{n:064x}"[:12], "WorkingDir": "/srv"},
        "HostConfig": host,
        "Mounts": [
            {"Type": one["Type"], "Name": one.get("Source"), "Destination": one["Target"]} for one in host["Mounts"]
        ],
        "NetworkSettings": {
            "Ports": {},
            "Networks": {name: {**endpoint, "NetworkID": networks[name]} for name, endpoint in endpoints.items()},
        },
    }


def _fresh(snapshot: Snapshot) -> Snapshot:
    """The same, with nothing worked out yet."""
    return replace(snapshot, containers=tuple(ContainerState(one.inspect) for one in snapshot.containers))


def _measure(wanted: Spec, snapshot: Snapshot, runs: int = 3) -> tuple[float, Plan]:
    taken = []
    for _ in range(runs):
        # As after a load and an observation: nothing is known from the run before.
        as_observed, as_loaded = _fresh(snapshot), wanted.model_copy()
        gc.collect()
        start = time.process_time()
        found = plan(as_loaded, as_observed)
        taken.append(time.process_time() - start)
    # What others do on the machine can only add to it.
    return min(taken), found


def main(sizes: tuple[int, ...] = SIZES) -> None:
    """Measure, and print."""
    collect_seldom()  # as the command does
    before: dict[str, float] = {}
    for size in sizes:
        wanted = spec(size)
        snapshot = there(wanted)
        for what, now, found in (
            ("in sync", snapshot, wanted),
            ("1% changed", snapshot, spec(size, changed=CHANGED)),
            ("all to create", replace(snapshot, containers=(), networks=(), volumes=()), wanted),
        ):
            seconds, made = _measure(found, now)
            each = seconds / size
            ratio = f"  {each / before[what]:4.2f} of the time a container" if what in before else ""
            before[what] = each
            print(f"{size:>6} containers  {what:<14} {len(made.changes):>6} changes  {seconds * 1000:8.1f} ms{ratio}")


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or SIZES)
