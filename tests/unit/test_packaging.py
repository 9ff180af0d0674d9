"""The unit file, the Dockerfile and the Compose example name what is there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from reconciler import load
from reconciler.cli.main import command as cli
from reconciler.engine.dockerignore import Ignored

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / "packaging"
OTHERS = {"RECONCILER_STATE_DIR", "RECONCILER_RUNTIME_DIR", "RECONCILER_TOKEN"}
"""Variables that belong to no option."""


def variables() -> set[str]:
    """The variables that `watch` reads."""
    assert isinstance(cli, click.Group)
    watch = cli.get_command(click.Context(cli), "watch")
    assert watch
    return OTHERS | {f"RECONCILER_{str(one.name).upper()}" for one in watch.params}


def read(name: str) -> str:
    return (PACKAGING / name).read_text()


@pytest.mark.parametrize("name", sorted(path.name for path in PACKAGING.iterdir() if path.is_file()))
def test_every_variable_is_one_that_watch_reads(name: str) -> None:
    assert set(re.findall(r"RECONCILER_[A-Z_]+", read(name))) <= variables()


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's, with their lines joined."""
    text = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", read("Dockerfile"), flags=re.M))
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in text.splitlines() if line.strip()]


def test_the_image_is_made_of_what_is_here() -> None:
    copied = [
        source
        for name, rest in instructions()
        if name == "COPY" and "--from" not in rest
        for source in shlex.split(rest)[:-1]
    ]
    assert {"requirements.lock", "requirements-build.lock", "pyproject.toml", "reconciler"} <= set(copied)
    assert all((ROOT / source).exists() for source in copied)
    ignored = Ignored((ROOT / ".dockerignore").read_text())
    assert [source for source in [*copied, "reconciler/cli/watch.py"] if source in ignored] == []
    assert [name for name in (".git", ".venv", "tests", "reconciler/__pycache__") if name not in ignored] == []
    installs = [rest for name, rest in instructions() if name == "RUN"]
    assert all("--require-hashes" in rest or "--no-index" in rest for rest in installs)
    assert ("ENTRYPOINT", '["reconciler"]') in instructions()


def test_the_compose_example_is_a_spec_too() -> None:
    spec = load(PACKAGING / "compose.yaml")
    watch = spec.containers["watch"]
    assert watch.read_only
    assert {volume.target for volume in watch.volumes} >= {"/var/run/docker.sock", "/specs"}
    [service] = yaml.safe_load(read("compose.yaml"))["services"].values()
    context = (PACKAGING / service["build"]["context"]).resolve()
    assert (context / service["build"]["dockerfile"]) == PACKAGING / "Dockerfile"


def test_the_unit_says_what_a_service_that_notifies_must() -> None:
    settings = dict(re.findall(r"^(\w+)=(.*)$", read("docker-reconciler.service"), re.M))
    assert (settings["Type"], settings["NotifyAccess"], settings["WatchdogSec"]) == ("notify", "main", "60")
    assert settings["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert settings["ExecStart"].split() == ["/usr/bin/reconciler", "watch"]
