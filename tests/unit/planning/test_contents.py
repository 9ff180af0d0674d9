"""What puts configs and secrets in their places, and when; the real Engine's part is in tests/integration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import ExitCode
from reconciler.planning.actions import CopyContents, CreateContainer, StopContainer, WriteContents
from reconciler.planning.plan import Plan
from reconciler.planning.planner import plan, plan_down
from reconciler.spec.contents import with_variables
from reconciler.state.contents import View
from tests.support.simulated import Killed, Scene, SimulatedEngine, changes

HERE = View((("/", "/"),), "/run/r/e/p")
READS: dict[str, Any] = {"configs": ["site"], "secrets": ["key"]}


def declared(
    scene: Scene | None = None, *, site: str = "one", key: str = "a secret", file: bool = False, **web: Any
) -> Scene:
    scene = scene or Scene(folder=Path("/nowhere"))
    contents: dict[str, Any] = {"site": {"file": __file__} if file else {"content": site}}
    scene.declare({"web": {**READS, **web}}, configs=contents, secrets={"key": {"environment": "KEY"}})
    scene.spec = with_variables(scene.spec, {"KEY": key})
    return scene


def planned(scene: Scene, view: View = HERE) -> Plan:
    return plan(scene.spec, replace(scene.snapshot(), view=view))


def mounts(found: Plan) -> dict[str, str]:
    [create] = [action for action in found.actions if isinstance(action, CreateContainer)]
    return {mount["Target"]: mount["Source"] for mount in create.payload["HostConfig"].get("Mounts", ())}


def test_they_are_copied_before_the_start_where_the_engine_is_elsewhere() -> None:
    scene = declared()
    scene.converge()
    assert scene.daemon.has.files[scene.id("web")] == {"/site": b"one", "/run/secrets/key": b"a secret"}
    declared(scene, key="another")
    assert changes(scene.plan()) == {"p-web-1": ("replace", ["secrets.key"])}
    kinds = [action.kind for action in scene.plan().actions]
    assert kinds[:4] == ["create", "copy-contents", "stop", "start"]
    scene.converge()
    assert scene.daemon.has.files[scene.id("web")]["/run/secrets/key"] == b"another"


@pytest.mark.parametrize("new", [True, False], ids=["created", "replaced"])
def test_cut_off_anywhere_no_container_starts_without_them(new: bool) -> None:
    for at in range(1, 20):
        scene = declared()
        if not new:
            scene.converge()
            declared(scene, site="two")
        engine = SimulatedEngine(scene.daemon)
        engine.kill_at(at)
        try:
            outcome = scene.apply(engine)
        except Killed:
            scene.converge()
        else:
            assert outcome.exit_code is ExitCode.OK
            break
        assert scene.daemon.has.files[scene.id("web")] == {
            "/site": b"one" if new else b"two",
            "/run/secrets/key": b"a secret",
        }
    assert at > 3


def test_a_failed_copy_leaves_the_old_container_as_it_is() -> None:
    scene = declared()
    scene.converge()
    old = scene.id("web")
    declared(scene, site="two")
    engine = SimulatedEngine(scene.daemon)
    engine.fail_at(2)
    outcome = scene.apply(engine)
    assert [one.action.kind for one in outcome.failed] == ["copy-contents"]
    assert not [one for one in engine.calls if one.endswith("/stop")]
    assert scene.id("web") == old


def test_here_they_are_written_before_the_container_is_created() -> None:
    found = planned(declared())
    [write] = [action for action in found.actions if isinstance(action, WriteContents)]
    [create] = [action for action in found.actions if isinstance(action, CreateContainer)]
    assert write.id in create.needs
    assert sorted(file.path for file in write.files) == sorted(mounts(found).values())
    assert not [action for action in found.actions if isinstance(action, CopyContents)]


def test_a_file_is_bound_as_it_is_unless_it_is_to_have_an_owner() -> None:
    assert mounts(planned(declared(file=True)))["/site"] == __file__
    owned = declared(file=True, configs=[{"source": "site", "uid": "33"}])
    assert mounts(planned(owned))["/site"].startswith("/run/r/e/p/configs.site.")


def test_the_files_are_named_by_what_they_are() -> None:
    names = {
        mounts(planned(declared(site=site, configs=[{"source": "site", "mode": mode}])))["/site"]
        for site in ("one", "two")
        for mode in ("0444", "0440")
    }
    assert len(names) == 4
    assert mounts(planned(declared())) == mounts(planned(declared()))


def test_what_is_there_is_not_written_again_and_what_nothing_uses_goes() -> None:
    scene = declared()
    there = frozenset(path.rpartition("/")[2] for path in mounts(planned(scene)).values())
    found = planned(scene, replace(HERE, files=there | {"configs.old.0123"}))
    assert [action.kind for action in found.actions] == ["create-network", "remove-contents", "create", "start"]


def test_who_is_not_root_gives_no_files_away() -> None:
    scene = declared(secrets=[{"source": "key", "uid": "33"}])
    found = planned(scene, replace(HERE, user=1000))
    assert set(mounts(found)) == {"/site"}
    [copy] = [action for action in found.actions if isinstance(action, CopyContents)]
    assert [(file.path, file.uid) for file in copy.files] == [("/run/secrets/key", 33)]


def test_in_a_container_only_what_is_mounted_from_the_host_is_seen() -> None:
    view = View((("/run/r", "/srv/run"),), "/run/r/e/p")
    assert mounts(planned(declared(), view))["/site"].startswith("/srv/run/e/p/configs.site.")
    found = planned(declared(file=True), view)
    assert mounts(found)["/site"].startswith("/srv/run/e/p/configs.site.")
    assert view.name_of(mounts(found)["/site"]) == mounts(found)["/site"].rpartition("/")[2]
    assert view.there("/run/rather") == view.there("/run") == view.name_of("/etc/passwd") == ""


@pytest.mark.parametrize("where", [{"read_only": True}, {"tmpfs": ["/"]}, {"tmpfs": ["/run"], "configs": []}])
def test_where_nothing_can_be_copied_to_is_refused_by_name(where: dict[str, Any]) -> None:
    refused = [conflict.message for conflict in declared(**where).plan().conflicts]
    assert any('secret "key" can\'t be copied' in message for message in refused)
    assert planned(declared(**where)).conflicts == ()


def test_the_old_one_stops_once_the_new_one_has_its_contents() -> None:
    scene = declared()
    scene.converge()
    declared(scene, site="two")
    found = scene.plan()
    [copy] = [action.id for action in found.actions if isinstance(action, CopyContents)]
    [stop] = [action for action in found.actions if isinstance(action, StopContainer)]
    assert copy in stop.needs


def test_a_variable_that_is_not_set_is_a_conflict() -> None:
    scene = declared()
    scene.spec = with_variables(scene.spec, {})
    assert [conflict.message for conflict in scene.plan().conflicts] == ['secret "key": the variable KEY is not set']


def test_the_files_go_with_the_last_container() -> None:
    scene = declared()
    there = frozenset(path.rpartition("/")[2] for path in mounts(planned(scene)).values())
    found = plan_down("p", replace(scene.snapshot(), view=replace(HERE, files=there)), scene.spec)
    assert [action.kind for action in found.actions] == ["remove-contents"]
