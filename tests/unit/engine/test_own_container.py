"""Which container we run in: told by our own files' mounts, never by the mounts of others, or by our hostname."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.engine import own_container as module
from reconciler.engine.own_container import own_container

if TYPE_CHECKING:
    from pathlib import Path

A, B = "a" * 64, "b" * 64

ON_THE_HOST = f"""
23 1 254:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
700 23 0:52 / /var/lib/docker/overlay2/{A}/merged rw,relatime shared:300 - overlay overlay rw
701 23 0:53 / /var/lib/docker/containers/{A}/mounts/shm rw,nosuid shared:310 - tmpfs shm rw,size=65536k
702 23 254:1 /var/lib/docker/containers/{A}/hostname /srv/other/etc/hostname rw - ext4 /dev/sda1 rw
703 23 254:1 /srv/resolv.conf /etc/resolv.conf rw - ext4 /dev/sda1 rw
"""

IN_A_CONTAINER = f"""
900 800 0:60 / / rw,relatime - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/{A}
910 900 254:1 /var/lib/docker/containers/{B}/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/sda1 rw
911 900 254:1 /docker/containers/{B}/hostname /etc/hostname rw,relatime - ext4 /dev/sda1 rw
912 900 254:1 /docker/containers/{A}/hosts /somewhere/else rw,relatime - ext4 /dev/sda1 rw
"""


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)


class Place:
    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._patch = patch

    def own(self, mount_info: str | None, name: str = "host", *listed: str) -> str:
        path = self._folder / f"mountinfo-{len(list(self._folder.iterdir()))}"
        if mount_info is not None:
            path.write_text(mount_info)
        self._patch.setattr(module, "MOUNT_INFO", path)
        self._patch.setattr("platform.node", lambda: name)
        return own_container(listed or (A, B))


def test_on_a_host_the_mounts_of_containers_are_not_ours(at: Place) -> None:
    assert at.own(ON_THE_HOST) == ""


def test_in_a_container_its_own_files_tell(at: Place) -> None:
    assert at.own(IN_A_CONTAINER) == B


def test_a_container_of_another_engine_is_none_of_this_one(at: Place) -> None:
    assert at.own(IN_A_CONTAINER, "host", A) == ""


def test_without_such_mounts_the_hostname_tells(at: Place) -> None:
    assert at.own(None, "b" * 12) == B
    assert at.own(ON_THE_HOST, "a" * 12) == A
    assert at.own(None, "c" * 12) == ""


def test_a_hostname_that_is_no_short_id_tells_nothing(at: Place) -> None:
    assert at.own(None, "a") == ""
    assert at.own(None, "a" * 12, A, "a" * 12 + "b" * 52) == ""  # two begin so
