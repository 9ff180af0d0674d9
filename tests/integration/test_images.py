"""Where images come from: a folder, a tar, a registry; and what happens when they change."""

from __future__ import annotations

import shutil
import tarfile
from typing import TYPE_CHECKING

import pytest

from reconciler import load
from reconciler.errors import ExitCode, SpecError
from tests.integration.world import IDLE, changes, failures, kinds
from tests.support.engine import busybox_tar

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.world import World
    from tests.support.registry import Registry

RUN = {"command": IDLE}


def fill(folder: Path, page: str) -> None:
    """A root file system with busybox, some names for it, a link that leads nowhere, and a page."""
    (folder / "bin").mkdir(parents=True)
    binary = shutil.which("busybox")
    assert binary
    shutil.copy2(binary, folder / "bin" / "busybox")
    for name in ("sh", "sleep", "cat", "ls"):
        (folder / "bin" / name).symlink_to("busybox")
    (folder / "dangling").symlink_to("/nowhere")
    (folder / "empty").mkdir()
    (folder / "page").write_text(page)


def test_a_folder_is_imported_and_again_when_its_content_changes(world: World) -> None:
    image = f"{world.project}-img:1"
    fill(world.folder / "root", "one")
    spec = {"images": {image: {"import": "./root"}}}
    world.declare({"web": {"image": image, **RUN}}, **spec)
    world.converge()
    first = world.id("web")
    assert world.exec("web", "cat", "/page") == "one"
    assert world.exec("web", "ls", "-d", "/empty") == "/empty"

    (world.folder / "root" / "page").touch()  # a fresh clone has other times
    world.expect_in_sync()

    (world.folder / "root" / "page").write_text("two")
    assert changes(world.plan()) == {image: ("import", ["import"]), world.name("web"): ("replace", ["image"])}
    outcome = world.converge()
    assert kinds(outcome)[0] == "import"
    assert world.id("web") != first
    assert world.exec("web", "cat", "/page") == "two"

    second = world.id("web")
    (world.folder / "root" / "page").chmod(0o600)
    assert changes(world.plan())[world.name("web")] == ("replace", ["image"])
    (world.folder / "root" / "page").chmod(0o644)
    world.expect_in_sync()
    assert world.id("web") == second


def test_a_tar_is_imported(world: World) -> None:
    image = f"{world.project}-tar:1"
    (world.folder / "root.tar").write_bytes(busybox_tar({"/page": "of a tar"}))
    world.declare({"web": {"image": image, **RUN}}, images={image: {"import": "root.tar"}})
    world.converge()
    assert world.exec("web", "cat", "/page") == "of a tar"
    (world.folder / "root.tar").write_bytes(busybox_tar({"/page": "of another"}))
    world.converge()
    assert world.exec("web", "cat", "/page") == "of another"


def test_a_broken_tar_is_said_and_the_rest_is_done(world: World) -> None:
    image = f"{world.project}-tar:1"
    (world.folder / "root.tar").write_bytes(b"this is no tar" * 100)
    world.declare({"web": {"image": image, **RUN}, "other": {}}, images={image: {"import": "root.tar"}})
    outcome = world.apply()
    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    assert "tar" in failures(outcome)[0]
    assert world.names() == [world.name("other")]


def test_a_source_that_is_not_there_is_an_error_of_the_spec(world: World) -> None:
    world.declare({"web": {"image": "x:1"}}, images={"x:1": {"import": "./gone"}})
    with pytest.raises(SpecError) as error:
        load(world.folder)
    assert "gone" in error.value.diagnostics[0].message


def test_an_image_is_imported_though_no_container_wants_it(world: World) -> None:
    image = f"{world.project}-alone:1"
    with tarfile.open(world.folder / "root.tar", "w") as tar:
        tar.add(__file__, "file")
    world.declare({}, images={image: {"import": "root.tar"}})
    world.converge()
    assert world.docker("images", "-q", image)


