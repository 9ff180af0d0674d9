"""A container on a real Engine, converted: every row that the spec declares is what the container has.

The containers are those of the samples, made by a spec, and some that are made by hand with the docker command. The
line that made one is converted too: two readers of one line, the docker command and ours, must come to the same.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import pytest

from reconciler import observe
from reconciler.cli.convert import existing
from reconciler.convert import check
from reconciler.convert.check import checked, tidied
from reconciler.convert.container import from_container
from reconciler.convert.run import from_run
from reconciler.convert.shell import literal
from reconciler.fields.base import Instance
from reconciler.fields.payload import declared
from reconciler.planning.diff import differences
from tests.integration.test_rows import CASES, declare, newer_than
from tests.integration.world import IDLE, a_world, failures, peers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.convert.result import Conversion
    from reconciler.engine.engine import DockerEngine
    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import Snapshot
    from tests.integration.world import World
    from tests.support.engine import Engine


# --- containers that a spec made ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def samples(engine: Engine, idle_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(engine, idle_image, tmp_path_factory.mktemp("convert")) as world:
        engine.import_image("test-idle:2", {"/2": ""}, changes=[f"CMD {json.dumps(IDLE)}"])
        options = ("--subnet", "10.78.0.0/24", "--ipv6", "--subnet", "fd78::/64")
        engine.docker("network", "create", *options, f"{world.project}-static")
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


def converted(engine: DockerEngine, name: str) -> Conversion:
    return tidied(checked(from_container(existing(engine, name)), {}))


def loaded(conversion: Conversion) -> Spec:
    return check.loaded(conversion.data, {})


def unlike(engine: DockerEngine, snapshot: Snapshot, spec: Spec, name: str) -> list[str]:
    """What is different between the spec and the container, row by row."""
    container = engine.inspect(name)
    key = next(iter(spec.containers))
    image = snapshot.image(spec.containers[key].image)
    instance = Instance(spec, key, image_id=image.id if image else None, peers=peers(spec, key, snapshot))
    found = differences(instance, container, snapshot, trust_digest=False)
    return [f"{change.path}: {change.actual} → {change.wanted}" for change, _ in found]


def test_every_sample_comes_back(samples: World) -> None:
    names = samples.names()
    assert len(names) > 60
    with samples.connect() as engine:
        specs = {name: loaded(converted(engine, name)) for name in names}
        # All are looked at once: to list a hundred containers for each would take a minute.
        together = {name: next(iter(spec.containers.values())) for name, spec in specs.items()}
        snapshot = observe(engine, specs[names[0]].model_copy(update={"containers": together}))
        found = {name: unlike(engine, snapshot, spec, name) for name, spec in specs.items()}
    # A container does not say where its configs and secrets come from: a note says that they are left out.
    told = {f"{samples.name(f'{kind}-1')}": f"{kind}." for kind in ("configs", "secrets")}
    for name, kind in told.items():
        assert found.pop(name)[0].startswith(kind)
    assert {name: differences for name, differences in found.items() if differences} == {}


# --- containers that were made by hand ----------------------------------------------------------------------

LINES = [
    "test-idle:1",
    "-e A=1 -e B='$x' -e FROM_IMAGE=other -l a=b --label c -w /tmp -u 1000:1000 test-idle:1 sleep '1 $y'",
    "--entrypoint /bin/busybox -it --init --hostname one --domainname example.org test-idle:1 sleep 5",
    "--entrypoint '' test-idle:1 sleep 5",
    "-p 80 -p 127.0.0.1:8080:80/udp -p 9000-9001:90-91 --expose 99 --expose 70-71/udp test-idle:1",
    "-v by-hand-data:/d -v /var/tmp:/v:ro,rslave -v by-hand-more:/m:nocopy,ro --tmpfs /t:size=1m test-idle:1",
    (
        "--mount type=bind,src=/var/tmp,dst=/b,ro --mount type=volume,src=by-hand-data,dst=/d "
        "--mount type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=1777 --mount dst=/none test-idle:1"
    ),
    "--restart on-failure:3 --stop-signal INT --stop-timeout 3 --read-only --privileged test-idle:1",
    "--restart unless-stopped --cap-add NET_ADMIN --cap-drop all --security-opt no-new-privileges test-idle:1",
    (
        "-m 64m --memory-reservation 32m --memory-swap 96m --memory-swappiness 10 --cpus 0.5 --cpuset-cpus 0 "
        "--cpu-shares 512 --pids-limit 100 --shm-size 32m --oom-score-adj 100 --oom-kill-disable test-idle:1"
    ),
    "-m 64m --memory-swap -1 --cpu-period 50000 --cpu-quota 25000 --device-read-bps /dev/null:1mb test-idle:1",
    (
        "--ulimit nofile=1024:2048 --ulimit nproc=65 --sysctl net.ipv4.ip_forward=1 --device /dev/null:/dev/mine:r "
        "--device /dev/zero --device-cgroup-rule 'c 1:3 mr' --group-add 100 --group-add audio test-idle:1"
    ),
    "--gpus all test-idle:1",
    "--gpus 'driver=nvidia,\"capabilities=utility,compute\",count=2' test-idle:1",
    "--dns 192.0.2.1 --dns-option ndots:2 --dns-search example.org --add-host a:192.0.2.1 --add-host b=::1 test-idle:1",
    "--health-cmd 'curl x' --health-interval 90s --health-retries 2 --health-timeout 1s test-idle:1",
    "--no-healthcheck --log-driver json-file --log-opt max-size=1m test-idle:1",
    "--log-driver none --ipc shareable --pid host --userns host --cgroup-parent /one --runtime runc test-idle:1",
    "--uts host --network host test-idle:1",
    "--network none test-idle:1",
    "--network by-hand --network-alias by-hand-20 --network-alias db --ip 10.79.0.10 --ip6 fd79::10 test-idle:1",
    "--network name=by-hand,alias=db,alias=by-hand-21,driver-opt=a=b test-idle:1",
    "--rm -P --volumes-from by-hand-other:ro --link by-hand-other:db test-idle:1",
]
"""What stands behind `docker create --name by-hand-NUMBER`."""
SHARES = "--network container:by-hand-other --ipc container:by-hand-other test-idle:1"


@pytest.fixture(scope="module")
def by_hand(samples: World) -> Iterator[World]:
    names = [f"by-hand-{number}" for number in range(len(LINES))]
    docker = samples.engine.docker
    docker("network", "create", "--subnet", "10.79.0.0/24", "--ipv6", "--subnet", "fd79::/64", "by-hand")
    docker("create", "--name", "by-hand-other", "--ipc", "shareable", "test-idle:1")
    try:
        for name, line in zip(names, LINES, strict=True):
            docker("create", "--name", name, *shlex.split(line))
        docker("create", "--name", "by-hand-shares", *shlex.split(SHARES))
        yield samples
    finally:
        docker("rm", "-fv", "by-hand-shares", "by-hand-other", *names)
        docker("network", "rm", "by-hand")
        docker("volume", "rm", "by-hand-data", "by-hand-more")


@pytest.mark.parametrize("number", range(len(LINES)))
def test_a_container_made_by_hand_comes_back(by_hand: World, number: int) -> None:
    name = f"by-hand-{number}"
    with by_hand.connect() as engine:
        spec = loaded(converted(engine, name))
        assert unlike(engine, observe(engine, spec), spec, name) == []


@pytest.mark.parametrize("number", range(len(LINES)))
def test_a_line_says_the_same_as_the_docker_command(by_hand: World, number: int) -> None:
    name = f"by-hand-{number}"
    words = ["docker", "create", "--name", name, *shlex.split(LINES[number])]
    conversion, flags = from_run([literal(word) for word in words], project="by-hand")
    of_line = loaded(checked(conversion, {}, flags))
    with by_hand.connect() as engine:
        found = unlike(engine, observe(engine, of_line), of_line, name)
        # The docker command of 26.1 itself loses what a line says of the block I/O of devices.
        is_lossy = by_hand.engine.docker("version", "--format", "{{.Client.Version}}").startswith("26.1.")
        assert [one for one in found if not (is_lossy and one.startswith("blkio_config: {}"))] == []
        # And what the container has that nothing gives it by itself is declared in the line.
        of_container = loaded(converted(engine, name))
    assert {*declared(Instance(of_container, name))} - {*declared(Instance(of_line, name))} == set()


def test_who_shares_is_named(by_hand: World) -> None:
    with by_hand.connect() as engine:
        found = converted(engine, "by-hand-shares").data["containers"]["by-hand-shares"]
    assert found["network_mode"] == found["ipc"] == "container:by-hand-other"
