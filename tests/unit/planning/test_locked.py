"""Locks: what is in one, how it is written and read, and what it makes of a spec."""

from __future__ import annotations

import pytest

from reconciler.errors import Refused
from reconciler.planning.locked import differences, lock_text, lockable, moved, pinned, read_lock
from reconciler.spec.model import Spec
from reconciler.state.images import Offer

ONE, TWO = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"


def spec(*images: str, **entries: object) -> Spec:
    containers = {f"c{number}": {"image": image} for number, image in enumerate(images)}
    return Spec.model_validate({"name": "shop", "containers": containers, "images": entries.pop("images", {})})


def test_what_no_registry_decides_is_left_out_with_a_reason() -> None:
    found = lockable(
        spec(
            "nginx:1.27",
            f"redis@{ONE}",
            "shop/app:latest",
            "by-hand:1",
            images={
                "shop/app:1": {"build": {"context": "/app"}, "tags": ["shop/app:latest"]},
                "rootfs:1": {"import": "/rootfs"},
                "saved:1": {"load": "/saved.tar"},
                "pinned:1": {"digest": TWO},
                "by-hand:1": {"pull": "never"},
                "gone:1": {"state": "absent"},
                "alone:1": {},
            },
        )
    )
    assert found.references == ("alone:1", "nginx:1.27")
    assert found.left_out == {
        "by-hand:1": "never pulled",
        "pinned:1": "the spec has its digest",
        f"redis@{ONE}": "named by its digest",
        "rootfs:1": "imported",
        "saved:1": "loaded",
        "shop/app:1": "built",
        "shop/app:latest": "a tag of shop/app:1",
    }


def test_a_lock_is_a_line_an_image_and_reads_as_it_was_written() -> None:
    lock = {"redis:7": TWO, "nginx:1.27": ONE}
    text = lock_text(lock, {"made:1": "built"})
    assert text.splitlines()[1:] == ["# made:1: built", f"nginx:1.27 {ONE}", f"redis:7 {TWO}"]
    assert text == lock_text(dict(reversed(lock.items())), {"made:1": "built"})
    assert read_lock(text) == lock


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("nginx", "line 1"),
        (f"\nnginx {ONE} more", "line 2"),
        ("nginx sha256:12", "line 1"),
        (f"UPPER {ONE}", "line 1"),
        (f"nginx {ONE}\ndocker.io/library/nginx:latest {TWO}", "line 2.*twice"),
    ],
)
def test_a_lock_that_makes_no_sense_is_said_with_its_line(text: str, line: str) -> None:
    with pytest.raises(ValueError, match=line):
        read_lock(text)


def test_each_image_is_pinned_however_it_is_spelled() -> None:
    wanted = spec("docker.io/library/nginx:1.27", "redis", images={"redis:latest": {"platform": "linux/arm64"}})
    found = pinned(wanted, {"nginx:1.27": ONE, "docker.io/library/redis:latest": TWO}, "the lock")
    assert {text: image.digest for text, image in found.images.items()} == {
        "docker.io/library/nginx:1.27": ONE,
        "redis:latest": TWO,
    }
    assert found.images["redis:latest"].platform == "linux/arm64"
    assert not wanted.images["redis:latest"].digest


def test_what_is_not_in_the_lock_is_refused_by_name() -> None:
    with pytest.raises(Refused, match=r"more:1, redis are not in reconciler\.lock"):
        pinned(spec("nginx", "redis", "more:1"), {"nginx": ONE}, "reconciler.lock")
    assert not pinned(spec("nginx@" + ONE), {}, "reconciler.lock").images


def test_differences_are_named() -> None:
    offers = {"nginx": Offer(TWO), "redis": Offer(ONE), "same": Offer(ONE)}
    lock = {"nginx": ONE, "same": ONE, "old": ONE}
    assert list(differences(spec("nginx", "redis", "same"), lock, offers)) == [
        f"nginx has moved: {ONE[:19]} → {TWO[:19]}",
        "redis is not in the lock",
        "old is in the lock, and the spec has no such image to pull",
    ]


def test_a_tag_that_moved_is_a_notice_and_a_registry_that_is_away_is_not() -> None:
    lock = {"nginx": ONE, "redis": ONE, "away": ONE}
    found = moved(lock, {"nginx": Offer(TWO), "redis": Offer(ONE), "away": Offer(None, "no route")})
    assert [notice.resource.name for notice in found] == ["nginx"]
    assert TWO[:19] in found[0].message
