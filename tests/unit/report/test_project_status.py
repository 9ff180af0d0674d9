"""What `status` says of a project as a whole: who watches it, a broken spec, what is paused and held."""

from __future__ import annotations

import json

from reconciler.journal.rests import Rest, Rests
from reconciler.locks.holder import Holder
from reconciler.report.project_status import ProjectStatus, project_dict, project_lines
from reconciler.report.style import Style

WATCHER = Holder("box", 7, "2026-05-10T11:00:00+00:00", "watch", ("/srv/shop.yaml",), state="/var/lib/state")
BROKEN = Holder(
    "box", 7, "2026-05-10T11:00:00+00:00", "watch", broken="shop.yaml:3:5", broken_since="2026-05-10T12:00:00+00:00"
)
PAUSE = Rest("", "2026-05-10T13:00:00+00:00", "2026-05-10T12:30:00+00:00", "ann")


def lines(status: ProjectStatus, width: int = 200) -> list[str]:
    return project_lines(status, "shop", Style(False), width)


def test_of_a_project_that_nobody_watches_nothing_is_said() -> None:
    assert lines(ProjectStatus()) == []
    assert not ProjectStatus().needs_a_look
    assert project_dict(ProjectStatus()) == {"watch": None, "paused": None, "suspended": False, "held": []}


def test_who_watches_and_keeps_the_last_good_spec() -> None:
    watched = ["    watched since 2026-05-10T11:00:00+00:00 by process 7 on box"]
    assert lines(ProjectStatus(WATCHER)) == watched
    assert not ProjectStatus(WATCHER).needs_a_look
    found = ProjectStatus(BROKEN)
    assert found.needs_a_look
    broken = "    its spec is broken at shop.yaml:3:5 since 2026-05-10T12:00:00+00:00: "
    assert lines(found) == [*watched, f"{broken}the last good one is kept until mended"]
    assert project_dict(found)["watch"]["spec_broken"] == {"at": "shop.yaml:3:5", "since": "2026-05-10T12:00:00+00:00"}
    assert project_dict(ProjectStatus(WATCHER))["watch"]["spec_broken"] is None


def test_what_is_paused_suspended_and_held() -> None:
    found = ProjectStatus(None, Rests(PAUSE, (Rest("web"), Rest("network/front", PAUSE.until, user="bob"))), True)
    pause = "    paused until 2026-05-10T13:00:00+00:00 by ann: "
    assert lines(found) == [
        f"{pause}watch leaves all of it alone; `reconciler resume shop` ends it",
        "    suspended by settings.suspend: watch leaves all of it alone",
        "    web is held until it is taken back; `reconciler unhold web` ends that",
        "    network/front is held until 2026-05-10T13:00:00+00:00 by bob; `reconciler unhold network/front` ends that",
    ]
    assert not found.needs_a_look, "a person has asked for it"
    data = json.loads(json.dumps(project_dict(found)))
    assert data["paused"] == {"until": PAUSE.until, "since": PAUSE.since, "user": "ann"}
    assert data["suspended"]
    assert data["held"] == [
        {"name": "web", "until": None, "since": None, "user": None},
        {"name": "network/front", "until": PAUSE.until, "since": None, "user": "bob"},
    ]


def test_what_others_wrote_can_not_break_the_terminal() -> None:
    told = lines(ProjectStatus(Holder("b\x1b[2Jox", 7, "now\nno", broken="a\rb")), 40)
    assert all(line.isprintable() and len(line) <= 40 for line in told)
