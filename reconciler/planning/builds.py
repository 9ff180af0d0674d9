"""Plans builds: with the Engine's own builder or BuildKit, and again where the definition or the content changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from reconciler.fields import ownership
from reconciler.planning.actions import BuildImage, BuildSecret
from reconciler.spec.wanted_images import Problem
from reconciler.state.contents import Held
from reconciler.state.resource import Kind, ResourceKey

if TYPE_CHECKING:
    from reconciler.spec.model.build import Build
    from reconciler.spec.wanted_images import WantedImage
    from reconciler.state.snapshot import Snapshot

_FORM = 1
"""The version of the digest's form: one made from another form says nothing."""

_OF_THE_CALL = frozenset(["context", "tags", "platforms"])
"""Attributes that are no part of the digest by their names: they are in it otherwise, or change no content."""


def build_digest(wanted: WantedImage, build: Build, content: str) -> str:
    """The digest of all that decides what comes out.

    Args:
        wanted: the image.
        build: its build.
        content: the digest of what is sent to the builder; empty for a URL.
    """
    # By alias and without what is not given, so that a new attribute of a later version rebuilds nothing.
    given = build.model_dump(mode="json", exclude_defaults=True, exclude=set(_OF_THE_CALL))
    source = content or build.context
    platform = str(wanted.platform or "")
    text = ownership.write_json({"form": _FORM, "build": given, "source": source, "platform": platform})
    return f"{_FORM}:{hashlib.sha256(text.encode()).hexdigest()}"


def build_action(
    wanted: WantedImage, build: Build, content: str, reason: str, secrets: Iterable[BuildSecret] | None = None
) -> BuildImage:
    """The build, ready to be sent.

    Args:
        wanted: the image.
        build: its build.
        content: the digest of what is sent to the builder; empty for a URL.
        reason: why, in a few words.
        secrets: that the build is given, where it is BuildKit's; None for the Engine's own builder.
    """
    digest = build_digest(wanted, build, content)
    return BuildImage(
        id=f"{Kind.IMAGE}/{wanted.text}:build",
        resource=ResourceKey(Kind.IMAGE, wanted.text),
        reason=reason,
        reference=wanted.text,
        context=build.context,
        dockerfile=build.dockerfile or "Dockerfile",
        inline=build.dockerfile_inline,
        content=content,
        digest=digest,
        params=_params(wanted, build, digest) if secrets is None else {},
        options=() if secrets is None else tuple(_options(wanted, build, digest)),
        secrets=tuple(secrets or ()),
        contexts=build.local_contexts,
    )


def build_secrets(build: Build, snapshot: Snapshot) -> tuple[BuildSecret, ...] | Problem:
    """The secrets that BuildKit is given; what is wrong where one has no content.

    Args:
        build: whose.
        snapshot: has the contents.
    """
    found = []
    for grant in build.secrets:
        held = snapshot.contents.get(f"secrets.{grant.source}") or Held(problem="it was not looked at")
        problem = held.problem or ("a NUL character is in it" if b"\0" in held.data else "")
        if problem:
            return Problem(f'the build\'s secret "{grant.source}": {problem}', held.hint or "give it another content")
        # As the environment of a process has it, whatever bytes they are.
        value = held.data.decode("utf-8", errors="surrogateescape")
        found.append(BuildSecret(id=grant.target or grant.source, value=value))
    return tuple(found)


def _options(wanted: WantedImage, build: Build, digest: str) -> Iterator[str]:
    """The options of `docker buildx build`, but for the Dockerfile, the secrets and the context."""
    yield f"--tag={wanted.text}"
    for name, value in (*sorted(build.labels.items()), (ownership.DIGEST, digest)):
        yield f"--label={name}={value}"
    for name, value in sorted(build.args.items()):
        yield f"--build-arg={name}={value}"
    for name, where in sorted(build.additional_contexts.items()):
        yield f"--build-context={name}={where}"
    for name, addresses in sorted(build.extra_hosts.items()):
        yield from (f"--add-host={name}:{address}" for address in addresses)
    for name, limit in sorted(build.ulimits.items()):
        yield f"--ulimit={name}={limit.soft}:{limit.hard}"
    allowed = [*build.entitlements, *(["security.insecure"] if build.privileged else [])]
    lists = {
        "cache-from": build.cache_from,
        "cache-to": build.cache_to,
        "no-cache-filter": build.no_cache_filter,
        "ssh": build.ssh,
        "allow": [*allowed, *(["network.host"] if build.network == "host" and "network.host" not in allowed else [])],
    }
    for option, values in lists.items():
        yield from (f"--{option}={value}" for value in values)
    single = {
        "target": build.target,
        "network": build.network,
        "shm-size": str(build.shm_size) if build.shm_size else None,
        "provenance": build.provenance,
        "sbom": build.sbom,
        "platform": ",".join(build.platforms) or (str(wanted.platform) if wanted.platform else None),
    }
    yield from (f"--{option}={value}" for option, value in single.items() if value)
    yield from (f"--{option}" for option, given in (("no-cache", build.no_cache), ("pull", build.pull)) if given)


def _params(wanted: WantedImage, build: Build, digest: str) -> Mapping[str, Any]:
    """The query of `POST /build`, as the API's reference has it; lists and mappings become JSON when it is sent."""
    hosts = [f"{name}:{address}" for name, addresses in build.extra_hosts.items() for address in addresses]
    limits = [{"Name": name, "Soft": one.soft, "Hard": one.hard} for name, one in sorted(build.ulimits.items())]
    params: dict[str, Any] = {
        "t": wanted.text,
        "version": "1",  # the Engine's own builder
        "rm": True,
        "forcerm": True,
        "buildargs": dict(sorted(build.args.items())),
        "labels": {**dict(sorted(build.labels.items())), ownership.DIGEST: digest},
    }
    optional = {
        "target": build.target,
        "networkmode": build.network,
        "extrahosts": hosts,
        "shmsize": str(build.shm_size) if build.shm_size else None,
        "cachefrom": [one for one in build.cache_from if "=" not in one],  # it knows none but images
        "nocache": build.no_cache,
        "pull": build.pull,
        "platform": str(wanted.platform) if wanted.platform else None,
        "ulimits": limits,
        "remote": build.context if build.is_remote else None,
    }
    return params | {name: value for name, value in optional.items() if value}
