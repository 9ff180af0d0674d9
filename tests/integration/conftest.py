"""What the integration tests share: an image that idles, and worlds to declare things in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.integration.world import IDLE, World, a_world
from tests.support.registry import Registry, a_registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.engine import Engine


@pytest.fixture(scope="session")
def idle_image(engine: Engine) -> str:
    """An image that says something of its own for most fields, and whose command idles."""
    return engine.import_image(
        "test-idle:1",
        changes=[
            f"CMD {json.dumps(IDLE)}",
            "ENV FROM_IMAGE=image",
            "LABEL from.image=image",
            "USER root",
            "WORKDIR /www",
            "VOLUME /data",
            "EXPOSE 80",
        ],
    )


@pytest.fixture(scope="session")
def registry(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry that anybody may use."""
    with a_registry(engine, tmp_path_factory.mktemp("registry"), "127.0.0.1:28600") as made:
        yield made


@pytest.fixture
def world(engine: Engine, idle_image: str, tmp_path: Path) -> Iterator[World]:
    """A project of one's own."""
    with a_world(engine, idle_image, tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def module_world(
    engine: Engine, idle_image: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[World]:
    """A project that a module's tests share, because what they look at was done once for all of them."""
    folder = tmp_path_factory.mktemp(request.node.name.rpartition("/")[2].removesuffix(".py"))
    with a_world(engine, idle_image, folder) as made:
        yield made
