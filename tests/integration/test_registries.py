"""Registries that want a password, and registries that fail: the old container goes on running."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from reconciler import apply, load, observe, plan
from reconciler.engine import credentials, images, observe_images
from reconciler.errors import ExitCode
from reconciler.planning.locked import pinned
from tests.integration.world import IDLE, failures
from tests.support.registry import PASSWORD, USER, a_faulty_registry, a_registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.world import World
    from tests.support.engine import Engine
    from tests.support.registry import Registry

RUN = {"command": IDLE}
FAULTY = "127.0.0.1:28602"


@pytest.fixture(scope="module")
def private(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry that wants a password."""
    with a_registry(engine, tmp_path_factory.mktemp("private"), "127.0.0.1:28601", private=True) as made:
        yield made


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of Docker's own configuration, and of its helpers."""
    folder = tmp_path / "client"
    folder.mkdir()
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return folder


def configure(client: Path, **config: object) -> None:
    (client / "config.json").write_text(json.dumps(config))


def helper(client: Path, name: str, script: str) -> None:
    file = client / f"docker-credential-{name}"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def test_logins_are_used_for_all_that_asks_a_registry(world: World, private: Registry, client: Path) -> None:
    image = private.push(f"{world.project}/web:1", "private")
    world.declare({"web": {"image": image, "pull_policy": "always", **RUN}})
    [failure] = failures(world.apply())
    assert "docker login" in failure

    helper(client, "of-test", f"""echo '{{"Username": "{USER}", "Secret": "{PASSWORD}"}}'""")
    configure(client, credHelpers={private.address: "of-test"})
    world.converge()
    assert world.exec("web", "cat", "/page") == "private"

    login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    configure(client, auths={private.address: {"auth": login}})
    world.docker("rm", "-f", world.name("web"))
    world.docker("rmi", image)
    (world.folder / "Dockerfile").write_text("ARG FROM=nothing\nFROM ${FROM}\n")
    build = {"context": ".", "args": {"FROM": image}}
    world.declare({"web": {"image": f"{world.project}-built:1", "build": build, **RUN}})
    world.converge()
    assert world.exec("web", "cat", "/page") == "private"


def test_a_helper_that_fails_is_named_and_what_runs_goes_on(world: World, private: Registry, client: Path) -> None:
    image = private.push(f"{world.project}/web:1", "private")
    world.docker("pull", image)
    world.declare({"web": {"image": image, "pull_policy": "always", **RUN}})
    helper(client, "of-test", "echo the keychain is locked; exit 1")
    configure(client, credHelpers={private.address: "of-test"})
    [notice] = world.plan().notices
    assert "docker-credential-of-test failed" in notice.message
    assert "keychain is locked" in notice.message
    outcome = world.apply()
    assert outcome.exit_code is ExitCode.OK, failures(outcome)
    assert world.exec("web", "cat", "/page") == "private"


def test_a_helper_that_hangs_is_named_and_what_runs_goes_on(
    world: World, private: Registry, client: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "HELPER_TIMEOUT", 0.5)
    image = private.push(f"{world.project}/web:1", "private")
    world.docker("pull", image)
    world.declare({"web": {"image": image, "pull_policy": "always", **RUN}})
    helper(client, "of-test", "sleep 600")
    configure(client, credHelpers={private.address: "of-test"})
    found = world.plan()
    [notice] = found.notices
    assert "docker-credential-of-test gave no answer" in notice.message
    assert "unlock its keychain" in notice.hint
    assert not found.conflicts
    world.docker("rmi", image)
    [failure] = failures(world.apply())
    assert "docker-credential-of-test gave no answer" in failure
    assert world.names() == []


def test_an_image_of_a_lock_that_the_registry_lost_leaves_the_old_one(world: World, registry: Registry) -> None:
    image = registry.push(f"{world.project}/web:1", "one")
    first = registry.digest(image)
    world.declare({"web": {"image": image, **RUN}})
    world.converge()
    before = world.inspect("web")
    spec = load(world.folder)
    with world.connect() as engine:
        same = pinned(spec, {image: first}, "the lock")
        assert plan(same, observe(engine, same)).in_sync
        other = pinned(spec, {image: f"sha256:{'0' * 64}"}, "the lock")
        outcome = apply(plan(other, observe(engine, other)), engine)
    assert outcome.exit_code is ExitCode.FAILED
    after = world.inspect("web")
    assert (after["Id"], after["State"]) == (before["Id"], before["State"])


def test_a_wrong_password_is_said_without_it(world: World, private: Registry, client: Path) -> None:
    image = private.push(f"{world.project}/web:1", "private")
    wrong = base64.b64encode(f"{USER}:not-the-password".encode()).decode()
    configure(client, auths={private.address: {"auth": wrong}})
    world.declare({"web": {"image": image, **RUN}})
    [failure] = failures(world.apply())
    assert "docker login" in failure
    assert "not-the-password" not in failure


@pytest.mark.parametrize("fault", ["half", "stalls", "corrupt", "other", "hangs"])
def test_a_registry_that_fails_leaves_the_old_container_running(
    world: World, tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.declare({"web": {}})
    world.converge()
    before = world.inspect("web")
    image = f"{FAULTY}/{world.project}/web:1"
    world.declare({"web": {"image": image, "pull_policy": "always", **RUN}})
    with monkeypatch.context() as impatient, a_faulty_registry(world.engine, tmp_path, FAULTY, fault):
        impatient.setattr(images, "PULL_SECONDS", 8.0)
        impatient.setattr(observe_images, "REGISTRY_SECONDS", 3.0)
        outcome = world.apply()
    assert outcome.exit_code is ExitCode.FAILED
    [failed] = outcome.failed
    assert failed.action.kind == "pull"
    assert failed.error
    after = world.inspect("web")
    assert (after["Id"], after["State"]) == (before["Id"], before["State"])
    assert world.names() == [world.name("web")]

    with a_faulty_registry(world.engine, tmp_path, FAULTY, "none"):
        world.converge()
        assert world.exec("web", "cat", "/page") == "none"
