"""`doctor`: what it finds right and wrong."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from tests.support.registry import PASSWORD, USER, a_registry

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.command import Shell

REGISTRY = "127.0.0.1:28642"


def test_all_is_well(shell: Shell, tmp_path: Path) -> None:
    shell.environ |= {"RECONCILER_STATE_DIR": str(tmp_path / "state"), "DOCKER_CONFIG": str(tmp_path)}
    done = shell.run("doctor")
    assert (done.code, done.err) == (0, ""), done.out
    version = shell.engine.docker("version", "--format", "{{.Server.Version}}")
    assert f"Docker {version} on " in done.out
    assert done.out.endswith("\nAll is well.\n")
    data = shell.run("doctor", "-o", "json")
    assert (data.code, data.json["ok"]) == (0, True)
    assert [one["check"] for one in data.json["findings"]][:3] == ["versions", "builder", "context"]


def test_what_is_wrong_makes_it_end_with_1(shell: Shell, tmp_path: Path) -> None:
    done = shell.run("doctor", "--host", "unix:///nope.sock", "-o", "json")
    assert done.code == 1
    assert [one["check"] for one in done.json["findings"] if one["verdict"] == "wrong"] == ["engine"]
    assert "to mend." in shell.run("doctor", "--context", "nope").out


def test_logins_are_tried_through_the_engine(shell: Shell, tmp_path: Path) -> None:
    shell.environ |= {"RECONCILER_STATE_DIR": str(tmp_path / "state"), "DOCKER_CONFIG": str(tmp_path)}
    folder = tmp_path / "registry"
    folder.mkdir()

    def configure(password: str) -> None:
        login = base64.b64encode(f"{USER}:{password}".encode()).decode()
        (tmp_path / "config.json").write_text(json.dumps({"auths": {REGISTRY: {"auth": login}}}))

    with a_registry(shell.engine, folder, REGISTRY, private=True):
        configure(PASSWORD)
        done = shell.run("doctor")
        assert done.code == 0, done.out
        assert f"{REGISTRY} takes the login" in done.out
        configure("not-the-password")
        done = shell.run("doctor")
        assert done.code == 1
        assert f"✗ registries    {REGISTRY}: " in done.out
        assert "docker login" in done.out
        assert "not-the-password" not in done.out
    (tmp_path / "config.json").write_text(json.dumps({"credHelpers": {REGISTRY: "nobody-has-this"}}))
    done = shell.run("doctor")
    assert (done.code, "docker-credential-nobody-has-this is not installed" in " ".join(done.out.split())) == (1, True)
