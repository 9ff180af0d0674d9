"""A `docker run` or `docker create` line → a spec."""

from __future__ import annotations

import re

from reconciler.convert import flags
from reconciler.convert.draft import Draft
from reconciler.convert.result import Conversion
from reconciler.convert.run_flags import LETTERS, SWITCHES, TAKE, settle
from reconciler.errors import UsageError

_GLOBAL_SWITCHES = frozenset(["debug", "tls", "tlsverify"])
_GLOBAL = frozenset(["config", "context", "host", "log-level", "tlscacert", "tlscert", "tlskey"]) | _GLOBAL_SWITCHES
_GLOBAL_LETTERS = {"c": "context", "D": "debug", "H": "host", "l": "log-level"}
_HOW = "write docker run [FLAGS] IMAGE [COMMAND]"
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")


def from_run(words: list[str], project: str | None = None) -> tuple[Conversion, dict[str, str]]:
    """A docker run line → a spec, and the flag that each attribute came from.

    Args:
        words: of the line, each a template: see `shell`. What stands before `docker` is left out: a prompt, `sudo`.
        project: the project's name; the container's where not given.

    Raises:
        UsageError: the docker command would refuse it, or it is another command.
    """
    draft = Draft()
    given, rest = flags.read(_behind_run(words, draft), TAKE, SWITCHES, LETTERS)
    for name, value in given:
        if name == "help":
            raise UsageError("--help asks for help, and makes no container", _HOW)
        draft.flag = f"--{name}"
        TAKE[name](draft, value)
    if not rest or not rest[0]:
        raise UsageError("the image is missing", _HOW)
    settle(draft)
    image, command = rest[0], rest[1:]
    draft.flag = "IMAGE"
    draft.set("image", image)
    if command:
        draft.flag = "COMMAND"
        draft.set("command", command)
    key = _key(draft, image)
    first = {name: draft.container[name] for name in ("image", "container_name", "command") if name in draft.container}
    container = first | draft.container
    data = {"name": project or project_name(key), "containers": {key: container}}
    data |= {name: value for name in ("networks", "volumes") if (value := getattr(draft, name))}
    return Conversion(data, tuple(draft.notes)), draft.flags


def _behind_run(words: list[str], draft: Draft) -> list[str]:
    rest = list(words)
    while rest and (rest[0] in {"$$", "%", "sudo"} or re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*=.*", rest[0])):
        if "=" in rest[0]:
            draft.notes.append(f"{rest[0].partition('=')[0]} before the command is dropped: set it in the environment")
        rest.pop(0)
    program = rest.pop(0) if rest else ""
    if program.rpartition("/")[2] not in {"docker", "podman"}:
        raise UsageError(f'"{program}" is not the docker command' if program else "there is no command", _HOW)
    given, rest = flags.read(rest, _GLOBAL, _GLOBAL_SWITCHES, _GLOBAL_LETTERS)
    if given:
        names = " and ".join(f"--{one.name}" for one in given)
        draft.notes.append(f"{names} before the command: say it to reconciler, with --host or --context")
    if rest[:1] == ["container"]:
        rest.pop(0)
    command = rest.pop(0) if rest else ""
    if command not in {"run", "create"}:
        shown = f' not "{command}"' if command else " and none is named"
        raise UsageError(f'only "docker run" and "docker create" can be converted,{shown}', _HOW)
    if command == "create":
        draft.set("state", "stopped")
        draft.notes.append(
            "docker create does not start it, so state: stopped stands here; leave it out to have it run"
        )
    return rest


def _key(draft: Draft, image: str) -> str:
    """The container's name in the spec."""
    draft.flag = "--name"
    name = draft.more.get("name", "").removeprefix("/")
    if name:
        if not _NAME.fullmatch(name):
            raise UsageError(f'--name: "{name}" is not a name', "it has letters, digits, '_', '.' and '-'")
        draft.set("container_name", name)
        return name
    return key_of_image(image)


def key_of_image(image: str) -> str:
    """`registry.example/team/app:1` → `app`."""
    path = image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    return re.sub(r"^[^a-zA-Z0-9]+", "", re.sub(r"[^a-zA-Z0-9_.-]+", "-", path)).strip("-") or "app"


def project_name(key: str) -> str:
    """A project's name that is like this one: lowercase, without what a project name can't have."""
    return re.sub(r"^[_-]+", "", re.sub(r"[^a-z0-9_-]+", "-", key.lower())).strip("-") or "app"
