"""Build contexts that are elsewhere: a repository, an archive on a server, another image."""

from __future__ import annotations

import re

_REMOTE = re.compile(r"[a-z][a-z0-9+.-]*://|git@|github\.com/|(service|target|docker-image|oci-layout):")


def is_remote(context: str) -> bool:
    """Whether a context is elsewhere, rather than a folder of this machine.

    Source: https://docs.docker.com/reference/cli/docker/buildx/build/ (build contexts)
    """
    return bool(_REMOTE.match(context))
