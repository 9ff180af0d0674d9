"""Which projects there are, by what was read."""

from __future__ import annotations

from pathlib import Path

from reconciler.errors import SpecError
from reconciler.spec.model import Spec
from reconciler.watch.projects import Read, sorted_out


def good(file: str, name: str) -> Read:
    return Read((Path(file),), Spec(name=name))


def bad(file: str) -> Read:
    return Read((Path(file),), error=SpecError("no"))


KNOWN = {"a": (Path("/a"),), "b": (Path("/b"),)}


def test_everything_is_where_it_was() -> None:
    found = sorted_out(KNOWN, [good("/a", "a"), good("/b", "b")])
    assert sorted(found.valid) == ["a", "b"]
    assert (found.broken, found.missing, found.renamed) == ([], frozenset(), frozenset())


def test_a_new_file_is_a_new_project() -> None:
    found = sorted_out(KNOWN, [good("/a", "a"), good("/b", "b"), good("/c", "c")])
    assert "c" in found.valid


def test_a_broken_file_belongs_to_whom_it_belonged_to() -> None:
    found = sorted_out(KNOWN, [good("/a", "a"), bad("/b")])
    assert [name for name, _ in found.broken] == ["b"]
    assert found.missing == frozenset()


def test_a_file_that_is_gone_leaves_its_project_missing() -> None:
    assert sorted_out(KNOWN, [good("/a", "a")]).missing == {"b"}


def test_a_file_that_was_renamed_takes_its_project_along() -> None:
    found = sorted_out(KNOWN, [good("/a", "a"), good("/z", "b")])
    assert found.missing == frozenset()
    assert found.valid["b"].files == (Path("/z"),)


def test_while_a_new_file_is_broken_nothing_is_missing() -> None:
    """It may be the one that was renamed, on its way."""
    found = sorted_out(KNOWN, [good("/a", "a"), bad("/z")])
    assert found.missing == frozenset()


def test_a_folder_that_is_away_takes_no_project_with_it() -> None:
    assert sorted_out(KNOWN, [bad("/folder")]).missing == frozenset()


def test_a_name_that_was_changed_in_its_file_is_another_project() -> None:
    found = sorted_out(KNOWN, [good("/a", "a"), good("/b", "new")])
    assert (found.renamed, found.missing) == (frozenset({"b"}), frozenset())
