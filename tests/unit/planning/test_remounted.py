"""A replacement that shows a container other data than it had says so."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.fields.base import Instance
from reconciler.planning.remounted import remounted
from reconciler.spec.model import Spec
from reconciler.state.identity import EngineIdentity
from reconciler.state.snapshot import ContainerState, Snapshot, VolumeState

OLD = {"Type": "volume", "Name": "p_old", "Destination": "/data"}
BIND = {"Type": "bind", "Source": "/srv/data", "Destination": "/data"}
TMPFS = {"Type": "tmpfs", "Source": "", "Destination": "/data"}
ANONYMOUS = {"Type": "volume", "Name": "f" * 64, "Destination": "/data"}
EMPTY = "container p-web-1: /data changes to a new, empty volume"


def said(volumes: list[Any], *mounts: dict[str, str], binds: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    spec = Spec.model_validate(
        {"name": "p", "containers": {"web": {"image": "a:1", "volumes": volumes}}, "volumes": {"old": {}, "new": {}}},
        context={"folder": None},
    )
    old = ContainerState({"Id": "i", "Name": "/p-web-1", "Mounts": list(mounts), "HostConfig": {"Binds": list(binds)}})
    there = (VolumeState("p_old", "local", {}), VolumeState("p_other", "local", {}))
    snapshot = Snapshot("", EngineIdentity("28", "1.51", "linux", "amd64"), volumes=there)
    return [(one.message, one.hint) for one in remounted(Instance(spec, "web"), old, snapshot)]


@pytest.mark.parametrize(
    ("volumes", "mount", "expected"),
    [
        (["new:/data"], OLD, [(f"{EMPTY}, p_new", "its data stays in volume p_old")]),
        (["new:/data"], BIND, [(f"{EMPTY}, p_new", "its data stays in /srv/data")]),
        (["old:/data"], BIND, [("container p-web-1: /data changes to volume p_old", "its data stays in /srv/data")]),
        (["new:/data"], ANONYMOUS, [(f"{EMPTY}, p_new", f"its data stays in volume {'f' * 64}")]),
        (["/data"], OLD, [(EMPTY, "its data stays in volume p_old")]),
        (["old:/data"], OLD, []),
        (["new:/else"], OLD, []),
        (["new:/data"], TMPFS, []),
        (["/srv/other:/data"], OLD, []),
    ],
)
def test_a_volume_mount_whose_source_changes(
    volumes: list[Any], mount: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    named = (f"{mount['Name']}:/data",) if mount is OLD else ()
    assert said(volumes, mount, binds=named) == expected


def test_an_anonymous_one_moves_along() -> None:
    assert said(["/data"], ANONYMOUS) == []
