"""A lock: the digest that each reference of a spec had in its registry, so that every apply runs the same images."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import Refused
from reconciler.planning.images import tag_owners
from reconciler.planning.plan import Notice
from reconciler.spec.invalid import Invalid
from reconciler.spec.model import Image
from reconciler.spec.reference import full_reference, is_id, parse_reference
from reconciler.spec.wanted_images import WantedImage, wanted_images
from reconciler.state.resource import Kind, ResourceKey

if TYPE_CHECKING:
    from reconciler.spec.model import Spec
    from reconciler.state.images import Offer

_HEADER = "# Written by `reconciler lock`: the image that each reference meant. `apply --locked` runs just these.\n"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_SHORT_DIGEST = 19
"""`sha256:` and 12 digits."""

_LOCK_AGAIN = "run `reconciler lock`, and look at what it changes"

Lock = Mapping[str, str]
"""Reference as it is written → digest."""


@dataclass(frozen=True, slots=True)
class Lockable:
    """What a lock of a spec holds.

    Attributes:
        references: those whose digest the registry decides, sorted.
        left_out: the others, sorted: reference → why it has no digest.
    """

    references: tuple[str, ...]
    left_out: Mapping[str, str]


def lockable(spec: Spec) -> Lockable:
    """Which of a spec's images a lock is for."""
    wanted = wanted_images(spec)
    owners = tag_owners(spec, wanted)
    here = {full: image for full, image in wanted.items() if not image.is_absent}
    left_out = {
        image.text: f"a tag of {wanted[owners[full]].text}" if full in owners else why
        for full, image in here.items()
        if (why := _why_not(image)) or full in owners
    }
    references = sorted({image.text for image in here.values()} - left_out.keys())
    return Lockable(tuple(references), dict(sorted(left_out.items())))


def _why_not(image: WantedImage) -> str:
    reference = None if is_id(image.text) else parse_reference(image.text)
    if reference is None:
        return "named by its ID"
    if image.image.import_:
        return "imported"
    if image.image.load:
        return "loaded"
    if image.build:
        return "built"
    if image.image.digest:
        return "the spec has its digest"
    if reference.digest:
        return "named by its digest"
    return "never pulled" if image.pull == "never" else ""


def lock_text(digests: Lock, left_out: Mapping[str, str]) -> str:
    """The lock as a file: one line an image, sorted; what is left out is a comment."""
    lines = {reference: f"{reference} {digest}\n" for reference, digest in digests.items()}
    lines |= {reference: f"# {reference}: {why}\n" for reference, why in left_out.items()}
    return _HEADER + "".join(lines[reference] for reference in sorted(lines))


def read_lock(text: str) -> dict[str, str]:
    """The lock that a file holds.

    Raises:
        ValueError: a line makes no sense; the message has its number.
    """
    found: dict[str, str] = {}
    names: set[str] = set()
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 2 or not _DIGEST.fullmatch(words[1]):
            raise ValueError(f"line {number} is not a reference and its digest")
        try:
            full = str(parse_reference(words[0]))
        except Invalid as error:
            raise ValueError(f"line {number}: {error}") from error
        if full in names:
            raise ValueError(f"line {number}: {words[0]} stands there twice")
        names.add(full)
        found[words[0]] = words[1]
    return found


def pinned(spec: Spec, lock: Lock, name: str) -> Spec:
    """The spec, in which each image has the digest of the lock, as if `images` said so.

    Args:
        spec: what is wanted.
        lock: the digests.
        name: of the lock's file, for a person.

    Raises:
        Refused: an image is not in the lock.
    """
    digests = {full_reference(reference): digest for reference, digest in lock.items()}
    references = lockable(spec).references
    missing = [reference for reference in references if full_reference(reference) not in digests]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise Refused(f"{', '.join(missing)} {verb} not in {name}; nothing has been changed", _LOCK_AGAIN)
    written = {full_reference(text): text for text in spec.images}
    images = dict(spec.images)
    for reference in references:
        full = full_reference(reference)
        text = written.get(full, reference)
        images[text] = images.get(text, Image()).model_copy(update={"digest": digests[full]})
    return spec.model_copy(update={"images": images})


def differences(spec: Spec, lock: Lock, offers: Mapping[str, Offer]) -> Iterator[str]:
    """What a new lock would change, in words.

    Args:
        spec: what is wanted.
        lock: what stands in the file.
        offers: what the registries have now, by reference as the spec writes it.
    """
    digests = {full_reference(reference): digest for reference, digest in lock.items()}
    references = lockable(spec).references
    for reference in references:
        before, offer = digests.get(full_reference(reference)), offers.get(reference)
        if before is None:
            yield f"{reference} is not in the lock"
        elif offer and offer.digest and offer.digest != before:
            yield f"{reference} has moved: {before[:_SHORT_DIGEST]} → {offer.digest[:_SHORT_DIGEST]}"
    wanted = {full_reference(reference) for reference in references}
    for reference in sorted(lock):
        if full_reference(reference) not in wanted:
            yield f"{reference} is in the lock, and the spec has no such image to pull"


def moved(lock: Lock, offers: Mapping[str, Offer]) -> list[Notice]:
    """The tags that mean another image by now, and are left at the one of the lock.

    Args:
        lock: the digests.
        offers: what the registries have now, by reference as the lock writes it; what could not be asked says nothing.
    """
    return [
        Notice(
            ResourceKey(Kind.IMAGE, reference),
            f"{reference} has moved since it was locked: the registry has {offer.digest[:_SHORT_DIGEST]}, "
            f"and {digest[:_SHORT_DIGEST]} is what runs",
            "`reconciler lock` takes the new one",
        )
        for reference, digest in sorted(lock.items())
        if (offer := offers.get(reference)) and offer.digest and offer.digest != digest
    ]
