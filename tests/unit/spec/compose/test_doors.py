from __future__ import annotations

import pytest

from reconciler.fields.base import Instance
from reconciler.fields.payload import create_payload
from tests.unit.spec.compose.project import Project

WEB = "{image: nginx, ports: ['8080:80'], environment: {A: '1'}}"


def test_both_doors_lead_to_the_same_values(project: Project) -> None:
    project.write(native_yaml=f"containers: {{web: {WEB}}}", compose_yaml=f"services: {{web: {WEB}}}")
    native, compose = project.load("native.yaml"), project.load("compose.yaml")
    assert compose == native.model_copy(update={"compose_labels": True})
    assert native.name == "shop"


def test_what_comes_from_a_compose_file_bears_its_labels(project: Project) -> None:
    project.write(native_yaml=f"containers: {{web: {WEB}}}", compose_yaml=f"services: {{web: {WEB}}}")
    labels = create_payload(Instance(project.load("compose.yaml"), "web"))["Labels"]
    assert {key: value for key, value in labels.items() if key.startswith("com.docker")} == {
        "com.docker.compose.project": "shop",
        "com.docker.compose.service": "web",
        "com.docker.compose.container-number": "1",
        "com.docker.compose.oneoff": "False",
        "com.docker.compose.config-hash": "reconciler",
    }
    native = create_payload(Instance(project.load("native.yaml"), "web"))["Labels"]
    assert not [key for key in native if key.startswith("com.docker")]


def test_a_service_that_another_waits_for_to_complete_is_a_job(project: Project) -> None:
    services = {
        "one": ("{image: a}", "completed"),
        "tried_again": ('{image: a, restart: "on-failure:3"}', "completed"),
        "kept_up": ("{image: a, restart: always}", "running"),
        "declared": ("{image: a, state: stopped}", "stopped"),
        "plain": ("{image: a}", "running"),
    }
    for key, (text, state) in services.items():
        condition = "service_started" if key == "plain" else "service_completed_successfully"
        waits = f"{{image: a, depends_on: {{{key}: {{condition: {condition}}}}}}}"
        project.write(compose_yaml=f"services: {{{key}: {text}, waits: {waits}}}")
        assert project.load("compose.yaml").containers[key].state == state, key
    waits = "{image: a, depends_on: {one: {condition: service_completed_successfully}}}"
    project.write(native_yaml=f"containers: {{one: {{image: a}}, waits: {waits}}}")
    assert project.load("native.yaml").containers["one"].state == "running"


def test_one_form_in_all_files(project: Project) -> None:
    project.write(
        a_yaml="containers: {web: {image: a}}",
        b_yaml="services: {web: {image: a}}",
        c_yaml="{containers: , services: }",
    )
    assert project.wrong("a.yaml", "b.yaml") == [
        'b.yaml:1:1: a spec has `services:` or `containers:`, not both; "a.yaml" has `containers:`'
    ]
    assert project.wrong("c.yaml") == [
        "c.yaml:1:16: a spec has `services:` or `containers:`, not both; it has `containers:`"
    ]


def test_an_undefined_variable_is_an_error_in_the_native_form_only(project: Project) -> None:
    project.write(native_yaml='containers: {web: {image: "a${NO}"}}', compose_yaml='services: {web: {image: "a${NO}"}}')
    assert project.wrong("native.yaml") == ['native.yaml:1:29: the variable "NO" is not set']
    assert project.load("compose.yaml").containers["web"].image == "a"
    assert project.warned == ['compose.yaml:1:27: the variable "NO" is not set']


def test_a_variable_without_a_value_is_taken_from_outside_in_compose_files_only(project: Project) -> None:
    text = "{web: {image: a, environment: [OUT, NOT]}}"
    project.write(native_yaml=f"containers: {text}", compose_yaml=f"services: {text}")
    assert project.load("compose.yaml", environ={"OUT": "1"}).containers["web"].environment == {"OUT": "1"}
    headline = project.wrong("native.yaml", environ={"OUT": "1"})[0]
    assert 'variable "OUT"' in headline


def test_notes(project: Project) -> None:
    project.write(
        compose_yaml="""
        version: "3"
        services:
          web:
            image: a
            attach: false
            develop: {watch: []}
        """
    )
    project.load()
    assert [(one.line, one.column, one.severity) for one in project.warnings] == [
        (1, 1, "warning"),
        (5, 5, "warning"),
        (6, 5, "warning"),
    ]
    assert project.warned[1].startswith('compose.yaml:5:5: "attach" in container "web" has no effect: it says')


def test_external_as_it_was_in_version_2(project: Project) -> None:
    project.file(
        "compose.yaml", "services: {web: {image: a, networks: [out]}}\nnetworks: {out: {external: {name: their}}}\n"
    )
    network = project.load().networks["out"]
    assert (network.external, network.name) == (True, "their")
    assert project.warned == [
        'compose.yaml:2:18: "external" of "out" in `networks` is a mapping, as it was in version 2',
    ]


def test_refusals_stand_where_they_are_written(project: Project) -> None:
    project.write(compose_yaml="services: {web: {image: a, cpu_count: 2, provider: {}, portz: []}}")
    assert project.wrong() == [
        (
            'compose.yaml:1:28: attribute "cpu_count" in container "web" is refused: it is for Windows containers, and '
            "only Linux engines are supported"
        ),
        (
            'compose.yaml:1:42: attribute "provider" in container "web" is refused: a provider is a program that '
            "Compose starts, not a container"
        ),
        'compose.yaml:1:56: unknown attribute "portz" in container "web"',
    ]


