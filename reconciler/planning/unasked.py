"""What a plan for a spec depends on and a snapshot, which may have been taken for another spec, does not hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconciler.spec.wanted_images import wanted_images
from reconciler.state.asking import asks_registry, looks_closer

if TYPE_CHECKING:
    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import Snapshot


def unasked(spec: Spec, snapshot: Snapshot) -> Iterator[str]:
    """Each thing that was not asked for when the snapshot was taken, in words."""
    for full, wanted in sorted(wanted_images(spec).items()):
        here = snapshot.image(wanted.text)
        if here and looks_closer(wanted) and not here.inspect:
            yield f"the details of image {wanted.text}"
        elif asks_registry(wanted, here, snapshot.taken_at) and full not in snapshot.offers:
            yield f"what the registry has as {wanted.text}"
