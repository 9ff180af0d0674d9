"""Images that are built: with the Engine's own builder, and again only where something changed."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import ExitCode
from tests.integration.world import IDLE, changes, failures, kinds
from tests.support.buildx import plugins

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.world import World


def fill(folder: Path, dockerfile: str, **files: str) -> Path:
    """A context."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Dockerfile").write_text(dockerfile)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def built(world: World, build: Any, **more: Any) -> None:
    world.declare({"web": {"image": f"{world.project}-web:1", "build": build, "command": IDLE, **more}})


def test_an_image_is_built_and_again_when_its_context_changes(world: World, busybox_image: str) -> None:
    image = f"{world.project}-web:1"
    folder = fill(world.folder / "app", f"FROM {busybox_image}\nCOPY page /page\n", page="one", other="x")
    (folder / ".dockerignore").write_text("other\n")
    built(world, "./app")
    assert changes(world.plan())[image] == ("build", [])
    assert kinds(world.converge()).count("build") == 1
    assert world.exec("web", "cat", "/page") == "one"
    first = world.id("web")

    (folder / "page").touch()
    (folder / "other").write_text("what is ignored may change")
    world.expect_in_sync()

    (folder / "page").write_text("two")
    assert changes(world.plan()) == {image: ("build", ["build"]), world.name("web"): ("replace", ["image"])}
    world.converge()
    assert world.id("web") != first
    assert world.exec("web", "cat", "/page") == "two"


def test_a_build_gets_all_that_is_declared(world: World, busybox_image: str) -> None:
    text = f"""
FROM {busybox_image} AS one
ARG WHO=nobody
RUN echo "$$WHO" >/who; cat /etc/hosts >/said-hosts; ulimit -n >/limit; df -k /dev/shm >/shm; ls / >/names
FROM one AS two
RUN echo two >/stage
"""
    build = {
        "context": "./app",
        "dockerfile_inline": text,
        "args": {"WHO": "somebody"},
        "target": "one",
        "labels": {"of": "build"},
        "network": "none",
        "extra_hosts": ["db.local=192.0.2.7", "other.local=192.0.2.8"],
        "shm_size": "32m",
        "ulimits": {"nofile": {"soft": 1000, "hard": 2000}},
        "no_cache": True,
        "platforms": ["linux/amd64"],
        "tags": [f"{world.project}-tag:1"],
    }
    (world.folder / "app").mkdir()
    built(world, build)
    world.converge()
    assert world.exec("web", "cat", "/who") == "somebody"
    assert "192.0.2.7" in world.exec("web", "cat", "/said-hosts")
    assert "192.0.2.8" in world.exec("web", "cat", "/said-hosts")
    assert world.exec("web", "cat", "/limit") == "1000"
    assert "32768" in world.exec("web", "cat", "/shm")
    assert "stage" not in world.exec("web", "ls", "/")
    assert world.inspect("web")["Config"]["Labels"]["of"] == "build"
    ids = {world.docker("inspect", "-f", "{{.Id}}", f"{world.project}-{name}:1") for name in ("web", "tag")}
    assert len(ids) == 1


def test_each_change_of_the_definition_builds_again(world: World, busybox_image: str) -> None:
    fill(world.folder / "app", f'FROM {busybox_image}\nARG A\nRUN echo "$A" >/said\n')
    built(world, {"context": "./app", "args": {"A": "1"}})
    world.converge()
    built(world, {"context": "./app", "args": {"A": "2"}})
    assert changes(world.plan())[f"{world.project}-web:1"] == ("build", ["build"])
    world.converge()
    assert world.exec("web", "cat", "/said") == "2"
    # The same, told otherwise.
    built(world, {"context": "app", "args": ["A=2"]})
    world.expect_in_sync()


def test_a_dockerfile_elsewhere_is_not_copied_into_the_image(world: World, busybox_image: str) -> None:
    fill(world.folder / "app", "FROM no-such-image\n", page="one")
    (world.folder / "elsewhere").write_text(f"FROM {busybox_image}\nCOPY . /all\n")
    built(world, {"context": "./app", "dockerfile": "../elsewhere"})
    world.converge()
    assert world.exec("web", "ls", "-A", "/all").split() == ["Dockerfile", "page"]


def test_a_build_that_fails_is_shown_with_its_last_lines_and_the_old_container_stays(
    world: World, busybox_image: str
) -> None:
    folder = fill(world.folder / "app", f"FROM {busybox_image}\nRUN echo fine\n")
    built(world, "./app")
    world.converge()
    before = world.inspect("web")["State"]
    (folder / "Dockerfile").write_text(f"FROM {busybox_image}\nRUN echo what is wrong; exit 3\n")
    outcome = world.apply()
    assert outcome.exit_code is ExitCode.FAILED
    [failed] = outcome.failed
    assert failed.action.kind == "build"
    assert "what is wrong" in failed.log
    assert "3" in failures(outcome)[0]
    assert world.inspect("web")["State"] == before

    (folder / "Dockerfile").write_text("FROM no-such-registry.invalid/x:1\n")
    assert "no-such-registry.invalid" in failures(world.apply())[0]
    (folder / "Dockerfile").write_text("FRUM x\n")
    assert "FRUM" in failures(world.apply())[0].upper()


