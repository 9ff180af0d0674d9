"""Which API version is spoken with an Engine, by its reply to GET /version."""

from __future__ import annotations

from typing import Any

from reconciler.errors import EngineUnreachable
from reconciler.state.identity import EngineIdentity
from reconciler.version import __version__

OLDEST_API = (1, 40)
"""Of Engine 19.03."""

NEWEST_API = (1, 51)
"""Of Engine 28.3: the newest that our payloads and observations were tried with."""

OTHER_ENGINE = "name another one with --host, --context or DOCKER_HOST"


def negotiate(about: Any, address: str) -> EngineIdentity:
    """Choose the API version to speak: the Engine's, but none newer than we know.

    Args:
        about: the reply to GET /version.
        address: of the Engine, for messages.

    Raises:
        EngineUnreachable: there is none that both know, or the reply is none of an Engine.
    """
    if not isinstance(about, dict) or not isinstance(about.get("ApiVersion"), str):
        raise EngineUnreachable(
            f"what answers at {address} is no Docker Engine: its reply to GET /version has no ApiVersion",
            OTHER_ENGINE,
        )
    version = str(about.get("Version") or "of unknown version")
    newest = _parsed(about["ApiVersion"], address)
    oldest = _parsed(str(about.get("MinAPIVersion") or "0.0"), address)
    if newest < OLDEST_API:
        raise EngineUnreachable(
            f"the Docker Engine {version} at {address} is too old: it speaks API {_text(newest)}, "
            f"{_text(OLDEST_API)} is needed",
            "upgrade it to 19.03 or newer",
        )
    if oldest > NEWEST_API:
        raise EngineUnreachable(
            f"the Docker Engine {version} at {address} is too new: it wants API {_text(oldest)}, "
            f"reconciler {__version__} speaks {_text(NEWEST_API)} at most",
            "upgrade reconciler",
        )
    return EngineIdentity(
        version=version,
        api_version=_text(min(newest, NEWEST_API)),
        os=str(about.get("Os") or ""),
        arch=str(about.get("Arch") or ""),
    )


def _parsed(version: str, address: str) -> tuple[int, int]:
    try:
        major, minor = version.split(".")
        return int(major), int(minor)
    except ValueError:
        raise EngineUnreachable(
            f"what answers at {address} is no Docker Engine: {version!r} is no API version",
            OTHER_ENGINE,
        ) from None


def _text(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


UNKNOWN = EngineIdentity("", _text(OLDEST_API), "", "")
"""An Engine that has not said yet what it is."""
