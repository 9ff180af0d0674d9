"""What a registry wants before it answers: the `WWW-Authenticate` header."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_PART = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge.

    Attributes:
        scheme: `basic` or `bearer`, in small letters.
        parts: `realm`, `service`, `scope`.
    """

    scheme: str
    parts: Mapping[str, str] = field(default_factory=dict)


def parse_challenge(header: str) -> Challenge | None:
    """The challenge in a header; None where there is none."""
    scheme, _, rest = header.strip().partition(" ")
    if not scheme:
        return None
    parts = {name.lower(): re.sub(r"\\(.)", r"\1", quoted) or plain for name, quoted, plain in _PART.findall(rest)}
    return Challenge(scheme.lower(), parts)
