"""Which run is meant, and what its spec is today."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.errors import Refused, UsageError
from reconciler.journal.going_back import run_to_go_back_to, spec_of
from reconciler.journal.run import Run, Source
from reconciler.spec.reference import full_reference
from reconciler.state.images import ImageState
from reconciler.state.snapshot import Snapshot
from tests.support.simulated import NEW

DIGEST, MADE = f"sha256:{'d' * 64}", f"sha256:{'1' * 64}"


def run(number: int, digest: str, result: str = "done", **more: Any) -> Run:
    made = Run(
        "p", "E", "apply", "2026-01-01T00:00:00+00:00", 1.0, "ann", "box", Source(digest), result, (), {"name": "p"}
    )
    return replace(made, number=number, **more)


def snapshot(**tags: str) -> Snapshot:
    """Images by ID; each with the reference that it has, where that is not empty."""
    images = tuple(
        ImageState(known, frozenset([full_reference(tag)] if tag else []), {}) for known, tag in tags.items()
    )
    return Snapshot("2026-01-01T00:00:00+00:00", NEW, images=images)


def test_the_last_good_one_with_another_spec() -> None:
    runs = [run(4, "b", "failed"), run(3, "b"), run(2, "a", "failed"), run(1, "a")]
    assert run_to_go_back_to(runs, None).number == 1
    assert run_to_go_back_to(runs, 2).number == 2


def test_the_same_spec_with_other_images_is_another_one() -> None:
    runs = [run(2, "a", images={"x": "2"}), run(1, "a", images={"x": "1"})]
    assert run_to_go_back_to(runs, None).number == 1


@pytest.mark.parametrize(
    ("runs", "number", "said"),
    [
        ([], None, "no earlier spec"),
        ([run(1, "a")], None, "no earlier spec"),
        ([run(1, "a")], 2, "no 2 in the history"),
        ([run(1, "", command="down", spec=None)], 1, "has no spec"),
    ],
)
def test_what_can_not_be_gone_back_to(runs: list[Run], number: int | None, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        run_to_go_back_to(runs, number)


def test_what_a_registry_has_is_pinned() -> None:
    spec = {
        "name": "p",
        "containers": {"web": {"image": "nginx:1"}},
        "images": {"nginx:1": {"platform": "linux/arm64"}},
    }
    found = spec_of(run(1, "a", spec=spec, images={"nginx:1": f"docker.io/library/nginx@{DIGEST}"}), {}, snapshot())
    assert found["images"] == {"nginx:1": {"platform": "linux/arm64", "digest": DIGEST}}
    assert found["containers"] == {"web": {"image": "nginx:1"}}


@pytest.mark.parametrize("known", [MADE, f"docker.io/library/made@{MADE}"])
@pytest.mark.parametrize(("tag", "image"), [("made:1", "made:1"), ("other:1", MADE)])
def test_what_was_made_here_is_not_made_again(tag: str, image: str, known: str) -> None:
    spec = {"name": "p", "containers": {"web": {"image": "made:1", "build": {"context": "/nowhere"}}}}
    found = spec_of(run(1, "a", spec=spec, images={"made:1": known}), {}, snapshot(**{MADE: tag}))
    assert found == {"name": "p", "containers": {"web": {"image": image}}}
    assert "build" in spec["containers"]["web"], "the history stays as it is"  # type: ignore[index]


def test_what_is_gone_is_named() -> None:
    spec = {"name": "p", "containers": {"web": {"image": "made:1"}}, "images": {"made:1": {"import": "/nowhere"}}}
    with pytest.raises(Refused, match='image "made:1" of run 1 is gone: sha256:111111111111'):
        spec_of(run(1, "a", spec=spec, images={"made:1": MADE}), {}, snapshot())
    spec = {"name": "p", "containers": {"web": {"image": "nginx:1", "environment": {"PIN": None}}}}
    secret = ("containers", "web", "environment", "PIN")
    with pytest.raises(Refused, match=r"`containers\.web\.environment\.PIN`"):
        spec_of(run(1, "a", spec=spec, secrets=(secret,)), {"containers": {"web": {}}}, snapshot())
