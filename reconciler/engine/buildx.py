"""BuildKit, through `docker buildx`: the Engine's own BuildKit, driven by the command that Docker keeps for it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, TYPE_CHECKING

from reconciler.engine.buildx_errors import failure
from reconciler.errors import EngineError, EngineTimeout

if TYPE_CHECKING:
    from reconciler.engine.endpoint import Endpoint
    from reconciler.planning.actions import BuildImage
    from reconciler.ports import Tell

VERSION_SECONDS = 20.0
"""For its version."""

_LAST_LINES = 10
"""Of a build's output, where it fails."""

_BUILDER = "default"
"""Of the Engine that is talked to; another builder's images are not on it."""

_STEP = re.compile(r"^#\d+ \[(?:\S+ )?\s*(\d+)/(\d+)\] (.*)$")
_SAID = re.compile(r"^#\d+ \d+(?:\.\d+)? (.*)$")
_FAILED = re.compile(r"^ERROR: (.*)$")


def version(environ: Mapping[str, str]) -> str:
    """The version of `docker buildx` on this machine; empty where it has none.

    Args:
        environ: where PATH and Docker's own variables are looked up.
    """
    docker = shutil.which("docker", path=environ.get("PATH"))
    if docker is None:
        return ""
    try:
        said = subprocess.run(
            [docker, "buildx", "version"],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=VERSION_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    words = said.stdout.split()
    return words[1].removeprefix("v") if said.returncode == 0 and len(words) > 1 else ""


def build(
    endpoint: Endpoint,
    action: BuildImage,
    sent: IO[bytes] | None,
    dockerfile: str,
    environ: Mapping[str, str],
    tell: Tell | None,
    *,
    seconds: float,
) -> None:
    """Build an image on the Engine.

    Args:
        endpoint: where the Engine is.
        action: has the options, and the secrets.
        sent: the context as a tar; None where BuildKit fetches it.
        dockerfile: the path of the Dockerfile in the context.
        environ: of the command: PATH, Docker's own variables, SSH_AUTH_SOCK.
        tell: told of each step that begins.
        seconds: the deadline.

    Raises:
        EngineError: it failed; with its last lines.
        EngineTimeout: it was not done in time, and has been ended.
    """
    docker = shutil.which("docker", path=environ.get("PATH"))
    if docker is None:
        raise EngineError("`docker buildx` is not installed", "install it: Docker's package is docker-buildx-plugin")
    secrets = {f"RECONCILER_SECRET_{number}": one for number, one in enumerate(action.secrets)}
    command = [
        *(docker, "buildx", "build", "--builder", _BUILDER, "--progress", "plain", "--file", dockerfile),
        *(f"--secret=id={one.id},env={name}" for name, one in secrets.items()),
        *action.options,
        "-" if sent else action.context,
    ]
    own = {name: one.value for name, one in secrets.items()}
    process = subprocess.Popen(
        command,
        env={**environ, **_where(endpoint), **own},
        stdin=sent or subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,  # Ctrl-C is for us: what is in flight ends first
    )
    late = threading.Event()

    def expire() -> None:
        late.set()
        _end(process)

    alarm = threading.Timer(seconds, expire)
    alarm.daemon = True
    alarm.start()
    output = _Output(own.values(), tell)
    try:
        with process:
            for line in process.stderr or ():
                output.take(line.rstrip("\n"))
    except BaseException:
        _end(process)
        raise
    finally:
        alarm.cancel()
    if late.is_set():
        raise EngineTimeout(
            f"the build of {action.reference} was not done within {seconds / 60:.0f} minutes, and was ended",
            "see which step takes so long, or build it beforehand",
        )
    if process.returncode:
        error = failure(output.failure or f"docker buildx ended with exit code {process.returncode}")
        error.log = tuple(output.last)
        raise error


def _where(endpoint: Endpoint) -> dict[str, str]:
    """The variables that lead the docker command to the Engine that we talk to."""
    found = {"DOCKER_HOST": endpoint.host, "DOCKER_CONTEXT": "", "BUILDX_BUILDER": ""}
    if endpoint.tls:
        files = [file for file in (endpoint.tls.ca, endpoint.tls.cert, endpoint.tls.key) if file]
        found["DOCKER_TLS_VERIFY"] = "1" if endpoint.tls.verify else ""
        if files:
            found["DOCKER_CERT_PATH"] = str(files[0].parent)
    return found


def _end(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


class _Output:
    """What the command writes, line by line: steps, what they say, and why it failed; without the secrets' values."""

    def __init__(self, secrets: Iterable[str], tell: Tell | None) -> None:
        self.last: deque[str] = deque(maxlen=_LAST_LINES)
        self.failure = ""
        self._secrets = [one for text in secrets for one in _parts(text)]
        self._tell = tell

    def take(self, line: str) -> None:
        """The next line."""
        for secret in self._secrets:
            line = line.replace(secret, "…")
        if step := _STEP.match(line):
            if self._tell is not None:
                self._tell(step[3].strip(), int(step[1]), int(step[2]), "steps")
        elif said := _SAID.match(line):
            self.last.append(said[1])
        elif failed := _FAILED.match(line):
            self.failure = failed[1]


def _parts(secret: str) -> Iterator[str]:
    """What of a secret might stand in a line: each of its lines that is long enough to be one."""
    yield from (line for line in secret.splitlines() if len(line.strip()) > 3)
