"""A snapshot that was written and read again gives the same plan; without its values too, but for showing them."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import EngineError
from reconciler.planning.hidden import hide, reveal
from reconciler.planning.planner import plan
from reconciler.report.json_form import plan_dict
from reconciler.state.salt import PREFIX, salted
from reconciler.state.snapshot_form import snapshot_data, snapshot_of
from tests.property.test_convergence import DRIFTS, KEYS, Declared, _do, checked, replicas, scenes, specs
from tests.support.samples import CONTENTS, SAMPLES
from tests.support.simulated import IDLE, OLD, Daemon, Scene

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import Snapshot

SALT = "1234"
CASES = {f"{path}-{number}": sample for path, samples in SAMPLES.items() for number, sample in enumerate(samples, 1)}


def written(snapshot: Snapshot, spec: Spec, salt: str = "") -> Snapshot:
    """The snapshot as a file holds it and a plan reads it."""
    data = json.loads(json.dumps(hide(snapshot_data(snapshot), salt) if salt else snapshot_data(snapshot)))
    found = snapshot_of(reveal(data, salt, spec) if salt else data)
    of_files = {name: getattr(snapshot, name) for name in ("sources", "contexts", "archives", "contents", "revealed")}
    return replace(found, **of_files)


def told(snapshot: Snapshot, spec: Spec, hidden: set[tuple[str, str]]) -> Any:
    """All that a plan says, without the values of these fields."""
    found = plan_dict(plan(spec, snapshot))
    for change in found["changes"]:
        for field in change["fields"]:
            if (change["name"], field["path"]) in hidden:
                field |= {"wanted": None, "actual": None, "sensitive": True}
    return found


def expect_the_same(spec: Spec, snapshot: Snapshot) -> None:
    live = plan(spec, snapshot)
    assert plan(spec, written(snapshot, spec)) == live
    without = written(snapshot, spec, SALT)
    hidden = {
        (change["name"], field["path"])
        for change in plan_dict(plan(spec, without))["changes"]
        for field in change["fields"]
        if field["sensitive"]
    }
    assert told(without, spec, set()) == told(snapshot, spec, hidden)
    assert [action.kind for action in plan(spec, without).actions] == [action.kind for action in live.actions]
    assert PREFIX not in json.dumps(plan_dict(plan(spec, without)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "key.txt").write_text("a secret")
    return tmp_path


def scene(folder: Path | None = None) -> Scene:
    made = Scene(folder=folder) if folder else Scene()
    for number in (2, 3):
        made.daemon.add_image(f"test-idle:{number}", Cmd=IDLE, Env=["PASSWORD=of-image"])
    made.daemon.add_image(
        "idle:1", Cmd=IDLE, Env=["FROM_IMAGE=image", "TOKEN=x"], Labels={"from.image": "image"}, Volumes={"/data": {}}
    )
    return made


def declare(made: Scene, containers: dict[str, Any]) -> None:
    text = json.dumps(containers).replace("PROJECT", "p")
    places: dict[str, Any] = {"volumes": {"pages": {}}, "networks": {"front": {}, "back": {}, "static": {}}}
    made.declare(json.loads(text), **places, **CONTENTS)


@pytest.mark.parametrize("key", CASES)
def test_every_row(key: str, folder: Path) -> None:
    sample, made = CASES[key], scene(folder)
    base = {"image": "idle:1", "state": "stopped", **sample.base}
    first, second = ({**base, **which} for which in (sample.first, sample.second or sample.base))
    declare(made, {"one": first})
    made.apply()
    for step in (first, second, base):
        declare(made, {"one": step})
        expect_the_same(made.spec, made.snapshot())


@settings(checked, max_examples=60)
@given(scenes(), specs(), specs(), st.lists(st.tuples(st.sampled_from(DRIFTS), st.sampled_from(KEYS)), max_size=4))
def test_any_spec_and_drift(made: Scene, first: Declared, second: Declared, drifts: list[tuple[str, str]]) -> None:
    made.declare(**first)
    made.converge()
    ours = {key: str(row["Name"][1:]) for (key, _), row in replicas(made).items()}
    for operation, key in drifts:
        if key in ours:
            try:
                _do(made, operation, ours[key])
            except EngineError:
                continue  # the Engine does not let one do that now
    for declared in (first, second):
        made.declare(**declared)
        expect_the_same(made.spec, made.snapshot())


SECRETIVE: dict[str, Any] = {
    "image": "idle:1",
    "environment": {"TZ": "UTC", "PGPASSWORD": "hunter2", "EMPTY": ""},
    "labels": {"traefik.auth.users": "me:hunter2", "plain": "label", "url": "http://me:hunter2@example.org"},
    "command": ["serve", "--password", "hunter2"],
    "healthcheck": {"test": "check --token=hunter2"},
    "logging": {"driver": "splunk", "options": {"splunk-token": "hunter2", "tag": "web"}},
    "tmpfs": ["/run/secrets:size=1m"],
    "networks": {"auth": {"aliases": ["token"]}},
    "volumes": ["secret:/secret"],
}
SECRETIVE_PLACES: dict[str, Any] = {
    "networks": {"auth": {"driver_opts": {"my-token": "hunter2"}, "labels": {"password": "hunter2"}}},
    "volumes": {"secret": {"driver_opts": {"type": "cifs", "o": "username=me,password=hunter2"}}},
}


def secretive(**changed: Any) -> Scene:
    made = scene()
    made.declare({"web": SECRETIVE}, **SECRETIVE_PLACES)
    made.converge()
    made.daemon.container("p-web-1")["State"]["Health"] = {"Status": "healthy", "Log": [{"Output": "hunter2"}]}
    made.daemon.container("p-web-1")["Newer"] = {"Env": ["A=hunter2"], "ApiKey": "hunter2"}
    made.declare({"web": {**SECRETIVE, **changed}}, **SECRETIVE_PLACES)
    return made


def test_no_secret_is_written() -> None:
    made = secretive()
    text = json.dumps(hide(snapshot_data(made.snapshot()), SALT))
    assert "hunter2" not in text
    assert '"TZ=UTC"' not in text
    assert "plain" in text
    assert '"label"' in text


def test_what_is_hidden_still_compares() -> None:
    made = secretive()
    assert plan(made.spec, written(made.snapshot(), made.spec, SALT)).in_sync


@pytest.mark.parametrize(
    ("attribute", "value", "path"),
    [
        ("environment", {"TZ": "CET", "PGPASSWORD": "hunter2", "EMPTY": ""}, "environment.TZ"),
        ("environment", {"TZ": "UTC", "PGPASSWORD": "hunter3", "EMPTY": ""}, "environment.PGPASSWORD"),
        ("command", ["serve", "--password", "hunter3"], "command"),
        ("labels", {**SECRETIVE["labels"], "traefik.auth.users": "you:x"}, "labels.traefik.auth.users"),
        ("healthcheck", {"test": "check --token=x"}, "healthcheck.test"),
        ("logging", {"driver": "splunk", "options": {"splunk-token": "x", "tag": "web"}},
         "logging.options.splunk-token"),
    ],
)  # fmt: skip
def test_a_hidden_value_that_differs_is_a_difference_that_is_not_shown(attribute: str, value: Any, path: str) -> None:
    made = secretive(**{attribute: value})
    [change] = plan(made.spec, written(made.snapshot(), made.spec, SALT)).changes
    assert [(field.path, field.sensitive) for field in change.fields] == [(path, True)]
    expect_the_same(made.spec, made.snapshot())


def test_a_secret_network_or_volume_is_compared_too() -> None:
    made = secretive()
    made.declare({"web": SECRETIVE}, networks={"auth": {"driver_opts": {"my-token": "x"}}},
                 volumes={"secret": {"driver_opts": {"type": "cifs", "o": "username=me,password=x"}}})  # fmt: skip
    expect_the_same(made.spec, made.snapshot())
    found = plan(made.spec, written(made.snapshot(), made.spec, SALT))
    assert found.conflicts
    assert found.changes


def test_two_snapshots_can_not_be_compared() -> None:
    assert salted("x", "1") != salted("x", "2")


def test_a_text_that_looks_like_a_digest_is_hidden_like_any_other() -> None:
    """Else somebody's container could claim to have what the spec wants."""
    text = salted("wanted", SALT)
    data = {"containers": [{"labels": {"a": text}}]}
    assert hide(data, SALT)["containers"][0]["labels"]["a"] == salted(text, SALT)


def test_what_is_written_does_not_depend_on_the_order_of_replies() -> None:
    made, texts = secretive(), set()
    for seed in range(8):
        made.hand("POST", "/images/app:1/tag", {"repo": "app", "tag": str(seed)})
    for seed in range(8):
        made.daemon.shuffle = random.Random(seed)
        data = snapshot_data(made.snapshot())
        texts.add(json.dumps([(one["id"], one["references"]) for one in data["images"]]))
    assert len(texts) == 1


def test_an_old_engine() -> None:
    made = Scene(Daemon(OLD))
    made.daemon.add_image("idle:1", Cmd=IDLE, Env=["A=1"])
    made.declare({"web": SECRETIVE}, **SECRETIVE_PLACES)
    made.converge()
    assert plan(made.spec, written(made.snapshot(), made.spec, SALT)).in_sync
