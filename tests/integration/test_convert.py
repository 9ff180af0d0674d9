"""A container on a real Engine, converted: every row that the spec declares is what the container has.

The containers are those of the samples, made by a spec, and some that are made by hand with the docker command. The line
that made one is converted too: two readers of one line, the docker command and ours, must come to the same.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from reconciler import connect, load, observe
from reconciler.convert.check import checked, tidied
from reconciler.convert.container import from_inspect
from reconciler.convert.run import from_run
from reconciler.convert.shell import literal
from reconciler.fields.base import Instance
from reconciler.fields.payload import declared
from reconciler.fields.table import TABLE
from reconciler.planning.diff import differences
from reconciler.spec.writing import spec_yaml
from tests.integration.test_rows import CASES, declare, newer_than
from tests.integration.world import IDLE, a_world, failures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.convert.result import Conversion
    from reconciler.spec.model import Spec
    from tests.integration.world import World
    from tests.support.engine import Engine


# --- containers that a spec made ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def samples(engine: Engine, idle_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(engine, idle_image, tmp_path_factory.mktemp("convert")) as world:
        engine.import_image("test-idle:2", {"/2": ""}, changes=[f"CMD {json.dumps(IDLE)}"])
        options = ("--subnet", "10.78.0.0/24", "--ipv6", "--subnet", "fd78::/64")
        engine.docker("network", "create", *options, f"{world.project}-static")
        try:
            unknown = newer_than(world, CASES)
            containers = {
                key: {"state": "running" if sample.running else "stopped", **sample.base, **sample.first}
                for key, sample in CASES.items()
                if key not in unknown
            }
            text = json.dumps(containers).replace("10.77.", "10.78.").replace("fd77", "fd78")
            declare(world, json.loads(text))
            assert failures(world.apply()) == []
            yield world
        finally:
            for name in world.names():
                engine.docker("rm", "-fv", name)
            engine.docker("network", "rm", f"{world.project}-static")


def converted(world: World, name: str) -> Conversion:
    with connect(world.proxy.host) as engine:
        inspect = engine.inspect(name).inspect
        image = engine.image(inspect["Image"])
    return tidied(checked(from_inspect(inspect, image), {}))


def loaded(conversion: Conversion) -> Spec:
    return load("-", text=spec_yaml(conversion.data).encode())


def unlike(world: World, spec: Spec, name: str) -> list[str]:
    """What is different between the spec and the container, row by row."""
    with connect(world.proxy.host) as engine:
        snapshot = observe(engine, spec)
        container = engine.inspect(name)
    key = next(iter(spec.containers))
    image = snapshot.image(spec.containers[key].image)
    instance = Instance(spec, key, image_id=image.id if image else None)
    found = differences(instance, container, snapshot, trust_digest=False)
    return [f"{change.path}: {change.actual} → {change.wanted}" for change, _ in found]


def test_every_sample_comes_back(samples: World) -> None:
    names = samples.names()
    assert len(names) > 60
    assert {name: found for name in names if (found := unlike(samples, loaded(converted(samples, name)), name))} == {}
