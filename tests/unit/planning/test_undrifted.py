"""The short way past what is as wanted never goes past what is not: whatever an Engine may report instead."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.fields.base import Instance
from reconciler.fields.table import TABLE
from reconciler.planning.diff import differences, is_undrifted
from reconciler.planning.planner import plan
from reconciler.spec.model import State
from reconciler.state.snapshot import ContainerState
from tests.integration.world import peers
from tests.support.simulated import OLD, Scene
from tests.unit.planning.test_recorded import FILES, read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import Snapshot

Place = tuple[str | int, ...]


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Where anything stands in an inspect, at whatever depth."""
    if place:
        yield place
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*place, key))


def others(value: Any) -> list[Any]:
    """What could stand there instead."""
    if isinstance(value, bool):
        return [None, not value]
    if isinstance(value, int | float):
        return [None, 0, value + 1]
    if isinstance(value, str):
        return [None, "", f"{value}x"]
    if isinstance(value, list):
        return [None, [], ["x"]]
    return [None, {}] if isinstance(value, dict) else [1, "x", ["x"], {"x": "y"}]


def changed(inspect: Any, place: Place, value: Any) -> Any:
    """The inspect with another value there; the rest is shared with it."""
    if not place:
        return value
    key, *rest = place
    found = inspect.copy()
    found[key] = changed(inspect[key], tuple(rest), value)
    return found


def instances(spec: Spec, snapshot: Snapshot) -> Iterator[tuple[Instance, ContainerState]]:
    """All that were recorded, as if they were wanted to run, and did."""
    running = {key: one.model_copy(update={"state": State.RUNNING}) for key, one in spec.containers.items()}
    spec = spec.model_copy(update={"containers": running})
    for recorded in snapshot.containers:
        state = {**recorded.inspect["State"], "Status": "running"}
        container = ContainerState({**recorded.inspect, "State": state})
        image = snapshot.image(spec.containers[container.resource].image)
        used = peers(spec, container.resource, snapshot)
        yield Instance(spec, container.resource, image_id=image.id if image else None, peers=used), container


SURE = [(row, row.surely) for row in TABLE if row.surely]
_COMPARED = ("HostConfig", "NetworkSettings", "State", "Name", "Image")
"""What an Engine's calls can change on a container; the rest is made once, and the label's digest tells of it."""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nothing_is_passed_by_that_differs(file: Path, tmp_path: Path) -> None:
    spec, snapshot = read(file, tmp_path)
    passed = tried = 0
    for instance, container in instances(spec, snapshot):
        if not is_undrifted(instance, container):
            continue
        passed += 1
        inspect: Any = container.inspect
        for place in places({key: inspect[key] for key in _COMPARED}):
            there: Any = inspect
            for step in place:
                there = there[step]
            for value in others(there):
                state = ContainerState(changed(inspect, place, value))
                try:
                    found = differences(instance, state, snapshot)
                except Exception:  # what no Engine reports
                    continue
                tried += 1
                for row, surely in SURE:
                    if surely(instance, state.inspect):
                        actual = row.actual(state.inspect)
                        assert row.same(row.wanted(instance), actual), (container.name, row.path, place, value)
                if found:
                    assert not is_undrifted(instance, state), (container.name, place, value)
    assert passed > len(snapshot.containers) / 2
    assert tried > passed


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_one_of_another_definition_is_not_passed_by(file: Path, tmp_path: Path) -> None:
    spec, snapshot = read(file, tmp_path)
    containers = {
        key: one.model_copy(update={"labels": {**one.labels, "new": "1"}}) for key, one in spec.containers.items()
    }
    renewed = spec.model_copy(update={"containers": containers})
    for instance, container in instances(renewed, snapshot):
        instance.declared |= {"labels"}
        assert not is_undrifted(instance, container)


def test_what_an_older_engine_does_not_know_is_told_also_of_what_is_as_wanted() -> None:
    scene = Scene()
    scene.declare({"web": {"annotations": {"team": "shop"}}, "other": {}})
    scene.converge()
    [conflict] = plan(scene.spec, replace(scene.snapshot(), engine=OLD)).conflicts
    assert conflict.message == "`annotations` needs API version 1.43, and this Engine speaks 1.41"
