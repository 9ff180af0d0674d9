"""Lists that were asked for ahead: each is used once, by the next observation, and whatever went wrong is told then."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any, cast

import pytest

from reconciler.engine.ahead import ReadingAhead
from reconciler.engine.engine import DockerEngine
from reconciler.engine.lists import LISTS
from reconciler.errors import EngineUnreachable
from tests.support.simulated import HERE, Scene, SimulatedEngine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.engine.client import Client
    from reconciler.engine.reading import Reading


class Counting(SimulatedEngine):
    """Notes what is asked for."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.asked: list[str] = []
        self.away = False

    def get(self, path: str, params: Mapping[str, Any] | None = None, **more: object) -> Any:
        self.asked.append(path)
        if self.away:
            raise EngineUnreachable("there is no Engine")
        return {"ID": "one"} if path == "/info" else super().get(path, params, **more)


LISTED = [path for path, _ in LISTS]


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.declare({"web": {}, "db": {}})
    scene.converge()
    return scene


def test_the_next_observation_asks_for_no_list_again_and_the_one_after_it_does(scene: Scene) -> None:
    client = Counting(scene.daemon)
    engine = DockerEngine(cast("Client", client), HERE)
    engine.look_ahead()()
    assert client.asked == ["/info", *LISTED]
    assert engine.identity() == "one"
    client.asked.clear()
    first = engine.observe("p", scene.spec)
    assert not {*client.asked} & {"/info", *LISTED}
    assert [one.name for one in first.containers] == ["p-db-1", "p-web-1"]
    scene.hand("POST", "/volumes/create", body={"Name": "new"})
    second = engine.observe("p", scene.spec)
    assert {*client.asked} >= {*LISTED}
    assert [volume.name for volume in second.volumes] == ["new"]


def test_what_was_asked_for_ahead_can_be_forgotten(scene: Scene) -> None:
    client = Counting(scene.daemon)
    engine = DockerEngine(cast("Client", client), HERE)
    engine.look_ahead()()
    scene.hand("POST", "/volumes/create", body={"Name": "new"})
    engine.look_again()
    assert [volume.name for volume in engine.observe("p", scene.spec).volumes] == ["new"]


def test_who_observes_meanwhile_waits_for_the_answer(scene: Scene) -> None:
    engine = DockerEngine(cast("Client", Counting(scene.daemon)), HERE)
    ask = engine.look_ahead()
    found: list[int] = []
    observing = threading.Thread(target=lambda: found.append(len(engine.observe("p", scene.spec).containers)))
    observing.start()
    observing.join(0.05)
    assert not found
    ask()
    observing.join()
    assert found == [2]


def test_what_went_wrong_is_told_to_who_observes(scene: Scene) -> None:
    client = Counting(scene.daemon)
    engine = DockerEngine(cast("Client", client), HERE)
    client.away = True
    engine.look_ahead()()
    client.away = False
    with pytest.raises(EngineUnreachable):
        engine.observe("p", scene.spec)
    assert len(engine.observe("p", scene.spec).containers) == 2


def test_another_query_is_another_question(scene: Scene) -> None:
    client = Counting(scene.daemon)
    ahead = ReadingAhead(cast("Reading", client))
    ahead.ask()
    client.asked.clear()
    ahead.get("/containers/json", {"all": "0"})
    assert client.asked == ["/containers/json"]
    assert len(ahead.get("/containers/json", {"all": "1"})) == 2
    assert client.asked == ["/containers/json"]


def test_connecting_imports_nothing_that_reading_a_spec_imports() -> None:
    """Two threads import at once: of modules that import each other one of them would see half."""
    code = (
        "import sys, reconciler.engine.engine, reconciler.engine.client, reconciler.engine.endpoint\n"
        "import reconciler.engine.here, reconciler.engine.unix, reconciler.engine.ahead\n"
        "print({'pydantic', 'docker', 'yaml', 'click'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
