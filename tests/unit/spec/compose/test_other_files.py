from __future__ import annotations

import pytest

from tests.unit.spec.compose.project import Project

OUTSIDE = "is outside of the project's folder"


def test_extends_tells_what_is_missing(project: Project) -> None:
    project.file("base.yaml", "services: {base: {image: a}}")
    project.file(
        "compose.yaml",
        """
        services:
          a: {image: a, extends: bb}
          b: {image: a, extends: {service: bass, file: base.yaml}}
          c: {image: a, extends: {file: base.yaml}}
          d: {image: a, extends: {service: a, fil: base.yaml}}
        """,
    )
    assert project.wrong() == [
        'compose.yaml:2:26: container "bb", which is extended here, is not declared',
        'compose.yaml:3:36: container "bass", which is extended here, is not declared in "base.yaml"',
        "compose.yaml:4:26: `extends` does not say which container",
        'compose.yaml:5:39: unknown attribute "fil" in extends',
    ]


def test_extends_in_a_circle(project: Project) -> None:
    project.file("compose.yaml", "services:\n  a: {extends: b}\n  b: {extends: {service: a, file: compose.yaml}}\n")
    (headline,) = project.wrong()
    assert headline.startswith("compose.yaml:")
    assert "containers extend each other in a circle: a → b → a" in headline


def test_an_error_in_what_is_extended_stands_there(project: Project) -> None:
    project.file("parts/base.yaml", "services:\n  base:\n    image: a\n    ports: [x]\n")
    project.file("compose.yaml", "services: {web: {extends: {service: base, file: parts/base.yaml}}}")
    assert project.wrong() == ['parts/base.yaml:4:13: "x" is not a container port']


def test_missing_files_stand_where_they_are_named(project: Project) -> None:
    project.file("compose.yaml", "include: [one.yaml]\nservices: {web: {image: a}}")
    assert project.wrong() == ["compose.yaml:1:11: one.yaml: there is no such file"]
    project.file("compose.yaml", "services: {web: {extends: {service: a, file: two.yaml}}}")
    assert project.wrong() == ["compose.yaml:1:46: two.yaml: there is no such file"]
    project.file("compose.yaml", "services: {web: {image: a, env_file: [three.env]}}")
    assert project.wrong() == ["compose.yaml:1:39: three.env: there is no such file"]


def test_an_included_file_takes_its_variables_from_its_own_env_file(project: Project) -> None:
    project.file(
        "compose.yaml",
        """
        include: [{path: sub/inc.yaml, env_file: sub/own.env}]
        services:
          outer: {image: a, environment: [GIVEN, INSIDE], secrets: [outside]}
        secrets:
          outside: {environment: INSIDE}
        """,
    )
    project.file(
        "sub/inc.yaml",
        """
        include: [deeper/inc.yaml]
        services:
          inner: {image: a, environment: [GIVEN, INSIDE, UNSET], configs: [inside], secrets: [inside]}
        configs: {inside: {environment: INSIDE}}
        secrets: {inside: {environment: GIVEN}}
        """,
    )
    project.file(
        "sub/deeper/inc.yaml",
        """
        services:
          deepest: {image: a, environment: {DEEPER: , INSIDE: }, secrets: [deepest]}
        secrets: {deepest: {environment: DEEPER}}
        """,
    )
    project.file("sub/own.env", "INSIDE=inside\nGIVEN=never")
    project.file("sub/deeper/.env", "DEEPER=deeper\nINSIDE=never")
    spec = project.load("compose.yaml", environ={"GIVEN": "outside"})
    assert spec.containers["outer"].environment == {"GIVEN": "outside"}
    assert spec.containers["inner"].environment == {"GIVEN": "outside", "INSIDE": "inside"}
    assert spec.containers["deepest"].environment == {"DEEPER": "deeper", "INSIDE": "inside"}
    assert {name: one.value for name, one in spec.secrets.items()} == {
        "inside": "outside",
        "deepest": "deeper",
        "outside": None,
    }
    assert spec.configs["inside"].value == "inside"


def test_a_later_file_has_the_last_word_on_a_variable_of_an_included_one(project: Project) -> None:
    project.file("compose.yaml", "include: [sub/inc.yaml]")
    project.file(
        "sub/inc.yaml",
        """
        services: {inner: {image: a, environment: [ONE, TWO], env_file: one.env, secrets: [s]}}
        secrets: {s: {environment: ONE}}
        """,
    )
    project.file("sub/one.env", "TWO=of the file")
    project.file("sub/.env", "ONE=inside")
    project.file("over.yaml", "services: {inner: {environment: [ONE]}}\nsecrets: {s: {environment: OTHER}}")
    spec = project.load("compose.yaml", "over.yaml", environ={"OTHER": "other"})
    assert spec.containers["inner"].environment == {}, "as for Docker Compose: not set outside, and TWO nowhere"
    assert spec.secrets["s"].value == "other"


