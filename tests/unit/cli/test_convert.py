"""`reconciler convert` of files and lines, as it is called: what it prints, and how it ends."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from reconciler.cli import main
from reconciler.spec.loader import Asked, load, load_text
from tests.support.record_compose import ENVIRON, cases, files
from tests.support.written import same

SHOP = """\
name: shop
services:
  web:
    image: nginx:${TAG}
    attach: false
    provider: {type: x}
    ports: ["8080:80", "127.0.0.1:8443:443/tcp", "9000-9001"]
    volumes: ["./www:/www:ro", "data:/data", "/srv:/srv"]
    environment: {PRICE: "$$5"}
    env_file: web.env
    depends_on: [db]
    develop: {}
  db:
    image: postgres:16
    profiles: [db]
volumes: {data: {}}
"""
BECOMES = """\
# Made from a Compose file by `reconciler convert`.
# compose.yaml:5:5: "attach" in container "web" has no effect: it says whose output `docker compose up` shows; look \
with `docker logs`
# compose.yaml:12:5: "develop" in container "web" has no effect: it is for `docker compose watch`, which rebuilds \
while you write code
# compose.yaml:6:5: attribute "provider" in container "web" is refused: a provider is a program that Compose starts, \
not a container; it is left out; run it on its own
# the values of these variables stand here, as they are now: TAG
# what web.env gives stands here, passwords too
# paths are relative to FOLDER: save this file there
name: shop
containers:
  web:
    image: nginx:1.27
    depends_on: [db]
    environment:
      TOKEN: hunter2
      PRICE: "$$5"
    ports: ["8080:80", "127.0.0.1:8443:443", "9000", "9001"]
    volumes: ["./www:/www:ro", "data:/data", "/srv:/srv"]
  db:
    image: postgres:16
volumes:
  data: {}
compose_labels: true
"""


class Done(NamedTuple):
    code: int
    out: str
    err: str


class Run:
    """The command in a folder of its own."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.patch = patch
        self.capture = capture

    def __call__(self, *arguments: str, given: str = "") -> Done:
        self.patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
        code = main.run(["convert", *arguments])
        out, err = self.capture.readouterr()
        return Done(code, out.replace(str(self.folder), "FOLDER"), err)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAG", "1.27")
    (tmp_path / "compose.yaml").write_text(SHOP)
    (tmp_path / "web.env").write_text("TOKEN=hunter2\n")
    return Run(tmp_path, monkeypatch, capsys)


def test_a_compose_file(run: Run) -> None:
    assert run("compose.yaml", "--profile", "db") == (0, BECOMES, "")
    assert run("--profile", "db") == (0, BECOMES, "")


def test_a_compose_file_from_standard_input(run: Run) -> None:
    done = run("-f", "-", "--profile", "db", given=SHOP)
    assert done == (0, BECOMES.replace("compose.yaml:", "<stdin>:"), "")


def test_as_json(run: Run) -> None:
    done = run("compose.yaml", "--profile", "*", "-o", "json")
    found = json.loads(done.out)
    assert found["spec"] == yaml.safe_load(BECOMES)
    assert [f"# {note}" for note in found["notes"]] == [
        line for line in BECOMES.splitlines()[1:] if line.startswith("#")
    ]


def test_several_files(run: Run) -> None:
    (run.folder / "over.yaml").write_text("services: {web: {image: 'nginx:2', depends_on: !reset []}}")
    for arguments in (["-f", "compose.yaml", "-f", "over.yaml"], ["-f", "over.yaml", "compose.yaml"]):
        web = yaml.safe_load(run(*arguments).out)["containers"]["web"]
        assert (web["image"], "depends_on" in web) == ("nginx:2", False)


def test_a_compose_file_that_is_wrong_is_an_error(run: Run) -> None:
    (run.folder / "compose.yaml").write_text("services:\n  web: {image: a, ports: [x]}\n")
    done = run("compose.yaml")
    assert (done.code, done.out) == (4, "")
    assert 'compose.yaml:2:27: error: "x" is not a container port' in done.err


def test_a_native_spec_stays_what_it_is(run: Run) -> None:
    (run.folder / "reconciler.yaml").write_text("name: a\ncontainers: {b: {image: c, state: stopped}}\n")
    done = run("-f", "reconciler.yaml")
    assert yaml.safe_load(done.out) == {"name": "a", "containers": {"b": {"image": "c", "state": "stopped"}}}


LINE = "docker run -d --name web -p 8080:80 nginx:1.27 echo '$HOME'"
OF_LINE = """\
# Made from a docker run line by `reconciler convert`.
# network_mode: bridge is what docker does without --network; leave it out for a network of the project's own, in \
which containers find each other by name
name: web
containers:
  web:
    image: nginx:1.27
    container_name: web
    command: [echo, "$$HOME"]
    ports: ["8080:80"]
    network_mode: bridge
"""
WORDS = ["docker", "run", "-d", "--name", "web", "-p", "8080:80", "nginx:1.27", "echo", "$HOME"]


@pytest.mark.parametrize("arguments", [["--", *WORDS], WORDS, [LINE]], ids=["words", "without dashes", "one line"])
def test_a_line(run: Run, arguments: list[str]) -> None:
    assert run(*arguments) == (0, OF_LINE, "")


def test_a_line_in_a_file_or_from_standard_input(run: Run) -> None:
    (run.folder / "web.sh").write_text("# as root\n" + LINE.replace(" -p", " \\\n  -p") + "\n")
    assert run("web.sh") == (0, OF_LINE, "")
    assert run("-f", "-", given=f"$ sudo {LINE}") == (0, OF_LINE, "")
    assert run("-", given=LINE) == (0, OF_LINE, "")


def test_options_stand_before_the_line(run: Run) -> None:
    found = json.loads(run("-o", "json", "-p", "shop", *WORDS).out)
    assert found["spec"]["name"] == "shop"
    assert len(found["notes"]) == 1


def test_a_wrong_line(run: Run) -> None:
    done = run("--", "docker", "run", "--nmae", "web", "nginx")
    assert done == (64, "", "error: unknown flag --nmae\n  did you mean --name?\n")
    done = run("-o", "json", "docker run -p x nginx")
    assert json.loads(done.out)["error"]["message"] == '--publish: "x" is not a container port'


def test_one_thing_at_a_time(run: Run) -> None:
    done = run("--container", "web", "compose.yaml")
    assert (done.code, done.err.splitlines()[0]) == (64, "error: --container and files exclude each other")


@pytest.mark.parametrize("case", cases())
def test_the_corpus_of_compose_files_stays_the_same(
    case: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(files(case)[0].parent)
    monkeypatch.delenv("_", raising=False)  # the shell's own
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    named = [word for path in files(case) for word in ("-f", str(path))]
    assert main.run(["convert", *named]) == 0
    text = capsys.readouterr().out
    assert same(load_text(text.encode(), Path.cwd(), Asked(environ=ENVIRON)).spec, load(files(case), environ=ENVIRON))


def test_help_says_how(run: Run) -> None:
    assert "Write a native spec" in run("--help").out
