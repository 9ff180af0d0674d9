"""Actions on images → their calls; each looks at what came of it before it counts as done."""

from __future__ import annotations

import base64
import json
import os
import re
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from reconciler.engine.archive import opened_source, source_digest
from reconciler.engine.build_context import BuildContext
from reconciler.engine.credentials import registry_auth, registry_login
from reconciler.engine.progress import told_build, told_pull
from reconciler.engine.replies import inspected
from reconciler.errors import EngineError, NotFound, Stale
from reconciler.fields import ownership
from reconciler.planning.actions import Action, BuildImage, ImportImage, LoadImage, PullImage, RemoveImage, TagImage
from reconciler.spec.invalid import Invalid
from reconciler.spec.platforms import parse_platform
from reconciler.spec.reference import parse_reference
from reconciler.state.images import ImageState

if TYPE_CHECKING:
    from reconciler.engine.client import Client
    from reconciler.ports import Tell

CALL_SECONDS = 60.0
PULL_SECONDS = 1800.0
BUILD_SECONDS = 3600.0
"""The deadlines of a call that is answered at once, of bringing an image, and of building one."""

_LAST_LINES = 10
"""Of a build's output, where it fails."""

_AGAIN = "run the same command again"


def perform_on_image(client: Client, action: Action, tell: Tell | None = None) -> None:
    """Carry out an action on an image; see `reconciler.engine.perform.perform`."""
    match action:
        case PullImage():
            _pull(client, action, tell)
        case BuildImage():
            _build(client, action, tell)
        case ImportImage():
            _import(client, action)
        case LoadImage():
            _load(client, action)
        case TagImage():
            _tag(client, action.image, action.tag)
        case RemoveImage():
            _remove(client, action)
        case _:
            raise TypeError(f"no call for {action!r}")


# --- pulled ----------------------------------------------------------------------------------------------------------


def _pull(client: Client, action: PullImage, tell: Tell | None) -> None:
    reference = parse_reference(action.reference)
    pinned = action.digest if action.pinned else ""
    params = {
        "fromImage": reference.repository,
        "tag": pinned or reference.digest or reference.tag,
        "platform": action.platform or None,
    }
    auth = registry_auth(reference.domain)
    headers = {"X-Registry-Auth": auth} if auth else {}
    stream = client.stream("POST", "/images/create", params=params, headers=headers, deadline=PULL_SECONDS)
    _drain(told_pull(stream, tell))
    if pinned:
        by_digest = f"{reference.repository}@{pinned}"
        _verify_pull(action, _inspect(client, by_digest), reference.repository)
        if not reference.digest:
            _tag(client, by_digest, action.reference)
        return
    inspect = _inspect(client, action.reference)
    _verify_pull(action, inspect, reference.repository)
    if ImageState("", frozenset(), {}, inspect=inspect).tagged_at is None and reference.tag and not reference.digest:
        # Engines with the older image store don't note when they pull; for `daily` and the like somebody has to.
        _tag(client, action.reference, action.reference)


def _verify_pull(action: PullImage, inspect: Mapping[str, Any], repository: str) -> None:
    """The stream may say that all is well, and the image be another one than was meant."""
    known = {one.rpartition("@")[2] for one in inspect.get("RepoDigests") or () if one.startswith(f"{repository}@")}
    if action.digest and action.digest not in {*known, inspect["Id"]}:
        has = ", ".join(sorted(known)) or str(inspect["Id"])
        if action.pinned:
            raise EngineError(
                f"the registry served {has} as {action.reference}, and not {action.digest}",
                "nothing runs it; find out who changed that registry",
            )
        raise Stale(f"the registry has moved {action.reference} since the plan was made: now {has}", _AGAIN)
    here = ImageState("", frozenset(), {}, inspect=inspect).platform
    if action.platform and here:
        wanted = parse_platform(action.platform)
        if (wanted.os, wanted.architecture) != (here.os, here.architecture) or wanted.variant not in {"", here.variant}:
            raise EngineError(
                f"the registry has {action.reference} for {here} only, and not for {wanted}",
                "choose another `platform`, or another image",
            )


# --- built -----------------------------------------------------------------------------------------------------------


def _build(client: Client, action: BuildImage, tell: Tell | None) -> None:
    params = dict(action.params)
    if not action.content:
        params["dockerfile"] = action.dockerfile
        if action.options:
            _with_buildkit(client, action, None, action.dockerfile, tell)
        else:
            _send_build(client, params, None, "", tell)
    else:
        context = BuildContext(Path(action.context), action.dockerfile, action.inline, action.contexts)
        if context.digest() != action.content:
            raise Stale(f'"{action.context}" has changed since the plan was made', _AGAIN)
        with context.opened() as (tar, dockerfile):
            params["dockerfile"] = dockerfile
            if action.options:
                _with_buildkit(client, action, tar, dockerfile, tell)
            else:
                _send_build(client, params, tar, context.dockerfile_text(), tell)
    built = _inspect(client, action.reference)
    labels = (built.get("Config") or {}).get("Labels") or {}
    if labels.get(ownership.DIGEST) != action.digest:
        raise EngineError(
            f"the build of {action.reference} ended, and the reference names another image",
            "is somebody else building it, too? Run the same command again",
        )