def test_include_and_its_conflicts(project: Project) -> None:
    project.file("inc.yaml", "services: {web: {image: b}, same: {image: a}}\nservises: 1\n")
    project.file("compose.yaml", "include: [inc.yaml]\nservices: {web: {image: a}, same: {image: a}}")
    assert project.wrong() == [
        (
            'compose.yaml:2:12: "web" in `containers` is declared here, and differently in "inc.yaml", which this file '
            "includes"
        ),
        'inc.yaml:2:1: unknown attribute "servises" in an included file',
    ]
    project.file("inc.yaml", "include: compose.yaml")
    (headline,) = project.wrong()
    assert headline == ("inc.yaml:1:10: files include each other in a circle: compose.yaml → inc.yaml → compose.yaml")


def test_a_file_of_variables_tells_its_own_place_and_no_value(project: Project) -> None:
    project.file("compose.yaml", "services: {web: {image: a, env_file: [a.env]}}")
    project.file("a.env", "A=1\nno key here\nB='hunter2\nC=${\n")
    assert project.wrong() == [
        "a.env:2:1: this line is no KEY=VALUE",
        "a.env:3:3: this quote is never closed",
    ]
    project.file("a.env", "A=hunter2${\nB=$NOT\n")
    assert project.wrong() == ['a.env:1:10: the name after "${" is missing']
    project.file("a.env", "B=hunter2$NOT\n")
    assert project.load().containers["web"].environment == {"B": "hunter2"}
    assert project.warned == ['a.env:1:10: the variable "NOT" is not set']
    assert "hunter2" not in project.warnings[0].render()


@pytest.mark.parametrize(
    ("entry", "column", "message"),
    [
        ("{path: a.env, format: yaml}", 61, 'there is no format "yaml"'),
        ("{path: a.env, required: maybe}", 63, '"maybe" is not a boolean'),
        ("{required: false}", 39, "this env_file names no file"),
        ("{path: a.env, optional: true}", 53, 'unknown attribute "optional" in env_file'),
    ],
)
def test_long_forms_of_env_file(project: Project, entry: str, column: int, message: str) -> None:
    project.file("a.env", "A=1")
    project.file("compose.yaml", f"services: {{web: {{image: a, env_file: [{entry}]}}}}")
    assert project.wrong()[0] == f"compose.yaml:1:{column}: {message}"


def test_the_env_file_beside_the_spec(project: Project) -> None:
    project.file("sub/reconciler.yaml", "containers: {web: {image: 'a:${TAG}'}}")
    project.file("sub/.env", "TAG=beside")
    project.file("other.env", "TAG=other")
    assert project.load("sub").containers["web"].image == "a:beside"
    assert project.load("sub", env_files=["other.env"]).containers["web"].image == "a:other"
    assert project.load("sub", environ={"TAG": "outside"}).containers["web"].image == "a:outside"
    assert project.wrong("sub", env_files=["no.env"]) == ["no.env: there is no such file"]


@pytest.mark.parametrize(
    "text",
    [
        "services: {web: {image: a, env_file: [../secret.env]}}",
        "services: {web: {image: a, env_file: /etc/hostname}}",
        "services: {web: {image: a, env_file: [{path: link.env}]}}",
        "services: {web: {image: a, label_file: link.env}}",
        "services: {web: {extends: {service: web, file: ../other.yaml}}}",
        "include: [../other.yaml]",
        "include: [{path: inside.yaml, env_file: ../secret.env}]",
        "include: [{path: inside.yaml, project_directory: ..}]",
        "images: {a: {import: ../root.tar}}\nservices: {web: {image: a}}",
    ],
)
def test_nothing_outside_is_read_where_the_source_is_not_trusted(project: Project, text: str) -> None:
    project.file("../secret.env", "A=hunter2")
    project.file("../.env", "A=hunter2")
    project.file("../other.yaml", "services: {web: {image: other}}")
    project.file("../root.tar", "")
    project.file("inside.yaml", "services: {inside: {image: a}}")
    (project.folder / "link.env").symlink_to("../secret.env")
    project.file("compose.yaml", text)
    project.load()
    (headline,) = project.wrong(trusted=False)
    assert OUTSIDE in headline


def test_a_spec_that_is_a_link_to_outside(project: Project) -> None:
    project.file("../other.yaml", "services: {web: {image: other}}")
    (project.folder / "compose.yaml").symlink_to("../other.yaml")
    assert OUTSIDE in project.wrong(trusted=False)[0]


def test_what_is_inside_is_read_where_the_source_is_not_trusted(project: Project) -> None:
    project.file("compose.yaml", "services: {web: {image: a, env_file: sub/../a.env}}")
    project.file("sub/x", "")
    project.file("a.env", "A=1")
    assert project.load(trusted=False).containers["web"].environment == {"A": "1"}
