"""Platforms, as images have them: OS/ARCHITECTURE[/VARIANT], in one spelling.

Source: https://github.com/containerd/platforms (normalizeArch)
"""

from __future__ import annotations

from dataclasses import dataclass

_ARCHITECTURES = {
    "x86_64": "amd64",
    "x86-64": "amd64",
    "aarch64": "arm64",
    "i386": "386",
    "armhf": "arm",
    "armel": "arm",
}
_VARIANTS = {"arm64": "v8", "arm": "v7", "amd64": "v1"}
"""What is meant where no variant is written."""


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform; of an architecture's usual variant, the variant is empty."""

    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        """As a person writes it."""
        return "/".join(filter(None, (self.os, self.architecture, self.variant)))

    def __post_init__(self) -> None:
        """One spelling for each."""
        architecture = _ARCHITECTURES.get(self.architecture, self.architecture)
        variant = {"armel": "v6"}.get(self.architecture, self.variant)
        object.__setattr__(self, "architecture", architecture)
        object.__setattr__(self, "variant", "" if variant == _VARIANTS.get(architecture) else variant)


def parse_platform(text: str) -> Platform:
    """Read OS/ARCHITECTURE[/VARIANT]; an architecture alone is Linux's."""
    os, _, rest = text.partition("/")
    if not rest:
        return Platform("linux", os)
    architecture, _, variant = rest.partition("/")
    return Platform(os, architecture, variant)