def _with_buildkit(
    client: Client, action: BuildImage, tar: IO[bytes] | None, dockerfile: str, tell: Tell | None
) -> None:
    from reconciler.engine import buildx

    buildx.build(client.endpoint, action, tar, dockerfile, os.environ, tell, seconds=BUILD_SECONDS)


def _send_build(client: Client, params: dict[str, Any], tar: Any, dockerfile: str, tell: Tell | None) -> None:
    query = {
        name: json.dumps(value) if isinstance(value, list | dict) and name != "extrahosts" else value
        for name, value in params.items()
    }
    output: deque[str] = deque(maxlen=_LAST_LINES)
    logins = _logins(dockerfile, params["buildargs"])
    headers = {"X-Registry-Config": logins} if logins else {}
    stream = client.stream(
        "POST",
        "/build",
        params=query,
        headers=headers,
        body=tar,
        deadline=BUILD_SECONDS,
        idle=BUILD_SECONDS,  # a step may work for long and say nothing
    )
    try:
        for message in told_build(stream, tell):
            if isinstance(text := message.get("stream"), str):
                output.extend(line for line in text.splitlines() if line.strip())
    except EngineError as error:
        error.log = tuple(output)
        raise


_FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)", re.IGNORECASE | re.MULTILINE)
_COPIED = re.compile(r"^\s*COPY\s+(?:--\S+\s+)*--from=(\S+)", re.IGNORECASE | re.MULTILINE)
_ARG = re.compile(r"^\s*ARG\s+(\w+)=[\"']?([^\s\"']*)", re.IGNORECASE | re.MULTILINE)
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))")


def _logins(dockerfile: str, args: Mapping[str, str]) -> str | None:
    """The X-Registry-Config header: the logins for the registries that the Dockerfile takes images from."""
    given = {**dict(_ARG.findall(dockerfile)), **args}

    def value(match: re.Match[str]) -> str:
        return given.get(match[1] or match[3]) or match[2] or ""

    logins = {}
    for text in (*_FROM.findall(dockerfile), *_COPIED.findall(dockerfile)):
        try:
            domain = parse_reference(_VARIABLE.sub(value, text)).domain
        except Invalid:
            continue  # another stage by its number, or a mistake that the builder tells better
        login = registry_login(domain)
        if login:
            server = login.get("serveraddress") or login.get("ServerAddress") or domain
            logins[server] = {name.lower(): text for name, text in login.items()}
    return base64.urlsafe_b64encode(json.dumps(logins).encode()).decode() if logins else None


# --- made of files ---------------------------------------------------------------------------------------------------


def _import(client: Client, action: ImportImage) -> None:
    source = Path(action.source)
    if source_digest(source) != action.digest:
        raise Stale(f'"{source}" has changed since the plan was made', _AGAIN)
    reference = parse_reference(action.reference)
    params: dict[str, Any] = {
        "fromSrc": "-",
        "repo": reference.repository,
        "tag": reference.tag,
        "changes": f"LABEL {ownership.DIGEST}={action.digest}",
    }
    with opened_source(source) as tar:
        _drain(client.stream("POST", "/images/create", params=params, body=tar, deadline=PULL_SECONDS))


def _load(client: Client, action: LoadImage) -> None:
    source = Path(action.source)
    if source_digest(source) != action.digest:
        raise Stale(f'"{source}" has changed since the plan was made', _AGAIN)
    with opened_source(source) as tar:
        # Nothing is said until all of it has been read.
        _drain(client.stream("POST", "/images/load", body=tar, deadline=PULL_SECONDS, idle=PULL_SECONDS))
    try:
        inspect = _inspect(client, action.reference)
    except NotFound:
        raise EngineError(f'"{source}" was loaded, and {action.reference} is not here', _AGAIN) from None
    if not action.image.is_the_one(ImageState(inspect["Id"], frozenset(), {}, inspect=inspect)):
        raise EngineError(f'"{source}" was loaded, and {action.reference} names another image', _AGAIN)


# --- references ------------------------------------------------------------------------------------------------------


def _tag(client: Client, image: str, tag: str) -> None:
    reference = parse_reference(tag)
    params = {"repo": reference.repository, "tag": reference.tag}
    client.post(f"/images/{image}/tag", params=params, deadline=CALL_SECONDS)


def _remove(client: Client, action: RemoveImage) -> None:
    try:
        if _inspect(client, action.reference)["Id"] != action.image:
            raise Stale(f"{action.reference} names another image by now: left alone", f"{_AGAIN} to see why")
        client.delete(f"/images/{action.reference}", deadline=CALL_SECONDS)
    except NotFound:
        return


def _inspect(client: Client, reference: str) -> dict[str, Any]:
    return inspected(client.get(f"/images/{reference}/json", deadline=CALL_SECONDS), "image", "Id")


def _drain(stream: Iterable[object]) -> None:
    """Read to the end: the stream raises each error that it holds."""
    for _ in stream:
        pass
