"""Configs and secrets on a real Engine: how they arrive, what a change does, and that no secret is ever shown."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconciler import load, observe, plan
from reconciler.errors import ExitCode
from reconciler.planning.planner import plan_down
from reconciler.report.json_form import outcome_dict, plan_dict
from reconciler.report.plan_text import plan_text
from reconciler.report.style import Style
from tests.integration.world import a_world, changes, failures, kinds, only_change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler import Plan
    from tests.integration.world import World
    from tests.support.engine import Engine

VALUE = "hunter2-is-the-password"
OTHER = "hunter3-is-the-password"


@pytest.fixture(params=["here", "elsewhere"])
def world(request: pytest.FixtureRequest, engine: Engine, busybox_image: str, tmp_path: Path) -> Iterator[World]:
    with a_world(engine, busybox_image, tmp_path, tcp=request.param == "elsewhere") as made:
        yield made


@pytest.fixture
def local(engine: Engine, busybox_image: str, tmp_path: Path) -> Iterator[World]:
    with a_world(engine, busybox_image, tmp_path) as made:
        yield made


@pytest.fixture
def remote(engine: Engine, busybox_image: str, tmp_path: Path) -> Iterator[World]:
    with a_world(engine, busybox_image, tmp_path, tcp=True) as made:
        yield made


def declare(
    world: World, *, site: str = "listen 80;", token: str = VALUE, file: str = "from a file", **web: Any
) -> None:
    world.variables["TOKEN"] = token
    world.variables["PLAIN"] = "from the environment"
    (world.folder / "own.conf").write_text(file)
    (world.folder / "key.pem").write_text(f"{VALUE} of a file")
    world.declare(
        {
            "web": {
                "command": ["sleep", "99999"],
                "init": True,
                "configs": [
                    "site",
                    {"source": "plain", "target": "/etc/app/plain.conf", "uid": "1000", "gid": "2000", "mode": "0440"},
                    "own",
                ],
                "secrets": ["token", {"source": "key", "target": "tls/key.pem", "uid": "33", "mode": "0400"}],
                **web,
            },
            "other": {"command": ["sleep", "99999"], "init": True},
        },
        configs={
            "site": {"content": site},
            "plain": {"environment": "PLAIN"},
            "own": {"file": "./own.conf"},
        },
        secrets={"token": {"environment": "TOKEN"}, "key": {"file": "./key.pem"}},
    )


def file(world: World, path: str) -> tuple[str, str]:
    """Permissions and owner, and content, of a file in the container."""
    return world.exec("web", "stat", "-c", "%a %u:%g", path).strip(), world.exec("web", "cat", path)


def kept(world: World) -> list[Path]:
    """The files for the project's containers that lie on this machine."""
    return sorted(Path(os.environ["RECONCILER_RUNTIME_DIR"]).glob(f"*/{world.project}/*"))


def test_they_arrive_as_files(world: World) -> None:
    declare(world)
    world.converge()
    assert file(world, "/site") == ("444 0:0", "listen 80;")
    assert file(world, "/etc/app/plain.conf") == ("440 1000:2000", "from the environment")
    assert file(world, "/own")[1] == "from a file"
    assert file(world, "/run/secrets/token") == ("444 0:0", VALUE)
    assert file(world, "/run/secrets/tls/key.pem") == ("400 33:0", f"{VALUE} of a file")
    world.docker("restart", "-t", "0", world.name("web"))
    assert file(world, "/run/secrets/token") == ("444 0:0", VALUE)


def test_here_they_are_files_in_memory_that_can_only_be_read(local: World) -> None:
    declare(local, read_only=True)
    outcome = local.apply()
    assert outcome.exit_code is ExitCode.OK, failures(outcome)
    mounts = {mount["Destination"]: mount for mount in local.inspect("web")["Mounts"]}
    assert {path: mount["RW"] for path, mount in mounts.items()} == dict.fromkeys(mounts, False)
    assert mounts["/own"]["Source"] == str(local.folder / "own.conf")
    assert sorted(mounts[path]["Source"] for path in mounts if path != "/own") == [str(path) for path in kept(local)]
    folder = kept(local)[0].parent  # above these two lie locks as well, which may be for all users
    assert [one.stat().st_mode & 0o777 for one in (folder, folder.parent)] == [0o700] * 2


