from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.errors import SpecError
from reconciler.spec.folders import find_all
from reconciler.spec.model import Container
from tests.unit.spec.compose.project import Project


def test_an_error_stands_in_the_file_that_it_is_in(project: Project) -> None:
    project.write(
        a_yaml="services: {web: {image: a, ports: ['80', '81'], labels: [a=1]}}",
        b_yaml="services:\n  web:\n    ports: ['x']\n    labels: {b: [1]}\n    nonsense: 1\n",
    )
    assert project.wrong("a.yaml", "b.yaml") == [
        'b.yaml:3:13: "x" is not a container port',
        'b.yaml:4:17: label "b" must be text, not a list',
        'b.yaml:5:5: unknown attribute "nonsense" in container "web"',
    ]


def test_what_can_not_be_merged(project: Project) -> None:
    project.write(a_yaml="services: {web: {image: a, security_opt: [a], hostname: h, healthcheck: {retries: 1}}}")
    project.write(b_yaml="services:\n  web:\n    security_opt: b\n    hostname: [h]\n    healthcheck: x\n")
    assert project.wrong("a.yaml", "b.yaml") == [
        "b.yaml:3:19: this can't be merged with the other file's: there it is a list",
        "b.yaml:4:15: this can't be merged with the other file's: there it is a single value",
        "b.yaml:5:18: this can't be merged with the other file's: there it is a mapping",
    ]


def test_every_file_tells_what_is_wrong_with_it(project: Project) -> None:
    project.write(a_yaml='services: {web: {image: "${"}}', b_yaml='services: {web: {image: "${}"}}')
    assert [one.split(":")[0] for one in project.wrong("a.yaml", "b.yaml")] == ["a.yaml", "b.yaml"]


def test_ranges_of_ports_are_told_apart_up_to_a_bound(project: Project) -> None:
    project.write(a_yaml="services: {web: {image: a, ports: ['8000-8002:80-82']}}")
    project.write(b_yaml="services: {web: {ports: [{target: 81, published: '8001', mode: host}]}}")
    ports = project.load("a.yaml", "b.yaml").containers["web"].ports
    assert [(port.published, port.mode) for port in ports] == [
        ("8000", "ingress"),
        ("8001", "host"),
        ("8002", "ingress"),
    ]
    many = ", ".join(["1-65535"] * 1000)
    project.write(a_yaml=f"services: {{web: {{image: a, ports: [{many}]}}}}", b_yaml="services: {web: {ports: [x]}}")
    assert "more than" in project.wrong("a.yaml", "b.yaml")[0]


def test_a_health_check_is_switched_off_as_a_whole(project: Project) -> None:
    project.write(a_yaml="services: {web: {image: a, healthcheck: {test: x, interval: 1s}}}")
    project.write(b_yaml="services: {web: {healthcheck: {disable: true}}}")
    found = project.load("a.yaml", "b.yaml").containers["web"].healthcheck
    assert found is not None
    assert (found.test, found.interval) == (("NONE",), None)


def test_three_files_with_marks(project: Project) -> None:
    project.write(
        a_yaml="services: {web: {image: a, command: a, ports: ['80'], environment: {A: '1'}}}",
        b_yaml="services: {web: {command: !reset null, ports: !override ['81'], environment: !reset {}}}",
        c_yaml="services: {web: {ports: ['82'], environment: {C: '1'}}}",
    )
    web = project.load("a.yaml", "b.yaml", "c.yaml").containers["web"]
    assert web.command is None
    assert [port.target for port in web.ports] == [81, 82]
    assert web.environment == {"C": "1"}


def test_marks_in_a_single_file(project: Project) -> None:
    project.write(a_yaml="services: {web: {image: !override a, command: !reset [x], ports: !override ['80']}}")
    web = project.load("a.yaml").containers["web"]
    assert web == Container.model_validate({"image": "a", "ports": ["80"]})


def test_default_files_with_their_override(project: Project) -> None:
    project.file("compose.yaml", "services: {web: {image: a, command: base}}")
    project.file("compose.override.yml", "services: {web: {command: over}}")
    assert project.load().containers["web"].command == ("over",)
    assert project.load(".").containers["web"].command == ("over",)
    assert project.load("compose.yaml").containers["web"].command == ("base",)


def test_ours_come_first(project: Project) -> None:
    project.file("compose.yaml", "services: {web: {image: a}}")
    project.file("reconciler.yaml", "containers: {ours: {image: a}}")
    project.file("reconciler.override.yaml", "containers: {more: {image: a}}")
    assert list(project.load(environ={"COMPOSE_FILE": "compose.yaml"}).containers) == ["ours", "more"]


def test_compose_file_names_the_files(project: Project) -> None:
    project.file("one.yaml", "services: {one: {image: a}}")
    project.file("two.yaml", "services: {two: {image: a}}")
    assert list(project.load(environ={"COMPOSE_FILE": "one.yaml:two.yaml"}).containers) == ["one", "two"]
    environ = {"COMPOSE_FILE": "one.yaml;two.yaml", "COMPOSE_PATH_SEPARATOR": ";"}
    assert list(project.load(environ=environ).containers) == ["one", "two"]
    project.file(".env", "COMPOSE_FILE=two.yaml")
    assert list(project.load().containers) == ["two"]


