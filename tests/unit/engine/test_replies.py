"""What an Engine may answer while it is observed: unknown things do no harm, broken ones never look like nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.engine.client import Client
from reconciler.engine.endpoint import Endpoint
from reconciler.engine.observe import observe
from reconciler.errors import EngineError
from reconciler.planning.planner import plan
from tests.support.simulated import HERE, IDLE, Scene
from tests.unit.engine.fake import FakeEngine, reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.state.snapshot import Snapshot


@pytest.fixture(scope="module")
def scene() -> Scene:
    made = Scene()
    made.daemon.offer("kept:1", Cmd=IDLE)
    made.declare(
        {
            "web": {"ports": ["8080:80"], "volumes": ["pages:/pages", "/cache"], "environment": {"A": "1"}},
            "kept": {"image": "kept:1", "pull_policy": "always", "platform": "linux/amd64"},
        },
        volumes={"pages": {}},
    )
    made.converge()
    made.hand(
        "POST", "/containers/create", {"name": "other"}, {"Image": "app:1", "NetworkingConfig": {"EndpointsConfig": {}}}
    )
    return made


def path_of(scene: Scene, what: str) -> str:
    ids = {"container": scene.id("web"), "image": scene.inspect("web")["Image"], "closer": "kept:1"}
    return {
        "containers": "/containers/json",
        "networks": "/networks",
        "volumes": "/volumes",
        "images": "/images/json",
        "container": f"/containers/{ids['container']}/json",
        "image": f"/images/{ids['image']}/json",
        "closer": "/images/kept:1/json",
        "offer": "/distribution/docker.io/library/kept:1/json",
    }[what]


LISTS = ("containers", "networks", "volumes", "images")
INSPECTS = ("container", "image", "closer")


def observed(scene: Scene, answers: Mapping[str, bytes]) -> Snapshot:
    """The snapshot, where some answers are others than the Engine's."""
    paths = [path_of(scene, what) for what in (*LISTS, *INSPECTS, "offer")]
    paths += [f"/containers/{row['Id']}/json" for row in scene.daemon.has.containers.values()]
    paths += [f"/images/{image}/json" for image in scene.daemon.has.images]
    true = {f"GET {path}": reply(scene.daemon.call("GET", path)) for path in paths}
    with (
        FakeEngine(true | {f"GET {path}": answer for path, answer in answers.items()}) as fake,
        Client.connect(Endpoint(fake.host, None, "test"), timeout=60) as client,
    ):
        return observe(client, "p", scene.spec, HERE)


def test_the_true_answers_are_in_sync(scene: Scene) -> None:
    assert plan(scene.spec, observed(scene, {})).in_sync


HTML = b"<html><body>Bad Gateway</body></html>"
BROKEN: dict[str, Callable[[Any], bytes]] = {
    "truncated": lambda true: reply(json.dumps(true).encode()[:-9], length=len(json.dumps(true))),
    "cut off": lambda true: reply(json.dumps(true).encode()[:-9]),
    "empty": lambda _true: reply(b""),
    "502": lambda _true: reply(HTML, "502 Bad Gateway", kind="text/html"),
    "503 in JSON": lambda _true: reply({"message": "starting"}, "503 Service Unavailable"),
    "a page": lambda _true: reply(HTML, kind="text/html"),
    "null": lambda _true: reply(b"null"),
    "a number": lambda _true: reply(7),
    "a text": lambda _true: reply("nothing"),
    "a message": lambda _true: reply({"message": "who are you?"}),
    "the other type": lambda true: reply({} if isinstance(true, list) else []),
    "rows of another type": lambda true: reply([None] if isinstance(true, list) else {"Volumes": {"a": 1}}),
    "rows that say nothing": lambda true: reply([{}] if isinstance(true, list) else {"Volumes": [{}]}),
}


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("what", [*LISTS, *INSPECTS])
def test_a_broken_answer_is_an_error(scene: Scene, what: str, how: str) -> None:
    path = path_of(scene, what)
    with pytest.raises(EngineError) as caught:
        observed(scene, {path: BROKEN[how](scene.daemon.call("GET", path))})
    assert caught.value.message


@pytest.mark.parametrize("how", BROKEN)
def test_a_registry_that_can_not_be_asked_is_a_notice(scene: Scene, how: str) -> None:
    """What is here may serve."""
    path = path_of(scene, "offer")
    found = plan(scene.spec, observed(scene, {path: BROKEN[how](scene.daemon.call("GET", path))}))
    assert found.in_sync
    assert ["could not be asked" in one.message for one in found.notices] == [True]


@pytest.mark.parametrize("what", INSPECTS[:2])
def test_what_goes_meanwhile_is_no_error(scene: Scene, what: str) -> None:
    answer = reply({"message": f"No such {what}"}, "404 Not Found")
    assert observed(scene, {path_of(scene, what): answer}).taken_at


NAMED = frozenset(["Networks", "Ports", "PortBindings", "ExposedPorts", "Volumes", "Containers"])
"""Objects whose keys are names: one more would be one thing more."""


def newer(value: Any, key: str = "") -> Any:
    if isinstance(value, list):
        return [newer(item) for item in value]
    if not isinstance(value, dict):
        return value
    known = {name: newer(item, name) for name, item in value.items()}
    texts = bool(value) and all(isinstance(item, str) for item in value.values())  # labels, options
    return known if texts or not value or key in NAMED else {"Newer": {"Unknown": [1, None]}, **known, "Other": "x"}


@pytest.mark.parametrize("what", [*LISTS, *INSPECTS, "offer"])
def test_what_a_newer_engine_tells_besides_does_no_harm(scene: Scene, what: str) -> None:
    path = path_of(scene, what)
    true = scene.daemon.call("GET", path)
    told = {**newer(true), "Volumes": newer(true["Volumes"])} if what == "volumes" else newer(true)
    assert told != true
    assert plan(scene.spec, observed(scene, {path: reply(told)})).in_sync


NEEDED = {
    "containers": {"Id"},
    "networks": {"Id", "Name"},
    "volumes": {"Name"},
    "images": {"Id"},
    "container": {"Id", "Name", "Image", "State", "Config", "HostConfig", "NetworkSettings"},
    "image": {"Id"},
    "closer": {"Id"},
}


def nulls(what: str, true: Any) -> list[Any]:
    """The answer with one part of it null: of each row, of an inspect also one step deeper."""
    found = []
    rows = true["Volumes"] if what == "volumes" else true if isinstance(true, list) else [true]
    for key in sorted({key for row in rows for key in row} - NEEDED[what]):
        changed = [{**row, key: None} if key in row else row for row in rows]
        found.append({**true, "Volumes": changed} if what == "volumes" else changed if rows is true else changed[0])
    if what == "container":
        for part in ("Config", "HostConfig", "NetworkSettings"):
            found += [{**true, part: {**true[part], key: None}} for key in true[part]]
    return found


@pytest.mark.parametrize("what", [*LISTS, *INSPECTS])
def test_null_is_as_good_as_nothing(scene: Scene, what: str) -> None:
    path = path_of(scene, what)
    cases = nulls(what, scene.daemon.call("GET", path))
    assert cases
    for told in cases:
        plan(scene.spec, observed(scene, {path: reply(told)}))