def test_elsewhere_they_are_copied(remote: World) -> None:
    declare(remote)
    assert "copy-contents" in kinds(remote.converge())
    assert remote.inspect("web")["Mounts"] == []
    assert kept(remote) == []


def test_elsewhere_a_container_that_can_t_be_written_to_is_refused(remote: World) -> None:
    declare(remote, read_only=True)
    messages = [conflict.message for conflict in remote.plan().conflicts]
    assert messages == [
        f"{what} can't be copied into a container that is `read_only`"
        for what in ('config "own"', 'config "plain"', 'config "site"', 'secret "key"', 'secret "token"')
    ]
    declare(remote, tmpfs=["/run"])
    assert [conflict.message for conflict in remote.plan().conflicts] == [
        f'secret "{name}" can\'t be copied to /run/secrets/{path}: '
        "that is in a tmpfs, which is empty once it is started"
        for name, path in (("key", "tls/key.pem"), ("token", "token"))
    ]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"site": "listen 81;"}, "configs.site"),
        ({"file": "another"}, "configs.own"),
        ({"token": OTHER}, "secrets.token"),
    ],
)
def test_a_changed_content_replaces_just_that_container(world: World, changed: dict[str, str], field: str) -> None:
    declare(world)
    world.converge()
    web, other = world.id("web"), world.id("other")
    declare(world, **changed)
    assert changes(world.plan()) == {world.name("web"): ("replace", [field])}
    (change,) = only_change(world.plan()).fields
    assert change.sensitive is field.startswith("secrets")
    world.converge()
    assert world.id("web") != web
    assert world.id("other") == other
    path = {"configs.site": "/site", "configs.own": "/own", "secrets.token": "/run/secrets/token"}[field]
    assert file(world, path)[1] == next(iter(changed.values()))
    assert len(kept(world)) in {0, 4}  # the old ones are gone


def test_a_new_one_that_fails_leaves_the_old_one_its_contents(local: World) -> None:
    declare(local)
    local.converge()
    declare(local, token=OTHER, command=["false"], update={"monitor": "30s"})
    assert local.apply().exit_code is ExitCode.PARTLY_FAILED
    assert file(local, "/run/secrets/token")[1] == VALUE
    local.docker("restart", "-t", "0", local.name("web"))
    assert file(local, "/run/secrets/token")[1] == VALUE


def test_what_a_restart_of_the_host_empties_is_filled_before_a_start(local: World) -> None:
    declare(local)
    local.converge()
    before = {path: (path.read_bytes(), path.stat().st_mode) for path in kept(local)}
    web = local.id("web")
    for path in before:
        path.unlink()
    # A container that runs has them still; they are put back all the same.
    assert changes(local.plan()) == {local.name("web"): ("update", [])}
    assert kinds(local.converge()) == ["write-contents"]
    for path in before:
        path.unlink()
    local.docker("kill", local.name("web"))
    with pytest.raises(Exception, match="does not exist"):
        local.docker("start", local.name("web"))  # as the Engine does by itself: it makes no folders in their place
    assert kinds(local.converge()) == ["write-contents", "start"]
    assert {path: (path.read_bytes(), path.stat().st_mode) for path in kept(local)} == before
    assert local.id("web") == web


def test_what_nothing_uses_any_more_is_removed(local: World) -> None:
    declare(local)
    local.converge()
    assert len(kept(local)) == 4
    declare(local, configs=[], secrets=["token"])
    local.converge()
    assert [path.name.rpartition(".")[0] for path in kept(local)] == ["secrets.token"]
    with local.connect() as engine:
        from reconciler import apply

        assert apply(plan_down(local.project, engine.observe(local.project)), engine).exit_code is ExitCode.OK
    assert kept(local) == []


