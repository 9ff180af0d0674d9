"""What of a build only BuildKit can do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.spec.model.build import Build

_ATTRIBUTES = (
    *("additional_contexts", "cache_to", "entitlements", "no_cache_filter", "privileged", "provenance", "sbom"),
    *("secrets", "ssh"),
)
"""What the Engine's own builder does not know."""

_SYNTAX = re.compile(r"\A(?:\s*#[^\n]*\n)*?\s*#\s*syntax\s*=", re.IGNORECASE)
_MOUNT = re.compile(r"^\s*RUN\s[^\n]*--(?:mount|network|security)=", re.IGNORECASE | re.MULTILINE)
_COPY = re.compile(r"^\s*(?:COPY|ADD)\s[^\n]*--(?:link|chmod|parents|exclude|checksum|keep-git-dir)\b", re.I | re.M)
_HERE_DOCUMENT = re.compile(r"^\s*(?:RUN|COPY|ADD)\s[^\n]*<<-?[\"']?\w", re.IGNORECASE | re.MULTILINE)


def needs_buildkit(build: Build) -> Iterator[str]:
    """The attributes of a build that the Engine's own builder would drop without a word."""
    for name in _ATTRIBUTES:
        if getattr(build, name):
            yield name
    if len(build.platforms) > 1:
        yield "platforms"


def would_use_buildkit(build: Build) -> bool:
    """Whether the Engine's own builder would build the same, but slower: it takes no cache but images."""
    return any("=" in one for one in build.cache_from)


def is_for_buildkit(dockerfile: str) -> bool:
    """Whether a Dockerfile says something that the Engine's own builder does not understand, or passes over.

    Args:
        dockerfile: its text.
    """
    return any(pattern.search(dockerfile) for pattern in (_SYNTAX, _MOUNT, _COPY, _HERE_DOCUMENT))
