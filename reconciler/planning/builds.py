"""Plans builds: with the Engine's own builder, and again where the definition or the content changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from reconciler.fields import ownership
from reconciler.planning.actions import BuildImage
from reconciler.state.resource import Kind, ResourceKey

if TYPE_CHECKING:
    from reconciler.spec.model.build import Build
    from reconciler.spec.wanted_images import WantedImage

_FORM = 1
"""The version of the digest's form: one made from another form says nothing."""

_BUILDKIT = (
    *("additional_contexts", "cache_to", "entitlements", "no_cache_filter", "privileged", "provenance", "sbom"),
    *("secrets", "ssh"),
)
"""What the Engine's own builder does not know: BuildKit does."""

_OF_THE_CALL = frozenset(["context", "tags", "platforms"])
"""Attributes that are no part of the digest by their names: they are in it otherwise, or change no content."""


def needs_buildkit(build: Build) -> Iterator[str]:
    """The attributes of a build that the Engine's own builder would drop without a word."""
    for name in _BUILDKIT:
        if getattr(build, name):
            yield name
    if len(build.platforms) > 1:
        yield "platforms"


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


def build_action(wanted: WantedImage, build: Build, content: str, reason: str) -> BuildImage:
    """The build, ready to be sent."""
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
        params=_params(wanted, build, digest),
    )


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
        "cachefrom": list(build.cache_from),
        "nocache": build.no_cache,
        "pull": build.pull,
        "platform": str(wanted.platform) if wanted.platform else None,
        "ulimits": limits,
        "remote": build.context if build.is_remote else None,
    }
    return params | {name: value for name, value in optional.items() if value}