def test_in_a_container_they_are_where_the_host_has_them(
    local: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The container that we would run in sees our folders under the paths of the host with `/host` before them."""
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "index.html").write_text("hello")
    host = tmp_path / "of-the-host"
    for mounted in ("www", "runtime"):
        (host / mounted).mkdir(parents=True)
    (host / "www" / "index.html").write_text("hello from the host")
    binds = ("-v", f"{host / 'www'}:{tmp_path / 'www'}", "-v", f"{host / 'runtime'}:{host / 'runtime'}")
    us = local.docker("run", "-d", "--name", f"{local.project}-us", *binds, local.image, "sleep", "99999").strip()
    (tmp_path / "mountinfo").write_text(f"1 2 3:4 /containers/{us}/hostname /etc/hostname rw - ext4 /dev/vda rw\n")
    monkeypatch.setattr("reconciler.engine.own_container.MOUNT_INFO", tmp_path / "mountinfo")
    monkeypatch.setenv("RECONCILER_RUNTIME_DIR", str(host / "runtime"))
    try:
        declare(local, volumes=["./www:/www"])
        local.converge()
        assert local.exec("web", "cat", "/www/index.html") == "hello from the host"
        assert file(local, "/run/secrets/token") == ("444 0:0", VALUE)
        assert file(local, "/own")[1] == "from a file"  # that file the Engine does not see
        assert len(kept(local)) == 5
    finally:
        local.docker("rm", "-f", us)


def test_elsewhere_a_relative_bind_is_refused_by_name(remote: World) -> None:
    declare(remote, volumes=["./www:/www", "/etc:/etc2"])
    [conflict] = remote.plan().conflicts
    assert conflict.message.startswith(f"{remote.folder / 'www'} is mounted at /www by a relative path")


# --- the digest key ----------------------------------------------------------------------------------------------


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


def test_the_key_is_made_once_and_is_nobody_else_s(state: Path, local: World) -> None:
    declare(local)
    local.converge()
    key = state / "docker-reconciler" / "digest-key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.parent.stat().st_mode & 0o777 == 0o700
    text = key.read_text()
    local.expect_in_sync()
    assert key.read_text() == text


def test_without_the_key_the_real_content_is_compared(state: Path, world: World) -> None:
    declare(world)
    world.converge()
    web = world.id("web")
    (state / "docker-reconciler" / "digest-key").unlink()
    world.converge()
    assert world.plan().notices == ()
    assert world.id("web") == web
    declare(world, token=OTHER)
    assert changes(world.plan()) == {world.name("web"): ("replace", ["secrets.token"])}
    world.converge()
    assert file(world, "/run/secrets/token")[1] == OTHER


def test_without_the_key_and_the_content_nothing_is_replaced(state: Path, local: World) -> None:
    declare(local)
    local.converge()
    web = local.id("web")
    (state / "docker-reconciler" / "digest-key").unlink()
    for path in kept(local):
        path.unlink()
    local.docker("kill", local.name("web"))
    notices = [notice.message for notice in local.plan().notices]
    why = "changed is unknown: the key that its digest was made with is not here"
    assert notices == [f'whether secret "{name}" {why}' for name in ("key", "token")]
    assert kinds(local.converge()) == ["write-contents", "start"]
    assert local.id("web") == web
    assert file(local, "/run/secrets/token")[1] == VALUE


# --- nothing is shown --------------------------------------------------------------------------------------------


def said(found: Plan) -> str:
    return "\n".join(
        [json.dumps(plan_dict(found)), plan_text(found, Style(), 100), repr(found), *map(repr, found.actions)]
    )


def test_no_secret_is_ever_shown(world: World) -> None:
    texts: list[str] = []
    for token in (VALUE, OTHER):
        declare(world, token=token)
        spec = load(world.folder, environ=world.variables)
        with world.connect() as engine:
            snapshot = observe(engine, spec)
        texts += [repr(spec), repr(snapshot), said(plan(spec, snapshot))]
        outcome = world.converge()
        texts += [json.dumps(outcome_dict(outcome)), repr(outcome)]
        texts += [json.dumps(world.inspect("web")), world.docker("logs", world.name("web"))]
    for text in texts:
        assert "is-the-password" not in text


def test_what_is_missing_is_said_by_name(local: World) -> None:
    declare(local)
    (local.folder / "key.pem").unlink()
    local.variables.pop("TOKEN")
    assert [(conflict.message, conflict.hint) for conflict in local.plan().conflicts] == [
        ('secret "token": the variable TOKEN is not set', "set it, or write it to `.env`"),
        (
            f'secret "key": "{local.folder / "key.pem"}" can\'t be read: No such file or directory',
            "check the path and its permissions",
        ),
    ]
