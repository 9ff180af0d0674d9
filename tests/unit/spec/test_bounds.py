"""What a hostile or a generated spec names: it is said what is wrong, in a bounded number of lines."""

from __future__ import annotations

import pytest

from reconciler.spec.problems import MOST
from tests.unit.spec.compose.conftest import project
from tests.unit.spec.compose.project import Project

__all__ = ["project"]


def test_chains_of_extends_and_include_have_an_end(project: Project) -> None:
    chain = "".join(f"  a{number}: {{extends: a{number + 1}}}\n" for number in range(300))
    project.file("compose.yaml", f"services:\n{chain}  a300: {{image: a}}\n")
    assert "containers extend each other more than 50 deep" in project.wrong()[0]
    for number in range(60):
        project.file(f"f{number}.yaml", f"include: [f{number + 1}.yaml]\nservices: {{a{number}: {{image: a}}}}")
    project.file("f60.yaml", "services: {web: {image: a}}")
    assert project.wrong("f0.yaml") == ["f50.yaml:1:11: files include each other more than 50 deep"]


@pytest.mark.parametrize(
    "text",
    [
        "{web: {image: a, volumes: ['~nobody-of-this-name/x:/x']}}",
        "{web: {image: a, build: '~nobody-of-this-name/x'}}",
        f"{{web: {{image: a, env_file: [{{path: {'x' * 5000}, required: false}}]}}}}",
        '{web: {image: a, env_file: [{path: "a\\0b", required: false}]}}',
    ],
)
def test_paths_that_can_not_be_are_no_defect(project: Project, text: str) -> None:
    project.file("compose.yaml", f"services: {text}")
    assert list(project.load().containers) == ["web"]


@pytest.mark.parametrize("path", ["x" * 5000, '"a\\0b"'])
def test_an_import_that_can_not_be(project: Project, path: str) -> None:
    project.file("reconciler.yaml", f"images: {{a: {{import: {path}}}}}")
    assert "there is no file or folder" in project.wrong()[0]


@pytest.mark.parametrize("item", ["A{}: 1", 'hostname{}: "${{X}}"'])
def test_only_so_many_are_listed(project: Project, item: str) -> None:
    items = ", ".join(item.format(number) for number in range(MOST + 7))
    project.file("reconciler.yaml", f"containers: {{web: {{image: a, {items}}}}}")
    found = project.wrong()
    assert len(found) == MOST + 1
    assert "7 more problems are not listed" in found[0]


def test_a_key_like_our_own_mark_is_a_mistake_like_any_other(project: Project) -> None:
    project.file("reconciler.yaml", '"\\0rest": 1\ncontainers: {web: {"\\0rest": 1}}')
    assert [headline.split(": ", 1)[1].replace("\N{REPLACEMENT CHARACTER}", "") for headline in project.wrong()] == [
        'unknown attribute "rest" in the spec',
        'container "web" has no "image"',
        'unknown attribute "rest" in container "web"',
    ]


def test_a_section_has_an_end(project: Project) -> None:
    many = ", ".join(f"c{number}: {{image: a}}" for number in range(10_001))
    for door in ("containers", "services"):
        project.file("reconciler.yaml", f"{door}: {{{many}}}")
        assert project.wrong() == [f"reconciler.yaml:1:1: more than 10000 {door} in one project"]


def test_only_so_many_names_are_looked_for(project: Project) -> None:
    names = ", ".join(f"db{number}" for number in range(MOST + 1))
    project.file("reconciler.yaml", f"containers: {{web: {{image: a, depends_on: [{names}]}}}}")
    found = project.wrong()
    assert len(found) == MOST + 1
    assert "more problems are not listed" in found[0]


def test_after_so_many_wrong_variables_the_rest_is_not_looked_at(project: Project) -> None:
    values = ", ".join(f"A{number}: $X$Y" for number in range(20 * MOST))
    project.file("reconciler.yaml", f"containers: {{web: {{image: a, environment: {{{values}}}}}}}")
    found = project.wrong()
    assert len(found) == MOST + 1
    assert found[0].endswith(": more problems are not listed")
