"""Maintenance windows: when they are open, and what waits for them where nobody is there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler import load
from reconciler.errors import SpecError
from reconciler.planning.planner import plan
from reconciler.planning.windows import opening_text, opens_at
from reconciler.spec.model.windows import Window
from tests.support.simulated import Scene, changes

NIGHT = {"schedule": "0 3 * * *", "duration": "2h"}
SPRING = {"schedule": "30 2 * * *", "duration": "1h", "time_zone": "Europe/Berlin"}
NOON, AT_FOUR = "2026-05-10T12:00:00+00:00", "2026-05-10T04:00:00+00:00"
WAITS = "waits for its window, which opens at 2026-05-11 03:00 UTC"


@pytest.mark.parametrize(
    ("moment", "windows", "opening"),
    [
        (NOON, [], None),
        (NOON, [NIGHT], "2026-05-11 03:00 UTC"),
        ("2026-05-10T02:59:59+00:00", [NIGHT], "2026-05-10 03:00 UTC"),
        ("2026-05-10T03:00:00+00:00", [NIGHT], None),
        ("2026-05-10T04:59:59+00:00", [NIGHT], None),
        ("2026-05-10T05:00:00+00:00", [NIGHT], "2026-05-11 03:00 UTC"),
        ("2026-05-10T13:59:00+02:00", [NIGHT], "2026-05-11 03:00 UTC"),
        (NOON, [NIGHT, {"schedule": "30 12 * * *", "duration": "5m"}], "2026-05-10 12:30 UTC"),
        (NOON, [NIGHT, {"schedule": "59 11 * * *", "duration": "5m"}], None),
        (NOON, [{**NIGHT, "time_zone": "America/New_York"}], "2026-05-11 03:00 America/New_York"),
        ("2026-05-10T07:30:00+00:00", [{**NIGHT, "time_zone": "America/New_York"}], None),
        # The night in which clocks are put forward has no 02:30.
        ("2026-03-29T00:00:00+00:00", [SPRING], "2026-03-29 03:00 Europe/Berlin"),
        ("2026-05-10T00:30:00+00:00", [{"schedule": "0 22 * * sat", "duration": "4h"}], None),  # begun the day before
    ],
)  # fmt: skip
def test_when_it_opens(moment: str, windows: list[dict[str, Any]], opening: str | None) -> None:
    found = opens_at([Window.model_validate(one) for one in windows], moment)
    assert (found and opening_text(found)) == opening


@pytest.mark.parametrize(
    ("window", "said"),
    [
        ("{schedule: often, duration: 2h}", "is no cron expression"),
        ('{schedule: "0 0 30 2 *", duration: 2h}', "is no cron expression"),
        ('{schedule: "0 3 * * *", duration: 0}', "never opens"),
        ('{schedule: "0 3 * * *", duration: 2h, time_zone: Nowhere/Land}', "there is no time zone"),
        ('{schedule: "0 3 * * *", duration: 2h, time_zone: ../../etc/passwd}', "there is no time zone"),
    ],
)
def test_what_is_no_window(window: str, said: str, tmp_path: Any) -> None:
    text = f"name: p\ncontainers: {{web: {{image: app:1}}}}\nsettings: {{windows: [{window}]}}\n"
    (tmp_path / "reconciler.yaml").write_text(text)
    with pytest.raises(SpecError) as raised:
        load(tmp_path)
    assert [said in one.message for one in raised.value.diagnostics] == [True]


def declared(scene: Scene, containers: dict[str, Any], **others: Any) -> None:
    scene.declare(containers, settings={"windows": [NIGHT]}, **others)


def unattended(scene: Scene, moment: str = NOON) -> Any:
    return plan(scene.spec, replace(scene.snapshot(), taken_at=moment), attended=False)


def test_outside_nothing_is_replaced_or_removed_and_all_else_is_done() -> None:
    scene = Scene()
    containers: dict[str, Any] = {"web": {"mem_limit": "64m"}, "db": {}, "old": {}, "many": {"replicas": 2}}
    networks: dict[str, Any] = {"front": {}, "gone": {}}
    declared(scene, {**containers, "web": {**containers["web"], "networks": ["front"]}}, networks=networks)
    scene.converge()
    scene.hand("POST", f"/containers/{scene.id('web')}/stop")
    web = {"mem_limit": "128m", "environment": {"A": "1"}, "networks": ["front"]}
    declared(
        scene,
        {"web": web, "db": {}, "new": {}, "many": {"replicas": 1}},
        networks={"front": {"labels": {"tier": "1"}}},
    )
    found = unattended(scene)
    assert not found.conflicts
    assert sorted((one.resource.name, str(one.operation), one.note) for one in found.changes) == [
        ("p-many-2", "hold", WAITS),
        ("p-new-1", "create", "app:1"),
        ("p-old-1", "hold", WAITS),
        ("p-web-1", "hold", WAITS),
        ("p-web-1", "update", ""),
        ("p_front", "hold", WAITS),
        ("p_gone", "hold", WAITS),
    ]
    assert {one.kind for one in found.actions} == {"update", "start", "create"}
    assert not found.destructive

    inside = unattended(scene, AT_FOUR)
    assert {str(one.operation) for one in inside.changes} == {"replace", "remove", "create"}


def test_a_person_decides_and_is_told() -> None:
    scene = Scene()
    declared(scene, {"web": {}})
    scene.converge()
    declared(scene, {"web": {"environment": {"A": "1"}}})
    found = plan(scene.spec, replace(scene.snapshot(), taken_at=NOON))
    assert changes(found)["p-web-1"][0] == "replace"
    assert [one.message for one in found.notices] == [
        "outside the maintenance windows: `watch` would replace and remove from 2026-05-11 03:00 UTC on"
    ]
    assert not plan(scene.spec, replace(scene.snapshot(), taken_at=AT_FOUR)).notices


def test_who_depends_on_what_waits_is_still_started() -> None:
    scene = Scene()
    containers = {"db": {}, "web": {"depends_on": ["db"]}}
    declared(scene, containers)
    scene.converge()
    scene.hand("POST", f"/containers/{scene.id('web')}/stop")
    declared(scene, {**containers, "db": {"environment": {"A": "1"}}})
    found = unattended(scene)
    assert changes(found) == {"p-db-1": ("hold", ["environment.A"]), "p-web-1": ("start", ["state"])}
    assert [one.kind for one in found.actions] == ["start"]


def test_images_are_removed_within_only() -> None:
    scene = Scene()
    scene.daemon.add_image("old:1")
    declared(scene, {"web": {}}, images={"old:1": {"state": "absent"}})
    assert changes(unattended(scene))["old:1"][0] == "hold"
    assert changes(unattended(scene, AT_FOUR))["old:1"][0] == "remove"
