"""What earlier versions made is in sync under this one: nobody's containers are replaced by an upgrade."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler import load
from reconciler.fields.base import Instance
from reconciler.fields.ownership import DIGEST
from reconciler.fields.payload import digest
from reconciler.planning.diff import differences
from reconciler.planning.planner import plan
from reconciler.state.snapshot_form import snapshot_of
from tests.integration.world import peers
from tests.support.record_inspects import RECORDED
from tests.support.simulated import changes

if TYPE_CHECKING:
    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import Snapshot

FILES = sorted(RECORDED.glob("*.json"))


def read(file: Path, folder: Path) -> tuple[Spec, Snapshot]:
    recorded = json.loads(file.read_text(encoding="utf-8"))
    (folder / "reconciler.yaml").write_text(json.dumps(recorded["spec"]))
    return load(folder), snapshot_of(recorded["state"])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_was_recorded_is_in_sync(file: Path, tmp_path: Path) -> None:
    spec, snapshot = read(file, tmp_path)
    found = plan(spec, snapshot)
    assert (changes(found), found.conflicts) == ({}, ())
    assert found.actions == ()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_definition_has_the_digest_that_it_had(file: Path, tmp_path: Path) -> None:
    spec, snapshot = read(file, tmp_path)
    for container in snapshot.containers:
        instance = Instance(spec, container.resource, digests=snapshot.content_digests)
        assert (container.name, digest(instance)) == (container.name, container.labels[DIGEST])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nor_does_a_comparison_row_by_row_find_a_difference(file: Path, tmp_path: Path) -> None:
    """As after an upgrade that changes the form of the digest."""
    spec, snapshot = read(file, tmp_path)
    for container in snapshot.containers:
        image = snapshot.image(spec.containers[container.resource].image)
        used = peers(spec, container.resource, snapshot)
        instance = Instance(spec, container.resource, image_id=image.id if image else None, peers=used)
        found = differences(instance, container, snapshot, trust_digest=False)
        assert (container.name, found) == (container.name, [])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_change_is_still_seen(file: Path, tmp_path: Path) -> None:
    spec, snapshot = read(file, tmp_path)
    changed = spec.containers["user-1"].model_copy(update={"user": "somebody"})
    found = plan(spec.model_copy(update={"containers": {**spec.containers, "user-1": changed}}), snapshot)
    assert changes(found) == {"recorded-user-1-1": ("replace", ["user"])}


def test_there_is_something_recorded() -> None:
    recorded = [json.loads(file.read_text(encoding="utf-8"))["spec"]["containers"] for file in FILES]
    assert recorded
    assert all(len(containers) > 60 for containers in recorded)
