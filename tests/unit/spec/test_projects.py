"""Several projects of one run: which they are, what they are named, and what stands between them."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.spec.folders import find_all
from reconciler.spec.projects import load_all
from tests.unit.spec.compose.conftest import project
from tests.unit.spec.compose.project import Project

__all__ = ["project"]

WEB = "containers: {web: {image: a}}"


def said(*paths: str) -> dict[str, list[str]]:
    """The headlines of what is found in each project, by its first file."""
    here = Path.cwd()
    return {one.names(here)[0]: [found.headline for found in one.diagnostics] for one in load_all(paths)}


def wrong(*paths: str) -> list[str]:
    """The headlines of all, in the order of the projects."""
    return [headline for found in said(*paths).values() for headline in found]


def test_a_broken_file_does_not_stop_the_others(project: Project) -> None:
    project.file("a.yaml", "name: a\ncontainers: {web: {image: a, portz: []}}")
    project.file("b.yaml", "name: b\ncontainers: [")
    project.file("c.yml", WEB)
    project.file("values.yaml", "replicas: 3")
    project.file(".gitlab-ci.yml", "services: [docker]")
    project.file("sub/compose.yaml", "services: {web: {image: a}}")
    project.file("sub/compose.override.yaml", "services: {web: {commnd: x}}")
    assert said(".") == {
        "a.yaml": ['a.yaml:2:30: unknown attribute "portz" in container "web"'],
        "b.yaml": ["b.yaml:2:14: a value is missing before this"],
        "c.yml": [],
        "sub/compose.yaml": ['sub/compose.override.yaml:1:18: unknown attribute "commnd" in container "web"'],
    }


def test_the_names_of_projects(project: Project) -> None:
    def names(*paths: str) -> list[str]:
        return [one.spec.name for one in load_all(paths) if one.spec]

    project.file("one/only.yaml", WEB)
    assert names("one") == ["one"]
    project.file("several/Shop.yaml", WEB)
    project.file("several/named.yaml", f"name: given\n{WEB}")
    project.file("several/sub/reconciler.yaml", WEB)
    assert names("several") == ["several", "given", "sub"]
    assert project.load("several/Shop.yaml").name == "several", "another file beside it renames nothing"
    project.file("several/compose.yaml", "services: {web: {image: a}}")
    assert names("several") == ["several"], "the default file is the project"


def test_each_project_once(project: Project) -> None:
    project.file("a.yaml", WEB)
    project.file("b.yaml", f"name: other\n{WEB}")
    assert list(said("a.yaml", ".", "./b.yaml", "../shop/a.yaml")) == ["a.yaml", "b.yaml"]
    assert wrong("a.yaml", ".", "./b.yaml") == []


def test_what_is_not_there(project: Project) -> None:
    project.file("empty/notes.txt", "x")
    assert said("gone.yaml", "empty") == {
        "gone.yaml": ["gone.yaml: there is no such file"],
        "empty": ['empty: there is no spec in "empty"'],
    }
    assert find_all(project.folder / "empty") == []


def test_warnings_stay_with_their_project(project: Project) -> None:
    project.file("a.yaml", "version: '3'\nservices: {web: {image: a, portz: []}}")
    project.file("b.yaml", "name: b\nservices: {web: {image: 'a${NO}'}}")
    one, other = load_all(["a.yaml", "b.yaml"])
    assert [(found.line, found.severity) for found in one.diagnostics] == [(1, "warning"), (2, "error")]
    assert [(found.line, found.severity) for found in other.diagnostics] == [(2, "warning")]
    assert (one.spec, other.error) == (None, None)


def test_two_of_one_name(project: Project) -> None:
    project.file("a.yaml", f"name: shop\n{WEB}")
    project.file("b.yaml", 'name: shop\ncontainers: {web: {image: a, ports: ["80:80"]}}')
    project.file("c.yaml", f"name: c\n{WEB}")
    project.file("shop/compose.yaml", "services: {web: {image: a}}")
    assert said("a.yaml", "b.yaml", "c.yaml", "shop") == {
        "a.yaml": [],
        "b.yaml": ['b.yaml:1:7: "shop" is the name of the project in "a.yaml" already'],
        "c.yaml": [],
        "shop/compose.yaml": ['shop/compose.yaml:1:1: "shop" is the name of the project in "a.yaml" already'],
    }


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        ("8080:80", "8080:81", True),
        ("8080:80", "127.0.0.1:8080:80", True),
        ("127.0.0.1:8080:80", "127.0.0.2:8080:80", False),
        ("8080:80", "8080:80/udp", False),
        ("0.0.0.0:8080:80", "[::]:8080:80", False),
        ("8079-8081:80", "8080:80", False),
        ("8080:80", "8080-8081:80", False),
    ],
)
def test_a_host_port_of_two_projects(project: Project, one: str, other: str, clash: bool) -> None:
    project.file("a.yaml", f"name: a\ncontainers: {{web: {{image: a, ports: ['{one}']}}}}")
    project.file("b.yaml", f"name: b\ncontainers: {{api: {{image: a, ports: ['{other}']}}}}")
    expected = 'b.yaml:2:38: host port 8080/tcp is already published by container "web" in "a.yaml"'
    assert wrong("a.yaml", "b.yaml") == [expected] * clash


def test_host_ports_of_several(project: Project) -> None:
    project.file("a.yaml", "name: a\ncontainers: {web: {image: a, ports: ['80-82:80-82']}}")
    project.file(
        "b.yaml", "name: b\ncontainers: {api: {image: a, ports: ['80-82:80-82/udp', '80:80', '81-82:5', '80-83:5']}}"
    )
    project.file("c.yaml", "name: c\ncontainers: {old: {image: a, state: stopped, ports: ['80:80']}}")
    assert wrong("a.yaml", "b.yaml", "c.yaml") == [
        'b.yaml:2:57: host port 80/tcp is already published by container "web" in "a.yaml"',
        (
            "b.yaml:2:66: none of the host ports 81-82/tcp is left: other projects publish all of them, "
            'container "web" in "a.yaml" the first'
        ),
    ]


def test_container_names_of_two_projects(project: Project) -> None:
    project.file("a.yaml", "name: a\ncontainers: {web: {image: a, container_name: xy}, b-c: {image: a}, n: {image: a}}")
    project.file(
        "b.yaml",
        """
        name: a-b
        containers:
          api: {image: a, container_name: xy}
          c: {image: a}
          gone: {image: a, container_name: a-n-1, state: absent}
        """,
    )
    assert wrong("a.yaml", "b.yaml") == [
        'b.yaml:3:35: "xy" is the name of container "web" in "a.yaml" already',
        'b.yaml:4:3: "a-b-c-1" is the name of container "b-c" in "a.yaml" already',
    ]


@pytest.mark.parametrize("section", ["networks", "volumes"])
def test_owners_of_a_network_or_volume(project: Project, section: str) -> None:
    project.file("a.yaml", f"name: a\n{section}: {{own: {{name: xy}}, one: }}")
    project.file("b.yaml", f"name: b\n{section}: {{own: {{name: xy}}, other: {{name: a_one}}}}")
    project.file("c.yaml", f"name: c\n{section}: {{own: {{name: xy, external: true}}}}")
    kind = section[:-1]
    column = len(section)
    assert wrong("a.yaml", "b.yaml", "c.yaml") == [
        f'b.yaml:2:{column + 16}: the {kind} "xy" belongs to the project in "a.yaml" already',
        f'b.yaml:2:{column + 35}: the {kind} "a_one" belongs to the project in "a.yaml" already',
    ]
