"""Records what an Engine tells of containers that this version made: `python -m tests.support.record_inspects`.

Each release records once on each Engine, and never again: `tests/unit/planning/test_recorded.py` holds later versions
against it. What is recorded is a spec with the first value of every sample, and the snapshot once that is applied.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reconciler import connect, load, observe
from reconciler.errors import ExitCode
from reconciler.fields.base import ApiVersion, Instance
from reconciler.fields.table import DATED
from reconciler.state.snapshot_form import snapshot_data
from reconciler.version import __version__
from tests.integration.world import IDLE, World, failures
from tests.support.engine import Engine
from tests.support.proxy import Proxy
from tests.support.samples import SAMPLES

RECORDED = Path(__file__).parents[1] / "unit" / "planning" / "recorded"
PROJECT = "recorded"

_OF_THE_MACHINE = frozenset(
    ["GraphDriver", "HostnamePath", "HostsPath", "LogPath", "Mountpoint", "ResolvConfPath", "Storage"]
)
"""What an inspect tells of where the Engine keeps its files."""


_OF_THE_KEY = frozenset(["configs", "secrets"])
"""What these hold is in no snapshot, and is told apart by a key that each machine has for itself."""


def record(engine: Engine, folder: Path) -> str:
    """Apply, observe, and write that down; the name of the file."""
    changes = [f"CMD {json.dumps(IDLE)}", "ENV FROM_IMAGE=image", "LABEL from.image=image", "USER root"]
    changes += ["WORKDIR /www", "VOLUME /data", "EXPOSE 80"]
    for number in (1, 2):
        engine.import_image(f"test-idle:{number}", {f"/{number}": ""}, changes=changes)
    with Proxy(engine.socket) as proxy:
        world = World(engine, proxy, PROJECT, folder, "test-idle:1")
        declare(world)
        outcome = world.apply()
        assert outcome.exit_code is ExitCode.OK, failures(outcome)
        spec = load(folder)
        with connect(proxy.host) as found:
            snapshot = observe(found, spec)
    state = _without(snapshot_data(snapshot))
    text = json.dumps(
        {"version": __version__, "spec": json.loads((folder / "reconciler.yaml").read_text()), "state": state},
        indent=0, sort_keys=True, ensure_ascii=False,
    )  # fmt: skip
    text = re.sub(r"/tmp/engine-\w+/", "/var/lib/docker/", text)
    RECORDED.mkdir(exist_ok=True)
    store = "-containerd" if _has_containerd_store(engine) else ""
    name = f"{__version__}-engine-{snapshot.engine.version.partition('+')[0]}{store}.json"
    (RECORDED / name).write_text(text + "\n")
    return name


def declare(world: World) -> None:
    """A container for each sample that this Engine knows."""
    containers = {
        f"{path}-{number}": {"state": "running" if one.running else "stopped", **one.base, **one.first}
        for path, samples in SAMPLES.items()
        for number, one in enumerate(samples, 1)
        if not (one.refused or one.dropped or path in _OF_THE_KEY)
    }
    places: dict[str, Any] = {
        "volumes": {"pages": {}},
        "networks": {
            "front": {"driver_opts": {"com.docker.network.bridge.name": "recorded0"}},
            "back": {"internal": True, "labels": {"a": "b"}},
            "static": {"enable_ipv6": True, "ipam": {"config": [{"subnet": "10.77.0.0/24"}, {"subnet": "fd77::/64"}]}},
        },
    }
    world.declare(json.loads(json.dumps(containers).replace("PROJECT", PROJECT)), **places)
    spec = load(world.folder)
    with connect(world.proxy.host) as engine:
        api = observe(engine, spec).engine.api
    known = {key: one for key, one in containers.items() if all(since <= api for since in _needs(Instance(spec, key)))}
    world.declare(json.loads(json.dumps(known).replace("PROJECT", PROJECT)), **places)


def _needs(instance: Instance) -> Iterator[ApiVersion]:
    """The API versions that know what a container declares."""
    for row in DATED:
        if row.is_declared(instance):
            yield from row.since(row.wanted(instance)).values()


def _has_containerd_store(engine: Engine) -> bool:
    """Whether it keeps images as containerd does: then an inspect names an image by its manifest."""
    return "containerd" in str(engine.call("GET", "/info")["DriverStatus"])


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without(item) for key, item in value.items() if key not in _OF_THE_MACHINE}
    return [_without(item) for item in value] if isinstance(value, list) else value


def main() -> None:
    """Record on the Engine that the environment names."""
    engine = Engine.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            print(record(engine, Path(folder)))  # noqa: T201
    finally:
        engine.let_go()
        engine.close()


if __name__ == "__main__":
    main()