def test_a_tag_that_was_moved_replaces_and_another_name_of_the_same_image_does_not(world: World) -> None:
    image = f"{world.project}-img:1"
    world.docker("tag", world.image, image)
    world.declare({"web": {"image": image}})
    world.converge()
    first = world.id("web")
    world.docker("tag", image, f"{world.project}-img:same")
    world.declare({"web": {"image": f"{world.project}-img:same"}})
    world.expect_in_sync()

    world.declare({"web": {"image": image, **RUN}})
    world.engine.import_image(image, {"/new": "new"})
    assert changes(world.plan()) == {world.name("web"): ("replace", ["image"])}
    world.converge()
    assert world.id("web") != first
    assert world.exec("web", "cat", "/new") == "new"


def test_an_image_whose_tag_was_removed_under_a_container(world: World) -> None:
    """What is missing is imported again; with or without a new ID, one apply is enough."""
    image = f"{world.project}-img:1"
    fill(world.folder / "root", "one")
    world.declare({"web": {"image": image, **RUN}}, images={image: {"import": "./root"}})
    world.converge()
    world.docker("rmi", "-f", image)
    assert changes(world.plan())[image][0] == "import"
    world.converge()
    assert world.exec("web", "cat", "/page") == "one"


def test_an_image_may_be_named_by_its_id(world: World) -> None:
    whole = world.docker("image", "inspect", "--format", "{{.Id}}", world.image)
    world.declare({"web": {"image": whole.removeprefix("sha256:")}})
    world.converge()
    assert world.inspect("web")["Image"] == whole
    world.declare({"web": {"image": whole}})
    world.expect_in_sync()
    world.declare({"web": {"image": world.image}})
    world.expect_in_sync()


# --- from a registry -------------------------------------------------------------------------------------------


def test_an_image_is_pulled(world: World, registry: Registry) -> None:
    image = registry.push(f"{world.project}/web:1", "pulled")
    world.declare({"web": {"image": image, **RUN}})
    assert changes(world.plan())[image] == ("pull", [])
    outcome = world.converge()
    assert kinds(outcome).count("pull") == 1
    assert world.exec("web", "cat", "/page") == "pulled"


def test_an_image_is_pulled_by_its_digest(world: World, registry: Registry) -> None:
    image = registry.push(f"{world.project}/web:1", "by digest")
    world.docker("pull", image)
    digest = world.docker("inspect", "--format", "{{index .RepoDigests 0}}", image).rpartition("@")[2]
    world.docker("rmi", image)
    world.declare({"web": {"image": f"{image}@{digest}", **RUN}})
    world.converge()
    assert world.exec("web", "cat", "/page") == "by digest"


def test_an_image_that_does_not_exist_is_said_and_the_rest_is_done(world: World, registry: Registry) -> None:
    image = f"{registry.address}/{world.project}/nothing:9"
    world.declare({"web": {"image": image}, "other": {}})
    outcome = world.apply()
    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    [failed] = outcome.failed
    assert failed.action.kind == "pull"
    assert failed.error
    assert "no such image" in failed.error.message
    assert failed.error.hint
    assert world.names() == [world.name("other")]

    world.declare({"web": {"image": image}})
    world.docker("rm", "-f", world.name("other"))
    world.declare({}, images={image: {}})
    for _ in range(2):
        outcome = world.apply()
    assert outcome.exit_code is ExitCode.FAILED, "nothing at all was done"


def test_a_replacement_whose_image_does_not_exist_leaves_the_old_one_alone(world: World, registry: Registry) -> None:
    world.declare({"web": {}})
    world.converge()
    before = world.inspect("web")
    world.declare({"web": {"image": f"{registry.address}/{world.project}/nothing:9"}})
    outcome = world.apply()
    assert outcome.exit_code is ExitCode.FAILED
    assert world.inspect("web")["State"] == before["State"]
    assert world.names() == [world.name("web")]


def test_a_registry_that_does_not_answer_is_named(world: World) -> None:
    world.declare({"web": {"image": "127.0.0.1:28699/x:1"}}, networks={})
    outcome = world.apply()
    assert "127.0.0.1:28699" in failures(outcome)[0]
    assert "refused" in failures(outcome)[0]


def test_a_tag_that_is_missing_here_but_the_same_there_replaces_nothing(world: World, registry: Registry) -> None:
    image = registry.push(f"{world.project}/web:1", "same")
    world.declare({"web": {"image": image, **RUN}})
    world.converge()
    before = world.id("web")
    world.docker("rmi", "-f", image)
    assert changes(world.plan()) == {image: ("pull", [])}
    world.converge()
    assert world.id("web") == before
