"""A command in a container that runs: started, waited for, and judged by its exit code."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from reconciler.engine.replies import inspected
from reconciler.errors import CommandFailed, EngineTimeout

if TYPE_CHECKING:
    from reconciler.engine.client import Client
    from reconciler.planning.actions import RunCommand

_CALL_SECONDS = 60.0

COMMAND_SECONDS = 3600.0
"""The deadline of the command: a backup may take its time, one that hangs must not hold an apply up for ever."""

_POLL_SECONDS = 0.1
_LOG_LINES = 10
_KEPT_BYTES = 1 << 14
_FRAME_HEAD = 8


def run_command(client: Client, action: RunCommand, container: str) -> None:
    """Run a command to its end.

    Raises:
        CommandFailed: it ended with another exit code than 0, or with the container.
        EngineTimeout: it has not ended by the deadline; it goes on, since the Engine has no call that ends it.
        EngineError: it could not be run.
    """
    reply = client.post(f"/containers/{container}/exec", dict(action.payload), deadline=_CALL_SECONDS)
    made = inspected(reply, "new exec", "Id")
    path = f"/exec/{made['Id']}"
    end = time.monotonic() + COMMAND_SECONDS
    tail = Tail()
    for chunk in client.chunks("POST", f"{path}/start", body={"Detach": False, "Tty": False}, deadline=COMMAND_SECONDS):
        tail.feed(chunk)
    while (state := _state(client, path))["Running"]:
        # It has closed its output, or the Engine has not noticed its end yet.
        if time.monotonic() > end:
            name = action.payload["Cmd"][0]
            raise EngineTimeout(f'`{action.what}`: "{name}" has not ended within {COMMAND_SECONDS / 60:.0f} minutes')
        time.sleep(_POLL_SECONDS)
    code = state.get("ExitCode")
    if code != 0:
        # Its arguments may hold a secret: its name must do.
        way_out = ", or docker stop the container" if action.what == "pre_stop" else ""
        how = "was ended with its container" if code is None else f"exited with code {code}"
        raise CommandFailed(
            f'`{action.what}`: "{action.payload["Cmd"][0]}" {how}',
            f"see its last lines, and mend the command{way_out}",
            tail.lines,
        )


class Tail:
    """The last lines of what a command writes: frames, a head of eight bytes before each, in chunks of any size."""

    def __init__(self) -> None:
        self._rest = b""
        self._text = b""

    def feed(self, chunk: bytes) -> None:
        """Take what came next."""
        self._rest += chunk
        while len(self._rest) >= _FRAME_HEAD:
            end = _FRAME_HEAD + int.from_bytes(self._rest[4:_FRAME_HEAD], "big")
            if len(self._rest) < end:
                return
            self._text = (self._text + self._rest[_FRAME_HEAD:end])[-_KEPT_BYTES:]
            self._rest = self._rest[end:]

    @property
    def lines(self) -> tuple[str, ...]:
        """The last ten."""
        return tuple(self._text.decode("utf-8", errors="replace").splitlines()[-_LOG_LINES:])


def _state(client: Client, path: str) -> dict[str, Any]:
    return inspected(client.get(f"{path}/json", deadline=_CALL_SECONDS), "running exec", "Running")
