"""Images by their references: loaded from archives, tagged, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.world import IDLE, changes, kinds

if TYPE_CHECKING:
    from tests.integration.world import World

RUN = {"command": IDLE}


def save(world: World, image: str, page: str, file: str = "saved.tar") -> None:
    """An archive with an image that is not here otherwise."""
    world.engine.import_image(image, {"/page": page})
    world.docker("save", "-o", str(world.folder / file), image)
    world.docker("rmi", "-f", image)


def has(world: World, reference: str) -> bool:
    return bool(world.docker("images", "-q", reference))


def test_an_archive_is_loaded_and_again_when_it_has_another_image(world: World) -> None:
    image = f"{world.project}-saved:1"
    save(world, image, "one")
    world.declare({"web": {"image": image, **RUN}}, images={image: {"load": "saved.tar"}})
    assert changes(world.plan())[image] == ("load", [])
    world.converge()
    assert world.exec("web", "cat", "/page") == "one"
    world.docker("tag", world.image, image)
    assert changes(world.plan())[image] == ("load", ["load"])
    world.converge()
    world.engine.import_image("other-of-saved:1", {"/page": "two"})
    world.docker("tag", "other-of-saved:1", image)
    world.docker("save", "-o", str(world.folder / "saved.tar"), image)
    world.docker("rmi", image, "other-of-saved:1")
    world.converge()
    assert world.exec("web", "cat", "/page") == "two"


def test_what_is_wrong_with_an_archive_is_a_conflict(world: World) -> None:
    image = f"{world.project}-saved:1"
    save(world, f"{world.project}-other:1", "one")
    world.declare({}, images={image: {"load": "saved.tar"}})
    [conflict] = world.plan().conflicts
    assert f"{world.project}-other:1" in conflict.hint
    (world.folder / "saved.tar").write_bytes(b"no archive" * 100)
    [conflict] = world.plan().conflicts
    assert "docker save" in conflict.message


def test_an_image_gets_its_tags_and_a_container_may_run_one(world: World) -> None:
    image, one, two = (f"{world.project}-{name}:1" for name in ("img", "one", "two"))
    world.engine.import_image(image, {"/page": "one"})
    world.declare({"web": {"image": one, **RUN}}, images={image: {"tags": [one, two]}})
    assert changes(world.plan())[image] == ("update", [f"tags.{one}", f"tags.{two}"])
    assert kinds(world.converge()).count("tag") == 2
    world.engine.import_image(image, {"/page": "two"})
    world.converge()
    assert world.exec("web", "cat", "/page") == "two"
    world.declare({"web": {"image": one, **RUN}}, images={image: {"tags": [one]}})
    world.expect_in_sync()
    assert has(world, two), "a tag that is no longer declared is left alone"


def test_a_reference_that_is_to_be_absent_goes_with_the_last_container_that_uses_it(world: World) -> None:
    image = f"{world.project}-img:1"
    world.engine.import_image(image, {"/page": "one"})
    world.declare({"web": {"image": image, **RUN}})
    world.converge()
    world.declare({}, images={image: {"state": "absent"}, "other:1": {"state": "absent"}})
    found = world.plan()
    assert found.destructive
    assert "remove-image" in kinds(world.converge())
    assert not has(world, image)


def test_a_reference_that_a_container_of_somebody_else_uses_is_not_removed(world: World) -> None:
    image, other = f"{world.project}-img:1", f"{world.project}-foreign"
    world.engine.import_image(image, {"/page": "one"})
    world.docker("create", "--name", other, image, "sh")
    world.declare({}, images={image: {"state": "absent"}})
    [conflict] = world.plan().conflicts
    assert other in conflict.message
    # With another name for it, only this one goes.
    world.docker("tag", image, f"{world.project}-img:2")
    world.converge()
    assert not has(world, image)
    assert has(world, f"{world.project}-img:2")
    world.docker("rm", other)


def test_a_container_that_runs_what_is_to_be_absent_is_a_conflict(world: World) -> None:
    world.declare({"web": {}}, images={world.image: {"state": "absent"}})
    [conflict] = world.plan().conflicts
    assert '"web"' in conflict.message