def test_pull_policy_build_builds_each_time_and_replaces_nothing_that_is_the_same(
    world: World, busybox_image: str
) -> None:
    image = f"{world.project}-web:1"
    fill(world.folder / "app", f"FROM {busybox_image}\nRUN echo one >/page\n")
    built(world, "./app", pull_policy="build")
    outcome = world.apply()
    assert outcome.exit_code is ExitCode.OK, failures(outcome)
    first = world.id("web")
    assert changes(world.plan()) == {image: ("build", [])}
    assert kinds(world.apply()) == ["build"]
    assert world.id("web") == first
    assert changes(world.plan()) == {image: ("build", [])}


def test_what_is_missing_to_build_and_what_needs_buildkit_are_conflicts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")  # this machine may have it
    (world.folder / "app").mkdir()
    built(world, "./app")
    [conflict] = world.plan().conflicts
    assert "Dockerfile" in conflict.message
    built(world, {"context": "./app", "ssh": ["default"], "platforms": ["linux/amd64", "linux/arm64"]})
    [conflict] = world.plan().conflicts
    assert "`ssh`, `platforms`" in conflict.message


@pytest.fixture
def buildx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "cli-plugins").symlink_to(plugins())
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))


@pytest.mark.usefixtures("buildx")
def test_buildkit_builds_what_only_it_can(world: World, busybox_image: str) -> None:
    mount = "--mount=type=secret,id=token"
    run = f"RUN {mount} wc -c </run/secrets/token >/size; echo $WHO >/who"
    text = f"FROM {busybox_image}\nARG WHO\n{run}\nCOPY page /page\n"
    folder = fill(world.folder / "app", text, page="one", other="x")
    (folder / ".dockerignore").write_text("other\n")
    world.variables["TOKEN"] = "not to be seen"
    build = {"context": "./app", "args": {"WHO": "me"}, "secrets": ["token"]}
    web = {"image": f"{world.project}-web:1", "build": build, "command": IDLE}
    world.declare({"web": web}, secrets={"token": {"environment": "TOKEN"}})
    world.converge()
    assert world.exec("web", "cat", "/size", "/who", "/page").split() == ["14", "me", "one"]
    (folder / "other").write_text("what is ignored may change")
    world.expect_in_sync()
    (folder / "page").write_text("two")
    assert changes(world.plan())[f"{world.project}-web:1"] == ("build", ["build"])

    (folder / "Dockerfile").write_text(
        f"FROM {busybox_image}\nRUN {mount} cat /run/secrets/token; echo so far; exit 3\n"
    )
    outcome = world.apply()
    assert "exit code: 3" in failures(outcome)[0]
    [failed] = outcome.failed
    assert failed.error is not None
    assert failed.error.log[-2:] == ("…", "so far") or failed.error.log[-1] == "…so far"
    assert world.exec("web", "cat", "/page") == "one"


@pytest.mark.usefixtures("buildx")
def test_a_dockerfile_may_ask_for_buildkit(world: World, busybox_image: str) -> None:
    fill(world.folder / "app", f"FROM {busybox_image}\nRUN --mount=type=cache,target=/cache ls -d /cache >/page\n")
    built(world, "./app")
    world.converge()
    assert world.exec("web", "cat", "/page") == "/cache"


@pytest.mark.usefixtures("buildx")
def test_keys_and_caches_reach_buildkit_or_it_is_said_why_not(world: World, busybox_image: str) -> None:
    run = "RUN --mount=type=ssh,id=deploy,required=true test -S $SSH_AUTH_SOCK && echo yes >/agent"
    fill(world.folder / "app", f"FROM {busybox_image}\n{run}\n")
    build = {"context": "./app", "ssh": ["deploy=./agent"], "cache_to": ["type=inline"]}
    built(world, build)
    assert 'names a key or socket for "deploy" that is not there' in failures(world.apply())[0]
    with socket.socket(socket.AF_UNIX) as agent:  # what counts is that it is handed on
        agent.bind(str(world.folder / "agent"))
        agent.listen()
        world.converge()
    assert world.exec("web", "cat", "/agent") == "yes"

    built(
        world,
        {
            "context": "./app",
            "dockerfile_inline": f"FROM {busybox_image}\nRUN echo >/made\n",
            "cache_to": ["type=local,dest=./cache"],
        },
    )
    outcome = world.apply()
    if outcome.exit_code is ExitCode.OK:
        assert (world.folder / "cache" / "index.json").exists()  # with the containerd image store
    else:
        assert "can't write a build's cache anywhere (`cache_to`)" in failures(outcome)[0]