def test_a_provider_is_refused_and_nothing_else_is_asked_of_it(project: Project) -> None:
    project.write(
        compose_yaml="""
        services:
          db: {provider: {type: cloud}}
          web: {image: a, depends_on: [db]}
        """
    )
    assert [line.partition(" is refused")[0] for line in project.wrong()] == [
        'compose.yaml:2:8: attribute "provider" in container "db"'
    ]


def test_extensions_are_kept_out_but_names_and_free_keys_stay(project: Project) -> None:
    project.write(
        native_yaml="""
        x-any: 1
        containers:
          x-web: {image: a, x-b: 1, environment: {x-c: "1"}, ports: [{target: 80, x-d: 1}], networks: {x-net: {x-e: 1}}}
        networks: {x-net: {x-f: 1}}
        """
    )
    web = project.load("native.yaml").containers["x-web"]
    assert web.environment == {"x-c": "1"}
    assert list(web.networks) == ["x-net"]


def test_only_what_is_used_of_a_compose_file(project: Project) -> None:
    rest = "networks: {n: , unused: }\nvolumes: {vol: , unused: }\n"
    web = "{web: {image: a, networks: [n], volumes: ['vol:/v']}}"
    project.write(native_yaml=f"containers: {web}\n{rest}", compose_yaml=f"services: {web}\n{rest}")
    spec = project.load("compose.yaml")
    assert (list(spec.networks), list(spec.volumes)) == (["n"], ["vol"])
    assert list(project.load("native.yaml").volumes) == ["vol", "unused"]


def test_deploy_clashes(project: Project) -> None:
    project.write(
        compose_yaml="""
        services:
          web:
            image: a
            scale: 2
            mem_limit: 1m
            deploy:
              replicas: 3
              mode: global
              resources: {limits: {memory: 2m}, reservations: [x], limit: 1}
              restart_policy: {condition: sometimes}
              nonsense: 1
        """
    )
    assert project.wrong() == [
        'compose.yaml:7:17: `scale` and `deploy.replicas` of container "web" say different things',
        "compose.yaml:7:17: a global service has one container on each Engine",
        'compose.yaml:9:36: `mem_limit` and `deploy.resources.limits.memory` of container "web" say different things',
        "compose.yaml:9:36: a container needs at least 6 MiB of memory",
        'compose.yaml:9:55: "deploy.resources.reservations" in container "web" must be a mapping',
        'compose.yaml:9:60: unknown attribute "limit" in deploy.resources of container "web"',
        'compose.yaml:10:35: "sometimes" is no condition',
        'compose.yaml:11:7: unknown attribute "nonsense" in deploy of container "web"',
    ]


def test_the_project_name(project: Project) -> None:
    project.write(
        compose_yaml='name: named\nservices: {web: {image: "a:${COMPOSE_PROJECT_NAME}"}}',
        native_yaml="containers: {web: {image: a}}",
    )
    environ = {"COMPOSE_PROJECT_NAME": "outside"}
    assert project.load("compose.yaml").containers["web"].image == "a:named"
    assert project.load("compose.yaml", environ=environ).containers["web"].image == "a:outside"
    assert project.load("compose.yaml", environ=environ, project="given").name == "given"
    assert project.load("native.yaml", environ=environ).name == "shop"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("My.Shop 2", "myshop2"),
        ("_shop", "shop"),
        ("shop-${STAGE}", "shop-"),
        ("shop-${STAGE}-${UNSET:-eu}", "shop--eu"),
    ],
)
def test_any_text_names_a_compose_project(project: Project, written: str, name: str) -> None:
    """By Compose's own rule, so that what Docker Compose made of the file is found again."""
    project.write(compose_yaml=f'name: "{written}"\nservices: {{web: {{image: "a:${{COMPOSE_PROJECT_NAME}}"}}}}')
    spec = project.load("compose.yaml")
    assert (spec.name, spec.containers["web"].image) == (name, f"a:{name}")


def test_a_text_of_which_nothing_can_be_in_a_name(project: Project) -> None:
    project.write(compose_yaml='name: "..."\nservices: {web: {image: a}}')
    assert project.wrong() == ['compose.yaml:1:7: "..." is not a project name']


def test_a_name_from_outside_is_not_said_to_stand_in_the_file(project: Project) -> None:
    project.write(compose_yaml="name: named\nservices: {web: {image: a}}", native_yaml="containers: {web: {image: a}}")
    environ = {"COMPOSE_PROJECT_NAME": "My Shop"}
    assert project.wrong("compose.yaml", environ=environ) == [
        'COMPOSE_PROJECT_NAME: "My Shop" is not a project name',
    ]
    assert project.wrong("compose.yaml", project="Shop") == ['--project: "Shop" is not a project name']
    assert project.wrong("native.yaml", project="Shop") == ['--project: "Shop" is not a project name']


@pytest.mark.parametrize(("word", "meant"), [("yes", True), ("On", True), ("y", True), ("no", False), ("'off'", False)])
def test_a_compose_file_has_the_older_words_for_booleans_too(project: Project, word: str, meant: bool) -> None:
    project.file("compose.yaml", f"services: {{web: {{image: x, tty: {word}, volumes: [{{type: volume, source: d,\n"
                 f"  target: /d, read_only: {word}}}]}}}}\nvolumes: {{d: {{}}}}\n")  # fmt: skip
    [web] = project.load().containers.values()
    assert (web.tty, web.volumes[0].read_only) == (meant, meant)


def test_a_native_spec_has_true_and_false(project: Project) -> None:
    project.file("reconciler.yaml", "containers: {web: {image: x, tty: yes}}\n")
    [said] = project.wrong()
    assert '"yes" is neither true nor false' in said
