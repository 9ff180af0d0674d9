"""What a source that is not trusted may name: each refusal stands where the file is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.spec.projects import load_all
from tests.unit.spec.compose.conftest import project
from tests.unit.spec.compose.project import Project

__all__ = ["project"]

SERVICE = "services: {web: {image: a}}"


@pytest.fixture
def outside(project: Project) -> Path:
    """A folder beside the project's, with every kind of file that a spec may name; and links into it."""
    for name, text in {
        "other.yaml": "services: {web: {image: other}}",
        "secret.env": "TOKEN=hunter2",
        ".env": "TOKEN=hunter2",
        "root.tar": "",
        "Dockerfile": "",
    }.items():
        project.file(f"../outside/{name}", text)
    (project.folder / "to-file").symlink_to("../outside/secret.env")
    (project.folder / "to-spec.yaml").symlink_to("../outside/other.yaml")
    (project.folder / "to-folder").symlink_to("../outside")
    (project.folder / "to-link").symlink_to("to-folder")
    project.file("inside.yaml", "services: {inside: {image: a}}")
    return project.folder.parent / "outside"


@pytest.mark.parametrize(
    ("text", "place", "named"),
    [
        ("services: {web: {image: a, env_file: ABS/secret.env}}", "1:38", "secret.env"),
        ("services: {web: {image: a, env_file: ../outside/secret.env}}", "1:38", "secret.env"),
        ("services: {web: {image: a, env_file: to-file}}", "1:38", "to-file"),
        ("services: {web: {image: a, env_file: [{path: to-folder/secret.env}]}}", "1:46", "to-folder/secret.env"),
        (
            "services: {web: {image: a, env_file: to-link/../inside.yaml/../../outside/secret.env}}",
            "1:38",
            "secret.env",
        ),
        ("services: {web: {image: a, env_file: [{path: to-link/no, required: false}]}}", "1:46", "to-link/no"),
        ("services: {web: {image: a, label_file: ABS/secret.env}}", "1:40", "secret.env"),
        ("services: {web: {image: a, label_file: [to-file]}}", "1:41", "to-file"),
        ("services: {web: {extends: {service: web, file: ABS/other.yaml}}}", "1:48", "other.yaml"),
        ("services: {web: {extends: {service: web, file: ../outside/other.yaml}}}", "1:48", "other.yaml"),
        ("services: {web: {extends: {service: web, file: to-spec.yaml}}}", "1:48", "to-spec.yaml"),
        ("include: [ABS/other.yaml]\n" + SERVICE, "1:11", "other.yaml"),
        ("include: [../outside/other.yaml]\n" + SERVICE, "1:11", "other.yaml"),
        ("include: [{path: to-link/other.yaml}]\n" + SERVICE, "1:18", "to-link/other.yaml"),
        ("include: [{path: inside.yaml, env_file: to-file}]\n" + SERVICE, "1:41", "to-file"),
        ("include: [{path: inside.yaml, project_directory: to-folder}]\n" + SERVICE, "1:50", "to-folder"),
        ("images: {a: {import: ABS/root.tar}}\n" + SERVICE, "1:22", "root.tar"),
        ("images: {a: {import: to-link/root.tar}}\n" + SERVICE, "1:22", "to-link/root.tar"),
        ("images: {a: {import: to-link/none.tar}}\n" + SERVICE, "1:22", "to-link/none.tar"),
        ("images: {a: {load: ../outside/root.tar}}\n" + SERVICE, "1:20", "root.tar"),
        ("images: {a: {build: ABS}}\n" + SERVICE, "1:21", "outside"),
        ("services: {web: {image: a, build: to-folder}}", "1:35", "to-folder"),
        ("services: {web: {image: a, build: {context: ., dockerfile: ../outside/Dockerfile}}}", "1:60", "Dockerfile"),
        ("services: {web: {image: a, build: {additional_contexts: {x: to-folder}}}}", "1:61", "to-folder"),
        ("services: {web: {image: a, configs: [c]}}\nconfigs: {c: {file: to-file}}", "2:21", "to-file"),
        ("services: {web: {image: a, secrets: [s]}}\nsecrets: {s: {file: ABS/secret.env}}", "2:21", "secret.env"),
        ("services: {web: {image: a, env_file: ~/secret.env}}", "1:38", "secret.env"),
        ('services: {web: {image: a, env_file: "a\\0b"}}', "1:38", "b"),
    ],
)
def test_what_leaves_the_folder_is_refused_where_it_is_named(
    project: Project, outside: Path, text: str, place: str, named: str
) -> None:
    project.file("compose.yaml", text.replace("ABS", str(outside)))
    (headline,) = project.wrong(trusted=False)
    assert headline.startswith(f'compose.yaml:{place}: "')
    assert headline.endswith(f"{named}\" is outside of the project's folder")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("services: {web: {image: a, env_file: ABS/own.env}}", "1:38"),
        ("services: {web: {image: a, label_file: [ABS/own.env]}}", "1:41"),
        ("services: {web: {extends: {service: inside, file: ABS/inside.yaml}}}", "1:51"),
        ("include: [ABS/inside.yaml]\n" + SERVICE, "1:11"),
        ("images: {a: {import: ABS/own.env}}\n" + SERVICE, "1:22"),
        ("services: {web: {build: ABS}}", "1:25"),
        ("services: {web: {image: a, secrets: [s]}}\nsecrets: {s: {file: ABS/own.env}}", "2:21"),
    ],
)
@pytest.mark.usefixtures("outside")
def test_an_absolute_path_is_refused_wherever_it_leads(project: Project, text: str, place: str) -> None:
    project.file("own.env", "A=b")
    project.file("compose.yaml", text.replace("ABS", str(project.folder)))
    (headline,) = project.wrong(trusted=False)
    assert headline.startswith(f'compose.yaml:{place}: "')
    assert headline.endswith('" is named by an absolute path')
    assert project.load()


