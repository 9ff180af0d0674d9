"""What becomes of images, by what is declared, what is here, and what the registry has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.planning.images import ImagePlan, plan_images
from reconciler.spec.model import Spec
from reconciler.state.images import Archive, ArchivedImage, Content, ImageState, Offer
from reconciler.state.snapshot import Snapshot
from tests.support.simulated import IDLE, NEW, Scene, changes

FULL = "docker.io/library/app:1"
ONE, TWO = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
NOW = "2026-01-02T12:00:00+00:00"


def here(tagged_at: str = "0001-01-01T00:00:00Z", digest: str = ONE, **more: Any) -> ImageState:
    inspect = {"Metadata": {"LastTagTime": tagged_at}, "Os": "linux", "Architecture": "amd64", **more}
    return ImageState("sha256:id", frozenset([FULL, f"docker.io/library/app@{digest}"]), {}, {}, inspect)


def planned(
    container: dict[str, Any], *images: ImageState, offer: Offer | None = None, entry: Any = None, **more: Any
) -> ImagePlan:
    data = {"name": "p", "containers": {"web": {"image": "app:1", **container}}}
    if entry is not None:
        data["images"] = {"app:1": entry}
    spec = Spec.model_validate(data, context={"folder": None})
    offers = {FULL: offer} if offer else {}
    return plan_images(spec, Snapshot(taken_at=NOW, engine=NEW, images=images, offers=offers, **more))[FULL]


def outcome(plan: ImagePlan) -> str:
    if plan.conflicts:
        return "conflict"
    return plan.action.kind if plan.action else "kept"


@pytest.mark.parametrize("written", [ONE, ONE.removeprefix("sha256:")])
def test_an_image_may_be_named_by_its_id(written: str) -> None:
    spec = Spec.model_validate({"name": "p", "containers": {"web": {"image": written}}}, context={"folder": None})
    assert spec.containers["web"].image == ONE

    def found(*images: ImageState) -> ImagePlan:
        [plan] = plan_images(spec, Snapshot(taken_at=NOW, engine=NEW, images=images)).values()
        return plan

    kept = found(ImageState(ONE, frozenset(), {}, {}))
    assert (outcome(kept), kept.image_id) == ("kept", ONE)
    [conflict] = found(ImageState(TWO, frozenset(), {}, {})).conflicts
    assert "no registry knows an image by its ID" in conflict.message


def test_the_beginning_of_an_id_is_no_name_of_an_image_to_pull() -> None:
    data = {"name": "p", "containers": {"web": {"image": ONE.removeprefix("sha256:")[:12]}}}
    spec = Spec.model_validate(data, context={"folder": None})
    for images, expected in ([ImageState(ONE, frozenset(), {}, {})], "conflict"), ([], "pull"):
        [plan] = plan_images(spec, Snapshot(taken_at=NOW, engine=NEW, images=tuple(images))).values()
        assert outcome(plan) == expected
        assert [one.hint for one in plan.conflicts] == [f"write the whole of the ID: {ONE}"] * len(images)


@pytest.mark.parametrize(
    ("policy", "images", "digest", "expected"),
    [
        (None, [], None, "pull"),
        (None, [here()], None, "kept"),
        ("missing", [here()], None, "kept"),
        ("missing", [], None, "pull"),
        ("if_not_present", [], None, "pull"),
        ("never", [here()], None, "kept"),
        ("never", [], None, "conflict"),
        ("build", [here()], None, "conflict"),
        ("always", [], ONE, "pull"),
        ("always", [here()], ONE, "kept"),
        ("always", [here()], TWO, "pull"),
        ("refresh", [here()], TWO, "pull"),
        ("daily", [here()], TWO, "pull"),
        ("daily", [here("2026-01-02T00:00:00.123456789Z")], TWO, "kept"),
        ("daily", [here("2026-01-01T11:59:59.1Z")], TWO, "pull"),
        ("weekly", [here("2026-01-01T00:00:00Z")], TWO, "kept"),
        ("every_1h30m", [here("2026-01-02T10:29:00Z")], TWO, "pull"),
        ("every_1h30m", [here("2026-01-02T10:31:00Z")], TWO, "kept"),
    ],
)
def test_pull_policies(policy: str | None, images: list[ImageState], digest: str | None, expected: str) -> None:
    container = {"pull_policy": policy} if policy else {}
    found = planned(container, *images, offer=Offer(digest) if digest else None)
    assert outcome(found) == expected
    if expected == "pull" and images and found.change:
        assert [field.path for field in found.change.fields] == ["digest"]


def test_a_registry_that_says_nothing_is_a_notice_and_what_is_here_stays() -> None:
    found = planned({"pull_policy": "always"}, here(), offer=Offer(None, "refused", "start it"))
    assert outcome(found) == "kept"
    assert found.image_id == "sha256:id"
    [notice] = found.notices
    assert "refused" in notice.message
    assert "start it" in notice.hint
    assert outcome(planned({"pull_policy": "always"}, offer=Offer(None, "refused"))) == "pull"


@pytest.mark.parametrize(
    ("platform", "expected"),
    [("linux/amd64", "kept"), ("linux/x86_64", "kept"), ("linux/arm64", "pull"), ("linux/arm/v7", "pull")],
)
def test_platforms(platform: str, expected: str) -> None:
    assert outcome(planned({"platform": platform}, here())) == expected
    assert outcome(planned({}, here(), entry={"platform": platform})) == expected


def test_the_variant_counts_where_it_is_declared() -> None:
    image = here(Architecture="arm", Variant="v6")
    assert outcome(planned({"platform": "linux/arm"}, image)) == "kept"
    assert outcome(planned({"platform": "linux/arm/v6"}, image)) == "kept"
    assert outcome(planned({"platform": "linux/arm/v5"}, image)) == "pull"


def test_a_declared_digest() -> None:
    assert outcome(planned({}, here(), entry={"digest": ONE})) == "kept"
    found = planned({}, here(), entry={"digest": TWO})
    assert found.action
    assert (found.action.kind, getattr(found.action, "digest"), getattr(found.action, "pinned")) == ("pull", TWO, True)  # noqa: B009


def test_of_several_containers_the_one_that_wants_it_newest_decides() -> None:
    spec = Spec.model_validate(
        {
            "name": "p",
            "containers": {
                "a": {"image": "app:1", "pull_policy": "never"},
                "b": {"image": "docker.io/library/app:1", "pull_policy": "daily"},
                "c": {"image": "app:1", "pull_policy": "every_1h"},
                "d": {"image": "app:1"},
            },
        }
    )
    [found] = plan_images(spec, Snapshot(taken_at=NOW, engine=NEW)).values()
    assert (found.wanted.pull, found.wanted.age) == ("refresh", 3600)


BUILD = {"build": "/app"}
CONTENT: dict[str, Any] = {"contexts": {"/app": Content("sha256:content")}}


def test_a_build_is_done_where_its_digest_is_another() -> None:
    found = planned(BUILD, **CONTENT)
    assert found.action
    label = found.action.params["labels"]["io.reconciler.digest"]  # type: ignore[attr-defined]
    built = replace(here(), labels={"io.reconciler.digest": label})
    assert outcome(planned(BUILD, built, **CONTENT)) == "kept"
    assert outcome(planned({"build": {"context": "/app", "args": {"A": "1"}}}, built, **CONTENT)) == "build"
    assert outcome(planned({"build": {"context": "/app", "pull": True}}, built, **CONTENT)) == "build"
    # More references of it are no other content.
    tagged = planned({"build": {"context": "/app", "tags": ["b:1"]}}, built, **CONTENT)
    assert outcome(tagged) == "kept"
    assert [one.kind for one in tagged.tagging] == ["tag"]
    assert outcome(planned(BUILD, built, contexts={"/app": Content("sha256:other")})) == "build"
    always = planned({**BUILD, "pull_policy": "build"}, built, **CONTENT)
    assert (outcome(always), always.image_id) == ("build", "sha256:id")


@pytest.mark.parametrize(
    ("policy", "images", "offer", "expected"),
    [
        ("missing", [], Offer(ONE), "pull"),
        ("missing", [], Offer(None, "none"), "build"),
        ("missing", [here()], None, "kept"),
        ("always", [here()], Offer(TWO), "pull"),
        ("always", [here()], Offer(None, "none"), "build"),
        ("never", [], None, "conflict"),
        ("never", [here()], None, "kept"),
    ],
)
def test_a_build_beside_a_pull_policy(
    policy: str, images: list[ImageState], offer: Offer | None, expected: str
) -> None:
    assert outcome(planned({**BUILD, "pull_policy": policy}, *images, offer=offer, **CONTENT)) == expected


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("additional_contexts", {"x": "/x"}),
        ("cache_to", ["x"]),
        ("entitlements", ["x"]),
        ("no_cache_filter", ["x"]),
        ("platforms", ["linux/amd64", "linux/arm64"]),
        ("privileged", True),
        ("provenance", "true"),
        ("sbom", "true"),
        ("secrets", ["x"]),
        ("ssh", ["default"]),
    ],
)
def test_what_only_buildkit_can_do_is_a_conflict_by_name(attribute: str, value: Any) -> None:
    [conflict] = planned({"build": {"context": "/app", attribute: value}}, **CONTENT).conflicts
    assert f"`{attribute}`" in conflict.message


def test_a_cache_that_is_no_image_is_for_buildkit_where_it_is_there_and_else_left_out() -> None:
    build = {"context": "/app", "cache_from": ["x:1", "type=local,src=/cache"]}
    with_it = planned({"build": build}, buildx="0.29.1", **CONTENT).action
    assert {"--cache-from=x:1", "--cache-from=type=local,src=/cache"} <= {*with_it.options}  # type: ignore[union-attr]
    without = planned({"build": build}, **CONTENT).action
    assert without.params["cachefrom"] == ["x:1"]  # type: ignore[union-attr]


def test_what_goes_into_the_call() -> None:
    build = {
        "context": "https://example.com/x.git",
        "args": {"A": "1"},
        "target": "t",
        "network": "host",
        "extra_hosts": {"a": "192.0.2.1"},
        "shm_size": "1m",
        "cache_from": ["x:1"],
        "no_cache": True,
        "pull": True,
        "platforms": ["linux/arm64"],
        "ulimits": {"nofile": 5},
        "labels": {"l": "1"},
    }
    found = planned({"build": build})
    assert found.action
    params = dict(found.action.params)  # type: ignore[attr-defined]
    assert params.pop("labels").keys() == {"l", "io.reconciler.digest"}
    assert params == {
        "t": "app:1",
        "version": "1",
        "rm": True,
        "forcerm": True,
        "buildargs": {"A": "1"},
        "target": "t",
        "networkmode": "host",
        "extrahosts": ["a:192.0.2.1"],
        "shmsize": "1048576",
        "cachefrom": ["x:1"],
        "nocache": True,
        "pull": True,
        "platform": "linux/arm64",
        "ulimits": [{"Name": "nofile", "Soft": 5, "Hard": 5}],
        "remote": "https://example.com/x.git",
    }


def test_what_can_not_be_is_a_conflict() -> None:
    spec = Spec.model_validate(
        {
            "name": "p",
            "images": {"absent:1": {"state": "absent"}, "made:1": {"load": "/a"}},
            "containers": {
                "a": {"image": "app:1", "build": "/a"},
                "b": {"image": "app:1", "build": "/b"},
                "c": {"image": "absent:1"},
                "d": {"image": "made:1", "pull_policy": "always"},
                "e": {"image": "two:1", "platform": "linux/amd64"},
                "f": {"image": "two:1", "platform": "linux/arm64"},
            },
        },
        context={"folder": None},
    )
    plans = plan_images(spec, Snapshot(taken_at=NOW, engine=NEW))
    assert all(len(plan.conflicts) == 1 for plan in plans.values()), plans


def test_archives() -> None:
    images = {FULL: ArchivedImage(frozenset(["sha256:id"]))}
    entry = {"load": "/a.tar"}
    archives = {"/a.tar": Archive("sha256:file", images)}
    assert outcome(planned({}, here(), entry=entry, archives=archives)) == "kept"
    assert outcome(planned({}, entry=entry, archives=archives)) == "load"
    other = {"/a.tar": Archive("sha256:file", {FULL: ArchivedImage(frozenset(["sha256:other"]))})}
    assert outcome(planned({}, here(), entry=entry, archives=other)) == "load"
    assert outcome(planned({}, entry=entry, archives={"/a.tar": Archive("", problem="broken")})) == "conflict"
    assert outcome(planned({}, entry=entry, archives={"/a.tar": Archive("x", {})})) == "conflict"


# --- the whole of a cycle, on a simulated Engine --------------------------------------------------------------------


def test_a_tag_that_moves_in_the_registry_is_followed_once() -> None:
    scene = Scene()
    scene.daemon.offer("reg:1", Cmd=IDLE)
    scene.declare({"web": {"image": "reg:1", "pull_policy": "always"}})
    scene.converge()
    first = scene.id("web")
    scene.daemon.offer("reg:1", Cmd=IDLE, User="other")
    assert changes(scene.plan()) == {"reg:1": ("pull", ["digest"]), "p-web-1": ("replace", ["image"])}
    scene.converge()
    assert scene.id("web") != first


def test_a_reference_is_removed_after_the_container_that_used_it() -> None:
    scene = Scene()
    scene.declare({"web": {}})
    scene.converge()
    scene.declare({}, images={"app:1": {"state": "absent"}})
    found = scene.plan()
    assert [action.kind for action in found.actions][-1] == "remove-image"
    scene.converge()
    assert not scene.daemon.has.images


def test_tags_follow_their_image() -> None:
    scene = Scene()
    scene.daemon.offer("reg:1", Cmd=IDLE)
    scene.declare({"web": {"image": "also:1"}}, images={"reg:1": {"pull": "always", "tags": ["also:1"]}})
    scene.converge()
    first = scene.id("web")
    scene.daemon.offer("reg:1", Cmd=IDLE, User="other")
    scene.converge()
    assert scene.id("web") != first
