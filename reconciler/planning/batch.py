"""Replicas that are replaced at once: they are taken back at once, and leave their networks one after the other."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from reconciler.planning.actions import DisconnectNetwork

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.planning.steps import ContainerPlan


def as_one(parts: Sequence[ContainerPlan]) -> None:
    """Make several replacements one: the old containers are there until all of the new ones have their places."""
    groups = [next(action.group for action in part.actions if action.group) for part in parts]
    in_place = {[action.id for action in part.actions if action.group][-1] for part in parts}
    for part in parts:
        part.actions = [
            replace(action, group=groups[0])
            if action.group
            else replace(action, needs=(*action.needs, *sorted(in_place.difference(action.needs))))
            if in_place.intersection(action.needs)
            else action
            for action in part.actions
        ]


def leave_in_turns(parts: Sequence[ContainerPlan]) -> None:
    """Let old containers be out of their networks one after the other, so that none is given another's address."""
    for before, part in pairwise(parts):
        for at, action in enumerate(part.actions):
            if isinstance(action, DisconnectNetwork) and not action.group:
                part.actions[at] = replace(action, after=(*action.after, *before.replaced))
                break