def test_all_are_refused_at_once_with_other_mistakes(project: Project, outside: Path) -> None:
    project.file(
        "compose.yaml",
        f"""
        include: [{outside}/other.yaml]
        services:
          web: {{image: a, env_file: [to-file, ../outside/secret.env], portz: []}}
          api: {{extends: {{service: web, file: to-spec.yaml}}}}
        """,
    )
    assert [one.split(" ")[0] for one in project.wrong(trusted=False)] == [
        "compose.yaml:1:11:",
        "compose.yaml:3:30:",
        "compose.yaml:3:39:",
        "compose.yaml:3:63:",
        "compose.yaml:4:39:",
    ]


@pytest.mark.usefixtures("outside")
def test_a_spec_an_override_and_a_file_of_variables_that_are_links(project: Project) -> None:
    project.file("compose.yaml", SERVICE)
    assert project.load(trusted=False)
    (project.folder / "compose.override.yaml").symlink_to("to-spec.yaml")
    assert project.wrong(trusted=False) == [
        'compose.override.yaml: "compose.override.yaml" is outside of the project\'s folder'
    ]
    (project.folder / "compose.override.yaml").unlink()
    (project.folder / ".env").symlink_to("to-file")
    assert project.wrong(trusted=False) == ['.env: ".env" is outside of the project\'s folder']
    assert project.load(trusted=True)


@pytest.mark.usefixtures("outside")
def test_the_env_file_of_an_included_folder(project: Project) -> None:
    project.file("sub/inside.yaml", SERVICE)
    (project.folder / "sub" / ".env").symlink_to("../to-file")
    project.file("compose.yaml", "include: [sub/inside.yaml]\nservices: {api: {image: a}}")
    assert project.wrong(trusted=False) == ['compose.yaml:1:11: "sub/.env" is outside of the project\'s folder']


def test_what_an_included_file_names_is_refused_there(project: Project, outside: Path) -> None:
    project.file(
        "sub/inside.yaml", f"services:\n  web: {{image: a, env_file: [../to-file, ../own.env, {outside}/.env]}}"
    )
    project.file("own.env", "A=1")
    project.file("compose.yaml", "include: [sub/inside.yaml]\nservices: {api: {image: a}}")
    assert [one.split(" ")[0] for one in project.wrong(trusted=False)] == [
        "sub/inside.yaml:2:30:",
        "sub/inside.yaml:2:54:",
    ]


def test_who_loads_may_name_files_of_variables_anywhere(project: Project, outside: Path) -> None:
    project.file("compose.yaml", "services: {web: {image: 'a:${TOKEN}'}}")
    spec = project.load(trusted=False, env_files=[str(outside / "secret.env")])
    assert spec.containers["web"].image == "a:hunter2"


def test_its_env_file_does_not_say_which_files_are_the_spec(project: Project, outside: Path) -> None:
    project.file("compose.yaml", SERVICE)
    project.file(".env", f"COMPOSE_FILE={outside}/other.yaml")
    assert project.load(trusted=True).containers["web"].image == "other"
    assert project.load(trusted=False).containers["web"].image == "a"


def test_links_that_go_round_are_said_to_be(project: Project) -> None:
    (project.folder / "one").symlink_to("two")
    (project.folder / "two").symlink_to("one")
    project.file("compose.yaml", "services: {web: {image: a, env_file: one}}")
    for trusted in (True, False):
        assert project.wrong(trusted=trusted) == [
            "compose.yaml:1:38: one: can't be read: too many levels of symbolic links"
        ]


@pytest.mark.usefixtures("outside")
def test_links_in_a_folder_of_several(project: Project) -> None:
    project.file("good.yaml", "name: good\ncontainers: {web: {image: a}}")
    project.file("../outside/reconciler.yaml", "name: x\ncontainers: {web: {image: hidden}}")
    found = {one.files[0].name: one for one in load_all([project.folder], trusted=False)}
    said = {name: one.error.message if one.error else "" for name, one in found.items()}
    assert said.pop("good.yaml") == ""
    assert said.pop("inside.yaml") == ""
    assert said == {
        "to-spec.yaml": 'to-spec.yaml: "to-spec.yaml" is outside of the project\'s folder',
        "reconciler.yaml": '"to-link" is a link that leaves the folder',
    }
