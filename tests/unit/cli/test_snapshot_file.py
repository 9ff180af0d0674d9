"""The file of a snapshot: whole, for its owner alone; what is wrong with one is said."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.cli.snapshot_file import FORM, read_snapshot, write_snapshot
from reconciler.errors import ReconcilerError, Refused, UsageError
from reconciler.planning.planner import plan
from tests.support.simulated import IDLE, Scene

if TYPE_CHECKING:
    from pathlib import Path


TZ = {"environment": {"TZ": "UTC"}}


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    made = Scene(folder=tmp_path)
    made.declare({"web": TZ})
    made.converge()
    return made


@pytest.fixture
def file(scene: Scene, tmp_path: Path) -> Path:
    path = tmp_path / "snapshot.json"
    write_snapshot(path, scene.snapshot(), "p", with_values=False)
    return path


def test_it_is_for_its_owner_alone(file: Path, scene: Scene) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    write_snapshot(file, scene.snapshot(), "p", with_values=False)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [*file.parent.iterdir()] == [file]


def test_values_are_written_only_where_asked_for(file: Path, scene: Scene) -> None:
    assert "UTC" not in file.read_text()
    write_snapshot(file, scene.snapshot(), "p", with_values=True)
    assert "TZ=UTC" in file.read_text()
    assert plan(scene.spec, read_snapshot(file, scene.spec)).in_sync


def test_two_files_have_two_salts(file: Path, scene: Scene) -> None:
    before = file.read_text()
    write_snapshot(file, scene.snapshot(), "p", with_values=False)
    assert json.loads(before)["salt"] != json.loads(file.read_text())["salt"]
    assert plan(scene.spec, read_snapshot(file, scene.spec)).in_sync


def test_what_was_there_stays_where_it_can_not_be_written(file: Path, scene: Scene, monkeypatch: Any) -> None:
    before = file.read_text()

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ReconcilerError, match=r"snapshot\.json can't be written: No space left on device"):
        write_snapshot(file, scene.snapshot(), "p", with_values=True)
    assert file.read_text() == before
    assert [*file.parent.iterdir()] == [file]


def test_a_folder_that_is_not_there(scene: Scene, tmp_path: Path) -> None:
    with pytest.raises(ReconcilerError, match="can't be written: No such file or directory"):
        write_snapshot(tmp_path / "no" / "file", scene.snapshot(), "p", with_values=False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no snapshot, or was cut off"),
        ("\0\xff", "is no snapshot, or was cut off"),
        ("[" * 100_000, "is no snapshot, or was cut off"),
        ("[]", "is no snapshot"),
        ('{"name": "p", "containers": {}}', "is no snapshot"),
        (json.dumps({"snapshot": FORM}), "is a snapshot that can't be read"),
        (json.dumps({"snapshot": FORM, "project": "p", "salt": 1, "state": {}}), "is a snapshot that can't be read"),
        (json.dumps({"snapshot": FORM, "project": "p", "salt": None, "state": {}}), "is a snapshot that can't be read"),
        (
            json.dumps({"snapshot": FORM + 1, "version": "99.0.0"}),
            r"was written by reconciler 99\.0\.0, in a form that .* does not know",
        ),
    ],
)
def test_a_file_that_is_none(text: str, message: str, scene: Scene, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError, match=message) as caught:
        read_snapshot(path, scene.spec)
    assert caught.value.hint


def test_wherever_it_is_cut_off(file: Path, scene: Scene) -> None:
    text = file.read_text().rstrip()
    for length in range(0, len(text), 97):
        file.write_text(text[:length])
        with pytest.raises(UsageError):
            read_snapshot(file, scene.spec)


def test_no_file(scene: Scene, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read: No such file or directory"):
        read_snapshot(tmp_path / "file", scene.spec)


def test_of_another_project(file: Path, scene: Scene) -> None:
    other = scene.spec.model_copy(update={"name": "q"})
    with pytest.raises(UsageError, match='is a snapshot of project "p", and the spec is of project "q"'):
        read_snapshot(file, other)


@pytest.mark.parametrize(
    ("container", "lacks"),
    [
        ({"image": "new:1", "pull_policy": "always"}, "what the registry has as new:1"),
        ({"image": "app:1", "pull_policy": "daily"}, "the details of image app:1"),
        ({"image": "app:1", "platform": "linux/arm64"}, "the details of image app:1"),
    ],
)
def test_a_spec_that_needs_more(container: dict[str, Any], lacks: str, file: Path, scene: Scene) -> None:
    scene.daemon.offer("new:1", Cmd=IDLE)
    scene.declare({"web": {**container, **TZ}})
    with pytest.raises(Refused, match=f"does not hold all that this spec needs: {lacks}"):
        read_snapshot(file, scene.spec)
    write_snapshot(file, scene.snapshot(), "p", with_values=False)
    assert plan(scene.spec, read_snapshot(file, scene.spec)) == scene.plan()


def test_the_files_of_the_spec_are_read_where_the_plan_is_made(file: Path, scene: Scene, tmp_path: Path) -> None:
    context = tmp_path / "context"
    context.mkdir()
    (context / "Dockerfile").write_text("FROM scratch")
    (tmp_path / "site").mkdir()
    declared: dict[str, Any] = {
        "containers": {
            "web": {"image": "built:1", "build": {"context": str(context)}, **TZ},
            "site": {"image": "site:1"},
        },
        "images": {"site:1": {"import": str(tmp_path / "site")}},
    }
    scene.declare(**declared)
    first = plan(scene.spec, read_snapshot(file, scene.spec))
    assert first == scene.plan()
    assert [action.kind for action in first.actions if action.resource.kind == "image"] == ["build", "import"]
    scene.converge()
    write_snapshot(file, scene.snapshot(), "p", with_values=False)
    assert plan(scene.spec, read_snapshot(file, scene.spec)).in_sync
    (context / "Dockerfile").write_text("FROM scratch\nCMD true")
    changed = plan(scene.spec, read_snapshot(file, scene.spec))
    assert changed == scene.plan()
    assert not changed.in_sync


def test_what_configs_and_secrets_hold_is_not_in_the_file_and_read_where_the_plan_is_made(
    file: Path, scene: Scene, tmp_path: Path
) -> None:
    (tmp_path / "pin").write_text("4711-0815")
    secrets = {"pin": {"file": "./pin"}}
    web = {**TZ, "configs": [{"source": "site"}], "secrets": ["pin"]}
    scene.declare({"web": web}, configs={"site": {"content": "listen 80;"}}, secrets=secrets)
    scene.converge()
    write_snapshot(file, scene.snapshot(), "p", with_values=True)
    assert "4711-0815" not in file.read_text()
    assert "listen 80" not in file.read_text()
    there = read_snapshot(file, scene.spec)
    assert plan(scene.spec, there).changes == ()
    assert "whether secret" in plan(scene.spec, there).notices[0].message
    scene.declare({"web": web}, configs={"site": {"content": "listen 81;"}}, secrets=secrets)
    (change,) = plan(scene.spec, read_snapshot(file, scene.spec)).changes
    assert [field.path for field in change.fields] == ["configs.site"]


def test_what_the_spec_says_is_sensitive_is_hidden_too_and_nothing_of_the_engines(file: Path, scene: Scene) -> None:
    scene.declare({"web": {"labels": {"door.pin": "4711-0815"}}})
    scene.converge()
    write_snapshot(file, scene.snapshot(), "p", with_values=False, sensitive=["*"])
    assert "4711-0815" not in file.read_text()
    assert plan(scene.spec, read_snapshot(file, scene.spec)).in_sync
