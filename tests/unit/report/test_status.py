from __future__ import annotations

import json
import re

import pytest

from reconciler.fields import ownership
from reconciler.planning.plan import Plan
from reconciler.report.status import StatusRow, status_dict, status_rows, status_text
from reconciler.report.style import Style
from reconciler.spec.model import Spec
from reconciler.state.images import ImageState
from reconciler.state.snapshot import ContainerState, NetworkState, Snapshot, VolumeState
from tests.unit.report.scenes import (
    ENGINE,
    NOT_OURS,
    STATE,
    TAKEN_AT,
    TZ,
    change,
    container,
    field,
    key,
    plan,
    published,
)

OFF, ON = Style(False), Style(True)
OURS = {ownership.PROJECT: "hello"}

SPEC = Spec.model_validate(
    {
        "name": "hello",
        "images": {"hello-web:1": {}},
        "volumes": {"pages": {}},
        "containers": {
            "web": {"image": "hello-web:1", "ports": ["8080:80"]},
            "db": {"image": "postgres:17"},
            "job": {"image": "hello-web:1"},
            "new": {"image": "hello-web:1"},
            "cache": {"image": "hello-web:1"},
            "gone": {"image": "never:1", "state": "absent", "networks": ["unused"]},
        },
    }
)


def snapshot(*containers: ContainerState) -> Snapshot:
    return Snapshot(
        TAKEN_AT,
        ENGINE,
        containers=containers,
        images=(ImageState("sha256:1", frozenset({"docker.io/library/hello-web:1"}), {}),),
        networks=(NetworkState("1", "hello_default", "bridge", OURS), NetworkState("2", "bridge", "bridge", {})),
        volumes=(VolumeState("hello_pages", "local", OURS), VolumeState("hello_data", "local", OURS)),
    )


THERE = snapshot(
    container(
        "hello-web-1",
        "web",
        health="healthy",
        ports=published(("80/tcp", "0.0.0.0", "8080"), ("80/tcp", "::", "8080")),
    ),
    container("hello-db-1", "db", image="postgres:17", started_at="2026-02-20T01:00:00Z"),
    container("hello-job-1", "job", "exited", exit_code=1, finished_at="2026-03-01T10:00:00.5Z"),
    container("hello-cache-1", "cache", "restarting", exit_code=137, restarts=5),
    container("hello-old-1", "old"),
)
PLAN = plan(
    change("image", "postgres:17", "pull"),
    change("container", "hello-new-1", "create", "hello-web:1"),
    change("container", "hello-db-1", "replace", "", TZ, field("user", "none", "postgres")),
    change("container", "hello-job-1", "start", "", STATE),
    change("container", "hello-old-1", "remove", "no longer declared"),
    kept_volumes=("hello_data",),
)


def shown(found: Plan, there: Snapshot, width: int, spec: Spec | None = SPEC, style: Style = OFF) -> list[str]:
    return status_text(found, status_rows(found, spec, there), style, width).split("\n")


def test_the_table_at_200_columns() -> None:
    assert shown(PLAN, THERE, 200) == [
        "hello on Docker 28.5.2: 5 of 11 resources not as declared",
        "",
        "    KIND       NAME           WANTED   ACTUAL                       IMAGE        PORTS    RESTARTS  DRIFT",
        "  ✓ image      hello-web:1    present  present                                                      in sync",
        "  + image      postgres:17    present  missing                                                      pull",
        "  ✓ network    hello_default  present  present                                                      in sync",
        "    volume     hello_data              present                                                      stays",
        "  ✓ volume     hello_pages    present  present                                                      in sync",
        "  ! container  hello-cache-1  running  restarting (137)             hello-web:1           5         in sync",
        (
            "  ~ container  hello-db-1     running  running 9 days               postgres:17                     "
            "replace: environment.TZ, user"
        ),
        (
            "  ~ container  hello-job-1    running  exited (1) 1 hour ago        hello-web:1                     "
            "start: state"
        ),
        "  + container  hello-new-1    running  missing                                                      create",
        (
            "  - container  hello-old-1    absent   running 3 minutes            hello-web:1                     "
            "remove: no longer declared"
        ),
        "  ✓ container  hello-web-1    running  running 3 minutes (healthy)  hello-web:1  8080→80            in sync",
    ]


