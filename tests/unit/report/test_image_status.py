from __future__ import annotations

import json

from reconciler.report.image_status import asked_for, image_rows, image_status_dict, image_status_text
from reconciler.report.style import Style
from reconciler.spec.model import Spec
from reconciler.state.images import ImageState, Offer
from reconciler.state.snapshot import Snapshot
from tests.unit.report.scenes import ENGINE, TAKEN_AT, container

OLD, NEW = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"

SPEC = Spec.model_validate(
    {
        "name": "hello",
        "images": {"made:1": {"import": "made.tar"}, "gone:1": {"state": "absent"}},
        "containers": {
            "web": {"image": "nginx:1.27"},
            "db": {"image": "postgres:17"},
            "job": {"image": "registry.example/job:1"},
            "pin": {"image": f"redis@{OLD}"},
            "off": {"image": "offline:1"},
            "made": {"image": "made:1"},
        },
    }
)
HERE = Snapshot(
    TAKEN_AT,
    ENGINE,
    containers=(
        container("hello-web-1", "web", image="nginx:1.27", image_id="sha256:1"),
        container("hello-job-1", "job", image="registry.example/job:1", image_id="sha256:before"),
    ),
    images=(
        ImageState("sha256:1", frozenset({"docker.io/library/nginx:1.27", f"docker.io/library/nginx@{OLD}"}), {}),
        ImageState("sha256:2", frozenset({"registry.example/job:1", f"registry.example/job@{NEW}"}), {}),
        ImageState("sha256:3", frozenset({"docker.io/library/made:1"}), {}),
        ImageState("sha256:4", frozenset({"docker.io/library/offline:1"}), {}),
    ),
)
OFFERS = {
    "nginx:1.27": Offer(NEW),
    "postgres:17": Offer(NEW),
    "registry.example/job:1": Offer(NEW),
    "offline:1": Offer(None, "the registry does not answer", "try again"),
}
ROWS = image_rows(SPEC, HERE, OFFERS)


def test_what_a_registry_can_be_asked_for() -> None:
    assert asked_for(SPEC) == ["nginx:1.27", "offline:1", "postgres:17", "registry.example/job:1"]


def test_the_table() -> None:
    assert image_status_text("hello", ROWS, Style(), 120).split("\n") == [
        "hello: 4 of 6 images to look at",
        "",
        "    KIND   NAME                    HERE     USED BY      REGISTRY",
        "  ✓ image  made:1                  3                     made here",
        "  ~ image  nginx:1.27              1        hello-web-1  the registry has another one: bbbbbbbbbbbb",
        "  ✓ image  offline:1               4                     can't say: the registry does not answer",
        "  + image  postgres:17             missing               the registry has bbbbbbbbbbbb",
        f"  + image  redis@sha256:{'a' * 64}",
        f"{' ' * 35}missing               pinned",
        (
            "  ~ image  registry.example/job:1  2        hello-job-1  up to date; "
            "the tag has moved since hello-job-1 was made"
        ),
    ]


def test_a_narrow_terminal_breaks_no_line() -> None:
    lines = image_status_text("hello", ROWS, Style(), 60).split("\n")
    assert max(map(len, lines)) <= 60
    assert "           the registry has another one: bbbbbbbbbbbb" in lines


def test_as_data() -> None:
    data = json.loads(json.dumps(image_status_dict("hello", ROWS)))
    by_name = {row["reference"]: row for row in data["images"]}
    assert {name: row["registry"] for name, row in by_name.items()} == {
        "made:1": "made here",
        "nginx:1.27": "another one",
        "offline:1": "unknown",
        "postgres:17": "missing",
        f"redis@{OLD}": "pinned",
        "registry.example/job:1": "up to date",
    }
    assert by_name["registry.example/job:1"] == {
        "reference": "registry.example/job:1",
        "id": "sha256:2",
        "used_by": ["hello-job-1"],
        "behind": ["hello-job-1"],
        "registry": "up to date",
        "offered": NEW,
        "problem": None,
    }
    assert by_name["offline:1"]["problem"] == "the registry does not answer"


def test_what_needs_a_look() -> None:
    assert [row.reference for row in ROWS if row.needs_a_look] == [
        "nginx:1.27",
        "postgres:17",
        f"redis@{OLD}",
        "registry.example/job:1",
    ]


def test_none_at_all() -> None:
    assert image_status_text("hello", [], Style(), 80) == "hello: no images."
