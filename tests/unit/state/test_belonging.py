from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.fields import ownership
from reconciler.fields.compose_labels import ONE_OFF, PROJECT, SERVICE
from reconciler.spec.model import Spec
from reconciler.state.belonging import Belongings, belongings
from reconciler.state.images import ImageState
from reconciler.state.output import Event
from reconciler.state.snapshot import NetworkState, Snapshot
from tests.unit.report.scenes import ENGINE, TAKEN_AT, container

SPEC = Spec.model_validate(
    {
        "name": "hello",
        "networks": {"front": {"name": "shared"}},
        "volumes": {"data": {"name": "kept"}},
        "containers": {"web": {"image": "nginx:1.27", "networks": ["front"]}},
    }
)
HERE = Snapshot(
    TAKEN_AT,
    ENGINE,
    containers=(
        container("hello-old-1", "old", image="redis:7", image_id="sha256:old"),
        replace(container("x", "db", image="redis:7", image_id="sha256:old"), place=("db", 1)),
    ),
    networks=(NetworkState("1", "odd", "bridge", {ownership.PROJECT: "hello"}), NetworkState("2", "bridge", "b", {})),
    images=(ImageState("sha256:1", frozenset({"docker.io/library/nginx:1.27"}), {}),),
)


@pytest.mark.parametrize(
    ("kind", "id_", "attributes", "with_spec", "without"),
    [
        ("container", "1", {"name": "x", ownership.PROJECT: "hello"}, True, True),
        ("container", "1", {"name": "hello-web-1", ownership.PROJECT: "other"}, False, False),
        ("container", "1", {"name": "hello_web"}, False, False),
        ("container", "1", {PROJECT: "hello", SERVICE: "web", "name": "hello-web-1"}, True, False),
        ("container", "1", {PROJECT: "hello", SERVICE: "other", "name": "hello-other-1"}, False, False),
        ("container", "1", {PROJECT: "hello", SERVICE: "web", ONE_OFF: "True"}, False, False),
        ("container", "x-id", {"name": "x"}, True, True),
        ("network", "1", {"name": "hello_default"}, True, True),
        ("network", "1", {"name": "odd"}, True, True),
        ("network", "1", {"name": "shared"}, True, False),
        ("network", "1", {"name": "bridge"}, False, False),
        ("volume", "kept", {}, True, False),
        ("volume", "hello_x", {}, True, True),
        ("volume", "hello", {}, False, False),
        ("image", "nginx:1.27", {"name": "nginx"}, True, False),
        ("image", "sha256:1", {"name": "sha256:1"}, True, False),
        ("image", "sha256:9", {"name": "docker.io/library/nginx:1.27"}, True, False),
        ("image", "redis:7", {"name": "redis"}, True, True),
        ("image", "sha256:old", {}, True, True),
        ("image", "nginx:1.26", {"name": "nginx"}, False, False),
        ("daemon", "1", {}, True, True),
        ("builder", "", {}, False, False),
    ],
)
def test_what_belongs_to_a_project(
    kind: str, id_: str, attributes: dict[str, str], with_spec: bool, without: bool
) -> None:
    event = Event(0, kind, "any", id_, attributes)
    assert belongings("hello", SPEC, HERE).has(event) is with_spec
    assert belongings("hello", None, HERE).has(event) is without
    assert not Belongings("another").has(event) or kind == "daemon"
