"""`reconciler config`, as it is called: what it prints, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml

from reconciler.cli import main

SHOP = """\
containers:
  web:
    image: registry.example/shop/${APP}:${TAG:-latest}
    command: serve --name ${COMPOSE_PROJECT_NAME}
    cap_add: [SYS_TIME, CHOWN]
    dns: [192.0.2.1, "${DNS}"]
    env_file: web.env
    environment: [PASSWORD=$SECRET, PLAIN=1]
    ports: ["${PORT}-8081:80-81", "90"]
    volumes: [./data:/data]
  db:
    image: postgres:16
    labels:
      com.example.note: "costs $$5 ${NOTE:+x}"
images:
  postgres:16:
  unused:1: {}
"""
NATIVE = """\
name: shop
images:
  "postgres:16": {}
  "unused:1": {}
containers:
  web:
    image: registry.example/shop/app:latest
    cap_add: [CAP_CHOWN, CAP_SYS_TIME]
    command: [serve, "--name", shop]
    dns: ["192.0.2.1", "192.0.2.2"]
    environment:
      FROM_FILE: app and more
      PASSWORD: hunter2
      PLAIN: "1"
    ports:
      - target: 80
        published: "8080"
        protocol: tcp
      - target: 81
        published: "8081"
        protocol: tcp
      - target: 90
        protocol: tcp
    volumes:
      - type: bind
        source: FOLDER/data
        target: /data
  db:
    image: postgres:16
    labels:
      com.example.note: "costs $$5 "
"""
PROVENANCE = """\
name: shop
images:
  "postgres:16": {}  # reconciler.yaml:16:3
  "unused:1": {}  # reconciler.yaml:17:13
containers:
  web:
    image: registry.example/shop/app:latest  # reconciler.yaml:3:12, APP from .env:2, TAG by its default
    cap_add: [CAP_CHOWN, CAP_SYS_TIME]  # reconciler.yaml:5:14
    command: [serve, "--name", shop]  # reconciler.yaml:4:14, COMPOSE_PROJECT_NAME from the project's name
    dns:
      - "192.0.2.1"  # reconciler.yaml:6:11
      - "192.0.2.2"  # reconciler.yaml:6:22, DNS from .env:3
    environment:
      FROM_FILE: app and more  # web.env:2:12, APP from .env:2
      PASSWORD: hunter2  # reconciler.yaml:8:19, SECRET from the environment
      PLAIN: "1"  # reconciler.yaml:8:37
    ports:
      - target: 80  # reconciler.yaml:9:13, PORT from .env:4
        published: "8080"
        protocol: tcp
      - target: 81  # reconciler.yaml:9:13, PORT from .env:4
        published: "8081"
        protocol: tcp
      - target: 90  # reconciler.yaml:9:35
        protocol: tcp
    volumes:
      - type: bind  # reconciler.yaml:10:15
        source: FOLDER/data
        target: /data
  db:
    image: postgres:16  # reconciler.yaml:12:12
    labels:
      com.example.note: "costs $$5 "  # reconciler.yaml:14:25, NOTE not set
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "shop"
    path.mkdir()
    (path / "reconciler.yaml").write_text(SHOP)
    (path / ".env").write_text("# of the shop\nAPP=app\nDNS='192.0.2.2'\nPORT=8080\n")
    (path / "web.env").write_text('\nFROM_FILE="${APP} and more"\n')
    monkeypatch.chdir(path)
    monkeypatch.setenv("SECRET", "hunter2")
    for name in ("APP", "TAG", "DNS", "PORT", "NOTE", "COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES"):
        monkeypatch.delenv(name, raising=False)
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """What the command prints; its exit code is as expected."""
    assert main.run(["config", *arguments]) == code
    return capsys.readouterr().out.replace(str(Path.cwd()), "FOLDER")


def test_the_resolved_spec(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys) == NATIVE


def test_as_json_it_is_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(run(capsys, "-o", "json")) == yaml.safe_load(NATIVE)


def test_what_it_prints_is_a_spec_that_prints_the_same(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "again.yaml").write_text(run(capsys).replace("FOLDER", str(folder)))
    assert run(capsys, "-f", "again.yaml") == NATIVE
    (folder / "again.json").write_text(run(capsys, "-o", "json").replace("FOLDER", str(folder)))
    assert run(capsys, "-f", "again.json") == NATIVE


