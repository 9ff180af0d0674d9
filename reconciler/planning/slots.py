"""Which container is which: names and labels tell the one in service from what a replacement left behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from reconciler.spec.model import Spec
from reconciler.state.snapshot import ContainerState

NEXT = ".next"
"""Ends the name of a container that is to take another's place and has not proven itself yet."""

OLD = ".old"
"""Ends the name of a container whose place has been taken."""


class Slot(NamedTuple):
    """One place for a container, and who is there.

    Attributes:
        current: the one in service, under whatever name; None where there is none.
        leftovers: others of the same place, of a replacement that was cut off: they go.
    """

    current: ContainerState | None
    leftovers: tuple[ContainerState, ...]


def key_of(spec: Spec, container: ContainerState) -> str:
    """The container's key in the spec; where the spec does not have it, the one that it was made by.

    A label can't be changed on a container that exists: one that was renamed in the spec still bears its old key.
    """
    made_by = container.resource
    if made_by in spec.containers:
        return made_by
    return spec.renamed.get(made_by, made_by)


def find_slot(final: str, candidates: Sequence[ContainerState]) -> Slot:
    """Tell the containers of one place apart.

    The one with the final name is in service. Where none has it, a replacement was cut off between its two renames:
    the new one has been proven by then, so it comes before the old one.

    Args:
        final: the name that the one in service has, or is to have.
        candidates: those of the place.
    """
    if len(candidates) == 1:
        return Slot(candidates[0], ())

    def rank(container: ContainerState) -> tuple[int, str]:
        name = container.name
        place = 0 if name == final else 3 if name.endswith(OLD) else 2 if name.endswith(NEXT) else 1
        return (place, container.id)

    ranked = sorted(candidates, key=rank)
    return Slot(ranked[0] if ranked else None, tuple(ranked[1:]))
