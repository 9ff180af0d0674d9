"""What may hold a secret is not shown: by its key's name, by its form, by its origin."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.journal.secrets import without_secrets
from reconciler.planning.sensitive import is_sensitive, revealed, secrets_of
from reconciler.report.json_form import plan_dict
from reconciler.report.plan_text import plan_text
from reconciler.report.style import Style
from reconciler.spec.loader import load
from reconciler.spec.model import Settings
from reconciler.spec.scalar import FromEnvFile
from reconciler.spec.writing import native
from tests.support.simulated import Scene

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.planning.plan import FieldChange


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("PASSWORD", "x"),
        ("pgpasswd", "x"),
        ("DB_PASS", "x"),
        ("ROOT_PWD", "x"),
        ("aws.secret-name", "x"),
        ("splunk-token", "x"),
        ("SIGNING_KEY", "x"),
        ("BASIC_AUTH", "x"),
        ("DATABASE_URL", "postgres://me:hunter2@db/app"),
        ("command", ("app", "--password", "hunter2")),
        ("command", ("sh", "-c", "PGPASSWORD=hunter2 psql")),
        ("healthcheck", {"test": ("CMD", "curl", "-H", "Authorization: hunter2")}),
        ("options", {"o": "username=me,password=hunter2"}),
        ("mounts", ({"options": {"token": "hunter2"}},)),
        ("CODE_PIN", "1234"),
        ("code_pin", "1234"),
        ("ANY", FromEnvFile("x")),
    ],
)
def test_hidden(key: str, value: object) -> None:
    assert is_sensitive(["*_PIN", "(x"], key, value)
    assert is_sensitive(["*_PIN"], key, None, value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("TZ", "UTC"),
        ("PWD", "/srv"),
        ("AUTHOR", "me"),
        ("PINNED", "yes"),
        ("SPIN", "no"),
        ("URL", "http://db:8080/app"),
        ("command", ("serve", "--port", "80")),
        ("PASSWORD", None),
    ],
)
def test_shown(key: str, value: object) -> None:
    assert not is_sensitive(["*_PIN"], key, value)


def fields(scene: Scene) -> dict[str, FieldChange]:
    return {field.path: field for change in scene.plan().changes for field in change.fields}


def expect_hidden(scene: Scene, *paths: str, shown: tuple[str, ...] = ()) -> None:
    found = fields(scene)
    assert {path for path, field in found.items() if field.sensitive} == set(paths)
    assert {path for path, field in found.items() if not field.sensitive} == set(shown)
    plan = scene.plan()
    for text in (json.dumps(plan_dict(plan)), plan_text(plan, Style(), 80)):
        assert "hunter" not in text
    assert "hunter" in json.dumps(plan_dict(revealed(plan)))
    assert "hunter" in plan_text(revealed(plan), Style(), 80)


def test_settings_sensitive_names_variables_and_labels() -> None:
    scene = Scene()
    containers: dict[str, Any] = {"web": {"environment": {"DSN": "hunter1", "TZ": "UTC"}, "labels": {"my.dsn": "a"}}}
    scene.declare(containers, settings={"sensitive": ["dsn", "my.*"]})
    scene.converge()
    containers["web"] = {"environment": {"DSN": "hunter2", "TZ": "CET"}, "labels": {"my.dsn": "hunter2"}}
    scene.declare(containers, settings={"sensitive": ["dsn", "my.*"]})
    expect_hidden(scene, "environment.DSN", "labels.my.dsn", shown=("environment.TZ",))


def test_settings_sensitive_names_labels_of_networks() -> None:
    scene = Scene()
    for value in ("hunter1", "hunter2"):
        networks = {"back": {"labels": {"dsn": value, "tier": value[-1]}}}
        scene.declare({"web": {"networks": ["back"]}}, networks=networks, settings={"sensitive": "DSN"})
        if value == "hunter1":
            scene.converge()
    expect_hidden(scene, "labels.dsn", shown=("labels.tier", "networks"))


def declare(scene: Scene, folder: Path, container: str, variables: str = "") -> None:
    (folder / "web.env").write_text(variables)
    (folder / "reconciler.yaml").write_text(f"name: p\ncontainers:\n  web: {{image: 'app:1', {container}}}\n")
    scene.spec = load(folder)


def test_a_value_from_an_env_file_is_hidden(tmp_path: Path) -> None:
    scene = Scene()
    both = "env_file: web.env, environment: {TZ: UTC, SECOND: hunter}"
    declare(scene, tmp_path, both, "PLAIN=hunter1\nSECOND=overridden\n")
    scene.converge()
    declare(scene, tmp_path, both.replace("UTC", "CET").replace("hunter", "x"), "PLAIN=hunter2\nSECOND=overridden\n")
    found = fields(scene)
    assert {path: field.sensitive for path, field in found.items()} == {
        "environment.PLAIN": True,
        "environment.SECOND": False,  # the spec itself says it
        "environment.TZ": False,
    }


def test_a_variable_that_is_no_longer_declared_is_hidden(tmp_path: Path) -> None:
    scene = Scene()
    declare(scene, tmp_path, "env_file: web.env", "PLAIN=hunter1\n")
    scene.converge()
    declare(scene, tmp_path, "environment: {}")
    expect_hidden(scene, "environment.PLAIN")


def test_through_extends_and_another_file_it_is_still_hidden(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("name: b\ncontainers: {base: {image: 'app:1', env_file: web.env}}\n")
    extends = "extends: {file: base.yaml, service: base}"
    scene = Scene()
    declare(scene, tmp_path, extends, "PLAIN=hunter1\n")
    scene.converge()
    declare(scene, tmp_path, extends, "PLAIN=hunter2\n")
    expect_hidden(scene, "environment.PLAIN")


def test_a_stored_spec_has_neither_what_an_env_file_gives_nor_what_the_settings_name(tmp_path: Path) -> None:
    scene = Scene()
    declare(scene, tmp_path, "env_file: web.env, environment: {DSN: hunter2, TZ: UTC}", "PLAIN='hunter$1'\n")
    scene.spec = scene.spec.model_copy(update={"settings": Settings(sensitive=("dsn",))})
    data, paths = without_secrets(native(scene.spec), secrets_of(scene.spec))
    assert "hunter" not in json.dumps(data)
    assert paths == [("containers", "web", "environment", name) for name in ("DSN", "PLAIN")]
    assert data["containers"]["web"]["environment"]["TZ"] == "UTC"