def test_a_compose_file_becomes_native_and_keeps_its_labels(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "compose.yaml").write_text(
        "services: {a: {image: b, environment: [SECRET]}, c: {image: d, profiles: [x]}}"
    )
    text = run(capsys, "-f", "compose.yaml", "--provenance")
    expected = """\
        name: shop
        containers:
          a:
            image: b  # compose.yaml:1:23
            environment:
              SECRET: hunter2  # compose.yaml:1:40, SECRET from the environment
        compose_labels: true
    """
    assert text == dedent(expected)


def test_images(capsys: pytest.CaptureFixture[str]) -> None:
    images = ["postgres:16", "registry.example/shop/app:latest", "unused:1"]
    assert run(capsys, "--images").splitlines() == images
    assert json.loads(run(capsys, "--images", "-o", "json")) == {"images": images}


def test_digests_follow_the_definition_alone(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    def digests() -> dict[str, str]:
        return dict(line.split() for line in run(capsys, "--hash").splitlines())

    before = digests()
    assert list(before) == ["web", "db"]
    assert json.loads(run(capsys, "--hash", "-o", "json")) == {"digests": before}
    (folder / "reconciler.yaml").write_text(SHOP.replace("[SYS_TIME, CHOWN]", "[CAP_CHOWN, CAP_SYS_TIME]"))
    assert digests() == before
    (folder / "reconciler.yaml").write_text(SHOP.replace("PLAIN=1", "PLAIN=2"))
    assert digests() == {"web": digests()["web"], "db": before["db"]}
    assert digests() != before


def test_provenance(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--provenance") == PROVENANCE
    assert yaml.safe_load(PROVENANCE) == yaml.safe_load(NATIVE)


def test_provenance_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    printed = json.loads(run(capsys, "--provenance", "-o", "json"))
    found: dict[str, Any] = printed.pop("provenance")
    assert printed == yaml.safe_load(NATIVE)
    assert "hunter2" not in json.dumps(found)
    assert found["containers.web.image"] == {
        "file": "reconciler.yaml",
        "line": 3,
        "column": 12,
        "variables": [{"name": "APP", "from": "file", "file": ".env", "line": 2}, {"name": "TAG", "from": "default"}],
    }
    assert found["containers.web.environment.PASSWORD"]["variables"] == [{"name": "SECRET", "from": "environment"}]
    assert found["containers.web.ports.1.published"]["column"] == 13
    assert found['containers.db.labels."com.example.note"']["variables"] == [{"name": "NOTE", "from": "nobody"}]
    assert 'images."postgres:16"' in found


def test_values_of_several_files_name_theirs(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "more.yaml").write_text("name: mine\ncontainers:\n  db: {dns: 192.0.2.9, tmpfs: [/run], hostname: x}\n")
    (folder / "base.yaml").write_text("containers: {db: {image: a, dns: [192.0.2.8], extra_hosts: [b=192.0.2.1]}}\n")
    text = run(capsys, "-f", "base.yaml", "-f", "more.yaml", "--provenance", "-p", "other")
    expected = """\
        name: other
        containers:
          db:
            image: a  # base.yaml:1:26
            dns:
              - "192.0.2.8"  # base.yaml:1:35
              - "192.0.2.9"  # more.yaml:3:13
            extra_hosts:
              b: ["192.0.2.1"]  # base.yaml:1:61
            hostname: x  # more.yaml:3:49
            tmpfs: [/run]  # more.yaml:3:32
    """
    assert text == dedent(expected)


def test_variables_of_other_files_name_theirs(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "part.yaml").write_text("containers: {b: {image: $OWN, user: $APP}}\n")
    (folder / "sub" / ".env").write_text("OWN=own\nAPP=not-this\n")
    (folder / "vars").write_text("\nAPP=given\n")
    (folder / "whole.yaml").write_text(
        "include: [sub/part.yaml]\ncontainers: {a: {image: $APP, env_file: {path: e}}}\n"
    )
    (folder / "e").write_text("RAW=$x\n")
    text = run(capsys, "-f", "whole.yaml", "--env-file", "vars", "--provenance")
    expected = """\
        name: shop
        containers:
          a:
            image: given  # whole.yaml:2:25, APP from vars:2
            environment:
              RAW: ""  # e:1:5, x not set
          b:
            image: own  # sub/part.yaml:1:25, OWN from sub/.env:1
            user: given  # sub/part.yaml:1:37, APP from vars:2
    """
    assert text == dedent(expected)


def test_what_is_wrong_is_said_as_by_validate(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "reconciler.yaml").write_text("containers: {web: {imag: a}}\n")
    assert main.run(["config"]) == 4
    assert 'unknown attribute "imag"' in capsys.readouterr().err
    error = json.loads(run(capsys, "-o", "json", code=4))["error"]
    assert error["exit_code"] == 4
    assert error["diagnostics"][0]["line"] == 1
