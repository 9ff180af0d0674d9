"""Which images the registry is asked for while observing, so that planning has no need to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.spec.wanted_images import WantedImage
    from reconciler.state.images import ImageState


def asks_registry(wanted: WantedImage, here: ImageState | None, taken_at: str) -> bool:
    """Whether a plan depends on what the registry has under a reference now.

    Args:
        wanted: the reference.
        here: what it names on the Engine.
        taken_at: now, RFC 3339.
    """
    if wanted.is_absent or wanted.is_made_here or wanted.image.digest or "@" in wanted.full:
        return False
    match wanted.pull:
        case "always":
            return True
        case "refresh":
            return here is None or _is_due(here, wanted.age, taken_at)
        case "missing":
            # With a build too, it is built where the registry has none.
            return here is None and wanted.build is not None
        case _:
            return False


def looks_closer(wanted: WantedImage) -> bool:
    """Whether a plan depends on more of an image that is here than the Engine's list tells."""
    return bool(wanted.pull == "refresh" or wanted.platform or wanted.image.load)


def _is_due(here: ImageState, age: int, taken_at: str) -> bool:
    if here.tagged_at is None:
        return True  # this Engine does not note when it pulls: nothing says that it was lately
    return datetime.fromisoformat(taken_at) - datetime.fromisoformat(here.tagged_at) >= timedelta(seconds=age)