def test_details_stand_below_at_80_columns() -> None:
    assert shown(PLAN, THERE, 80) == [
        "hello on Docker 28.5.2: 5 of 11 resources not as declared",
        "",
        "    KIND       NAME           WANTED   ACTUAL                       DRIFT",
        "  ✓ image      hello-web:1    present  present                      in sync",
        "  + image      postgres:17    present  missing                      pull",
        "  ✓ network    hello_default  present  present                      in sync",
        "    volume     hello_data              present                      stays",
        "  ✓ volume     hello_pages    present  present                      in sync",
        "  ! container  hello-cache-1  running  restarting (137)             in sync",
        "               hello-web:1, 5 restarts",
        "  ~ container  hello-db-1     running  running 9 days",
        "               replace: environment.TZ, user",
        "               postgres:17",
        "  ~ container  hello-job-1    running  exited (1) 1 hour ago        start: state",
        "               hello-web:1",
        "  + container  hello-new-1    running  missing                      create",
        "  - container  hello-old-1    absent   running 3 minutes",
        "               remove: no longer declared",
        "               hello-web:1",
        "  ✓ container  hello-web-1    running  running 3 minutes (healthy)  in sync",
        "               hello-web:1, 8080→80",
    ]


def test_colours_change_nothing_else() -> None:
    for width in (80, 200):
        painted = shown(PLAN, THERE, width, style=ON)
        assert [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in painted] == shown(PLAN, THERE, width)
    assert shown(PLAN, THERE, 80, style=ON)[8:10] == [
        (
            "  \x1b[1;31m!\x1b[0m container  \x1b[1mhello-cache-1\x1b[0m  running  \x1b[1;31mrestarting (137)\x1b[0m"
            "             \x1b[2min sync\x1b[0m"
        ),
        "               \x1b[2mhello-web:1, 5 restarts\x1b[0m",
    ]


def test_without_a_spec_it_says_what_is_there_and_judges_nothing() -> None:
    assert shown(plan(), THERE, 80, None)[:6] == [
        "hello on Docker 28.5.2",
        "",
        "    KIND       NAME           ACTUAL",
        "    network    hello_default  present",
        "    volume     hello_data     present",
        "    volume     hello_pages    present",
    ]


def test_in_sync_and_nothing_at_all() -> None:
    spec = Spec.model_validate({"name": "hello", "images": {"hello-web:1": {}}})
    there = Snapshot(TAKEN_AT, ENGINE, images=THERE.images)
    assert shown(plan(), there, 80, spec) == [
        "hello on Docker 28.5.2: in sync",
        "",
        "    KIND   NAME         WANTED   ACTUAL   DRIFT",
        "  ✓ image  hello-web:1  present  present  in sync",
    ]
    nothing = Snapshot(TAKEN_AT, ENGINE)
    assert shown(plan(), nothing, 80, None) == ["hello on Docker 28.5.2: nothing declared, nothing there."]


def row_of(name: str, rows: list[StatusRow]) -> StatusRow:
    return next(row for row in rows if row.resource.name == name)


def web(state: ContainerState, found: Plan | None = None) -> StatusRow:
    spec = Spec.model_validate({"name": "hello", "containers": {"web": {"image": "hello-web:1"}}})
    return row_of("hello-web-1", status_rows(found or plan(), spec, snapshot(state)))


def actual(state: ContainerState) -> str:
    line = shown(plan(), snapshot(state), 80, None)[-1]
    return re.split(r"  +", line)[3]


@pytest.mark.parametrize(
    ("status", "more", "text"),
    [
        ("running", {"started_at": "2026-03-01T11:59:59Z"}, "running 1 second"),
        ("running", {"started_at": "2026-03-01T12:00:07Z"}, "running 0 seconds"),
        ("running", {"started_at": "yesterday"}, "running"),
        ("running", {"health": "starting"}, "running 3 minutes (starting)"),
        ("paused", {}, "paused 3 minutes"),
        ("restarting", {"exit_code": 1}, "restarting (1)"),
        ("created", {"started_at": "0001-01-01T00:00:00Z"}, "created"),
        ("exited", {"finished_at": "2026-03-01T07:00:00+01:00", "health": "unhealthy"}, "exited (0) 6 hours ago"),
        ("dead", {"exit_code": 255}, "dead (255)"),
    ],
)
def test_states(status: str, more: dict[str, str], text: str) -> None:
    assert actual(container("hello-web-1", "web", status, **more)) == text


