"""One apply that changed something, as it is remembered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one resource.

    Attributes:
        kind: container, image, network or volume.
        name: on the Engine.
        operation: what was to become of it, such as `replace`.
        result: one of done, failed, rolled back, skipped.
        fields: the paths of what differed, such as `environment.TZ`; never a value.
        error: why it failed; empty where it did not.
    """

    kind: str
    name: str
    operation: str
    result: str
    fields: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Which spec it was.

    Attributes:
        digest: of the spec with everything resolved.
        files: that it was read from; none for standard input.
        commit: of the Git repository that the first file lies in, with `+` where that was not what the file said; empty
            where there is none.
    """

    digest: str = ""
    files: tuple[str, ...] = ()
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One apply that changed something.

    Attributes:
        number: counted from 1, over all projects; 0 while it is not stored.
        project: whose.
        engine: the Engine's ID.
        command: what was called: apply, watch, down, rollback, restart.
        began: RFC 3339, UTC.
        seconds: how long it took.
        user: who called it.
        host: where.
        source: from which spec.
        result: one of done, failed, partly failed, rolled back, interrupted.
        changes: what became of each resource.
        spec: the spec with everything resolved, in the native form, without secrets; None where there was none.
        secrets: where values were left out of it.
        images: the digest or ID that each image reference had.
        used: what the project's containers were made from as it began: the reference and the image's ID.
    """

    project: str
    engine: str
    command: str
    began: str
    seconds: float
    user: str
    host: str
    source: Source
    result: str
    changes: tuple[Done, ...]
    spec: Mapping[str, Any] | None = None
    secrets: tuple[tuple[str | int, ...], ...] = ()
    images: Mapping[str, str] = field(default_factory=dict)
    used: tuple[tuple[str, str], ...] = ()
    number: int = 0
