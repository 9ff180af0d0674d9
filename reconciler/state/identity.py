"""Which Engine it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineIdentity:
    """An Engine, as it introduces itself.

    Attributes:
        version: of the Engine, such as `28.5.2`.
        api_version: the API version that is spoken with it, such as `1.51`.
        os: of its containers, such as `linux`.
        arch: of its machine, such as `amd64`.
    """

    version: str
    api_version: str
    os: str
    arch: str

    @property
    def api(self) -> tuple[int, int]:
        """The API version as numbers, to compare."""
        major, _, minor = self.api_version.partition(".")
        return int(major), int(minor)