@pytest.mark.parametrize(
    ("wanted", "status", "code", "sign", "text"),
    [
        ("completed", "exited", 0, "✓", "completed 1 hour ago"),
        ("completed", "exited", 3, "!", "exited (3) 1 hour ago"),
        ("completed", "running", 0, "✓", "running 3 minutes"),
        ("stopped", "exited", 0, "✓", "exited (0) 1 hour ago"),
        ("paused", "paused", 0, "✓", "paused 3 minutes"),
    ],
)
def test_jobs_and_what_is_paused(wanted: str, status: str, code: int, sign: str, text: str) -> None:
    web = {"image": "hello-web:1", "state": wanted}
    spec = Spec.model_validate({"name": "hello", "containers": {"web": web}})
    state = container("hello-web-1", "web", status, exit_code=code, finished_at="2026-03-01T11:00:00Z")
    lines = shown(plan(), snapshot(state), 200, spec)
    line = next(line for line in lines if "hello-web-1" in line)
    assert re.split(r"  +", line)[:5] == ["", f"{sign} container", "hello-web-1", wanted, text]
    row = row_of("hello-web-1", status_rows(plan(), spec, snapshot(state)))
    assert row.state == status, "as data, it is what Docker says"


def test_each_replica_has_a_row() -> None:
    spec = Spec.model_validate({"name": "hello", "containers": {"web": {"image": "hello-web:1", "replicas": 11}}})
    there = snapshot(container("hello-web-1", "web"), container("hello-web-12", "web", replica="12"))
    rows = [row for row in status_rows(plan(), spec, there) if row.resource.kind == "container"]
    assert [(row.resource.name, row.wanted, row.state) for row in rows] == [
        ("hello-web-1", "running", "running"),
        *((f"hello-web-{number}", "running", "missing") for number in range(2, 12)),
        ("hello-web-12", "absent", "running"),
    ]


def test_ports_are_those_that_are_published_now() -> None:
    state = container(
        "hello-web-1",
        "web",
        ports=published(
            ("443/tcp", "127.0.0.1", "8443"),
            ("53/udp", "0.0.0.0", "53"),
            ("80/tcp", "::", "49153"),
            ("80/tcp", "0.0.0.0", "49153"),
            ("80/tcp", "::1", "8080"),
        ),
    )
    assert web(state).ports == ("53→53/udp", "49153→80", "[::1]:8080→80", "127.0.0.1:8443→443")
    many = published(*((f"{port}/tcp", "0.0.0.0", str(port)) for port in range(8000, 8100)))
    text = shown(plan(), snapshot(container("hello-web-1", "web", ports=many)), 80, None)[-1]
    assert text.strip() == "hello-web:1, 8000→8000, 8001→8001, 8002→8002, 8003→8003, +96"
    wide = shown(plan(), snapshot(container("hello-web-1", "web", ports=many)), 200, None)[-1]
    assert wide.endswith("  hello-web:1  8000→8000, 8001→8001, 8002→8002, 8003→8003, +96")


def test_a_replacement_that_was_cut_off_shows_both_containers() -> None:
    spec = Spec.model_validate({"name": "hello", "containers": {"web": {"image": "hello-web:1"}}})
    there = snapshot(container("hello-web-1.next", "web"), container("hello-web-1", "web", "exited"))
    rows = status_rows(plan(change("container", "hello-web-1.next", "remove", "left behind")), spec, there)
    assert [(row.resource.name, row.wanted, row.state, row.operation) for row in rows[-2:]] == [
        ("hello-web-1", "running", "exited", None),
        ("hello-web-1.next", "absent", "running", "remove"),
    ]


def test_conflicts_and_what_is_held_back() -> None:
    spec = Spec.model_validate({"name": "hello", "containers": {"api": {"image": "a:1"}, "bad": {"image": "a:1"}}})
    found = plan(
        change("container", "hello-bad-1", "hold", "failed before, not tried again", TZ),
        change("container", "hello-bad-1", "update", "", field("restart", "no", "always")),
        conflicts=(NOT_OURS,),
    )
    there = snapshot(container("hello-bad-1", "bad"))
    bad = row_of("hello-bad-1", status_rows(found, spec, there))
    assert (bad.operation, bad.fields) == ("update", ("environment.TZ", "restart"))
    assert shown(found, there, 80, spec)[-6:] == [
        "  ! container  hello-api-1    running  missing",
        '               conflict: container "hello-api-1" exists and belongs to project',
        '               "other"',
        "  ~ container  hello-bad-1    running  running 3 minutes",
        "               update: environment.TZ, restart",
        "               hello-web:1",
    ]