def test_an_env_file_names_the_files(project: Project) -> None:
    project.file("one.yaml", "services: {one: {image: a}}")
    project.file("two.yaml", "services: {two: {image: '${A}'}}")
    project.file(".env", "COMPOSE_FILE=none.yaml")
    project.file("a.env", "COMPOSE_FILE=one.yaml\nA=a")
    project.file("b.env", "COMPOSE_FILE=two.yaml;one.yaml\nCOMPOSE_PATH_SEPARATOR=;")
    assert list(project.load(env_files=["a.env"]).containers) == ["one"]
    assert list(project.load(env_files=["a.env", "b.env"]).containers) == ["two", "one"]
    assert list(project.load(environ={"COMPOSE_ENV_FILES": "a.env"}).containers) == ["one"]
    assert list(project.load(environ={"COMPOSE_FILE": "two.yaml"}, env_files=["a.env"]).containers) == ["two"]
    assert project.wrong(env_files=["no.env"]) == ["no.env: there is no such file"]


def test_a_spec_above_is_told_of_and_not_used(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.file("compose.yml", "services: {one: {image: a}}")
    project.file("a/b/other.txt", "")
    monkeypatch.chdir(project.folder / "a" / "b")
    with pytest.raises(SpecError) as caught:
        project.load()
    assert caught.value.message == "there is no spec here, only above: ../../compose.yml"
    assert "-f ../../compose.yml" in (caught.value.hint or "")
    assert list(project.load("../../compose.yml").containers) == ["one"]


def test_the_projects_of_a_folder(project: Project) -> None:
    for name in ("b.yaml", "a.yml"):
        project.file(name, "containers: {web: {image: a}}")
    project.file("values.yaml", "other: 1")
    project.file("broken.yaml", "a: [")
    project.file("notes.txt", "containers:")
    project.file("sub/compose.yaml", "services: {web: {image: a}}")
    project.file("sub/compose.override.yaml", "services: {web: {image: b}}")
    project.file("plain/other.yaml", "services: {web: {image: a}}")
    found = [[str(path.relative_to(project.folder)) for path in files] for files in find_all(project.folder)]
    assert found == [["a.yml"], ["b.yaml"], ["broken.yaml"], ["sub/compose.yaml", "sub/compose.override.yaml"]]
    assert find_all(project.folder / "sub") == [
        [project.folder / "sub" / "compose.yaml", project.folder / "sub" / "compose.override.yaml"]
    ]
    with pytest.raises(SpecError, match="can't be read: no such file"):
        find_all(Path("nowhere"))


def test_profiles(project: Project) -> None:
    project.write(
        compose_yaml="""
        services:
          web:
            image: a
            depends_on:
              db: {condition: service_started, required: false}
          db: {image: a, profiles: [data, all], env_file: missing}
        """
    )
    spec = project.load()
    assert list(spec.containers) == ["web"]
    assert spec.containers["web"].depends_on == {}
    assert project.wrong(profiles=["data"]) == ["compose.yaml:6:51: missing: there is no such file"]
    (project.folder / "missing").touch()
    assert list(project.load(profiles=["*"]).containers) == ["web", "db"]
    assert list(project.load(environ={"COMPOSE_PROFILES": "x,all"}).containers) == ["web", "db"]
    project.write(native_yaml="containers:\n  web: {image: a, depends_on: [db]}\n  db: {image: a, profiles: [x]}\n")
    assert project.wrong("native.yaml") == [
        'native.yaml:2:32: container "web" depends on "db", none of whose profiles is active'
    ]
    project.write(native_yaml="containers: {db: {image: a, profiles: x}}")
    assert project.wrong("native.yaml") == ['native.yaml:1:39: "profiles" in container "db" must be a list']


def test_the_env_file_of_the_working_folder_counts_where_compose_file_names_the_spec(project: Project) -> None:
    project.file(".env", "COMPOSE_FILE=sub/compose.yaml\nCOMPOSE_PROJECT_NAME=given\nA=here\nB=here")
    project.file("sub/.env", "A=sub\nC=sub\nD=sub with $A")
    project.file("sub/compose.yaml", "services: {web: {image: a, environment: [A, B, C, D]}}")
    spec = project.load(environ={"B": "outside"})
    assert spec.name == "given"
    expected = {"A": "here", "B": "outside", "C": "sub", "D": "sub with here"}
    assert spec.containers["web"].environment == expected
    project.file(".env", "A=here")
    spec = project.load(environ={"COMPOSE_FILE": "sub/compose.yaml", "B": "outside"})
    assert (spec.name, spec.containers["web"].environment) == ("sub", expected)
    spec = project.load("sub/compose.yaml")
    assert spec.containers["web"].environment == {"A": "sub", "C": "sub", "D": "sub with sub"}
    spec = project.load(environ={"COMPOSE_FILE": "sub/compose.yaml"}, env_files=["sub/.env"])
    assert spec.containers["web"].environment == {"A": "sub", "C": "sub", "D": "sub with sub"}


def test_the_environment_may_name_files_of_variables_or_leave_the_default_one_out(project: Project) -> None:
    project.file("compose.yaml", 'services: {web: {image: "a:${A:-none}${B:-none}"}}')
    project.file(".env", "A=dot\nCOMPOSE_FILE=no/such.yaml")
    project.file("one.env", "A=one\nB=one")
    project.file("two.env", "A=two")

    def image(*env_files: str, **environ: str) -> str:
        found = project.load("compose.yaml", environ=environ, env_files=env_files)
        return found.containers["web"].image

    assert image() == "a:dotnone"
    assert image(COMPOSE_ENV_FILES="one.env,two.env") == "a:twoone"
    assert image("two.env", COMPOSE_ENV_FILES="one.env") == "a:twonone"
    assert image(COMPOSE_DISABLE_ENV_FILE="true") == "a:nonenone"
    assert image(COMPOSE_DISABLE_ENV_FILE="false") == "a:dotnone"
    assert list(project.load(environ={"COMPOSE_DISABLE_ENV_FILE": "1"}).containers) == ["web"]
