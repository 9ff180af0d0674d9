"""Binds by relative paths are of this machine: translated in a container, refused where the Engine is elsewhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler import load
from reconciler.planning.actions import CreateContainer
from reconciler.planning.planner import plan
from reconciler.state.contents import View
from tests.support.simulated import Scene

if TYPE_CHECKING:
    from reconciler.planning.plan import Plan

SPEC = """\
name: p
containers:
  web: {image: "app:1", volumes: ["./www:/www", {type: bind, source: ../up, target: /up}, "/etc:/etc2", "pages:/v"]}
volumes: {pages: }
"""


def planned(folder: Path, view: View, text: str = SPEC) -> Plan:
    (folder / "reconciler.yaml").write_text(text)
    scene = Scene()
    scene.spec = load(folder)
    return plan(scene.spec, replace(scene.snapshot(), view=view))


def binds(found: Plan) -> list[str]:
    [create] = [action for action in found.actions if isinstance(action, CreateContainer)]
    return sorted(bind.rpartition(":")[0] for bind in create.payload["HostConfig"]["Binds"])


def test_here_they_are_as_they_are(tmp_path: Path) -> None:
    assert binds(planned(tmp_path, View())) == sorted(
        ["/etc:/etc2", f"{tmp_path}/www:/www", f"{tmp_path.parent}/up:/up"]
    )


def test_in_a_container_they_are_where_the_host_has_them(tmp_path: Path) -> None:
    mounts = ((str(tmp_path), "/srv/shop"), (str(tmp_path.parent), "/srv"))
    assert binds(planned(tmp_path, View(mounts, contained=True))) == ["/etc:/etc2", "/srv/shop/www:/www", "/srv/up:/up"]


@pytest.mark.parametrize(
    ("view", "why"),
    [(View(elsewhere=True), "on another machine"), (View(contained=True), "not mounted from the host")],
    ids=["elsewhere", "contained"],
)
def test_what_the_engine_does_not_see_is_refused_by_name(tmp_path: Path, view: View, why: str) -> None:
    messages = [conflict.message for conflict in planned(tmp_path, view).conflicts]
    assert [message.partition(" ")[0] for message in messages] == [f"{tmp_path}/www", f"{tmp_path.parent}/up"]
    assert all(why in message for message in messages)


def test_what_another_file_gives_is_ours_too(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "more.yaml").write_text('containers: {web: {image: "app:1", volumes: ["./www:/www", "/a:/b"]}}')
    found = planned(tmp_path, View(elsewhere=True), "name: p\ninclude: [sub/more.yaml]\ncontainers: {}\n")
    assert [conflict.message.partition(" ")[0] for conflict in found.conflicts] == [f"{tmp_path}/sub/www"]
