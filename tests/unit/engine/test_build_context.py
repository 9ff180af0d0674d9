"""What is sent to a builder."""

from __future__ import annotations

import os
import tarfile
from typing import TYPE_CHECKING

import pytest

from reconciler.engine.build_context import BuildContext
from reconciler.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "app"
    for name in ("Dockerfile", "page", "cache/one", "cache/keep", "src/a"):
        (found / name).parent.mkdir(parents=True, exist_ok=True)
        (found / name).write_text(name)
    (found / "link").symlink_to("/nowhere")
    return found


def sent(context: BuildContext) -> tuple[list[str], str]:
    with context.opened() as (file, dockerfile), tarfile.open(fileobj=file) as tar:
        return tar.getnames(), dockerfile


def test_all_that_is_not_ignored_is_sent_and_what_the_builder_needs_always(folder: Path) -> None:
    (folder / ".dockerignore").write_text("Dockerfile\n.dockerignore\ncache\n!cache/keep\nsrc\n")
    names, dockerfile = sent(BuildContext(folder, "Dockerfile"))
    assert names == [".dockerignore", "Dockerfile", "cache", "cache/keep", "link", "page"]
    assert dockerfile == "Dockerfile"


def test_patterns_beside_the_dockerfile_come_first(folder: Path) -> None:
    (folder / ".dockerignore").write_text("page\n")
    (folder / "src" / "a.dockerignore").write_text("cache\nsrc\n")
    names, dockerfile = sent(BuildContext(folder, "src/a"))
    assert names == [".dockerignore", "Dockerfile", "link", "page", "src", "src/a"]
    assert dockerfile == "src/a"


def test_a_dockerfile_from_elsewhere_is_sent_and_ignored(folder: Path) -> None:
    (folder / ".dockerignore").write_text("cache\n")
    for context in (BuildContext(folder, "Dockerfile", "FROM x"), BuildContext(folder / "src", "../Dockerfile")):
        names, dockerfile = sent(context)
        assert dockerfile.startswith(".dockerfile.")
        assert names.count(dockerfile) == names.count(".dockerignore") == 1
        with context.opened() as (file, _), tarfile.open(fileobj=file) as tar:
            ignore = tar.extractfile(".dockerignore")
            assert ignore
            assert dockerfile in ignore.read().decode().splitlines()


def test_the_digest_is_of_names_modes_and_contents(folder: Path) -> None:
    context = BuildContext(folder, "Dockerfile")
    digests = [context.digest()]
    os.utime(folder / "page", (1, 1))
    assert context.digest() == digests[0]
    for change in (
        lambda: (folder / "page").chmod(0o755),
        lambda: (folder / "page").write_text("other"),
        lambda: (folder / "page").rename(folder / "renamed"),
        lambda: (folder / ".dockerignore").write_text("cache\n"),
        lambda: (folder / "Dockerfile").write_text("other"),
    ):
        change()
        digests.append(context.digest())
    assert len(set(digests)) == len(digests)
    (folder / "cache" / "one").write_text("ignored by now")
    assert context.digest() == digests[-1]


def test_what_can_not_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="Dockerfile"):
        BuildContext(tmp_path, "Dockerfile").digest()
