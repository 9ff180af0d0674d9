"""What of a writable layer is lost with it: by what the Engine reports."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.planning.lost import lost_files
from reconciler.state.snapshot import ContainerState

CHANGED, ADDED, DELETED = 0, 1, 2


def lost(layer: dict[str, int], *mounts: str, tmpfs: tuple[str, ...] = ()) -> tuple[str, ...]:
    inspect: dict[str, Any] = {
        "Mounts": [{"Destination": path} for path in mounts],
        "HostConfig": {"Tmpfs": dict.fromkeys(tmpfs, "")},
    }
    return lost_files(ContainerState(inspect), [{"Path": path, "Kind": kind} for path, kind in layer.items()])


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ({}, ()),
        ({"/etc": CHANGED, "/etc/b": CHANGED, "/etc/a": ADDED}, ("/etc/a", "/etc/b")),
        ({"/etc": CHANGED, "/etc/a": DELETED}, ()),
        ({"/new": ADDED, "/new/dir": ADDED, "/new/dir/file": ADDED}, ("/new/dir/file",)),
        ({"/empty": ADDED}, ("/empty",)),
        ({"/ab": ADDED, "/a": ADDED}, ("/a", "/ab")),
    ],
)
def test_files_and_not_the_folders_that_they_are_in(layer: dict[str, int], expected: tuple[str, ...]) -> None:
    assert lost(layer) == expected


def test_mounts_leave_nothing_that_counts() -> None:
    """As Engine 20.10 reported it, of a container with a volume, a bind, a bound file and a tmpfs."""
    layer = dict.fromkeys(("/data", "/bind", "/bind/deep", "/bind/deep/ctx", "/run", "/run/t", "/scratch"), ADDED)
    layer |= {"/etc": CHANGED, "/etc/one.conf": ADDED}
    mounts = ("/data/", "/bind/deep/ctx", "/etc/one.conf", "/scratch")
    assert lost(layer, *mounts, tmpfs=("/run/t/",)) == ()
    assert lost({**layer, "/data2": ADDED, "/bind/deep/x": ADDED}, *mounts, tmpfs=("/run/t",)) == (
        "/bind/deep/x",
        "/data2",
    )
    assert lost({"/data": CHANGED, "/data/hidden": ADDED}, "/data") == ()


def test_the_engines_own_init_is_no_loss() -> None:
    """As Engine 20.10 reported it, of a container with `init: true` in an image without /sbin."""
    assert lost({"/sbin": ADDED, "/sbin/docker-init": ADDED}) == ()
    assert lost({"/sbin": CHANGED, "/sbin/docker-init": ADDED, "/sbin/mine": ADDED}) == ("/sbin/mine",)
