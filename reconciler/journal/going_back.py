"""The spec of an earlier run, as it can be carried out today: its images, and today's secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from reconciler.errors import Refused, UsageError
from reconciler.journal.secrets import with_secrets
from reconciler.spec.reference import full_reference

if TYPE_CHECKING:
    from reconciler.journal.run import Run
    from reconciler.state.snapshot import Snapshot

_MADE_HERE = ("build", "import", "load")
_SHORT_ID = 19


def run_to_go_back_to(runs: Sequence[Run], number: int | None) -> Run:
    """The run whose spec is meant.

    Args:
        runs: of the project on this Engine, the newest first.
        number: of the run; without it, the last one that came to a good end with another spec, or other images, than
            the newest has.

    Raises:
        UsageError: there is none.
    """
    if number is not None:
        found = next((run for run in runs if run.number == number), None)
        if found is None:
            raise UsageError(f"there is no {number} in the history of this project on this Engine", _LIST)
    else:
        runs = [run for run in runs if run.command != "restart"]  # which carries out no spec
        good = (run for run in runs if run.result == "done" and run.spec)
        found = next((run for run in good if _what(run) != _what(runs[0])), None)
        if found is None:
            raise UsageError("there is no earlier spec to go back to", _LIST)
    if found.spec is None:
        raise UsageError(f"{found.number} in the history has no spec: it was a {found.command} without one", _LIST)
    return found


def _what(run: Run) -> tuple[str, Mapping[str, str]]:
    """What was carried out: a tag may have moved while the spec stayed as it was."""
    return run.source.digest, run.images


_LIST = "`reconciler history` lists what there is"


def spec_of(run: Run, today: Mapping[str, Any], snapshot: Snapshot) -> dict[str, Any]:
    """The spec of a run in the native form, with its images and with today's secrets.

    What a registry has is pinned by its digest. What was made here is not made again: the image of that time is taken,
    by its ID where its tag has moved.

    Args:
        run: which one; it has a spec.
        today: today's spec in the native form.
        snapshot: what images there are.

    Raises:
        Refused: something that it needs is gone.
    """
    try:
        data = with_secrets(run.spec or {}, run.secrets, today)
    except KeyError as missing:
        raise Refused(
            f"run {run.number} had a secret at `{missing.args[0]}`; it is not stored, and today's spec has none there",
            "give the spec that value, and try again",
        ) from None
    pinned = {full_reference(text): known for text, known in run.images.items()}
    images: dict[str, Any] = deepcopy(data.get("images") or {})
    containers = data.get("containers") or {}
    made_here = {full_reference(text) for text, image in images.items() if (image or {}).keys() & set(_MADE_HERE)}
    made_here |= {full_reference(one["image"]) for one in containers.values() if one.get("build") and one.get("image")}
    images = {text: image for text, image in images.items() if full_reference(text) not in made_here}
    for container in containers.values():
        container.pop("build", None)
        text = container["image"]
        known = pinned.get(full_reference(text))
        if known is None:
            continue
        _, at, digest = known.partition("@")
        if at and full_reference(text) not in made_here:
            images[text] = {**(images.get(text) or {}), "digest": digest}
        else:
            container["image"] = _here(text, known, run, snapshot)
            container.pop("pull_policy", None)
    return {**data, "images": images} if images else {name: value for name, value in data.items() if name != "images"}


def _here(text: str, known: str, run: Run, snapshot: Snapshot) -> str:
    """What names the image of that time."""
    # With the containerd image store what was made here has a digest under its name too, and that is its ID.
    image_id = known.rpartition("@")[2]
    image = snapshot.image(known) or snapshot.image_by_id(image_id)
    if image is None:
        raise Refused(
            f'image "{text}" of run {run.number} is gone: {image_id[:_SHORT_ID]} was made here, and no registry has it',
            "make it again and apply it, or go back to another run",
        )
    return text if snapshot.image(text) is image else image.id
