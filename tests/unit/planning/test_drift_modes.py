"""`drift`: what was changed by hand is mended, reported, or ignored; what the spec changes is always carried out."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.fields import ownership
from tests.support.simulated import Killed, Scene, SimulatedEngine, changes

MIB = 1 << 20


def made(drift: dict[str, Any], **container: Any) -> Scene:
    scene = Scene()
    declare(scene, drift, **container)
    scene.converge()
    return scene


def declare(scene: Scene, drift: dict[str, Any], **container: Any) -> None:
    web = {"mem_limit": "64m", "restart": "always", **container}
    scene.declare({"web": {**web, "drift": drift}})


def by_hand(scene: Scene, **update: Any) -> None:
    scene.hand("POST", f"/containers/{scene.id('web')}/update", None, update)


REPORT = {"mode": "report"}
IGNORE = {"mode": "ignore"}
MORE = {"Memory": 128 * MIB, "MemorySwap": 256 * MIB}


def test_mend_is_the_default() -> None:
    scene = made({})
    by_hand(scene, **MORE)
    assert changes(scene.plan()) == {"p-web-1": ("update", ["mem_limit"])}


def test_report_shows_the_field_and_does_nothing() -> None:
    scene = made(REPORT)
    by_hand(scene, **MORE)
    plan = scene.plan()
    assert changes(plan) == {"p-web-1": ("drift", ["mem_limit"])}
    [field] = plan.changes[0].fields
    assert (field.wanted_text, field.actual_text) == ("64m", "128m")
    assert plan.actions == ()
    assert plan.summary == {"drift": 1}
    assert not plan.in_sync
    assert not plan.is_pending
    assert scene.apply().exit_code == 0
    assert scene.inspect("web")["HostConfig"]["Memory"] == 128 * MIB


def test_report_leaves_a_stopped_one_stopped() -> None:
    scene = made(REPORT)
    scene.hand("POST", f"/containers/{scene.id('web')}/stop")
    assert changes(scene.plan()) == {"p-web-1": ("drift", ["state"])}


def test_ignore_does_not_even_show_it() -> None:
    scene = made(IGNORE)
    by_hand(scene, **MORE)
    scene.expect_in_sync()


@pytest.mark.parametrize("drift", [REPORT, IGNORE])
def test_what_the_spec_changes_is_carried_out(drift: dict[str, Any]) -> None:
    scene = made(drift)
    declare(scene, drift, mem_limit="96m")
    assert changes(scene.plan()) == {"p-web-1": ("update", ["mem_limit"])}
    scene.converge()
    declare(scene, drift, mem_limit="112m")
    assert changes(scene.plan()) == {"p-web-1": ("update", ["mem_limit"])}
    scene.converge()
    declare(scene, drift, mem_limit="112m", restart="no")
    assert changes(scene.plan()) == {"p-web-1": ("update", ["restart"])}
    declare(scene, drift, mem_limit="112m", state="stopped")
    assert changes(scene.plan()) == {"p-web-1": ("stop", ["state"])}


def test_beside_what_was_changed_by_hand() -> None:
    scene = made(REPORT)
    by_hand(scene, **MORE)
    declare(scene, REPORT, restart="no")
    assert [(one.operation.value, [field.path for field in one.fields]) for one in scene.plan().changes] == [
        ("drift", ["mem_limit"]),
        ("update", ["restart"]),
    ]
    scene.apply()
    assert changes(scene.plan()) == {"p-web-1": ("drift", ["mem_limit"])}
    # A new container is as declared.
    declare(scene, REPORT, restart="no", environment={"A": "1"})
    assert changes(scene.plan()) == {"p-web-1": ("replace", ["environment.A", "mem_limit"])}
    scene.converge()


def test_what_was_not_declared_and_was_set_by_hand() -> None:
    scene = made(REPORT)
    by_hand(scene, PidsLimit=99)
    assert changes(scene.plan()) == {"p-web-1": ("drift", ["pids_limit"])}
    # What the spec takes back is no drift.
    scene = made(REPORT, pids_limit=50)
    declare(scene, REPORT)
    assert changes(scene.plan()) == {"p-web-1": ("update", ["pids_limit"])}


def test_a_network_that_is_made_anew_is_joined_again() -> None:
    scene = Scene()
    web = {"networks": ["back"], "drift": REPORT}
    scene.declare({"web": web}, networks={"back": {}})
    scene.converge()
    scene.declare({"web": web}, networks={"back": {"internal": True}})
    scene.converge()
    assert list(scene.inspect("web")["NetworkSettings"]["Networks"]) == ["p_back"]


def test_a_network_that_was_left_by_hand() -> None:
    scene = Scene()
    scene.declare({"web": {"networks": ["default", "back"], "drift": REPORT}}, networks={"back": {}})
    scene.converge()
    scene.hand("POST", "/networks/p_back/disconnect", None, {"Container": scene.id("web")})
    assert changes(scene.plan()) == {"p-web-1": ("drift", ["networks"])}


@pytest.mark.parametrize("ignored", ["labels.build", "labels"])
def test_ignored_fields_are_no_difference_whoever_changed_them(ignored: str) -> None:
    drift = {"ignore": [ignored, "mem_limit"]}
    scene = made(drift, labels={"build": "1"})
    by_hand(scene, **MORE)
    scene.expect_in_sync()
    declare(scene, drift, labels={"build": "2"}, mem_limit="96m")
    scene.expect_in_sync()
    # With something else, they come along: a new container is as declared.
    declare(scene, drift, labels={"build": "2"}, environment={"A": "1"})
    assert changes(scene.plan()) == {"p-web-1": ("replace", ["environment.A"])}
    scene.converge()
    assert scene.inspect("web")["Config"]["Labels"]["build"] == "2"


def test_other_keys_are_compared_as_ever() -> None:
    drift = {"ignore": ["labels.build"]}
    scene = made(drift, labels={"build": "1", "builder": "a"})
    declare(scene, drift, labels={"build": "1", "builder": "b"})
    assert changes(scene.plan()) == {"p-web-1": ("replace", ["labels.builder"])}


def test_a_container_whose_label_is_lost_is_reported_on() -> None:
    """What was declared can't be told: nothing is mended that may have been changed by hand."""
    scene = made(REPORT)
    del scene.inspect("web")["Config"]["Labels"][ownership.IN_PLACE]
    by_hand(scene, **MORE)
    assert changes(scene.plan()) == {"p-web-1": ("drift", ["mem_limit"])}


