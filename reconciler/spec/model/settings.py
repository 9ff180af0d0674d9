"""Settings of a project: how its spec is carried out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reconciler.spec.model.values import Boolean, Duration, Integer, Texts, Value, one_of
from reconciler.spec.model.windows import Window


class Settings(Value):
    """How a spec is carried out.

    Attributes:
        interval: how often `watch` looks at everything, even if nothing asked for it; 5m without it.
        prune: whether what is no longer declared is removed; true without it. Volumes never are.
        max_removals: how many containers and networks may go at once where nobody is there to agree; without it half of
            what is there, and at least 3.
        parallelism: how many calls to the Engine are made at once.
        on_failure: `continue` with what does not depend on what failed, or `stop`: begin nothing more.
        keep_images: how many earlier images of each repository `--prune-images` leaves for going back; 1
            without it.
        sensitive: names, with `*` for any letters, of variables and labels whose values are never shown, besides the
            usual ones such as `*PASSWORD*`.
        suspend: whether `watch` leaves the project alone; what a person applies is carried out.
        windows: when `watch` may replace and remove; at any time without them.
    """

    interval: Duration | None = None
    prune: Boolean = True
    max_removals: Annotated[Integer, Field(ge=0)] | None = None
    parallelism: Annotated[Integer, Field(ge=1, le=64)] | None = None
    on_failure: Annotated[Literal["continue", "stop"], one_of("continue", "stop")] = "continue"
    keep_images: Annotated[Integer, Field(ge=0)] = 1
    sensitive: Texts = ()
    suspend: Boolean = False
    windows: tuple[Window, ...] = ()
