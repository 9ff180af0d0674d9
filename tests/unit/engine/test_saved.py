"""Archives of `docker save`, of each kind of Engine."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.engine.saved import read_archive
from reconciler.state.images import ArchivedImage, ImageState

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = {"created": "2026-01-01T00:00:00Z", "rootfs": {"diff_ids": ["sha256:1"]}}


def write(path: Path, **files: Any) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, value in files.items():
            text = json.dumps(value).encode()
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    return path


def image(image_id: str, **inspect: Any) -> ImageState:
    return ImageState(image_id, frozenset(), {}, inspect=inspect)


def test_an_old_archive(tmp_path: Path) -> None:
    manifest = [{"Config": "ab.json", "RepoTags": ["a:1", "b"], "Layers": []}, {"Config": "ab.json", "RepoTags": None}]
    found = read_archive(write(tmp_path / "a.tar", **{"manifest.json": manifest, "ab.json": CONFIG}))
    expected = ArchivedImage(frozenset(["sha256:ab"]), ("sha256:1",), "2026-01-01T00:00:00Z")
    assert found.images == {"docker.io/library/a:1": expected, "docker.io/library/b:latest": expected}
    assert found.digest.startswith("sha256:")
    assert expected.is_the_one(image("sha256:ab"))
    # The containerd image store gives it an ID of its own.
    assert expected.is_the_one(image("sha256:x", Created=CONFIG["created"], RootFS={"Layers": ["sha256:1"]}))
    assert not expected.is_the_one(image("sha256:x", Created="2027", RootFS={"Layers": ["sha256:1"]}))


def test_a_new_archive_has_the_ids_of_both_image_stores(tmp_path: Path) -> None:
    files = {
        "manifest.json": [{"Config": "blobs/sha256/ab", "RepoTags": ["a:1"]}],
        "index.json": {
            "manifests": [
                {"digest": "sha256:cd", "annotations": {"io.containerd.image.name": "docker.io/library/a:1"}},
                {"digest": "sha256:ef"},
            ]
        },
        "blobs/sha256/ab": CONFIG,
    }
    found = read_archive(write(tmp_path / "a.tar", **files))
    assert found.images == {"docker.io/library/a:1": ArchivedImage(frozenset(["sha256:ab", "sha256:cd"]))}


@pytest.mark.parametrize(
    "files", [{"other": {}}, {"manifest.json": {}, "x": 1}, {"manifest.json": [{"Config": "gone"}]}]
)
def test_what_is_no_such_archive_is_said(tmp_path: Path, files: dict[str, Any]) -> None:
    found = read_archive(write(tmp_path / "a.tar", **files))
    assert found.problem or not found.images
    assert read_archive(tmp_path / "gone.tar").problem == "No such file or directory"
    (tmp_path / "text").write_text("no tar")
    assert "docker save" in read_archive(tmp_path / "text").problem
