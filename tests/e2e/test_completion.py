"""Completion, in the shells themselves: a person presses Tab on a terminal, and fish is asked as it asks."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import pytest

import reconciler
from tests.e2e.command import COMMAND, DEADLINE
from tests.support.engine import PATIENCE

SPEC = {"containers": {"web": {"image": "a", "profiles": ["debug"]}, "worker": {"image": "a"}, "db": {"image": "a"}}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a spec, another spec, and the command as it is installed."""
    (tmp_path / "reconciler.yaml").write_text(json.dumps(SPEC))
    (tmp_path / "other.yaml").write_text("services: {elsewhere: {image: a}}\n")
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "reconciler"
    command.write_text(f'#!/bin/sh\nexec {" ".join(COMMAND)} "$@"\n')
    command.chmod(0o755)
    return tmp_path


def environment(folder: Path) -> dict[str, str]:
    return os.environ | {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(Path(reconciler.__file__).parents[1]),
        "HOME": str(folder),
        "TERM": "xterm",
    }


def installed(name: str) -> str:
    found = shutil.which(name)
    assert found, f"{name} is missing: apt-get install {name}"
    return found


class Keyboard:
    """A shell on a terminal, and a person before it."""

    def __init__(self, folder: Path, *command: str) -> None:
        self._master, slave = pty.openpty()
        self.screen = ""
        self._process = subprocess.Popen(
            ["setsid", "--ctty", *command], cwd=folder, env=environment(folder), stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: object, _trace: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)
        if error is not None:
            sys.stderr.write(f"--- screen\n{self.screen}\n")

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def until(self, text: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while text not in self.screen:
            assert time.monotonic() < deadline, f"not on the screen: {text!r}"
            if select.select([self._master], [], [], 0.1)[0]:
                self.screen += os.read(self._master, 65536).decode(errors="replace")


@pytest.mark.parametrize(
    ("command", "begin"),
    [
        (("bash", "--norc", "--noprofile", "-i"), 'eval "$(reconciler completion bash)"'),
        (("zsh", "-f", "-i"), 'autoload -U compinit; compinit -D -u; eval "$(reconciler completion zsh)"'),
    ],
    ids=["bash", "zsh"],
)
def test_a_tab_completes_names_commands_and_options(folder: Path, command: tuple[str, ...], begin: str) -> None:
    installed(command[0])
    with Keyboard(folder, *command) as keyboard:
        keyboard.press(f"{begin}; echo re''ady\n")
        keyboard.until("ready\r\n")
        # What is completed is echoed by the command that it becomes a part of.
        for typed, completed in (
            ("reconciler logs wo\t", "reconciler logs worker"),
            ("reconciler logs -f other.yaml e\t", "reconciler logs -f other.yaml elsewhere"),
            ("reconciler plan --profile d\t", "reconciler plan --profile debug"),
            ("reconciler plan -f oth\t", "reconciler plan -f other.yaml"),
            ("reconciler compl\t", "reconciler completion"),
            ("reconciler plan --det\t", "reconciler plan --detailed-exitcode"),
        ):
            keyboard.screen = ""
            keyboard.press(typed)
            keyboard.until(completed)
            keyboard.press("\x15")  # the line is given up


def test_fish_offers_the_same(folder: Path) -> None:
    def offered(line: str) -> list[str]:
        done = subprocess.run(
            [installed("fish"), "--no-config", "-c", f"reconciler completion fish | source; complete -C '{line}'"],
            cwd=folder,
            env=environment(folder),
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=True,
        )
        return [row.partition("\t")[0] for row in done.stdout.splitlines()]

    assert offered("reconciler logs w") == ["web", "worker"]
    assert offered("reconciler logs web w") == ["worker"], "none twice"
    assert offered("reconciler logs -f other.yaml ") == ["elsewhere"]
    assert offered("reconciler plan -f oth") == ["other.yaml"]
    assert "completion" in offered("reconciler co")


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "containers: [",
        "containers: [a, b]",
        "containers: {web: [1]}",
        "a: &a [*a]\ncontainers: {web: {profiles: *a}}",
        "- a",
        "\x00",
    ],
)
def test_a_spec_that_is_being_written_breaks_nothing(folder: Path, text: str | None) -> None:
    spec = folder / "reconciler.yaml"
    spec.unlink() if text is None else spec.write_text(text)
    for words in ("logs w", "plan --profile d", "plan --context x"):
        line = f"reconciler {words}"
        asked = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1), "_RECONCILER_COMPLETE": "bash_complete"}
        done = subprocess.run(
            ["reconciler"], cwd=folder, env=environment(folder) | asked, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.strip() in {"", "plain,web"}


def test_an_offer_imports_neither_the_sdk_nor_the_loader(folder: Path) -> None:
    """What is offered must be there before a person has lifted the finger."""
    code = (
        "import sys, atexit\n"
        "atexit.register(lambda: sys.stderr.write(' '.join(sorted(sys.modules))))\n"
        "from reconciler.cli.main import run\n"
        "run()\n"
    )
    asked = {"COMP_WORDS": "reconciler logs w", "COMP_CWORD": "2", "_RECONCILER_COMPLETE": "bash_complete"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment(folder) | asked,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "plain,web\nplain,worker\n"
    assert not {"docker", "pydantic", "requests", "reconciler.spec.loader"} & set(done.stderr.split())