def test_as_data() -> None:
    rows = status_rows(PLAN, SPEC, THERE)
    data = json.loads(json.dumps(status_dict(PLAN, rows)))
    assert {name: data[name] for name in ("project", "engine", "in_sync", "kept_volumes", "conflicts")} == {
        "project": "hello",
        "engine": {"version": "28.5.2", "api_version": "1.51", "os": "linux", "arch": "amd64"},
        "in_sync": False,
        "kept_volumes": ["hello_data"],
        "conflicts": [],
    }
    by_name = {resource["name"]: resource for resource in data["resources"]}
    assert by_name["hello-job-1"] == {
        "kind": "container",
        "name": "hello-job-1",
        "wanted": "running",
        "state": "exited",
        "exit_code": 1,
        "since": "2026-03-01T10:00:00.5Z",
        "seconds": 7199,
        "health": None,
        "image": "hello-web:1",
        "image_moved": False,
        "ports": [],
        "restarts": 0,
        "in_sync": False,
        "operation": "start",
        "fields": ["state"],
        "note": "",
    }
    assert by_name["hello_data"]["wanted"] is None
    assert by_name["hello-web-1"]["ports"] == ["8080→80"]
    assert key("container", "hello-web-1") in {row.resource for row in rows}


def test_what_is_said_of_the_project_stands_below_the_heading() -> None:
    for there in (THERE, snapshot()):
        rows = status_rows(PLAN, SPEC, there)
        plain = status_text(PLAN, rows, OFF, 80).split("\n")
        assert status_text(PLAN, rows, OFF, 80, below=["    x"]).split("\n") == [plain[0], "    x", *plain[1:]]
    nothing = status_text(plan(), [], OFF, 80, below=["    x"])
    assert nothing == "hello on Docker 28.5.2: nothing declared, nothing there.\n    x"


def test_names_from_the_engine_can_not_break_the_terminal() -> None:
    there = snapshot(container("x\x1b[2J日本", "old", "run\nning", image="a\rb"))
    assert shown(plan(), there, 80, None)[-2:] == [
        "    volume     hello_pages    present",
        "    container  x\\e[2J日本     run\\nning  a\\rb",
    ]


def test_a_tag_that_has_moved_is_told_wide_and_narrow() -> None:
    there = snapshot(container("hello-web-1", "web", image_id="sha256:before"))
    rows = {row.resource.name: row for row in status_rows(plan(), SPEC, there)}
    assert rows["hello-web-1"].moved is True
    for width in (200, 60):
        assert "hello-web:1 (tag moved)" in "\n".join(shown(plan(), there, width))
    gone = container("hello-db-1", "db", image="postgres:17")
    [row] = [row for row in status_rows(plan(), SPEC, snapshot(gone)) if row.resource.name == "hello-db-1"]
    assert row.moved is None, "it names nothing here any more"


def test_ports_are_links_where_a_terminal_has_them() -> None:
    there = snapshot(
        container(
            "hello-web-1",
            "web",
            ports=published(
                ("80/tcp", "0.0.0.0", "8080"), ("443/tcp", "127.0.0.1", "8443"), ("53/udp", "0.0.0.0", "53")
            ),
        )
    )
    rows = status_rows(plan(), SPEC, there)
    for width in (200, 60):
        plain = status_text(plan(), rows, Style(True), width, "box")
        linked = status_text(plan(), rows, Style(True, links=True), width, "box")
        assert "\x1b]8;;http://box:8080\x1b\\8080→80\x1b]8;;\x1b\\" in linked
        assert "\x1b]8;;https://127.0.0.1:8443\x1b\\127.0.0.1:8443→443\x1b]8;;\x1b\\" in linked
        assert linked.count("\x1b]8;;http") == 2, "nothing opens a UDP port"
        assert re.sub(r"\x1b\]8;;.*?\x1b\\", "", linked) == plain, "links take no room"


def test_what_needs_a_look() -> None:
    rows = {row.resource.name: row for row in status_rows(PLAN, SPEC, THERE)}
    assert rows["hello-db-1"].needs_a_look
    assert rows["hello-cache-1"].needs_a_look, "as declared, but it restarts for ever"
    assert not rows["hello-web-1"].needs_a_look
