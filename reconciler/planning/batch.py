"""Replicas that are replaced at once: where one of them fails, all of them are taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.planning.steps import ContainerPlan


def as_one(parts: Sequence[ContainerPlan]) -> None:
    """Make several replacements one: the old containers are there until all of the new ones have their places."""
    groups = [next(action.group for action in part.actions if action.group) for part in parts]
    in_place = {need for part in parts for need in part.replaced}
    for part in parts:
        part.actions = [
            replace(action, group=groups[0])
            if action.group
            else replace(action, needs=(*action.needs, *sorted(in_place.difference(action.needs))))
            if in_place.intersection(action.needs)
            else action
            for action in part.actions
        ]
