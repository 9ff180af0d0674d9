"""The order of tags: newest versions first, then what is no version."""

from __future__ import annotations

import re
from collections.abc import Iterable

_VERSION = re.compile(r"v?([0-9]{1,5}(?:\.[0-9]+)*)(?:[-+_.]?(\D.*))?", re.IGNORECASE | re.DOTALL)
_EARLIER = re.compile(
    r"(?:a|alpha|b|beta|c|rc|pre|preview|dev|m|snapshot|nightly|canary)(?:[-._]?[0-9]|[-._]|$)", re.IGNORECASE
)
"""How a suffix begins that makes a version an earlier one than without."""

_COMMIT = re.compile(r"(?=.*[a-f])(?=.*[0-9])[0-9a-f]{7,64}")
_NUMBERS = re.compile(r"([0-9]+)")

_Pieces = tuple[tuple[bool, int, str], ...]


def newest_first(tags: Iterable[str]) -> list[str]:
    """The tags: versions from the newest to the oldest, each before its variants; then the others by name.

    `1.27.3`, `1.27.3-alpine`, `1.27.3-rc1`, `1.27`, `1.9`, `latest`. A date or a commit is no version.
    """
    versions: list[tuple[tuple[int, ...], bool, str, str]] = []
    others: list[str] = []
    for tag in tags:
        found = _VERSION.fullmatch(tag)
        if not found or _COMMIT.fullmatch(tag):
            others.append(tag)
        else:
            suffix = found[2] or ""
            versions.append((tuple(map(int, found[1].split("."))), bool(_EARLIER.match(suffix)), suffix, tag))
    # Sorted three times, from what counts least to what counts most: sorting keeps the order of equals.
    versions.sort(key=lambda one: _pieces(one[2]))
    by_suffix = [one for one in versions if not one[1]] + [one for one in reversed(versions) if one[1]]
    by_suffix.sort(key=lambda one: one[0], reverse=True)
    return [*(tag for *_, tag in by_suffix), *sorted(others, key=lambda tag: (tag != "latest", tag))]


def _pieces(suffix: str) -> _Pieces:
    """A suffix to compare: the numbers in it count as numbers, `rc10` after `rc9`."""
    return tuple(
        (piece.isdecimal(), int(piece) if piece.isdecimal() else 0, piece) for piece in _NUMBERS.split(suffix) if piece
    )
