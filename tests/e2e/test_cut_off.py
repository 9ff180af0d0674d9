"""An `apply` that is killed, before and after each call that changes something: one more converges.

Six of these cuts are tried each time; RECONCILER_EVERY_CUT=1 tries all of them, RECONCILER_EVERY_CUT=16-44 those of
these calls; with `-s` it says where it is.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pytest

from reconciler.errors import ExitCode
from tests.e2e.command import COMMAND
from tests.integration.conftest import idle_image
from tests.integration.world import IDLE, a_world, failures
from tests.support.engine import wait_for
from tests.support.registry import a_registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.world import World
    from tests.support.engine import Engine
    from tests.support.registry import Registry

__all__ = ["idle_image"]

SOME = 6
CHANGING = "^(POST|PUT|DELETE) "

KINDS = {
    *("pull", "import", "build", "load", "tag", "remove-image"),
    *("create-network", "remove-network", "connect", "disconnect", "create-volume"),
    *("create", "start", "update", "rename", "pause", "unpause", "stop", "remove"),
    *("write-contents", "remove-contents", "exec", "prove", "drain", "await-healthy", "await-completed"),
}
"""All but two: `copy-contents` is for an Engine elsewhere, and no apply removes a volume."""

QUICK = {"test": ["CMD", "true"], "interval": "200ms", "retries": 100}
START_FIRST = {"order": "start-first", "monitor": "300ms", "drain": "100ms"}
STOP_FIRST = {"monitor": "300ms"}


@dataclass
class Scene:
    """A project with two specs: applying the second has an action of each kind."""

    world: World
    registry: Registry

    @property
    def images(self) -> dict[str, str]:
        """The images that the second spec brings, by how."""
        own = {how: f"{self.world.project}-{how}:1" for how in ("import", "build", "load", "tag", "absent")}
        return own | {"pull": f"{self.registry.address}/{self.world.project}/pull:1"}

    def make_sources(self) -> None:
        """The files and images that the specs are about."""
        world, images = self.world, self.images
        self.registry.push(f"{world.project}/pull:1", "pulled")
        (world.folder / "root").mkdir()
        (world.folder / "root" / "page").write_text("imported")
        (world.folder / "app").mkdir()
        (world.folder / "app" / "Dockerfile").write_text(f"FROM {world.image}\nCOPY Dockerfile /built\n")
        with tarfile.open(world.folder / "page.tar", "w") as tar:
            member = tarfile.TarInfo("loaded")
            member.size = 4
            tar.addfile(member, io.BytesIO(b"text"))
        world.docker("import", str(world.folder / "page.tar"), images["load"])
        world.docker("save", "-o", str(world.folder / "saved.tar"), images["load"])

    def before(self) -> None:
        """The first spec is applied; nothing of the second is there."""
        world = self.world
        world.engine.remove_project(world.project)
        for image in self.images.values():
            subprocess.run(["docker", "-H", world.engine.host, "rmi", "-f", image], capture_output=True, check=False)
        world.docker("tag", world.image, self.images["absent"])
        web = {"environment": {"V": "1"}, "networks": ["back"], "configs": ["site"], "update": STOP_FIRST}
        self._declare(
            {
                "keep": {"volumes": ["data:/kept"]},
                "web": {**web, "volumes": ["data:/kept"]},
                "front": {"environment": {"V": "1"}, "networks": ["back"], "update": START_FIRST},
                "limited": {"mem_limit": "64m"},
                "mover": {"networks": ["back", "old"]},
                "runner": {},
                "frozen": {"state": "paused"},
                "stopper": {},
                "starter": {"state": "stopped"},
                "named": {},
                "gone": {"configs": ["other"]},
            },
            networks={"back": {}, "old": {}},
            volumes={"data": {}},
            configs={"site": {"content": "one"}, "other": {"content": "other"}},
        )
        outcome = world.apply()
        assert outcome.exit_code is ExitCode.OK, failures(outcome)
        world.exec("keep", "sh", "-c", "echo sentinel >/kept/sentinel")

    def declare_after(self) -> None:
        """The second spec."""
        images = self.images
        web = {"environment": {"V": "2"}, "networks": ["back"], "configs": ["site"], "update": STOP_FIRST}
        self._declare(
            {
                "keep": {"volumes": ["data:/kept"]},
                "web": {**web, "volumes": ["data:/kept"], "healthcheck": QUICK},
                "front": {"environment": {"V": "2"}, "networks": ["back"], "update": START_FIRST},
                "limited": {"mem_limit": "96m"},
                "mover": {"networks": ["back", "new"]},
                "runner": {"state": "paused"},
                "frozen": {},
                "stopper": {"state": "stopped"},
                "starter": {},
                "named": {"container_name": f"{self.world.project}-other"},
                "fresh": {
                    "depends_on": {
                        "web": {"condition": "service_healthy"},
                        "job": {"condition": "service_completed_successfully"},
                    },
                    "volumes": ["more:/more"],
                    "post_start": [{"command": ["true"]}],
                },
                "job": {"command": ["true"], "state": "completed"},
                "pulled": {"image": images["pull"], "command": IDLE},
            },
            networks={"back": {}, "new": {}},
            volumes={"data": {}, "more": {}},
            configs={"site": {"content": "two"}},
            images={
                images["import"]: {"import": "./root", "tags": [images["tag"]]},
                images["build"]: {"build": "./app"},
                images["load"]: {"load": "./saved.tar"},
                images["absent"]: {"state": "absent"},
            },
        )

    def _declare(self, containers: dict[str, dict[str, Any]], **others: Any) -> None:
        self.world.declare({key: {"command": IDLE, **one} for key, one in containers.items()}, **others)

    # --- cut off, and once more -------------------------------------------------------------------------------

    def cut(self, nth: int, when: Literal["before", "after"]) -> str:
        """Apply, and kill that at its nth changing call; the call."""
        proxy = self.world.proxy
        proxy.clear()
        command = [*COMMAND, "apply", "-y", "-f", str(self.world.folder), "--host", proxy.host]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        proxy.on_cut = process.kill
        proxy.cut(CHANGING, nth=nth, when=when)
        said, _ = process.communicate(timeout=120)
        assert process.returncode == -9, said
        self.settle()
        return str(proxy.changing()[nth - 1])

    def settle(self) -> None:
        """Wait until the Engine has ended what it was still called for."""
        seen: list[tuple[str, ...]] = []

        def is_still() -> bool:
            time.sleep(0.2)
            docker = self.world.docker
            containers = docker("ps", "-a", "--no-trunc", "--format", "{{.ID}},{{.Names}},{{.State}},{{.Networks}}")
            seen.append(
                (
                    # A newer docker names the networks in another order each time.
                    str([sorted(line.split(",")) for line in containers.splitlines()]),
                    docker("network", "ls", "-q"),
                    docker("volume", "ls", "-q"),
                    docker("images", "-aq", "--no-trunc"),
                )
            )
            return seen[-3:] == [seen[-1]] * 3

        wait_for(is_still, "the Engine has ended what it was called for")

    def check(self) -> None:
        """One more apply converges, and nothing is lost or doubled."""
        world = self.world
        outcome = world.apply()
        assert outcome.exit_code is ExitCode.OK, failures(outcome)
        world.expect_in_sync()
        assert world.exec("keep", "cat", "/kept/sentinel") == "sentinel"
        mounted = world.docker("inspect", "-f", "{{range .Mounts}}{{.Name}} {{end}}", world.name("web"))
        assert f"{world.project}_data" in mounted.split()
        keys = ("keep", "web", "front", "limited", "mover", "runner", "frozen", "stopper", "starter", "fresh", "job")
        names = [*map(world.name, (*keys, "pulled")), f"{world.project}-other"]
        assert world.names() == sorted(names)
        listed = json.loads(json.dumps(world.engine.call("GET", "/networks")))
        networks = [one["Name"] for one in listed if one["Name"].startswith(f"{world.project}_")]
        assert sorted(networks) == [f"{world.project}_{one}" for one in ("back", "default", "new")]
        volumes = world.docker("volume", "ls", "-q", "--filter", f"name={world.project}_").split()
        assert sorted(volumes) == [f"{world.project}_{one}" for one in ("data", "more")]


@pytest.fixture
def scene(engine: Engine, idle_image: str, tmp_path: Path) -> Iterator[Scene]:
    (tmp_path / "registry").mkdir()
    (tmp_path / "spec").mkdir()
    with (
        a_registry(engine, tmp_path / "registry", "127.0.0.1:28655") as registry,
        a_world(engine, idle_image, tmp_path / "spec") as world,
    ):
        made = Scene(world, registry)
        made.make_sources()
        yield made
        for image in made.images.values():
            subprocess.run(["docker", "-H", engine.host, "rmi", "-f", image], capture_output=True, check=False)


def cuts(count: int) -> list[tuple[int, Literal["before", "after"]]]:
    """The cuts to try, of as many calls."""
    wanted = os.environ.get("RECONCILER_EVERY_CUT", "")
    first, _, last = wanted.partition("-")
    calls = range(int(first), min(int(last), count) + 1) if last else range(1, count + 1)
    every = [(nth, when) for nth in calls for when in ("before", "after")]
    if wanted:
        return every  # type: ignore[return-value]
    return [every[round(index * (len(every) - 1) / (SOME - 1))] for index in range(SOME)]  # type: ignore[misc]


def test_one_more_apply_converges(scene: Scene) -> None:
    scene.before()
    scene.declare_after()
    planned = scene.world.plan()
    assert not planned.conflicts, planned.conflicts
    assert {action.kind for action in planned.actions} == KINDS
    scene.world.proxy.clear()
    scene.check()
    count = len(scene.world.proxy.changing())
    assert count >= 40
    wrong = []
    for nth, when in cuts(count):
        scene.before()
        scene.declare_after()
        call = scene.cut(nth, when)
        sys.stdout.write(f"{when} call {nth} of {count}, {call}\n")
        try:
            wait_for(scene.world.engine.ping, "the Engine answers")
            scene.check()
        except AssertionError as error:
            wrong.append(f"{when} call {nth}, {call}: {error}")
    assert not wrong, "\n\n".join(wrong)
