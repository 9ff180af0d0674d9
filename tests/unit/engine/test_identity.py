"""Which Engine it is: asked once, and again where another may be in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from reconciler.engine.engine import DockerEngine
from reconciler.engine.here import Here
from reconciler.state.identity import EngineIdentity

if TYPE_CHECKING:
    from reconciler.engine.client import Client


class _Client:
    def __init__(self) -> None:
        self.asked = 0
        self.introduce()

    def introduce(self) -> None:
        self.about = EngineIdentity("28.5.2", "1.51", "linux", "amd64")

    def get(self, path: str) -> dict[str, Any]:
        assert path == "/info"
        self.asked += 1
        return {"ID": f"engine {self.asked}"}


def test_it_is_asked_once_for_each_introduction() -> None:
    client = _Client()
    engine = DockerEngine(cast("Client", client), Here.of({}))
    assert [engine.identity(), engine.identity()] == ["engine 1", "engine 1"]
    client.introduce()  # as the same version: the Engine's data may still be other data
    assert [engine.identity(), engine.identity()] == ["engine 2", "engine 2"]