# --- what looks like drift, and was done by a plan that was cut off --------------------------------------------------


@pytest.mark.parametrize("drift", [REPORT, IGNORE])
@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after it"])
def test_whichever_call_a_replacement_dies_at_the_next_one_converges(drift: dict[str, Any], after: bool) -> None:
    for call in range(1, 20):
        scene = made(drift)
        declare(scene, drift, user="x")
        engine = SimulatedEngine(scene.daemon)
        engine.kill_at(call, after=after)
        try:
            scene.apply(engine)
        except Killed:
            scene.converge()
            assert scene.names() == ["p-web-1"]
            assert scene.status("web") == "running"
        else:
            assert call > 6
            return
    pytest.fail("it never came to an end")


@pytest.mark.parametrize("call", range(1, 4))
def test_a_creation_that_was_cut_off_is_brought_to_its_end(call: int) -> None:
    scene = Scene()
    declare(scene, REPORT)
    engine = SimulatedEngine(scene.daemon)
    engine.kill_at(call)
    with pytest.raises(Killed):
        scene.apply(engine)
    scene.converge()
    assert scene.status("web") == "running"


def test_a_job_that_failed_is_run_again() -> None:
    scene = Scene()
    scene.declare({"job": {"command": ["exit", "3"], "state": "completed", "drift": REPORT}})
    scene.apply()
    assert changes(scene.plan()) == {"p-job-1": ("start", ["state"])}
