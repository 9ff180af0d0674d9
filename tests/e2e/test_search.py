"""`search`: a private registry with Docker's own login, and Docker Hub through an Engine that can't reach it."""

from __future__ import annotations

import base64
import json
import subprocess
from typing import TYPE_CHECKING

from tests.e2e.command import COMMAND, DEADLINE, Shell
from tests.support.registry import PASSWORD, USER, a_registry

if TYPE_CHECKING:
    from pathlib import Path

REGISTRY = "127.0.0.1:28643"


def test_the_tags_of_a_private_repository(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "registry"
    folder.mkdir()
    shell.environ["DOCKER_CONFIG"] = str(tmp_path)

    def search(*words: str) -> subprocess.CompletedProcess[str]:
        # The registry is on the Engine's own loopback.
        return subprocess.run(
            [*shell.engine.enter, *COMMAND, "search", *words],
            cwd=shell.folder,
            env=shell.environment,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )

    with a_registry(shell.engine, folder, REGISTRY, private=True) as registry:
        for tag in ("1.9", "1.10", "latest"):
            registry.push(f"team/app:{tag}", tag)
        name = f"{REGISTRY}/team/app"
        refused = search(name)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert f"`docker login {REGISTRY}`" in refused.stderr
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        (tmp_path / "config.json").write_text(json.dumps({"auths": {REGISTRY: {"auth": login}}}))
        found = search(name)
        assert (found.stdout, found.stderr) == (f"{name}:1.10\n{name}:1.9\n{name}:latest\n", "")
        assert search(f"{REGISTRY}/team/other").returncode == 1


def test_an_engine_that_can_not_reach_docker_hub_says_so(shell: Shell) -> None:
    done = shell.run("search", "nginx")
    assert done.code == 1
    assert done.err.startswith("error: the Engine can't search Docker Hub: ")
    assert len(done.err.splitlines()) == 2
