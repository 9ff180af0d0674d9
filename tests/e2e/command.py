"""The command as a process: run to its end, on a pseudo terminal, or left running while something happens to it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import reconciler
from tests.support.engine import PATIENCE, state, wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from tests.support.engine import Engine

DEADLINE = 120.0
"""Seconds after which a command hangs, and a test fails."""

AGAIN = 0.3
"""Seconds after which another Ctrl-C is a second one, and not the same."""

COMMAND = (sys.executable, "-m", "reconciler")

IDLE = ["sh", "-c", "trap 'exit 0' TERM; sleep 99999 & wait"]
"""A container's command that does nothing, and ends at once when it is asked to."""

SLOW = ["sh", "-c", "trap 'sleep 2; exit 0' TERM; sleep 99999 & wait"]
"""One that takes its time to end."""

_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as data."""
        return json.loads(self.out)


@dataclass
class Shell:
    """Where commands run: a folder with a spec, the environment, a project of its own.

    Attributes:
        engine: what DOCKER_HOST leads to.
        project: the spec's name.
        folder: the working folder.
        image: an image that is there.
        environ: more of the environment; a value of None takes a variable away.
    """

    engine: Engine
    project: str
    folder: Path
    image: str
    environ: dict[str, str | None] = field(default_factory=dict)

    # --- the spec ---------------------------------------------------------------------------------------------

    def text(self, containers: Mapping[str, Mapping[str, Any]], **others: object) -> str:
        """A spec. A container without image and command has the shell's, and idles."""
        filled = {key: {"image": self.image, "command": IDLE, **one} for key, one in containers.items()}
        return json.dumps({"name": self.project, "containers": filled, **others}, indent=1)

    def declare(self, containers: Mapping[str, Mapping[str, Any]], **others: object) -> None:
        """Write `reconciler.yaml`."""
        self.write(self.text(containers, **others))

    def write(self, text: str) -> None:
        """Write `reconciler.yaml` as it is given, at once: who reads it meanwhile finds no half of it."""
        new = self.folder / ".reconciler.yaml.new"
        new.write_text(text)
        new.replace(self.folder / "reconciler.yaml")

    # --- running ----------------------------------------------------------------------------------------------

    @property
    def environment(self) -> dict[str, str]:
        """What the command finds."""
        # CI, the colours' own variables and a terminal's size would decide what is shown.
        quiet: dict[str, str | None] = dict.fromkeys(
            ("CI", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES")
        )
        given = {"PYTHONPATH": str(Path(reconciler.__file__).parents[1]), **quiet, **self.environ}
        merged: dict[str, str | None] = {**self.engine.environment, **given}
        return {name: value for name, value in merged.items() if value is not None}

    def run(self, *arguments: str, given: str | None = None, cwd: Path | None = None) -> Done:
        """Run the command to its end, without a terminal."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=cwd or self.folder,
            env=self.environment,
            input=given if given is not None else "",
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        assert "Traceback" not in done.stderr + done.stdout, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str) -> Running:
        """Start the command, its output in files."""
        return Running(self, arguments)

    def terminal(self, *arguments: str) -> Terminal:
        """Start the command on a pseudo terminal."""
        return Terminal(self, arguments)

    # --- the Engine -------------------------------------------------------------------------------------------

    def name(self, key: str) -> str:
        """The container's name on the Engine."""
        return f"{self.project}-{key}-1"

    def inspect(self, key: str) -> Any:
        """The container of the spec, as the Engine tells it."""
        return self.engine.inspect(self.name(key))

    def id(self, key: str) -> str:
        """The full ID of who has the container's name; empty where nobody does."""
        return self.engine.docker("ps", "-aq", "--no-trunc", "--filter", f"name=^{self.name(key)}$")

    def status(self, key: str) -> str:
        """What the container does; `gone` where it is not there."""
        names = self.engine.docker("ps", "-a", "--filter", f"name=^{self.name(key)}$", "--format", "{{.State}}")
        return names or "gone"

    def names(self) -> list[str]:
        """The names of all of the project's containers, leftovers too."""
        label = f"label=io.reconciler.project={self.project}"
        return sorted(self.engine.docker("ps", "-a", "--filter", label, "--format", "{{.Names}}").split())


class Running:
    """A command that runs. What it writes is kept in files, so that it never waits for a reader."""

    def __init__(self, shell: Shell, arguments: tuple[str, ...]) -> None:
        stem = f"{time.monotonic_ns()}"
        self._out, self._err = shell.folder / f".{stem}.out", shell.folder / f".{stem}.err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [*COMMAND, *arguments],
                cwd=shell.folder,
                env=shell.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if error is not None:
            sys.stderr.write(f"--- out\n{self.out}\n--- err\n{self.err}\n")

    @property
    def out(self) -> str:
        """What it has written to standard output."""
        return self._out.read_text(errors="replace")

    @property
    def err(self) -> str:
        """What it has written to standard error."""
        return self._err.read_text(errors="replace")

    @property
    def log(self) -> list[dict[str, Any]]:
        """The JSON lines on standard error, as far as they are complete."""
        lines = self.err.split("\n")[:-1]
        return [json.loads(line) for line in lines if line.startswith("{")]

    def events(self, event: str) -> list[dict[str, Any]]:
        """The log's lines of one event."""
        return [line for line in self.log if line["event"] == event]

    def until(self, event: str, count: int = 1, timeout: float = PATIENCE) -> dict[str, Any]:
        """Wait for the log's nth line of one event."""
        wait_for(
            lambda: len(self.events(event)) >= count or self.process.poll() is not None, f"{event} is logged", timeout
        )
        found = self.events(event)
        assert len(found) >= count, f"it ended with {self.process.returncode} without {event}"
        return found[count - 1]

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def end(self, timeout: float = DEADLINE) -> int:
        """Wait for its end; its exit code."""
        code = self.process.wait(timeout)
        assert "Traceback" not in self.err, self.err
        return code


class Terminal:
    """A command on a pseudo terminal of its own, which answers as a person would."""

    def __init__(self, shell: Shell, arguments: tuple[str, ...]) -> None:
        self.master, slave = pty.openpty()
        self.screen = ""
        try:
            # setsid makes it the terminal's session: Ctrl-C then comes from the terminal, as it does for a person.
            self.process = subprocess.Popen(
                ["setsid", "--ctty", *COMMAND, *arguments],
                cwd=shell.folder,
                env={**shell.environment, "TERM": shell.environ.get("TERM") or "xterm-256color"},
                stdin=slave,
                stdout=slave,
                stderr=slave,
            )
        finally:
            os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        if error is not None:
            sys.stderr.write(f"--- screen\n{self.plain}\n")

    @property
    def plain(self) -> str:
        """What is on the screen, without colours."""
        return _COLOURS.sub("", self.screen).replace("\r\n", "\n")

    def until(self, text: str) -> None:
        """Wait until the screen shows a text; what is drawn with it may still be to come."""
        self.until_like(re.escape(text))

    def until_like(self, pattern: str, after: int = 0) -> None:
        """Wait until something like this pattern is written, after so many characters of `plain`."""
        deadline = time.monotonic() + PATIENCE
        while not re.search(pattern, self.plain[after:]):
            assert time.monotonic() < deadline, f"not within {PATIENCE:.0f} s: {pattern!r} on the screen"
            assert self._read(), f"it ended without showing {pattern!r}"

    def until_it_waits(self) -> None:
        """Wait until it does nothing: a Ctrl-C between a prompt and the read after it is lost, in Python's `input`."""
        deadline, quiet = time.monotonic() + PATIENCE, 0
        while quiet < 10:
            assert time.monotonic() < deadline, f"not within {PATIENCE:.0f} s: it waits for its input"
            time.sleep(0.02)
            quiet = quiet + 1 if state(Path(f"/proc/{self.process.pid}")) == "S" else 0

    def type(self, keys: str) -> None:
        """Press keys: `"y\\n"`, `"\\x03"` for Ctrl-C."""
        os.write(self.master, keys.encode())

    def end(self, timeout: float = DEADLINE) -> int:
        """Read to its end; its exit code."""
        deadline = time.monotonic() + timeout
        while self._read():
            assert time.monotonic() < deadline, "it does not end"
        code = self.process.wait(10)
        assert "Traceback" not in self.plain
        return code

    def _read(self) -> bool:
        """Read what is there, or wait a moment; whether more may come."""
        with contextlib.suppress(InterruptedError):
            ready, _, _ = select.select([self.master], [], [], 0.1)
            if not ready:
                return True
            try:
                data = os.read(self.master, 65536)
            except OSError as error:
                if error.errno == errno.EIO:  # nobody holds the other side any more
                    return False
                raise
            self.screen += data.decode(errors="replace")
            return bool(data)
        return True
